//! Which frames are the probe's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model::{Journey, Leg, Sighting, Stop};
use crate::capture::Recording;
use crate::evidence::ScenarioEvidence;
use crate::name::Token;
use crate::packet::{Field, Frame, Hints, Layer, LayerKind, LinkType, Stack, Value, dissect};

/// RFC 792: echo and echo reply, and the errors that quote a packet.
const ECHO: u64 = 8;
const ECHO_REPLY: u64 = 0;
const ERRORS: [u64; 5] = [3, 4, 5, 11, 12];

/// RFC 4443 section 2.1: the reply to an echo; types up to 127 are errors.
const LAST_ERROR_V6: u64 = 127;
const ECHO_REPLY_V6: u64 = 129;

/// Bytes of an ICMP header, behind which a ping's payload, and so its token, begins.
const ICMP_HEADER: usize = 8;

/// Follows a scenario's probe: for every point that was captured at, which frames are the probe's.
///
/// A frame is the probe's if it holds the probe's token, in whatever it is wrapped: the token is looked for in all bytes of the frame, so that a
/// tunnel that the dissector does not know cannot hide it. It is also the probe's if it is an ICMP error that quotes a packet of the
/// probe without the token: same addresses, IP id, ICMP id and sequence number as a packet that has it, at any point. Neither
/// addresses nor ids alone make a frame the probe's, for address translation changes them.
///
/// Fragments behind the first one hold no token and are not found.
pub fn trace(evidence: &ScenarioEvidence, hints: &Hints) -> Journey {
    let mut echoes = BTreeSet::new();
    let mut stops: Vec<Stop> = evidence.recordings.iter().enumerate().map(|(index, recording)| stop(index, recording)).collect();
    let Some(token) = evidence.outcome.as_ref().map(|outcome| outcome.token) else { return Journey { stops } };
    for (stop, recording) in stops.iter_mut().zip(&evidence.recordings) {
        for (index, frame) in recording.frames.iter().enumerate() {
            if let Some(at) = find(&frame.bytes, &token) {
                let stack = whole(frame, recording.link, hints);
                echoes.extend(Echo::of(&stack));
                stop.sightings.push(Sighting { frame: index, leg: leg(&stack, &frame.bytes, at) });
            }
        }
    }
    for (stop, recording) in stops.iter_mut().zip(&evidence.recordings) {
        let known: BTreeSet<usize> = stop.sightings.iter().map(|sighting| sighting.frame).collect();
        for (index, frame) in recording.frames.iter().enumerate() {
            if !known.contains(&index) && quotes_one_of(&whole(frame, recording.link, hints), &echoes, hints) {
                stop.sightings.push(Sighting { frame: index, leg: Leg::Error });
            }
        }
        stop.sightings.sort_by_key(|sighting| sighting.frame);
    }
    Journey { stops }
}

fn stop(index: usize, recording: &Recording) -> Stop {
    Stop { point: recording.point.clone(), recording: index, sightings: Vec::new() }
}

fn whole<'a>(frame: &'a Frame, link: LinkType, hints: &Hints) -> Stack<'a> {
    dissect(&frame.bytes, frame.wire_length, link, hints)
}

/// Where the token stands in a frame.
fn find(bytes: &[u8], token: &Token) -> Option<usize> {
    bytes.windows(token.0.len()).position(|window| window == token.0)
}

/// Which way a frame with the token in it went: by its innermost ICMP header, or, in a tunnel that was not taken apart, by
/// the byte where that header must be.
fn leg(stack: &Stack<'_>, bytes: &[u8], token: usize) -> Leg {
    let innermost = stack.layers().iter().rev().find(|layer| matches!(layer.kind(), LayerKind::Icmp | LayerKind::Icmpv6));
    let kind = match innermost {
        Some(layer) => (layer.kind(), number(layer, Field::IcmpType)),
        None => (LayerKind::Icmp, token.checked_sub(ICMP_HEADER).map(|at| u64::from(bytes[at]))),
    };
    match kind {
        (LayerKind::Icmp, Some(ECHO_REPLY)) | (LayerKind::Icmpv6, Some(ECHO_REPLY_V6)) => Leg::Reply,
        (LayerKind::Icmp, Some(kind)) if ERRORS.contains(&kind) => Leg::Error,
        (LayerKind::Icmpv6, Some(..=LAST_ERROR_V6)) => Leg::Error,
        _ => Leg::Request,
    }
}

/// What tells one echo packet from another where the token cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Echo {
    source: IpAddr,
    destination: IpAddr,
    packet: u64,
    kind: u64,
    id: u64,
    sequence: u64,
}

impl Echo {
    /// Of the innermost packet of a frame, if that is an ICMP echo or its reply.
    fn of(stack: &Stack<'_>) -> Option<Self> {
        let [.., ip, icmp] = stack.layers() else { return None };
        if (ip.kind(), icmp.kind()) != (LayerKind::Ipv4, LayerKind::Icmp) {
            return None;
        }
        let address = |field| match ip.get(field) {
            Some(Value::Ip(address)) => Some(address),
            _ => None,
        };
        Some(Self {
            source: address(Field::IpSource)?,
            destination: address(Field::IpDestination)?,
            packet: number(ip, Field::IpId)?,
            kind: number(icmp, Field::IcmpType).filter(|kind| matches!(*kind, ECHO | ECHO_REPLY))?,
            id: number(icmp, Field::IcmpId)?,
            sequence: number(icmp, Field::IcmpSequence)?,
        })
    }
}

/// Whether a frame is an ICMP error that quotes one of `echoes`.
fn quotes_one_of(stack: &Stack<'_>, echoes: &BTreeSet<Echo>, hints: &Hints) -> bool {
    let Some(icmp) = stack.layers().last().filter(|layer| layer.kind() == LayerKind::Icmp) else { return false };
    if !number(icmp, Field::IcmpType).is_some_and(|kind| ERRORS.contains(&kind)) {
        return false;
    }
    let quoted = stack.payload();
    // RFC 791 section 3.1: the total length; the quote itself is cut short.
    let Some([high, low]) = quoted.get(2..4) else { return false };
    let inner = dissect(quoted, u32::from(u16::from_be_bytes([*high, *low])), LinkType::Raw, hints);
    Echo::of(&inner).is_some_and(|echo| echoes.contains(&echo))
}

fn number(layer: &Layer<'_>, field: Field) -> Option<u64> {
    match layer.get(field) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
