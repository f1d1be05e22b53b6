//! The second stage: pid 1 of the enclosure, and dies with the first.

use nix::mount::{MsFlags, mount};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use rtnetlink::LinkUnspec;

use super::EnclosureError;
use super::handshake::{Order, Told, obey, tell};
use crate::backend::netns::messages::{LOOPBACK, Request};
use crate::backend::netns::netlink::ask;

/// The begin of `enclosed --inner`: returns once this process is enclosed, and its standard input and output are its own.
///
/// # Errors
/// The first stage or the outer process is gone: there is nothing left to do but to end.
pub fn second_stage() -> Result<(), EnclosureError> {
    set_pdeathsig(Signal::SIGKILL).map_err(|_| EnclosureError::Orphaned)?;
    mount_own_views();
    // Nothing of a lab depends on it.
    let _ = ask(&Request::set_link(LinkUnspec::new_with_index(LOOPBACK).up().build(), "bring lo up"));
    tell(&Told::Armed).map_err(|_| EnclosureError::Orphaned)?;
    match obey()? {
        Order::Enter => Ok(()),
        Order::Survey => Err(EnclosureError::Orphaned),
    }
}

/// Mounts /proc and /sys as these namespaces see them. A container that masks parts of its own /proc may not: then the old ones stay, which
/// show `/proc/self` and `/proc/sys/net` right nevertheless.
fn mount_own_views() {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let _ = mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>);
    let _ = mount(Some("sysfs"), "/sys", Some("sysfs"), flags, None::<&str>);
}
