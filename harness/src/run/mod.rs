//! Runs: the conductor, the only room that knows both the world and the judge.
//!
//! In: a lab and how to run it. Out: an evidence folder, and the verdict on it.
//! Never: prints, or decides what held.

mod conduct;
mod error;
mod mutation;
mod record;
mod request;
mod stopper;

pub use conduct::{Finished, conduct, judge_folder};
pub use error::RunError;
pub use mutation::{Breakage, noticed, scenarios_of};
pub use record::enclosed;
pub use request::{Request, new_run};
pub use stopper::Stopper;
