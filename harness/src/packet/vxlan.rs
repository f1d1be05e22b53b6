//! VXLAN (RFC 7348).

use super::bytes::{be24, u8};
use super::field::{Field, LayerKind, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the header.
pub(super) const HEADER: u32 = 8;

/// Reads the header; an Ethernet frame follows.
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    rest.need(HEADER)?;
    rest.advance(HEADER);
    Ok(Head { header: HEADER, next: Some(LayerKind::Ethernet) })
}

/// The value of `field`.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    match field {
        Field::VxlanFlags => Some(Value::Number(u8(layer.data, 0).ok()?.into())),
        // RFC 7348 section 5: the identifier is 24 bits, behind 8 of flags and 24 reserved.
        Field::VxlanVni => Some(Value::Number(be24(layer.data, 4).ok()?.into())),
        _ => None,
    }
}
