//! IPv6 and its extension headers, as tcpdump prints them.

use super::address::v6;
use super::out::{Flow, Out, mark, put};
use super::printer::At;
use super::upper::{self, Carrier, prints_addresses, protocol_name};
use crate::packet::bytes::{Cut, be16, be32, cap, take, u8};
use crate::packet::field::{Field, LayerKind};
use crate::packet::ipv6::{DESTINATION, FRAGMENT, HEADER, HOP_BY_HOP, ROUTING};

/// Prints the header, its extension headers, and what it carries where that is no layer.
pub(super) fn print<'a>(out: &mut Out, at: &At<'_, 'a>, carrier: &mut Option<Carrier<'a>>) -> Result<Flow, Cut> {
    out.protocol = "ip6";
    let (data, length) = (at.layer.data, at.layer.length);
    if data.len() < HEADER as usize {
        out.cut();
        return Ok(Flow::End);
    }
    if length < HEADER {
        mark!(out, "truncated-ip6 {length}");
        return Ok(Flow::End);
    }
    if data[0] >> 4 != 6 {
        mark!(out, "version error: {} != 6", data[0] >> 4);
        return Ok(Flow::End);
    }
    let payload = u32::from(be16(data, 4)?);
    let total = if payload == 0 { length } else { payload } + HEADER;
    if payload != 0 && length < total {
        mark!(out, "truncated-ip6 - {} bytes missing!", total - length);
    }
    let mut this = Carrier { kind: LayerKind::Ipv6, index: at.index, data: cap(data, total), fragmented: false };
    if out.verbose {
        parentheses(out, &this, payload)?;
    }
    let Some((header, protocol)) = extensions(out, &mut this, payload, total)? else { return Ok(Flow::End) };
    let left = if payload == 0 { 0 } else { total - header };
    this.data = cap(this.data, header + left);
    *carrier = Some(this);
    if at.next.is_some() {
        return Ok(Flow::On);
    }
    if prints_addresses(protocol) {
        this.addresses(out)?;
        out.put(": ");
    }
    upper::print(out, &this, protocol, this.data.get(header as usize..).unwrap_or_default(), left)
}

/// Prints what `-v` adds.
fn parentheses(out: &mut Out, ip: &Carrier<'_>, payload: u32) -> Result<(), Cut> {
    let flow = be32(ip.data, 0)?;
    out.put("(");
    if flow & 0x0ff0_0000 != 0 {
        out.told("class ", ip.index, Field::IpTos, format_args!("0x{:02x}", (flow >> 20) & 0xff));
        out.put(", ");
    }
    if flow & 0x000f_ffff != 0 {
        out.told("flowlabel ", ip.index, Field::IpFlowLabel, format_args!("0x{:05x}", flow & 0x000f_ffff));
        out.put(", ");
    }
    out.told("hlim ", ip.index, Field::IpTtl, u8(ip.data, 7)?);
    out.put(", next-header ");
    let protocol = ip.announces();
    out.field(ip.index, Field::IpProtocol, format_args!("{} ({protocol})", protocol_name(protocol)));
    out.told(" payload length: ", ip.index, Field::IpLength, payload);
    out.put(") ");
    Ok(())
}

/// Prints the extension headers; the length of all headers and the protocol behind them, `None` if the text ends among them.
fn extensions(out: &mut Out, ip: &mut Carrier<'_>, payload: u32, total: u32) -> Result<Option<(u32, u8)>, Cut> {
    let (mut at, mut protocol) = (HEADER, ip.announces());
    if !prints_addresses(protocol) {
        ip.addresses(out)?;
        out.put(": ");
    }
    loop {
        let header = ip.data.get(at as usize..).unwrap_or_default();
        let first = at == HEADER;
        let advance = match protocol {
            HOP_BY_HOP if !first => {
                misplaced(out, ip.announces());
                return Ok(None);
            }
            HOP_BY_HOP => {
                let advance = options(out, header, "hbhopt", "HBH ")?;
                if payload == 0 {
                    mark!(out, "[No valid Jumbo Payload Hop-by-Hop option found]");
                    out.invalid();
                    return Ok(None);
                }
                advance
            }
            DESTINATION => options(out, header, "dstopt", "DSTOPT ")?,
            FRAGMENT => {
                ip.fragmented = true;
                fragment(out, ip.index, header, u64::from(payload + HEADER).wrapping_sub(at.into()))?
                    .filter(|advance| header.len() > *advance as usize)
            }
            ROUTING if header.is_empty() => {
                out.cut();
                return Ok(None);
            }
            ROUTING => routing(out, header)?,
            // Without a length there is no room for extension headers either.
            _ if payload == 0 && !first => {
                out.cut();
                return Ok(None);
            }
            _ => return Ok(Some((at, protocol))),
        };
        let Some(advance) = advance else { return Ok(None) };
        out.protocol = "ip6";
        protocol = u8(header, 0)?;
        if total - at < advance {
            out.cut();
            return Ok(None);
        }
        at += advance;
    }
}

/// Says that hop-by-hop options stand behind another extension header, `first` or one behind it (RFC 8200 section 4.1).
fn misplaced(out: &mut Out, first: u8) {
    let why = if first == HOP_BY_HOP { "was already found" } else { "don't follow the IPv6 header" };
    mark!(out, "[The Hop-by-Hop Options header {why}]");
    out.invalid();
}

/// Prints a header that is a list of options; its length, `None` if an option is too long for it.
fn options(out: &mut Out, header: &[u8], protocol: &'static str, name: &str) -> Result<Option<u32>, Cut> {
    out.protocol = protocol;
    let length = (usize::from(u8(header, 1)?) + 1) * 8;
    let Ok(whole) = take(header, 0, length) else {
        out.cut();
        return Ok(None);
    };
    let options = &whole[2..];
    mark!(out, "{name}");
    if (protocol == "hbhopt" || out.verbose) && !list(out, options)? {
        out.cut();
        return Ok(None);
    }
    Ok(u32::try_from(length).ok())
}

/// Prints options (RFC 8200 section 4.2); whether all of them fit.
fn list(out: &mut Out, options: &[u8]) -> Result<bool, Cut> {
    let (mut at, verbose) = (0, out.verbose);
    while at < options.len() {
        let kind = options[at];
        if kind == 0 {
            out.put(if verbose { "(pad1)" } else { "" });
            at += 1;
            continue;
        }
        let Some(option) = options.get(at + 1).and_then(|size| options.get(at..at + usize::from(*size) + 2)) else { return Ok(false) };
        match kind {
            // RFC 2711: router alert, two bytes of value.
            5 if options.len() - at < 4 => {
                out.put("(rtalert: trunc)");
                return Ok(false);
            }
            5 if option.len() != 4 => {
                put!(out, "(rtalert: invalid len {})", option.len() - 2);
                return Ok(false);
            }
            5 if verbose => put!(out, "(rtalert: 0x{:04x}) ", be16(option, 2)?),
            1 if verbose => out.put("(padn)"),
            1 | 5 => {}
            _ if verbose => put!(out, "(opt_type 0x{kind:02x}: len={})", option.len() - 2),
            _ => {}
        }
        at += option.len();
    }
    out.put(if verbose { " " } else { "" });
    Ok(true)
}

/// Prints a fragment header (RFC 8200 section 4.5); `None` if it is not the first fragment's.
fn fragment(out: &mut Out, index: usize, header: &[u8], left: u64) -> Result<Option<u32>, Cut> {
    out.protocol = "frag6";
    // What is printed before a field that is not there stays printed.
    let (id, offset) = if out.verbose { (be32(header, 4)?, be16(header, 2)?) } else { (0, be16(header, 2)?) };
    mark!(out, "frag ");
    out.put("(");
    if out.verbose {
        out.field(index, Field::IpId, format_args!("0x{id:08x}"));
        out.put(":");
    }
    out.field(index, Field::IpOffset, offset & 0xfff8);
    put!(out, "|{})", left.wrapping_sub(8));
    if offset & 0xfff8 != 0 {
        return Ok(None);
    }
    out.put(" ");
    Ok(Some(8))
}

/// Prints a routing header (RFC 8200 section 4.4, RFC 6275 section 6.4, RFC 8754); `None` if its length cannot be.
fn routing(out: &mut Out, header: &[u8]) -> Result<Option<u32>, Cut> {
    out.protocol = "rt6";
    mark!(out, "RT6");
    let length = u8(header, 1)?;
    put!(out, " (len={length}");
    let kind = u8(header, 2)?;
    put!(out, ", type={kind}");
    out.put(if kind == 0 { " [Deprecated]" } else { "" });
    put!(out, ", segleft={}", u8(header, 3)?);
    match kind {
        0 | 2 => {
            let reserved = be32(header, 4)?;
            if reserved != 0 || out.verbose {
                put!(out, ", rsv=0x{reserved:x}");
            }
        }
        4 => {
            put!(out, ", last-entry={}", u8(header, 4)?);
            let flags = u8(header, 5)?;
            if flags != 0 || out.verbose {
                put!(out, ", flags=0x{flags:x}");
            }
            put!(out, ", tag={:x}", be16(header, 6)?);
        }
        _ => {
            out.put(" (unknown type)");
            out.invalid();
            return Ok(None);
        }
    }
    if length % 2 == 1 {
        put!(out, " (invalid length {length})");
        out.invalid();
        return Ok(None);
    }
    for entry in 0..usize::from(length / 2) {
        put!(out, ", [{entry}]{}", v6(header, 8 + entry * 16)?);
    }
    out.put(") ");
    Ok(Some((u32::from(length) + 1) * 8))
}
