//! IGMP, as tcpdump prints it: what a host that joins a group sends of its own accord.

use super::address::v4;
use super::out::{Out, mark, put};
use crate::packet::bytes::{Cut, be16, be32, checksum, u8};

/// Prints a message of `length` bytes (RFC 1112, RFC 2236, RFC 3376).
pub(super) fn print(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    out.protocol = "igmp";
    match u8(data, 0)? {
        0x11 if length < 12 => query(out, data, length)?,
        0x12 => {
            put!(out, "igmp v1 report {}", v4(data, 4)?);
            other_length(out, length);
        }
        0x16 => put!(out, "igmp v2 report {}", v4(data, 4)?),
        0x17 => put!(out, "igmp leave {}", v4(data, 4)?),
        0x11 => query_v3(out, data, length)?,
        0x22 => report_v3(out, data, length)?,
        other => put!(out, "igmp-{other}"),
    }
    if out.verbose && length >= 4 && data.len() >= length as usize && checksum(&[&data[..length as usize]]) != 0 {
        mark!(out, " bad igmp cksum {:x}!", be16(data, 2)?);
    }
    Ok(())
}

fn other_length(out: &mut Out, length: u32) {
    if length != 8 {
        put!(out, " [len {length}]");
    }
}

fn query(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    out.put("igmp query");
    match u8(data, 1)? {
        0 => out.put(" v1"),
        100 => out.put(" v2"),
        time => put!(out, " v2 [max resp time {time}]"),
    }
    if be32(data, 4)? != 0 {
        put!(out, " [gaddr {}]", v4(data, 4)?);
    }
    other_length(out, length);
    Ok(())
}

/// A version 3 query (RFC 3376 section 4.1); times of a minute and more are not told.
fn query_v3(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    out.put("igmp query v3");
    if length & 3 != 0 {
        mark!(out, " [invalid len {length}]");
        return Ok(());
    }
    let code = u32::from(u8(data, 1)?);
    let tenths = if code < 128 { code } else { ((code & 0x0f) | 0x10) << (((code & 0x70) >> 4) + 3) };
    if code != 100 && tenths < 600 {
        put!(out, " [max resp time {}.{}s]", tenths / 10, tenths % 10);
    }
    if be32(data, 4)? == 0 {
        return Ok(());
    }
    put!(out, " [gaddr {}", v4(data, 4)?);
    match u32::from(be16(data, 10)?) {
        0 => {}
        sources if length < 12 + sources * 4 => mark!(out, " [invalid number of sources]"),
        sources => put!(out, ", {sources} source(s)"),
    }
    out.put("]");
    Ok(())
}

/// A version 3 report (RFC 3376 section 4.2).
fn report_v3(out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
    out.put("igmp v3 report");
    if length < 16 || length & 3 != 0 {
        mark!(out, " [invalid len {length}]");
        return Ok(());
    }
    let groups = be16(data, 6)?;
    put!(out, ", {groups} group record(s)");
    let mut at = 8;
    for _ in 0..if out.verbose { groups } else { 0 } {
        if length < at + 8 {
            mark!(out, " [invalid number of groups]");
            return Ok(());
        }
        let record = data.get(at as usize..).unwrap_or_default();
        put!(out, " [gaddr {} ", v4(record, 4)?);
        record_kind(out, "v3", u8(record, 0)?);
        let sources = u32::from(be16(record, 2)?);
        if length < at + 8 + sources * 4 {
            mark!(out, " [invalid number of sources {sources}]");
            return Ok(());
        }
        put!(out, ", {sources} source(s)]");
        at += 8 + sources * 4;
    }
    Ok(())
}

/// The kind of a group record, which multicast listener reports share.
pub(super) fn record_kind(out: &mut Out, version: &str, kind: u8) {
    match ["is_in", "is_ex", "to_in", "to_ex", "allow", "block"].get(usize::from(kind).wrapping_sub(1)) {
        Some(name) => out.put(name),
        None => put!(out, " [{version}-report-#{kind}]"),
    }
}
