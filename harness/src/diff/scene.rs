//! All that is known of one scenario in both runs.

use super::names::Names;
use crate::evidence::{Listed, ScenarioEvidence};
use crate::journey::{Journey, Stop};
use crate::lab::Scenario;
use crate::name::PointName;
use crate::packet::Hints;
use crate::site::Facts;
use crate::verdict::replaced::Proxy;
use crate::verdict::spelling::Spelling;
use crate::verdict::{ScenarioVerdict, belief, seen};

/// One scenario in both runs.
pub(super) struct Scene<'a> {
    pub(super) planned: &'a Scenario,
    pub(super) names: &'a Names<'a>,
    pub(super) facts: [&'a Facts; 2],
    /// The kube-proxy that the lab is about.
    pub(super) proxy: Option<Proxy<'a>>,
    /// What either run set out to record of it, as far as that is told.
    pub(super) listed: [Option<&'a Listed>; 2],
    pub(super) recorded: [&'a ScenarioEvidence; 2],
    pub(super) journeys: [Journey; 2],
    pub(super) verdicts: [&'a ScenarioVerdict; 2],
    pub(super) hints: &'a Hints,
    /// By how much the second run's streams are longer, for that is how its site spells addresses.
    pub(super) spelling: Spelling,
}

impl<'a> Scene<'a> {
    /// Every point that either run captured at, or was to: the first run's in path order, then those that only the second has.
    pub(super) fn points(&self) -> Vec<&'a PointName> {
        let mut points: Vec<&PointName> = Vec::new();
        let recorded = self.recorded.iter().flat_map(|recorded| recorded.recordings.iter().map(|recording| &recording.point));
        for point in recorded.chain(self.listed.iter().flatten().flat_map(|listed| &listed.points)) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }

    /// The name of the interface behind a point, as far as it is known.
    pub(super) fn interface(&self, side: usize, point: &PointName) -> String {
        let captured = self.recorded[side].recordings.iter().find(|recording| recording.point == *point);
        let known = captured.map(|recording| &recording.interface).or_else(|| Some(&self.facts[side].points.get(point)?.interface));
        known.cloned().unwrap_or_default()
    }

    /// What a run saw of the probe at a point.
    ///
    /// # Errors
    /// Why its capture there proves nothing. What is to be the same as another capture must be all that there was, no more and no less.
    pub(super) fn seen(&self, side: usize, point: &PointName) -> Result<Vec<seen::Seen<'a>>, String> {
        let recorded = self.recorded[side];
        let silence = belief::never_left(recorded.outcome.as_ref())
            .or_else(|| belief::never_listened(&recorded.recordings, point, &self.facts[side].points));
        if let Some(why) = silence {
            return Err(why);
        }
        let (recording, stop) = self.at(side, point).ok_or_else(|| format!("nothing was captured at {point}"))?;
        let elsewhere = || stop.sightings.is_empty().then(|| belief::seen_nowhere(&self.journeys[side], point)).flatten();
        if let Some(why) = belief::promiscuous(recording).or_else(|| belief::may_have_missed(recording)).or_else(elsewhere) {
            return Err(why);
        }
        match seen::at(stop, recording, self.hints) {
            (seen, 0) => Ok(seen),
            (seen, more) => Err(format!("the probe was seen {} times at {point}, more than are looked at", seen.len() + more)),
        }
    }

    fn at(&self, side: usize, point: &PointName) -> Option<(&'a crate::capture::Recording, &Stop)> {
        let stop = self.journeys[side].stops.iter().find(|stop| stop.point == *point)?;
        Some((self.recorded[side].recordings.get(stop.recording)?, stop))
    }
}
