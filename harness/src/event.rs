//! Events: what happens during a run, for whoever watches it.
//!
//! In: the conductor's progress. Out: a closed enum that can cross a pipe as a line of JSON.
//! Never: decides anything; a run is the same with nobody watching.

use serde::{Deserialize, Serialize};

/// Something that happened during a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A phase began: `bring up 2 nodes, 3 pods`.
    Began {
        /// The phase.
        phase: String,
    },
    /// The phase that began last is over.
    Done {
        /// The phase.
        phase: String,
        /// How long it took, in microseconds.
        micros: u64,
    },
    /// Something worth a line, now.
    Note {
        /// The line.
        text: String,
    },
}
