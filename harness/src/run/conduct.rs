//! The outer process: starts the enclosed one, listens to it, judges what it left.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use super::{Request, RunError, Stopper};
use crate::backend::netns::enclosure::Outer;
use crate::diff::{self, Diff, Recorded};
use crate::event::Event;
use crate::evidence::{self, Evidence};
use crate::lab;
use crate::plan::{self, Plan};
use crate::verdict::{self, Outcome, RunVerdict};

/// A run that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// What was recorded.
    pub evidence: Evidence,
    /// What is to be said of it.
    pub verdict: RunVerdict,
}

/// Carries out a run in an enclosed process of the program `exe`, and judges it.
///
/// `watch` is told of every event, and of the pid (as seen from here) of the process that the lab lives and dies with.
///
/// # Errors
/// Whatever fails, the lab is gone when this returns; what was recorded by then stays in the evidence folder.
pub fn conduct(exe: &Path, request: &Request, stopper: &Stopper, mut watch: impl FnMut(&Event, u32)) -> Result<Finished, RunError> {
    let mut outer = Outer::spawn(exe).map_err(RunError::Enclose)?;
    stopper.watch(outer.pid());
    let mut input = outer.take_stdin();
    let mut line = serde_json::to_string(request).expect("a request is strings and numbers");
    line.push('\n');
    // A process that is already gone says why on its standard output, or by its status.
    let _ = input.write_all(line.as_bytes());
    let mut input = Some(input).filter(|_| request.keep);

    let mut failed = None;
    for line in BufReader::new(outer.take_stdout()).lines().map_while(Result::ok) {
        let Ok(event) = serde_json::from_str::<Event>(&line) else { continue };
        watch(&event, outer.pid());
        match event {
            Event::Failed { text, blame } => failed = Some(RunError::Enclosed { text, blame }),
            Event::Kept { .. } => stopper.keep(input.take()),
            Event::Began { .. } | Event::Done { .. } | Event::Note { .. } => {}
        }
    }
    stopper.forget();
    let status = outer.wait().map_err(RunError::Talk)?;
    let evidence = || request.evidence.clone();
    if stopper.asked() {
        return Err(RunError::Interrupted { evidence: evidence() });
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if !status.success() {
        return Err(RunError::EndedEarly { status: status.to_string(), evidence: evidence() });
    }
    judge_folder(&request.evidence)
}

/// Judges a recorded run.
pub fn judge_folder(folder: &Path) -> Result<Finished, RunError> {
    let (plan, evidence) = read(folder)?;
    let verdict = verdict::judge(&plan, &evidence);
    if let Outcome::Fault(why) = &verdict.outcome
        && verdict.scenarios.is_empty()
    {
        return Err(RunError::Misfit(why.clone()));
    }
    Ok(Finished { evidence, verdict })
}

/// Two recorded runs, and how they compare.
#[derive(Debug)]
pub struct Compared {
    /// What was recorded of either.
    pub evidence: [Evidence; 2],
    /// What they agree on, and what differs.
    pub diff: Diff,
}

/// Holds two recorded runs of one lab against each other.
///
/// # Errors
/// A folder cannot be read, or they are not of the same lab.
pub fn compare_folders(one: &Path, other: &Path) -> Result<Compared, RunError> {
    let (first, second) = (read(one)?, read(other)?);
    let recorded = |(plan, evidence)| Recorded { plan, evidence };
    let diff = diff::compare(recorded((&first.0, &first.1)), recorded((&second.0, &second.1))).map_err(RunError::Diff)?;
    Ok(Compared { evidence: [first.1, second.1], diff })
}

/// The evidence in a folder, and the plan of the lab file that it holds.
fn read(folder: &Path) -> Result<(Plan, Evidence), RunError> {
    let evidence = evidence::read(folder).map_err(RunError::Read)?;
    let lab = lab::load(&folder.join("lab.yaml"), &evidence.lab).map_err(|problems| RunError::Lab(problems.to_string()))?;
    Ok((plan::draft(lab), evidence))
}
