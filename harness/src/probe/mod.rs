//! Probes: the one marked ping or request of a scenario.
//!
//! In: a bound probe, and the proof that every point listens. Out: an [`Outcome`].
//! Never: captures, or looks at what was captured.

mod outcome;

pub use outcome::Outcome;
