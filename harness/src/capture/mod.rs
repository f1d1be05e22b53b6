//! Captures: every point listens before anything is sent.
//!
//! In: points of a site. Out: [`Recording`]s: frames, drops, and whether each point was alive to the end.
//! Never: dissects, judges, or puts an interface into promiscuous mode.

mod recording;

pub use recording::{Liveness, Recording};
