//! ICMP (RFC 792).

use std::net::Ipv4Addr;

use super::bytes::{array, be16, checksum, u8};
use super::field::{Field, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the header: type, code, checksum and four bytes whose meaning depends on the type.
pub(super) const HEADER: u32 = 8;

/// RFC 792: the types that this file tells apart.
pub(super) const ECHO_REPLY: u8 = 0;
pub(super) const UNREACHABLE: u8 = 3;
pub(super) const SOURCE_QUENCH: u8 = 4;
pub(super) const REDIRECT: u8 = 5;
pub(super) const ECHO: u8 = 8;
pub(super) const TIME_EXCEEDED: u8 = 11;
pub(super) const PARAMETER_PROBLEM: u8 = 12;
pub(super) const TIMESTAMP: u8 = 13;
pub(super) const TIMESTAMP_REPLY: u8 = 14;

/// RFC 792 and RFC 1191: the code of an unreachable for want of fragmentation, which carries an MTU.
pub(super) const FRAGMENTATION_NEEDED: u8 = 4;

/// Reads the header; what an error quotes is payload.
#[inline]
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    rest.need(HEADER)?;
    rest.advance(HEADER);
    Ok(Head { header: HEADER, next: None })
}

/// The value of `field`; those of a quoted packet only where the message is an error that quotes one.
#[inline]
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let data = layer.data;
    let kind = u8(data, 0).ok()?;
    let number = |value: Result<u16, _>| value.ok().map(|value| Value::Number(value.into()));
    let echo = matches!(kind, ECHO | ECHO_REPLY | TIMESTAMP | TIMESTAMP_REPLY);
    match field {
        Field::IcmpType => Some(Value::Number(kind.into())),
        Field::IcmpCode => number(u8(data, 1).map(u16::from)),
        Field::IcmpId if echo => number(be16(data, 4)),
        Field::IcmpSequence if echo => number(be16(data, 6)),
        Field::IcmpLength => Some(Value::Number(layer.length.into())),
        Field::IcmpMtu if kind == UNREACHABLE && data[1] == FRAGMENTATION_NEEDED => number(be16(data, 6)),
        Field::IcmpGateway if kind == REDIRECT => Some(Value::Ip(Ipv4Addr::from(array::<4>(data, 4).ok()?).into())),
        _ if !quotes(kind) => None,
        Field::IcmpQuotedDestination => Some(Value::Ip(Ipv4Addr::from(array::<4>(data, 24).ok()?).into())),
        Field::IcmpQuotedProtocol => number(u8(data, 17).map(u16::from)),
        Field::IcmpQuotedPort if matches!(data.get(17), Some(6 | 17)) => number(be16(data, 8 + usize::from(*data.get(8)? & 0x0f) * 4 + 2)),
        _ => None,
    }
}

/// Whether messages of this type quote the packet they are about.
pub(super) fn quotes(kind: u8) -> bool {
    matches!(kind, UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM)
}

/// Whether the checksum over the whole message is right; `None` if not all of it was captured.
#[inline]
pub(super) fn checksum_holds(layer: &Layer<'_>) -> Option<bool> {
    Some(checksum(&[layer.data.get(..layer.length as usize)?]) == 0)
}
