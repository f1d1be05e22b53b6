//! A node of a cluster of kind: a container whose processes this host sees.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use super::tables::{self, Route};
use crate::nettool::{Connection, connections};

/// A node's first process, through which its files and its network can be reached without starting anything in it.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// The container's name, which is the node's in the cluster.
    pub(super) name: String,
    pid: u32,
    netns: Arc<OwnedFd>,
}

impl Machine {
    /// Opens the node whose first process this host knows as `pid`.
    pub(super) fn open(name: &str, pid: u32) -> io::Result<Self> {
        Ok(Self { name: name.to_owned(), pid, netns: Arc::new(network_of(pid)?) })
    }

    /// Its network namespace.
    pub(super) fn netns(&self) -> BorrowedFd<'_> {
        self.netns.as_fd()
    }

    /// Its network namespace, to keep.
    pub(super) fn shared_netns(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.netns)
    }

    /// Where this host finds a file of the node.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/{}", self.pid, path.trim_start_matches('/')))
    }

    /// Its main routing table.
    pub(super) fn routes(&self) -> io::Result<Vec<Route>> {
        self.table("route").map(|text| tables::routes(&text))
    }

    /// Its network devices.
    pub(super) fn devices(&self) -> io::Result<Vec<String>> {
        self.table("dev").map(|text| tables::devices(&text))
    }

    /// The other ends of its established TCP connections that have `port` at either end.
    pub(super) fn sessions(&self, port: u16) -> io::Result<Vec<std::net::Ipv4Addr>> {
        let of_port = |one: &Connection| one.is_established() && [one.own.port(), one.other.port()].contains(&port);
        Ok(connections(&self.table("tcp")?).into_iter().filter(of_port).map(|one| *one.other.ip()).collect())
    }

    fn table(&self, name: &str) -> io::Result<String> {
        std::fs::read_to_string(format!("/proc/{}/net/{name}", self.pid))
    }
}

/// The network namespace of a process.
pub(super) fn network_of(pid: u32) -> io::Result<OwnedFd> {
    File::open(format!("/proc/{pid}/ns/net")).map(Into::into)
}

/// The process of this host that runs the container `id` of a pod, whatever namespaces and whatever runtime it has.
///
/// Kubelet gives every container a cgroup whose name has the container's id in it, and this host sees the cgroups of all its processes. So
/// nothing need be asked of the node, whose tools and whose numbering of processes are its own.
pub(super) fn process_of(id: &str) -> io::Result<Option<u32>> {
    for entry in std::fs::read_dir("/proc")? {
        let Ok(entry) = entry else { continue };
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that has gone meanwhile has no cgroup.
        let cgroups = std::fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
        if cgroups.lines().any(|line| line.contains(id)) {
            return Ok(Some(pid));
        }
    }
    Ok(None)
}
