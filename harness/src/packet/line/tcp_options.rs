//! TCP options, as tcpdump prints them.

use super::out::{Flow, Out, mark, put};
use crate::packet::bytes::{Cut, be16, be32, take, u8};
use crate::packet::field::Field;
use crate::packet::tcp::{OPTION_END, OPTION_MSS, OPTION_NOP, OPTION_TIMESTAMP, OPTION_WINDOW_SCALE, option_name};

/// Why an option ends the text.
enum Fault {
    /// Its length cannot be.
    Bad,
    /// It was not captured.
    Cut,
}

impl From<Cut> for Fault {
    fn from(_: Cut) -> Self {
        Self::Cut
    }
}

/// Prints `length` bytes of options; `sack` is what numbers in a selective acknowledgment are relative to.
pub(super) fn print(out: &mut Out, index: usize, data: &[u8], length: usize, sack: u32) -> Result<Flow, Cut> {
    let mut at = 0;
    let mut honest = true;
    let mut spans = Spans { start: out.text.len(), names: out.spans.len() };
    while at < length {
        out.put(if at == 0 { "" } else { "," });
        let kind = u8(data, at)?;
        let size = if matches!(kind, OPTION_END | OPTION_NOP) { 1 } else { usize::from(u8(data, at + 1)?) };
        let bad = size > length - at || (size < 2 && !matches!(kind, OPTION_END | OPTION_NOP));
        let outcome = if bad {
            Err(Fault::Bad)
        } else {
            out.put(&option_name(kind));
            let behind = Behind { data: data.get(at + 2..).unwrap_or_default(), left: (length - at).saturating_sub(2), honest };
            one(out, index, kind, &behind, size.saturating_sub(2), sack)
        };
        match outcome {
            Ok(used) => {
                let used = used + if size == 1 { 1 } else { 2 };
                if used != size {
                    mark!(out, "[len {size}]");
                    honest = false;
                }
                at += used;
            }
            Err(fault) => {
                match fault {
                    Fault::Bad => mark!(out, "[bad opt]"),
                    Fault::Cut => out.cut(),
                }
                if at != 0 {
                    out.put(if matches!(fault, Fault::Bad) { "]" } else { ">" });
                }
                return Ok(Flow::End);
            }
        }
        if kind == OPTION_END {
            break;
        }
    }
    spans.close(out, index);
    out.put("]");
    Ok(Flow::On)
}

/// The whole list gets a span of its own, in front of those of its parts.
struct Spans {
    start: usize,
    names: usize,
}

impl Spans {
    fn close(&mut self, out: &mut Out, index: usize) {
        if out.has_spans() {
            out.spans.insert(self.names, (index, Field::TcpOptions, self.start..out.text.len()));
        }
    }
}

/// What stands behind an option's kind and length.
struct Behind<'a> {
    /// As far as it was captured.
    data: &'a [u8],
    /// How many bytes the header has left.
    left: usize,
    /// So far every option was as long as its kind is: it is certain where this one starts.
    honest: bool,
}

impl<'a> Behind<'a> {
    /// The first `size` bytes. An option that says it is shorter than its kind is read nevertheless, as long as the header has the bytes.
    fn fits(&self, size: usize) -> Result<&'a [u8], Fault> {
        if size > self.left { Err(Fault::Bad) } else { take(self.data, 0, size).map_err(Fault::from) }
    }
}

/// Prints what an option of `length` bytes behind kind and length holds; how many of them its kind has.
fn one(out: &mut Out, index: usize, kind: u8, behind: &Behind<'_>, length: usize, sack: u32) -> Result<usize, Fault> {
    let data = behind.data;
    let fits = |size: usize| behind.fits(size);
    // An option of another length than its kind has is printed, but is no field.
    let told = |out: &mut Out, label: &str, right: bool, field, value: u32| {
        if right && behind.honest { out.told(label, index, field, value) } else { put!(out, "{label}{value}") }
    };
    match kind {
        OPTION_END | OPTION_NOP | 4 => return Ok(0),
        OPTION_MSS => {
            let value = be16(fits(2)?, 0)?;
            told(out, " ", length == 2, Field::TcpMss, value.into());
            return Ok(2);
        }
        OPTION_WINDOW_SCALE => {
            let value = fits(1)?[0];
            told(out, " ", length == 1, Field::TcpWindowScale, value.into());
            return Ok(1);
        }
        OPTION_TIMESTAMP => {
            let times = fits(8)?;
            told(out, " val ", length == 8, Field::TcpTimestamp, be32(times, 0)?);
            told(out, " ecr ", length == 8, Field::TcpTimestampEcho, be32(times, 4)?);
            return Ok(8);
        }
        5 => selective(out, data, length, sack)?,
        6 | 7 | 11..=13 => {
            put!(out, " {}", be32(fits(4)?, 0)?);
            return Ok(4);
        }
        20 => {
            let bytes = fits(2)?;
            put!(out, " cap {:02x} id {}", bytes[0], bytes[1]);
            return Ok(2);
        }
        28 => {
            user_timeout(out, be16(fits(2)?, 0)?);
            return Ok(2);
        }
        29 => authentication(out, data, length)?,
        34 => {
            let cookie = fits(length)?;
            out.put(" ");
            fast_open(out, cookie);
        }
        254 => experiment(out, fits(length)?)?,
        _ => unknown(out, data, length)?,
    }
    Ok(length)
}

/// What an option of an unknown kind holds, byte by byte.
fn unknown(out: &mut Out, data: &[u8], length: usize) -> Result<(), Fault> {
    out.put(if length == 0 { "" } else { " 0x" });
    for at in 0..length {
        put!(out, "{:02x}", u8(data, at)?);
    }
    Ok(())
}

/// The user timeout in seconds (RFC 5482 section 3): the lowest bit tells minutes from seconds.
fn user_timeout(out: &mut Out, value: u16) {
    put!(out, " 0x{value:x} {}", u32::from(value >> 1) * if value & 1 == 1 { 60 } else { 1 });
}

/// Selective acknowledgments (RFC 2018 section 3).
fn selective(out: &mut Out, data: &[u8], length: usize, sack: u32) -> Result<(), Fault> {
    if !length.is_multiple_of(8) {
        mark!(out, " invalid sack");
        return Ok(());
    }
    put!(out, " {} ", length / 8);
    for at in (0..length).step_by(8) {
        let (left, right) = (be32(data, at)?, be32(data, at + 4)?);
        put!(out, "{{{}:{}}}", left.wrapping_sub(sack), right.wrapping_sub(sack));
    }
    Ok(())
}

/// The authentication option (RFC 5925 section 2.2).
fn authentication(out: &mut Out, data: &[u8], length: usize) -> Result<(), Fault> {
    if length < 2 {
        out.invalid();
        return Ok(());
    }
    put!(out, " keyid {}", u8(data, 0)?);
    put!(out, " rnextkeyid {}", u8(data, 1)?);
    out.put(if length > 2 { " mac 0x" } else { "" });
    for at in 2..length {
        put!(out, "{:02x}", u8(data, at)?);
    }
    Ok(())
}

/// An experiment by its number (RFC 6994); the one that is known is Fast Open before it had a kind of its own.
fn experiment(out: &mut Out, data: &[u8]) -> Result<(), Fault> {
    let magic = be16(data, 0).map_err(|_| Fault::Bad)?;
    if magic == 0xf989 {
        out.put("-tfo");
        fast_open(out, &data[2..]);
    } else {
        put!(out, "-{magic:04x}");
    }
    Ok(())
}

/// The cookie of Fast Open (RFC 7413 section 4.1.1).
fn fast_open(out: &mut Out, cookie: &[u8]) {
    if cookie.is_empty() {
        out.put(" cookiereq");
    } else if !cookie.len().is_multiple_of(2) || !(4..=16).contains(&cookie.len()) {
        out.invalid();
    } else {
        out.put(" cookie ");
        out.digits(cookie);
    }
}
