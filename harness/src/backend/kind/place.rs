//! Nodes and pods as places: their network namespaces, entered from this host with this host's programs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::name::PlaceName;
use crate::place::{Cmd, Output, Place, PlaceError, meanwhile_in_netns};

/// A node or a pod of a cluster of kind.
#[derive(Clone, Debug)]
pub(super) struct KindPlace {
    pub(super) name: PlaceName,
    pub(super) netns: Arc<OwnedFd>,
}

impl Place for KindPlace {
    fn name(&self) -> &PlaceName {
        &self.name
    }

    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let enter = |source| PlaceError::Enter { place: self.name.clone(), source };
            let command = cmd.clone();
            let ended = meanwhile_in_netns(self.netns.as_fd(), move || own_sysfs().map(|()| output(&command))).await;
            let ended = ended.and_then(|ended| ended).map_err(enter)?;
            ended.map_err(|source| PlaceError::Start { command: cmd.to_string(), place: self.name.clone(), source })
        })
    }

    fn netns(&self) -> Option<BorrowedFd<'_>> {
        Some(self.netns.as_fd())
    }
}

/// Gives this thread a `/sys` that shows the network namespace it has entered: `brctl` reads bridges there. A mount of sysfs shows the
/// namespace that it was made in, so the host's own will not do.
fn own_sysfs() -> io::Result<()> {
    const NONE: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    // Nothing that is mounted here may reach the host.
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    Ok(mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, NONE)?)
}

/// Runs a program of this host from this thread, whose namespaces it inherits.
fn output(cmd: &Cmd) -> io::Result<Output> {
    #[expect(clippy::disallowed_methods, reason = "this is where commands of this place are started")]
    let ended = Command::new(&cmd.program).args(&cmd.args).env("LC_ALL", "C").stdin(Stdio::null()).output()?;
    let status = ended.status;
    Ok(Output {
        status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
        stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}
