//! ICMP, as tcpdump prints it.

use super::address::v4;
use super::icmp_extension;
use super::out::{Flow, Out, mark, put};
use super::printer::{At, Printer};
use super::upper::{self, Carrier};
use crate::packet::bytes::{Cut, be16, be32, cap, checksum, u8};
use crate::packet::field::Field;
use crate::packet::icmp::{
    ECHO, ECHO_REPLY, FRAGMENTATION_NEEDED, HEADER, PARAMETER_PROBLEM, REDIRECT, TIME_EXCEEDED, TIMESTAMP, TIMESTAMP_REPLY, UNREACHABLE,
    quotes,
};

/// Where in an error the quoted packet's destination and protocol are.
const QUOTED_DESTINATION: usize = HEADER as usize + 16;
const QUOTED_PROTOCOL: usize = HEADER as usize + 9;

/// Prints a message; verbosely also what it quotes and the extensions behind that (RFC 4884).
pub(super) fn print(printer: &mut Printer, out: &mut Out, at: &At<'_, '_>, carrier: Option<&Carrier<'_>>) -> Result<Flow, Cut> {
    out.protocol = "icmp";
    let (data, length) = (at.layer.data, at.layer.length);
    let kind = u8(data, 0)?;
    // tcpdump prints nothing of a message whose text it cannot finish.
    let (start, spans) = (out.text.len(), out.spans.len());
    out.put("ICMP ");
    if what(out, at.index, data).is_err() {
        out.text.truncate(start);
        out.spans.truncate(spans);
        return Err(Cut);
    }
    out.told(", length ", at.index, Field::IcmpLength, length);
    if !out.verbose {
        return Ok(Flow::End);
    }
    if let Some(message) = data.get(..length as usize)
        && !carrier.is_some_and(|carrier| carrier.fragmented)
        && let (found, Some(should)) = upper::verdict(data, 2, checksum(&[message]))?
    {
        mark!(out, " (wrong icmp cksum {found:x} (->{should:x})!)");
    }
    if quotes(kind) {
        out.put("\n\t");
        let quoted = data.get(HEADER as usize..).unwrap_or_default();
        let total = u32::from(be16(quoted, 2)?);
        if total < 4 {
            // tcpdump reads the quoted length once more within the length it says.
            return Err(Cut);
        }
        printer.quoted(out, cap(quoted, total), total)?;
    }
    out.protocol = "icmp";
    if matches!(kind, UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM) {
        icmp_extension::print(out, data, length)?;
    }
    Ok(Flow::End)
}

/// Prints what the message says.
fn what(out: &mut Out, index: usize, data: &[u8]) -> Result<(), Cut> {
    let (kind, code) = (u8(data, 0)?, u8(data, 1)?);
    match kind {
        ECHO | ECHO_REPLY => {
            out.field(index, Field::IcmpType, if kind == ECHO { "echo request" } else { "echo reply" });
            out.told(", id ", index, Field::IcmpId, be16(data, 4)?);
            out.told(", seq ", index, Field::IcmpSequence, be16(data, 6)?);
        }
        UNREACHABLE => unreachable(out, index, data, code)?,
        REDIRECT => {
            match code {
                0 | 1 => out.put("redirect "),
                2 | 3 => out.put("redirect-tos "),
                other => put!(out, "redirect-#{other} "),
            }
            out.field(index, Field::IcmpQuotedDestination, v4(data, QUOTED_DESTINATION)?);
            out.put([" to net ", " to host "].get(usize::from(code & 1)).filter(|_| code < 4).unwrap_or(&" to "));
            out.field(index, Field::IcmpGateway, v4(data, 4)?);
        }
        9 => advertisement(out, data)?,
        TIME_EXCEEDED => {
            v4(data, QUOTED_DESTINATION)?;
            match code {
                0 => out.field(index, Field::IcmpType, "time exceeded in-transit"),
                1 => out.put("ip reassembly time exceeded"),
                other => put!(out, "time exceeded-#{other}"),
            }
        }
        PARAMETER_PROBLEM if code != 0 => put!(out, "parameter problem - code {code}"),
        PARAMETER_PROBLEM => put!(out, "parameter problem - octet {}", u8(data, 4)?),
        TIMESTAMP => put!(out, "time stamp query id {} seq {}", be16(data, 4)?, be16(data, 6)?),
        TIMESTAMP_REPLY => {
            let [origin, received, sent] = [clock(be32(data, 8)?), clock(be32(data, 12)?), clock(be32(data, 16)?)];
            put!(out, "time stamp reply id {} seq {}: org {origin}, recv {received}, xmit {sent}", be16(data, 4)?, be16(data, 6)?);
        }
        18 => put!(out, "address mask is 0x{:08x}", be32(data, 8)?),
        4 => out.put("source quench"),
        10 => out.put("router solicitation"),
        15 => out.put("information request"),
        16 => out.put("information reply"),
        17 => out.put("address mask request"),
        other => put!(out, "type-#{other}"),
    }
    Ok(())
}

/// Prints an unreachable by its code (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1).
fn unreachable(out: &mut Out, index: usize, data: &[u8], code: u8) -> Result<(), Cut> {
    let protocol = u8(data, QUOTED_PROTOCOL);
    out.put(match code {
        0 | 6 | 9 | 11 => "net ",
        1 | 7 | 10 | 12..=15 => "host ",
        _ => "",
    });
    out.field(index, Field::IcmpQuotedDestination, v4(data, QUOTED_DESTINATION)?);
    match code {
        2 => put!(out, " protocol {} unreachable", protocol?),
        3 => {
            let port = be16(data, HEADER as usize + usize::from(u8(data, HEADER as usize)? & 0x0f) * 4 + 2)?;
            match protocol? {
                known @ (6 | 17) => {
                    out.put(if known == 6 { " tcp port " } else { " udp port " });
                    out.field(index, Field::IcmpQuotedPort, port);
                }
                other => put!(out, " protocol {other} port {port}"),
            }
            out.put(" unreachable");
        }
        FRAGMENTATION_NEEDED => {
            out.put(" unreachable - need to frag");
            let mtu = be16(data, 6)?;
            if mtu != 0 {
                out.told(" (mtu ", index, Field::IcmpMtu, mtu);
                out.put(")");
            }
        }
        16.. => put!(out, " unreachable - #{code}"),
        _ => out.put(match code {
            5 => " unreachable - source route failed",
            6 | 7 => " unreachable - unknown",
            8 => " unreachable - source host isolated",
            9 | 10 => " unreachable - admin prohibited",
            11 | 12 => " unreachable - tos prohibited",
            13 => " unreachable - admin prohibited filter",
            14 => " unreachable - host precedence violation",
            15 => " unreachable - precedence cutoff",
            _ => " unreachable",
        }),
    }
    Ok(())
}

/// Prints a router advertisement (RFC 1256 section 3).
fn advertisement(out: &mut Out, data: &[u8]) -> Result<(), Cut> {
    let (count, size, lifetime) = (u8(data, 4)?, u8(data, 5)?, be16(data, 6)?);
    out.put("router advertisement lifetime ");
    match lifetime {
        0..60 => put!(out, "{lifetime}"),
        60..3600 => put!(out, "{}:{:02}", lifetime / 60, lifetime % 60),
        _ => put!(out, "{}:{:02}:{:02}", lifetime / 3600, lifetime % 3600 / 60, lifetime % 60),
    }
    put!(out, " {count}:");
    if size != 2 {
        put!(out, " [size {size}]");
        return Ok(());
    }
    for entry in 0..usize::from(count) {
        put!(out, " {{{} {}}}", v4(data, 8 + entry * 8)?, be32(data, 12 + entry * 8)?);
    }
    Ok(())
}

/// Milliseconds since midnight as a time of day.
fn clock(milliseconds: u32) -> String {
    let seconds = milliseconds / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds % 1000)
}
