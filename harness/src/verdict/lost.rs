//! What evidence was to have and has not.

use std::collections::BTreeSet;

use crate::capture::Liveness;
use crate::evidence::{Asked, Evidence, ScenarioEvidence, lab_digest};
use crate::lab::{Lab, Scenario};

use super::model::Outcome;

/// Why a recorded run as a whole cannot be believed to be all there was; `None`: nothing says so.
pub(crate) fn of_run(lab: &Lab, evidence: &Evidence) -> Option<String> {
    let manifest = &evidence.manifest;
    manifest.cut_short.as_ref().map(|why| format!("the run was cut short: {why}")).or_else(|| of_lab(lab, evidence))
}

/// Why the lab file in the folder cannot be the one that was run; `None`: nothing says so.
pub(crate) fn of_lab(lab: &Lab, evidence: &Evidence) -> Option<String> {
    let manifest = &evidence.manifest;
    if manifest.lab_sha256.as_ref().is_some_and(|digest| *digest != lab_digest(&evidence.lab)) {
        return Some("the lab file in the folder is not the one that was run: its SHA-256 is another".to_owned());
    }
    let mut listed = manifest.scenarios.iter().flatten();
    let unknown = listed.find(|listed| !lab.scenarios.iter().any(|scenario| scenario.name == listed.name));
    unknown.map(|listed| format!("the run had a scenario `{}`, which the lab file in the folder has not", listed.name))
}

/// What there is to say of a scenario that the evidence does not have. Skipped only where something says that nobody asked for it.
pub(crate) fn absent(evidence: &Evidence, name: &str) -> Outcome {
    let manifest = &evidence.manifest;
    let listed = manifest.listed(name);
    if listed.is_some_and(|listed| listed.asked == Asked::Not) {
        return Outcome::Skipped("not asked for in this run".to_owned());
    }
    if let Some(why) = &manifest.cut_short {
        return Outcome::Inconclusive(format!("the run was cut short: {why}"));
    }
    Outcome::Inconclusive(match (&manifest.scenarios, listed) {
        (Some(_), Some(_)) => "it was asked for, and the evidence does not have it".to_owned(),
        (Some(_), None) => "the evidence does not list it".to_owned(),
        // Folders of earlier builds have no list, but a run tells its scenarios among its phases.
        (None, _) => {
            let phase = |name: &str| manifest.phases.iter().any(|(phase, _)| phase == name);
            let tells = !evidence.scenarios.is_empty() && evidence.scenarios.iter().all(|recorded| phase(&recorded.name));
            match (phase(name), tells) {
                (true, _) => "it was carried out, and the evidence does not have it".to_owned(),
                (false, true) => return Outcome::Skipped("not asked for in this run".to_owned()),
                (false, false) => "the evidence does not say whether it was asked for".to_owned(),
            }
        }
    })
}

/// What was to be recorded of a scenario and is not there, or is there twice; `None`: all of it is there once.
pub(super) fn of_scenario(evidence: &Evidence, planned: &Scenario, recorded: &ScenarioEvidence) -> Option<String> {
    if planned.probe.is_some() && recorded.outcome.is_none() {
        return Some("the evidence does not say what the sender of the probe saw".to_owned());
    }
    let points = || recorded.recordings.iter().map(|recording| &recording.point);
    let state = || recorded.state.iter().map(|text| (&text.on, &text.run));
    let mut seen = BTreeSet::new();
    if let Some(twice) = points().find(|point| !seen.insert(*point)) {
        return Some(format!("there are two captures at {twice}"));
    }
    let mut seen = BTreeSet::new();
    if let Some((on, run)) = state().find(|command| !seen.insert(*command)) {
        return Some(format!("there are two outputs of `{run}` on {on}"));
    }
    let listed = match (&evidence.manifest.scenarios, evidence.manifest.listed(&planned.name)) {
        (None, _) => return None,
        (Some(_), None) => return Some("the evidence does not list it".to_owned()),
        (Some(_), Some(listed)) if listed.asked == Asked::Not => {
            return Some("the run was not asked for it, and yet the evidence has it".to_owned());
        }
        (Some(_), Some(listed)) => listed,
    };
    if let Some(point) = listed.points.iter().find(|wanted| !points().any(|point| point == *wanted)) {
        return Some(format!("the capture at {point} is not in the evidence"));
    }
    // Also where nothing is expected: what the run set out to record is not there.
    let gone = recorded.recordings.iter().find_map(|recording| match &recording.liveness {
        Liveness::NeverArmed(why) => Some((&recording.point, why)),
        _ => None,
    });
    if let Some((point, why)) = gone {
        return Some(format!("the capture at {point} is not in the evidence: {why}"));
    }
    let lost = listed.state.iter().find(|(on, run)| !state().any(|command| command == (on, run)));
    lost.map(|(on, run)| format!("what `{run}` printed on {on} is not in the evidence"))
}
