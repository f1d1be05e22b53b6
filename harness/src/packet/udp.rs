//! UDP (RFC 768).

use super::bytes::{be16, cap};
use super::dissect::bare_ip;
use super::field::{Field, LayerKind, Value};
use super::hints::{Carries, Hints};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the header.
pub(super) const HEADER: u32 = 8;

/// Reads the header; `hints` say what is inside.
#[inline]
pub(super) fn read(rest: &mut Rest<'_>, hints: &Hints) -> Result<Head, Fault> {
    let data = rest.need(HEADER)?;
    let word = |at: usize| u16::from_be_bytes([data[at], data[at + 1]]);
    let length = u32::from(word(4));
    if length < HEADER {
        return Err(Fault::Lie { needed: HEADER, had: length });
    }
    rest.advance(HEADER);
    if length - HEADER < rest.length {
        rest.limit(LayerKind::Udp, length - HEADER);
    }
    let next = match hints.carries(word(0), word(2)) {
        None => None,
        Some(Carries::Vxlan) => Some(LayerKind::Vxlan),
        Some(Carries::Ip) => {
            rest.data = cap(rest.data, rest.length);
            Some(bare_ip(rest.data))
        }
    };
    Ok(Head { header: HEADER, next })
}

/// The value of `field`; the length is that of the data, as tcpdump prints it, not the header's own field, which counts itself in.
#[inline]
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let number = |value: Result<u16, _>| value.ok().map(|value| Value::Number(value.into()));
    match field {
        Field::UdpSourcePort => number(be16(layer.data, 0)),
        Field::UdpDestinationPort => number(be16(layer.data, 2)),
        Field::UdpLength => number(be16(layer.data, 4).map(|length| length.saturating_sub(8))),
        _ => None,
    }
}
