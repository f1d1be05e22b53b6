//! Diffs: two runs of one lab, side by side.
//!
//! In: a lab, and the evidence of two runs of it. Out: a [`Diff`]: what the runs agree on hop by hop, what differs, and what explains that.
//! Never: says "the same" of what cannot be compared, or takes a difference for explained that the lab does not explain.

mod model;
mod problem;

mod names;
mod numbers;
mod scene;

mod lone;
mod packet;
mod pair;

mod counterpart;
mod point;

mod line;
mod state;

mod compare;

pub use compare::{Recorded, compare};
pub use model::{Diff, Difference, Pair, Part, ScenarioDiff, Side, Standing, Tally};
pub use problem::DiffError;

#[cfg(test)]
mod tests;
