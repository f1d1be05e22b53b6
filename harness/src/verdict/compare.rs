//! One documented line against one frame.

use std::ops::Range;

use super::names::{Names, value};
use super::seen::Seen;
use super::variables::{Kind, Numbers};
use crate::expect::{FieldPattern, LayerPattern, Part, Pattern, Want};
use crate::journey::Leg;
use crate::lab::Line;
use crate::packet::{Cause, Detail, Field, LayerKind, LinkType, Value, mark_meaning};

/// One field that is not as the line says.
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) documented: String,
    pub(super) expected: String,
    pub(super) observed: String,
    /// Where it stands in the documented line.
    pub(super) documented_span: Option<Range<usize>>,
    /// Where it stands in the frame as printed.
    pub(super) observed_span: Option<Range<usize>>,
}

/// A number of the line that differs from run to run, and what the frame has in its place.
pub(super) struct Use {
    pub(super) name: String,
    pub(super) numbers: Numbers,
    pub(super) documented_span: Range<usize>,
    pub(super) observed_span: Option<Range<usize>>,
}

/// What came of a comparison.
#[derive(Default)]
pub(super) struct Comparison {
    /// What is proven to differ.
    pub(super) differences: Vec<Difference>,
    /// What cannot be told, and why.
    pub(super) doubts: Vec<String>,
    /// The numbers whose agreement is a matter of the whole scenario.
    pub(super) uses: Vec<Use>,
    /// The stacks of layers differ.
    pub(super) other_shape: bool,
}

/// How much of a frame must be printed to show what a line shows.
pub(super) fn detail(pattern: &Pattern) -> Detail {
    let in_parenthesis = |part: &FieldPattern| {
        matches!(
            part.field,
            Field::IpTtl
                | Field::IpTos
                | Field::IpId
                | Field::IpOffset
                | Field::IpFlags
                | Field::IpFlowLabel
                | Field::IpProtocol
                | Field::IpLength
        )
    };
    let verbose_parts = [Part::ZeroId, Part::FlowLabel, Part::Checksum, Part::Quoted, Part::Discovery];
    let open = pattern.open.iter().any(|open| verbose_parts.contains(&open.part));
    let verbose = open || pattern.layers.iter().flat_map(|layer| &layer.fields).any(in_parenthesis);
    if verbose { Detail::Verbose } else { Detail::Brief }
}

/// Compares a frame with a line; variables aside, which are only collected.
pub(super) fn compare(line: &Line<Pattern>, seen: &Seen<'_>, names: Names<'_>) -> Comparison {
    let mut found = Comparison::default();
    if line.pattern.link.is_some_and(|link| link != seen.link) {
        found.other_shape = true;
        let spell = |link| if link == LinkType::Ethernet { "Ethernet" } else { "none (`ip:`)" };
        let documented = line.pattern.link.map_or("", spell);
        found.differences.push(whole("link layer", documented.to_owned(), spell(seen.link).to_owned()));
    }
    let doubt = marks(line, seen, &mut found);
    let pairs = pair(line, seen, &mut found);
    for (layer, index) in pairs {
        for part in &layer.fields {
            field(line, layer, part, index, seen, names, &mut found);
        }
    }
    found.doubts.extend(doubt);
    found
}

/// What tcpdump complains of in one of the two only. What it says because the capture ends, and not the packet, proves nothing: that is a doubt.
fn marks(line: &Line<Pattern>, seen: &Seen<'_>, found: &mut Comparison) -> Option<String> {
    const NOTHING: &str = "nothing";
    let printed = seen.printed(detail(&line.pattern));
    let mut left: Vec<_> = line.pattern.marks.iter().collect();
    let mut differ = |documented: &str, observed: &str, documented_span, observed_span| {
        let (field, documented, observed) = ("mark".to_owned(), documented.to_owned(), observed.to_owned());
        found.differences.push(Difference { field, expected: documented.clone(), documented, observed, documented_span, observed_span });
    };
    let mut cut = false;
    for mark in &printed.marks {
        let text = printed.text.get(mark.span.clone()).unwrap_or_default();
        let meaning = |span: &Range<usize>| mark_meaning(line.text.get(span.clone()).unwrap_or_default());
        if let Some(index) = left.iter().position(|other| other.depth == mark.depth && meaning(&other.span) == mark_meaning(text)) {
            left.remove(index);
        } else if mark.cause == Cause::Cut && seen.is_short {
            cut = true;
        } else {
            differ(NOTHING, text, None, Some(mark.span.clone()));
        }
    }
    for mark in left {
        if seen.is_short {
            cut = true;
        } else {
            differ(line.text.get(mark.span.clone()).unwrap_or_default(), NOTHING, Some(mark.span.clone()), None);
        }
    }
    cut.then(|| "too little of the frame was captured to tell whether it is whole".to_owned())
}

/// A difference of the whole line.
fn whole(field: &str, documented: String, observed: String) -> Difference {
    Difference { field: field.to_owned(), expected: documented.clone(), documented, observed, documented_span: None, observed_span: None }
}

/// Which layer of the line is held against which layer of the frame: one by one if the stacks are alike; otherwise the link layer and, from the
/// innermost layer outwards, as many as are alike, so that what differs besides is told, too.
fn pair<'p>(line: &'p Line<Pattern>, seen: &Seen<'_>, found: &mut Comparison) -> Vec<(&'p LayerPattern, usize)> {
    let wanted = &line.pattern.layers;
    let mut there: Vec<(usize, LayerKind)> = seen.stack.layers().iter().map(crate::packet::Layer::kind).enumerate().collect();
    there.retain(|(_, kind)| *kind != LayerKind::Payload);
    if wanted.first().is_some_and(|layer| !is_link(layer.kind)) && line.pattern.link.is_none() {
        let link_layers = there.iter().take_while(|(_, kind)| is_link(*kind)).count();
        there.drain(..link_layers);
    }
    // `UDP, length 84` is all that tcpdump prints of a tunnel that it does not know, so such a line says nothing of what is inside.
    let is_udp = |kind: Option<LayerKind>| kind == Some(LayerKind::Udp);
    if is_udp(wanted.last().map(|layer| layer.kind)) && is_udp(wanted.len().checked_sub(1).and_then(|last| Some(there.get(last)?.1))) {
        there.truncate(wanted.len());
    }
    let kinds: [Vec<LayerKind>; 2] = [wanted.iter().map(|layer| layer.kind).collect(), there.iter().map(|(_, kind)| *kind).collect()];
    let other_layers = kinds[0] != kinds[1];
    found.other_shape |= other_layers;
    if other_layers && seen.is_cut() {
        found.doubts.push("too little of the frame was captured to see all its headers".to_owned());
    } else if other_layers {
        found.differences.push(whole("layers", spell_layers(&kinds[0]), spell_layers(&kinds[1])));
    }
    alike(&kinds[0], &kinds[1]).into_iter().map(|(layer, other)| (&wanted[layer], there[other].0)).collect()
}

fn is_link(kind: LayerKind) -> bool {
    matches!(kind, LayerKind::Ethernet | LayerKind::Vlan)
}

/// The layers of a stack, outermost first: `Ethernet, IPv4, ICMP`.
pub(crate) fn spell_layers(kinds: &[LayerKind]) -> String {
    kinds.iter().map(LayerKind::to_string).collect::<Vec<_>>().join(", ")
}

/// Which layers of two stacks belong together, by index: the link layers from the outermost inwards and all others from the innermost
/// outwards, as many as are alike.
pub(crate) fn alike(one: &[LayerKind], other: &[LayerKind]) -> Vec<(usize, usize)> {
    let head = one.iter().zip(other).take_while(|(one, other)| one == other && is_link(**one)).count();
    let tail = one[head..].iter().rev().zip(other[head..].iter().rev()).take_while(|(one, other)| one == other).count();
    let inner = (0..tail).map(|index| (one.len() - tail + index, other.len() - tail + index));
    (0..head).map(|index| (index, index)).chain(inner).collect()
}

/// Compares one field.
fn field(
    line: &Line<Pattern>,
    layer: &LayerPattern,
    part: &FieldPattern,
    index: usize,
    seen: &Seen<'_>,
    names: Names<'_>,
    found: &mut Comparison,
) {
    let documented = line.text.get(part.span.clone()).unwrap_or_default();
    let name = part.field.name_in(layer.kind);
    let observed_span = seen.span(detail(&line.pattern), index, part.field);
    // The printed positions of a stream are relative to its start, which an absolute number is not.
    let observed = match part.want {
        Want::Variable(_) => seen.stack.layers().get(index).and_then(|layer| layer.get(part.field)),
        _ => seen.value(index, part.field),
    };
    let Some(observed) = observed else {
        if seen.may_have_lost(part.field) {
            found.doubts.push(format!("too little of the frame was captured to see its {name}"));
        } else {
            let documented_span = Some(part.span.clone());
            found.differences.push(Difference {
                documented_span,
                observed_span,
                ..whole(&name, documented.to_owned(), "nothing".to_owned())
            });
        }
        return;
    };
    let expected = match &part.want {
        Want::Exact(value) if *value == observed => return,
        Want::Exact(Value::Number(number)) if documented.parse::<u64>().is_ok() => number.to_string(),
        Want::Exact(_) => documented.to_owned(),
        Want::Variable(number) => {
            if let Some(numbers) = numbers((part.field, layer), *number, &observed, seen.leg) {
                found.uses.push(Use { name, numbers, documented_span: part.span.clone(), observed_span });
                return;
            }
            documented.to_owned()
        }
        Want::Literal(_) | Want::Name(_) => match stands_for(part, documented, names) {
            Ok(expected) if value(expected) == observed => return,
            Ok(expected) => expected.to_owned(),
            Err(doubt) => {
                found.doubts.push(doubt);
                return;
            }
        },
    };
    let printed = observed_span.clone().and_then(|span| seen.printed(detail(&line.pattern)).text.get(span)).map(str::to_owned);
    found.differences.push(Difference {
        field: name,
        documented: documented.to_owned(),
        expected,
        observed: printed.unwrap_or_else(|| observed.to_string()),
        documented_span: Some(part.span.clone()),
        observed_span,
    });
}

/// A documented number that differs from run to run, and what a frame has in its place; `None`: that is none.
fn numbers((field, layer): (Field, &LayerPattern), documented: u64, observed: &Value, leg: Leg) -> Option<Numbers> {
    let kind = Kind::of_part(field, layer);
    let Value::Number(observed) = *observed else { return None };
    // RFC 7323 section 3.2: a time stamp of 0 is none.
    (kind != Kind::Timestamp || observed != 0).then(|| Numbers {
        kind,
        is_injective: kind.is_injective() || (kind == Kind::Timestamp && is_handshake(layer)),
        lacks_server: kind.is_port() && !shows_server(layer),
        stream: stream(field, leg),
        documented,
        observed,
    })
}

/// Which way the bytes go that a sequence or acknowledgment number of a segment counts.
fn stream(field: Field, leg: Leg) -> Option<Leg> {
    match (field, leg) {
        (Field::TcpSequence | Field::TcpSequenceEnd, leg) => Some(leg),
        (Field::TcpAcknowledgment, Leg::Request) => Some(Leg::Reply),
        (Field::TcpAcknowledgment, Leg::Reply) => Some(Leg::Request),
        _ => None,
    }
}

/// A segment of a handshake, whose two time stamps are of two clocks; behind it a clock may not have moved on between two segments.
fn is_handshake(layer: &LayerPattern) -> bool {
    let flags = layer.fields.iter().find(|part| part.field == Field::TcpFlags);
    flags.is_some_and(|part| matches!(&part.want, Want::Exact(Value::Text(flags)) if flags.contains('S')))
}

/// Whether one of the layer's ports does not differ from run to run.
fn shows_server(layer: &LayerPattern) -> bool {
    layer.fields.iter().any(|part| Kind::of_part(part.field, layer).is_port() && !matches!(part.want, Want::Variable(_)))
}

/// The ports of a pattern that do not differ from run to run, as far as they are known, and how each is documented.
pub(super) fn fixed_ports(line: &Line<Pattern>, names: Names<'_>) -> Vec<(Kind, u64, String)> {
    let parts = line.pattern.layers.iter().flat_map(|layer| layer.fields.iter().map(move |part| (Kind::of_part(part.field, layer), part)));
    let fixed = parts.filter(|(kind, _)| kind.is_port()).filter_map(|(kind, part)| {
        let documented = line.text.get(part.span.clone())?;
        let number = match &part.want {
            Want::Exact(Value::Number(number)) => *number,
            Want::Name(symbol) => names.symbol(symbol).ok()?.parse().ok()?,
            _ => return None,
        };
        Some((kind, number, documented.to_owned()))
    });
    fixed.collect()
}

/// What an address or placeholder of a line stands for.
pub(super) fn stands_for<'n>(part: &FieldPattern, documented: &str, names: Names<'n>) -> Result<&'n str, String> {
    match &part.want {
        Want::Name(symbol) => names.symbol(symbol),
        _ => names.literal(documented),
    }
}
