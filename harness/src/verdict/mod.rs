//! Verdicts: what was documented against what was seen.
//!
//! In: a lab, and the evidence of a run of it. Out: a [`RunVerdict`]. Held means proven; in doubt Inconclusive.
//! Never: looks at the world, at a clock, or at anything but its arguments.

mod answer;
mod model;
mod outcome;

pub(crate) mod names;
pub(crate) mod variables;

pub(crate) mod align;
pub(crate) mod compare;
mod echoes;
mod expected;
pub(crate) mod repeat;
pub(crate) mod seen;
pub(crate) mod spelling;

pub(crate) mod belief;
pub(crate) mod lost;
mod point;
pub(crate) mod replaced;
mod state;
mod tracked;
mod unify;
pub(crate) mod when;

mod deviation;

mod judge;

pub use deviation::{Before, Departure, Deviation, How, Instead, Way};
pub use judge::judge;
pub use model::{ExpectationVerdict, Finding, LineVerdict, Outcome, RunVerdict, ScenarioVerdict, Subject};

#[cfg(test)]
mod tests;
