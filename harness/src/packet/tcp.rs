//! TCP (RFC 9293) with its options.

use super::bytes::{be16, be32, u8};
use super::field::{Field, Value};
use super::layer::{Fault, Head, Layer, Rest};
use super::line::http_line;

/// Bytes of a header without options.
pub(super) const HEADER: u32 = 20;

/// RFC 9293 section 3.1 and RFC 3168: the flags with the letters tcpdump prints for them, in its order.
pub(super) const FLAGS: [(u8, char); 8] =
    [(FIN, 'F'), (SYN, 'S'), (RST, 'R'), (0x08, 'P'), (ACK, '.'), (URG, 'U'), (0x40, 'E'), (0x80, 'W')];
pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const ACK: u8 = 0x10;
pub(super) const URG: u8 = 0x20;

/// Option kinds (IANA TCP option kind numbers) that have a meaning of their own here.
pub(super) const OPTION_END: u8 = 0;
pub(super) const OPTION_NOP: u8 = 1;
pub(super) const OPTION_MSS: u8 = 2;
pub(super) const OPTION_WINDOW_SCALE: u8 = 3;
pub(super) const OPTION_TIMESTAMP: u8 = 8;

/// Reads the header with its options.
#[inline]
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    let data = rest.need(HEADER)?;
    let header = u32::from(data[12] >> 4) * 4;
    if header < HEADER {
        return Err(Fault::Lie { needed: HEADER, had: header });
    }
    rest.need(header)?;
    rest.advance(header);
    Ok(Head { header, next: None })
}

/// The value of `field`.
#[inline]
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let data = layer.data;
    let number = |value: Result<u32, _>| value.ok().map(|value| Value::Number(value.into()));
    let payload = layer.length.saturating_sub(layer.header);
    let set = u8(data, 13).ok()?;
    match field {
        Field::TcpSourcePort => number(be16(data, 0).map(u32::from)),
        Field::TcpDestinationPort => number(be16(data, 2).map(u32::from)),
        Field::TcpSequence => number(be32(data, 4)),
        Field::TcpSequenceEnd => number(be32(data, 4).map(|sequence| sequence.wrapping_add(payload))),
        Field::TcpAcknowledgment if set & ACK != 0 => number(be32(data, 8)),
        Field::TcpFlags => Some(Value::Text(flags(set))),
        Field::TcpWindow => number(be16(data, 14).map(u32::from)),
        Field::TcpUrgent if set & URG != 0 => number(be16(data, 18).map(u32::from)),
        Field::TcpLength => Some(Value::Number(payload.into())),
        Field::TcpHttp => {
            let ports = [be16(data, 0).ok()?, be16(data, 2).ok()?];
            http_line(ports, data.get(layer.header as usize..)?, payload as usize).map(Value::Text)
        }
        Field::TcpOptions => Some(Value::Text(option_names(layer))),
        Field::TcpMss => number(be16(option(layer, OPTION_MSS, 2)?, 0).map(u32::from)),
        Field::TcpWindowScale => number(u8(option(layer, OPTION_WINDOW_SCALE, 1)?, 0).map(u32::from)),
        Field::TcpTimestamp => number(be32(option(layer, OPTION_TIMESTAMP, 8)?, 0)),
        Field::TcpTimestampEcho => number(be32(option(layer, OPTION_TIMESTAMP, 8)?, 4)),
        _ => None,
    }
}

/// The flags as tcpdump prints them: `S.`, `P.`, `none`.
pub(super) fn flags(set: u8) -> String {
    let text: String = FLAGS.iter().filter(|(bit, _)| set & bit != 0).map(|(_, letter)| letter).collect();
    if text.is_empty() { "none".to_owned() } else { text }
}

/// The options in order, each with its bytes behind kind and length; ends at the end-of-list option and before one whose length
/// does not fit.
fn options<'a>(layer: &Layer<'a>) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
    let mut rest = layer.header().get(HEADER as usize..).unwrap_or_default();
    std::iter::from_fn(move || {
        let kind = *rest.first()?;
        if matches!(kind, OPTION_END | OPTION_NOP) {
            rest = if kind == OPTION_END { &[] } else { &rest[1..] };
            return Some((kind, &[][..]));
        }
        let length = usize::from(*rest.get(1)?);
        let bytes = rest.get(2..length)?;
        rest = &rest[length..];
        Some((kind, bytes))
    })
}

/// The bytes of the first option of `kind` with as many as the kind has.
fn option<'a>(layer: &Layer<'a>, kind: u8, length: usize) -> Option<&'a [u8]> {
    options(layer).find(|(found, bytes)| *found == kind && bytes.len() == length).map(|(_, bytes)| bytes)
}

/// The options' names in order, `mss,sackOK,TS,nop,wscale`.
fn option_names(layer: &Layer<'_>) -> String {
    let names: Vec<String> = options(layer).map(|(kind, _)| option_name(kind)).collect();
    names.join(",")
}

/// Whether tcpdump calls a TCP option so: `mss`, `TS`, `unknown-69`.
///
/// ```
/// assert!(cnilab::packet::is_tcp_option("sackOK"));
/// assert!(!cnilab::packet::is_tcp_option("sack OK"));
/// ```
pub fn is_tcp_option(name: &str) -> bool {
    // An experiment is called by its number, too (RFC 6994).
    let experiment = name.strip_prefix("exp-").is_some_and(|number| number == "tfo" || u16::from_str_radix(number, 16).is_ok());
    experiment || (!name.is_empty() && (0..=u8::MAX).any(|kind| option_name(kind) == name))
}

/// An option's name as tcpdump prints it.
pub(super) fn option_name(kind: u8) -> String {
    match kind {
        OPTION_END => "eol",
        OPTION_NOP => "nop",
        OPTION_MSS => "mss",
        OPTION_WINDOW_SCALE => "wscale",
        4 => "sackOK",
        5 => "sack",
        6 => "echo",
        7 => "echoreply",
        OPTION_TIMESTAMP => "TS",
        11 => "cc",
        12 => "ccnew",
        // tcpdump has a number for this kind (RFC 1644) but no name.
        13 => "",
        19 => "md5",
        20 => "scps",
        28 => "uto",
        29 => "tcp-ao",
        30 => "mptcp",
        34 => "tfo",
        254 => "exp",
        other => return format!("unknown-{other}"),
    }
    .to_owned()
}
