//! Why there is no verdict.

use std::path::PathBuf;

use crate::backend::UpError;
use crate::backend::netns::enclosure::EnclosureError;
use crate::diff::DiffError;
use crate::evidence::EvidenceError;
use crate::fault::Blame;
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
    /// There can be no new evidence in the folder that is to have it.
    #[error("cannot use the evidence folder")]
    Unusable(#[source] EvidenceError),
    /// The evidence folder could not be written.
    #[error("cannot keep the evidence")]
    Evidence(#[source] EvidenceError),
    /// The evidence folder could not be read.
    #[error("cannot read the evidence")]
    Read(#[source] EvidenceError),
    /// The evidence is of another lab, or contradicts itself.
    #[error("the evidence proves nothing: {0}")]
    Misfit(String),
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
        /// Whose doing it is.
        blame: Blame,
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
    /// Whose doing it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Enclose(error) => error.blame(),
            Self::Up(error) => error.blame(),
            Self::Unusable(_) | Self::Misfit(_) | Self::Folder { .. } => Blame::Input,
            Self::Enclosed { blame, .. } => blame.clone(),
            _ => Blame::Harness,
        }
    }
}
