//! Two runs against each other.

use super::model::{Diff, ScenarioDiff, Side, Standing};
use super::names::Names;
use super::numbers::Numbers;
use super::point::point;
use super::problem::DiffError;
use super::scene::Scene;
use super::state::states;
use crate::evidence::Evidence;
use crate::journey;
use crate::lab::{Lab, Scenario};
use crate::packet::Hints;
use crate::plan::Plan;
use crate::verdict::spelling::Spelling;
use crate::verdict::{self, Outcome, RunVerdict, lost, replaced};

/// A recorded run and the plan of its lab.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The plan of the lab file that is in the evidence.
    pub plan: &'a Plan,
    /// What was recorded.
    pub evidence: &'a Evidence,
}

/// Holds two runs of one lab against each other: what was seen of the probe at every point, field by field, and every documented line of
/// commands' output, word by word.
///
/// Two values are the same if they are equal or stand for the same symbol, each in its own run; equal addresses that are known to be of
/// two symbols are not. Numbers that differ from run to run (ICMP ids and sequence numbers, IP ids, clients' ports, TCP sequence numbers, time
/// stamps of a handshake) must stand for each other one to one over a scenario, and positions in a stream, counted from its start, be equal. Behind
/// the handshake a time stamp need only be there, for it is a clock's. Payloads are compared by their lengths, and checksums of layer 4 not
/// at all, for captures cannot tell them. Where one site spells an address longer that a request or our answer holds, lengths and positions behind it
/// must differ by just that. All else that is not equal differs, also a packet too many or too few, and the order within a flow.
///
/// A difference is explained only by the lab: by a `when` that has an expectation asked of one of the runs only, or by a word that its line leaves
/// open. Nothing is said of a point whose capture may have missed something, or was not there, in either run. The first run's lab file is held
/// against both.
///
/// # Errors
/// The runs are of two labs, or their labs have other scenarios, or the evidence does not fit.
pub fn compare(one: Recorded<'_>, other: Recorded<'_>) -> Result<Diff, DiffError> {
    let runs = [one, other];
    let lab = &one.plan.lab;
    of_one_lab(lab, &other.plan.lab)?;
    let verdicts = runs.map(|run| verdict::judge(one.plan, run.evidence));
    for verdict in &verdicts {
        fits(verdict)?;
    }
    for run in runs {
        if let Some(why) = lost::of_lab(&run.plan.lab, run.evidence) {
            return Err(DiffError::Misfit { run: run.evidence.manifest.run.clone(), why });
        }
    }
    let evidence = runs.map(|run| run.evidence);
    let names = Names::of(lab, evidence.map(|evidence| &evidence.facts));
    let hints = lab.hints();
    let scenarios = lab.scenarios.iter().enumerate().map(|planned| scenario(planned, lab, evidence, &verdicts, &names, &hints));
    Ok(Diff {
        lab: lab.name.clone(),
        lab_changed: one.evidence.lab != other.evidence.lab,
        sides: evidence.map(|evidence| Side {
            run: evidence.manifest.run.clone(),
            backend: evidence.manifest.backend.clone(),
            versions: evidence.facts.versions.clone(),
        }),
        scenarios: scenarios.collect(),
    })
}

fn of_one_lab(one: &Lab, other: &Lab) -> Result<(), DiffError> {
    if one.name != other.name {
        return Err(DiffError::Labs { one: one.name.clone(), other: other.name.clone() });
    }
    let only = |lab: &Lab, other: &Lab| {
        let is_missing = |name: &&String| !other.scenarios.iter().any(|scenario| scenario.name == **name);
        lab.scenarios.iter().map(|scenario| &scenario.name).filter(is_missing).map(|name| format!("`{name}`")).collect::<Vec<_>>()
    };
    let names = [only(one, other), only(other, one)].concat();
    if names.is_empty() { Ok(()) } else { Err(DiffError::Scenarios { names }) }
}

/// A verdict without scenarios is a fault: the evidence is of another lab.
fn fits(verdict: &RunVerdict) -> Result<(), DiffError> {
    match &verdict.outcome {
        Outcome::Fault(why) if verdict.scenarios.is_empty() => Err(DiffError::Misfit { run: verdict.run.clone(), why: why.clone() }),
        _ => Ok(()),
    }
}

fn scenario(
    (index, planned): (usize, &Scenario),
    lab: &Lab,
    evidence: [&Evidence; 2],
    verdicts: &[RunVerdict; 2],
    names: &Names<'_>,
    hints: &Hints,
) -> ScenarioDiff {
    let diff = |standing, parts| ScenarioDiff { name: planned.name.clone(), standing, parts };
    let recorded = evidence.map(|evidence| {
        evidence.scenarios.iter().find(|recorded| recorded.name == planned.name).ok_or_else(|| lost::absent(evidence, &planned.name))
    });
    let recorded = match recorded {
        [Ok(one), Ok(other)] => [one, other],
        [Err(Outcome::Skipped(_)), Err(Outcome::Skipped(_))] => {
            return diff(Standing::Skipped("not asked for in either run".to_owned()), Vec::new());
        }
        recorded => return diff(Standing::Unknown(recorded.map(|one| one.err().map(reason))), Vec::new()),
    };
    let scene = Scene {
        planned,
        names,
        facts: evidence.map(|evidence| &evidence.facts),
        proxy: replaced::wanted(lab, planned),
        listed: evidence.map(|evidence| evidence.manifest.listed(&planned.name)),
        recorded,
        journeys: recorded.map(|recorded| journey::trace(recorded, hints)),
        verdicts: [&verdicts[0].scenarios[index], &verdicts[1].scenarios[index]],
        hints,
        spelling: Spelling::of_sites(lab, planned, evidence.map(|evidence| &evidence.facts)),
    };
    let mut numbers = Numbers::default();
    let mut parts: Vec<_> = scene.points().into_iter().map(|at| point(at, &scene, &mut numbers)).collect();
    parts.extend(states(&scene, &mut numbers));
    diff(Standing::Compared, parts)
}

/// Why a run has no evidence of a scenario.
fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Skipped(why) | Outcome::Inconclusive(why) | Outcome::Broken(why) | Outcome::Fault(why) => why,
        Outcome::Held => String::new(),
    }
}
