//! `ICMPv6`, as tcpdump prints it.

use super::address::v6;
use super::icmpv6_options::options;
use super::igmp::record_kind;
use super::out::{Flow, Out, mark, put};
use super::printer::At;
use super::upper::{self, Carrier};
use crate::packet::bytes::{Cut, be16, be32, u8};
use crate::packet::field::Field;
use crate::packet::icmpv6::{
    ECHO, ECHO_REPLY, LISTENER_DONE, LISTENER_QUERY, LISTENER_REPORT, LISTENER_REPORT_V2, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION,
    PARAMETER_PROBLEM, REDIRECT, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION, TIME_EXCEEDED, TOO_BIG, UNREACHABLE, quoted_port,
};

/// `ICMPv6`'s number among the protocols.
const PROTOCOL: u8 = 58;

/// Prints a message.
pub(super) fn print(out: &mut Out, at: &At<'_, '_>, carrier: Option<&Carrier<'_>>) -> Result<Flow, Cut> {
    out.protocol = "icmp6";
    let (data, length) = (at.layer.data, at.layer.length);
    if length == 0 {
        out.put("ICMP6, length 0");
        out.invalid();
        return Ok(Flow::End);
    }
    if out.verbose
        && let Some(carrier) = carrier.filter(|carrier| !carrier.fragmented)
        && let Some(message) = data.get(..length as usize)
    {
        match upper::verdict(data, 2, carrier.checksum(PROTOCOL, message))? {
            (_, None) => out.put("[icmp6 sum ok] "),
            (found, Some(should)) => mark!(out, "[bad icmp6 cksum 0x{found:04x} -> 0x{should:04x}!] "),
        }
    }
    let kind = u8(data, 0)?;
    out.put("ICMP6, ");
    match name(kind) {
        Some(name) => out.field(at.index, Field::IcmpType, name),
        None => put!(out, "unknown icmp6 type ({kind})"),
    }
    if out.verbose && matches!(kind, ROUTER_SOLICITATION..=REDIRECT | 145 | 147) {
        told_length(out, at.index, length);
    }
    u8(data, 1)?;
    if what(out, at.index, data, length)? == Flow::On && !out.verbose {
        told_length(out, at.index, length);
    }
    Ok(Flow::End)
}

fn told_length(out: &mut Out, index: usize, length: u32) {
    out.told(", length ", index, Field::IcmpLength, length);
}

/// Prints what the message says; whether its length is told behind it.
fn what(out: &mut Out, index: usize, data: &[u8], length: u32) -> Result<Flow, Cut> {
    match u8(data, 0)? {
        UNREACHABLE => return unreachable(out, index, data, length),
        TOO_BIG => {
            out.told(", mtu ", index, Field::IcmpMtu, be32(data, 4)?);
        }
        TIME_EXCEEDED => match u8(data, 1)? {
            0 => {
                out.told(" for ", index, Field::IcmpQuotedDestination, v6(data, 32)?);
            }
            1 => out.put(" (reassembly)"),
            other => put!(out, ", unknown code ({other})"),
        },
        PARAMETER_PROBLEM => parameter_problem(out, data)?,
        ECHO | ECHO_REPLY => {
            let (id, sequence) = (be16(data, 4)?, be16(data, 6)?);
            out.told(", id ", index, Field::IcmpId, id);
            out.told(", seq ", index, Field::IcmpSequence, sequence);
        }
        LISTENER_QUERY if length >= 28 => {
            out.put(" v2");
            query_v2(out, data, length)?;
        }
        LISTENER_QUERY if length != 24 => put!(out, " unknown-version (len {length}) "),
        LISTENER_QUERY | LISTENER_REPORT | LISTENER_DONE => {
            if data.len() >= 24 {
                put!(out, "max resp delay: {} addr: {}", be16(data, 4)?, v6(data, 8)?);
            }
        }
        LISTENER_REPORT_V2 => report_v2(out, data, length)?,
        ROUTER_SOLICITATION..=REDIRECT => return discovery(out, index, data, length),
        141 | 142 | 145 | 147 => {}
        144 | 146 => put!(out, ", id 0x{:04x}", be16(data, 4)?),
        _ => {
            told_length(out, index, length);
            out.hex("\n\t", &data[..data.len().min(length as usize)]);
            return Ok(Flow::End);
        }
    }
    Ok(Flow::On)
}

/// Prints an unreachable by its code (RFC 4443 section 3.1).
fn unreachable(out: &mut Out, index: usize, data: &[u8], length: u32) -> Result<Flow, Cut> {
    let destination = || v6(data, 32);
    match u8(data, 1)? {
        code @ (0 | 1 | 3) => {
            // tcpdump's own table has the blank before the second.
            out.put([", unreachable route", ",  unreachable prohibited", "", ", unreachable address"][usize::from(code)]);
            out.told(" ", index, Field::IcmpQuotedDestination, destination()?);
        }
        2 => {
            out.put(", beyond scope");
            out.told(" ", index, Field::IcmpQuotedDestination, destination()?);
            put!(out, ", source address {}", v6(data, 16)?);
        }
        4 => {
            out.put(", unreachable port");
            let Some((protocol, port)) = quoted_port(data) else {
                out.cut();
                return Ok(Flow::End);
            };
            out.told(", ", index, Field::IcmpQuotedDestination, destination()?);
            put!(out, " {} port ", if protocol == 6 { "tcp" } else { "udp" });
            out.field(index, Field::IcmpQuotedPort, port);
        }
        other => {
            put!(out, ", unknown unreach code ({other})");
            out.hex("\n\t", &data[..data.len().min(length as usize)]);
            return Ok(Flow::End);
        }
    }
    Ok(Flow::On)
}

fn parameter_problem(out: &mut Out, data: &[u8]) -> Result<(), Cut> {
    v6(data, 32)?;
    let code = u8(data, 1)?;
    let Some(what) = ["erroneous", "next header", "option", "incomplete header chain"].get(usize::from(code)) else {
        put!(out, ", code-#{code}");
        return Ok(());
    };
    put!(out, ", {what} - octet {}", be32(data, 4)?);
    Ok(())
}

/// Prints neighbour discovery (RFC 4861 section 4); verbosely with its options.
fn discovery(out: &mut Out, index: usize, data: &[u8], length: u32) -> Result<Flow, Cut> {
    let mut fixed = 8_u32;
    match u8(data, 0)? {
        ROUTER_ADVERTISEMENT => {
            fixed = 16;
            if out.verbose {
                advertisement(out, data)?;
            }
        }
        kind @ (NEIGHBOR_SOLICITATION | NEIGHBOR_ADVERTISEMENT) => {
            fixed = 24;
            let label = if kind == NEIGHBOR_SOLICITATION { ", who has " } else { ", tgt is " };
            out.told(label, index, Field::IcmpTarget, v6(data, 8)?);
            if out.verbose && kind == NEIGHBOR_ADVERTISEMENT {
                let flags = be32(data, 4)?;
                out.put(", Flags [");
                bits(out, flags, &[(0x8000_0000, "router"), (0x4000_0000, "solicited"), (0x2000_0000, "override")]);
                out.put("]");
            }
        }
        REDIRECT => {
            fixed = 40;
            put!(out, ", {}", v6(data, 24)?);
            out.told(" to ", index, Field::IcmpGateway, v6(data, 8)?);
        }
        _ => {}
    }
    if out.verbose && !options(out, data.get(fixed as usize..).unwrap_or_default(), i64::from(length) - i64::from(fixed))? {
        out.cut();
    }
    Ok(Flow::On)
}

/// Prints a router advertisement's own fields (RFC 4861 section 4.2, RFC 4191 section 2.2).
fn advertisement(out: &mut Out, data: &[u8]) -> Result<(), Cut> {
    let (flags, lifetime, reachable, retransmission) = (u8(data, 5)?, be16(data, 6)?, be32(data, 8)?, be32(data, 12)?);
    put!(out, "\n\thop limit {}, Flags [", u8(data, 4)?);
    bits(out, flags.into(), &[(0x80, "managed"), (0x40, "other stateful"), (0x20, "home agent"), (0x02, "ipv6 only")]);
    put!(out, "], pref {}", preference(flags));
    put!(out, ", router lifetime {lifetime}s, reachable time {reachable}ms, retrans timer {retransmission}ms");
    Ok(())
}

/// The preference of a router or route (RFC 4191 section 2.1).
pub(super) fn preference(flags: u8) -> &'static str {
    ["medium", "high", "rsv", "low"][usize::from((flags >> 3) & 3)]
}

/// Prints the names of the bits that are set.
pub(super) fn bits(out: &mut Out, value: u32, names: &[(u32, &str)]) {
    let set: Vec<&str> = names.iter().filter(|(bit, _)| value & bit != 0).map(|(_, name)| *name).collect();
    out.put(&if set.is_empty() { "none".to_owned() } else { set.join(", ") });
}

/// Prints a version 2 query (RFC 3810 section 5.1).
fn query_v2(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    let code = u32::from(be16(data, 4)?);
    if out.verbose {
        let delay = if code < 0x8000 { code } else { ((code & 0x0fff) | 0x1000) << (((code & 0x7000) >> 12) + 3) };
        put!(out, " [max resp delay={delay}]");
    }
    put!(out, " [gaddr {}", v6(data, 8)?);
    if out.verbose {
        let flags = u8(data, 24)?;
        out.put(if flags & 0x08 == 0 { "" } else { " sflag" });
        if flags & 0x07 != 0 {
            put!(out, " robustness={}", flags & 0x07);
        }
        let code = u32::from(u8(data, 25)?);
        let interval = if code < 128 { code } else { ((code & 0x0f) | 0x10) << (((code & 0x70) >> 4) + 3) };
        put!(out, " qqi={interval}");
    }
    match u32::from(be16(data, 26)?) {
        0 => {}
        sources if length < 28 + sources * 16 => mark!(out, " [invalid number of sources]"),
        sources => put!(out, ", {sources} source(s)"),
    }
    out.put("]");
    Ok(())
}

/// Prints a version 2 report (RFC 3810 section 5.2).
fn report_v2(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    if length < 8 {
        mark!(out, " [invalid len {length}]");
        return Ok(());
    }
    let groups = be16(data, 6)?;
    put!(out, ", {groups} group record(s)");
    let mut at = 8;
    for _ in 0..if out.verbose { groups } else { 0 } {
        if length < at + 20 {
            mark!(out, " [invalid number of groups]");
            return Ok(());
        }
        let record = data.get(at as usize..).unwrap_or_default();
        put!(out, " [gaddr {}", v6(record, 4)?);
        let kind = u8(record, 0)?;
        out.put(" ");
        record_kind(out, "v2", kind);
        let sources = u32::from(be16(record, 2)?);
        if length < at + 20 + sources * 16 {
            mark!(out, " [invalid number of sources {sources}]");
            return Ok(());
        }
        put!(out, ", {sources} source(s)]");
        at += 20 + sources * 16;
    }
    Ok(())
}

/// The names that tcpdump has for types.
fn name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        UNREACHABLE => "destination unreachable",
        TOO_BIG => "packet too big",
        TIME_EXCEEDED => "time exceeded in-transit",
        PARAMETER_PROBLEM => "parameter problem",
        ECHO => "echo request",
        ECHO_REPLY => "echo reply",
        LISTENER_QUERY => "multicast listener query",
        LISTENER_REPORT => "multicast listener report",
        LISTENER_DONE => "multicast listener done",
        ROUTER_SOLICITATION => "router solicitation",
        ROUTER_ADVERTISEMENT => "router advertisement",
        NEIGHBOR_SOLICITATION => "neighbor solicitation",
        NEIGHBOR_ADVERTISEMENT => "neighbor advertisement",
        REDIRECT => "redirect",
        138 => "router renumbering",
        139 => "node information query",
        140 => "node information reply",
        141 => "inverse neighbor solicitation",
        142 => "inverse neighbor advertisement",
        LISTENER_REPORT_V2 => "multicast listener report v2",
        144 => "ha discovery request",
        145 => "ha discovery reply",
        146 => "mobile router solicitation",
        147 => "mobile router advertisement",
        155 => "RPL",
        200 => "mtrace response",
        201 => "mtrace message",
        _ => return None,
    })
}
