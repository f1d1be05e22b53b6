//! ARP for IPv4 over Ethernet (RFC 826).

use std::net::Ipv4Addr;

use super::bytes::{array, be16};
use super::field::{Field, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes before the addresses.
pub(super) const FIXED: u32 = 8;

/// Reads the header and the addresses, whatever their lengths.
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    let data = rest.need(FIXED)?;
    let header = FIXED + 2 * (u32::from(data[4]) + u32::from(data[5]));
    rest.need(header)?;
    rest.advance(header);
    Ok(Head { header, next: None })
}

/// The value of `field`; of the addresses only where they are Ethernet's and IPv4's.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let data = layer.data;
    match field {
        Field::ArpOperation => return Some(Value::Number(be16(data, 6).ok()?.into())),
        Field::ArpLength => return Some(Value::Number(layer.length.into())),
        _ if data.get(4..6)? != [6, 4] || be16(data, 2) != Ok(0x0800) => return None,
        _ => {}
    }
    match field {
        Field::ArpSenderMac => Some(Value::Mac(array(data, 8).ok()?)),
        Field::ArpSenderIp => Some(Value::Ip(Ipv4Addr::from(array::<4>(data, 14).ok()?).into())),
        Field::ArpTargetMac => Some(Value::Mac(array(data, 18).ok()?)),
        Field::ArpTargetIp => Some(Value::Ip(Ipv4Addr::from(array::<4>(data, 24).ok()?).into())),
        _ => None,
    }
}
