//! Extensions of ICMP errors (RFC 4884), as `tcpdump -v` prints them.

use super::out::{Out, put};
use crate::packet::bytes::{Cut, be16, be32, checksum, take, u8};

/// Where the extensions start: behind the header and the 128 bytes that RFC 4884 section 5.5 assumes of the quoted packet.
const START: usize = 136;

/// The longest message without extensions.
const PLAIN: u32 = 136;

/// Prints the extensions of an error of `length` bytes, if it has any.
pub(super) fn print(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    if length <= PLAIN {
        return Ok(());
    }
    take(data, 0, START + 5)?;
    let left = (length - PLAIN) as usize;
    let extensions = take(data, START, left);
    if u8(data, 5)? == 0 && extensions.is_ok_and(|bytes| checksum(&[bytes]) != 0) {
        return Ok(());
    }
    let version = u8(data, START)? >> 4;
    put!(out, "\n\tICMP Multi-Part extension v{version}");
    if version != 2 {
        out.put(" packet not supported");
        return Ok(());
    }
    if let Ok(bytes) = extensions {
        let wrong = if checksum(&[bytes]) == 0 { "" } else { "in" };
        put!(out, ", checksum 0x{:04x} ({wrong}correct), length {left}", be16(data, START + 2)?);
    }
    objects(out, data.get(START + 4..).unwrap_or_default(), left.wrapping_sub(4))
}

/// Prints objects (RFC 4884 section 7.1); tcpdump knows MPLS labels (RFC 4950) only.
fn objects(out: &mut Out, data: &[u8], mut left: usize) -> Result<(), Cut> {
    let mut at = 0;
    while left > 4 {
        let (length, class, kind) = (usize::from(be16(data, at)?), u8(data, at + 2)?, u8(data, at + 3)?);
        let name = ["unknown", "MPLS Stack Entry", "Interface Identification"].get(usize::from(class)).unwrap_or(&"unknown");
        put!(out, "\n\t  {name} Object ({class}), Class-Type: {kind}, length {length}");
        (at, left) = (at + 4, left - 4);
        if class == 0 || length < 4 {
            return Ok(());
        }
        let length = length - 4;
        if (class, kind) == (1, 1) {
            let label = be32(data, at)?;
            put!(out, "\n\t    label {}, tc {}", label >> 12, (label >> 9) & 7);
            out.put(if label & 0x100 == 0 { "" } else { ", [S]" });
            put!(out, ", ttl {}", label & 0xff);
        } else {
            let rest = data.get(at..).unwrap_or_default();
            out.hex("\n\t    ", &rest[..length.min(rest.len())]);
        }
        if left < length {
            break;
        }
        (at, left) = (at + length, left - length);
    }
    Ok(())
}
