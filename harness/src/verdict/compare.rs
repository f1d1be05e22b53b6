//! One documented line against one frame.

use std::ops::Range;

use super::names::{Names, value};
use super::seen::Seen;
use crate::expect::{FieldPattern, LayerPattern, Pattern, Want};
use crate::lab::Line;
use crate::packet::{Detail, Field, LayerKind, LinkType, Value};

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
    pub(super) field: Field,
    pub(super) name: String,
    pub(super) documented: u64,
    pub(super) observed: u64,
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
            Field::IpTtl | Field::IpTos | Field::IpId | Field::IpOffset | Field::IpFlags | Field::IpProtocol | Field::IpLength
        )
    };
    let verbose = pattern.layers.iter().flat_map(|layer| &layer.fields).any(in_parenthesis);
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
    let pairs = pair(line, seen, &mut found);
    for (layer, index) in pairs {
        for part in &layer.fields {
            field(line, layer, part, index, seen, names, &mut found);
        }
    }
    found
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
    let Some(observed) = seen.value(index, part.field) else {
        if seen.is_cut() {
            found.doubts.push(format!("too little of the frame was captured to see its {name}"));
        } else {
            let observed = "nothing".to_owned();
            let (documented_span, documented) = (Some(part.span.clone()), documented.to_owned());
            found.differences.push(Difference {
                field: name,
                expected: documented.clone(),
                documented,
                observed,
                documented_span,
                observed_span,
            });
        }
        return;
    };
    let expected = match &part.want {
        Want::Exact(value) if *value == observed => return,
        Want::Exact(_) => documented.to_owned(),
        Want::Variable(number) => {
            if let Value::Number(observed) = observed {
                let documented_span = part.span.clone();
                found.uses.push(Use { field: part.field, name, documented: *number, observed, documented_span, observed_span });
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

/// What an address or placeholder of a line stands for.
pub(super) fn stands_for<'n>(part: &FieldPattern, documented: &str, names: Names<'n>) -> Result<&'n str, String> {
    match &part.want {
        Want::Name(symbol) => names.symbol(symbol),
        _ => names.literal(documented),
    }
}
