//! One VLAN tag (IEEE 802.1Q), and the type field behind it.

use super::bytes::be16;
use super::ethernet::{behind_type, by_ethertype};
use super::field::{Field, LayerKind, Value};
use super::layer::{Fault, Layer, Rest, Step};

/// Bytes of the tag: control information and the next type.
pub(super) const HEADER: u32 = 4;

/// Reads the tag.
pub(super) fn read(rest: Rest<'_>) -> Result<Step<'_>, Fault> {
    let data = rest.need(HEADER)?;
    let ethertype = u16::from_be_bytes([data[2], data[3]]);
    let behind = behind_type(rest.behind(HEADER), ethertype);
    Ok(Step { layer: rest.layer(LayerKind::Vlan, HEADER), rest: behind, next: by_ethertype(ethertype) })
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
