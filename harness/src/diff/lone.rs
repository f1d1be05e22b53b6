//! Expectations that only one of two runs is asked: the lab says that the runs differ there, and why.

use crate::expect::Pattern;
use crate::lab::{Claim, Expectation, Extent, Scenario};
use crate::name::PointName;
use crate::packet::{Detail, Field, LayerKind};
use crate::site::Facts;
use crate::verdict::{ExpectationVerdict, LineVerdict, Outcome, ScenarioVerdict, when};

use super::packet::Packet;

/// An expectation at a point that only one run is asked.
pub(super) struct Lone<'a> {
    /// Which run is.
    side: usize,
    expectation: &'a Expectation,
    verdict: &'a ExpectationVerdict,
    because: &'a str,
}

/// Which run an expectation is asked of: both, one alone, or none; `Err`: the facts do not tell, by run.
pub(super) enum Asked {
    Both,
    /// Only the run of this index.
    One(usize),
    /// Neither: why.
    Neither(String),
    /// The facts of a run do not tell.
    Unknown([Option<String>; 2]),
}

impl Asked {
    pub(super) fn of(when: Option<&crate::lab::When>, facts: [&Facts; 2]) -> Self {
        match facts.map(|facts| when::not_asked(when, facts)) {
            [None, None] => Self::Both,
            [None, Some(Outcome::Skipped(_))] => Self::One(0),
            [Some(Outcome::Skipped(_)), None] => Self::One(1),
            [Some(Outcome::Skipped(why)), Some(Outcome::Skipped(_))] => Self::Neither(why),
            unknown => Self::Unknown(unknown.map(|outcome| match outcome {
                Some(Outcome::Inconclusive(why)) => Some(why),
                _ => None,
            })),
        }
    }
}

/// What only one run is asked at a point.
pub(super) fn at<'a>(point: &PointName, planned: &'a Scenario, verdicts: [&'a ScenarioVerdict; 2], facts: [&Facts; 2]) -> Vec<Lone<'a>> {
    let here = planned.expect.iter().enumerate().filter(|(_, expectation)| expectation.at == *point);
    here.filter_map(|(index, expectation)| {
        let when = expectation.when.as_ref()?;
        let Asked::One(side) = Asked::of(Some(when), facts) else { return None };
        Some(Lone { side, expectation, verdict: verdicts[side].expectations.get(index)?, because: &when.because })
    })
    .collect()
}

/// Why packets differ: in the field `place`, of the layers with these indexes, or, without one, as a whole. `None`: the lab gives no reason.
pub(super) fn explanation(lone: &[Lone<'_>], packets: [Option<&Packet<'_, '_>>; 2], place: Option<(Field, [usize; 2])>) -> Option<String> {
    let speaks_of_it = |lone: &&Lone<'_>| match packets[lone.side] {
        Some(packet) => lone.speaks_of(packet, place.map(|(field, layers)| (field, layers[lone.side]))),
        None => lone.claims_all(),
    };
    lone.iter().find(speaks_of_it).map(|lone| lone.because.to_owned())
}

impl Lone<'_> {
    /// Whether one of its lines stands for this packet, as it must be, and mentions the field.
    fn speaks_of(&self, packet: &Packet<'_, '_>, place: Option<(Field, usize)>) -> bool {
        let Claim::Lines(lines) = &self.expectation.claim else { return false };
        let printed = [Detail::Brief, Detail::Verbose].map(|detail| packet.seen.printed(detail).text.as_str());
        let is_this = |observed: Option<&str>| observed.is_some_and(|observed| printed.contains(&observed));
        let holds = |verdict: &LineVerdict| verdict.outcome == Outcome::Held && is_this(verdict.observed.as_deref());
        let mut mine = lines.iter().zip(&self.verdict.lines).filter(|(_, verdict)| holds(verdict));
        mine.any(|(line, _)| place.is_none_or(|(field, layer)| mentions(&line.judged().pattern, packet, field, layer)))
    }

    /// Whether it says, and rightly, that there is nothing besides what it documents.
    fn claims_all(&self) -> bool {
        let all = matches!(self.expectation.claim, Claim::None) || self.expectation.extent != Extent::Excerpt;
        all && self.verdict.outcome == Outcome::Held
    }
}

/// Whether a line that shows this packet mentions a field of the layer with this index in the packet.
fn mentions(pattern: &Pattern, packet: &Packet<'_, '_>, field: Field, layer: usize) -> bool {
    let is_link = |kind: &LayerKind| matches!(kind, LayerKind::Ethernet | LayerKind::Vlan);
    let shows_link = pattern.link.is_some() || pattern.layers.first().is_some_and(|layer| is_link(&layer.kind));
    let left_out = if shows_link { 0 } else { packet.kinds.iter().take_while(|kind| is_link(kind)).count() };
    let there = layer.checked_sub(left_out).and_then(|layer| pattern.layers.get(layer));
    there.is_some_and(|there| there.kind == packet.kinds[layer] && there.fields.iter().any(|part| part.field == field))
}
