//! Ethernet II (IEEE 802.3 clause 3).

use super::bytes::{array, be16, cap};
use super::field::{Field, LayerKind, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the header: two addresses and the type.
pub(super) const HEADER: u32 = 14;

/// IEEE 802.3 clause 3.2.6: up to here the type field is a length.
pub(super) const LENGTH_MAX: u16 = 1500;

/// Reads the header.
#[inline]
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    // Inside VXLAN the datagram may hold more bytes than its own header admits.
    let held = u32::try_from(rest.data.len()).unwrap_or(u32::MAX);
    if rest.length < held {
        return Err(Fault::Lie { needed: held, had: rest.length });
    }
    let data = rest.need(HEADER)?;
    let ethertype = u16::from_be_bytes([data[12], data[13]]);
    rest.advance(HEADER);
    limit_by_type(rest, ethertype);
    Ok(Head { header: HEADER, next: by_ethertype(ethertype) })
}

/// Leaves as much behind a type field as it says, where it is a length.
#[inline]
pub(super) fn limit_by_type(rest: &mut Rest<'_>, ethertype: u16) {
    let length = u32::from(ethertype);
    if ethertype <= LENGTH_MAX && length < rest.length {
        rest.data = cap(rest.data, length);
        rest.limit(LayerKind::Ethernet, length);
    }
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
