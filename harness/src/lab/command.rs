//! The commands whose output a lab may be about: a fixed list, so that a lab file can never run anything else.

use super::value::is_interface;
use crate::place::Cmd;

/// Commands without a choice in them.
const PLAIN: [&str; 15] = [
    "arp -n",
    "conntrack -L",
    "ip -d link",
    "ip addr",
    "ip link",
    "ip neigh",
    "ip route",
    "ip route show table all",
    "ip rule",
    "ipset list",
    "iptables-save",
    "route -n",
    "sysctl net.ipv4.ip_default_ttl",
    "sysctl net.ipv4.ip_forward",
    "sysctl net.ipv4.conf.all.rp_filter",
];

/// What can be asked of one interface (Documentation/networking/ip-sysctl.rst).
const PER_INTERFACE: [&str; 3] = ["proxy_arp", "rp_filter", "forwarding"];

/// The command that `run` spells, if it is on the list; an interface in it may be a `{…}` placeholder.
///
/// It is never given to a shell.
pub fn command(run: &str) -> Option<Cmd> {
    let words: Vec<&str> = run.split_whitespace().collect();
    let allowed = match words.as_slice() {
        ["brctl", "showmacs", bridge] => is_subject(bridge),
        ["sysctl", key] if is_interface_key(key) => true,
        _ => PLAIN.contains(&words.join(" ").as_str()),
    };
    allowed.then(|| Cmd::parse(run))
}

/// The list, as one would look it up.
pub(super) fn listed() -> String {
    let plain = PLAIN.iter().map(|command| format!("`{command}`")).collect::<Vec<_>>().join(", ");
    format!("{plain}, `brctl showmacs <bridge>`, `sysctl net.ipv4.conf.<interface>.{{{}}}`", PER_INTERFACE.join(","))
}

fn is_interface_key(key: &str) -> bool {
    let Some((interface, setting)) = key.strip_prefix("net.ipv4.conf.").and_then(|rest| rest.rsplit_once('.')) else { return false };
    PER_INTERFACE.contains(&setting) && is_subject(interface) && (interface.starts_with('{') || !interface.contains('.'))
}

/// An interface's name or a placeholder for one; nothing that a program would take for an option.
fn is_subject(word: &str) -> bool {
    let placeholder = word.strip_prefix('{').and_then(|word| word.strip_suffix('}')).is_some_and(|name| !name.contains(['{', '}']));
    !word.starts_with('-') && (placeholder || is_interface(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_list_is_run() {
        for run in
            ["ip route", "ip  neigh", "sysctl net.ipv4.conf.{pod1.veth}.proxy_arp", "brctl showmacs cni0", "sysctl net.ipv4.ip_forward"]
        {
            assert!(command(run).is_some(), "{run}");
        }
        for run in [
            "",
            "ip route; reboot",
            "ip route add default via 10.0.0.1",
            "sh -c true",
            "sysctl net.ipv4.conf.a/b.proxy_arp",
            "sysctl net.ipv4.conf.lo.proxy_arp=1",
            "sysctl -w net.ipv4.ip_forward",
            "brctl showmacs --help",
            "brctl delbr cni0",
        ] {
            assert!(command(run).is_none(), "{run}");
        }
    }
}
