//! What a probe was answered.

use super::belief;
use super::model::{ExpectationVerdict, LineVerdict, Outcome, Subject};
use super::outcome::{do_not_hold, worst};
use super::state::{self, Taken};
use super::unify::Meaning;
use crate::expect::StateLine;
use crate::lab::DocumentedLine;
use crate::probe;

/// Judges what the answer to a probe says; `None` if nothing is expected of it.
pub(super) fn judge(
    lines: &[DocumentedLine<StateLine>],
    outcome: Option<&probe::Outcome>,
    meaning: Meaning<'_>,
) -> Option<ExpectationVerdict> {
    let answer = outcome.and_then(|outcome| outcome.answer.as_deref());
    let said: Vec<&str> = answer.unwrap_or_default().lines().collect();
    let silence = || match belief::never_left(outcome) {
        Some(why) => Outcome::Inconclusive(why),
        None => Outcome::Broken(outcome.and_then(|outcome| outcome.error.clone()).unwrap_or_else(|| "nobody answered".to_owned())),
    };
    let line = |line| {
        let (found, _) = state::has(line, &said, meaning, &Taken::default());
        if answer.is_some() { found } else { LineVerdict { outcome: silence(), ..found } }
    };
    let lines: Vec<LineVerdict> = lines.iter().map(line).collect();
    let broken = |broken| do_not_hold(broken, "line");
    let outcome = worst(lines.iter().map(|line| &line.outcome), broken)?;
    let outcome = if answer.is_some() { outcome } else { silence() };
    Some(ExpectationVerdict {
        subject: Subject::Answer,
        interface: String::new(),
        outcome,
        because: None,
        lines,
        open: Vec::new(),
        unexpected: Vec::new(),
    })
}
