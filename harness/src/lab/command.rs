//! The commands whose output a lab may be about: a fixed list, so that a lab file can never run anything else.

use std::collections::BTreeMap;
use std::ops::Range;

use super::placeholder::fill;
use super::value::is_interface;
use crate::expect::{PartToken, observed_parts, state_words};
use crate::name::Symbol;
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

/// The interfaces that a command on the list names, and where each stands in it, in bytes.
pub(super) fn interfaces(run: &str) -> Vec<(String, Range<usize>)> {
    let subject = run.split_whitespace().next().filter(|program| matches!(*program, "sysctl" | "brctl"));
    let words = subject.into_iter().flat_map(|_| state_words(run).into_iter().skip(1));
    let parts = words.flat_map(|word| observed_parts(&run[word.clone()]).into_iter().map(move |part| (part, word.start)));
    let named = parts.filter_map(|(part, start)| match part.token {
        PartToken::Word(text) => Some((text, start + part.span.start..start + part.span.end)),
        _ => None,
    });
    named.collect()
}

/// A command with every placeholder in it, and every interface that `names` covers, replaced by what `value` says that it stands for.
///
/// # Errors
/// The first symbol for which `value` has nothing; all of `run` if a `{` is not closed.
pub fn fill_command<'v>(run: &str, names: &BTreeMap<String, Symbol>, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, String> {
    let mut filled = run.to_owned();
    for (word, span) in interfaces(run).into_iter().rev() {
        if let Some(symbol) = names.get(&word) {
            filled.replace_range(span, value(symbol.as_str()).ok_or(symbol.as_str())?);
        }
    }
    fill(&filled, value)
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
