//! What every backend can do, and how it fails.

use std::io;

use super::kind::BuildError;
use crate::fault::Blame;
use crate::name::PlaceName;
use crate::site::{Site, Survey, Topology};
use crate::wait::WaitError;

/// Builds a topology and takes it away again.
pub trait Backend {
    /// What this backend could do here and now; changes nothing.
    fn survey(&self) -> impl Future<Output = Survey>;

    /// Builds the topology, and returns once packets can cross it.
    ///
    /// # Errors
    /// What could not be built. Nothing of it is left.
    fn up(&self, topology: &Topology) -> impl Future<Output = Result<Site, UpError>>;

    /// Takes the site away; goes on after a fault and tells all of them.
    ///
    /// # Errors
    /// What is still there.
    fn down(&self, site: Site) -> impl Future<Output = Result<(), Leftovers>>;
}

/// Why a lab could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The topology contradicts itself.
    #[error("cannot build this topology: {0}")]
    Topology(String),
    /// No namespace for a place.
    #[error("cannot create the network namespaces of {count} places")]
    Namespaces {
        /// How many were wanted.
        count: usize,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A switch of a network namespace could not be set.
    #[error("cannot set {switch} in {place}")]
    Switch {
        /// In whose namespace.
        place: PlaceName,
        /// Which, below `/proc/sys/net`.
        switch: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Packets could not be captured in this lab.
    #[error("packets cannot be captured")]
    Capture(#[source] io::Error),
    /// The kernel refused a request.
    #[error("cannot {doing} in {place}")]
    Request {
        /// In whose namespace.
        place: PlaceName,
        /// What was asked for.
        doing: String,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// A tunnel device could not be made.
    #[error("cannot make the tunnel device {device} of {node}: {step}")]
    Tunnel {
        /// On which node.
        node: PlaceName,
        /// Its name.
        device: String,
        /// What failed.
        step: &'static str,
        /// What would help.
        remedy: Option<&'static str>,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No cluster.
    #[error(transparent)]
    Cluster(#[from] Box<BuildError>),
    /// A node's packet filter could not be programmed.
    #[error("cannot program the packet filter of {node}: {why}")]
    Filter {
        /// On which node.
        node: PlaceName,
        /// What failed.
        why: String,
        /// Whose doing that is.
        blame: Blame,
    },
    /// Built, but packets cannot cross it.
    #[error("the lab is built, but not ready")]
    NotReady(#[source] WaitError),
}

/// What is still there after a lab was taken away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("still there: {}", .0.join(", "))]
pub struct Leftovers(pub Vec<String>);
