//! Containers, seen from whatever can see their processes: this host, or a node that they run in.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use crate::place::{CommandError, find_program};

/// A process of the container `id`, as this process's pid namespace numbers it, whatever namespaces and whatever runtime it has.
///
/// Kubelet gives every container a cgroup whose name has the container's id in it. So nothing need be asked of the container runtime.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn process_of(id: &str) -> io::Result<Option<u32>> {
    if id.is_empty() {
        return Ok(None);
    }
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

/// Gives this thread a `/sys` that shows the network namespace it has entered: `brctl` reads bridges there. A mount of sysfs shows the
/// namespace that it was made in, so one from before will not do.
///
/// # Errors
/// If this process may not mount.
pub fn own_sysfs() -> io::Result<()> {
    const NONE: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    // Nothing that is mounted here may reach anybody else.
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    Ok(mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, NONE)?)
}

/// Becomes `command` in the network namespace of a container; returns only if that cannot be done.
pub(super) fn become_inside(container: &str, command: &[String]) -> io::Error {
    match enter(container) {
        Ok(()) => match find_program(&command[0]) {
            #[expect(clippy::disallowed_methods, reason = "no process is started: this one becomes another")]
            Some(program) => Command::new(program).args(&command[1..]).exec(),
            None => io::Error::other(CommandError::Missing { program: command[0].clone() }),
        },
        Err(error) => error,
    }
}

fn enter(container: &str) -> io::Result<()> {
    let process = process_of(container)?.ok_or_else(|| io::Error::other(format!("no process here is in the container {container}")))?;
    setns(File::open(format!("/proc/{process}/ns/net"))?, CloneFlags::CLONE_NEWNET)?;
    own_sysfs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_by_its_cgroup() {
        let own = std::fs::read_to_string("/proc/self/cgroup").expect("readable");
        let path = own.lines().next().and_then(|line| line.rsplit(':').next()).expect("it is in a cgroup");
        assert!(process_of(path).expect("readable").is_some());
        assert_eq!(process_of("no cgroup has such a name").expect("readable"), None);
    }
}
