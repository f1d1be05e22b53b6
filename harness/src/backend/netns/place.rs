//! A place that is a network namespace of this process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::standin::StandIn;
use crate::name::PlaceName;
use crate::nettool::Server;
use crate::place::{Cmd, Output, Place, PlaceError, meanwhile_in_netns};

/// A node or a pod: commands run by entering its network namespace. All else (files, processes) it shares with its lab.
#[derive(Debug)]
pub(super) struct NetnsPlace {
    name: PlaceName,
    descriptor: OwnedFd,
    _servers: Vec<Server>,
    _ground: Arc<Ground>,
}

/// What lies under all places of a lab: gone with the last of them.
#[derive(Debug)]
pub(super) struct Ground {
    _fabric: OwnedFd,
    _stand_in: Option<StandIn>,
}

impl Ground {
    /// Keeps the namespace that holds the Ethernet segments, and what carries packets between nodes where the kernel cannot.
    pub(super) fn new(fabric: OwnedFd, stand_in: Option<StandIn>) -> Self {
        Self { _fabric: fabric, _stand_in: stand_in }
    }
}

impl NetnsPlace {
    pub(super) fn new(name: PlaceName, descriptor: OwnedFd, servers: Vec<Server>, ground: Arc<Ground>) -> Self {
        Self { name, descriptor, _servers: servers, _ground: ground }
    }
}

impl Place for NetnsPlace {
    fn name(&self) -> &PlaceName {
        &self.name
    }

    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        let command = cmd.clone();
        Box::pin(async move {
            let ran = meanwhile_in_netns(self.descriptor.as_fd(), move || run_here(&command)).await;
            let ran = ran.map_err(|source| PlaceError::Enter { place: self.name.clone(), source })?;
            ran.map_err(|source| PlaceError::Start { command: cmd.to_string(), place: self.name.clone(), source })
        })
    }

    fn netns(&self) -> Option<BorrowedFd<'_>> {
        Some(self.descriptor.as_fd())
    }
}

/// Runs `command` to its end in the namespaces that this thread is in.
#[expect(clippy::disallowed_methods, reason = "this is how a place runs its commands")]
fn run_here(command: &Cmd) -> io::Result<Output> {
    // Tools speak the documents' language, whatever the user's is.
    let output = Command::new(&command.program).args(&command.args).env("LC_ALL", "C").stdin(Stdio::null()).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Output {
        status: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default()),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}
