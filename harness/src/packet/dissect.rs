//! The walk over a frame's headers.

use arrayvec::ArrayVec;

use super::bytes::cap;
use super::field::LayerKind;
use super::frame::LinkType;
use super::hints::Hints;
use super::layer::{DEPTH, Fault, Head, Layer, Limit, Rest, Stack, Stop};
use super::{arp, ethernet, icmp, icmpv6, ipv4, ipv6, tcp, udp, vlan, vxlan};

/// Takes a frame apart: `bytes` as captured (perhaps fewer than the frame had), `wire_length` bytes on the wire.
///
/// Follows every nesting that the headers and `hints` announce. Lengths come from headers, so a frame cut short by the snap length
/// still says how long its segments were. Never panics and never allocates; what cannot be read ends the walk, and
/// [`Stack::stop`] says why.
///
/// ```
/// use cnilab::packet::{Field, Hints, LayerKind, LinkType, Value, dissect};
///
/// let echo = [0x45, 0, 0, 28, 0, 1, 0, 0, 63, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 8, 0, 0, 0, 0, 7, 0, 1];
/// let stack = dissect(&echo, 28, LinkType::Raw, &Hints::default());
/// assert_eq!(stack.layers()[0].get(Field::IpTtl), Some(Value::Number(63)));
/// assert_eq!(stack.layers()[1].kind(), LayerKind::Icmp);
/// assert_eq!(stack.layers()[1].get(Field::IcmpId), Some(Value::Number(7)));
/// ```
pub fn dissect<'a>(bytes: &'a [u8], wire_length: u32, link: LinkType, hints: &Hints) -> Stack<'a> {
    let first = match link {
        LinkType::Ethernet => LayerKind::Ethernet,
        LinkType::Raw => bare_ip(bytes),
    };
    dissect_from(first, bytes, wire_length, hints)
}

/// The same for bytes that start with a layer of the kind `first`.
pub(super) fn dissect_from<'a>(first: LayerKind, bytes: &'a [u8], wire_length: u32, hints: &Hints) -> Stack<'a> {
    let mut stack = Stack { layers: ArrayVec::new(), broken: None, stop: None, payload: &[], captured: bytes.len(), wire_length };
    let rest = Rest { data: cap(bytes, wire_length), length: wire_length, said_by: None };
    walk(&mut stack, first, rest, hints);
    stack
}

/// Reads layer after layer.
#[inline]
fn walk<'a>(stack: &mut Stack<'a>, first: LayerKind, mut rest: Rest<'a>, hints: &Hints) {
    let mut kind = first;
    loop {
        if stack.layers.is_full() {
            broken(stack, kind, &rest, None);
            break;
        }
        let whole = rest;
        match read(kind, &mut rest, hints) {
            Ok(Head { header, next }) => {
                // As far as the layer itself says that its bytes go.
                let data = whole.data.get(..header as usize + rest.data.len()).unwrap_or(whole.data);
                stack.layers.push(Layer { kind, header, length: whole.length, data });
                let Some(next) = next else { break };
                kind = next;
            }
            Err(fault) => {
                rest = whole;
                broken(stack, kind, &rest, Some(fault));
                break;
            }
        }
    }
    stack.payload = cap(rest.data, rest.length);
}

/// Remembers the layer that could not be read.
#[cold]
fn broken<'a>(stack: &mut Stack<'a>, kind: LayerKind, rest: &Rest<'a>, fault: Option<Fault>) {
    stack.stop = Some(stop(kind, rest, stack, fault));
    stack.broken = Some(Layer { kind, header: 0, length: rest.length, data: rest.data });
}

/// Reads one layer of `kind` off the front of `rest`.
#[inline]
fn read(kind: LayerKind, rest: &mut Rest<'_>, hints: &Hints) -> Result<Head, Fault> {
    match kind {
        LayerKind::Ethernet => ethernet::read(rest),
        LayerKind::Vlan => vlan::read(rest),
        LayerKind::Arp => arp::read(rest),
        LayerKind::Ipv4 => ipv4::read(rest),
        LayerKind::Ipv6 => ipv6::read(rest),
        LayerKind::Icmp => icmp::read(rest),
        LayerKind::Icmpv6 => icmpv6::read(rest),
        LayerKind::Tcp => tcp::read(rest),
        LayerKind::Udp => udp::read(rest, hints),
        LayerKind::Vxlan => vxlan::read(rest),
        LayerKind::Payload => Ok(Head { header: 0, next: None }),
    }
}

/// The IP version that a packet without a link layer has, by its first nibble; 4 where it is neither, so that the stop says so.
pub(super) fn bare_ip(data: &[u8]) -> LayerKind {
    if data.first().is_some_and(|first| first >> 4 == 6) { LayerKind::Ipv6 } else { LayerKind::Ipv4 }
}

/// What a protocol number of an IP header announces (IANA protocol numbers).
#[inline]
pub(super) fn by_protocol(carrier: LayerKind, protocol: u8) -> Option<LayerKind> {
    match (protocol, carrier) {
        (1, LayerKind::Ipv4) => Some(LayerKind::Icmp),
        (4, _) => Some(LayerKind::Ipv4),
        (6, _) => Some(LayerKind::Tcp),
        (17, _) => Some(LayerKind::Udp),
        (41, _) => Some(LayerKind::Ipv6),
        (58, LayerKind::Ipv6) => Some(LayerKind::Icmpv6),
        // RFC 8986 section 10.1: Ethernet directly in IPv6.
        (143, LayerKind::Ipv6) => Some(LayerKind::Ethernet),
        _ => None,
    }
}

/// Says why `kind` could not be read off `rest`; without a fault the stack is full.
fn stop(layer: LayerKind, rest: &Rest<'_>, stack: &Stack<'_>, fault: Option<Fault>) -> Stop {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    match fault {
        None => Stop { layer, needed: number(DEPTH + 1), had: number(DEPTH), limit: Limit::Depth },
        Some(Fault::Lie { needed, had }) => Stop { layer, needed, had, limit: Limit::Own },
        Some(Fault::Version { wanted, found }) => Stop { layer, needed: u32::from(wanted), had: u32::from(found), limit: Limit::Version },
        Some(Fault::Short(needed)) if rest.length < needed => {
            let limit = rest.said_by.map_or(Limit::Frame, Limit::Header);
            Stop { layer, needed, had: rest.length, limit }
        }
        Some(Fault::Short(needed)) => {
            let limit = if stack.captured < stack.wire_length as usize { Limit::Snap } else { Limit::Frame };
            Stop { layer, needed, had: number(rest.data.len()), limit }
        }
    }
}
