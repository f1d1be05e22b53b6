//! A line of a command's output.

use std::collections::BTreeSet;
use std::ops::Range;

use super::conntrack;
use super::pattern::{LineProblem, StateLine, StateToken, Word};
use super::volatile::volatile;
use super::word::word_parts;

/// Reads a line of a command's output, verbatim or with `{placeholders}` and `*` for words that may be anything,
/// `**` for any number of them.
///
/// A line is its words: white space separates them, and a word is cut behind each `=`, so that `src=10.0.0.1` is `src=` and an address,
/// and before `@if`, so that `veth22fb4d65@if3:` begins with an interface's name (see [`state_words`]). Words that a kernel chooses anew each
/// time are [`Volatile`](StateToken::Volatile): numbers of interfaces and of a bridge's ports, ages, counters. In a line of `conntrack -L` the
/// ids of ICMP echoes, and a connection's ports where they are no server's, are [`Variable`](StateToken::Variable)s. All other words are made of
/// [`WordPart`](super::WordPart)s: IP addresses, prefixes and hardware addresses are literals wherever they stand in a word, but for those that are the
/// same in every cluster: broadcast, unspecified and loopback addresses, multicast and netmasks. A `*` is a hole also where the document
/// itself prints one, as `route -n` does for a blackhole's interface.
///
/// # Errors
/// A line without a word; a prompt that was copied along with the line; a brace that makes no placeholder; a `*` that is a part of a word; a
/// number that a connection cannot have.
///
/// ```
/// use cnilab::expect::{PartToken, StateToken, state_line};
///
/// let line = state_line("-A KUBE-SEP ! -s 10.244.1.2/32 -j DNAT --to-destination {pod2.ip}:80 *").unwrap();
/// let StateToken::Parts(source) = &line.words[4].token else { panic!() };
/// assert_eq!(source[0].token, PartToken::Literal("10.244.1.2/32".to_owned()));
/// let StateToken::Parts(target) = &line.words[8].token else { panic!() };
/// assert_eq!((target.len(), &target[1].token), (2, &PartToken::Word(":80".to_owned())));
/// assert_eq!(line.words[9].token, StateToken::Hole);
/// ```
pub fn state_line(text: &str) -> Result<StateLine, Vec<LineProblem>> {
    state_line_of(text, &BTreeSet::new())
}

/// The same for a lab in which servers and tunnels listen at the ports `servers`: those do not differ from run to run.
///
/// # Errors
/// As [`state_line`].
pub fn state_line_of(text: &str, servers: &BTreeSet<u16>) -> Result<StateLine, Vec<LineProblem>> {
    let mut problems = Vec::new();
    if let Some(span) = prompt(text) {
        let message = format!("`{}` looks like a prompt", &text[span.clone()]);
        problems.push(LineProblem { span, message, hint: Some("give only what the command printed".to_owned()) });
        return Err(problems);
    }
    let spans = state_words(text);
    let plain: Vec<&str> = spans.iter().map(|span| &text[span.clone()]).collect();
    let mut words: Vec<Word> = Vec::with_capacity(spans.len());
    for (index, span) in spans.iter().enumerate() {
        let read = volatile(&plain, index).map_or_else(|| token(text, span, index), |kind| Ok(StateToken::Volatile(kind)));
        match read {
            Ok(token) => words.push(Word { token, span: span.clone() }),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(second) = words.iter().filter(|word| word.token == StateToken::Gap).nth(1) {
        let hint = Some("what stands between them could be anywhere; give one word of it as `*`".to_owned());
        problems.push(LineProblem { span: second.span.clone(), message: "this is the second `**` of the line".to_owned(), hint });
    }
    if words.is_empty() && problems.is_empty() {
        let hint = Some("give the line as the command prints it".to_owned());
        problems.push(LineProblem { span: 0..text.len(), message: "there is no word in this line".to_owned(), hint });
    }
    if problems.is_empty() {
        problems = conntrack::settle(&mut words, text, servers);
    }
    if problems.is_empty() { Ok(StateLine { words }) } else { Err(problems) }
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

fn token(line: &str, span: &Range<usize>, index: usize) -> Result<StateToken, LineProblem> {
    match &line[span.clone()] {
        "*" => Ok(StateToken::Hole),
        "**" => Ok(StateToken::Gap),
        word if has_star(word, index) => Err(LineProblem {
            span: span.clone(),
            message: format!("`*` stands for a whole word, and in `{word}` it is a part of one"),
            hint: Some("give the whole word as `*`, or what the command prints there".to_owned()),
        }),
        _ => Ok(StateToken::Parts(word_parts(line, span)?)),
    }
}

/// Whether a `*` stands in a word where commands print none: it begins a table's name in `iptables-save`, and marks a comment in `iptables -L`.
fn has_star(word: &str, index: usize) -> bool {
    let table = word.strip_prefix('*').filter(|name| index == 0 && name.bytes().all(|letter| letter.is_ascii_lowercase()));
    word.contains('*') && !matches!(word, "/*" | "*/") && table.is_none()
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
