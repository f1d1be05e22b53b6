//! Whose doing it is that a lab does not stand.

use std::io;

use nix::errno::Errno;

use super::contract::UpError;
use super::kind::{BuildError, KindError, RecipeError};
use crate::fault::Blame;

impl UpError {
    /// Whose doing it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Namespaces { source, .. } | Self::Request { source, .. } => of_system(source),
            Self::Switch { source, .. } => match source.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EROFS | Errno::EACCES | Errno::ENOENT) => {
                    host("/proc/sys/net must be there and writable: as root, and in a container with --privileged")
                }
                _ => of_system(source),
            },
            Self::Capture(_) => host("CAP_NET_RAW, and a seccomp profile that allows packet sockets"),
            Self::Tunnel { remedy, .. } => Blame::Host { remedy: remedy.map(str::to_owned) },
            Self::Filter { blame, .. } => blame.clone(),
            Self::Cluster(error) => of_cluster(error),
            Self::Topology(_) | Self::NotReady(_) => Blame::Harness,
        }
    }
}

/// A cluster that was begun and did not get ready is a fault: exit code 3 is taken for a skip. What is left behind is said first.
fn of_cluster(error: &BuildError) -> Blame {
    match &error.source {
        _ if !error.left.is_empty() => Blame::Harness,
        KindError::Lacks { remedy, .. } => host(remedy),
        KindError::Recipe(RecipeError::Fetch { .. }) => Blame::Host { remedy: None },
        KindError::Recipe(_) | KindError::Asked(_) => Blame::Input,
        _ => Blame::Harness,
    }
}

/// What the system's refusals come from.
pub(super) fn of_system(error: &io::Error) -> Blame {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => host(
            "run as root; in a container, with CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW, and a seccomp profile that allows unshare(2)",
        ),
        Some(Errno::EMFILE | Errno::ENFILE) => host("allow more open files: `ulimit -n`"),
        Some(Errno::EAGAIN | Errno::ENOMEM) => host("allow more processes (`ulimit -u`, the container's pids limit), or free memory"),
        Some(Errno::ENOSPC | Errno::EUSERS) => host("allow more namespaces: `sysctl user` lists how many there may be"),
        Some(Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::ENOSYS) => {
            host("this kernel lacks it; `cnilab doctor` says what can be proven here")
        }
        _ => Blame::Harness,
    }
}

/// This host's, with what would help.
pub(super) fn host(remedy: &str) -> Blame {
    Blame::Host { remedy: Some(remedy.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PlaceName;

    #[test]
    fn what_the_system_refuses_is_the_hosts_and_what_it_finds_wrong_is_ours() {
        for (errno, word) in [
            (Errno::EPERM, Some("CAP_NET_ADMIN")),
            (Errno::EACCES, Some("run as root")),
            (Errno::EMFILE, Some("ulimit -n")),
            (Errno::ENFILE, Some("ulimit -n")),
            (Errno::EAGAIN, Some("ulimit -u")),
            (Errno::ENOMEM, Some("memory")),
            (Errno::ENOSPC, Some("namespaces")),
            (Errno::EUSERS, Some("namespaces")),
            (Errno::EOPNOTSUPP, Some("kernel")),
            (Errno::ENOSYS, Some("kernel")),
            (Errno::EEXIST, None),
            (Errno::EINVAL, None),
            (Errno::ENODEV, None),
            (Errno::ENETUNREACH, None),
        ] {
            let place = PlaceName::new("node1");
            let error = UpError::Request { place, doing: "add a link".to_owned(), source: io::Error::from_raw_os_error(errno as i32) };
            match (error.blame(), word) {
                (Blame::Host { remedy: Some(remedy) }, Some(word)) => assert!(remedy.contains(word), "{errno}: {remedy}"),
                (blame, word) => assert_eq!((blame, word), (Blame::Harness, None), "{errno}"),
            }
        }
    }

    fn cluster(source: KindError, left: &[&str]) -> Blame {
        let left = left.iter().map(|what| (*what).to_owned()).collect();
        UpError::from(Box::new(BuildError { cluster: Some("c".to_owned()), logs: None, left, source })).blame()
    }

    fn lacks() -> KindError {
        KindError::Lacks { what: "kind".to_owned(), remedy: "install it".to_owned(), source: None }
    }

    #[test]
    fn only_a_host_that_lacks_something_is_no_fault_of_the_harness() {
        assert_eq!(cluster(lacks(), &[]), host("install it"));
        assert_eq!(cluster(lacks(), &["container c-worker"]), Blame::Harness);
        let refused = KindError::Host { doing: "open the socket".to_owned(), source: io::ErrorKind::PermissionDenied.into() };
        assert_eq!(cluster(refused, &[]), Blame::Harness);
        assert_eq!(cluster(KindError::Unfit("the CNI never got ready".to_owned()), &[]), Blame::Harness);
        let fetch = RecipeError::Fetch { url: "u".to_owned(), why: "no route".to_owned() };
        assert_eq!(cluster(fetch.into(), &[]), Blame::Host { remedy: None });
    }

    #[test]
    fn a_manifest_that_is_another_one_is_bad_input() {
        let hash = RecipeError::Hash { url: "u".to_owned(), expected: "a".to_owned(), found: "b".to_owned() };
        assert_eq!(cluster(hash.into(), &[]), Blame::Input);
        let asked = || KindError::Asked("there is a Pod/default/net already".to_owned());
        assert_eq!(cluster(asked(), &[]), Blame::Input);
        assert_eq!(cluster(asked(), &["pods"]), Blame::Harness, "something left behind is said first");
    }
}
