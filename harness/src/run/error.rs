//! Why there is no verdict.

use std::path::PathBuf;

use crate::backend::UpError;
use crate::backend::kind::{KindError, RecipeError};
use crate::backend::netns::enclosure::EnclosureError;
use crate::diff::DiffError;
use crate::evidence::EvidenceError;
use crate::plan::BindError;

/// Why a run gave no verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The process that is to hold the lab could not be enclosed.
    #[error("cannot enclose the process that holds the lab")]
    Enclose(#[source] EnclosureError),
    /// The enclosed process could not be talked to.
    #[error("cannot talk to the enclosed process that holds the lab")]
    Talk(#[source] std::io::Error),
    /// The enclosed process ended without having said that it was through.
    #[error("the enclosed process ended early ({status}); what it had recorded is in {}", evidence.display())]
    EndedEarly {
        /// How it ended.
        status: String,
        /// Where the evidence is.
        evidence: PathBuf,
    },
    /// The lab could not be brought up.
    #[error("cannot bring the lab up")]
    Up(#[source] UpError),
    /// A name has nothing to stand for on this site.
    #[error("cannot bind the plan to the site")]
    Bind(#[source] BindError),
    /// The evidence folder could not be written.
    #[error("cannot keep the evidence")]
    Evidence(#[source] EvidenceError),
    /// The evidence folder could not be read.
    #[error("cannot read the evidence")]
    Read(#[source] EvidenceError),
    /// Two runs cannot be held against each other.
    #[error("cannot compare the two runs")]
    Diff(#[source] DiffError),
    /// The lab file no longer passes its checks: the evidence holds another version of the format.
    #[error("the lab file in the evidence does not pass this build's checks:\n{0}")]
    Lab(String),
    /// A step that was to break the lab failed.
    #[error("cannot break the lab on purpose: `{command}` on {place} said: {message}")]
    Break {
        /// Where.
        place: String,
        /// What.
        command: String,
        /// What it said.
        message: String,
    },
    /// What had broken the lab could not be taken back.
    #[error("cannot take back what broke the lab on purpose, and nothing more is done on it, for it may still be broken")]
    Mend {
        /// What went wrong.
        #[source]
        source: Box<RunError>,
    },
    /// A folder for a run's own files could not be made.
    #[error("cannot make the folder {}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The enclosed process said that it failed.
    #[error("{text}")]
    Enclosed {
        /// Why, with every cause.
        text: String,
        /// This host lacks something that the lab needs.
        host_cannot: bool,
    },
    /// The user ended the run.
    #[error("interrupted; what this run made is gone, and what was recorded is in {}", evidence.display())]
    Interrupted {
        /// Where the evidence is.
        evidence: PathBuf,
    },
    /// The lab did not come down whole.
    #[error("the lab left something behind: {0}")]
    Leftovers(String),
}

impl RunError {
    /// Whether this host lacks something that the lab needs, rather than the harness having failed.
    pub fn host_cannot(&self) -> bool {
        match self {
            Self::Enclose(error) => matches!(error, EnclosureError::Refused { .. }),
            // A cluster that was begun and did not get ready is a fault: exit code 3 is taken for a skip.
            Self::Up(UpError::Cluster(error)) => {
                error.left.is_empty() && matches!(error.source, KindError::Lacks { .. } | KindError::Recipe(RecipeError::Fetch { .. }))
            }
            Self::Up(error) => matches!(error, UpError::Tunnel { .. } | UpError::Filter { missing: true, .. }),
            Self::Enclosed { host_cannot, .. } => *host_cannot,
            _ => false,
        }
    }

    /// What to do about it, where that is known.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Up(UpError::Cluster(error)) => match &error.source {
                KindError::Lacks { remedy, .. } => Some(remedy),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether what the user gave cannot be used: a recipe, a manifest that is not the one it was written for, a cluster that is not there.
    pub fn bad_input(&self) -> bool {
        let Self::Up(UpError::Cluster(error)) = self else { return false };
        match &error.source {
            _ if !error.left.is_empty() => false,
            KindError::Recipe(error) => !matches!(error, RecipeError::Fetch { .. }),
            KindError::Asked(_) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::kind::BuildError;

    fn cluster(source: KindError, left: &[&str]) -> RunError {
        let left = left.iter().map(|what| (*what).to_owned()).collect();
        RunError::Up(Box::new(BuildError { cluster: "c".to_owned(), logs: None, left, source }).into())
    }

    fn lacks() -> KindError {
        KindError::Lacks { what: "kind".to_owned(), remedy: "install it".to_owned(), source: None }
    }

    #[test]
    fn only_a_host_that_lacks_something_is_no_fault_of_the_harness() {
        assert!(cluster(lacks(), &[]).host_cannot());
        assert!(!cluster(lacks(), &["container c-worker"]).host_cannot());
        let refused = KindError::Host { doing: "open the socket".to_owned(), source: std::io::ErrorKind::PermissionDenied.into() };
        assert!(!cluster(refused, &[]).host_cannot());
        assert!(!cluster(KindError::Unfit("the CNI never got ready".to_owned()), &[]).host_cannot());
        let fetch = RecipeError::Fetch { url: "u".to_owned(), why: "no route".to_owned() };
        assert!(cluster(fetch.into(), &[]).host_cannot());
    }

    #[test]
    fn a_manifest_that_is_another_one_is_bad_input() {
        let hash = |found: &str| RecipeError::Hash { url: "u".to_owned(), expected: "a".to_owned(), found: found.to_owned() };
        assert!(cluster(hash("b").into(), &[]).bad_input() && !cluster(hash("b").into(), &[]).host_cannot());
        assert!(!cluster(lacks(), &[]).bad_input());
        let asked = || KindError::Asked("there is a Pod/default/net already".to_owned());
        assert!(cluster(asked(), &[]).bad_input() && !cluster(asked(), &["pods"]).bad_input(), "something left behind is said first");
    }
}
