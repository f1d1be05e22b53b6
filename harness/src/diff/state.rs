//! What commands printed in both runs, and what the probe was answered.

use super::line::line;
use super::lone::Asked;
use super::model::{Part, Standing};
use super::numbers::Numbers;
use super::scene::Scene;
use crate::expect::StateLine;
use crate::lab::{DocumentedLine, StateExpectation};
use crate::verdict::{ExpectationVerdict, Outcome, Subject, replaced};

/// Something that the lab documents line by line.
struct Documented<'a> {
    asked: Asked,
    /// Why not of both runs, if it is not.
    because: &'a str,
    lines: Vec<&'a DocumentedLine<StateLine>>,
}

/// Holds the answers to the probe and every command's lines against each other.
pub(super) fn states(scene: &Scene<'_>, numbers: &mut Numbers) -> Vec<Part> {
    let answers = &scene.planned.answers;
    let answers = (!answers.is_empty()).then(|| Documented { asked: Asked::Both, because: "", lines: answers.iter().collect() });
    let commands = scene.planned.state.iter().map(|state| Documented {
        asked: asked(state, scene),
        because: state.when.as_ref().map_or("", |when| when.because.as_str()),
        lines: state.has.iter().chain(&state.lacks).collect(),
    });
    // A verdict tells of points first, then of the answer, then of state, each in the lab's order.
    let verdicts = scene.verdicts.map(|verdict| {
        let rest = verdict.expectations.iter().filter(|verdict| !matches!(verdict.subject, Subject::Point(_)));
        rest.collect::<Vec<&ExpectationVerdict>>()
    });
    let parts = answers.into_iter().chain(commands).enumerate();
    parts.filter_map(|(index, part)| Some(held(part, [verdicts[0].get(index)?, verdicts[1].get(index)?], scene, numbers))).collect()
}

/// Of which runs an expectation is asked. Where kube-proxy works in another mode than the lab is about, nothing can be said.
fn asked(state: &StateExpectation, scene: &Scene<'_>) -> Asked {
    match scene.facts.map(|facts| replaced::not_here(scene.proxy, facts, state)) {
        [None, None] => Asked::of(state.when.as_ref(), scene.facts),
        [Some(Outcome::Skipped(why)), Some(Outcome::Skipped(_))] => Asked::Neither(why),
        elsewhere => Asked::Unknown(elsewhere.map(|outcome| match outcome {
            Some(Outcome::Skipped(why) | Outcome::Inconclusive(why)) => Some(why),
            _ => None,
        })),
    }
}

fn held(documented: Documented<'_>, verdicts: [&ExpectationVerdict; 2], scene: &Scene<'_>, numbers: &mut Numbers) -> Part {
    let Documented { asked, because, lines } = documented;
    let standing = match asked {
        Asked::Both => Standing::Compared,
        Asked::One(run) => Standing::OneAsked { run, because: because.to_owned() },
        Asked::Neither(why) => Standing::Skipped(why),
        Asked::Unknown(why) => Standing::Unknown(why),
    };
    let at = match &verdicts[0].subject {
        Subject::State { on, run } => format!("`{run}` on {on}"),
        Subject::Point(_) | Subject::Answer => "the answer".to_owned(),
    };
    let count = lines.len();
    let found = lines.into_iter().zip(verdicts[0].lines.iter().zip(&verdicts[1].lines));
    let pairs = found.map(|(documented, (one, other))| line(documented, [one, other], scene.names, numbers, &at));
    Part {
        subject: verdicts[0].subject.clone(),
        interfaces: [String::new(), String::new()],
        pairs: if standing == Standing::Compared { pairs.collect() } else { Vec::new() },
        standing,
        lines: count,
    }
}
