//! Where addresses stand in a word of a command's output: alone, or before, behind and between other text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use ipnet::IpNet;

use super::address;

/// What stands at a place of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An IP address, a prefix or a hardware address.
    Address,
    /// Something that looks like one and cannot be read as one.
    Unclear,
}

/// The addresses of a word and what looks like one, in order; all else in it is neither.
pub(super) fn addresses(word: &str) -> Vec<(Range<usize>, Found)> {
    let mut found: Vec<(Range<usize>, Found)> = dashed(word).into_iter().map(|span| (span, Found::Unclear)).collect();
    for run in runs(word, |letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | ':')) {
        for (span, what) in in_run(&word[run.clone()]) {
            let span = run.start + span.start..run.start + span.end;
            let (span, what) = if what == Found::Address { with_length(word, span) } else { (span, what) };
            found.push((span, what));
        }
        if let Some(length) = length(&word[run.end..]).filter(|_| is_short(&word[run.clone()])) {
            found.push((run.start..run.end + length, Found::Unclear));
        }
    }
    found.sort_by_key(|(span, _)| span.start);
    found
}

/// The longest stretches of such letters.
pub(super) fn runs(text: &str, belongs: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, letter) in text.char_indices().filter(|(_, letter)| belongs(*letter)) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += letter.len_utf8(),
            _ => runs.push(at..at + letter.len_utf8()),
        }
    }
    runs
}

/// The addresses of a run of letters, digits, dots and colons.
fn in_run(run: &str) -> Vec<(Range<usize>, Found)> {
    // A sentence may end behind an address, and `ip link` prints a colon behind a name.
    let core = run.trim_end_matches('.');
    let core = core.strip_suffix(':').filter(|head| !head.ends_with(':')).unwrap_or(core);
    let mut groups: Vec<Range<usize>> = Vec::new();
    for group in core.split(':') {
        let start = groups.last().map_or(0, |before| before.end + 1);
        groups.push(start..start + group.len());
    }
    let whole = || vec![(0..core.len(), Found::Unclear)];
    let Some((first, last)) = with_colons(core, &groups) else {
        let texts: Vec<&str> = groups.iter().map(|group| &core[group.clone()]).collect();
        return if is_torn(&texts) { whole() } else { dotted(core, &groups).unwrap_or_else(whole) };
    };
    // What is before it must be a word, like `to:`, lest it be cut in the middle.
    let is_word = |group: &Range<usize>| core[group.clone()].contains(|letter: char| letter.is_alphabetic() && !letter.is_ascii_hexdigit());
    let before = &groups[..first];
    if last + 1 < groups.len() || before.last().is_some_and(|group| !is_word(group)) {
        return whole();
    }
    let Some(mut found) = dotted(core, before) else { return whole() };
    found.push((groups[first].start..groups[last].end, Found::Address));
    found
}

/// The first hardware or IPv6 address of a run, as long as it gets: from which group to which.
fn with_colons(run: &str, groups: &[Range<usize>]) -> Option<(usize, usize)> {
    // RFC 4291 section 2.2: eight groups, and one more colon if zeros are left out at an end.
    const GROUPS: usize = 9;
    (0..groups.len()).find_map(|first| {
        let last = (first + 2..groups.len().min(first + GROUPS)).rev().find(|last| {
            let text = &run[groups[first].start..groups[*last].end];
            address::mac(text).is_some() || text.parse::<Ipv6Addr>().is_ok()
        })?;
        Some((first, last))
    })
}

/// Whether groups between colons are most likely an address that was cut off or misspelt: four of hexadecimal digits in a row, nothing between
/// two colons beside one of them, or three pairs of digits that are no time of day.
fn is_torn(groups: &[&str]) -> bool {
    let is_hex = |group: &&str| !group.is_empty() && group.len() <= 4 && group.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_empty = |at: usize| groups[at].is_empty() && at > 0 && at + 1 < groups.len();
    let beside = |at: usize| is_hex(&groups[at - 1]) || is_hex(&groups[at + 1]);
    let pairs = groups.len() == 3 && groups.iter().all(|group| is_hex(group) && group.len() == 2);
    groups.windows(4).any(|four| four.iter().all(is_hex))
        || (0..groups.len()).any(|at| is_empty(at) && beside(at))
        || pairs && groups.concat().contains(|digit: char| digit.is_ascii_alphabetic())
}

/// The IPv4 addresses of groups between colons, each a group of its own; `None`: one looks like an address and is none, or has an impossible port.
fn dotted(run: &str, groups: &[Range<usize>]) -> Option<Vec<(Range<usize>, Found)>> {
    let mut found = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let text = run[group.clone()].trim_matches('.');
        let start = group.end - run[group.clone()].trim_start_matches('.').len();
        if text.parse::<Ipv4Addr>().is_ok() {
            let port = groups.get(index + 1).map(|port| &run[port.clone()]);
            if port.filter(|port| is_number(port)).is_some_and(|port| port.parse::<u16>().is_err()) {
                return None;
            }
            found.push((start..start + text.len(), Found::Address));
        } else if is_nearly_dotted(text) || is_bridge_id(text) {
            return None;
        }
    }
    Some(found)
}

/// Whether three of four parts between dots are numbers: `10.1.2.999`, `10.1.2.3x`, `10.1.2.x`, `10.1.2.3.80`.
fn is_nearly_dotted(text: &str) -> bool {
    text.split('.').collect::<Vec<_>>().windows(4).any(|four| four.iter().filter(|part| is_number(part)).count() >= 3)
}

/// A bridge's identifier as `brctl show` prints it, `8000.3eda8b799e87`: a hardware address is in it.
fn is_bridge_id(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|digit| digit.is_ascii_hexdigit());
    text.split_once('.').is_some_and(|(priority, mac)| is_hex(priority, 4) && is_hex(mac, 12))
}

/// Where a hardware address is spelt with hyphens, as none of the tools does.
fn dashed(word: &str) -> Vec<Range<usize>> {
    let pair = |part: &str| part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_dashed = |run: &Range<usize>| word[run.clone()].split('-').count() == 6 && word[run.clone()].split('-').all(pair);
    runs(word, |letter| letter.is_alphanumeric() || letter == '-').into_iter().filter(is_dashed).collect()
}

/// `10.1.2`, which with `/24` behind it is a prefix without its last zeros.
fn is_short(run: &str) -> bool {
    run.contains('.') && run.split('.').count() < 4 && run.split('.').all(is_number)
}

/// An address with the prefix length that stands behind it, if one does.
fn with_length(word: &str, span: Range<usize>) -> (Range<usize>, Found) {
    let Some(length) = length(&word[span.end..]) else { return (span, Found::Address) };
    let whole = span.start..span.end + length;
    let is_prefix = word[whole.clone()].parse::<IpNet>().is_ok();
    (whole, if is_prefix { Found::Address } else { Found::Unclear })
}

/// How long a prefix length is that a text starts with, its slash included: digits, and no netmask.
fn length(text: &str) -> Option<usize> {
    let digits = runs(text.strip_prefix('/')?, char::is_alphanumeric).into_iter().next().filter(|run| run.start == 0)?;
    let end = 1 + digits.end;
    let is_netmask = text[end..].starts_with('.');
    (!is_netmask && text[1..end].starts_with(|digit: char| digit.is_ascii_digit())).then_some(end)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether an address or prefix, or a hardware address, means the same in every cluster, so that it needs no name: unspecified, loopback, multicast and
/// broadcast addresses, and netmasks.
///
/// ```
/// assert!(cnilab::expect::is_universal("224.0.0.9") && cnilab::expect::is_universal("ff:ff:ff:ff:ff:ff"));
/// assert!(!cnilab::expect::is_universal("10.0.0.9") && !cnilab::expect::is_universal("eth0"));
/// ```
pub fn is_universal(address: &str) -> bool {
    if let Some(mac) = address::mac(address) {
        return !matches!(address::mac_want(mac), super::pattern::Want::Literal(_));
    }
    let ip = address.parse::<IpAddr>().ok().or_else(|| Some(address.parse::<IpNet>().ok()?.addr()));
    ip.is_some_and(address::is_universal)
}

/// The address that a prefix is given with, and the `/` and length behind it, if the prefix is one interface's: it is not the network's own address, or no
/// other address is in it.
///
/// ```
/// assert_eq!(cnilab::expect::host_of("10.1.2.3/24"), Some(("10.1.2.3", "/24")));
/// assert_eq!(cnilab::expect::host_of("10.1.2.0/32"), Some(("10.1.2.0", "/32")));
/// assert_eq!(cnilab::expect::host_of("10.1.2.0/24"), None);
/// ```
pub fn host_of(prefix: &str) -> Option<(&str, &str)> {
    let net = prefix.parse::<IpNet>().ok()?;
    let is_host = net.addr() != net.network() || net.prefix_len() == net.max_prefix_len();
    prefix.find('/').filter(|_| is_host).map(|slash| prefix.split_at(slash))
}
