//! What can keep a probe from being sent at all.

use std::io;

use crate::name::PlaceName;

/// Why nothing can be sent from a place.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The site has no such place.
    #[error("the site has no place called {0}")]
    NoPlace(PlaceName),
    /// The place's network namespace cannot be entered from here.
    #[error("the network namespace of {0} cannot be entered from here")]
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
}
