//! Two packets, and what differs in words.

use super::lone::{Lone, explanation};
use super::model::{Difference, Pair};
use super::names::Names;
use super::numbers::Numbers;
use super::packet::{Held, Packet, Relation, held};
use crate::packet::{Detail, Field};
use crate::verdict::compare::spell_layers;
use crate::verdict::spelling::Spelling;

/// What two packets of a point are held against each other by.
pub(super) struct Terms<'t, 'a> {
    pub(super) names: &'t Names<'a>,
    pub(super) numbers: &'t mut Numbers,
    /// What follows from how either site spells its addresses.
    pub(super) spelling: &'t Spelling,
    /// What only one of the runs is asked at the point.
    pub(super) lone: &'t [Lone<'a>],
}

/// A field that differs, and its layer in either packet.
struct Found {
    field: Field,
    layers: [usize; 2],
    note: Option<String>,
}

/// Holds two packets against each other, of which a note says that they were found `at`.
pub(super) fn pair(what: &str, at: &str, packets: [&Packet<'_, '_>; 2], terms: &mut Terms<'_, '_>) -> Pair {
    let cut = packets.map(|packet| packet.seen.is_cut());
    let mut fields = 0;
    let mut found = Vec::new();
    for Held { field, layers, relation } in held(packets, terms.names) {
        fields += 1;
        // What was not kept may have been there.
        let missed = (0..2).any(|side| cut[side] && !packets[side].has(layers[side], field));
        let note = match relation {
            Relation::Numbers(pair) => {
                match terms.numbers.bind(field, Some((packets[0].seen.leg, packets[0].headers_below(layers[0]))), pair, at) {
                    Ok(()) => continue,
                    Err(clash) => Some(clash),
                }
            }
            Relation::Other if !missed => None,
            Relation::Other | Relation::Same => continue,
        };
        found.push(Found { field, layers, note });
    }
    let detail = detail(&found, packets);
    let mut differences = if cut == [false; 2] { shape(packets, terms.lone) } else { Vec::new() };
    differences.extend(found.into_iter().map(|found| in_words(found, detail, packets, terms.lone)));
    Pair {
        what: what.to_owned(),
        lab_line: None,
        texts: packets.map(|packet| Some(packet.seen.printed(detail).text.clone())),
        fields,
        differences,
        unknown: cut.map(|cut| cut.then(|| "too little of the packet was kept to see all its headers".to_owned())),
    }
}

/// A packet that the other run has no counterpart of; by run, why that may be a matter of time alone.
pub(super) fn alone(what: &str, packets: [Option<&Packet<'_, '_>>; 2], excuses: [Option<String>; 2], lone: &[Lone<'_>]) -> Pair {
    let difference = Difference {
        field: "packet".to_owned(),
        values: packets.map(|packet| packet.map_or("not seen", |_| "seen").to_owned()),
        spans: [None, None],
        note: None,
        explained: explanation(lone, packets, None),
    };
    Pair {
        what: what.to_owned(),
        lab_line: None,
        texts: packets.map(|packet| packet.map(|packet| packet.seen.printed(Detail::Brief).text.clone())),
        fields: 0,
        differences: if excuses == [None, None] { vec![difference] } else { Vec::new() },
        unknown: excuses,
    }
}

/// How much must be printed to show all that differs.
fn detail(found: &[Found], packets: [&Packet<'_, '_>; 2]) -> Detail {
    let only_verbose = |found: &Found| {
        (0..2).any(|side| {
            let shown = |detail| packets[side].seen.span(detail, found.layers[side], found.field).is_some();
            shown(Detail::Verbose) && !shown(Detail::Brief)
        })
    };
    if found.iter().any(only_verbose) { Detail::Verbose } else { Detail::Brief }
}

/// What differs of the packets as a whole: their layers, and why there are no more of them.
fn shape(packets: [&Packet<'_, '_>; 2], lone: &[Lone<'_>]) -> Vec<Difference> {
    let layers = packets.map(|packet| spell_layers(&packet.kinds));
    let ends = packets.map(|packet| packet.seen.stack.stop().map_or_else(|| "whole".to_owned(), ToString::to_string));
    let differing = [("layers", layers), ("the end", ends)].into_iter().filter(|(_, [one, other])| one != other);
    let difference = |(field, values): (&str, _)| Difference {
        field: field.to_owned(),
        values,
        spans: [None, None],
        note: None,
        explained: explanation(lone, packets.map(Some), None),
    };
    differing.map(difference).collect()
}

fn in_words(found: Found, detail: Detail, packets: [&Packet<'_, '_>; 2], lone: &[Lone<'_>]) -> Difference {
    let Found { field, layers, note } = found;
    Difference {
        field: field.name_in(packets[0].kinds[layers[0]]),
        values: [0, 1].map(|side| packets[side].spell(detail, layers[side], field)),
        spans: [0, 1].map(|side| packets[side].seen.span(detail, layers[side], field)),
        note,
        explained: explanation(lone, packets.map(Some), Some((field, layers))),
    }
}
