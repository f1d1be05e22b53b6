//! Runs: the conductor, the only room that knows both the world and the judge.
//!
//! In: a lab and how to run it. Out: an evidence folder, and the verdict on it.
//! Never: prints, or decides what held.

mod cluster;
mod conduct;
mod enclosed;
mod error;
mod mutation;
mod record;
mod request;
mod scenario;
mod stopper;
mod teller;

pub use cluster::{ClusterChoices, conduct_all_on_kind, conduct_on_kind, survey_on_kind};
pub use conduct::{Compared, Finished, compare_folders, conduct, judge_folder};
pub use enclosed::enclosed;
pub use error::RunError;
pub use mutation::{Breakage, noticed, scenarios_of};
pub use request::{Request, new_run};
pub use stopper::Stopper;
