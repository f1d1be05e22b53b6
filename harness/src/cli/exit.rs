//! Exit codes.

use std::process::ExitCode;

/// What the exit status of `cnilab` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Exit {
    /// All that was asserted holds, and something was.
    Held = 0,
    /// Something does not hold.
    Broken = 1,
    /// The lab file, the arguments or the evidence cannot be used.
    BadInput = 2,
    /// This host cannot do it.
    HostCannot = 3,
    /// Neither held nor broken can be said.
    Inconclusive = 4,
    /// The harness failed, or left something behind.
    Fault = 5,
    /// Ended by the user (128 + SIGINT).
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The exit status for a verdict's own code.
    pub(super) fn of_verdict(code: u8) -> Self {
        match code {
            0 => Self::Held,
            1 => Self::Broken,
            3 => Self::HostCannot,
            4 => Self::Inconclusive,
            _ => Self::Fault,
        }
    }
}
