//! A recorded run, as values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::listed::Listed;
use crate::capture::Recording;
use crate::name::PlaceName;
use crate::probe::Outcome;
use crate::site::Facts;

/// The format of the folders that this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it is a recording of.
    pub manifest: Manifest,
    /// The text of the lab file as it was.
    pub lab: String,
    /// What was known of the site.
    pub facts: Facts,
    /// One per scenario that was carried out, in the lab's order.
    pub scenarios: Vec<ScenarioEvidence>,
}

/// What a folder is a recording of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// The folder's format.
    pub format: u32,
    /// The run, a name of its own.
    pub run: String,
    /// The lab's name.
    pub lab: String,
    /// The lab file's path as it was given.
    pub lab_path: String,
    /// `netns`, `kind`, `cluster`.
    pub backend: String,
    /// When it began, in seconds since the epoch.
    pub started: u64,
    /// How long each phase took, in microseconds, in order of their ends: `up`, `scenario 1`, …, `down`. A phase may be part of another.
    pub phases: Vec<(String, u64)>,
    /// How long the whole run took, in microseconds; 0 if that is not known.
    #[serde(default)]
    pub took: u64,
    /// How much of that was others' time: that of `kind create`, of a CNI that gets ready, of images that are loaded.
    #[serde(default)]
    pub others: u64,
    /// What was broken on purpose, if anything.
    pub mutation: Option<String>,
    /// Set if the run was cut short: why. Its evidence is what there was by then.
    pub cut_short: Option<String>,
    /// The digest of the lab file's text, see [`lab_digest`](super::lab_digest); folders of earlier builds have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab_sha256: Option<String>,
    /// What the run set out to record, one per scenario of the lab, written before anything is; folders of earlier builds do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenarios: Option<Vec<Listed>>,
}

/// What was recorded of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioEvidence {
    /// The scenario's name.
    pub name: String,
    /// What the probe's sender saw; `None` for a scenario without a probe.
    pub outcome: Option<Outcome>,
    /// One per point, in path order.
    pub recordings: Vec<Recording>,
    /// What the commands printed.
    pub state: Vec<StateText>,
}

/// What a command printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StateText {
    /// Where it ran.
    pub on: PlaceName,
    /// The command as the lab spells it.
    pub run: String,
    /// The command as it was run.
    pub command: String,
    /// Its exit status; `None`: it could not be started, `stderr` says why.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl ScenarioEvidence {
    /// The recordings by the lab's name of the point.
    pub fn by_point(&self) -> BTreeMap<&str, &Recording> {
        self.recordings.iter().map(|recording| (recording.point.as_str(), recording)).collect()
    }
}
