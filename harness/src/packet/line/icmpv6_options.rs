//! Options of neighbour discovery, as `tcpdump -v` prints them.

use super::address::{Link, V6, v6};
use super::icmpv6::{bits, preference};
use super::out::{Out, put};
use crate::packet::bytes::{Cut, be16, be32, take, u8};

/// Prints options (RFC 4861 section 4.6) as long as there are bytes and `left` says so; whether all of them fit.
pub(super) fn options(out: &mut Out, data: &[u8], mut left: i64) -> Result<bool, Cut> {
    let mut at = 0;
    while at < data.len() {
        let Ok(units) = u8(data, at + 1) else { return Ok(false) };
        if left <= 0 {
            return Ok(true);
        }
        let length = usize::from(units) * 8;
        let Some(option) = data.get(at..at + length).filter(|option| !option.is_empty()) else { return Ok(false) };
        let kind = option[0];
        put!(out, "\n\t  {} option ({kind}), length {length} ({units}): ", name(kind));
        if !one(out, data, option)? {
            // What an option of an unknown kind holds is shown in hex, and what follows it is not.
            if name(kind) == "unknown" {
                out.hex("\n\t  ", &option[2..]);
                return Ok(true);
            }
            return Ok(false);
        }
        (at, left) = (at + length, left - i64::try_from(length).unwrap_or(i64::MAX));
    }
    Ok(true)
}

fn name(kind: u8) -> &'static str {
    match kind {
        1 => "source link-address",
        2 => "destination link-address",
        3 => "prefix info",
        4 => "redirected header",
        5 => "mtu",
        7 => "advertisement interval",
        8 => "homeagent information",
        24 => "route info",
        25 => "rdnss",
        31 => "dnssl",
        _ => "unknown",
    }
}

/// Prints what an option holds; `false` if that is not known or does not fit.
fn one(out: &mut Out, all: &[u8], option: &[u8]) -> Result<bool, Cut> {
    let units = option.len() / 8;
    match option[0] {
        1 | 2 => put!(out, "{}", Link(&option[2..])),
        3 => {
            put!(out, "{}/{}", v6(option, 16)?, u8(option, 2)?);
            out.put(if units == 4 { ", Flags [" } else { "badlen, Flags [" });
            bits(out, u8(option, 3)?.into(), &[(0x80, "onlink"), (0x40, "auto"), (0x20, "router")]);
            put!(out, "], valid time {}, pref. time {}", lifetime(be32(option, 4)?), lifetime(be32(option, 8)?));
        }
        // tcpdump shows the first bytes of all the options here, not of this one.
        4 => out.hex("\n\t    ", take(all, 0, option.len())?),
        5 => put!(out, " {}{}", be32(option, 4)?, if units == 1 { "" } else { "bad option length" }),
        7 => put!(out, " {}ms", be32(option, 4)?),
        8 => put!(out, " preference {}, lifetime {}", be16(option, 4)?, be16(option, 6)?),
        24 => {
            let mut prefix = [0; 16];
            match units {
                1 => {}
                2 | 3 => prefix[..option.len() - 8].copy_from_slice(&option[8..]),
                _ => return Ok(false),
            }
            put!(out, " {}/{}, pref={}, lifetime={}", V6(prefix), option[2], preference(option[3]), lifetime(be32(option, 4)?));
        }
        25 => {
            put!(out, " lifetime {}s,", be32(option, 4)?);
            for server in 0..(units - 1) / 2 {
                put!(out, " addr: {}", v6(option, 8 + server * 16)?);
            }
        }
        31 => {
            put!(out, " lifetime {}s, domain(s):", be32(option, 4)?);
            domains(out, &option[8..]);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Prints domain names (RFC 8106 section 5.2), each ended by an empty label.
fn domains(out: &mut Out, mut names: &[u8]) {
    while let Some((&first, _)) = names.split_first().filter(|(first, _)| **first != 0) {
        let mut size = usize::from(first);
        out.put(" ");
        while size != 0 {
            let Some(label) = names.get(1..=size) else { return };
            put!(out, "{}.", String::from_utf8_lossy(label));
            names = &names[size + 1..];
            size = usize::from(names.first().copied().unwrap_or_default());
        }
        names = names.get(1..).unwrap_or_default();
    }
}

fn lifetime(seconds: u32) -> String {
    if seconds == u32::MAX { "infinity".to_owned() } else { format!("{seconds}s") }
}
