//! Ethernet and VLAN tags, as tcpdump prints them.

use super::address::Link;
use super::out::{Flow, Out, mark, put};
use super::printer::At;
use crate::packet::bytes::{Cut, be16, take};
use crate::packet::ethernet::{HEADER, LENGTH_MAX, by_ethertype};
use crate::packet::field::{Field, LayerKind};
use crate::packet::vlan;

/// Prints addresses, type and length.
pub(super) fn print(out: &mut Out, at: &At<'_, '_>) -> Result<Flow, Cut> {
    let (data, length) = (at.layer.data, at.layer.length);
    out.protocol = "ether";
    if (length as usize) < data.len() {
        mark!(out, "[length {length} < caplen {}]", data.len());
        out.invalid();
        return Ok(Flow::End);
    }
    if data.len() < HEADER as usize {
        out.cut();
        return Ok(Flow::End);
    }
    out.field(at.index, Field::EthernetSource, Link(take(data, 6, 6)?));
    out.told(" > ", at.index, Field::EthernetDestination, Link(take(data, 0, 6)?));
    out.put(", ");
    type_field(out, at, HEADER as usize, Some(length))
}

/// Prints a VLAN tag and the type behind it.
pub(super) fn print_tag(out: &mut Out, at: &At<'_, '_>) -> Result<Flow, Cut> {
    let control = be16(at.layer.data, 0)?;
    out.told("vlan ", at.index, Field::VlanId, control & 0x0fff);
    out.told(", p ", at.index, Field::VlanPriority, control >> 13);
    out.put(", ");
    if control & 0x1000 != 0 {
        mark!(out, "DEI");
        out.put(", ");
    }
    type_field(out, at, vlan::HEADER as usize, None)
}

/// Prints the type field that ends at `end`, with the frame's length behind the first one.
fn type_field(out: &mut Out, at: &At<'_, '_>, end: usize, frame_length: Option<u32>) -> Result<Flow, Cut> {
    let ethertype = be16(at.layer.data, end - 2)?;
    let behind = at.layer.data.get(end..).unwrap_or_default();
    if by_ethertype(ethertype) == Some(LayerKind::Vlan) && behind.len() < vlan::HEADER as usize {
        out.protocol = "vlan";
        out.cut();
        return Ok(Flow::End);
    }
    if ethertype <= LENGTH_MAX {
        mark!(out, "802.3");
        if frame_length.is_some() {
            put!(out, ", length {}: ", u32::from(ethertype).min(at.layer.length.saturating_sub(HEADER)));
        }
        return Ok(Flow::End);
    }
    out.told("ethertype ", at.index, Field::EtherType, format_args!("{} (0x{ethertype:04x})", ethertype_name(ethertype)));
    if let Some(length) = frame_length {
        out.told(", length ", at.index, Field::FrameLength, length);
        out.put(": ");
    } else {
        out.put(", ");
    }
    if at.next.is_none() {
        if !has_a_printer(ethertype) {
            out.hex_and_ascii(behind);
        }
        return Ok(Flow::End);
    }
    Ok(Flow::On)
}

/// The names that tcpdump has for types (`print-ether.c`); a type that has two is called by the first.
pub(super) fn ethertype_name(ethertype: u16) -> &'static str {
    ETHERTYPES.iter().find(|(value, _)| *value == ethertype).map_or("Unknown", |(_, name)| *name)
}

const ETHERTYPES: [(u16, &str); 49] = [
    (0x0800, "IPv4"),
    (0x8847, "MPLS unicast"),
    (0x8848, "MPLS multicast"),
    (0x86dd, "IPv6"),
    (0x8100, "802.1Q"),
    (0x9100, "802.1Q-9100"),
    (0x88a8, "802.1Q-QinQ"),
    (0x9200, "802.1Q-9200"),
    (0x88e5, "802.1AE MACsec"),
    (0x0200, "PUP"),
    (0x0806, "ARP"),
    (0x8035, "Reverse ARP"),
    (0x0600, "NS"),
    (0x0500, "Sprite"),
    (0x1000, "Trail"),
    (0x6001, "MOP DL"),
    (0x6002, "MOP RC"),
    (0x6003, "DN"),
    (0x6004, "LAT"),
    (0x6007, "SCA"),
    (0x6558, "TEB"),
    (0x8038, "Lanbridge"),
    (0x803c, "DEC DNS"),
    (0x803e, "DEC DTS"),
    (0x805b, "VEXP"),
    (0x805c, "VPROD"),
    (0x809b, "Appletalk"),
    (0x80f3, "Appletalk ARP"),
    (0x8137, "IPX"),
    (0x880b, "PPP"),
    (0x8808, "MPCP"),
    (0x8809, "Slow Protocols"),
    (0x8863, "PPPoE D"),
    (0x8864, "PPPoE S"),
    (0x888e, "EAPOL"),
    (0x8899, "Realtek protocols"),
    (0x886f, "MS NLB heartbeat"),
    (0x8870, "Jumbo"),
    (0x894f, "NSH"),
    (0x9000, "Loopback"),
    (0xfefe, "OSI"),
    (0xabcd, "CFM (old)"),
    (0x8902, "CFM"),
    (0x893a, "IEEE1905.1"),
    (0x88cc, "LLDP"),
    (0x88ca, "TIPC"),
    (0x0707, "GeoNet (old)"),
    (0x8947, "GeoNet"),
    (0x1111, "CALM FAST"),
];

/// Types that tcpdump takes apart and this project does not: nothing is printed behind them, rather than something wrong.
fn has_a_printer(ethertype: u16) -> bool {
    matches!(
        ethertype,
        0x6003
            | 0x809b
            | 0x80f3
            | 0x8137
            | 0xfefe
            | 0x8863
            | 0x8864
            | 0x3c12
            | 0x3c13
            | 0x888e
            | 0x8899
            | 0x880b
            | 0x8808
            | 0x8809
            | 0x8902
            | 0xabcd
            | 0x88cc
            | 0x894f
            | 0x9000
            | 0x8847
            | 0x8848
            | 0x88ca
            | 0x886f
            | 0x0707
            | 0x8947
            | 0x1111
            | 0x88a2
            | 0x88f7
            | 0x8870
            | 0xd28b
            | 0x88e5
    )
}
