//! Reading pcap (draft-ietf-opsawg-pcap).

use std::io::Read;

use super::CodecError;
use super::capture::{Interface, Reading, link_type};
use super::source::{Order, Source};
use crate::packet::frame::Frame;

/// What the magic number of a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    order: Order,
    /// Nanoseconds in the unit of the second half of a time stamp.
    unit: u64,
}

impl Format {
    /// The format with this magic number, if it is one (section 4).
    pub(super) fn of(magic: [u8; 4]) -> Option<Self> {
        let (order, unit) = match u32::from_be_bytes(magic) {
            0xa1b2_c3d4 => (Order::Big, 1000),
            0xa1b2_3c4d => (Order::Big, 1),
            0xd4c3_b2a1 => (Order::Little, 1000),
            0x4d3c_b2a1 => (Order::Little, 1),
            _ => return None,
        };
        Some(Self { order, unit })
    }
}

/// Reads all behind the magic number.
pub(super) fn read<R: Read>(source: &mut Source<R>, format: &Format, reading: &mut Reading<'_>) -> Result<(), CodecError> {
    let order = format.order;
    let header: [u8; 20] = source.array("the file header")?;
    let (words, _) = header.as_chunks::<4>();
    if order.u16([header[0], header[1]]) != 2 {
        return Err(CodecError::Malformed { at: 4, what: "a version other than 2" });
    }
    // Section 4: the upper bits of the last word tell of frame check sequences.
    let link = link_type(order.u32(words[4]) & 0x03ff_ffff, 20)?;
    let snap_length = order.u32(words[3]);
    reading.interface(Interface { name: String::new(), description: String::new(), link, snap_length, dropped: None })?;
    loop {
        let at = source.at;
        let Some(record) = source.array_or_end::<16>("a packet record")? else { return Ok(()) };
        let (words, _) = record.as_chunks::<4>();
        let [seconds, fraction, captured, wire_length] = [0, 1, 2, 3].map(|word: usize| order.u32(words[word]));
        if captured > wire_length {
            return Err(CodecError::Malformed { at, what: "a frame with more bytes than it had on the wire" });
        }
        reading.room(captured)?;
        let bytes = source.bytes(captured, "a frame")?;
        let time = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * format.unit;
        reading.capture.frames.push((0, Frame { at: time, wire_length, bytes }));
    }
}
