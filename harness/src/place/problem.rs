//! Why there is no output of a command.

use std::io;
use std::time::Duration;

use super::tools::package_of;
use crate::name::PlaceName;

/// A command that could not be run to its end in a place.
#[derive(Debug, thiserror::Error)]
#[error("cannot run `{command}` on {place}")]
pub struct PlaceError {
    /// The whole command.
    pub command: String,
    /// Where it was to run.
    pub place: PlaceName,
    /// Why not.
    #[source]
    pub source: CommandError,
}

/// Why nothing can be said of a command.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The place's network namespace could not be entered.
    #[error("the network namespace cannot be entered")]
    Enter(#[source] io::Error),
    /// There is no such program.
    #[error("`{program}` is not there{}", package_of(program).map_or_else(String::new, |package| format!(" (apt-get install {package})")))]
    Missing {
        /// Its name.
        program: String,
    },
    /// The program could not be started.
    #[error("it cannot be started")]
    Start(#[source] io::Error),
    /// Its deadline passed, and it was killed.
    #[error("it did not end within {}", spell(*.0))]
    Late(Duration),
    /// It ended, and something that it had started was still there at the deadline, as a part of it.
    #[error("it ended, but what it had started did not within {}", spell(*.0))]
    Held(Duration),
    /// It printed more than is kept, and was killed.
    #[error("it printed more than {}", spell_size(*.0))]
    TooMuch(usize),
    /// It was started, and is out of reach.
    #[error("it is out of reach")]
    Lost(#[source] io::Error),
}

fn spell(time: Duration) -> String {
    if time.subsec_nanos() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}

fn spell_size(bytes: usize) -> String {
    if bytes != 0 && bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}
