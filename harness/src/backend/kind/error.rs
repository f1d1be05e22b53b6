//! What can go wrong with a recipe, and with a cluster.

use std::path::PathBuf;

use crate::fault::in_words;
use crate::wait::WaitError;

/// Why a recipe cannot be followed; found before anything is built.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// A file of the recipe cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be; `problem` shows where.
    #[error("{} cannot be used: {problem}", .path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// The recipe contradicts itself or its manifests. All contradictions at once.
    #[error("{} does not add up: {}", .path.display(), .problems.join("; "))]
    Invalid {
        /// The recipe.
        path: PathBuf,
        /// One sentence each, without a full stop.
        problems: Vec<String>,
    },
    /// A manifest of another project is neither here nor to be had.
    #[error("cannot get {url}: {why}")]
    Fetch {
        /// Where it is published.
        url: String,
        /// Why not, and what would help.
        why: String,
    },
    /// Manifests of other projects were not asked for.
    #[error("whether {} can be had was not asked", .urls.join(", "))]
    Unasked {
        /// Where they are published.
        urls: Vec<String>,
    },
    /// A manifest of another project is not the one that the recipe was written for.
    #[error("{url} has the SHA-256 {found}, not {expected} as the recipe says")]
    Hash {
        /// Where it is published.
        url: String,
        /// What the recipe says.
        expected: String,
        /// What was found.
        found: String,
    },
}

/// Why a cluster could not be built or taken away.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// The recipe cannot be followed.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// Something that must hold did not come to hold, or the topology asks for what this cluster does not have.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// This host has not what a cluster needs: nothing is wrong with the harness, and nothing was built.
    #[error("this host lacks {what}")]
    Lacks {
        /// What.
        what: String,
        /// What to do about it.
        remedy: String,
        /// How that was found.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A program of the host failed.
    #[error("`{command}` failed ({status}){}{stderr}", if .stderr.is_empty() { "" } else { ": " })]
    Program {
        /// The whole command.
        command: String,
        /// `exit status: 1`, or why it could not be started.
        status: String,
        /// The end of what it said.
        stderr: String,
    },
    /// Docker refused.
    #[error("docker cannot {doing}")]
    Docker {
        /// What it was asked to do.
        doing: String,
        /// What it said.
        #[source]
        source: Box<bollard::errors::Error>,
    },
    /// The cluster's API refused.
    #[error("the cluster cannot {doing}")]
    Api {
        /// What it was asked to do.
        doing: String,
        /// What it said.
        #[source]
        source: Box<kube::Error>,
    },
    /// A file or a namespace of this host cannot be used.
    #[error("cannot {doing}")]
    Host {
        /// What was to be done.
        doing: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The user asked for what is not to be had.
    #[error("{0}")]
    Asked(String),
    /// The lab asks for something that this cluster does not have.
    #[error("{0}")]
    Unfit(String),
}

impl KindError {
    /// The same once there is a cluster: whatever it lacks then, something was made, and it is no reason to skip what was asked for.
    pub(super) fn after_creation(self) -> Self {
        match self {
            Self::Lacks { what, remedy, source } => {
                let cause = source.map_or_else(String::new, |source| format!(" ({})", in_words(source.as_ref())));
                Self::Unfit(format!("there is a cluster, but this host lacks {what}{cause}; {remedy}"))
            }
            other => other,
        }
    }

    /// For `map_err` on calls of Docker.
    pub(super) fn docker(doing: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Docker { doing, source: Box::new(source) }
    }

    /// For `map_err` on calls of the cluster's API.
    pub(super) fn api(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Api { doing, source: Box::new(source) }
    }

    /// For `map_err` on calls of the system.
    pub(super) fn host(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Host { doing, source }
    }
}
