//! Words of a command's output that say what a kernel has numbered, named or timed by itself: another word each time, and documented of one time.

use std::fmt;

/// What such a word is. Two words of one kind say the same, whatever they spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volatile {
    /// `3:` at the head of a line of `ip`: an interface's number.
    InterfaceIndex,
    /// `@if5:`, behind an interface's name: the number of a veth's other end in its own namespace.
    PeerIndex,
    /// `link-netns` or `link-netnsid`: the other end is in another namespace, which `ip` calls by name if it has a file in `/run/netns`, by number otherwise.
    Namespace,
    /// That name or number.
    NamespaceName,
    /// `REACHABLE`, `STALE`, `DELAY`, `PROBE`: a neighbour's hardware address is known; how lately it was confirmed is a matter of seconds.
    Known,
    /// `pfifo_fast`, `fq_codel`, … behind `qdisc`: a queue of the kind that the host's `net.core.default_qdisc` names. `noqueue` is none.
    Queue,
    /// The first column of `brctl showmacs`: a bridge's ports are numbered in the order in which they came. Equal numbers are one port.
    BridgePort,
    /// The last column of `brctl showmacs` where an address was learned: the seconds since it was last seen.
    Age,
    /// Behind `packets=` and `bytes=` in a line of conntrack: how much a connection has carried, if it has carried anything. `[12:720]` behind a
    /// chain's policy, or before a rule: what has passed there since it was made.
    Counter,
}

impl fmt::Display for Volatile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InterfaceIndex => "an interface's number",
            Self::PeerIndex => "the number of the other end",
            Self::Namespace | Self::NamespaceName => "the other end's namespace",
            Self::Known => "a state in which the neighbour is known",
            Self::Queue => "the host's kind of queue",
            Self::BridgePort => "a port's number",
            Self::Age => "an age in seconds",
            Self::Counter => "what was counted",
        })
    }
}

/// What the word at `index` of a line's `words` is, if it is volatile there. Of what stands in the place of a `*` or `**` nothing is known: a word that
/// may be volatile there is.
///
/// ```
/// use cnilab::expect::{Volatile, volatile};
///
/// let line = ["2:", "flannel0:", "mtu", "1472", "qdisc", "fq_codel"];
/// let found: Vec<_> = (0..line.len()).filter_map(|index| volatile(&line, index)).collect();
/// assert_eq!(found, [Volatile::InterfaceIndex, Volatile::Queue]);
/// ```
pub fn volatile(words: &[&str], index: usize) -> Option<Volatile> {
    let word = *words.get(index)?;
    let before = index.checked_sub(1).map_or("", |before| words[before]);
    let is_last = index + 1 == words.len();
    if index == 0 && word.strip_suffix(':').is_some_and(digits) && shows_interface(words) {
        Some(Volatile::InterfaceIndex)
    } else if word.strip_prefix("@if").and_then(|word| word.strip_suffix(':')).is_some_and(digits) {
        Some(Volatile::PeerIndex)
    } else if matches!(word, "link-netns" | "link-netnsid") {
        Some(Volatile::Namespace)
    } else if matches!(before, "link-netns" | "link-netnsid") {
        Some(Volatile::NamespaceName)
    } else if matches!(word, "REACHABLE" | "STALE" | "DELAY" | "PROBE")
        && is_last
        && words.iter().any(|other| *other == "lladdr" || is_hole(other))
    {
        Some(Volatile::Known)
    } else if (before == "qdisc" || is_hole(before)) && matches!(word, "pfifo_fast" | "pfifo" | "fq_codel" | "fq" | "sfq" | "cake") {
        Some(Volatile::Queue)
    } else if is_chain_counter(words, index) || is_connection_counter(before, word) {
        Some(Volatile::Counter)
    } else {
        showmacs(words, index)
    }
}

fn is_hole(word: &str) -> bool {
    matches!(word, "*" | "**")
}

/// Whether a line that starts with a number is one of `ip link`, `ip addr` or `ip maddr`, perhaps with `-o`, and not one of `ip rule`, whose number is a rule's own.
fn shows_interface(words: &[&str]) -> bool {
    match words {
        [_, name] => !name.is_empty(),
        [_, name, next, ..] => name.ends_with(':') || is_hole(name) || next.starts_with('@') || matches!(*next, "inet" | "inet6" | "link"),
        _ => false,
    }
}

/// A chain of `iptables-save`, `:INPUT ACCEPT [12:720]`, or with `-c` a rule, `[12:720] -A INPUT …`.
fn is_chain_counter(words: &[&str], index: usize) -> bool {
    let is_counter = |word: &str| {
        word.strip_prefix('[')
            .and_then(|word| word.strip_suffix(']')?.split_once(':'))
            .is_some_and(|(packets, bytes)| digits(packets) && digits(bytes))
    };
    match (words, index) {
        ([chain, _, counter], 2) => (chain.starts_with(':') || is_hole(chain)) && is_counter(counter),
        ([chain, counter], 1) => is_hole(chain) && is_counter(counter),
        ([counter, next, ..], 0) => (*next == "-A" || is_hole(next)) && is_counter(counter),
        _ => false,
    }
}

/// What a connection has carried, in either direction; nothing is not something.
fn is_connection_counter(key: &str, word: &str) -> bool {
    matches!(key, "packets=" | "bytes=") && digits(word) && word.bytes().any(|digit| digit != b'0')
}

/// A line of `brctl showmacs`: port, address, whether it is the bridge's own, age; own addresses do not age.
fn showmacs(words: &[&str], index: usize) -> Option<Volatile> {
    if is_hole(words[index]) {
        return None;
    }
    let gap = words.iter().position(|word| *word == "**");
    let (before, behind) = gap.map_or((words, &[][..]), |gap| (&words[..gap], &words[gap + 1..]));
    let missing = 4_usize.checked_sub(before.len() + behind.len())?;
    if missing > 0 && gap.is_none() {
        return None;
    }
    let all = [before, &vec!["*"; missing], behind].concat();
    let index = if index > before.len() { index + missing - 1 } else { index };
    let [port, _, own @ ("yes" | "no" | "*"), age] = all[..] else { return None };
    let is_age = age.split_once('.').is_some_and(|(seconds, rest)| digits(seconds) && digits(rest));
    match index {
        _ if !(digits(port) || is_hole(port)) || !(is_age || is_hole(age)) => None,
        0 if digits(port) && (is_age || own != "*") => Some(Volatile::BridgePort),
        3 if is_age && own != "yes" => Some(Volatile::Age),
        _ => None,
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<(String, Volatile)> {
        let words: Vec<&str> = crate::expect::state_words(line).into_iter().map(|span| &line[span]).collect();
        words.iter().enumerate().filter_map(|(index, word)| Some(((*word).to_owned(), volatile(&words, index)?))).collect()
    }

    #[test]
    fn what_a_kernel_numbers_is_told_from_what_a_lab_says() {
        let found = of("5: veth22fb4d65@if3: <UP> mtu 1472 qdisc noqueue master cni0 state UP group default");
        assert_eq!(found, [("5:".into(), Volatile::InterfaceIndex), ("@if3:".into(), Volatile::PeerIndex)]);
        let found = of("link/ether be:65:c8:d4:8a:fa brd ff:ff:ff:ff:ff:ff link-netns cni-26c7");
        assert_eq!(found, [("link-netns".into(), Volatile::Namespace), ("cni-26c7".into(), Volatile::NamespaceName)]);
        assert_eq!(of("10.0.0.1 dev cni0 lladdr be:65:c8:d4:8a:fa STALE"), [("STALE".into(), Volatile::Known)]);
        assert_eq!(of("10.0.0.1 dev cni0 FAILED"), []);
        assert_eq!(of("10.0.0.0/8 via 10.0.0.1 dev eth0 proto kernel"), []);
    }

    #[test]
    fn what_only_looks_like_a_number_of_the_kernel_s_is_no_such_number() {
        for line in [
            "eth0: flags=4163<UP>",
            "lo: <LOOPBACK>",
            ": x",
            "5 x",
            "x 5: y",
            "veth1@ifx: <UP>",
            "veth1@if: <UP>",
            "veth1@eth0: <UP>",
            "cni0 8000.be65c8d48afa no veth1",
            "cni0 8000.be65c8d48afa no 50.98",
            "2 9a:ad:9f:04:e2:ca no never",
            "2 9a:ad:9f:04:e2:ca no 50",
            "2 9a:ad:9f:04:e2:ca no 50.x",
            "2 9a:ad:9f:04:e2:ca no x.98",
            "2 9a:ad:9f:04:e2:ca maybe 50.98",
            "2 9a:ad:9f:04:e2:ca no 50.98 more",
            "10.0.0.1 dev cni0 lladdr be:65:c8:d4:8a:fa STALE proxy",
            "10.0.0.1 dev cni0 STALE",
            "mtu 1472 qdisc noqueue",
            "mtu 1472 qdisc htb",
            "packets= 0 bytes= 00",
        ] {
            assert_eq!(of(line), [], "{line}");
        }
    }

    /// Behind a hole nobody knows of what a word is; what may be volatile is.
    #[test]
    fn what_a_hole_hides_does_not_make_a_word_certain() {
        for (line, found) in [
            ("10.0.0.1 ** STALE", vec![("STALE", Volatile::Known)]),
            ("** PROBE", vec![("PROBE", Volatile::Known)]),
            ("10.0.0.1 dev cni0 * be:65:c8:d4:8a:fa STALE", vec![("STALE", Volatile::Known)]),
            ("2: eth0: ** fq_codel state UP", vec![("2:", Volatile::InterfaceIndex), ("fq_codel", Volatile::Queue)]),
            ("2: * mtu 1500", vec![("2:", Volatile::InterfaceIndex)]),
            ("2: ** mtu 1500", vec![("2:", Volatile::InterfaceIndex)]),
            ("** mtu 1500 * pfifo_fast", vec![("pfifo_fast", Volatile::Queue)]),
            ("** [12:720]", vec![("[12:720]", Volatile::Counter)]),
            ("* ACCEPT [12:720]", vec![("[12:720]", Volatile::Counter)]),
            ("[9:1] ** -j DROP", vec![("[9:1]", Volatile::Counter)]),
            ("* be:65:c8:d4:8a:fa no 50.98", vec![("50.98", Volatile::Age)]),
            ("2 * no 50.98", vec![("2", Volatile::BridgePort), ("50.98", Volatile::Age)]),
            ("2 be:65:c8:d4:8a:fa * 50.98", vec![("2", Volatile::BridgePort), ("50.98", Volatile::Age)]),
            ("2 be:65:c8:d4:8a:fa no *", vec![("2", Volatile::BridgePort)]),
            ("2 be:65:c8:d4:8a:fa yes **", vec![("2", Volatile::BridgePort)]),
            ("2 ** 50.98", vec![("2", Volatile::BridgePort), ("50.98", Volatile::Age)]),
            ("** no 50.98", vec![("50.98", Volatile::Age)]),
            ("2 be:65:c8:d4:8a:fa ** no 50.98", vec![("2", Volatile::BridgePort), ("50.98", Volatile::Age)]),
            ("** yes 50.98", vec![]),
            ("2 **", vec![]),
            ("2 * * *", vec![]),
            ("** FAILED", vec![]),
            ("** noqueue", vec![]),
            ("tcp packets=* bytes=7", vec![("7", Volatile::Counter)]),
        ] {
            let expected: Vec<_> = found.into_iter().map(|(word, kind)| (word.to_owned(), kind)).collect();
            assert_eq!(of(line), expected, "{line}");
        }
    }

    #[test]
    fn the_number_of_a_rule_is_no_interface_s() {
        for line in ["99: from all lookup main", "0: not from all fwmark 0x1 lookup 100", "5: 0100007F:0035 00000000:0000 0A"] {
            assert_eq!(of(line), [], "{line}");
        }
        for line in ["2: eth0    inet 10.0.0.1/24 scope", "2: eth0 inet6 fe80::1/64", "2: eth0", "2: veth1@if3: <UP>", "2: lo: <UP>"] {
            assert_eq!(of(line)[0], ("2:".to_owned(), Volatile::InterfaceIndex), "{line}");
        }
    }

    #[test]
    fn what_a_kernel_counts_is_told_from_other_brackets() {
        for (line, counted) in [
            (":INPUT ACCEPT [12:720]", vec!["[12:720]"]),
            (":KUBE-SVC-A - [0:0]", vec!["[0:0]"]),
            ("[5:300] -A INPUT -j KUBE-FIREWALL", vec!["[5:300]"]),
            ("-A INPUT --dports [5:300]", vec![]),
            (":INPUT ACCEPT [x:720]", vec![]),
            ("tcp packets=3 bytes=0 packets=", vec!["3"]),
            ("packets= 3 packets=-3 packets=3x", vec!["3"]),
            ("a [5:300]", vec![]),
        ] {
            let found = of(line);
            assert!(found.iter().all(|(_, kind)| *kind == Volatile::Counter), "{line}");
            assert_eq!(found.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>(), counted, "{line}");
        }
    }

    #[test]
    fn an_own_address_of_a_bridge_does_not_age() {
        let found = of("  2     9a:ad:9f:04:e2:ca       no                50.98");
        assert_eq!(found, [("2".into(), Volatile::BridgePort), ("50.98".into(), Volatile::Age)]);
        assert_eq!(of("  2     9a:ad:9f:04:e2:ca       yes                0.00"), [("2".into(), Volatile::BridgePort)]);
    }
}
