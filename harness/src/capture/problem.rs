//! What can go wrong with a capture.

use std::io;

/// Why a point could not be armed, or was lost.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The site has no such place.
    #[error("the site has no place of that name")]
    NoPlace,
    /// The place's network namespace cannot be entered from here, and this program is not there either.
    #[error("its network namespace cannot be entered from here, and no agent of ours is there")]
    NoNamespace,
    /// A process that captures there could not be started, or came to grief.
    #[error("{what} in its place {why}")]
    Elsewhere {
        /// `our agent`, `tcpdump`.
        what: &'static str,
        /// What became of it.
        why: String,
    },
    /// Entering the namespace failed.
    #[error("cannot enter its network namespace")]
    Enter(#[source] io::Error),
    /// The kernel could not be asked about the interface, or has none of that name.
    #[error("cannot look up interface {interface}")]
    Look {
        /// Which.
        interface: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nothing can pass.
    #[error("interface {interface} is {state}")]
    NotUp {
        /// Which.
        interface: String,
        /// `down`, or `up without a carrier`.
        state: &'static str,
    },
    /// Frames of that kind of interface are of no link type that is known here.
    #[error("interface {interface} is of a kind that is not captured, {kind}")]
    Kind {
        /// Which.
        interface: String,
        /// The `ARPHRD_*` name.
        kind: String,
    },
    /// A system call on the capture socket failed.
    #[error("cannot {operation}")]
    Socket {
        /// What was tried.
        operation: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// For `map_err`: the system call that tried `operation` failed.
pub(super) fn failed(operation: &'static str) -> impl FnOnce(io::Error) -> CaptureError {
    move |source| CaptureError::Socket { operation, source }
}
