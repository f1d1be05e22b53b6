//! Which segments are of a probe's connection.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use crate::packet::{Field, LayerKind, Stack, Value};

use super::model::Leg;
use super::trace::{address, number};

/// How far from its start a stream of a probe is followed, in bytes: more than any request or answer of ours has.
const STREAM: u32 = 1 << 12;

/// How far apart the clocks of two segments of one connection may be, in ticks of a millisecond (`tcp_clock_ts`, include/net/tcp.h).
const APART: u32 = 60_000;

/// How the first line of what a server of HTTP sends begins, and of what a client does (RFC 9112 section 2.1).
const ANSWER: &[u8] = b"HTTP/";
const METHODS: [&[u8]; 8] = [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"PATCH "];

/// What a segment says of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    source: SocketAddr,
    destination: SocketAddr,
    sequence: u32,
    /// What it acknowledges, if anything.
    acknowledgment: Option<u32>,
    syn: bool,
    reset: bool,
    /// The sender's clock (RFC 7323), if it tells.
    stamp: Option<u32>,
    /// Which way its data goes, as far as the data says so itself.
    words: Option<Leg>,
}

impl Segment {
    /// The innermost packet of a frame, if that is a TCP segment.
    pub(super) fn of(stack: &Stack<'_>) -> Option<Self> {
        let layers = stack.layers();
        let index = layers.iter().rposition(|layer| layer.kind() == LayerKind::Tcp)?;
        let (ip, tcp) = (layers.get(index.checked_sub(1)?)?, &layers[index]);
        let short = |field| number(tcp, field).and_then(|number| u32::try_from(number).ok());
        let end = |host, port| Some(SocketAddr::new(address(ip, host)?, u16::try_from(short(port)?).ok()?));
        let Some(Value::Text(flags)) = tcp.get(Field::TcpFlags) else { return None };
        let data = stack.payload();
        let words = if data.starts_with(ANSWER) {
            Some(Leg::Reply)
        } else {
            METHODS.iter().any(|method| data.starts_with(method)).then_some(Leg::Request)
        };
        Some(Self {
            source: end(Field::IpSource, Field::TcpSourcePort)?,
            destination: end(Field::IpDestination, Field::TcpDestinationPort)?,
            sequence: short(Field::TcpSequence)?,
            acknowledgment: short(Field::TcpAcknowledgment),
            syn: flags.contains('S'),
            reset: flags.contains('R'),
            stamp: short(Field::TcpTimestamp),
            words,
        })
    }
}

/// A connection, told from all others by the numbers that its two streams start with. Address translation keeps those, whatever it makes of
/// addresses and ports, and it may change them in one direction only where a bridge hands packets to the packet filter.
#[derive(Clone, Copy, Debug)]
struct Connection {
    client: u32,
    /// Not known before the other end has answered.
    server: Option<u32>,
    /// The client's clock.
    stamp: Option<u32>,
    /// Which end is the client's is known.
    ends: Ends,
}

/// Whether it is known which end of a connection opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Known,
    /// It was open when the captures began, and what it carries does not tell.
    Unknown,
}

/// The connections of a probe; there is hardly ever more than one.
#[derive(Debug, Default)]
pub(super) struct Connections {
    known: Vec<Connection>,
    /// Every first segment that was seen, of whatever connection.
    opened: Vec<Segment>,
    /// Every answer to one.
    accepted: Vec<Segment>,
    /// The segments that hold the token.
    marked: Vec<Segment>,
}

impl Connections {
    /// Takes note of a segment that may open a connection or accept one.
    pub(super) fn may_shake_hands(&mut self, segment: Segment) {
        let known = if segment.acknowledgment.is_some() { &mut self.accepted } else { &mut self.opened };
        let again = |other: &Segment| {
            (other.source, other.sequence, other.acknowledgment) == (segment.source, segment.sequence, segment.acknowledgment)
        };
        if segment.syn && !known.iter().any(again) {
            known.push(segment);
        }
    }

    /// Takes note of a segment that holds the probe's token.
    pub(super) fn holds_token(&mut self, segment: Segment) {
        self.marked.push(segment);
    }

    /// Finds out which connections are the probe's, once every segment was noted: those that hold its token, in whichever direction, and
    /// what was opened from its sender's own end.
    pub(super) fn settle(&mut self, local: Option<SocketAddrV4>) {
        let local = local.map(|local| SocketAddr::new(IpAddr::V4(*local.ip()), local.port()));
        for opened in self.opened.clone().into_iter().filter(|opened| Some(opened.source) == local) {
            self.add(Connection { client: opened.sequence, server: None, stamp: opened.stamp, ends: Ends::Known });
        }
        for marked in self.marked.clone() {
            let known = self.shaken(&marked).or_else(|| open_before(&marked, local));
            if let Some(known) = known {
                self.add(known);
            }
        }
        for accepted in &self.accepted {
            let acknowledged = accepted.acknowledgment;
            for known in self.known.iter_mut().filter(|known| Some(known.client.wrapping_add(1)) == acknowledged) {
                known.server.get_or_insert(accepted.sequence);
            }
        }
    }

    /// The connection of a segment by what was seen of its handshake, which tells who the client is.
    fn shaken(&self, segment: &Segment) -> Option<Connection> {
        let mut whole = self.accepted.iter().filter_map(|accepted| {
            let client = accepted.acknowledgment?.wrapping_sub(1);
            Some(Connection { client, server: Some(accepted.sequence), stamp: None, ends: Ends::Known })
        });
        let half = || {
            self.opened.iter().find_map(|opened| {
                let (client, acknowledged) = (opened.sequence, segment.acknowledgment?);
                let mine = is_of(Some(client), segment.sequence).then(|| acknowledged.wrapping_sub(1));
                let other = || is_of(Some(client), acknowledged).then(|| segment.sequence.wrapping_sub(1));
                Some(Connection { client, server: Some(mine.or_else(other)?), stamp: opened.stamp, ends: Ends::Known })
            })
        };
        whole.find(|connection| connection.leg(*segment).is_some()).or_else(half)
    }

    fn add(&mut self, connection: Connection) {
        match self.known.iter_mut().find(|known| known.client == connection.client) {
            Some(known) => known.server = known.server.or(connection.server),
            None => self.known.push(connection),
        }
    }

    /// Which way a segment of the probe goes; `None`: it is none of its.
    pub(super) fn leg(&self, segment: Segment) -> Option<Leg> {
        self.known.iter().find_map(|connection| connection.leg(segment))
    }
}

/// The connection of a segment with the token whose handshake nobody saw: which end is the client's is told by the sender's own end, or by what
/// the data says. The token is in the first bytes that its end sends; how much a client has said before it is answered is not known.
fn open_before(segment: &Segment, local: Option<SocketAddr>) -> Option<Connection> {
    let own = [(segment.source, Leg::Request), (segment.destination, Leg::Reply)];
    let leg = own.into_iter().find(|(end, _)| Some(*end) == local).map(|(_, leg)| leg).or(segment.words);
    let (here, there) = (segment.sequence.wrapping_sub(1), segment.acknowledgment?.wrapping_sub(1));
    let (client, server) = if leg == Some(Leg::Reply) { (there.wrapping_sub(STREAM / 2), here) } else { (here, there) };
    let ends = if leg.is_some() { Ends::Known } else { Ends::Unknown };
    // Only a first segment is told by its clock, and none was seen.
    Some(Connection { client, server: Some(server), stamp: None, ends })
}

/// Whether a number is of the stream that starts with `start`.
fn is_of(start: Option<u32>, number: u32) -> bool {
    start.is_some_and(|start| number.wrapping_sub(start) <= STREAM)
}

impl Connection {
    fn leg(&self, segment: Segment) -> Option<Leg> {
        let leg = self.between_known_ends(segment)?;
        Some(if self.ends == Ends::Known { leg } else { Leg::Unknown })
    }

    fn between_known_ends(&self, segment: Segment) -> Option<Leg> {
        let Some(acknowledged) = segment.acknowledgment else {
            return match segment.syn {
                true if segment.sequence == self.client && self.is_of_its_time(segment.stamp) => Some(Leg::Request),
                // A reset; all else acknowledges something, or is nothing that a kernel sends.
                false if is_of(Some(self.client), segment.sequence) => Some(Leg::Request),
                false if is_of(self.server, segment.sequence) => Some(Leg::Reply),
                _ => None,
            };
        };
        // RFC 9293 section 3.10.7.1: what nobody waits for is reset with the number 0. And whoever accepts the connection says so, whatever its own number is.
        let accepts = (segment.syn || (segment.reset && segment.sequence == 0)) && acknowledged == self.client.wrapping_add(1);
        // A reset is taken by its own number; what it acknowledges may be anything.
        let resets = |start| segment.reset && segment.sequence != 0 && is_of(start, segment.sequence);
        let goes_on = |from, to| is_of(from, segment.sequence) && is_of(to, acknowledged);
        let client = Some(self.client);
        let is_reply = accepts || resets(self.server) || goes_on(self.server, client);
        let is_request = resets(client) || goes_on(client, self.server);
        is_reply.then_some(Leg::Reply).or(is_request.then_some(Leg::Request))
    }

    /// Whether a clock is that of this connection, as far as clocks are told.
    fn is_of_its_time(&self, stamp: Option<u32>) -> bool {
        let apart = |one: u32, other: u32| one.wrapping_sub(other).min(other.wrapping_sub(one));
        self.stamp.zip(stamp).is_none_or(|(one, other)| apart(one, other) <= APART)
    }
}
