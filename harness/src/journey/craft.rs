//! Frames made by hand, for tests.

use std::net::Ipv4Addr;

use crate::capture::{Liveness, Recording};
use crate::name::{PointName, Token};
use crate::packet::{Frame, LinkType};
use crate::probe::Outcome;

pub(crate) const TOKEN: Token = Token(*b"a token of ours!");
pub(crate) const SENT: u64 = 1_700_000_000_000_000_000;

/// An ICMP message of type `kind` with 56 bytes of payload that begin with the token.
pub(crate) fn echo(kind: u8, id: u16, sequence: u16, token: Token) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0];
    bytes.extend(id.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(token.0);
    bytes.extend([b'.'; 40]);
    checksummed(bytes, 2)
}

/// An ICMP error with `quoted` behind its header.
pub(crate) fn error(kind: u8, code: u8, quoted: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, code, 0, 0, 0, 0, 0, 0];
    bytes.extend(quoted);
    checksummed(bytes, 2)
}

/// An IPv4 packet without options, DF set.
pub(crate) fn ipv4(source: &str, destination: &str, ttl: u8, protocol: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).expect("short enough");
    let mut header = vec![0x45, 0];
    header.extend(length.to_be_bytes());
    header.extend(id.to_be_bytes());
    header.extend([0x40, 0, ttl, protocol, 0, 0]);
    for address in [source, destination] {
        header.extend(address.parse::<Ipv4Addr>().expect("an address").octets());
    }
    let mut bytes = checksummed(header, 10);
    bytes.extend(payload);
    bytes
}

/// A fragment of an IPv4 packet; `word` is the header's third: flags, and the offset in units of 8 bytes.
pub(crate) fn fragment(source: &str, destination: &str, protocol: u8, id: u16, word: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = ipv4(source, destination, 64, protocol, id, payload);
    bytes[6..8].copy_from_slice(&word.to_be_bytes());
    bytes[10..12].fill(0);
    let header = checksummed(bytes[..20].to_vec(), 10);
    bytes[..20].copy_from_slice(&header);
    bytes
}

/// A UDP datagram without a checksum.
pub(crate) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).expect("short enough");
    let mut bytes = Vec::new();
    for word in [source, destination, length, 0] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(payload);
    bytes
}

/// A TCP segment with the time stamps option (RFC 7323); `flags` as in the header.
pub(crate) fn tcp(ports: (u16, u16), flags: u8, (sequence, acknowledgment): (u32, u32), stamps: (u32, u32), payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(acknowledgment.to_be_bytes());
    bytes.extend([0x80, flags, 0x20, 0, 0, 0, 0, 0, 1, 1, 8, 10]);
    bytes.extend(stamps.0.to_be_bytes());
    bytes.extend(stamps.1.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// An Ethernet frame that carries IPv4.
pub(crate) fn ethernet(source: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        [destination, source].iter().flat_map(|mac| mac.split(':').map(|byte| u8::from_str_radix(byte, 16).expect("hex"))).collect();
    bytes.extend([0x08, 0x00]);
    bytes.extend(payload);
    bytes
}

/// As captured in full.
pub(crate) fn frame(bytes: Vec<u8>) -> Frame {
    Frame { at: SENT, wire_length: u32::try_from(bytes.len()).expect("short enough"), bytes }
}

/// A capture without fault.
pub(crate) fn recording(point: &str, link: LinkType, frames: Vec<Vec<u8>>) -> Recording {
    let point = PointName::new(point);
    Recording {
        place: point.place(),
        interface: format!("if-{}", point.interface()),
        point,
        link,
        snap_length: 256,
        frames: frames.into_iter().map(frame).collect(),
        dropped: 0,
        liveness: Liveness::Alive,
        promiscuous: false,
    }
}

/// A probe that left and was answered.
pub(crate) fn answered() -> Outcome {
    Outcome { sent_at: Some(SENT), answered_at: Some(SENT + 1_000_000), answer_ttl: Some(62), ..Outcome::silent(TOKEN) }
}

/// RFC 1071: the Internet checksum over `bytes`, put at `at`.
fn checksummed(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let sum = !u16::try_from(sum).expect("folded");
    bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    bytes
}
