//! IPv4 options, as `tcpdump -v` prints them.

use super::address::v4;
use super::out::{Out, put};
use crate::packet::bytes::{Cut, be16, be32, take, u8};

const END: u8 = 0;
const NOP: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;
const ROUTER_ALERT: u8 = 148;

/// Prints `length` bytes of options (RFC 791 section 3.1); whether all of them were there.
pub(super) fn print(out: &mut Out, data: &[u8], length: usize) -> Result<bool, Cut> {
    let mut at = 0;
    while at < length {
        out.put(if at == 0 { "" } else { "," });
        let kind = u8(data, at)?;
        name(out, kind);
        let size = if matches!(kind, END | NOP) { 1 } else { usize::from(u8(data, at + 1)?) };
        if (size < 2 && !matches!(kind, END | NOP)) || size > length - at {
            put!(out, " [bad length {size}]");
            return Ok(true);
        }
        if take(data, at, size).is_err() {
            return Ok(false);
        }
        let option = &data[at..];
        match kind {
            END => return Ok(true),
            TIMESTAMP if !timestamps(out, option, size)? => return Ok(false),
            RECORD_ROUTE | LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE if !route(out, option, size)? => return Ok(false),
            ROUTER_ALERT if size < 4 => put!(out, " [bad length {size}]"),
            ROUTER_ALERT if be16(option, 2)? != 0 => put!(out, " value {}", be16(option, 2)?),
            _ => {}
        }
        at += size;
    }
    Ok(true)
}

fn name(out: &mut Out, kind: u8) {
    match kind {
        END => out.put("EOL"),
        NOP => out.put("NOP"),
        TIMESTAMP => out.put("timestamp"),
        130 => out.put("security"),
        RECORD_ROUTE => out.put("RR"),
        STRICT_SOURCE_ROUTE => out.put("SSRR"),
        LOOSE_SOURCE_ROUTE => out.put("LSRR"),
        ROUTER_ALERT => out.put("RA"),
        82 => out.put("traceroute"),
        other => put!(out, "unknown {other}"),
    }
}

/// Recorded and source routes: addresses, a comma behind those already visited. Whether all of them were captured; one that the
/// option is too short for is read from what follows.
fn route(out: &mut Out, option: &[u8], length: usize) -> Result<bool, Cut> {
    if length < 3 || (length + 1) & 3 != 0 {
        put!(out, " [bad length {length}]");
        if length < 3 {
            return Ok(true);
        }
    }
    let pointer = usize::from(u8(option, 2)?).wrapping_sub(1);
    if pointer < 3 || pointer.wrapping_add(1) & 3 != 0 || pointer > length + 1 {
        put!(out, " [bad ptr {}]", u8(option, 2)?);
    }
    for at in (3..length).step_by(4) {
        let Ok(address) = v4(option, at) else { return Ok(false) };
        put!(out, " {address}");
        out.put(if pointer > at { "," } else { "" });
    }
    Ok(true)
}

/// Timestamps, with or without the addresses that made them. Whether all of them were captured.
fn timestamps(out: &mut Out, option: &[u8], length: usize) -> Result<bool, Cut> {
    if length < 4 {
        put!(out, "[bad length {length}]");
        return Ok(true);
    }
    out.put(" TS{");
    let flags = u8(option, 3)?;
    let hop = if matches!(flags & 0xf, 0) { 4 } else { 8 };
    if (length - 4) & (hop - 1) != 0 {
        put!(out, "[bad length {length}]");
    }
    let pointer = usize::from(u8(option, 2)?).wrapping_sub(1);
    if pointer < 4 || pointer.wrapping_sub(4) & (hop - 1) != 0 || pointer > length + 1 {
        put!(out, "[bad ptr {}]", u8(option, 2)?);
    }
    let mut at = 0;
    match flags & 0xf {
        kind @ (0 | 1 | 3) => {
            out.put(["TSONLY", "TS+ADDR", "", "PRESPEC"][usize::from(kind)]);
            at = 4;
            while at < length {
                let Ok(time) = be32(option, at + hop - 4) else { return Ok(false) };
                put!(out, "{}{time}@", if pointer == at { " ^ " } else { " " });
                if hop == 8 {
                    put!(out, "{}", v4(option, at)?);
                }
                at += hop;
            }
        }
        other => put!(out, "[bad ts type {other}]"),
    }
    out.put(if pointer == at { " ^ " } else { "" });
    match flags >> 4 {
        0 => out.put("}"),
        missed => put!(out, " [{missed} hops not recorded]}} "),
    }
    Ok(true)
}
