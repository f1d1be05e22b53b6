//! What can keep a probe from being sent at all.

use std::io;

use crate::name::PlaceName;
use crate::place::PlaceError;

/// Why nothing can be sent from a place.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The site has no such place.
    #[error("the site has no place called {0}")]
    NoPlace(PlaceName),
    /// The place's network namespace cannot be entered from here.
    #[error("the network namespace of {0} cannot be entered from here, and no agent of ours is there")]
    NoNamespace(PlaceName),
    /// Entering the namespace failed.
    #[error("cannot enter the network namespace of {place}")]
    Enter {
        /// Which place.
        place: PlaceName,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The agent that is to send it there could not be started.
    #[error("our agent cannot send from {place}")]
    Agent {
        /// Which place.
        place: PlaceName,
        /// Why not.
        #[source]
        source: PlaceError,
    },
    /// The agent that was to send it did not tell what came of it.
    #[error("our agent in {place} says what is no outcome: {said}")]
    Odd {
        /// Which place.
        place: PlaceName,
        /// What it said.
        said: String,
    },
}
