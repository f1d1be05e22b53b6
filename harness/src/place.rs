//! Places: somewhere commands run.
//!
//! In: a [`Cmd`]. Out: an [`Output`], whatever its exit status.
//! Never: knows a lab, a backend or a packet.

use std::os::fd::BorrowedFd;

use futures_util::future::BoxFuture;

use crate::name::PlaceName;

/// A program and its arguments; never a shell line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cmd {
    /// The program, looked up in `PATH`.
    pub program: String,
    /// Its arguments, in order.
    pub args: Vec<String>,
}

impl Cmd {
    /// Splits a plain command line at white space; nothing in it is quoted or expanded.
    pub fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        Self { program: words.next().unwrap_or_default(), args: words.collect() }
    }
}

impl std::fmt::Display for Cmd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))
    }
}

/// How a command ended and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 + the signal's number if a signal ended it.
    pub status: i32,
    /// Standard output, read as UTF-8 (what is not UTF-8 replaced).
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// Why nothing can be said of a command.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The program could not be started; most often it is not installed.
    #[error("cannot start `{command}` in {place}")]
    Start {
        /// The whole command.
        command: String,
        /// Where it was to run.
        place: PlaceName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The place's network namespace could not be entered.
    #[error("cannot enter the network namespace of {place}")]
    Enter {
        /// Which place.
        place: PlaceName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A place that runs commands: a network namespace, a node container, a pod.
pub trait Place: Send + Sync {
    /// Its name in the lab.
    fn name(&self) -> &PlaceName;

    /// Runs `cmd` to its end; a non-zero exit is an [`Output`], not an error.
    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>>;

    /// Its network namespace, where this process can enter it.
    fn netns(&self) -> Option<BorrowedFd<'_>>;
}
