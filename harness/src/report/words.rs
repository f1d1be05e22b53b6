//! Outcomes in words, and how many of each there are.

use crate::verdict::{ExpectationVerdict, LineVerdict, Outcome, Subject};

/// An outcome as every format spells it.
pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Held => "held",
        Outcome::Skipped(_) => "skipped",
        Outcome::Inconclusive(_) => "inconclusive",
        Outcome::Broken(_) => "broken",
        Outcome::Fault(_) => "fault",
    }
}

/// Why it came out so; `None` for what held, and where nothing more is known.
pub(super) fn why(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Held => None,
        Outcome::Skipped(why) | Outcome::Inconclusive(why) | Outcome::Broken(why) | Outcome::Fault(why) => {
            Some(why.as_str()).filter(|why| !why.is_empty())
        }
    }
}

/// Where `outcome` stands among the kinds, from the best; two of a kind stand together whatever their reasons.
pub(super) fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Held => 0,
        Outcome::Skipped(_) => 1,
        Outcome::Inconclusive(_) => 2,
        Outcome::Broken(_) => 3,
        Outcome::Fault(_) => 4,
    }
}

/// What an expectation is about, in the words of the lab: `node1/tunl0`, `node1: ip route`.
pub(super) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Point(point) => point.to_string(),
        Subject::Answer => "the answer".to_owned(),
        Subject::State { on, run } => format!("{on}: {run}"),
    }
}

/// How many outcomes there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    counts: [usize; 5],
}

impl Tally {
    /// Counts `outcomes`.
    pub(super) fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            tally.counts[usize::from(rank(outcome))] += 1;
        }
        tally
    }

    /// How many there are of the kind with this [`rank`].
    pub(super) fn count(&self, rank: usize) -> usize {
        self.counts[rank]
    }

    /// How many there are of any kind.
    pub(super) fn all(&self) -> usize {
        self.counts.iter().sum()
    }

    /// `8 held, 1 broken`; kinds that do not occur are left out.
    pub(super) fn in_words(&self) -> String {
        let kinds = ["held", "skipped", "inconclusive", "broken", "fault"];
        let parts: Vec<String> =
            self.counts.iter().zip(kinds).filter(|(count, _)| **count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }
}

/// What is counted as a line: each documented line, and a `none` as one.
///
/// A line is no better than what it is part of: where an expectation as a whole is inconclusive, so is a line in it that reads as held; unless
/// what cannot be told is only whether other frames may be there, too.
pub(super) fn line_outcomes(expectation: &ExpectationVerdict) -> Vec<&Outcome> {
    if expectation.lines.is_empty() {
        return vec![&expectation.outcome];
    }
    expectation.lines.iter().map(|line| line_outcome(expectation, line)).collect()
}

fn line_outcome<'a>(expectation: &'a ExpectationVerdict, line: &'a LineVerdict) -> &'a Outcome {
    match &expectation.outcome {
        Outcome::Inconclusive(_) if !expectation.unexpected.is_empty() => &line.outcome,
        whole @ (Outcome::Skipped(_) | Outcome::Inconclusive(_) | Outcome::Fault(_)) if rank(whole) > rank(&line.outcome) => whole,
        _ => &line.outcome,
    }
}

/// Whether what was expected is told in words, and is no value that stands in the place of a documented one.
pub(super) fn is_told(expected: &str) -> bool {
    expected.contains(' ')
}

/// `1 line`, `2 lines`.
pub(super) fn number(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
