//! `ICMPv6` (RFC 4443) with neighbour discovery (RFC 4861).

use std::net::Ipv6Addr;

use super::bytes::{array, be16, be32, u8};
use super::field::{Field, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the header: type, code, checksum and four bytes whose meaning depends on the type.
pub(super) const HEADER: u32 = 8;

/// RFC 4443, RFC 4861, RFC 2710, RFC 3810: the types that this file and its printer tell apart.
pub(super) const UNREACHABLE: u8 = 1;
pub(super) const TOO_BIG: u8 = 2;
pub(super) const TIME_EXCEEDED: u8 = 3;
pub(super) const PARAMETER_PROBLEM: u8 = 4;
pub(super) const ECHO: u8 = 128;
pub(super) const ECHO_REPLY: u8 = 129;
pub(super) const LISTENER_QUERY: u8 = 130;
pub(super) const LISTENER_REPORT: u8 = 131;
pub(super) const LISTENER_DONE: u8 = 132;
pub(super) const ROUTER_SOLICITATION: u8 = 133;
pub(super) const ROUTER_ADVERTISEMENT: u8 = 134;
pub(super) const NEIGHBOR_SOLICITATION: u8 = 135;
pub(super) const NEIGHBOR_ADVERTISEMENT: u8 = 136;
pub(super) const REDIRECT: u8 = 137;
pub(super) const LISTENER_REPORT_V2: u8 = 143;

/// Reads the header; what an error quotes is payload.
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    rest.need(HEADER)?;
    rest.advance(HEADER);
    Ok(Head { header: HEADER, next: None })
}

/// The value of `field`.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let data = layer.data;
    let kind = u8(data, 0).ok()?;
    let number = |value: Result<u32, _>| value.ok().map(|value| Value::Number(value.into()));
    let address = |at| Some(Value::Ip(Ipv6Addr::from(array::<16>(data, at).ok()?).into()));
    let echo = matches!(kind, ECHO | ECHO_REPLY);
    let error = matches!(kind, UNREACHABLE | TOO_BIG | TIME_EXCEEDED | PARAMETER_PROBLEM);
    match field {
        Field::IcmpType => Some(Value::Number(kind.into())),
        Field::IcmpCode => number(u8(data, 1).map(u32::from)),
        Field::IcmpId if echo => number(be16(data, 4).map(u32::from)),
        Field::IcmpSequence if echo => number(be16(data, 6).map(u32::from)),
        Field::IcmpLength => Some(Value::Number(layer.length.into())),
        Field::IcmpMtu if kind == TOO_BIG => number(be32(data, 4)),
        Field::IcmpTarget if matches!(kind, NEIGHBOR_SOLICITATION | NEIGHBOR_ADVERTISEMENT) => address(8),
        // RFC 4861 section 4.5: the better first hop, then the destination it is for.
        Field::IcmpGateway if kind == REDIRECT => address(8),
        Field::IcmpQuotedDestination if error => address(32),
        Field::IcmpQuotedProtocol if error => number(u8(data, 14).map(u32::from)),
        Field::IcmpQuotedPort if error => Some(Value::Number(quoted_port(data)?.1.into())),
        _ => None,
    }
}

/// Protocol and destination port of the packet that an error quotes, past its extension headers.
pub(super) fn quoted_port(data: &[u8]) -> Option<(u8, u16)> {
    let (mut at, mut protocol) = (HEADER as usize + 40, *data.get(HEADER as usize + 6)?);
    loop {
        match protocol {
            6 | 17 => return Some((protocol, be16(data, at + 2).ok()?)),
            0 | 43 | 60 => (protocol, at) = (*data.get(at)?, at + (usize::from(*data.get(at + 1)?) + 1) * 8),
            44 if be16(data, at + 2).ok()? & 0xfff8 == 0 => (protocol, at) = (*data.get(at)?, at + 8),
            51 => (protocol, at) = (*data.get(at)?, at + (usize::from(*data.get(at + 1)?) + 2) * 4),
            _ => return None,
        }
    }
}
