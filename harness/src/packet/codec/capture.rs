//! What a capture file holds, and how much of it is believed.

use std::io::Read;

use super::source::Source;
use super::{pcap, pcapng};
use crate::packet::frame::{Frame, LinkType};

/// What a capture file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The interfaces, in the order of the file; a pcap file has one, without a name.
    pub interfaces: Vec<Interface>,
    /// The frames in the order of the file, each with the index of its interface.
    pub frames: Vec<(usize, Frame)>,
}

/// An interface that frames were captured at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name; empty if the file does not say.
    pub name: String,
    /// What the file says of it besides.
    pub description: String,
    /// Its link type.
    pub link: LinkType,
    /// How many bytes of a frame were kept at most; 0: all.
    pub snap_length: u32,
    /// How many frames were dropped for want of room, where the file says so.
    pub dropped: Option<u64>,
}

/// How much is read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest frame, in bytes.
    pub frame: u32,
    /// All frames together, in bytes.
    pub total: u64,
    /// How many frames.
    pub frames: usize,
    /// How many interfaces.
    pub interfaces: usize,
}

impl Default for Limits {
    /// Frames of 256 KiB (tcpdump's own `MAXIMUM_SNAPLEN`), 1 GiB of them, sixteen million, at a thousand interfaces.
    fn default() -> Self {
        Self { frame: 256 * 1024, total: 1 << 30, frames: 1 << 24, interfaces: 1024 }
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The system would not give the bytes.
    #[error("cannot read the capture at byte {at}")]
    Read {
        /// Where.
        at: u64,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It starts like no file that is known.
    #[error("not a pcap or pcapng file: it starts with 0x{magic:08x}")]
    Magic {
        /// Its first four bytes, the first one foremost.
        magic: u32,
    },
    /// It ends in the middle of something.
    #[error("the capture ends at byte {at}, in the middle of {what}")]
    Truncated {
        /// How long it is.
        at: u64,
        /// What is not whole.
        what: &'static str,
        /// All that was read before, for those to whom half a capture is better than none.
        before: Box<Capture>,
    },
    /// It says something that cannot be.
    #[error("{what} at byte {at} of the capture")]
    Malformed {
        /// Where the record or block starts.
        at: u64,
        /// What cannot be, in a few words.
        what: &'static str,
    },
    /// It was captured at something else than Ethernet or bare IP.
    #[error("link type {link} at byte {at} of the capture is not known; 1 (Ethernet) and 101, 12, 228, 229 (bare IP) are")]
    LinkType {
        /// Where.
        at: u64,
        /// Its number among the link types of tcpdump.org.
        link: u32,
    },
    /// It holds more than [`Limits`] allow.
    #[error("the capture has more than {limit} {what}")]
    TooMuch {
        /// How many are allowed.
        limit: u64,
        /// What there is too much of.
        what: &'static str,
    },
}

/// Reads a capture file: pcap of either byte order with micro- or nanoseconds, pcapng of either byte order.
///
/// Nothing that the file says of its own size is believed: memory grows with what was read, up to `limits`. Blocks of pcapng that
/// are not known are skipped.
///
/// # Errors
/// Every file that is cut off, or that says what cannot be: see [`CodecError`]. Of one that is cut off, as a capture that was killed is,
/// the error holds what was read.
pub fn read_capture(input: impl Read, limits: &Limits) -> Result<Capture, CodecError> {
    let mut reading = Reading { capture: Capture::default(), limits, total: 0 };
    match read_into(&mut reading, &mut Source::new(input)) {
        Ok(()) => Ok(reading.capture),
        Err(CodecError::Truncated { at, what, .. }) => Err(CodecError::Truncated { at, what, before: Box::new(reading.capture) }),
        Err(other) => Err(other),
    }
}

fn read_into(reading: &mut Reading<'_>, source: &mut Source<impl Read>) -> Result<(), CodecError> {
    let magic: [u8; 4] = source.array("the first four bytes")?;
    match pcap::Format::of(magic) {
        Some(format) => pcap::read(source, &format, reading),
        None if magic == pcapng::SECTION_HEADER => pcapng::read(source, reading),
        None => Err(CodecError::Magic { magic: u32::from_be_bytes(magic) }),
    }
}

/// A capture while it is read, with what is left of the limits.
pub(super) struct Reading<'l> {
    pub(super) capture: Capture,
    pub(super) limits: &'l Limits,
    total: u64,
}

impl Reading<'_> {
    /// Adds an interface.
    pub(super) fn interface(&mut self, interface: Interface) -> Result<(), CodecError> {
        if self.capture.interfaces.len() >= self.limits.interfaces {
            return Err(CodecError::TooMuch { limit: self.limits.interfaces as u64, what: "interfaces" });
        }
        self.capture.interfaces.push(interface);
        Ok(())
    }

    /// Whether another frame of `captured` bytes may be read.
    pub(super) fn room(&mut self, captured: u32) -> Result<(), CodecError> {
        self.total += u64::from(captured);
        if captured > self.limits.frame {
            return Err(CodecError::TooMuch { limit: self.limits.frame.into(), what: "bytes in a frame" });
        }
        if self.total > self.limits.total {
            return Err(CodecError::TooMuch { limit: self.limits.total, what: "bytes in its frames" });
        }
        if self.capture.frames.len() >= self.limits.frames {
            return Err(CodecError::TooMuch { limit: self.limits.frames as u64, what: "frames" });
        }
        Ok(())
    }
}

/// The link type with this number (<https://www.tcpdump.org/linktypes.html>); 12 is what BPF calls a raw link.
pub(super) fn link_type(number: u32, at: u64) -> Result<LinkType, CodecError> {
    match number {
        1 => Ok(LinkType::Ethernet),
        12 | 101 | 228 | 229 => Ok(LinkType::Raw),
        link => Err(CodecError::LinkType { at, link }),
    }
}
