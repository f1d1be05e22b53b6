//! Which frames are the probe's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model::{Journey, Leg, Sighting, Stop};
use super::tcp::{Connections, Segment};
use crate::capture::Recording;
use crate::evidence::ScenarioEvidence;
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
/// tunnel that the dissector does not know cannot hide it. Of a TCP connection one segment holds it, as hexadecimal digits; all segments that
/// count on from the numbers with which that connection's two streams start are the probe's, too. Where no segment holds it, because nobody
/// accepted the connection, its first one is known by the sender's own address and port. It is also the probe's if it is an ICMP error that
/// quotes a packet of the probe without the token: an echo with the same addresses, IP id, ICMP id and sequence number as a packet that has it,
/// at any point, or a segment of its connection. Neither addresses nor ids alone make a frame the probe's, for address translation changes
/// them.
///
/// Fragments behind the first one hold no token and are not found.
pub fn trace(evidence: &ScenarioEvidence, hints: &Hints) -> Journey {
    let mut stops: Vec<Stop> = evidence.recordings.iter().enumerate().map(|(index, recording)| stop(index, recording)).collect();
    let Some(outcome) = &evidence.outcome else { return Journey { stops } };
    let token = outcome.token;
    let digits = token.hex().into_bytes();
    let mut known = Known::default();
    for (stop, recording) in stops.iter_mut().zip(&evidence.recordings) {
        for (index, frame) in recording.frames.iter().enumerate() {
            let stack = whole(frame, recording.link, hints);
            let segment = Segment::of(&stack);
            if let Some(segment) = segment {
                known.connections.may_begin(segment, outcome.local);
            }
            if let Some(at) = find(&frame.bytes, &token.0).or_else(|| find(&frame.bytes, &digits)) {
                known.echoes.extend(Echo::of(&stack));
                if let Some(segment) = segment {
                    known.connections.holds_token(segment);
                }
                stop.sightings.push(Sighting { frame: index, leg: leg(&stack, &frame.bytes, at) });
            }
        }
    }
    for frame in evidence.recordings.iter().flat_map(|recording| recording.frames.iter().map(|frame| whole(frame, recording.link, hints))) {
        if let Some(segment) = Segment::of(&frame) {
            known.connections.may_accept(segment);
        }
    }
    for (stop, recording) in stops.iter_mut().zip(&evidence.recordings) {
        let found: BTreeSet<usize> = stop.sightings.iter().map(|sighting| sighting.frame).collect();
        for (index, frame) in recording.frames.iter().enumerate().filter(|(index, _)| !found.contains(index)) {
            let leg = known.leg(&whole(frame, recording.link, hints), hints);
            stop.sightings.extend(leg.map(|leg| Sighting { frame: index, leg }));
        }
        stop.sightings.sort_by_key(|sighting| sighting.frame);
    }
    Journey { stops }
}

/// What is known of a probe besides its token.
#[derive(Debug, Default)]
struct Known {
    echoes: BTreeSet<Echo>,
    connections: Connections,
}

impl Known {
    /// Which way a frame without the token went, if it is the probe's.
    fn leg(&self, stack: &Stack<'_>, hints: &Hints) -> Option<Leg> {
        let icmp = stack.layers().last().filter(|layer| layer.kind() == LayerKind::Icmp);
        if let Some(icmp) = icmp {
            let error = number(icmp, Field::IcmpType).is_some_and(|kind| ERRORS.contains(&kind));
            return (error && self.is_quoted(stack.payload(), hints)).then_some(Leg::Error);
        }
        self.connections.leg(Segment::of(stack)?)
    }

    /// Whether what an ICMP error quotes is a packet of the probe.
    fn is_quoted(&self, quoted: &[u8], hints: &Hints) -> bool {
        // RFC 791 section 3.1: the total length; the quote itself is cut short.
        let Some([high, low]) = quoted.get(2..4) else { return false };
        let inner = dissect(quoted, u32::from(u16::from_be_bytes([*high, *low])), LinkType::Raw, hints);
        let segment = || Segment::of(&inner).is_some_and(|segment| self.connections.leg(segment).is_some());
        Echo::of(&inner).is_some_and(|echo| self.echoes.contains(&echo)) || segment()
    }
}

fn stop(index: usize, recording: &Recording) -> Stop {
    Stop { point: recording.point.clone(), recording: index, sightings: Vec::new() }
}

fn whole<'a>(frame: &'a Frame, link: LinkType, hints: &Hints) -> Stack<'a> {
    dissect(&frame.bytes, frame.wire_length, link, hints)
}

/// Where the token stands in a frame.
fn find(bytes: &[u8], token: &[u8]) -> Option<usize> {
    bytes.windows(token.len()).position(|window| window == token)
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

pub(super) fn number(layer: &Layer<'_>, field: Field) -> Option<u64> {
    match layer.get(field) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod connections;
#[cfg(test)]
mod tests;
