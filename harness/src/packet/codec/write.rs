//! Writing pcapng (draft-ietf-opsawg-pcapng), little-endian, in nanoseconds.

use std::io::{self, Write};

use super::Interface;
use crate::packet::frame::{Frame, LinkType};

/// Writes one section: a header that names `application`, a description of every interface, the frames in their order, and statistics
/// of every interface whose drops are known.
///
/// # Errors
/// What `output` says; [`io::ErrorKind::InvalidInput`] for a frame of an interface that is not there or of more bytes than a block holds.
pub fn write_pcapng(mut output: impl Write, interfaces: &[Interface], frames: &[(usize, Frame)], application: &str) -> io::Result<()> {
    let mut block = Vec::new();
    // Section 4.1: byte-order magic, version 1.0, section length not known.
    block.extend(0x1a2b_3c4d_u32.to_le_bytes());
    block.extend([1, 0, 0, 0]);
    block.extend((-1_i64).to_le_bytes());
    option(&mut block, 4, application.as_bytes());
    end_options(&mut block);
    write_block(&mut output, 0x0a0d_0d0a, &block)?;
    for interface in interfaces {
        write_block(&mut output, 1, &description(interface))?;
    }
    for (index, frame) in frames {
        if *index >= interfaces.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a frame of interface {index} of {}", interfaces.len())));
        }
        block.clear();
        block.extend(number(*index)?.to_le_bytes());
        let [high, low] = halves(frame.at);
        block.extend(high.to_le_bytes());
        block.extend(low.to_le_bytes());
        block.extend(number(frame.bytes.len())?.to_le_bytes());
        block.extend(frame.wire_length.to_le_bytes());
        block.extend(&frame.bytes);
        write_block(&mut output, 6, &block)?;
    }
    let last = frames.iter().map(|(_, frame)| frame.at).max().unwrap_or(0);
    for (index, dropped) in interfaces.iter().enumerate().filter_map(|(index, interface)| Some((index, interface.dropped?))) {
        block.clear();
        block.extend(number(index)?.to_le_bytes());
        let [high, low] = halves(last);
        block.extend(high.to_le_bytes());
        block.extend(low.to_le_bytes());
        option(&mut block, 5, &dropped.to_le_bytes());
        end_options(&mut block);
        write_block(&mut output, 5, &block)?;
    }
    output.flush()
}

/// An interface description's body (section 4.2).
fn description(interface: &Interface) -> Vec<u8> {
    let link: u16 = match interface.link {
        LinkType::Ethernet => 1,
        LinkType::Raw => 101,
    };
    let mut block = Vec::new();
    block.extend(link.to_le_bytes());
    block.extend([0, 0]);
    block.extend(interface.snap_length.to_le_bytes());
    for (code, text) in [(2, &interface.name), (3, &interface.description)] {
        if !text.is_empty() {
            option(&mut block, code, text.as_bytes());
        }
    }
    // `if_tsresol` 9: nanoseconds.
    option(&mut block, 9, &[9]);
    end_options(&mut block);
    block
}

/// One option (section 3.5), padded to 32 bits; what is too long for its 16 bits of length is cut off.
fn option(block: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    block.extend(code.to_le_bytes());
    block.extend(length.to_le_bytes());
    block.extend(&value[..usize::from(length)]);
    pad(block);
}

fn end_options(block: &mut Vec<u8>) {
    block.extend([0; 4]);
}

fn pad(block: &mut Vec<u8>) {
    block.resize(block.len().next_multiple_of(4), 0);
}

/// One block (section 3.1): type, length, body, length again.
fn write_block(output: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = number(body.len() + padding + 12)?.to_le_bytes();
    output.write_all(&kind.to_le_bytes())?;
    output.write_all(&length)?;
    output.write_all(body)?;
    output.write_all(&[0; 3][..padding])?;
    output.write_all(&length)
}

fn number(count: usize) -> io::Result<u32> {
    u32::try_from(count).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "more than a block holds"))
}

/// A time stamp's upper and lower 32 bits.
fn halves(time: u64) -> [u32; 2] {
    let bytes = time.to_be_bytes();
    let (halves, _) = bytes.as_chunks::<4>();
    [u32::from_be_bytes(halves[0]), u32::from_be_bytes(halves[1])]
}
