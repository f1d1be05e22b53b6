//! A node of a cluster of kind, and the pods in it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::error::KindError;
use super::links::{self, Link};
use super::place::KindPlace;
use super::reach::{Container, Reach};
use super::tables::{self, Route};
use crate::name::PlaceName;
use crate::nettool::{Connection, connections, process_of};
use crate::place::{Cmd, Place as _};

/// A node, through which its files, its network and its pods can be reached.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// The container's name, which is the node's in the cluster.
    pub(super) name: String,
    /// The node as a place, under that name.
    place: KindPlace,
    reach: Reach,
    /// Its first process, as this host knows it, where it does.
    pid: Option<u32>,
}

impl Machine {
    /// The node that is this container.
    pub(super) fn open(node: &Container, reach: &Reach) -> io::Result<Self> {
        let pid = reach.enters.is_some().then_some(node.pid);
        let place = reach.place(PlaceName::new(&node.name), &node.name, None, pid.map(network_of).transpose()?)?;
        Ok(Self { name: node.name.clone(), place, reach: reach.clone(), pid })
    }

    /// The node as a place, under the lab's name of it.
    pub(super) fn place(&self, name: &PlaceName) -> KindPlace {
        KindPlace { name: name.clone(), ..self.place.clone() }
    }

    /// A pod of it as a place, by the id of its container. `None`: no process of this host is in it.
    pub(super) fn pod(&self, name: &PlaceName, container: &str) -> io::Result<Option<KindPlace>> {
        let netns = match &self.reach.enters {
            Some(_) => match process_of(container)? {
                Some(process) => Some(network_of(process)?),
                None => return Ok(None),
            },
            None => None,
        };
        self.reach.place(name.clone(), &self.name, Some(container), netns).map(Some)
    }

    /// Whether it has a file.
    pub(super) async fn has_file(&self, path: &str) -> Result<bool, KindError> {
        let looked = || KindError::host(format!("look for {path} on {}", self.name));
        match self.pid {
            Some(pid) => PathBuf::from(format!("/proc/{pid}/root{path}")).try_exists().map_err(looked()),
            None => {
                Ok(self.place.run(&Cmd::new("test", ["-e", path])).await.map_err(|error| looked()(io::Error::other(error)))?.status == 0)
            }
        }
    }

    /// Its main routing table.
    pub(super) async fn routes(&self) -> Result<Vec<Route>, KindError> {
        routes(&self.place).await
    }

    /// Its network devices.
    pub(super) async fn links(&self) -> Result<Vec<Link>, KindError> {
        links::links(&self.place).await
    }

    /// The other ends of its established TCP connections that have `port` at either end.
    pub(super) async fn sessions(&self, port: u16) -> Result<Vec<std::net::Ipv4Addr>, KindError> {
        let of_port = |one: &Connection| one.is_established() && [one.own.port(), one.other.port()].contains(&port);
        Ok(sockets(&self.place).await?.into_iter().filter(of_port).map(|one| *one.other.ip()).collect())
    }

    /// Asks a server for its page, from the node; says why it does not answer.
    pub(super) async fn asks(&self, server: std::net::SocketAddrV4) -> Result<(), String> {
        let Some(program) = self.place.program() else { return Err("our program is not there".to_owned()) };
        let command = program.with(["nettool", "get", &server.to_string(), "--within", "500"]);
        let output = self.place.run(&command).await.map_err(|error| crate::fault::in_words(&error))?;
        if output.status == 0 { Ok(()) } else { Err(output.stderr.trim().trim_start_matches("error: ").to_owned()) }
    }
}

/// The main routing table of a place.
pub(super) async fn routes(place: &KindPlace) -> Result<Vec<Route>, KindError> {
    table(place, "route").await.map(|text| tables::routes(&text))
}

/// The TCP sockets of a place.
pub(super) async fn sockets(place: &KindPlace) -> Result<Vec<Connection>, KindError> {
    table(place, "tcp").await.map(|text| connections(&text))
}

async fn table(place: &KindPlace, name: &str) -> Result<String, KindError> {
    say(place, &Cmd::new("cat", [format!("/proc/self/net/{name}")])).await
}

/// What a command prints in a place.
pub(super) async fn say(place: &KindPlace, command: &Cmd) -> Result<String, KindError> {
    let failed = KindError::host(format!("run `{command}` in {}", place.name));
    match place.run(command).await {
        Ok(output) if output.status == 0 => Ok(output.stdout),
        Ok(output) => Err(failed(io::Error::other(output.stderr.trim().to_owned()))),
        Err(error) => Err(failed(io::Error::other(error))),
    }
}

/// The network namespace of a process.
fn network_of(pid: u32) -> io::Result<OwnedFd> {
    std::fs::File::open(format!("/proc/{pid}/ns/net")).map(Into::into)
}
