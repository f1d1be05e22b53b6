//! Network namespaces: held by a descriptor, and gone with it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::resume_unwind;
use std::thread;

use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::runtime::Handle;

use super::netlink::Netlink;
use crate::backend::UpError;
use crate::name::PlaceName;

/// What a namespace is for, which decides how its kernel behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Holds the Ethernet segments between nodes.
    Fabric,
    /// Forwards packets.
    Node,
    /// Sends and receives them.
    Pod,
}

/// Switches below `/proc/sys/net` that every namespace gets.
///
/// Without IPv6 no router is solicited and no group joined while we listen. Only `lo` is older than the switch; `all` would reach it too, but takes a lock that
/// the whole kernel shares.
///
/// No packet is lost here unless somebody breaks something, but on a busy host a segment or its acknowledgment may wait for a proxy of ours for longer
/// than the 200 ms after which TCP would send it again (`TCP_RTO_MIN`; `tcp_schedule_loss_probe` in `net/ipv4/tcp_output.c` goes by the same). Half a minute is
/// longer than any probe of ours waits. Kernels have the switch since Linux 6.11.
///
/// An un-asserted ping must not use up the ICMP errors that a kernel allows a host, or the probe's own is not sent (`icmpv4_xrlim_allow` in
/// `net/ipv4/icmp.c`).
const EVERYWHERE: [(&str, &str); 3] = [("ipv6/conf/default/disable_ipv6", "1"), (RTO_MIN, "30000000"), ("ipv4/icmp_ratelimit", "0")];

/// In microseconds (`Documentation/networking/ip-sysctl.rst`).
const RTO_MIN: &str = "ipv4/tcp_rto_min_us";

/// Switches that a node gets besides. A new namespace has the *host's* reverse path filter, whatever that is.
const NODE: [(&str, &str); 3] = [("ipv4/conf/all/rp_filter", "0"), ("ipv4/conf/default/rp_filter", "0"), ("ipv4/ip_forward", "1")];

/// A network namespace and a conversation with the kernel about it.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) descriptor: OwnedFd,
    pub(super) netlink: Netlink,
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// Creates a namespace for each of `places`, on as many threads as there are processors: unlike most of what follows this needs no lock that
/// the whole kernel shares.
///
/// # Errors
/// The system refused one; the others are gone again.
pub(super) fn create(places: &[(PlaceName, Role)], runtime: &Handle) -> Result<Vec<Namespace>, UpError> {
    let refused = |source| UpError::Namespaces { count: places.len(), source };
    raise_descriptor_limit();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = places.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let create_share =
            |places: &[(PlaceName, Role)]| places.iter().map(|(place, role)| create_one(place, *role, runtime, refused)).collect();
        let spawn = |places| thread::Builder::new().name("unshare".into()).spawn_scoped(scope, move || create_share(places));
        let workers = places.chunks(share).map(spawn).collect::<io::Result<Vec<_>>>().map_err(refused)?;
        let mut created = Vec::with_capacity(places.len());
        for worker in workers {
            let share: Result<Vec<_>, UpError> = worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            created.extend(share?);
        }
        Ok(created)
    })
}

fn create_one(place: &PlaceName, role: Role, runtime: &Handle, refused: impl Fn(io::Error) -> UpError) -> Result<Namespace, UpError> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refused(errno.into()))?;
    for (switch, value) in EVERYWHERE.iter().chain(NODE.iter().filter(|_| role == Role::Node)) {
        set(place, switch, value)?;
    }
    let descriptor = File::open("/proc/thread-self/ns/net").map_err(&refused)?.into();
    Ok(Namespace { descriptor, netlink: Netlink::open(place.clone(), runtime).map_err(refused)? })
}

/// Sets a switch below `/proc/sys/net` in the network namespace of `place`, which this thread is in. One that this kernel does not have is passed over:
/// without IPv6 there is nothing to switch off.
pub(super) fn set(place: &PlaceName, switch: &str, value: &str) -> Result<(), UpError> {
    match fs::write(format!("/proc/sys/net/{switch}"), value) {
        Err(error) if error.kind() == ErrorKind::NotFound && (switch.starts_with("ipv6/") || switch == RTO_MIN) => Ok(()),
        done => done.map_err(|source| UpError::Switch { place: place.clone(), switch: switch.to_owned(), source }),
    }
}

/// Allows as many open descriptors as this process may: a place takes two while it is built.
fn raise_descriptor_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // If that fails there will be an error that says so, and only where it matters.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
