//! Nodes and pods as places: entered from this host with this host's programs, or reached through Docker with the node's own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::engine::Engine;
use crate::name::PlaceName;
use crate::nettool::own_sysfs;
use crate::place::{Cmd, Output, Place, PlaceError, Process, meanwhile_in_netns};

/// A node or a pod of a cluster of kind.
#[derive(Clone, Debug)]
pub(super) struct KindPlace {
    pub(super) name: PlaceName,
    /// Its network namespace, where this process enters it.
    pub(super) netns: Option<Arc<OwnedFd>>,
    pub(super) engine: Engine,
    /// The container that is the node.
    pub(super) node: String,
    /// The id of a container in that node, for a pod.
    pub(super) pod: Option<String>,
    /// How our program is called where commands are started: on this host if its namespace is entered from here, in the node otherwise.
    pub(super) program: Cmd,
    /// How our program is called in the node, if it is there.
    pub(super) in_node: Option<Cmd>,
}

impl KindPlace {
    fn not_started(&self, cmd: &Cmd, source: io::Error) -> PlaceError {
        PlaceError::Start { command: cmd.to_string(), place: self.name.clone(), source }
    }

    /// As it is called in the node, to be run in this place's network namespace.
    fn in_node(&self, cmd: &Cmd) -> io::Result<Cmd> {
        let Some(pod) = &self.pod else { return Ok(cmd.clone()) };
        let program = self.in_node.clone().ok_or_else(|| io::Error::other("our program is not in the node"))?;
        Ok(program.with(["nettool", "inside", pod, "--", &cmd.program]).with(&cmd.args))
    }
}

/// Nothing that a lab runs takes longer in a node that answers at all.
const PATIENCE: Duration = Duration::from_secs(30);

impl Place for KindPlace {
    fn name(&self) -> &PlaceName {
        &self.name
    }

    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let Some(netns) = &self.netns else { return self.run_itself(cmd).await };
            let command = cmd.clone();
            let ended = meanwhile_in_netns(netns.as_fd(), move || own_sysfs().map(|()| run_here(&command))).await;
            let ended = ended.and_then(|ended| ended).map_err(|source| PlaceError::Enter { place: self.name.clone(), source })?;
            ended.map_err(|source| self.not_started(cmd, source))
        })
    }

    fn netns(&self) -> Option<BorrowedFd<'_>> {
        self.netns.as_ref().map(|netns| netns.as_fd())
    }

    /// As the contract says, but not for ever: whatever runs in a node may be stopped with it.
    fn run_itself<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let ended = async { self.start(cmd).await?.end().await.map_err(|source| self.not_started(cmd, source)) };
            let in_time = tokio::time::timeout(PATIENCE, ended).await;
            in_time.unwrap_or_else(|_| Err(self.not_started(cmd, io::ErrorKind::TimedOut.into())))
        })
    }

    /// In the node, whether its namespace is entered from here or not.
    fn start<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Process, PlaceError>> {
        Box::pin(async move {
            let started = async { self.engine.exec(&self.node, &self.in_node(cmd)?).await };
            let in_time = tokio::time::timeout(PATIENCE, started).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            in_time.map_err(|source| self.not_started(cmd, source))
        })
    }

    fn program(&self) -> Option<Cmd> {
        Some(self.program.clone())
    }
}

/// Runs a program of this host from this thread, whose namespaces it inherits.
fn run_here(cmd: &Cmd) -> io::Result<Output> {
    #[expect(clippy::disallowed_methods, reason = "this is where commands of this place are started")]
    let ended = Command::new(&cmd.program).args(&cmd.args).env("LC_ALL", "C").stdin(Stdio::null()).output()?;
    let status = ended.status;
    Ok(Output {
        status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
        stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}
