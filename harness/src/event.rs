//! Events: what happens during a run, for whoever watches it.
//!
//! In: the conductor's progress. Out: a closed enum that can cross a pipe as a line of JSON.
//! Never: decides anything; a run is the same with nobody watching.

use serde::{Deserialize, Serialize};

use crate::fault::Blame;
use crate::name::PlaceName;

/// Something that happened during a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A phase began: `bring up 2 nodes and 3 pods`.
    Began {
        /// The phase.
        phase: String,
    },
    /// A phase is over.
    Done {
        /// Which.
        phase: String,
        /// How long it took, in microseconds.
        micros: u64,
    },
    /// Something worth a line, now.
    Note {
        /// The line.
        text: String,
    },
    /// The lab stays up until the run is told to go on.
    Kept {
        /// Each place, and the descriptor of its network namespace in the process that holds the lab.
        places: Vec<(PlaceName, i32)>,
    },
    /// The run cannot go on; nothing follows.
    Failed {
        /// Why, with every cause.
        text: String,
        /// Whose doing it is.
        blame: Blame,
    },
}
