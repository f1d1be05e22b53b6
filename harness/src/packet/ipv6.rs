//! IPv6 (RFC 8200) with the extension headers before the upper layer.

use std::net::Ipv6Addr;

use super::bytes::{array, be16, be32, cap, u8};
use super::dissect::by_protocol;
use super::field::{Field, LayerKind, Value};
use super::layer::{Fault, Head, Layer, Rest};

/// Bytes of the header itself.
pub(super) const HEADER: u32 = 40;

/// Extension headers: hop-by-hop options, routing, fragment, destination options (RFC 8200 section 4).
pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const ROUTING: u8 = 43;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const DESTINATION: u8 = 60;

/// Reads the header and the extension headers behind it; a fragment but the first is payload behind them.
pub(super) fn read(rest: &mut Rest<'_>) -> Result<Head, Fault> {
    match rest.data.first() {
        Some(first) if first >> 4 != 6 => return Err(Fault::Version { wanted: 6, found: first >> 4 }),
        _ => {}
    }
    let data = rest.need(HEADER)?;
    let total = HEADER + u32::from(u16::from_be_bytes([data[4], data[5]]));
    let packet = Rest { data: cap(data, total), length: total, said_by: Some(LayerKind::Ipv6) };
    let (mut header, mut protocol, mut tail) = (HEADER, data[6], false);
    while let Some(length) = extension(&packet, header, protocol)? {
        let at = header as usize;
        // RFC 8200 section 4.5: 13 bits of offset.
        tail = protocol == FRAGMENT && be16(packet.data, at + 2).is_ok_and(|word| word & 0xfff8 != 0);
        protocol = packet.data[at];
        header += length;
        if tail {
            break;
        }
    }
    let next = if tail { None } else { by_protocol(LayerKind::Ipv6, protocol) };
    *rest = packet;
    rest.advance(header);
    Ok(Head { header, next })
}

/// The length of the extension header `protocol` that starts at `at`; `None` if it is none. All of it is there.
fn extension(packet: &Rest<'_>, at: u32, protocol: u8) -> Result<Option<u32>, Fault> {
    let need = |needed| {
        if packet.length < needed { Err(Fault::Lie { needed, had: packet.length }) } else { packet.need(needed) }
    };
    let length = match protocol {
        FRAGMENT => 8,
        HOP_BY_HOP if at != HEADER => return Ok(None),
        HOP_BY_HOP | ROUTING | DESTINATION => (u32::from(need(at + 8)?[at as usize + 1]) + 1) * 8,
        _ => return Ok(None),
    };
    need(at + length)?;
    Ok(Some(length))
}

/// Where the fragment header starts, if there is one.
fn fragment(layer: &Layer<'_>) -> Option<usize> {
    let (mut at, mut protocol) = (HEADER as usize, *layer.data.get(6)?);
    while at < layer.header as usize && protocol != FRAGMENT {
        (at, protocol) = (at + (usize::from(*layer.data.get(at + 1)?) + 1) * 8, *layer.data.get(at)?);
    }
    (at < layer.header as usize).then_some(at)
}

/// Whether it has a fragment header that says that more fragments follow, or that some came before.
pub(super) fn is_fragment(layer: &Layer<'_>) -> bool {
    fragment(layer).is_some_and(|at| be16(layer.data, at + 2).is_ok_and(|word| word & 0xfff9 != 0))
}

/// The value of `field`; the protocol is the header's own next-header field, whatever extension headers follow.
pub(super) fn get(layer: &Layer<'_>, field: Field) -> Option<Value> {
    let data = layer.data;
    let number = |value: Result<u64, _>| value.ok().map(Value::Number);
    let address = |at| Some(Value::Ip(Ipv6Addr::from(array::<16>(data, at).ok()?).into()));
    match field {
        Field::IpTos => number(be32(data, 0).map(|word| u64::from((word >> 20) & 0xff))),
        Field::IpFlowLabel => number(be32(data, 0).map(|word| u64::from(word & 0x000f_ffff))).filter(|label| *label != Value::Number(0)),
        Field::IpLength => number(be16(data, 4).map(u64::from)),
        Field::IpProtocol => number(u8(data, 6).map(u64::from)),
        Field::IpTtl => number(u8(data, 7).map(u64::from)),
        Field::IpSource => address(8),
        Field::IpDestination => address(24),
        Field::IpId => number(be32(data, fragment(layer)? + 4).map(u64::from)),
        Field::IpOffset => number(be16(data, fragment(layer)? + 2).map(|word| u64::from(word & 0xfff8))),
        _ => None,
    }
}
