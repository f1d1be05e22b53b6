//! Which frames are the probe's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::datagram::{Datagram, Datagrams};
use super::fragment::Fragments;
use super::inside::Taken;
use super::model::{Journey, Leg, Sighting, Stop};
use super::tcp::{Connections, Segment};
use crate::capture::Recording;
use crate::evidence::ScenarioEvidence;
use crate::name::Token;
use crate::packet::{Field, Frame, Hints, Layer, LayerKind, LinkType, Stack, Value, dissect};

/// RFC 792: echo and echo reply, and the errors that quote a packet.
const ECHO: u64 = 8;
const ECHO_REPLY: u64 = 0;
const ERRORS: [u64; 5] = [3, 4, 5, 11, 12];

/// RFC 4443 section 2.1: echo and its reply; types up to 127 are errors.
const LAST_ERROR_V6: u64 = 127;
const ECHO_V6: u64 = 128;
const ECHO_REPLY_V6: u64 = 129;

/// Follows a scenario's probe: for every point that was captured at, which frames are the probe's.
///
/// A frame is the probe's if it holds the probe's token, in whatever it is wrapped: the token is looked for in all bytes of the frame, so that a
/// tunnel that the dissector does not know cannot hide it. Of a TCP connection one segment holds it, as hexadecimal digits; all segments that
/// count on from the numbers with which that connection's two streams start are the probe's, too. Where no segment holds it, because nobody
/// accepted the connection, its first one is known by the sender's own address and port. It is also the probe's if it is an ICMP error that
/// quotes a packet of the probe without the token: an echo with the same addresses, IP id, ICMP id and sequence number as a packet that has it,
/// at any point, a segment of its connection, or a fragment of its packet; or a reply to one of its echoes, by addresses, ICMP id and sequence number, that
/// holds something else. Neither addresses nor ids alone make any other packet the probe's, for address translation changes them.
///
/// Of a packet in fragments one holds the token. The others are the probe's by what the fragments of one packet have in common: addresses,
/// protocol and IP id, as they were seen of a fragment of the probe at any point. A packet that is no fragment is never taken for one.
///
/// Which way a frame went is what its message says: an ICMP type, who opened a connection, from whose end a datagram came. In a tunnel that the
/// dissector does not know that is the packet inside. Where nothing tells, it is [`Leg::Unknown`] and not guessed.
pub fn trace(evidence: &ScenarioEvidence, hints: &Hints) -> Journey {
    let mut stops: Vec<Stop> = evidence.recordings.iter().enumerate().map(|(index, recording)| stop(index, recording)).collect();
    let Some(outcome) = &evidence.outcome else { return Journey { stops } };
    let marks = Marks::of(outcome.token);
    let mut known = Known::default();
    for (frame, link) in frames(evidence) {
        let taken = Taken::of(frame, link, hints);
        known.may_tell(taken.innermost());
        if marks.are_in(frame) {
            known.holds_token(taken.innermost());
        }
    }
    known.connections.settle(outcome.local);
    known.datagrams.settle(outcome.local);
    for (stop, recording) in stops.iter_mut().zip(&evidence.recordings) {
        for (index, frame) in recording.frames.iter().enumerate() {
            let taken = Taken::of(frame, recording.link, hints);
            let packet = taken.innermost();
            let leg = if marks.are_in(frame) { Some(known.way(packet)) } else { known.leg(packet, hints) };
            if let Some(leg) = leg {
                known.fragments.add(taken.layers(), leg);
                stop.sightings.push(Sighting { frame: index, leg });
            }
        }
    }
    if !known.fragments.is_empty() {
        with_fragments(evidence, hints, &mut known, &mut stops);
    }
    Journey { stops }
}

/// Adds the fragments that hold no token, and tells of those that hold it which way their packet goes.
fn with_fragments(evidence: &ScenarioEvidence, hints: &Hints, known: &mut Known, stops: &mut [Stop]) {
    // The message's header is in the first fragment, wherever the token is.
    for (frame, link) in frames(evidence) {
        let taken = Taken::of(frame, link, hints);
        if known.fragments.leg(taken.layers()).is_some() {
            let way = known.way(taken.innermost());
            known.fragments.add(taken.layers(), way);
        }
    }
    for (stop, recording) in stops.iter_mut().zip(&evidence.recordings) {
        let mut sighted: BTreeMap<usize, Leg> = stop.sightings.iter().map(|sighting| (sighting.frame, sighting.leg)).collect();
        for (index, frame) in recording.frames.iter().enumerate() {
            if sighted.get(&index).is_some_and(|leg| *leg != Leg::Unknown) {
                continue;
            }
            let taken = Taken::of(frame, recording.link, hints);
            if let Some(leg) = known.fragments.leg(taken.layers()).or_else(|| known.leg(taken.innermost(), hints)) {
                sighted.insert(index, leg);
            }
        }
        stop.sightings = sighted.into_iter().map(|(frame, leg)| Sighting { frame, leg }).collect();
    }
}

/// What is known of a probe besides its token.
#[derive(Debug, Default)]
struct Known {
    echoes: BTreeSet<Echo>,
    connections: Connections,
    datagrams: Datagrams,
    fragments: Fragments,
}

impl Known {
    /// Takes note of what any packet may tell of the probe once all are known.
    fn may_tell(&mut self, stack: &Stack<'_>) {
        if let Some(segment) = Segment::of(stack) {
            self.connections.may_shake_hands(segment);
        }
    }

    /// Takes note of a packet that holds the token.
    fn holds_token(&mut self, stack: &Stack<'_>) {
        self.echoes.extend(Echo::of(stack));
        if let Some(segment) = Segment::of(stack) {
            self.connections.holds_token(segment);
        }
        if let Some(datagram) = Datagram::of(stack) {
            self.datagrams.holds_token(datagram);
        }
    }

    /// Which way a packet of the probe goes.
    fn way(&self, stack: &Stack<'_>) -> Leg {
        if let Some(leg) = stack.layers().iter().rev().find_map(icmp_leg) {
            return leg;
        }
        if let Some(segment) = Segment::of(stack) {
            return self.connections.leg(segment).unwrap_or(Leg::Unknown);
        }
        Datagram::of(stack).map_or(Leg::Unknown, |datagram| self.datagrams.leg(&datagram))
    }

    /// Which way a packet without the token goes, if it is the probe's.
    fn leg(&self, stack: &Stack<'_>, hints: &Hints) -> Option<Leg> {
        let icmp = stack.layers().last().filter(|layer| layer.kind() == LayerKind::Icmp);
        if let Some(icmp) = icmp {
            let error = number(icmp, Field::IcmpType).is_some_and(|kind| ERRORS.contains(&kind));
            if self.is_answered(stack) {
                return Some(Leg::Reply);
            }
            return (error && self.is_quoted(stack.payload(), hints)).then_some(Leg::Error);
        }
        self.connections.leg(Segment::of(stack)?)
    }

    /// Whether this is a reply that an echo of the probe was given, whatever it holds: between the same two, with its id and sequence number.
    fn is_answered(&self, stack: &Stack<'_>) -> bool {
        Echo::of(stack).is_some_and(|reply| reply.kind == ECHO_REPLY && self.echoes.iter().any(|echo| echo.is_answered_by(&reply)))
    }

    /// Whether what an ICMP error quotes is a packet of the probe.
    fn is_quoted(&self, quoted: &[u8], hints: &Hints) -> bool {
        // RFC 791 section 3.1: the total length; the quote itself is cut short.
        let Some([high, low]) = quoted.get(2..4) else { return false };
        let inner = dissect(quoted, u32::from(u16::from_be_bytes([*high, *low])), LinkType::Raw, hints);
        let segment = || Segment::of(&inner).is_some_and(|segment| self.connections.leg(segment).is_some());
        let fragment = || self.fragments.leg(inner.layers().iter()).is_some();
        Echo::of(&inner).is_some_and(|echo| self.echoes.contains(&echo)) || segment() || fragment()
    }
}

fn stop(index: usize, recording: &Recording) -> Stop {
    Stop { point: recording.point.clone(), recording: index, sightings: Vec::new() }
}

/// Every frame that was captured, with its link type.
fn frames(evidence: &ScenarioEvidence) -> impl Iterator<Item = (&Frame, LinkType)> {
    evidence.recordings.iter().flat_map(|recording| recording.frames.iter().map(|frame| (frame, recording.link)))
}

/// A probe's token as it may stand in a frame: as it is, and as hexadecimal digits.
struct Marks {
    token: Token,
    digits: String,
}

impl Marks {
    fn of(token: Token) -> Self {
        Self { token, digits: token.hex() }
    }

    fn are_in(&self, frame: &Frame) -> bool {
        let holds = |mark: &[u8]| frame.bytes.windows(mark.len()).any(|window| window == mark);
        holds(&self.token.0) || holds(self.digits.as_bytes())
    }
}

/// Which way a message goes, if the layer is one of ICMP.
fn icmp_leg(layer: &Layer<'_>) -> Option<Leg> {
    let kind = number(layer, Field::IcmpType);
    match (layer.kind(), kind?) {
        (LayerKind::Icmp, ECHO) | (LayerKind::Icmpv6, ECHO_V6) => Some(Leg::Request),
        (LayerKind::Icmp, ECHO_REPLY) | (LayerKind::Icmpv6, ECHO_REPLY_V6) => Some(Leg::Reply),
        (LayerKind::Icmp, kind) if ERRORS.contains(&kind) => Some(Leg::Error),
        (LayerKind::Icmpv6, ..=LAST_ERROR_V6) => Some(Leg::Error),
        (LayerKind::Icmp | LayerKind::Icmpv6, _) => Some(Leg::Unknown),
        _ => None,
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
    /// Whether a reply has the numbers of this packet of an echo, be that its request or its reply (RFC 792).
    fn is_answered_by(&self, reply: &Self) -> bool {
        let ends = if self.kind == ECHO { (self.destination, self.source) } else { (self.source, self.destination) };
        (reply.source, reply.destination) == ends && (reply.id, reply.sequence) == (self.id, self.sequence)
    }

    /// Of the innermost packet of a frame, if that is an ICMP echo or its reply.
    fn of(stack: &Stack<'_>) -> Option<Self> {
        let [.., ip, icmp] = stack.layers() else { return None };
        if (ip.kind(), icmp.kind()) != (LayerKind::Ipv4, LayerKind::Icmp) {
            return None;
        }
        Some(Self {
            source: address(ip, Field::IpSource)?,
            destination: address(ip, Field::IpDestination)?,
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

pub(super) fn address(layer: &Layer<'_>, field: Field) -> Option<IpAddr> {
    match layer.get(field) {
        Some(Value::Ip(address)) => Some(address),
        _ => None,
    }
}

#[cfg(test)]
mod connections;
#[cfg(test)]
mod fragments;
#[cfg(test)]
mod legs;
#[cfg(test)]
mod tests;
