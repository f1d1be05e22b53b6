//! Why there is no enclosure.

use std::fs;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::backend::blame::{host, of_system};
use crate::fault::Blame;

/// Why a process could not be enclosed.
#[derive(Debug, thiserror::Error)]
pub enum EnclosureError {
    /// The program could not be started.
    #[error("cannot start {}", program.display())]
    Start {
        /// Which program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// This host does not let us have a namespace.
    #[error("this host refuses to {step}")]
    Refused {
        /// What was tried.
        step: String,
        /// What would help.
        remedy: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// User and group ids could not be mapped.
    #[error("cannot map user and group ids into the enclosed process")]
    Map(#[source] io::Error),
    /// The process ended before it was enclosed.
    #[error("the enclosed process ended before it had begun")]
    Ended,
    /// The process that encloses this one is gone, or is none: `enclosed` is not for people.
    #[error("nobody is there to enclose this process for")]
    Orphaned,
    /// It told something that was not expected of it then.
    #[error("the enclosed process told `{told}` out of turn")]
    OutOfTurn {
        /// What it told.
        told: String,
    },
}

/// For whoever carries enclosure and pipe errors in one variant.
impl From<EnclosureError> for io::Error {
    fn from(error: EnclosureError) -> Self {
        Self::other(error)
    }
}

impl EnclosureError {
    /// Whose doing it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Refused { remedy, .. } => host(remedy),
            Self::Start { source, .. } | Self::Map(source) => of_system(source),
            Self::Ended | Self::Orphaned | Self::OutOfTurn { .. } => Blame::Harness,
        }
    }
}

/// What would let us have namespaces, going by how the kernel refused them and what this host's switches say.
pub(super) fn remedy(refusal: Errno) -> String {
    remedy_for(refusal, |switch| fs::read_to_string(format!("/proc/sys/{switch}")).ok().map(|text| text.trim().to_owned()))
}

/// The kinds of namespaces that an enclosure has, as the limits on them are called (`namespaces`(7)).
const KINDS: [&str; 6] = ["user", "mnt", "pid", "net", "ipc", "uts"];

fn remedy_for(refusal: Errno, switch: impl Fn(&str) -> Option<String>) -> String {
    let says = |name: &str, value: &str| switch(name).as_deref() == Some(value);
    if matches!(refusal, Errno::EAGAIN | Errno::ENOMEM) {
        return "allow more processes (`ulimit -u`, the container's pids limit), or free memory".to_owned();
    }
    if let Some(kind) = KINDS.into_iter().find(|kind| says(&format!("user/max_{kind}_namespaces"), "0")) {
        let or_root = if kind == "user" { ", or run as root" } else { "" };
        return format!("sysctl -w user.max_{kind}_namespaces=15000{or_root}");
    }
    if matches!(refusal, Errno::ENOSPC | Errno::EUSERS) {
        "allow more namespaces: `sysctl user` lists how many there may be, and they nest 32 deep".to_owned()
    } else if says("kernel/unprivileged_userns_clone", "0") {
        "sysctl -w kernel.unprivileged_userns_clone=1, or run as root".to_owned()
    } else if says("kernel/apparmor_restrict_unprivileged_userns", "1") {
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root".to_owned()
    } else {
        "run as root; in a container, with CAP_SYS_ADMIN and a seccomp profile that allows unshare(2)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_that_is_off_is_the_one_to_turn() {
        for (refusal, switches, word) in [
            (Errno::ENOSPC, &[("user/max_user_namespaces", "0")][..], "user.max_user_namespaces=15000, or run as root"),
            (Errno::EPERM, &[("user/max_user_namespaces", "0"), ("kernel/unprivileged_userns_clone", "0")], "user.max_user_namespaces"),
            (Errno::ENOSPC, &[("user/max_net_namespaces", "0"), ("user/max_user_namespaces", "96365")], "user.max_net_namespaces"),
            (Errno::ENOSPC, &[("user/max_pid_namespaces", "0")], "user.max_pid_namespaces"),
            (Errno::ENOSPC, &[("user/max_user_namespaces", "96365")], "sysctl user"),
            (Errno::EUSERS, &[], "32 deep"),
            (
                Errno::EPERM,
                &[("kernel/unprivileged_userns_clone", "0"), ("user/max_user_namespaces", "96365")],
                "unprivileged_userns_clone=1",
            ),
            (Errno::EACCES, &[("kernel/apparmor_restrict_unprivileged_userns", "1")], "apparmor_restrict_unprivileged_userns=0"),
            (Errno::EPERM, &[("kernel/unprivileged_userns_clone", "1"), ("kernel/apparmor_restrict_unprivileged_userns", "0")], "seccomp"),
            (Errno::EPERM, &[], "CAP_SYS_ADMIN"),
            (Errno::EAGAIN, &[("user/max_user_namespaces", "0")], "ulimit -u"),
            (Errno::ENOMEM, &[], "memory"),
        ] {
            let switch = |name: &str| switches.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let remedy = remedy_for(refusal, switch);
            assert!(remedy.contains(word), "{refusal} {switches:?}: {remedy}");
        }
    }
}
