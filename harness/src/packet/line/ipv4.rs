//! IPv4, as tcpdump prints it.

use super::ipv4_options;
use super::mark::Cause;
use super::out::{Flow, Out, mark, put};
use super::printer::At;
use super::upper::{self, Carrier, prints_addresses, protocol_name};
use crate::packet::bytes::{Cut, be16, cap, checksum, u8};
use crate::packet::field::{Field, LayerKind};
use crate::packet::ipv4::{HEADER, flags};

/// Prints the header, and what it carries where that is no layer.
pub(super) fn print<'a>(out: &mut Out, at: &At<'_, 'a>, carrier: &mut Option<Carrier<'a>>) -> Result<Flow, Cut> {
    out.protocol = "ip";
    let (data, length) = (at.layer.data, at.layer.length);
    let version = u8(data, 0)? >> 4;
    if version != 4 {
        match version {
            6 => mark!(out, "IP6, wrong link-layer encapsulation"),
            other => mark!(out, "IP{other}"),
        }
        out.invalid();
        return Ok(Flow::End);
    }
    if data.len() < HEADER as usize {
        out.cut();
        return Ok(Flow::End);
    }
    if !lengths_make_sense(out, data, length)? {
        return Ok(Flow::End);
    }
    let header = u32::from(data[0] & 0x0f) * 4;
    let total = u32::from(be16(data, 2)?);
    let data = cap(data, total);
    let fragment = be16(data, 6)?;
    let this = Carrier { kind: LayerKind::Ipv4, index: at.index, data, fragmented: fragment & 0x2000 != 0 };
    *carrier = Some(this);
    if out.verbose && !parentheses(out, &this, header)? {
        this.addresses(out)?;
        out.put(": ");
        out.cut();
        return Ok(Flow::End);
    }
    carried(out, at, &this, (header, total))
}

/// Says which length cannot be; whether printing can go on.
fn lengths_make_sense(out: &mut Out, data: &[u8], length: u32) -> Result<bool, Cut> {
    let header = u32::from(u8(data, 0)? & 0x0f) * 4;
    let total = u32::from(be16(data, 2)?);
    if length < HEADER {
        mark!(out, "truncated-ip {length}");
    } else if header < HEADER {
        mark!(out, "bad-hlen {header}");
    } else {
        if length < total {
            mark!(out, "truncated-ip - {} bytes missing! ", total - length);
        }
        if total >= header {
            return Ok(true);
        }
        mark!(out, "bad-len {total}");
    }
    Ok(false)
}

/// Prints what `-v` adds; whether all the options were there.
fn parentheses(out: &mut Out, ip: &Carrier<'_>, header: u32) -> Result<bool, Cut> {
    let data = ip.data;
    let (tos, ttl, fragment, protocol) = (u8(data, 1)?, u8(data, 8)?, be16(data, 6)?, u8(data, 9)?);
    out.told("(tos ", ip.index, Field::IpTos, format_args!("0x{tos:x}"));
    // RFC 3168 section 5: the two bits of explicit congestion notification.
    out.put(["", ",ECT(1)", ",ECT(0)", ",CE"][usize::from(tos & 3)]);
    if ttl >= 1 {
        out.told(", ttl ", ip.index, Field::IpTtl, ttl);
    }
    out.told(", id ", ip.index, Field::IpId, be16(data, 4)?);
    out.told(", offset ", ip.index, Field::IpOffset, u32::from(fragment & 0x1fff) * 8);
    out.told(", flags [", ip.index, Field::IpFlags, flags(fragment));
    out.told("], proto ", ip.index, Field::IpProtocol, format_args!("{} ({protocol})", protocol_name(protocol)));
    out.told(", length ", ip.index, Field::IpLength, be16(data, 2)?);
    let mut whole = true;
    if header > HEADER {
        out.put(", ");
        let start = out.text.len();
        out.put("options (");
        let options = data.get(HEADER as usize..).unwrap_or_default();
        whole = ipv4_options::print(out, options, (header - HEADER) as usize)?;
        out.put(if whole { ")" } else { " [truncated-option])" });
        out.marked(start, if whole { Cause::Packet } else { Cause::Cut });
    }
    if let Some(bytes) = data.get(..header as usize) {
        let (found, should) = upper::verdict(data, 10, checksum(&[bytes]))?;
        if let Some(should) = should {
            out.put(", ");
            mark!(out, "bad cksum {found:x} (->{should:x})!");
        }
    }
    out.put(")\n    ");
    Ok(whole)
}

/// Prints the addresses, and what the packet carries where that is no layer.
fn carried(out: &mut Out, at: &At<'_, '_>, ip: &Carrier<'_>, (header, total): (u32, u32)) -> Result<Flow, Cut> {
    let protocol = ip.announces();
    if be16(ip.data, 6)? & 0x1fff != 0 {
        ip.addresses(out)?;
        out.put(":");
        put!(out, " ip-proto-{protocol}");
        return Ok(Flow::End);
    }
    if !prints_addresses(protocol) {
        ip.addresses(out)?;
        out.put(": ");
    }
    if ip.data.len() < header as usize {
        let start = out.text.len();
        put!(out, " [remaining caplen({}) < header length({header})]", ip.data.len());
        out.marked(start, Cause::Cut);
        return Err(Cut);
    }
    if at.next.is_some() {
        return Ok(Flow::On);
    }
    if prints_addresses(protocol) {
        ip.addresses(out)?;
        out.put(": ");
    }
    upper::print(out, ip, protocol, &ip.data[header as usize..], total - header)
}
