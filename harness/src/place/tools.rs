//! Where programs are, and which package of Debian has them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where administrators' programs are, which the `PATH` of ordinary users often lacks (FHS 3.0, 3.16 and 4.10).
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Programs that labs ask for, and Debian's packages of them.
const PACKAGES: [(&str, &str); 19] = [
    ("arp", "net-tools"),
    ("brctl", "bridge-utils"),
    ("bridge", "iproute2"),
    ("conntrack", "conntrack"),
    ("ethtool", "ethtool"),
    ("ifconfig", "net-tools"),
    ("ip", "iproute2"),
    ("ipset", "ipset"),
    ("iptables", "iptables"),
    ("iptables-restore", "iptables"),
    ("iptables-save", "iptables"),
    ("ipvsadm", "ipvsadm"),
    ("netstat", "net-tools"),
    ("nft", "nftables"),
    ("pkill", "procps"),
    ("route", "net-tools"),
    ("ss", "iproute2"),
    ("sysctl", "procps"),
    ("tcpdump", "tcpdump"),
];

/// Debian's package that has a program, if it is one that labs ask for.
pub fn package_of(program: &str) -> Option<&'static str> {
    PACKAGES.iter().find(|(name, _)| *name == program).map(|(_, package)| *package)
}

/// The file of a program: in the folders of `PATH`, or in those where administrators' programs are. A name with a slash is the file itself.
pub fn find_program(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    let path = search_path(env::var_os("PATH"));
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

/// The folders in which programs are looked for, for what is started in turn as well.
pub(super) fn search_path(path: Option<OsString>) -> OsString {
    let own = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let folders: Vec<PathBuf> = env::split_paths(&own).collect();
    let missing = SYSTEM.iter().map(PathBuf::from).filter(|folder| !folders.contains(folder));
    // A folder with a colon in its name cannot be in `PATH`: these came out of one.
    env::join_paths(folders.iter().cloned().chain(missing)).unwrap_or(own)
}

fn is_executable(file: &Path) -> bool {
    file.is_file() && nix::unistd::access(file, nix::unistd::AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_folders_come_behind_the_users_own_and_once() {
        for (path, searched) in [
            (Some("/usr/bin:/bin"), "/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"),
            (Some("/sbin:/opt/x/bin"), "/sbin:/opt/x/bin:/usr/local/sbin:/usr/sbin"),
            (Some("/usr/sbin:/usr/local/sbin:/sbin"), "/usr/sbin:/usr/local/sbin:/sbin"),
            (None, "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"),
        ] {
            assert_eq!(search_path(path.map(OsString::from)), OsString::from(searched), "{path:?}");
        }
    }

    #[test]
    fn a_program_is_an_executable_file() {
        assert!(find_program("sh").is_some_and(|file| file.ends_with("sh")));
        assert_eq!(find_program("no-such-program-anywhere"), None);
        assert_eq!(find_program("/some/where/arp"), Some("/some/where/arp".into()));
    }
}
