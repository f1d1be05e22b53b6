//! A line of a command's output.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;

use super::address;
use super::pattern::{LineProblem, StateLine, StateToken, Want, Word};
use super::reader::is_symbol;
use super::volatile::volatile;
use crate::name::Symbol;
use crate::packet::Value;

/// Reads a line of a command's output, verbatim or with `{placeholders}` and `*` for words that may be anything,
/// `**` for any number of them.
///
/// A line is its words: white space separates them, and a word is cut behind each `=`, so that `src=10.0.0.1` is `src=` and an address,
/// and before `@if`, so that `veth22fb4d65@if3:` begins with an interface's name (see [`state_words`]). Words that a kernel chooses anew each
/// time are [`Volatile`](StateToken::Volatile): numbers of interfaces and of a bridge's ports, ages. A connection's ports in a line of
/// `conntrack -L` are [`Variable`](StateToken::Variable)s where they are no server's. IP addresses, prefixes and hardware addresses are
/// [`StateToken::Literal`]s, but for those that are the same in
/// every cluster: broadcast, unspecified and loopback addresses, multicast and netmasks. A `*` is a hole also where the document
/// itself prints one, as `route -n` does for a blackhole's interface.
///
/// # Errors
/// A line without a word; a prompt that was copied along with the line; a brace that makes no placeholder.
///
/// ```
/// use cnilab::expect::{StateToken, state_line};
///
/// let line = state_line("10.244.146.192/26 via {node2.underlay.ip} dev tunl0 proto bird metric *").unwrap();
/// assert_eq!(line.words[0].token, StateToken::Literal("10.244.146.192/26".to_owned()));
/// assert_eq!(line.words[4].token, StateToken::Word("tunl0".to_owned()));
/// assert_eq!(line.words[8].token, StateToken::Hole);
/// ```
pub fn state_line(text: &str) -> Result<StateLine, Vec<LineProblem>> {
    let mut problems = Vec::new();
    if let Some(span) = prompt(text) {
        let message = format!("`{}` looks like a prompt", &text[span.clone()]);
        problems.push(LineProblem { span, message, hint: Some("give only what the command printed".to_owned()) });
        return Err(problems);
    }
    let spans = state_words(text);
    let plain: Vec<&str> = spans.iter().map(|span| &text[span.clone()]).collect();
    let read = |index: usize, word: &str| volatile(&plain, index).map_or_else(|| token(word), |kind| Ok(StateToken::Volatile(kind)));
    let words: Vec<Word> = spans
        .iter()
        .cloned()
        .enumerate()
        .filter_map(|(index, span)| match read(index, &text[span.clone()]) {
            Ok(token) => Some(Word { token, span }),
            Err(message) => {
                let hint = Some("a placeholder is a word of its own: a name in braces, like {pod1.ip}".to_owned());
                problems.push(LineProblem { span, message, hint });
                None
            }
        })
        .collect();
    if let Some(second) = words.iter().filter(|word| word.token == StateToken::Gap).nth(1) {
        let hint = Some("what stands between them could be anywhere; give one word of it as `*`".to_owned());
        problems.push(LineProblem { span: second.span.clone(), message: "this is the second `**` of the line".to_owned(), hint });
    }
    if words.is_empty() && problems.is_empty() {
        let hint = Some("give the line as the command prints it".to_owned());
        problems.push(LineProblem { span: 0..text.len(), message: "there is no word in this line".to_owned(), hint });
    }
    if problems.is_empty() { Ok(StateLine { words: tracked(words, text) }) } else { Err(problems) }
}

/// Where the words of a line are, documented or observed: separated by white space, and cut behind each `=` and before `@if`.
///
/// ```
/// assert_eq!(cnilab::expect::state_words("5: veth1@if3: <UP>"), [0..2, 3..8, 8..13, 14..18]);
/// assert_eq!(cnilab::expect::state_words("tcp src=10.0.0.1"), [0..3, 4..8, 8..16]);
/// ```
pub fn state_words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        if character.is_whitespace() {
            words.extend(start.take().map(|start| start..at));
        } else if character == '=' {
            words.push(start.take().unwrap_or(at)..end);
        } else if text[at..].starts_with("@if") && start.is_some() {
            words.extend(start.replace(at).map(|start| start..at));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.map(|start| start..text.len()));
    words
}

/// What differs from run to run in a line of `conntrack -L`, which starts `tcp 6 118 TIME_WAIT src=`: the timer in the third word, and of the
/// two ports of each direction the one that is no server's.
fn tracked(mut words: Vec<Word>, text: &str) -> Vec<Word> {
    let number = |word: &Word| text[word.span.clone()].parse::<u64>().ok();
    let is_entry = words.iter().any(|word| &text[word.span.clone()] == "src=") && words.len() > 3;
    if !is_entry || !words[1..3].iter().all(|word| number(word).is_some()) {
        return words;
    }
    words[2].token = StateToken::Hole;
    for at in 0..words.len().saturating_sub(3) {
        let key = |offset: usize| &text[words[at + offset].span.clone()];
        if (key(0), key(2)) != ("sport=", "dport=") {
            continue;
        }
        let port = |offset: usize| {
            let word = &words[at + offset];
            number(word).map(|port| address::Port { want: Want::Exact(Value::Number(port)), span: word.span.clone() })
        };
        let (mut source, mut destination) = (port(1), port(3));
        address::settle(&mut source, &mut destination, &std::collections::BTreeSet::new());
        for (offset, port) in [(1, source), (3, destination)] {
            if let Some(Want::Variable(port)) = port.map(|port| port.want) {
                words[at + offset].token = StateToken::Variable(port);
            }
        }
    }
    words
}

fn token(word: &str) -> Result<StateToken, String> {
    if word == "*" {
        return Ok(StateToken::Hole);
    }
    if word == "**" {
        return Ok(StateToken::Gap);
    }
    if let Some(name) = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        && !name.is_empty()
        && name.chars().all(is_symbol)
    {
        return Ok(StateToken::Name(Symbol::new(name)));
    }
    if word.contains(['{', '}']) {
        return Err(format!("`{word}` is not a placeholder"));
    }
    Ok(if is_literal(word) { StateToken::Literal(word.to_owned()) } else { StateToken::Word(word.to_owned()) })
}

/// Whether a word is an address or a prefix of the document's own cluster.
fn is_literal(word: &str) -> bool {
    let universal = |ip: IpAddr| address::is_universal(ip);
    if let Some(mac) = address::mac(word) {
        return matches!(address::mac_want(mac), Want::Literal(_));
    }
    match (word.parse::<IpAddr>(), word.parse::<IpNet>()) {
        (Ok(ip), _) => !universal(ip),
        (_, Ok(net)) => !universal(net.addr()),
        _ => false,
    }
}

/// Where a shell's prompt stands, if the line starts with one: `root@node1:/# `, `[root@master ~]# `, `$ `, `/ # `, `net~$tcpdump`.
fn prompt(text: &str) -> Option<Range<usize>> {
    let start = text.len() - text.trim_start().len();
    let line = &text[start..];
    let end = line.find(['#', '$'])?;
    let head = line[..end].trim_end();
    let shell = head.is_empty()
        || head == "/"
        || head == "~"
        || head.ends_with('~') && !head.contains(' ')
        || head.contains('@') && !head.contains(' ') && head.contains([':', '/', '~'])
        || head.starts_with('[') && head.ends_with(']') && head.contains('@');
    shell.then(|| start..start + end + 1)
}
