//! What can be wrong with an evidence folder.

use std::io;
use std::path::PathBuf;

use super::model::FORMAT;
use crate::packet::CodecError;

/// Why evidence cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A file or folder cannot be read; most often it is missing.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder for new evidence holds something already.
    #[error("{path} exists and is not empty")]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// A symbolic link, a device, or anything else that could lead out of the folder or never end.
    #[error("{path} is not a plain {wanted}")]
    NotPlain {
        /// Which.
        path: PathBuf,
        /// `file` or `folder`.
        wanted: &'static str,
    },
    /// A symbolic link to nothing.
    #[error("{path} is a symbolic link that leads nowhere")]
    Dangling {
        /// Which.
        path: PathBuf,
    },
    /// A name that is not that of a file in the same folder.
    #[error("{path} names {name:?}, which is not the name of a file beside it")]
    Name {
        /// The file that has the name in it.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// More than is read of any evidence.
    #[error("{path} holds more than {limit} {what}")]
    TooMuch {
        /// Which.
        path: PathBuf,
        /// How many there may be.
        limit: u64,
        /// `bytes`, `scenarios`, ….
        what: &'static str,
    },
    /// A later cnilab wrote it.
    #[error("{path} is of format {format}, and this build reads formats up to {FORMAT}: a newer cnilab can read it")]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// No cnilab wrote it: formats count from 1.
    #[error("{path} is of format 0, which there never was: formats count from 1")]
    NoFormat {
        /// The manifest.
        path: PathBuf,
    },
    /// Not JSON, or not what stands in such a file.
    #[error("cannot make sense of {path}")]
    Json {
        /// Which.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: serde_json::Error,
    },
    /// Not a capture file, or one that contradicts itself.
    #[error("cannot make sense of {path}")]
    Capture {
        /// Which.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: CodecError,
    },
    /// Two files that do not belong together.
    #[error("{path} does not fit: {what}")]
    Contradiction {
        /// Which.
        path: PathBuf,
        /// What does not fit what.
        what: String,
    },
}
