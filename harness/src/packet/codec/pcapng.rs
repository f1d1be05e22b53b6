//! Reading pcapng (draft-ietf-opsawg-pcapng).

use std::io::Read;

use super::CodecError;
use super::capture::{Interface, Reading, link_type};
use super::source::{Order, Source};
use crate::packet::frame::Frame;

/// Block types (section 11.1); a section header's is a palindrome, so that it can be read in either byte order.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// The largest block besides packets that is looked into; longer ones of known kinds are refused.
const BLOCK_MAX: u32 = 1 << 20;

/// A file while its sections are read.
struct Section {
    order: Order,
    /// Index of the section's first interface in the capture.
    base: usize,
    clocks: Vec<Clock>,
}

/// How an interface's time stamps are to be read (section 4.2, `if_tsresol` and `if_tsoffset`).
#[derive(Clone, Copy)]
struct Clock {
    /// Units in a second.
    rate: u128,
    /// Seconds to add.
    offset: i64,
}

/// A block's body.
struct Body {
    bytes: Vec<u8>,
    at: u64,
    order: Order,
}

/// Reads all behind the first block type.
pub(super) fn read<R: Read>(source: &mut Source<R>, reading: &mut Reading<'_>) -> Result<(), CodecError> {
    let mut section = section_header(source, 0)?;
    loop {
        let at = source.at;
        let Some(kind) = source.array_or_end::<4>("a block")? else { return Ok(()) };
        if kind == SECTION_HEADER {
            section = section_header(source, reading.capture.interfaces.len())?;
            continue;
        }
        let order = section.order;
        let length = order.u32(source.array("a block")?);
        if length < 12 || length % 4 != 0 {
            return Err(CodecError::Malformed { at, what: "a block of a length that no block has" });
        }
        let kind = order.u32(kind);
        let packet = matches!(kind, ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET);
        if !packet && !matches!(kind, INTERFACE | STATISTICS) {
            source.skip(length - 12, "a block")?;
        } else {
            let most = if packet { reading.limits.frame.saturating_add(BLOCK_MAX) } else { BLOCK_MAX };
            if length > most {
                return Err(CodecError::TooMuch { limit: most.into(), what: "bytes in a block" });
            }
            let body = Body { bytes: source.bytes(length - 12, "a block")?, at, order };
            block(kind, &body, &mut section, reading)?;
        }
        if order.u32(source.array("a block")?) != length {
            return Err(CodecError::Malformed { at, what: "a block whose two lengths differ" });
        }
    }
}

/// Reads a section header behind its type: it tells the byte order of all that follows.
fn section_header<R: Read>(source: &mut Source<R>, base: usize) -> Result<Section, CodecError> {
    let at = source.at.saturating_sub(4);
    let length: [u8; 4] = source.array("a section header")?;
    let order = match u32::from_be_bytes(source.array("a section header")?) {
        0x1a2b_3c4d => Order::Big,
        0x4d3c_2b1a => Order::Little,
        _ => return Err(CodecError::Malformed { at, what: "a section header of neither byte order" }),
    };
    let length = order.u32(length);
    if !(28..=BLOCK_MAX).contains(&length) || length % 4 != 0 {
        return Err(CodecError::Malformed { at, what: "a section header of a length that none has" });
    }
    let [a, b, ..]: [u8; 4] = source.array("a section header")?;
    if order.u16([a, b]) != 1 {
        return Err(CodecError::Malformed { at, what: "a section of a version other than 1" });
    }
    source.skip(length - 20, "a section header")?;
    if order.u32(source.array("a section header")?) != length {
        return Err(CodecError::Malformed { at, what: "a section header whose two lengths differ" });
    }
    Ok(Section { order, base, clocks: Vec::new() })
}

/// Takes in one block.
fn block(kind: u32, body: &Body, section: &mut Section, reading: &mut Reading<'_>) -> Result<(), CodecError> {
    match kind {
        INTERFACE => interface(body, section, reading),
        STATISTICS => statistics(body, section, reading),
        ENHANCED_PACKET => {
            let id = body.u32(0)?;
            let time = u64::from(body.u32(4)?) << 32 | u64::from(body.u32(8)?);
            let (captured, wire_length) = (body.u32(12)?, body.u32(16)?);
            packet(body, section, reading, (id, time), (20, captured, wire_length))
        }
        OBSOLETE_PACKET => {
            let id = u32::from(body.u16(0)?);
            let time = u64::from(body.u32(4)?) << 32 | u64::from(body.u32(8)?);
            let (captured, wire_length) = (body.u32(12)?, body.u32(16)?);
            packet(body, section, reading, (id, time), (20, captured, wire_length))
        }
        _ => {
            let wire_length = body.u32(0)?;
            let snap = reading.capture.interfaces.get(section.base).map_or(0, |interface| interface.snap_length);
            let captured = if snap == 0 { wire_length } else { wire_length.min(snap) };
            packet(body, section, reading, (0, 0), (4, captured, wire_length))
        }
    }
}

/// Takes in an interface description (section 4.2).
fn interface(body: &Body, section: &mut Section, reading: &mut Reading<'_>) -> Result<(), CodecError> {
    let link = link_type(body.u16(0)?.into(), body.at)?;
    let mut interface = Interface { name: String::new(), description: String::new(), link, snap_length: body.u32(4)?, dropped: None };
    let mut clock = Clock { rate: 1_000_000, offset: 0 };
    for (code, value) in body.options(8) {
        match (code, value) {
            (2, name) => interface.name = text(name),
            (3, description) => interface.description = text(description),
            // The highest bit chooses between powers of ten and of two.
            (9, &[resolution, ..]) if resolution & 0x80 == 0 => clock.rate = 10_u128.pow(u32::from(resolution.min(36))),
            (9, &[resolution, ..]) => clock.rate = 1 << (resolution & 0x7f).min(126),
            (14, value) => clock.offset = body.i64(value).unwrap_or(0),
            _ => {}
        }
    }
    section.clocks.push(clock);
    reading.interface(interface)
}

/// Takes in interface statistics (section 4.6): of interest is `isb_ifdrop` alone.
fn statistics(body: &Body, section: &Section, reading: &mut Reading<'_>) -> Result<(), CodecError> {
    let index = body.interface(body.u32(0)?, section)?;
    for (code, value) in body.options(12) {
        if code == 5
            && let Some(dropped) = body.i64(value)
        {
            reading.capture.interfaces[index].dropped = Some(dropped.cast_unsigned());
        }
    }
    Ok(())
}

/// Takes in a packet whose `captured` bytes start at `start`.
fn packet(
    body: &Body,
    section: &Section,
    reading: &mut Reading<'_>,
    (id, time): (u32, u64),
    (start, captured, wire_length): (usize, u32, u32),
) -> Result<(), CodecError> {
    let index = body.interface(id, section)?;
    if captured > wire_length {
        return Err(body.malformed("a frame with more bytes than it had on the wire"));
    }
    let end = start.checked_add(captured as usize);
    let bytes = end.and_then(|end| body.bytes.get(start..end)).ok_or_else(|| body.malformed("a frame longer than its block"))?;
    reading.room(captured)?;
    let at = section.clocks[id as usize].nanoseconds(time);
    reading.capture.frames.push((index, Frame { at, wire_length, bytes: bytes.to_vec() }));
    Ok(())
}

impl Clock {
    /// A time stamp in nanoseconds since the epoch; the nearest that 64 bits hold.
    fn nanoseconds(self, time: u64) -> u64 {
        let scaled = i128::try_from(u128::from(time) * 1_000_000_000 / self.rate).unwrap_or(i128::MAX);
        let nanoseconds = scaled.saturating_add(i128::from(self.offset) * 1_000_000_000);
        u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX)
    }
}

impl Body {
    fn malformed(&self, what: &'static str) -> CodecError {
        CodecError::Malformed { at: self.at, what }
    }

    fn u16(&self, at: usize) -> Result<u16, CodecError> {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(|| self.malformed("a block too short for its kind"))?;
        Ok(self.order.u16(*bytes))
    }

    fn u32(&self, at: usize) -> Result<u32, CodecError> {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(|| self.malformed("a block too short for its kind"))?;
        Ok(self.order.u32(*bytes))
    }

    fn i64(&self, value: &[u8]) -> Option<i64> {
        let bytes: [u8; 8] = *value.first_chunk()?;
        Some(if self.order == Order::Big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) })
    }

    /// The index in the capture of the section's interface `id`.
    fn interface(&self, id: u32, section: &Section) -> Result<usize, CodecError> {
        if (id as usize) < section.clocks.len() {
            Ok(section.base + id as usize)
        } else {
            Err(self.malformed("a block of an interface that was not described"))
        }
    }

    /// The options that start at `at` (section 3.5), to the end-of-options option or the first that does not fit.
    fn options(&self, mut at: usize) -> impl Iterator<Item = (u16, &[u8])> {
        std::iter::from_fn(move || {
            let code = self.u16(at).ok().filter(|code| *code != 0)?;
            let length = usize::from(self.u16(at + 2).ok()?);
            let value = self.bytes.get(at + 4..at + 4 + length)?;
            at += 4 + length.next_multiple_of(4);
            Some((code, value))
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}
