//! A run against its lab.

use super::belief;
use super::deviation::{Deviation, Search};
use super::model::{ExpectationVerdict, Outcome, RunVerdict, ScenarioVerdict};
use super::names::Names;
use super::outcome::{do_not_hold, worst};
use super::point::{self, Scene};
use super::replaced::Proxy;
use super::spelling::Spelling;
use super::tracked::Flows;
use super::unify::Meaning;
use super::variables::Variables;
use super::{answer, lost, replaced, seen, state, when};
use crate::evidence::{Evidence, ScenarioEvidence};
use crate::journey;
use crate::lab::{Lab, Probe, Scenario};
use crate::name::PointName;
use crate::packet::Hints;
use crate::plan::Plan;
use crate::site::Facts;

/// Judges the evidence of a run of `plan`'s lab.
///
/// Held means proven. What was seen and is wrong is broken, whatever else was missed; what was *not* seen, or was to be absent, counts only if
/// the capture there is proven to have missed nothing. All else is inconclusive, with a reason that names the point. A scenario of which there
/// is no evidence is skipped only where the evidence says that nobody asked for it; what was to be recorded and is not there, needed or not,
/// makes its scenario inconclusive, and so does a lab file that is not the one that was run the whole.
pub fn judge(plan: &Plan, evidence: &Evidence) -> RunVerdict {
    let lab = &plan.lab;
    let mut verdict = RunVerdict {
        lab: lab.name.clone(),
        run: evidence.manifest.run.clone(),
        backend: evidence.manifest.backend.clone(),
        outcome: Outcome::Held,
        scenarios: Vec::new(),
    };
    if let Some(fault) = not_of_this_lab(lab, evidence) {
        verdict.outcome = Outcome::Fault(fault);
        return verdict;
    }
    let hints = lab.hints();
    verdict.scenarios = lab.scenarios.iter().map(|planned| scenario(lab, planned, evidence, &hints)).collect();
    let lost = lost::of_run(lab, evidence).map(Outcome::Inconclusive);
    // Without any evidence nothing was asserted, and to skip everything is no answer.
    let nothing = Outcome::Inconclusive("nothing was asserted".to_owned());
    let nothing = (evidence.scenarios.is_empty() || lab.scenarios.is_empty()).then_some(nothing);
    let parts = nothing.iter().chain(&lost).chain(verdict.scenarios.iter().map(|scenario| &scenario.outcome));
    if let Some(outcome) = worst(parts, |broken| do_not_hold(broken, "scenario")) {
        verdict.outcome = outcome;
    }
    verdict
}

/// Why the evidence cannot be that of a run of this lab.
fn not_of_this_lab(lab: &Lab, evidence: &Evidence) -> Option<String> {
    if evidence.manifest.lab != lab.name {
        return Some(format!("the evidence is of the lab `{}`, not of `{}`", evidence.manifest.lab, lab.name));
    }
    for (index, recorded) in evidence.scenarios.iter().enumerate() {
        if !lab.scenarios.iter().any(|planned| planned.name == recorded.name) {
            return Some(format!("the evidence has a scenario `{}`, which the lab has not", recorded.name));
        }
        if evidence.scenarios[..index].iter().any(|other| other.name == recorded.name) {
            return Some(format!("the evidence has the scenario `{}` twice", recorded.name));
        }
    }
    None
}

fn scenario(lab: &Lab, planned: &Scenario, evidence: &Evidence, hints: &Hints) -> ScenarioVerdict {
    let facts = &evidence.facts;
    let mut verdict = ScenarioVerdict {
        name: planned.name.clone(),
        probe: planned.probe.as_ref().map(|probe| probe_in_words(lab, probe, facts)),
        outcome: Outcome::Inconclusive("nothing is expected of it".to_owned()),
        deviation: None,
        expectations: Vec::new(),
        unasserted: Vec::new(),
        variables: Vec::new(),
    };
    let Some(recorded) = evidence.scenarios.iter().find(|recorded| recorded.name == planned.name) else {
        verdict.outcome = lost::absent(evidence, &planned.name);
        return verdict;
    };
    let names = Names { table: &planned.names, values: &facts.values };
    let journey = journey::trace(recorded, hints);
    let echoes = planned.probe.as_ref().map_or(1, |probe| usize::from(probe.count()));
    let spelling = Spelling::of(lab, planned, facts);
    let never_left = belief::never_left(recorded.outcome.as_ref());
    let servers = &lab.server_ports();
    let scene = Scene {
        names,
        recordings: &recorded.recordings,
        journey: &journey,
        hints,
        points: &facts.points,
        servers,
        never_left,
        echoes,
        spelling: &spelling,
    };
    let mut variables = Variables::default();
    verdict.expectations = expectations(planned, recorded, facts, replaced::wanted(lab, planned), &scene, &mut variables);
    verdict.variables = variables.spell();
    verdict.unasserted = unasserted(planned, &verdict.expectations, &scene);
    let lost = lost::of_scenario(evidence, planned, recorded).map(Outcome::Inconclusive);
    let parts = verdict.expectations.iter().map(|expectation| &expectation.outcome).chain(&lost);
    if let Some(outcome) = worst(parts, |broken| do_not_hold(broken, "expectation")) {
        verdict.outcome = outcome;
    }
    let path = planned.probe.as_ref().map(|probe| lab.path(probe)).unwrap_or_default();
    verdict.deviation = first_deviation(planned, recorded, &scene, &verdict.expectations, &path);
    verdict
}

/// Where it starts, if it is broken.
fn first_deviation(
    planned: &Scenario,
    recorded: &ScenarioEvidence,
    scene: &Scene<'_>,
    verdicts: &[ExpectationVerdict],
    path: &[PointName],
) -> Option<Deviation> {
    Search { planned, verdicts, scene, path, outcome: recorded.outcome.as_ref() }.first()
}

/// Points first in path order, then the answer, then state.
fn expectations(
    planned: &Scenario,
    recorded: &ScenarioEvidence,
    facts: &Facts,
    proxy: Option<Proxy<'_>>,
    scene: &Scene<'_>,
    variables: &mut Variables,
) -> Vec<ExpectationVerdict> {
    let mut verdicts = Vec::with_capacity(planned.expect.len() + planned.state.len());
    for expectation in &planned.expect {
        let mut verdict = match when::not_asked(expectation.when.as_ref(), facts) {
            Some(outcome) => point::unasked(expectation, &outcome, scene.names, variables),
            None => point::judge(expectation, scene, variables),
        };
        if verdict.interface.is_empty()
            && let Some(fact) = facts.points.get(&expectation.at)
        {
            verdict.interface.clone_from(&fact.interface);
        }
        verdicts.push(verdict);
    }
    let meaning = Meaning::of(scene.names, variables);
    verdicts.extend(answer::judge(&planned.answers, recorded.outcome.as_ref(), meaning));
    let flows = planned.probe.as_ref().map(|_| Flows::of(scene));
    for expectation in &planned.state {
        let elsewhere = when::not_asked(expectation.when.as_ref(), facts).or_else(|| replaced::not_here(proxy, facts, expectation));
        verdicts.push(match elsewhere {
            Some(outcome) => state::unasked(expectation, &outcome, Meaning::of(scene.names, variables)),
            None => state::judge(expectation, &recorded.state, scene.names, variables, flows.as_ref()),
        });
    }
    verdicts
}

/// The points that were captured at although nothing was asked there, with what they saw of the probe.
fn unasserted(planned: &Scenario, verdicts: &[ExpectationVerdict], scene: &Scene<'_>) -> Vec<(PointName, Vec<String>)> {
    let asked = |point: &PointName| {
        planned
            .expect
            .iter()
            .zip(verdicts)
            .any(|(expectation, verdict)| expectation.at == *point && !matches!(verdict.outcome, Outcome::Skipped(_)))
    };
    let stops = scene.journey.stops.iter().filter(|stop| !asked(&stop.point));
    stops
        .filter_map(|stop| {
            let (seen, more) = seen::at(stop, scene.recordings.get(stop.recording)?, scene.hints);
            Some((stop.point.clone(), point::print(seen.iter(), more)))
        })
        .collect()
}

/// `pod1 pings pod3 (10.244.146.205)`.
fn probe_in_words(lab: &Lab, probe: &Probe, facts: &Facts) -> String {
    let (address, port) = lab.destination(probe);
    let port = port.and_then(|port| facts.values.get(&port)).map(|port| format!(":{port}")).unwrap_or_default();
    match facts.values.get(&address) {
        Some(address) => format!("{probe} ({address}{port})"),
        None => probe.to_string(),
    }
}
