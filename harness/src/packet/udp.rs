//! UDP (RFC 768).

use super::bytes::{be16, cap};
use super::dissect::bare_ip;
use super::field::{Field, LayerKind, Value};
use super::hints::{Carries, Hints};
use super::layer::{Fault, Layer, Rest, Step};

/// Bytes of the header.
pub(super) const HEADER: u32 = 8;

/// Reads the header; `hints` say what is inside.
#[inline]
pub(super) fn read<'a>(rest: Rest<'a>, hints: &Hints) -> Result<Step<'a>, Fault> {
    let data = rest.need(HEADER)?;
    let word = |at: usize| u16::from_be_bytes([data[at], data[at + 1]]);
    let length = u32::from(word(4));
    if length < HEADER {
        return Err(Fault::Lie { needed: HEADER, had: length });
    }
    let mut inner = rest.behind(HEADER);
    if length - HEADER < inner.length {
        inner = Rest { length: length - HEADER, said_by: Some(LayerKind::Udp), ..inner };
    }
    let next = match hints.carries(word(0), word(2)) {
        None => None,
        Some(Carries::Vxlan) => Some(LayerKind::Vxlan),
        Some(Carries::Ip) => {
            inner.data = cap(inner.data, inner.length);
            Some(bare_ip(inner.data))
        }
    };
    Ok(Step { layer: rest.layer(LayerKind::Udp, HEADER), rest: inner, next })
}

/// The value of `field`; the length is that of the data, as tcpdump prints it, not the header's own field, which counts itself in.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let number = |value: Result<u16, _>| value.ok().map(|value| Value::Number(value.into()));
    match field {
        Field::UdpSourcePort => number(be16(layer.data, 0)),
        Field::UdpDestinationPort => number(be16(layer.data, 2)),
        Field::UdpLength => number(be16(layer.data, 4).map(|length| length.saturating_sub(8))),
        _ => None,
    }
}
