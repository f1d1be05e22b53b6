//! A million packets as a cluster's links carry them: a quarter each of plain ICMP, IP-in-IP, flannel's UDP, and TCP.

use cnilab::packet::LayerKind::{Ethernet, Icmp, Ipv4, Payload, Tcp, Udp};
use cnilab::packet::{Carries, Field, Hints, LinkType, Value, dissect};

/// Packets one behind the other in one piece of memory.
pub(crate) struct Packets {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Packets {
    /// The first `count` packets of the workload, the same every time.
    pub(crate) fn generate(count: usize) -> Self {
        Self::of((0..count).map(frame))
    }

    /// These packets.
    pub(crate) fn of(frames: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut packets = Self { bytes: Vec::new(), ends: Vec::new() };
        for frame in frames {
            packets.bytes.extend(frame);
            packets.ends.push(packets.bytes.len());
        }
        packets
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

/// Which UDP port carries bare IP here.
pub(crate) fn hints() -> Hints {
    let mut hints = Hints::default();
    hints.add(8285, Carries::Ip);
    hints
}

/// What was found in a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) plain: u64,
    pub(crate) ipip: u64,
    pub(crate) udp: u64,
    pub(crate) tcp: u64,
    /// Packets with a header that is not as it should be.
    pub(crate) bad: u64,
}

/// Takes every packet apart and checks its headers at both layers: TTL, protocol, lengths, ICMP type and the IPv4 header's checksum.
pub(crate) fn check(packets: &Packets, hints: &Hints) -> Found {
    let mut found = Found::default();
    for bytes in packets.iter() {
        let wire_length = u32::try_from(bytes.len()).expect("a frame is no longer than that");
        let stack = dissect(bytes, wire_length, LinkType::Ethernet, hints);
        let number = |layer: usize, field| match stack.layers()[layer].get(field) {
            Some(Value::Number(number)) => number,
            _ => u64::MAX,
        };
        let ip = |layer: usize, ttl: u64, protocol: u64| {
            number(layer, Field::IpTtl) == ttl
                && number(layer, Field::IpProtocol) == protocol
                && number(layer, Field::IpLength) == u64::from(stack.layers()[layer].length())
                && stack.layers()[layer].checksum_holds() == Some(true)
        };
        let echo = |layer: usize| matches!(number(layer, Field::IcmpType), 0 | 8) && number(layer, Field::IcmpLength) == 64;
        let mut kinds = [Payload; 5];
        for (kind, layer) in kinds.iter_mut().zip(stack.layers()) {
            *kind = layer.kind();
        }
        let good = match kinds {
            [Ethernet, Ipv4, Icmp, Payload, Payload] => {
                found.plain += 1;
                ip(1, 64, 1) && echo(2)
            }
            [Ethernet, Ipv4, Ipv4, Icmp, Payload] => {
                found.ipip += 1;
                ip(1, 63, 4) && ip(2, 63, 1) && echo(3)
            }
            [Ethernet, Ipv4, Udp, Ipv4, Icmp] => {
                found.udp += 1;
                ip(1, 64, 17) && ip(3, 63, 1) && echo(4) && number(2, Field::UdpLength) == 84
            }
            [Ethernet, Ipv4, Tcp, Payload, Payload] => {
                found.tcp += 1;
                ip(1, 63, 6) && number(2, Field::TcpLength) == stack.payload().len() as u64
            }
            _ => false,
        };
        found.bad += u64::from(!good);
    }
    found
}

/// The packet with this index.
fn frame(index: usize) -> Vec<u8> {
    let [low, middle, high, _] = u32::try_from(index).expect("a million").to_le_bytes();
    let (source, destination) = ([10, 244, 1, 2 + low % 6], [10, 244, 2, 2 + middle % 6]);
    let (source, destination) = if index & 4 == 0 { (source, destination) } else { (destination, source) };
    let (node, peer) = ([172, 18, 0, 2 + low % 3], [172, 18, 0, 2 + middle % 3]);
    let echo = [&[if index & 4 == 0 { 8 } else { 0 }, 0, 0, 0, 0x12, 0x34, middle, low][..], &[high; 56]].concat();
    let packet = match index % 4 {
        0 => ipv4(64, 1, source, destination, &echo),
        1 => ipv4(63, 4, node, peer, &ipv4(63, 1, source, destination, &echo)),
        2 => {
            let inner = ipv4(63, 1, source, destination, &echo);
            ipv4(64, 17, node, peer, &[&[0x20, 0x5d, 0x20, 0x5d, 0, 92, 0, 0][..], &inner].concat())
        }
        _ => {
            let header = [0x9c, low, 0x1f, 0x90, high, middle, low, 1, 0, 0, 0, 1, 0x50, 0x18, 0xfa, 0xf0, 0, 0, 0, 0];
            let data = vec![b'x'; usize::from(low >> 4 & 3) * 300];
            ipv4(63, 6, source, destination, &[&header[..], &data].concat())
        }
    };
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], &packet].concat()
}

fn ipv4(ttl: u8, protocol: u8, source: [u8; 4], destination: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(20 + payload.len()).expect("a short packet").to_be_bytes();
    let mut packet = vec![0x45, 0, high, low, 0xa5, 0x96, 0x40, 0, ttl, protocol, 0, 0];
    packet.extend(source);
    packet.extend(destination);
    let mut sum: u32 = packet.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    packet[10..12].copy_from_slice(&(!u16::try_from(sum).expect("folded")).to_be_bytes());
    packet.extend(payload);
    packet
}
