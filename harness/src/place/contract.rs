//! What every place can do.

use std::io;
use std::os::fd::BorrowedFd;

use futures_util::future::BoxFuture;

use super::{Bounds, Cmd, CommandError, Output, PlaceError, Process};
use crate::name::PlaceName;

/// A place that runs commands: a network namespace, a node container, a pod.
pub trait Place: Send + Sync {
    /// Its name in the lab.
    fn name(&self) -> &PlaceName;

    /// Runs `cmd` to its end, within [`Bounds::default`] unless the place says otherwise; a non-zero exit is an [`Output`], not an error.
    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>>;

    /// Its network namespace, where this process can enter it.
    fn netns(&self) -> Option<BorrowedFd<'_>>;

    /// Starts `cmd` and leaves it running, where a place can do that.
    fn start<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Process, PlaceError>> {
        let source = CommandError::Start(io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(PlaceError { command: cmd.to_string(), place: self.name().clone(), source })))
    }

    /// Runs `cmd` to its end as [`Place::start`] starts it: in the place itself, with its own processes and programs.
    fn run_itself<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let ended = self.start(cmd).await?.end(Bounds::default()).await;
            ended.map_err(|source| PlaceError { command: cmd.to_string(), place: self.name().clone(), source })
        })
    }

    /// How this very program is called there, if it is there.
    fn program(&self) -> Option<Cmd> {
        None
    }
}
