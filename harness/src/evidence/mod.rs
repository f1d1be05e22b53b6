//! Evidence: a recorded run as a folder. The cut: left of it the world, right of it pure functions.
//!
//! In: recordings, outcomes, state texts, facts; or a folder. Out: the folder; or [`Evidence`].
//! Never: holds a verdict, or believes what a folder says of its own size.

mod listed;
mod model;

mod file;
mod limit;
mod problem;

mod open;
mod read;
mod write;

#[cfg(test)]
pub(crate) mod craft;
#[cfg(test)]
mod tests;

pub use limit::{CAPTURES, FACTS, FRAMES, LAB, MANIFEST, SCENARIO, SCENARIOS, STATES, TEXT, TOTAL};
pub use listed::{Asked, Listed, lab_digest};
pub use model::{Evidence, FORMAT, Manifest, ScenarioEvidence, StateText};
pub use problem::EvidenceError;
pub use read::read;
pub use write::{STILL_RUNNING, Writer, default_folder};
