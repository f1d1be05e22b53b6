//! The worst of several outcomes, and exit codes.

use super::model::{Outcome, RunVerdict};

/// How something came out whose parts came out as `parts`; `None` without any part.
///
/// A fault outranks what is broken, that outranks what is inconclusive; what held and what was skipped make what held, and only
/// where all was skipped is the whole skipped. (The order of [`Outcome`]'s variants does not say that: there, skipped outranks held.)
/// What is broken is put in words by `broken`, of how many parts are; of the others the first reason stands for all.
pub(super) fn worst<'a>(parts: impl IntoIterator<Item = &'a Outcome>, broken: impl FnOnce(usize) -> String) -> Option<Outcome> {
    let mut first: [Option<&Outcome>; 4] = [None; 4];
    let mut breaks = 0;
    for part in parts {
        let rank = match part {
            Outcome::Fault(_) => 0,
            Outcome::Broken(_) => {
                breaks += 1;
                continue;
            }
            Outcome::Inconclusive(_) => 1,
            Outcome::Held => 2,
            Outcome::Skipped(_) => 3,
        };
        first[rank].get_or_insert(part);
    }
    if let Some(fault) = first[0] {
        return Some(fault.clone());
    }
    if breaks > 0 {
        return Some(Outcome::Broken(broken(breaks)));
    }
    first.into_iter().flatten().next().cloned()
}

/// `1 line does not hold`, `2 lines do not hold`.
pub(super) fn do_not_hold(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what} does not hold") } else { format!("{count} {what}s do not hold") }
}

/// `1 field differs`, `2 fields differ`.
pub(super) fn differ(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what} differs") } else { format!("{count} {what}s differ") }
}

impl RunVerdict {
    /// The exit code that tells a run's outcome: 0 held, 1 broken, 3 skipped, 4 inconclusive, 5 fault. (2 is bad input, which never
    /// gets as far as a verdict.)
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Held => 0,
            Outcome::Broken(_) => 1,
            Outcome::Skipped(_) => 3,
            Outcome::Inconclusive(_) => 4,
            Outcome::Fault(_) => 5,
        }
    }
}
