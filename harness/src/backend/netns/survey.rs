//! What this host can do for labs of network namespaces.

use std::env;
use std::error::Error;
use std::io;
use std::path::Path;
use std::thread;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::enclosure::{EnclosureError, Outer};
use super::sys::{TUN_FILE, open_tun};
use super::tunnel::{remedy, try_ipip};
use crate::site::{Ability, Survey, TunnelKind};

/// The programs that labs' state commands run, each with Debian's package that has it.
const TOOLS: [(&str, &str); 4] = [("ip", "iproute2"), ("arp", "net-tools"), ("route", "net-tools"), ("sysctl", "procps")];

/// Looks from outside, with a short-lived enclosed process of `program`.
pub(super) fn look_from_outside(program: &Path) -> Survey {
    Outer::survey(program).unwrap_or_else(|error| refused(&error))
}

/// Looks from inside an enclosure, in a namespace that is gone afterwards.
pub(super) fn look_from_inside() -> Survey {
    in_scratch(look).unwrap_or_else(|error| {
        refused(&EnclosureError::Refused { step: "create a network namespace".to_owned(), remedy: "run as root".to_owned(), source: error })
    })
}

/// Runs `f` on a thread in a new network namespace, which is gone when this returns.
pub(super) fn in_scratch<T: Send>(f: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let scratch = thread::Builder::new().name("scratch".into()).spawn_scoped(scope, || {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok(f())
        })?;
        scratch.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Whether sockets can be had that capture packets.
pub(super) fn try_capture() -> io::Result<()> {
    Ok(socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).map(drop)?)
}

/// Looks in the network namespace that this thread is in, which must be of no further use: devices are left in it.
pub(super) fn look() -> Survey {
    let packet_socket = try_capture();
    let ipip = try_ipip();
    let tun = open_tun("tun-try").map(|_| ());
    let able = match (&packet_socket, &ipip, &tun) {
        (Err(error), ..) => Err(format!("packets cannot be captured: {error}")),
        (_, Err(_), Err(error)) => {
            let hint = remedy(error).map_or_else(String::new, |remedy| format!(" (hint: {remedy})"));
            Err(format!("this kernel has no ipip, and {TUN_FILE}, with which to stand in for it, cannot be used: {error}{hint}"))
        }
        _ => Ok(()),
    };
    let mut abilities = vec![
        ability("namespaces", "mount, pid and network namespaces can be had", Ok(()), None),
        ability("AF_PACKET", "opens", packet_socket, Some("CAP_NET_RAW, and a seccomp profile that allows it")),
        ability(
            TunnelKind::Ipip.name(),
            "the kernel's own",
            ipip,
            Some("modprobe ipip; without it a stand-in carries packets, labelled as such"),
        ),
    ];
    let tun_remedy = tun.as_ref().err().and_then(remedy);
    abilities.push(ability(TUN_FILE, "opens", tun, tun_remedy));
    abilities.extend(tools());
    Survey { backend: "netns".to_owned(), able, abilities }
}

fn ability(what: &str, found: &str, tried: io::Result<()>, remedy: Option<&str>) -> Ability {
    let (found, remedy) = match tried {
        Ok(()) => (Ok(found.to_owned()), None),
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32) => (Err("not in this kernel".to_owned()), remedy),
        Err(error) => (Err(error.to_string()), remedy),
    };
    Ability { what: what.to_owned(), found, remedy: remedy.map(str::to_owned) }
}

/// What is known where no enclosure can be had.
fn refused(error: &EnclosureError) -> Survey {
    let cause = error.source().map_or_else(String::new, |source| format!(": {source}"));
    let (message, remedy) = match error {
        EnclosureError::Refused { step, remedy, .. } => (format!("this host refuses to {step}{cause}"), Some(remedy.clone())),
        other => (format!("{other}{cause}"), None),
    };
    let hint = remedy.as_ref().map_or_else(String::new, |remedy| format!(" (hint: {remedy})"));
    let namespaces = Ability { what: "namespaces".to_owned(), found: Err(message.clone()), remedy };
    Survey { backend: "netns".to_owned(), able: Err(message + &hint), abilities: [namespaces].into_iter().chain(tools()).collect() }
}

/// Which of the programs that state commands run are there.
fn tools() -> impl Iterator<Item = Ability> {
    let folders: Vec<_> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    TOOLS.into_iter().map(move |(tool, package)| {
        let at = folders.iter().map(|folder| folder.join(tool)).find(|file| file.is_file());
        Ability {
            what: tool.to_owned(),
            found: at.map(|file| file.display().to_string()).ok_or_else(|| "not in PATH".to_owned()),
            remedy: Some(format!("apt-get install {package}; without it what `{tool}` prints cannot be judged")),
        }
    })
}
