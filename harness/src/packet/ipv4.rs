//! IPv4 (RFC 791).

use std::net::Ipv4Addr;

use super::bytes::{array, be16, cap, checksum, u8};
use super::dissect::by_protocol;
use super::field::{Field, LayerKind, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of a header without options.
pub(super) const HEADER: u32 = 20;

/// RFC 791 section 3.1, the flags in the order tcpdump names them: more fragments, don't fragment, reserved.
pub(super) const FLAGS: [(u16, &str); 3] = [(0x2000, "+"), (0x4000, "DF"), (0x8000, "rsvd")];

/// Reads the header with its options. What follows the first fragment's header is taken apart, what follows a later one's is payload.
#[inline]
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    match rest.data.first() {
        Some(first) if first >> 4 != 4 => return Err(Fault::Version { wanted: 4, found: first >> 4 }),
        _ => {}
    }
    let data = rest.need(HEADER)?;
    let header = u32::from(data[0] & 0x0f) * 4;
    let total = u32::from(u16::from_be_bytes([data[2], data[3]]));
    if header < HEADER {
        return Err(Fault::Lie { needed: HEADER, had: header });
    }
    if total < header {
        return Err(Fault::Lie { needed: header, had: total });
    }
    rest.need(header)?;
    let offset = u16::from_be_bytes([data[6], data[7]]) & 0x1fff;
    let next = if offset == 0 { by_protocol(LayerKind::Ipv4, data[9]) } else { None };
    rest.data = cap(data, total);
    rest.limit(LayerKind::Ipv4, total);
    rest.advance(header);
    Ok(Head { header, next })
}

/// The value of `field`.
#[inline]
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let data = layer.data;
    let number = |value: Result<u64, _>| value.ok().map(Value::Number);
    let address = |at| Some(Value::Ip(Ipv4Addr::from(array::<4>(data, at).ok()?).into()));
    match field {
        Field::IpTos => number(u8(data, 1).map(u64::from)),
        Field::IpLength => number(be16(data, 2).map(u64::from)),
        Field::IpId => number(be16(data, 4).map(u64::from)),
        Field::IpFlags => Some(Value::Text(flags(be16(data, 6).ok()?))),
        // RFC 791 section 3.1: in units of 8 bytes.
        Field::IpOffset => number(be16(data, 6).map(|word| u64::from(word & 0x1fff) * 8)),
        Field::IpTtl => number(u8(data, 8).map(u64::from)),
        Field::IpProtocol => number(u8(data, 9).map(u64::from)),
        Field::IpSource => address(12),
        Field::IpDestination => address(16),
        _ => None,
    }
}

/// The flags as tcpdump prints them: `DF`, `+`, `none`.
pub(super) fn flags(word: u16) -> String {
    let set: Vec<&str> = FLAGS.iter().filter(|(bit, _)| word & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(", ") }
}

/// Whether more fragments follow, or some came before.
pub(super) fn is_fragment(layer: &Layer<'_>) -> bool {
    be16(layer.data, 6).is_ok_and(|word| word & 0x3fff != 0)
}

/// Whether the header checksum is right.
#[inline]
pub(super) fn checksum_holds(layer: &Layer<'_>) -> bool {
    checksum(&[layer.header()]) == 0
}
