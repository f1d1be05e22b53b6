//! One VLAN tag (IEEE 802.1Q), and the type field behind it.

use super::bytes::be16;
use super::ethernet::{by_ethertype, limit_by_type};
use super::field::{Field, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the tag: control information and the next type.
pub(super) const HEADER: u32 = 4;

/// Reads the tag.
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    let data = rest.need(HEADER)?;
    let ethertype = u16::from_be_bytes([data[2], data[3]]);
    rest.advance(HEADER);
    limit_by_type(rest, ethertype);
    Ok(Head { header: HEADER, next: by_ethertype(ethertype) })
}

/// The value of `field`.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let control = be16(layer.data, 0).ok()?;
    match field {
        // IEEE 802.1Q clause 9.6: 3 bits of priority, 1 bit drop eligible, 12 bits of identifier.
        Field::VlanId => Some(Value::Number((control & 0x0fff).into())),
        Field::VlanPriority => Some(Value::Number((control >> 13).into())),
        Field::EtherType => Some(Value::Number(be16(layer.data, 2).ok()?.into())),
        _ => None,
    }
}
