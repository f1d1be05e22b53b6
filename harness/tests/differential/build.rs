//! Frames, made byte by byte.

use cnilab::packet::LinkType;

/// A frame as it was captured.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) wire_length: u32,
}

impl Frame {
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        let wire_length = u32::try_from(bytes.len()).expect("a short frame");
        Self { bytes, wire_length }
    }

    /// The same frame as a capture with this snap length would keep it.
    pub(crate) fn snapped(&self, snap: usize) -> Self {
        Self { bytes: self.bytes[..snap.min(self.bytes.len())].to_vec(), wire_length: self.wire_length }
    }
}

/// A pcap file of microseconds.
pub(crate) fn pcap(link: LinkType, frames: &[Frame]) -> Vec<u8> {
    let number: u32 = if link == LinkType::Ethernet { 1 } else { 101 };
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, number] {
        file.extend(word.to_le_bytes());
    }
    for (second, frame) in frames.iter().enumerate() {
        let captured = u32::try_from(frame.bytes.len()).expect("a short frame");
        for word in [u32::try_from(second).expect("few frames"), 0, captured, frame.wire_length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&frame.bytes);
    }
    file
}

/// Numbers that look random and are the same every time (xorshift64*, Vigna 2016).
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

pub(crate) fn checksum(parts: &[&[u8]]) -> u16 {
    let all: Vec<u8> = parts.concat();
    let mut sum: u32 = all.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded")
}

fn put16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

fn length16(length: usize) -> u16 {
    u16::try_from(length).expect("a short packet")
}

/// An Ethernet frame of any type.
pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x52, 0x54, 0, 0xd3, 0xbf, 0x21, 0x52, 0x54, 0, 0xdc, 0xc7, 0xb4];
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A VLAN tag's control information and what follows it.
pub(crate) fn tagged(control: u16, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&control.to_be_bytes()[..], &ethertype.to_be_bytes(), payload].concat()
}

pub(crate) const A: [u8; 4] = [10, 244, 153, 204];
pub(crate) const B: [u8; 4] = [10, 244, 146, 205];
pub(crate) const A6: [u8; 16] = [0xfd, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
pub(crate) const B6: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x41, 0x56, 0xff, 0xfe, 0x7e, 0x77, 0xec];

/// An IPv4 header to be changed, and what it makes of a payload.
#[derive(Clone)]
pub(crate) struct Ip4 {
    pub(crate) tos: u8,
    pub(crate) id: u16,
    /// Flags and offset, as the header has them.
    pub(crate) fragment: u16,
    pub(crate) ttl: u8,
    pub(crate) protocol: u8,
    pub(crate) source: [u8; 4],
    pub(crate) destination: [u8; 4],
    pub(crate) options: Vec<u8>,
}

pub(crate) fn ip4(protocol: u8) -> Ip4 {
    Ip4 { tos: 0, id: 42390, fragment: 0x4000, ttl: 63, protocol, source: A, destination: B, options: Vec::new() }
}

impl Ip4 {
    pub(crate) fn with(&self, payload: &[u8]) -> Vec<u8> {
        let mut options = self.options.clone();
        options.resize(options.len().next_multiple_of(4), 0);
        let header = 20 + options.len();
        let mut packet = vec![0x40 | u8::try_from(header / 4).expect("at most 60 bytes"), self.tos];
        packet.extend(length16(header + payload.len()).to_be_bytes());
        packet.extend(self.id.to_be_bytes());
        packet.extend(self.fragment.to_be_bytes());
        packet.extend([self.ttl, self.protocol, 0, 0]);
        packet.extend(self.source);
        packet.extend(self.destination);
        packet.extend(options);
        let sum = checksum(&[&packet]);
        put16(&mut packet, 10, sum);
        packet.extend(payload);
        packet
    }

    pub(crate) fn back(&self) -> Self {
        Self { source: self.destination, destination: self.source, ..self.clone() }
    }

    fn pseudo(&self, length: usize) -> Vec<u8> {
        let mut pseudo = [self.source, self.destination].concat();
        pseudo.extend([0, self.protocol]);
        pseudo.extend(length16(length).to_be_bytes());
        pseudo
    }
}

/// An IPv6 packet; `next` is the header's own next-header field, `payload` all behind the header.
pub(crate) fn ip6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length16(payload.len()).to_be_bytes());
    packet.extend([next, 255]);
    packet.extend(A6);
    packet.extend(B6);
    packet.extend(payload);
    packet
}

fn pseudo6(protocol: u8, length: usize) -> Vec<u8> {
    let mut pseudo = [A6, B6].concat();
    pseudo.extend(u32::from(length16(length)).to_be_bytes());
    pseudo.extend([0, 0, 0, protocol]);
    pseudo
}

/// An ICMP message: type, code, the four bytes behind the checksum, the rest.
pub(crate) fn icmp(kind: u8, code: u8, rest: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    message.extend(data);
    let sum = checksum(&[&message]);
    put16(&mut message, 2, sum);
    message
}

pub(crate) fn icmp6(kind: u8, code: u8, rest: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    message.extend(data);
    let sum = checksum(&[&pseudo6(58, message.len()), &message]);
    put16(&mut message, 2, sum);
    message
}

pub(crate) fn echo(kind: u8, id: u16, seq: u16, size: usize) -> Vec<u8> {
    let [a, b] = id.to_be_bytes();
    let [c, d] = seq.to_be_bytes();
    let data: Vec<u8> = (0..size).map(|at| at.to_le_bytes()[0]).collect();
    icmp(kind, 0, [a, b, c, d], &data)
}

/// A TCP segment to be.
#[derive(Clone)]
pub(crate) struct Tcp {
    pub(crate) ports: (u16, u16),
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) window: u16,
    pub(crate) urgent: u16,
    pub(crate) options: Vec<u8>,
}

pub(crate) fn tcp(ports: (u16, u16), flags: u8, seq: u32, ack: u32) -> Tcp {
    Tcp { ports, seq, ack, flags, window: 64800, urgent: 0, options: Vec::new() }
}

impl Tcp {
    pub(crate) fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }

    fn bare(&self, payload: &[u8]) -> Vec<u8> {
        let mut options = self.options.clone();
        options.resize(options.len().next_multiple_of(4), 0);
        let mut segment = Vec::new();
        segment.extend(self.ports.0.to_be_bytes());
        segment.extend(self.ports.1.to_be_bytes());
        segment.extend(self.seq.to_be_bytes());
        segment.extend(self.ack.to_be_bytes());
        segment.extend([u8::try_from((20 + options.len()) / 4).expect("at most 60 bytes") << 4, self.flags]);
        segment.extend(self.window.to_be_bytes());
        segment.extend([0, 0]);
        segment.extend(self.urgent.to_be_bytes());
        segment.extend(options);
        segment.extend(payload);
        segment
    }

    pub(crate) fn over(&self, ip: &Ip4, payload: &[u8]) -> Vec<u8> {
        let mut segment = self.bare(payload);
        let sum = checksum(&[&ip.pseudo(segment.len()), &segment]);
        put16(&mut segment, 16, sum);
        ip.with(&segment)
    }

    pub(crate) fn over6(&self, payload: &[u8]) -> Vec<u8> {
        let mut segment = self.bare(payload);
        let sum = checksum(&[&pseudo6(6, segment.len()), &segment]);
        put16(&mut segment, 16, sum);
        segment
    }
}

/// A UDP datagram without a checksum.
pub(crate) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(source.to_be_bytes());
    datagram.extend(destination.to_be_bytes());
    datagram.extend(length16(8 + payload.len()).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

pub(crate) fn udp6(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = udp(source, destination, payload);
    let sum = checksum(&[&pseudo6(17, datagram.len()), &datagram]);
    put16(&mut datagram, 6, sum);
    datagram
}

pub(crate) fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = vni.to_be_bytes();
    [&[8, 0, 0, 0, a, b, c, 0][..], frame].concat()
}

pub(crate) fn arp(operation: u16, target: [u8; 6]) -> Vec<u8> {
    let mut message = vec![0, 1, 8, 0, 6, 4];
    message.extend(operation.to_be_bytes());
    message.extend([0x32, 0x21, 0x45, 0xc4, 0xc5, 0xd5]);
    message.extend(A);
    message.extend(target);
    message.extend([169, 254, 1, 1]);
    message
}
