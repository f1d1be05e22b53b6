//! A place that is a network namespace of this process.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::standin::StandIn;
use crate::name::PlaceName;
use crate::nettool::Server;
use crate::place::{self, Bounds, Cmd, Output, Place, PlaceError};

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
        Box::pin(async move {
            let ended = place::run(self.descriptor.as_fd(), || Ok(()), cmd, b"", Bounds::default()).await;
            ended.map_err(|source| PlaceError { command: cmd.to_string(), place: self.name.clone(), source })
        })
    }

    fn netns(&self) -> Option<BorrowedFd<'_>> {
        Some(self.descriptor.as_fd())
    }
}
