//! IP-in-IP (RFC 2003) as the Linux kernel does it: the outer header of `ipip` with `ttl inherit` and `nopmtudisc`, as Calico sets it up.
//!
//! What each field is comes from `net/ipv4/ip_tunnel.c` (`ip_tunnel_xmit`, `ip_tunnel_rcv`) and `include/net/inet_ecn.h`; recordings of a real
//! cluster show the same.

use std::net::Ipv4Addr;

/// The protocol number of IPv4 in IPv4 (RFC 2003 section 3.1).
pub(super) const PROTOCOL: u8 = 4;

/// The length of an IPv4 header without options, in bytes.
const HEADER: usize = 20;

/// The ECN field's bits of the second byte (RFC 3168 section 5), and three of its values.
const ECN: u8 = 0b11;
const NOT_ECT: u8 = 0b00;
const ECT_1: u8 = 0b01;
const ECT_0: u8 = 0b10;
const CE: u8 = 0b11;

/// Don't Fragment, in the byte that also has the high bits of the fragment offset (RFC 791 section 3.1).
const DONT_FRAGMENT: u8 = 0x40;

/// Puts an outer header in front of the IPv4 packet `inner`; `None` if it is none.
///
/// Source, total length and checksum are left zero: with `IP_HDRINCL` the kernel fills them in, the source by its own route to
/// `destination` (raw(7)). The kernel would do so with a zero `id` too, but with a count of its own for packets that may be fragmented only.
pub(super) fn encapsulate(inner: &[u8], destination: Ipv4Addr, id: u16) -> Option<Vec<u8>> {
    if inner.len() < HEADER || inner[0] >> 4 != 4 {
        return None;
    }
    let mut packet = Vec::with_capacity(HEADER + inner.len());
    packet.extend([0x45, outer_ecn(inner[1]), 0, 0]);
    packet.extend(id.to_be_bytes());
    packet.extend([inner[6] & DONT_FRAGMENT, 0]);
    packet.extend([inner[8], PROTOCOL, 0, 0]);
    packet.extend([0; 4]);
    packet.extend(destination.octets());
    packet.extend(inner);
    Some(packet)
}

/// Takes the outer header off a received packet; `None` if what is inside is to be dropped, as the kernel would.
pub(super) fn decapsulate(packet: &mut [u8]) -> Option<&[u8]> {
    let length = usize::from(*packet.first()? & 0x0f) * 4;
    let ecn = *packet.get(1)? & ECN;
    let inner = packet.get_mut(length.max(HEADER)..)?;
    if inner.len() < HEADER || inner[0] >> 4 != 4 {
        return None;
    }
    let joined = inner_ecn(inner[1] & ECN, ecn)?;
    if joined != inner[1] & ECN {
        inner[1] = inner[1] & !ECN | joined;
        let header = usize::from(inner[0] & 0x0f) * 4;
        let sum = checksum(inner.get_mut(..header.max(HEADER))?);
        inner[10..12].copy_from_slice(&sum.to_be_bytes());
    }
    Some(inner)
}

/// The outer ECN field for an inner one: copied, but congestion that was met before is not told again (`INET_ECN_encapsulate`).
fn outer_ecn(inner: u8) -> u8 {
    if inner & ECN == CE { ECT_0 } else { inner & ECN }
}

/// The inner ECN field once the outer one is off (RFC 6040 section 4.2); `None`: the packet is to be dropped, since its sender would not
/// understand that it met congestion.
fn inner_ecn(inner: u8, outer: u8) -> Option<u8> {
    match (inner, outer) {
        (NOT_ECT, CE) => None,
        (NOT_ECT, _) => Some(NOT_ECT),
        (_, CE) => Some(CE),
        (ECT_0, ECT_1) => Some(ECT_1),
        _ => Some(inner),
    }
}

/// The checksum of an IPv4 header, whatever its checksum field holds (RFC 791 section 3.1, RFC 1071).
fn checksum(header: &[u8]) -> u16 {
    let words = header.chunks(2).enumerate().filter(|(word, _)| *word != 5);
    let sum: u32 = words.map(|(_, pair)| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of a pod's echo request as a real node's `tunl0` carried it, and the outer header that the node's kernel put in front
    /// (Calico v3.32.1, Linux 6.1).
    const INNER: [u8; 28] =
        [0x45, 0, 0, 84, 0xc6, 0xc3, 0x40, 0, 63, 1, 0x69, 0xfb, 10, 244, 120, 193, 10, 244, 124, 65, 8, 0, 0x78, 0x02, 0x25, 0x76, 0, 1];
    const OUTER: [u8; 20] = [0x45, 0, 0, 104, 0xfd, 0x53, 0x40, 0, 63, 4, 0xe6, 0x14, 172, 18, 0, 2, 172, 18, 0, 3];
    const GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 3);

    #[test]
    fn the_outer_header_is_the_kernels() {
        let packet = encapsulate(&INNER, GATEWAY, 0xfd53).unwrap();
        let mut ours = OUTER;
        // Left to the kernel: total length, checksum and source.
        for left in [2..4, 10..12, 12..16] {
            ours[left].fill(0);
        }
        assert_eq!(packet[..20], ours);
        assert_eq!(packet[20..], INNER);
    }

    #[test]
    fn ttl_dont_fragment_and_ecn_are_the_inner_ones() {
        for (tos, flags, ttl, outer) in
            [(0xb8, 0, 1, [0, 0, 1]), (0x01, 0x40, 64, [1, 0x40, 64]), (0x02, 0x20, 255, [2, 0, 255]), (0x03, 0x5f, 9, [2, 0x40, 9])]
        {
            let mut inner = INNER;
            (inner[1], inner[6], inner[8]) = (tos, flags, ttl);
            let packet = encapsulate(&inner, GATEWAY, 1).unwrap();
            assert_eq!([packet[1], packet[6], packet[8]], outer, "{tos:#x} {flags:#x} {ttl}");
        }
    }

    #[test]
    fn only_ipv4_is_carried() {
        assert_eq!(encapsulate(b"\x60 a sentinel of a capture, or IPv6", GATEWAY, 1), None);
        assert_eq!(encapsulate(&INNER[..19], GATEWAY, 1), None);
        assert_eq!(encapsulate(&[], GATEWAY, 1), None);
    }

    #[test]
    fn what_went_in_comes_out() {
        let mut packet = encapsulate(&INNER, GATEWAY, 7).unwrap();
        assert_eq!(decapsulate(&mut packet), Some(&INNER[..]));
    }

    #[test]
    fn congestion_on_the_way_is_told_to_those_who_understand() {
        for (inner, outer, joined) in [(0, 0, Some(0)), (0, 1, Some(0)), (0, 3, None), (1, 3, Some(3)), (2, 1, Some(1)), (1, 2, Some(1))] {
            let mut packet = encapsulate(&INNER, GATEWAY, 7).unwrap();
            packet[1] = outer;
            packet[21] = inner;
            let sum = checksum(&packet[20..40]);
            packet[30..32].copy_from_slice(&sum.to_be_bytes());
            let found = decapsulate(&mut packet);
            assert_eq!(found.map(|packet| packet[1]), joined, "{inner} in {outer}");
            if let Some(found) = found {
                let right = checksum(&found[..20]).to_be_bytes();
                assert_eq!(found[10..12], right);
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_dropped() {
        let packet = encapsulate(&INNER, GATEWAY, 7).unwrap();
        for length in 0..40 {
            assert_eq!(decapsulate(&mut packet[..length].to_vec()), None, "{length}");
        }
        let mut options = packet.clone();
        options[0] = 0x4f;
        assert_eq!(decapsulate(&mut options), None);
    }

    #[test]
    fn checksums_are_those_of_the_recording() {
        assert_eq!(checksum(&OUTER), 0xe614);
        assert_eq!(checksum(&INNER[..20]), 0x69fb);
    }
}
