//! Lengths that depend on how long addresses are when they are spelt: `Host: 172.18.0.10:32000` is one byte longer than a document's
//! `Host: 172.18.0.3:32000`, and all that counts bytes behind it follows.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

use crate::expect::{LayerPattern, Pattern, Want};
use crate::journey::Leg;
use crate::lab::{Claim, CurlTarget, Lab, LabPod, Line, Probe, Scenario};
use crate::name::Symbol;
use crate::nettool::{answer_lengths, page, request_length};
use crate::packet::{Field, LayerKind, Value};
use crate::site::Facts;

use super::seen::Seen;

/// Positions behind this are no bytes of an exchange of ours: numbers as they stand in headers, not relative to a stream's start.
const STREAM: u64 = 1 << 16;
/// The fields that count a segment's data.
pub(crate) const LENGTHS: [Field; 4] = [Field::FrameLength, Field::IpLength, Field::UdpLength, Field::TcpLength];

/// By how much the streams of a probe's connection are longer on a site than in the document, or than on another site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    request: Stream,
    answer: Stream,
}

/// One direction, as the pieces that are sent in segments of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stream(Vec<Piece>);

/// A piece of a stream, of which the first byte has the position 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// The documented position behind it.
    end: i64,
    /// By how many bytes it and those before it are longer on the site; negative: shorter.
    longer: i64,
}

impl Spelling {
    /// Of what `planned` asks, and of who answers: the document spells a symbol as the literal that names bind to it, or else as the lab file does; on the
    /// site it is as facts have it. Nothing is longer where facts do not tell.
    pub(super) fn of(lab: &Lab, planned: &Scenario, facts: &Facts) -> Self {
        let document = |symbol: &Symbol| documented(lab, planned, symbol);
        Self::between(&Spelt { lab, planned, by: [&document, &|symbol: &Symbol| facts.values.get(symbol).cloned()] })
    }

    /// Of what `planned` asks, and of who answers, on two sites.
    pub(crate) fn of_sites(lab: &Lab, planned: &Scenario, facts: [&Facts; 2]) -> Self {
        let [one, other] = facts.map(|facts| move |symbol: &Symbol| facts.values.get(symbol).cloned());
        Self::between(&Spelt { lab, planned, by: [&one, &other] })
    }

    fn between(spelt: &Spelt<'_>) -> Self {
        let Some(probe @ Probe::Curl { .. }) = &spelt.planned.probe else { return Self::default() };
        Self { request: spelt.request(probe).unwrap_or_default(), answer: spelt.answer(probe).unwrap_or_default() }
    }

    /// The line with the positions and lengths that follow for the frame that it is held against.
    pub(super) fn derive(&self, line: &Line<Pattern>, seen: &Seen<'_>) -> Line<Pattern> {
        let mut line = line.clone();
        if *self == Self::default() {
            return line;
        }
        let (own, _) = self.ways(seen.leg);
        let longer = own.segment(&line.pattern.layers, seen);
        for part in line.pattern.layers.iter_mut().flat_map(|layer| &mut layer.fields) {
            if let Want::Exact(Value::Number(number)) = &mut part.want {
                *number = self.further(part.field, *number, seen.leg, longer);
            }
        }
        line
    }

    /// What a number of a packet that was seen on the first site, a position counted from its stream's start, is on the second.
    pub(crate) fn on_the_other(&self, seen: &Seen<'_>, field: Field, number: u64) -> u64 {
        let (own, _) = self.ways(seen.leg);
        let longer = data(seen).map_or(0, |data| own.at(data.end) - own.at(data.start));
        self.further(field, number, seen.leg, longer)
    }

    /// The stream that packets of this way are of, and the one that they acknowledge.
    fn ways(&self, leg: Leg) -> (&Stream, &Stream) {
        if leg == Leg::Request { (&self.request, &self.answer) } else { (&self.answer, &self.request) }
    }

    /// A position or length that follows, of a segment that is so much `longer`; all other numbers as they are.
    fn further(&self, field: Field, number: u64, leg: Leg, longer: i64) -> u64 {
        let (own, other) = self.ways(leg);
        let by = match field {
            Field::TcpSequence | Field::TcpSequenceEnd => own.at(number),
            Field::TcpAcknowledgment => other.at(number),
            _ if LENGTHS.contains(&field) => longer,
            _ => 0,
        };
        number.saturating_add_signed(by)
    }
}

impl Stream {
    /// Of pieces that are so long, documented and on the site.
    fn of(pieces: &[(usize, usize)]) -> Self {
        let (mut end, mut longer) = (1, 0);
        let piece = |(documented, real): &(usize, usize)| {
            let (documented, real) = (i64::try_from(*documented).unwrap_or(0), i64::try_from(*real).unwrap_or(0));
            end += documented;
            longer += real - documented;
            Piece { end, longer }
        };
        let pieces: Vec<Piece> = pieces.iter().map(piece).collect();
        Self(if pieces.iter().all(|piece| piece.longer == 0) { Vec::new() } else { pieces })
    }

    /// By how much a documented position is further on.
    fn at(&self, position: u64) -> i64 {
        let behind = |piece: &&Piece| position < STREAM && i64::try_from(position).is_ok_and(|position| piece.end <= position);
        self.0.iter().rev().find(behind).map_or(0, |piece| piece.longer)
    }

    /// The documented position that is this one on the site.
    fn documented(&self, position: u64) -> u64 {
        let behind = |piece: &&Piece| i64::try_from(position).is_ok_and(|position| piece.end + piece.longer <= position);
        position.saturating_add_signed(-self.0.iter().rev().find(behind).map_or(0, |piece| piece.longer))
    }

    /// By how much a segment is longer: by what the line says of its positions or, where it does not, by how much data the line has behind where
    /// that of the frame's innermost segment begins.
    fn segment(&self, layers: &[LayerPattern], seen: &Seen<'_>) -> i64 {
        let tcp = layers.iter().rev().find(|layer| layer.kind == LayerKind::Tcp);
        let stated = |field| tcp.and_then(|layer| number(layer, field));
        if let (Some(first), Some(last)) = (stated(Field::TcpSequence), stated(Field::TcpSequenceEnd)) {
            return self.at(last) - self.at(first);
        }
        let Some(data) = data(seen) else { return 0 };
        let first = self.documented(data.start);
        let length = stated(Field::TcpLength).or_else(|| data_of(layers, seen, data.end - data.start));
        length.map_or(0, |length| self.at(first + length) - self.at(first))
    }
}

/// How much data a line has, if it tells a length of a layer around it: as much less than the frame, which has so much `data`, as that is.
fn data_of(layers: &[LayerPattern], seen: &Seen<'_>, data: u64) -> Option<u64> {
    layers.iter().find_map(|layer| {
        let (field, stated) = LENGTHS.into_iter().find_map(|field| Some((field, number(layer, field)?)))?;
        match seen.stack.layers().iter().find(|other| other.kind() == layer.kind)?.get(field)? {
            Value::Number(observed) => (stated + data).checked_sub(observed),
            _ => None,
        }
    })
}

/// The positions of the data of a frame's innermost segment, counted from its stream's start; `None`: it has none.
fn data(seen: &Seen<'_>) -> Option<Range<u64>> {
    let layer = seen.stack.layers().iter().rposition(|layer| layer.kind() == LayerKind::Tcp)?;
    let number = |field| match seen.value(layer, field) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    };
    let first = number(Field::TcpSequence).filter(|first| (1..STREAM).contains(first))?;
    let length = number(Field::TcpLength).filter(|length| *length > 0)?;
    Some(first..first + length)
}

fn number(layer: &LayerPattern, field: Field) -> Option<u64> {
    match layer.fields.iter().find(|part| part.field == field)?.want {
        Want::Exact(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// How a symbol is spelt, if that is known.
type Spell<'a> = &'a dyn Fn(&Symbol) -> Option<String>;

/// How symbols are spelt where numbers were told, and where others follow from them.
struct Spelt<'a> {
    lab: &'a Lab,
    planned: &'a Scenario,
    by: [Spell<'a>; 2],
}

impl Spelt<'_> {
    fn request(&self, probe: &Probe) -> Option<Stream> {
        let (address, port) = self.lab.destination(probe);
        let length = |spelt: Spell<'_>| {
            let port = match (&port, probe) {
                (Some(symbol), _) => spelt(symbol)?.parse().ok()?,
                (None, Probe::Curl { to: CurlTarget::Pod { port, .. }, .. }) => *port,
                (None, _) => return None,
            };
            Some(request_length(SocketAddrV4::new(spelt(&address)?.parse::<Ipv4Addr>().ok()?, port)))
        };
        let [one, other] = self.by;
        Some(Stream::of(&[(length(one)?, length(other)?)]))
    }

    /// Of the pod that answers: the only one that can, or the only one that the document's answer names.
    fn answer(&self, probe: &Probe) -> Option<Stream> {
        let (targets, _) = self.lab.targets(probe);
        let named = || targets.iter().filter(|pod| self.is_named(pod));
        let pod = if let [only] = targets[..] { only } else { named().next().filter(|_| named().count() == 1)? };
        let [name, address] = ["name", "address"].map(|of| Symbol::new(format!("{}.{of}", pod.name)));
        let lengths = |spelt: Spell<'_>| Some(answer_lengths(&page(&spelt(&name)?, &spelt(&address)?)));
        let [one, other] = self.by;
        let ((head, body), (other_head, other_body)) = (lengths(one)?, lengths(other)?);
        Some(Stream::of(&[(head, other_head), (body, other_body)]))
    }

    fn is_named(&self, pod: &LabPod) -> bool {
        let symbol = Symbol::new(format!("{}.name", pod.name));
        let shown = |text: &str| self.planned.answers.iter().any(|line| line.judged().text.contains(text));
        shown(&format!("{{{symbol}}}")) || documented(self.lab, self.planned, &symbol).is_some_and(|name| shown(&name))
    }
}

/// A symbol as the document spells it, or as the lab file does. An address and the same with its prefix length are two symbols; a literal for one
/// tells the other.
fn documented(lab: &Lab, planned: &Scenario, symbol: &Symbol) -> Option<String> {
    let of_other = |suffix: &str, other: &str| literal(planned, &Symbol::new(format!("{}{other}", symbol.as_str().strip_suffix(suffix)?)));
    let in_lab = || lab.symbols().remove(symbol).flatten();
    let with_length = || Some(format!("{}/{}", of_other(".address", ".ip")?, in_lab()?.split_once('/')?.1));
    let without_length = || Some(of_other(".ip", ".address")?.split_once('/')?.0.to_owned());
    literal(planned, symbol).or_else(with_length).or_else(without_length).or_else(in_lab)
}

/// The literal that stands for a symbol, of several the one that this scenario's lines show.
fn literal(planned: &Scenario, symbol: &Symbol) -> Option<String> {
    let literals = || planned.names.iter().filter(|(_, bound)| *bound == symbol).map(|(literal, _)| literal);
    literals().find(|literal| is_shown(planned, literal)).or_else(|| literals().next()).cloned()
}

fn is_shown(planned: &Scenario, literal: &str) -> bool {
    let packets = planned.expect.iter().filter_map(|expectation| match &expectation.claim {
        Claim::Lines(lines) => Some(lines.iter().map(|line| line.documented.text.as_str())),
        Claim::None => None,
    });
    let answers = planned.answers.iter().map(|line| line.documented.text.as_str());
    packets.flatten().chain(answers).any(|text| text.contains(literal))
}
