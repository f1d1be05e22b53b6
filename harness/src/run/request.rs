//! What the outer process asks of the enclosed one.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::mutation::Breakage;
use crate::capture::Engine;

/// One run, as it crosses the pipe to the enclosed process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Request {
    /// The lab's name.
    pub lab: String,
    /// The lab file as it was named.
    pub lab_path: PathBuf,
    /// Its text; the outer process has checked it.
    pub lab_text: String,
    /// `netns`, `kind`.
    pub backend: String,
    /// The run's name.
    pub run: String,
    /// The evidence folder: absolute, so that both processes mean the same one.
    pub evidence: PathBuf,
    /// The scenarios to carry out, by name, in the lab's order.
    pub scenarios: Vec<String>,
    /// How many bytes of a frame to keep; 0: all.
    pub snap_length: u32,
    /// What captures.
    pub engine: Engine,
    /// What to break on purpose.
    pub breakage: Option<Breakage>,
    /// Take back what was broken, since the lab outlives this run.
    pub mend: bool,
    /// Leave the lab up after the last scenario until standard input ends.
    pub keep: bool,
}

/// A name for a run that begins now: the time in UTC and this process, so that two runs never share one.
pub fn new_run() -> String {
    format!("{}-{}", chrono::Utc::now().format("%Y%m%d-%H%M%S%.3f"), std::process::id()).replace('.', "")
}
