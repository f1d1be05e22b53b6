//! Nodes and pods as places: entered from this host with this host's programs, or reached through Docker with the node's own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::engine::Engine;
use crate::name::PlaceName;
use crate::nettool::own_sysfs;
use crate::place::{self, Bounds, Cmd, CommandError, Output, Place, PlaceError, Process};

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
    fn failed(&self, cmd: &Cmd, source: CommandError) -> PlaceError {
        PlaceError { command: cmd.to_string(), place: self.name.clone(), source }
    }

    /// As it is called in the node, to be run in this place's network namespace.
    fn in_node(&self, cmd: &Cmd) -> Result<Cmd, CommandError> {
        let Some(pod) = &self.pod else { return Ok(cmd.clone()) };
        let program = || CommandError::Start(io::Error::other("our program is not in the node"));
        let program = self.in_node.clone().ok_or_else(program)?;
        Ok(program.with(["nettool", "inside", pod, "--", &cmd.program]).with(&cmd.args))
    }

    async fn exec(&self, cmd: &Cmd) -> Result<Process, CommandError> {
        let started = timeout(PATIENCE, self.engine.exec(&self.node, cmd)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        started.map_err(CommandError::Start)
    }

    /// Runs a command in the node. What it starts there is ended in there, too: Docker ends nothing but the connection to it.
    async fn run_in_node(&self, cmd: &Cmd, bounds: Bounds) -> Result<Output, CommandError> {
        let output = self.exec(&killed_in_time(&self.in_node(cmd)?, bounds.deadline)).await?.end(bounds).await?;
        // So says `timeout`, and with this status, if it does not find the program (coreutils, `timeout.c`).
        if output.status == 127 && output.stderr.starts_with("timeout: ") {
            return Err(CommandError::Missing { program: cmd.program.clone() });
        }
        Ok(output)
    }
}

/// The command, killed with its process group a second after its deadline, in which we notice ourselves that it is late.
fn killed_in_time(cmd: &Cmd, deadline: Duration) -> Cmd {
    Cmd::new("timeout", ["-s", "KILL", &(deadline.as_secs() + 1).to_string(), &cmd.program]).with(&cmd.args)
}

/// What is done to a node itself may take longer than a look at its state, but no longer than this where the node answers at all.
const PATIENCE: Duration = Duration::from_secs(30);

impl Place for KindPlace {
    fn name(&self) -> &PlaceName {
        &self.name
    }

    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let ended = match &self.netns {
                Some(netns) => place::run(netns.as_fd(), own_sysfs, cmd, b"", Bounds::default()).await,
                None => self.run_in_node(cmd, Bounds::default()).await,
            };
            ended.map_err(|source| self.failed(cmd, source))
        })
    }

    fn netns(&self) -> Option<BorrowedFd<'_>> {
        self.netns.as_ref().map(|netns| netns.as_fd())
    }

    fn run_itself<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let ended = self.run_in_node(cmd, Bounds { deadline: PATIENCE, ..Bounds::default() }).await;
            ended.map_err(|source| self.failed(cmd, source))
        })
    }

    /// In the node, whether its namespace is entered from here or not.
    fn start<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Process, PlaceError>> {
        Box::pin(async move {
            let started = async { self.exec(&self.in_node(cmd)?).await };
            started.await.map_err(|source| self.failed(cmd, source))
        })
    }

    fn program(&self) -> Option<Cmd> {
        Some(self.program.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_a_node_is_ended_there() {
        let command = killed_in_time(&Cmd::parse("arp -n"), Duration::from_secs(10));
        assert_eq!(command.to_string(), "timeout -s KILL 11 arp -n");
    }
}
