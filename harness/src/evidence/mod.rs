//! Evidence: a recorded run as a folder. The cut: left of it the world, right of it pure functions.
//!
//! In: recordings, outcomes, state texts, facts; or a folder. Out: the folder; or [`Evidence`].
//! Never: holds a verdict, or believes what a folder says of its own size.

mod model;

pub use model::{Evidence, FORMAT, Manifest, ScenarioEvidence, StateText};
