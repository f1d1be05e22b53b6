//! Which segments are of a probe's connection.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use crate::packet::{Field, LayerKind, Stack, Value};

use super::model::Leg;
use super::trace::number;

/// How far from its start a stream of a probe is followed, in bytes: more than any request or answer of ours has.
const STREAM: u32 = 1 << 12;

/// How far apart the clocks of two segments of one connection may be, in ticks of a millisecond (`tcp_clock_ts`, include/net/tcp.h).
const APART: u32 = 60_000;

/// What a segment says of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    source: SocketAddr,
    sequence: u32,
    /// What it acknowledges, if anything.
    acknowledgment: Option<u32>,
    syn: bool,
    reset: bool,
    /// The sender's clock (RFC 7323), if it tells.
    stamp: Option<u32>,
}

impl Segment {
    /// The innermost packet of a frame, if that is a TCP segment.
    pub(super) fn of(stack: &Stack<'_>) -> Option<Self> {
        let layers = stack.layers();
        let index = layers.iter().rposition(|layer| layer.kind() == LayerKind::Tcp)?;
        let (ip, tcp) = (layers.get(index.checked_sub(1)?)?, &layers[index]);
        let short = |field| number(tcp, field).and_then(|number| u32::try_from(number).ok());
        let Some(Value::Text(flags)) = tcp.get(Field::TcpFlags) else { return None };
        let Some(Value::Ip(address)) = ip.get(Field::IpSource) else { return None };
        Some(Self {
            source: SocketAddr::new(address, u16::try_from(short(Field::TcpSourcePort)?).ok()?),
            sequence: short(Field::TcpSequence)?,
            acknowledgment: short(Field::TcpAcknowledgment),
            syn: flags.contains('S'),
            reset: flags.contains('R'),
            stamp: short(Field::TcpTimestamp),
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
}

/// The connections of a probe; there is hardly ever more than one.
#[derive(Debug, Default)]
pub(super) struct Connections(Vec<Connection>);

impl Connections {
    /// Takes note of a segment that holds the probe's token, which is in the first bytes that the client sends.
    pub(super) fn holds_token(&mut self, segment: Segment) {
        self.add(segment.sequence.wrapping_sub(1), segment.acknowledgment.map(|number| number.wrapping_sub(1)), segment.stamp);
    }

    /// Takes note of a segment that may be the first of the connection from `local`.
    pub(super) fn may_begin(&mut self, segment: Segment, local: Option<SocketAddrV4>) {
        let own = local.is_some_and(|local| (IpAddr::V4(*local.ip()), local.port()) == (segment.source.ip(), segment.source.port()));
        if own && segment.syn && segment.acknowledgment.is_none() {
            self.add(segment.sequence, None, segment.stamp);
        }
    }

    fn add(&mut self, client: u32, server: Option<u32>, stamp: Option<u32>) {
        match self.0.iter_mut().find(|known| known.client == client) {
            Some(known) => known.server = known.server.or(server),
            None => self.0.push(Connection { client, server, stamp }),
        }
    }

    /// Takes note of a segment that may be the other end's first.
    pub(super) fn may_accept(&mut self, segment: Segment) {
        let Some(acknowledged) = segment.acknowledgment.filter(|_| segment.syn) else { return };
        for known in self.0.iter_mut().filter(|known| known.client.wrapping_add(1) == acknowledged) {
            known.server.get_or_insert(segment.sequence);
        }
    }

    /// Which way a segment of the probe goes; `None`: it is none of its.
    pub(super) fn leg(&self, segment: Segment) -> Option<Leg> {
        self.0.iter().find_map(|connection| connection.leg(segment))
    }
}

impl Connection {
    fn leg(&self, segment: Segment) -> Option<Leg> {
        let of = |start: Option<u32>, number: u32| start.is_some_and(|start| number.wrapping_sub(start) <= STREAM);
        let Some(acknowledged) = segment.acknowledgment else {
            return match (segment.syn, segment.reset) {
                (true, _) if segment.sequence == self.client && self.is_of_its_time(segment.stamp) => Some(Leg::Request),
                (false, true) if of(Some(self.client), segment.sequence) => Some(Leg::Request),
                (false, true) if of(self.server, segment.sequence) => Some(Leg::Reply),
                _ => None,
            };
        };
        // RFC 9293 section 3.10.7.1: what nobody waits for is reset with the number 0.
        let refused = segment.reset && segment.sequence == 0 && acknowledged == self.client.wrapping_add(1);
        if refused || (of(self.server, segment.sequence) && of(Some(self.client), acknowledged)) {
            Some(Leg::Reply)
        } else if of(Some(self.client), segment.sequence) && of(self.server, acknowledged) {
            Some(Leg::Request)
        } else {
            None
        }
    }

    /// Whether a clock is that of this connection, as far as clocks are told.
    fn is_of_its_time(&self, stamp: Option<u32>) -> bool {
        let apart = |one: u32, other: u32| one.wrapping_sub(other).min(other.wrapping_sub(one));
        self.stamp.zip(stamp).is_none_or(|(one, other)| apart(one, other) <= APART)
    }
}
