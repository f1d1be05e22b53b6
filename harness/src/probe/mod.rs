//! Probes: the marked pings or the one request of a scenario.
//!
//! In: a bound probe, and the proof that every point listens. Out: an [`Outcome`].
//! Never: captures, or looks at what was captured.

mod problem;
mod send;

pub use crate::nettool::{Echoes, Outcome};
pub use problem::ProbeError;
pub use send::{DEADLINE, send, send_within, warm_up, withheld};
