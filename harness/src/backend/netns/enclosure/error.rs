//! Why there is no enclosure.

use std::fs;
use std::io;
use std::path::PathBuf;

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
    #[error("this host refuses to {step} (hint: {remedy})")]
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

/// What would let an ordinary user have namespaces, going by what this host's switches say.
pub(super) fn remedy() -> String {
    let switch = |file: &str| fs::read_to_string(file).ok().map(|text| text.trim().to_owned());
    remedy_for(
        switch("/proc/sys/kernel/unprivileged_userns_clone").as_deref(),
        switch("/proc/sys/user/max_user_namespaces").as_deref(),
        switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").as_deref(),
    )
    .to_owned()
}

fn remedy_for(userns_clone: Option<&str>, max_user_namespaces: Option<&str>, apparmor: Option<&str>) -> &'static str {
    if max_user_namespaces == Some("0") {
        "sysctl -w user.max_user_namespaces=15000, or run as root"
    } else if userns_clone == Some("0") {
        "sysctl -w kernel.unprivileged_userns_clone=1, or run as root"
    } else if apparmor == Some("1") {
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root"
    } else {
        "run as root; in a container, with CAP_SYS_ADMIN and a seccomp profile that allows unshare(2)"
    }
}

#[cfg(test)]
mod tests {
    use super::remedy_for;

    #[test]
    fn the_switch_that_is_off_is_the_one_to_turn() {
        for (clone, max, apparmor, word) in [
            (None, Some("0"), None, "user.max_user_namespaces"),
            (Some("0"), Some("96365"), None, "kernel.unprivileged_userns_clone"),
            (Some("1"), Some("96365"), Some("1"), "apparmor_restrict"),
            (Some("1"), Some("96365"), Some("0"), "seccomp"),
            (None, None, None, "seccomp"),
        ] {
            assert!(remedy_for(clone, max, apparmor).contains(word), "{clone:?} {max:?} {apparmor:?}");
        }
    }
}
