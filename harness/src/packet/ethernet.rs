//! Ethernet II (IEEE 802.3 clause 3).

use super::bytes::{array, be16, cap};
use super::field::{Field, LayerKind, Value};
use super::layer::{Fault, Layer, Rest, Step};

/// Bytes of the header: two addresses and the type.
pub(super) const HEADER: u32 = 14;

/// IEEE 802.3 clause 3.2.6: up to here the type field is a length.
pub(super) const LENGTH_MAX: u16 = 1500;

/// Reads the header.
#[inline]
pub(super) fn read(rest: Rest<'_>) -> Result<Step<'_>, Fault> {
    // Inside VXLAN the datagram may hold more bytes than its own header admits.
    let held = u32::try_from(rest.data.len()).unwrap_or(u32::MAX);
    if rest.length < held {
        return Err(Fault::Lie { needed: held, had: rest.length });
    }
    let data = rest.need(HEADER)?;
    let ethertype = u16::from_be_bytes([data[12], data[13]]);
    let behind = behind_type(rest.behind(HEADER), ethertype);
    Ok(Step { layer: rest.layer(LayerKind::Ethernet, HEADER), rest: behind, next: by_ethertype(ethertype) })
}

/// What follows a type field: as much as it says, where it is a length.
pub(super) fn behind_type(mut rest: Rest<'_>, ethertype: u16) -> Rest<'_> {
    let length = u32::from(ethertype);
    if ethertype <= LENGTH_MAX && length < rest.length {
        rest = Rest { data: cap(rest.data, length), length, said_by: Some(LayerKind::Ethernet) };
    }
    rest
}

/// What a type announces (IEEE 802 numbers).
#[inline]
pub(super) fn by_ethertype(ethertype: u16) -> Option<LayerKind> {
    match ethertype {
        0x0800 => Some(LayerKind::Ipv4),
        0x86dd => Some(LayerKind::Ipv6),
        0x0806 | 0x8035 => Some(LayerKind::Arp),
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => Some(LayerKind::Vlan),
        _ => None,
    }
}

/// The value of `field`.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    match field {
        Field::EthernetDestination => Some(Value::Mac(array(layer.data, 0).ok()?)),
        Field::EthernetSource => Some(Value::Mac(array(layer.data, 6).ok()?)),
        Field::EtherType => Some(Value::Number(be16(layer.data, 12).ok()?.into())),
        Field::FrameLength => Some(Value::Number(layer.length.into())),
        _ => None,
    }
}
