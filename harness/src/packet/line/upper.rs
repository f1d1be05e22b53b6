//! What IP carries: the pseudo-header of checksums, and protocols that are no layer here.

use super::address::V6;
use super::igmp;
use super::out::{Flow, Out, mark, put};
use crate::packet::bytes::{Cut, array, be16, checksum};
use crate::packet::field::{Field, LayerKind};
use crate::packet::ipv6;

use std::net::Ipv4Addr;

/// The IP packet around a layer.
#[derive(Clone, Copy)]
pub(super) struct Carrier<'a> {
    /// IPv4 or IPv6.
    pub(super) kind: LayerKind,
    /// Its index in the stack.
    pub(super) index: usize,
    /// Its bytes from the header on.
    pub(super) data: &'a [u8],
    /// A fragment: the checksum covers more than there is.
    pub(super) fragmented: bool,
}

impl<'a> Carrier<'a> {
    /// Source and destination, 4 or 16 bytes each.
    pub(super) fn ends(&self) -> (&'a [u8], &'a [u8]) {
        let (at, length) = if self.kind == LayerKind::Ipv4 { (12, 4) } else { (8, 16) };
        let part = |at: usize| self.data.get(at..at + length).unwrap_or_default();
        (part(at), part(at + length))
    }

    /// The protocol that the header itself announces, before any extension header.
    pub(super) fn announces(&self) -> u8 {
        let at = if self.kind == LayerKind::Ipv4 { 9 } else { 6 };
        self.data.get(at).copied().unwrap_or_default()
    }

    /// Prints `source > destination`.
    pub(super) fn addresses(&self, out: &mut Out) -> Result<(), Cut> {
        self.address(out, Field::IpSource)?;
        out.put(" > ");
        self.address(out, Field::IpDestination)
    }

    /// Prints one of the addresses.
    pub(super) fn address(&self, out: &mut Out, field: Field) -> Result<(), Cut> {
        let (source, destination) = self.ends();
        let bytes = if field == Field::IpSource { source } else { destination };
        match self.kind {
            LayerKind::Ipv4 => out.field(self.index, field, Ipv4Addr::from(array::<4>(bytes, 0)?)),
            _ => out.field(self.index, field, V6(array(bytes, 0)?)),
        }
        Ok(())
    }

    /// The checksum over a pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1) and `data`: 0 where it is right.
    pub(super) fn checksum(&self, protocol: u8, data: &[u8]) -> u16 {
        let (source, destination) = self.ends();
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes();
        let destination = self.final_destination().unwrap_or(destination);
        checksum(&[source, destination, &length, &[0, 0, 0, protocol], data])
    }

    /// Where source routing says that the packet is going in the end.
    fn final_destination(&self) -> Option<&'a [u8]> {
        if self.kind == LayerKind::Ipv4 { self.final_destination_v4() } else { self.final_destination_v6() }
    }

    /// The last address of a loose or strict source route (RFC 791 section 3.1).
    fn final_destination_v4(&self) -> Option<&'a [u8]> {
        let header = usize::from(self.data.first()? & 0x0f) * 4;
        let mut options = self.data.get(20..header)?;
        loop {
            let length = match *options.first()? {
                0 => return None,
                1 => 1,
                _ => usize::from(*options.get(1)?).max(2),
            };
            let option = options.get(..length)?;
            if matches!(option[0], 131 | 137) && length >= 7 {
                return option.get(length - 4..);
            }
            options = &options[length..];
        }
    }

    /// The last address of a routing header (RFC 8200 section 4.4, RFC 8754 section 2).
    fn final_destination_v6(&self) -> Option<&'a [u8]> {
        let (mut at, mut next) = (40, *self.data.get(6)?);
        loop {
            let header = self.data.get(at..)?;
            let length = usize::from(*header.get(1)?);
            match next {
                ipv6::HOP_BY_HOP | ipv6::DESTINATION => at += (length + 1) * 8,
                ipv6::FRAGMENT => at += 8,
                ipv6::ROUTING if length % 2 == 1 => return None,
                ipv6::ROUTING => {
                    let last = match *header.get(2)? {
                        0 | 2 => (length / 2).checked_sub(1)?,
                        4 => 0,
                        _ => return None,
                    };
                    return header.get(8 + last * 16..8 + last * 16 + 16);
                }
                _ => return None,
            }
            next = *header.first()?;
        }
    }
}

/// Prints what no layer claims: `protocol` with `length` bytes, of which `data` were captured.
pub(super) fn print(out: &mut Out, carrier: &Carrier<'_>, protocol: u8, data: &[u8], length: u32) -> Result<Flow, Cut> {
    let v4 = carrier.kind == LayerKind::Ipv4;
    match protocol {
        1 | 2 if !v4 => {
            mark!(out, "[{} requires IPv4]", protocol_name(protocol));
            out.invalid();
        }
        58 | 143 if v4 => {
            mark!(out, "[{} requires IPv6]", protocol_name(protocol));
            out.invalid();
        }
        2 => igmp::print(out, data, length)?,
        59 => out.put("no next header"),
        77 => put!(out, " nd {length}"),
        _ => put!(out, " ip-proto-{protocol} {length}"),
    }
    Ok(Flow::End)
}

/// The name that `tcpdump -v` has for a protocol of IP, `ICMP` for 1; `unknown` if it has none.
pub fn protocol_name(protocol: u8) -> &'static str {
    match protocol {
        0 => "Options",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPIP",
        6 => "TCP",
        8 => "EGP",
        9 => "IGRP",
        17 => "UDP",
        33 => "DCCP",
        41 => "IPv6",
        43 => "Routing",
        44 => "Fragment",
        46 => "RSVP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        55 => "Mobile IP",
        58 => "ICMPv6",
        62 => "Mobile IP (old)",
        88 => "EIGRP",
        89 => "OSPF",
        103 => "PIM",
        108 => "Compressed IP",
        112 => "VRRP",
        113 => "PGM",
        132 => "SCTP",
        135 => "Mobility",
        143 => "Ethernet",
        _ => "unknown",
    }
}

/// Whether the protocol's own printer prints the addresses, together with ports.
pub(super) fn prints_addresses(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132)
}

/// The 16 bits of a checksum field and whether it is right; if not, what it should hold.
pub(super) fn verdict(data: &[u8], at: usize, computed: u16) -> Result<(u16, Option<u16>), Cut> {
    let found = be16(data, at)?;
    Ok((found, (computed != 0).then(|| crate::packet::bytes::should_be(found, computed))))
}
