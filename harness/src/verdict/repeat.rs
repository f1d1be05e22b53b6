//! What TCP may send besides what is documented: a segment again, and an acknowledgement of its own. Both are matters of time, not of the network.

use super::seen::Seen;
use crate::journey::Leg;
use crate::packet::{Field, Layer, LayerKind, Value};

/// How a frame stands in the exchange of which it is a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It tells something that was not told before; or it is not of TCP.
    New,
    /// Its segment was sent before.
    Again {
        /// The index of the earlier frame.
        first: usize,
        /// What was sent again: `seq 1:81`.
        segment: String,
    },
    /// It is a bare acknowledgement of what was sent so far; of which number, relative to the stream's start.
    Acknowledgement(u32),
    /// It goes with nothing that was sent so far.
    Odd,
}

impl Standing {
    /// Why the frame may be there although nothing accounts for it, and what that would be: a line, or a packet of another run. `None`: nothing
    /// excuses it.
    pub(crate) fn excuse(&self, accountant: &str) -> Option<String> {
        match self {
            Self::Again { segment, .. } => Some(format!("the segment {segment} was sent again")),
            Self::Acknowledgement(number) => Some(format!("a bare acknowledgement that no {accountant} accounts for, ack {number}")),
            Self::New | Self::Odd => None,
        }
    }
}

/// How every frame that a point saw of the probe stands in its exchange.
///
/// A segment was sent again if everything in it was sent before, byte for byte as far as bytes were captured, in frames with the same headers; but a
/// retransmission draws another IP id, tells the clock and the window of its own time, and acknowledges what has come since (RFC 9293 section
/// 3.8.1). A bare acknowledgement goes with what was sent so far: it stands at the end of its own stream, and acknowledges the end of a segment of
/// the other one, no earlier than the last. Never excused are resets, what is new in a stream, and all that is not TCP.
pub(crate) fn standings(seen: &[Seen<'_>]) -> Vec<Standing> {
    let segments: Vec<Option<Segment<'_>>> = seen.iter().map(Segment::of).collect();
    let mut standings = Vec::with_capacity(seen.len());
    for index in 0..seen.len() {
        let standing = match &segments[index] {
            Some(segment) if segment.has('R') => Standing::New,
            Some(segment) if segment.space() > 0 => again(segment, &segments[..index], &standings),
            Some(segment) => acknowledgement(segment, &segments, index),
            None => Standing::New,
        };
        standings.push(standing);
    }
    standings
}

/// Of a segment that takes some of its stream, given those before it.
fn again(this: &Segment<'_>, earlier: &[Option<Segment<'_>>], standings: &[Standing]) -> Standing {
    let mine = earlier.iter().zip(standings).enumerate().filter_map(|(index, (other, standing))| {
        let other = other.as_ref().filter(|other| other.flow == this.flow && other.space() > 0)?;
        (*standing == Standing::New).then_some((index, other))
    });
    let originals: Vec<(usize, &Segment<'_>)> = mine.collect();
    let Some((first, original)) = originals.iter().find(|(_, other)| other.covers(this.sequence)) else { return Standing::New };
    let acknowledges = match (original.acknowledgment, this.acknowledgment) {
        (None, None) => true,
        (Some(then), Some(now)) => then == now || (is_behind(now, then) && this.acknowledges_an_end(earlier)),
        _ => false,
    };
    if acknowledges && !this.has('U') && this.was_sent(&originals) {
        Standing::Again { first: *first, segment: this.spell(earlier) }
    } else {
        Standing::Odd
    }
}

/// Of a segment that takes nothing of its stream.
fn acknowledgement(this: &Segment<'_>, segments: &[Option<Segment<'_>>], index: usize) -> Standing {
    let earlier = &segments[..index];
    let mine = || earlier.iter().flatten().filter(|other| other.flow == this.flow);
    let Some(acknowledged) = this.acknowledgment.filter(|_| !this.has('P') && !this.has('U')) else { return Standing::Odd };
    let anchored = segments.iter().flatten().any(|other| other.flow == this.flow && other.space() > 0);
    let end = mine().map(Segment::end).reduce(|one, other| if is_behind(other, one) { other } else { one });
    let goes_on = mine().filter_map(|other| other.acknowledgment).all(|then| then == acknowledged || is_behind(acknowledged, then));
    if anchored && end == Some(this.sequence) && goes_on && this.acknowledges_an_end(earlier) {
        Standing::Acknowledgement(acknowledged.wrapping_sub(start(earlier, this.leg.opposite())))
    } else {
        Standing::Odd
    }
}

/// Whether a position of a stream comes after another one.
fn is_behind(number: u32, other: u32) -> bool {
    // RFC 9293 section 3.4: numbers are compared modulo 2^32.
    (1..1 << 31).contains(&number.wrapping_sub(other))
}

/// The number that a stream starts with, as far as its first segment was seen; tcpdump prints all others relative to it.
fn start(segments: &[Option<Segment<'_>>], leg: Leg) -> u32 {
    segments.iter().flatten().find(|segment| segment.leg == leg && segment.has('S')).map_or(0, |segment| segment.sequence)
}

/// A frame's segment, and what is around it.
struct Segment<'s> {
    leg: Leg,
    /// All that must be the same of two frames for their segments to have gone the same way: headers, without what each packet draws for itself.
    flow: Vec<(usize, Field, Value)>,
    sequence: u32,
    acknowledgment: Option<u32>,
    /// The letters that tcpdump prints.
    flags: String,
    /// Bytes of data on the wire.
    length: u32,
    /// Those that were captured.
    data: &'s [u8],
    /// What only a first segment tells.
    options: [Option<Value>; 2],
}

impl<'s> Segment<'s> {
    fn of(seen: &'s Seen<'_>) -> Option<Self> {
        let layers: Vec<&Layer<'_>> = seen.layers().collect();
        let tcp = *layers.last().filter(|last| last.kind() == LayerKind::Tcp)?;
        if layers.iter().any(|layer| layer.is_fragment()) {
            return None;
        }
        let number = |field| match tcp.get(field) {
            Some(Value::Number(number)) => u32::try_from(number).ok(),
            _ => None,
        };
        let Some(Value::Text(flags)) = tcp.get(Field::TcpFlags) else { return None };
        Some(Self {
            leg: seen.leg,
            flow: flow(&layers),
            sequence: number(Field::TcpSequence)?,
            acknowledgment: number(Field::TcpAcknowledgment),
            flags,
            length: number(Field::TcpLength)?,
            data: seen.data(),
            options: [tcp.get(Field::TcpMss), tcp.get(Field::TcpWindowScale)],
        })
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// How many numbers of the stream it takes (RFC 9293 section 3.4).
    fn space(&self) -> u32 {
        self.length + u32::from(self.has('S')) + u32::from(self.has('F'))
    }

    /// The number behind it.
    fn end(&self) -> u32 {
        self.sequence.wrapping_add(self.space())
    }

    /// Whether it acknowledges the end of a segment that came the other way.
    fn acknowledges_an_end(&self, earlier: &[Option<Self>]) -> bool {
        earlier.iter().flatten().any(|other| other.leg == self.leg.opposite() && Some(other.end()) == self.acknowledgment)
    }

    fn covers(&self, number: u32) -> bool {
        number.wrapping_sub(self.sequence) < self.space()
    }

    /// Whether all that it takes of the stream was sent in other segments.
    fn was_sent(&self, originals: &[(usize, &Self)]) -> bool {
        let sent = || originals.iter().map(|(_, other)| *other);
        let opens = |other: &Self| other.has('S') && other.sequence == self.sequence && other.options == self.options;
        let closes = |other: &Self| other.has('F') && other.end() == self.end();
        let data = (0..self.length).all(|at| {
            let number = self.sequence.wrapping_add(at);
            let mut there = sent().filter(|other| number.wrapping_sub(other.sequence) < other.length).peekable();
            there.peek().is_some() && there.all(|other| self.byte(number).zip(other.byte(number)).is_none_or(|(one, other)| one == other))
        });
        data && (!self.has('S') || sent().any(opens)) && (!self.has('F') || sent().any(closes))
    }

    /// The byte at a position of the stream, if it was captured.
    fn byte(&self, number: u32) -> Option<u8> {
        self.data.get(usize::try_from(number.wrapping_sub(self.sequence)).ok()?).copied()
    }

    /// `seq 1:81`, `Flags [F.], seq 81`.
    fn spell(&self, segments: &[Option<Segment<'_>>]) -> String {
        let from = self.sequence.wrapping_sub(start(segments, self.leg));
        match (self.has('S'), self.length) {
            (true, _) => format!("Flags [{}]", self.flags),
            (false, 0) => format!("Flags [{}], seq {from}", self.flags),
            (false, length) => format!("seq {from}:{}", from.wrapping_add(length)),
        }
    }
}

/// The headers of a frame but for what each packet has of its own: lengths, ids, the marks of congestion (RFC 3168 section 6.1.5 has none on
/// what is sent again), the source port that VXLAN draws for a flow (RFC 7348 section 5), and of TCP all but its ports.
fn flow(layers: &[&Layer<'_>]) -> Vec<(usize, Field, Value)> {
    let mut flow = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let in_vxlan = layers.get(index + 1).is_some_and(|next| next.kind() == LayerKind::Vxlan);
        for field in Field::ALL {
            let own = match field {
                Field::FrameLength | Field::IpLength | Field::UdpLength | Field::IpId => true,
                Field::UdpSourcePort => in_vxlan,
                Field::TcpSourcePort | Field::TcpDestinationPort => false,
                _ => layer.kind() == LayerKind::Tcp,
            };
            match layer.get(field).filter(|_| !own) {
                Some(Value::Number(tos)) if field == Field::IpTos => flow.push((index, field, Value::Number(tos & 0xfc))),
                Some(value) => flow.push((index, field, value)),
                None => {}
            }
        }
    }
    flow
}
