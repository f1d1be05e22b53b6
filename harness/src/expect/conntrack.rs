//! Lines of `conntrack -L`: `tcp 6 118 TIME_WAIT src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… [ASSURED] mark=0 use=1`
//! (`nfct_snprintf` of `libnetfilter_conntrack`, `src/conntrack/snprintf_default.c`).

use std::collections::BTreeSet;

use super::address::{self, Port};
use super::pattern::{LineProblem, PartToken, StateToken, Want, Word};
use crate::packet::{Field, Value};

/// Keys of the two directions of a connection.
const TUPLE: [&str; 7] = ["src=", "dst=", "sport=", "dport=", "type=", "code=", "id="];

/// Keys behind both directions.
const REST: [&str; 5] = ["mark=", "use=", "zone=", "packets=", "bytes="];

/// What the protocol's word may be (`proto2str` of `libnetfilter_conntrack`, `src/conntrack/proto.c`).
const PROTOCOLS: [&str; 9] = ["tcp", "udp", "udplite", "icmp", "icmpv6", "sctp", "dccp", "gre", "unknown"];

/// Says which words of a connection's line differ from run to run: the timer, the id that the kernel gave it, and the numbers that packets have, too, the id
/// of ICMP echoes and of the two ports of each direction the one that is no server's, `servers` being the lab's own. What a `*` leaves open has no part in that. Leaves lines of
/// other commands alone. Gives what no connection can have.
pub(super) fn settle(words: &mut [Word], text: &str, servers: &BTreeSet<u16>) -> Vec<LineProblem> {
    let plain: Vec<&str> = words.iter().map(|word| &text[word.span.clone()]).collect();
    if !is_entry(&plain) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let head = plain.iter().position(|word| word.ends_with('=')).unwrap_or(plain.len());
    if let Some(at) = timer(&plain[..head]) {
        match plain[at].parse::<i64>() {
            Ok(0..) => words[at].token = StateToken::Hole,
            Ok(_) => problems.push(impossible(&words[at], format!("a timer cannot be `{}`", plain[at]), "it counts seconds down to 0")),
            Err(_) => {}
        }
    }
    for at in 0..plain.len() {
        problems.extend(check(words, &plain, at));
    }
    if problems.is_empty() {
        set_ids(words, &plain);
        set_ports(words, &plain, port_field(&plain[..head]), servers);
    }
    problems
}

/// Whether words are those of a connection.
fn is_entry(plain: &[&str]) -> bool {
    let has = |keys: &[&str]| keys.iter().filter(|key| plain.contains(key)).count();
    let (tuple, rest) = (has(&TUPLE), has(&REST));
    let skip = if matches!(plain.first(), Some(&("ipv4" | "ipv6"))) { 2 } else { 0 };
    let is_head = plain.get(skip).is_some_and(|word| PROTOCOLS.contains(word));
    let is_number = plain.get(skip + 1).is_some_and(|word| matches!(*word, "*" | "**") || is_digits(word));
    tuple > 0 && (tuple + rest > 1 || is_head) || is_head && is_number && rest > 0
}

/// Which of the words before the first key is the timer, if one is: `tcp 6 118 TIME_WAIT`, `udp 17 29`, with `-o extended`
/// `ipv4 2 tcp 6 118 TIME_WAIT`; a connection that is offloaded has none.
fn timer(head: &[&str]) -> Option<usize> {
    let from_front = from_front(head);
    match head.iter().position(|word| *word == "**") {
        Some(gap) if gap <= from_front => {
            // Told from the end: only a state may stand behind the timer.
            let is_state = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_uppercase());
            let last = head.len() - 1 - usize::from(head.last().is_some_and(is_state));
            (last > gap).then_some(last)
        }
        _ => (from_front < head.len()).then_some(from_front),
    }
}

/// Where the timer stands if no gap stands before it: behind the protocol and its number.
fn from_front(head: &[&str]) -> usize {
    let is_extended = match head.first() {
        Some(&("ipv4" | "ipv6")) => true,
        Some(&"*") => head.len() > 4,
        _ => false,
    };
    if is_extended { 4 } else { 2 }
}

/// Of which field's numbers the ports are; they are TCP's where the line does not tell.
fn port_field(head: &[&str]) -> Field {
    let before_gap = head.iter().take_while(|word| **word != "**").nth(from_front(head) - 1);
    let before_timer = || head.get(timer(head)?.checked_sub(1)?);
    let is_udp = head.iter().any(|word| matches!(*word, "udp" | "udplite")) || before_gap.or_else(before_timer) == Some(&"17");
    if is_udp { Field::UdpSourcePort } else { Field::TcpSourcePort }
}

/// What is wrong with the value of the key at an index, if there is one.
fn check(words: &[Word], plain: &[&str], at: usize) -> Option<LineProblem> {
    let key = *plain.get(at).filter(|word| TUPLE.contains(word) || REST.contains(word))?;
    let value = words.get(at + 1).filter(|value| value.span.start == words[at].span.end);
    let Some(value) = value else {
        return Some(impossible(&words[at], format!("`{key}` has no value"), "give what conntrack prints behind it, or `*`"));
    };
    let StateToken::Parts(parts) = &value.token else { return None };
    let spelt = plain[at + 1];
    if let [part] = parts.as_slice()
        && matches!(part.token, PartToken::Name(_))
    {
        return None;
    }
    if matches!(key, "src=" | "dst=") {
        let is_one = matches!(parts.as_slice(), [part] if matches!(part.token, PartToken::Literal(_) | PartToken::Unclear(_)) || spelt.parse::<std::net::IpAddr>().is_ok());
        return (!is_one || spelt.contains('/'))
            .then(|| impossible(value, format!("`{key}` cannot be `{spelt}`"), "it is an address, without a prefix length"));
    }
    let max = match key {
        "type=" | "code=" => u64::from(u8::MAX),
        "sport=" | "dport=" | "zone=" => u64::from(u16::MAX),
        "id=" if is_echo(plain, at) => u64::from(u16::MAX),
        "packets=" | "bytes=" => u64::MAX,
        _ => u64::from(u32::MAX),
    };
    let is_possible = is_digits(spelt) && spelt.parse::<u64>().is_ok_and(|number| number <= max);
    (!is_possible).then(|| impossible(value, format!("`{key}` cannot be `{spelt}`"), &format!("it is a number from 0 to {max}, or `*`")))
}

fn impossible(word: &Word, message: String, hint: &str) -> LineProblem {
    LineProblem { span: word.span.clone(), message, hint: Some(hint.to_owned()) }
}

/// Whether the `id=` at an index is that of echoes: that of the connection itself comes behind `mark=` and `use=`.
fn is_echo(plain: &[&str], at: usize) -> bool {
    !plain[..at].iter().any(|word| matches!(*word, "mark=" | "use="))
}

fn set_ids(words: &mut [Word], plain: &[&str]) {
    for at in (0..plain.len()).filter(|at| plain[*at] == "id=") {
        if let Some(number) = number(plain, at + 1) {
            let is_echo = is_echo(plain, at);
            words[at + 1].token = if is_echo { StateToken::Variable(Field::IcmpId, number) } else { StateToken::Hole };
        }
    }
}

/// Decides for each direction which port is a server's.
fn set_ports(words: &mut [Word], plain: &[&str], field: Field, servers: &BTreeSet<u16>) {
    let port = |words: &[Word], at: usize| {
        let word = words.get(at)?;
        let want = match &word.token {
            StateToken::Parts(parts) => match (&parts[0].token, number(plain, at)) {
                (PartToken::Name(symbol), _) => Want::Name(symbol.clone()),
                (_, number) => Want::Exact(Value::Number(number?)),
            },
            _ => return None,
        };
        Some(Port { want, span: word.span.clone() })
    };
    for at in (0..plain.len()).filter(|at| matches!(plain[*at], "sport=" | "dport=")) {
        let is_pair = plain[at] == "sport=" && plain.get(at + 2) == Some(&"dport=");
        let is_second = plain[at] == "dport=" && at >= 2 && plain[at - 2] == "sport=";
        if is_second {
            continue;
        }
        let (mut one, mut other) = (port(words, at + 1), if is_pair { port(words, at + 3) } else { None });
        address::settle(&mut one, &mut other, servers);
        for (offset, port) in [(1, one), (3, other)] {
            if let Some(Want::Variable(number)) = port.map(|port| port.want) {
                words[at + offset].token = StateToken::Variable(field, number);
            }
        }
    }
}

fn number(plain: &[&str], at: usize) -> Option<u64> {
    plain.get(at).filter(|word| is_digits(word))?.parse().ok()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}
