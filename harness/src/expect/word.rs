//! The parts of a word of a command's output.

use std::ops::Range;

use super::embedded::{Found, addresses, is_universal, runs};
use super::pattern::{LineProblem, PartToken, WordPart};
use super::reader::is_symbol;
use crate::name::Symbol;

/// Below these keys of sysctl(8) there is a key for every interface, with dots or with slashes between its parts.
const PER_INTERFACE: [&str; 4] = ["net.ipv4.conf.", "net.ipv6.conf.", "net.ipv4.neigh.", "net.ipv6.neigh."];

/// The longest name that an interface has, in bytes (`IFNAMSIZ` in linux/if.h, without its zero).
const INTERFACE: usize = 15;

/// The parts of the word at `span` of a line: placeholders, addresses wherever they stand, names that an interface may have, and what is between them.
///
/// # Errors
/// A brace that makes no placeholder; a placeholder of which nobody could tell where its value ends.
pub(super) fn word_parts(line: &str, span: &Range<usize>) -> Result<Vec<WordPart>, LineProblem> {
    let word = &line[span.clone()];
    let problem = |message: String, hint: &str| LineProblem { span: span.clone(), message, hint: Some(hint.to_owned()) };
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(open) = word[at..].find(['{', '}']).map(|offset| at + offset) {
        let inner = word[open..].strip_prefix('{').and_then(|rest| Some(&rest[..rest.find('}')?]));
        let Some(inner) = inner.filter(|inner| !inner.is_empty() && inner.chars().all(is_symbol)) else {
            return Err(problem(format!("`{word}` is not a placeholder"), "a placeholder is a name in braces, like {pod1.ip}"));
        };
        let close = open + inner.len() + 2;
        if touches(word[..open].chars().rev()) || touches(word[close..].chars()) {
            let message = format!("it cannot be told where the value of `{{{inner}}}` ends in `{word}`");
            return Err(problem(
                message,
                "between a placeholder and letters or digits stands what the command prints there, like `:` or `/`",
            ));
        }
        plain_parts(&word[at..open], span.start + at, &mut parts);
        parts.push(WordPart { token: PartToken::Name(Symbol::new(inner)), span: span.start + open..span.start + close });
        at = close;
    }
    plain_parts(&word[at..], span.start + at, &mut parts);
    Ok(parts)
}

/// The parts of a word that a command printed: there are no placeholders in it.
///
/// ```
/// use cnilab::expect::{PartToken, observed_parts};
///
/// let tokens: Vec<_> = observed_parts("to:10.1.2.3:80").into_iter().map(|part| part.token).collect();
/// let word = |text: &str| PartToken::Word(text.to_owned());
/// assert_eq!(tokens, [word("to"), PartToken::Text(":".to_owned()), PartToken::Literal("10.1.2.3".to_owned()), word(":80")]);
/// ```
pub fn observed_parts(word: &str) -> Vec<WordPart> {
    let mut parts = Vec::new();
    plain_parts(word, 0, &mut parts);
    parts
}

/// Whether a placeholder would run into what is beside it: letters, digits, or a dot with a digit behind it. `beside` leads away from it.
fn touches(mut beside: impl Iterator<Item = char>) -> bool {
    match beside.next() {
        Some('.') => beside.next().is_some_and(|letter| letter.is_ascii_digit()),
        Some(letter) => letter.is_alphanumeric(),
        None => false,
    }
}

/// The parts of a text without placeholders that starts at byte `at` of its line.
fn plain_parts(text: &str, at: usize, parts: &mut Vec<WordPart>) {
    let mut done = 0;
    for (span, found) in addresses(text) {
        // What looks like an address in two ways is told once.
        if span.start < done {
            continue;
        }
        names(text, done..span.start, at, parts);
        let spelt = text[span.clone()].to_owned();
        let token = match found {
            Found::Unclear => PartToken::Unclear(spelt),
            Found::Address if is_universal(&spelt) => PartToken::Word(spelt),
            Found::Address => PartToken::Literal(spelt),
        };
        parts.push(WordPart { token, span: at + span.start..at + span.end });
        done = span.end;
    }
    names(text, done..text.len(), at, parts);
}

/// The parts of a text without addresses: what an interface may be called, as in `veth1@eth0:`, `(eth0)`, `net.ipv4.conf.eth0.rp_filter`; and the
/// text between.
fn names(text: &str, span: Range<usize>, at: usize, parts: &mut Vec<WordPart>) {
    let mut add = |span: Range<usize>, token: fn(String) -> PartToken| {
        if !span.is_empty() {
            parts.push(WordPart { token: token(text[span.clone()].to_owned()), span: at + span.start..at + span.end });
        }
    };
    let inner = &text[span.clone()];
    let shift = |run: Range<usize>| span.start + run.start..span.start + run.end;
    let found = sysctl_interface(inner).map_or_else(|| candidates(inner), |run| vec![run]);
    let mut done = span.start;
    for run in found.into_iter().map(shift) {
        add(done..run.start, PartToken::Text);
        add(run.clone(), PartToken::Word);
        done = run.end;
    }
    add(done..span.end, PartToken::Text);
}

/// What may be an interface's name in a text: all between separators, without a colon at its end.
fn candidates(text: &str) -> Vec<Range<usize>> {
    let between = runs(text, |letter| !matches!(letter, '@' | '%' | ',' | '(' | ')'));
    let name = |run: Range<usize>| run.start..run.end - usize::from(run.len() > 1 && text[run].ends_with(':'));
    between.into_iter().map(name).collect()
}

/// Where names of a made-up look, as CNIs derive them or draw them by lot for interfaces, stand within a longer word.
///
/// ```
/// assert_eq!(cnilab::expect::made_up_names("cali-tw-calice0906292e2"), [8..23]);
/// assert!(cnilab::expect::made_up_names("calice0906292e2").is_empty());
/// ```
pub fn made_up_names(word: &str) -> Vec<Range<usize>> {
    let within = runs(word, char::is_alphanumeric).into_iter();
    within.filter(|run| run.len() < word.len() && looks_made_up(&word[run.clone()])).collect()
}

/// Whether a name may have been derived or drawn by lot: small letters first, and digits among them.
fn looks_made_up(name: &str) -> bool {
    (7..=INTERFACE).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        && name.bytes().any(|letter| letter.is_ascii_digit())
}

/// Where the interface stands in a key of sysctl(8).
fn sysctl_interface(text: &str) -> Option<Range<usize>> {
    let start = text.strip_prefix("/proc/sys/").map_or(0, |rest| text.len() - rest.len());
    let key = text[start..].replace('/', ".");
    let length = PER_INTERFACE.iter().find(|prefix| key.starts_with(**prefix))?.len();
    let separator = text[start..].chars().nth(3)?;
    let end = text.rfind(separator).filter(|end| *end > start + length)?;
    Some(start + length..end)
}
