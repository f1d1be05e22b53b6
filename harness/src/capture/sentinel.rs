//! Frames of our own that close a capture: what they look like, and how they are told from all others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::link::Link;
use crate::name::Token;
use crate::packet::LinkType;

/// `EtherType` 0x88b5, IEEE 802 local experimental 1 (IEEE 802 clause 9.2.3): no kernel has a handler for it.
const EXPERIMENTAL: u16 = 0x88b5;
/// `EtherType` of IPv4 (RFC 894).
const IPV4: u16 = 0x0800;
/// IPv4 protocol 253, for experimentation and testing (RFC 3692 section 2.1, RFC 4727).
const PROTOCOL: u8 = 253;
/// Behind the token: what the frame is for, one byte, then which point it belongs to, four bytes.
const PAYLOAD: usize = 16 + 1 + 4;
/// The shortest Ethernet frame without its checksum (IEEE 802.3 clause 4A.4.2).
const SHORTEST: usize = 60;

/// How many bytes of a frame must be kept to know a sentinel, even one that a tunnel has wrapped up: VXLAN adds 50 bytes in front of its 14.
pub(super) const KEPT_AT_LEAST: u32 = 128;

/// What a frame of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Once delivered, it proves that its point was alive, and everything before it complete.
    Close,
    /// It is there to fill a ring.
    Flood,
}

/// A token that no other capture has: of this process at this time, counted.
pub(super) fn token() -> Token {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Token::derive(&format!("{} {:?} {count}", std::process::id(), SystemTime::now()), "sentinel")
}

/// A frame of ours that leaves by `link`, for the point numbered `point`.
///
/// On Ethernet it goes from the interface's own address to that same address: nobody else takes it for theirs, and a bridge learns nothing new and floods nothing.
/// On a raw link it is an IPv4 packet from 0.0.0.0 to 0.0.0.0 with a TTL of 1. No route leads there, a router must not forward it, and nobody may answer it with an
/// ICMP error (RFC 1122 sections 3.2.1.3 and 3.2.2). The kernel's own tunnels drop it because it comes without a route (`net/ipv4/ip_tunnel.c`, `ip_tunnel_xmit`).
pub(super) fn frame(link: &Link, token: Token, purpose: Purpose, point: u32) -> Vec<u8> {
    let mut frame = Vec::with_capacity(SHORTEST);
    match link.kind {
        LinkType::Ethernet => {
            frame.extend(link.mac);
            frame.extend(link.mac);
            frame.extend(EXPERIMENTAL.to_be_bytes());
        }
        LinkType::Raw => frame.extend(ipv4_header()),
    }
    frame.extend(mark(token, purpose, point));
    if link.kind == LinkType::Ethernet {
        frame.resize(SHORTEST, 0);
    }
    frame
}

/// By which a frame of ours is known, wherever it turns up.
pub(super) fn mark(token: Token, purpose: Purpose, point: u32) -> [u8; PAYLOAD] {
    let mut mark = [0; PAYLOAD];
    mark[..16].copy_from_slice(&token.0);
    mark[16] = purpose as u8;
    mark[17..].copy_from_slice(&point.to_be_bytes());
    mark
}

/// The `EtherType` of frames of ours on that kind of link.
pub(super) fn ethertype(kind: LinkType) -> u16 {
    match kind {
        LinkType::Ethernet => EXPERIMENTAL,
        LinkType::Raw => IPV4,
    }
}

/// RFC 791 section 3.1: version 4, five words, DF, TTL 1, both addresses unspecified.
fn ipv4_header() -> [u8; 20] {
    const LENGTH: u8 = 20 + 21;
    const { assert!(LENGTH as usize == 20 + PAYLOAD) };
    let mut header = [0; 20];
    header[0] = 0x45;
    header[3] = LENGTH;
    header[6] = 0x40;
    header[8] = 1;
    header[9] = PROTOCOL;
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    header
}

/// RFC 1071.
fn checksum(header: &[u8; 20]) -> u16 {
    header.chunks_exact(2).fold(0xffff, |left: u16, word| {
        // The complement of a one's complement sum is what is left when every word is taken away, borrows included.
        let (left, borrow) = left.overflowing_sub(u16::from_be_bytes([word[0], word[1]]));
        left - u16::from(borrow)
    })
}

/// Whether a frame is one of ours, and if it is whole enough, which: purpose and point.
///
/// The token is looked for everywhere, because a tunnel may have wrapped a sentinel up on its way to another point.
pub(super) fn recognize(frame: &[u8], token: Token) -> Option<(Option<Purpose>, u32)> {
    let at = frame.windows(token.0.len()).position(|window| window == token.0)?;
    let behind = frame.get(at + 16..at + PAYLOAD);
    Some(behind.map_or((None, 0), |behind| {
        let purpose = [Purpose::Close, Purpose::Flood].into_iter().find(|purpose| *purpose as u8 == behind[0]);
        (purpose, u32::from_be_bytes([behind[1], behind[2], behind[3], behind[4]]))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(kind: LinkType) -> Link {
        Link { index: 1, kind, mac: [2, 0, 0, 0, 0, 1], promiscuous: false }
    }

    #[test]
    fn every_capture_has_its_own_token() {
        assert_ne!(token(), token());
    }

    #[test]
    fn a_sentinel_is_known_wherever_it_turns_up() {
        let ours = token();
        for kind in [LinkType::Ethernet, LinkType::Raw] {
            let sentinel = frame(&link(kind), ours, Purpose::Close, 70_000);
            assert_eq!(recognize(&sentinel, ours), Some((Some(Purpose::Close), 70_000)), "{kind:?}");
            assert_eq!(recognize(&sentinel, token()), None, "of another capture");
            let wrapped = [&[7; 50], &sentinel[..]].concat();
            assert_eq!(recognize(&wrapped, ours), Some((Some(Purpose::Close), 70_000)), "in a tunnel, {kind:?}");
            let cut = wrapped.len().min(KEPT_AT_LEAST as usize);
            assert!(recognize(&wrapped[..cut], ours).is_some());
        }
        assert_eq!(recognize(&[0; 98], ours), None);
        assert_eq!(recognize(&ours.0, ours), Some((None, 0)), "ours, but cut off");
    }

    #[test]
    fn on_ethernet_it_concerns_nobody_else() {
        let frame = frame(&link(LinkType::Ethernet), token(), Purpose::Close, 0);
        assert_eq!(frame.len(), 60);
        assert_eq!(frame[..14], [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
    }

    #[test]
    fn on_a_raw_link_it_is_a_whole_ipv4_packet_that_goes_nowhere() {
        let packet = frame(&link(LinkType::Raw), token(), Purpose::Close, 0);
        assert_eq!((packet[0], usize::from(packet[3]), packet[8], packet[9]), (0x45, packet.len(), 1, 253));
        assert_eq!(packet[12..20], [0; 8]);
        let sum: u32 = packet[..20].chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "the checksum of RFC 1071");
    }
}
