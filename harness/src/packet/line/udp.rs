//! UDP and VXLAN, as tcpdump prints them.

use super::out::{Flow, Out, mark, put};
use super::printer::At;
use super::tcp::ports;
use super::upper::{self, Carrier};
use crate::packet::bytes::{Cut, be16, be24, u8};
use crate::packet::field::{Field, LayerKind};
use crate::packet::udp::HEADER;
use crate::packet::vxlan;

/// UDP's number among the protocols.
const PROTOCOL: u8 = 17;

/// Prints ports and length.
pub(super) fn print(out: &mut Out, at: &At<'_, '_>, carrier: Option<&Carrier<'_>>) -> Result<Flow, Cut> {
    out.protocol = "udp";
    let Some(carrier) = carrier else { return Ok(Flow::End) };
    let (data, length) = (at.layer.data, at.layer.length);
    if be16(data, 2).is_err() {
        if carrier.announces() == PROTOCOL {
            carrier.addresses(out)?;
            out.put(": ");
        }
        out.cut();
        return Ok(Flow::End);
    }
    ports(out, at.index, data, carrier, PROTOCOL, (Field::UdpSourcePort, Field::UdpDestinationPort))?;
    if length < HEADER {
        mark!(out, "truncated-udp {length}");
        return Ok(Flow::End);
    }
    let Ok(told) = be16(data, 4) else {
        out.cut();
        return Ok(Flow::End);
    };
    let told = u32::from(told);
    if told < HEADER {
        mark!(out, "truncated-udplength {told}");
        return Ok(Flow::End);
    }
    if data.len() < HEADER as usize {
        out.cut();
        return Ok(Flow::End);
    }
    let held = (told - HEADER).min(length - HEADER);
    if out.verbose && carrier.kind == LayerKind::Ipv6 && !carrier.fragmented {
        checksum(out, carrier, data, (held + HEADER) as usize)?;
    }
    if at.next == Some(LayerKind::Vxlan) {
        return Ok(Flow::On);
    }
    let told = told - HEADER;
    if told > held && !carrier.fragmented {
        mark!(out, "UDP, bad length {told} > {held}");
    } else {
        out.told("UDP, length ", at.index, Field::UdpLength, told);
    }
    if at.next.is_none() {
        return Ok(Flow::End);
    }
    // What only a hint makes known is no business of tcpdump's: printed as it prints a tunnel.
    out.put(": ");
    Ok(Flow::On)
}

/// Prints whether the checksum is right, which tcpdump does for IPv6 only unless it is very verbose.
fn checksum(out: &mut Out, carrier: &Carrier<'_>, data: &[u8], length: usize) -> Result<(), Cut> {
    if let Some(datagram) = data.get(..length) {
        match upper::verdict(data, 6, carrier.checksum(PROTOCOL, datagram))? {
            (_, None) => out.put("[udp sum ok] "),
            (found, Some(should)) => put!(out, "[bad udp cksum 0x{found:04x} -> 0x{should:04x}!] "),
        }
    }
    Ok(())
}

/// tcpdump 4.99.3 takes port 8472 for OTV, whose header has the same bits in the same places.
const OTV_PORT: u16 = 8472;

/// Prints a VXLAN header; the frame inside stands on a line of its own.
pub(super) fn print_vxlan(out: &mut Out, at: &At<'_, '_>) -> Result<Flow, Cut> {
    let data = at.layer.data;
    let otv = at.previous.is_some_and(|udp| [be16(udp.data, 0), be16(udp.data, 2)].contains(&Ok(OTV_PORT)));
    out.protocol = if otv { "otv" } else { "vxlan" };
    out.put(if otv { "OTV, " } else { "VXLAN" });
    if at.layer.length < vxlan::HEADER {
        if otv {
            mark!(out, "[length {} < {}]", at.layer.length, vxlan::HEADER);
        }
        out.invalid();
        if otv && data.len() < at.layer.length as usize {
            return Err(Cut);
        }
        return Ok(Flow::End);
    }
    let flags = u8(data, 0)?;
    let valid = flags & 0x08 != 0;
    out.put(if otv { "flags [" } else { ", flags [" });
    out.put(match (valid, otv) {
        (true, _) => "I",
        (false, true) => ".",
        (false, false) => "invalid",
    });
    out.told("] (", at.index, Field::VxlanFlags, format_args!("0x{flags:02x}"));
    out.put("), ");
    if otv {
        put!(out, "overlay {}, ", be24(data, 1)?);
    }
    let vni = be24(data, 4)?;
    out.put(if otv { "instance " } else { "vni " });
    out.field(at.index, Field::VxlanVni, vni);
    out.put("\n");
    u8(data, 7)?;
    Ok(if at.next.is_some() { Flow::On } else { Flow::End })
}
