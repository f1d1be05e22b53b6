//! What this host can do for labs of network namespaces.

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
    let able = packet_socket.as_ref().copied().map_err(|error| format!("packets cannot be captured: {error}"));
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
    Survey { backend: "netns".to_owned(), able: Err(message + &hint), abilities: vec![namespaces] }
}

/// What a lab's tunnels need, of a host that was looked at.
pub(super) fn tunnels(survey: &Survey, tunnels: &[TunnelKind]) -> Vec<Ability> {
    let there = |what: &str| survey.abilities.iter().find(|ability| ability.what == what);
    let works = |what: &str| there(what).is_some_and(|ability| ability.found.is_ok());
    let tun = there(TUN_FILE);
    let ability = |kind: &TunnelKind| {
        let (carrier, lacks) = match kind {
            TunnelKind::Ipip if works(kind.name()) => return None,
            TunnelKind::Ipip => ("stands in for it", "this kernel has no ipip, and "),
            TunnelKind::Udp { .. } => ("carries it", ""),
        };
        let tun = tun?;
        let found = tun.found.clone().map(|_| format!("{TUN_FILE} {carrier}"));
        let found = found.map_err(|why| format!("{lacks}{TUN_FILE} cannot be used: {why}"));
        Some(Ability { what: format!("{} tunnel", kind.name()), remedy: found.is_err().then(|| tun.remedy.clone()).flatten(), found })
    };
    tunnels.iter().filter_map(ability).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(ipip: Result<(), &str>, tun: Result<(), &str>) -> Survey {
        let ability = |what: &str, found: Result<(), &str>, remedy: &str| Ability {
            what: what.to_owned(),
            found: found.map(|()| "there".to_owned()).map_err(str::to_owned),
            remedy: Some(remedy.to_owned()),
        };
        let abilities = vec![ability("ipip", ipip, "modprobe ipip"), ability(TUN_FILE, tun, "modprobe tun")];
        Survey { backend: "netns".to_owned(), able: Ok(()), abilities }
    }

    #[test]
    fn only_a_lab_that_has_a_tunnel_needs_one() {
        let (ipip, udp) = (TunnelKind::Ipip, TunnelKind::Udp { port: 8285 });
        let (no, yes) = (Err("no such device"), Ok(()));
        for (kernel, tun, kinds, lacks) in [
            (no, no, &[][..], None),
            (yes, no, &[ipip][..], None),
            (no, yes, &[ipip], None),
            (no, no, &[ipip], Some("ipip tunnel: this kernel has no ipip, and /dev/net/tun cannot be used: no such device (modprobe tun)")),
            (no, yes, &[udp], None),
            (yes, no, &[udp], Some("udp tunnel: /dev/net/tun cannot be used: no such device (modprobe tun)")),
            (yes, yes, &[ipip, udp], None),
        ] {
            let survey = host(kernel, tun);
            let able = survey.clone().with(tunnels(&survey, kinds)).able;
            assert_eq!(able.err().as_deref(), lacks, "{kernel:?} {tun:?} {kinds:?}");
        }
    }

    #[test]
    fn a_host_that_refuses_namespaces_is_told_what_to_turn() {
        let error = EnclosureError::Refused {
            step: "create mount, pid and network namespaces".to_owned(),
            remedy: "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root".to_owned(),
            source: io::Error::from_raw_os_error(1),
        };
        let survey = refused(&error);
        let why = survey.able.clone().expect_err("it is refused");
        assert!(why.contains("refuses to create mount, pid and network namespaces") && why.contains("apparmor_restrict"), "{why}");
        // Of its tunnels nothing is known, and nothing is claimed.
        assert_eq!(tunnels(&survey, &[TunnelKind::Ipip]), []);
    }
}
