//! A documented line of a command's output held against an observed one, word by word.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;

use super::expected::Expected;
use super::names::{Names, same};
use super::variables::Variables;
use crate::expect::{PartToken, StateLine, StateToken, Volatile, Word, WordPart, state_words, volatile};
use crate::lab::Line;
use crate::packet::Field;

/// What the words of a line stand for: names on the site, and numbers in the scenario.
#[derive(Clone, Copy)]
pub(super) struct Meaning<'a> {
    pub(super) names: Names<'a>,
    pub(super) variables: &'a Variables,
    /// Ports of bridges, within one command's output.
    pub(super) ports: &'a Ports,
}

impl<'a> Meaning<'a> {
    /// Of words outside any command's output.
    pub(super) fn of(names: Names<'a>, variables: &'a Variables) -> Self {
        static NONE: Ports = Ports(Vec::new());
        Self { names, variables, ports: &NONE }
    }
}

/// Which documented port of a bridge is which observed one, over all lines of a command: a function that can be turned round.
#[derive(Default)]
pub(super) struct Ports(Vec<(String, String)>);

impl Ports {
    /// Whether nothing that was bound says otherwise.
    fn agree(&self, documented: &str, observed: &str) -> bool {
        self.0.iter().all(|(known, stands_for)| (known == documented) == (stands_for == observed))
    }

    /// What a documented port stands for; itself, as long as that is not known.
    fn name<'t>(&'t self, documented: &'t str) -> &'t str {
        self.0.iter().find(|(known, _)| known == documented).map_or(documented, |(_, observed)| observed)
    }

    /// Notes the port of a documented line and of the observed one that it fits.
    pub(super) fn bind(&mut self, line: &Line<StateLine>, text: &str) {
        for (word, span) in line.pattern.words.iter().zip(state_words(text)) {
            let pair = (line.text[word.span.clone()].to_owned(), text[span].to_owned());
            if word.token == StateToken::Volatile(Volatile::BridgePort) && !self.0.contains(&pair) {
                self.0.push(pair);
            }
        }
    }
}

/// A number that no other stood for yet, and what is in its place.
pub(super) struct Free {
    pub(super) field: Field,
    pub(super) documented: u64,
    pub(super) observed: u64,
}

/// A documented line held against an observed one.
pub(super) struct Match<'t> {
    pub(super) text: &'t str,
    /// How many words are equal, holes not counted.
    equal: usize,
    /// How many parts are equal in words that are not, text between them not counted.
    alike: usize,
    /// How many words may be anything of their kind.
    open: usize,
    pub(super) differences: Vec<WordDifference>,
    pub(super) free: Vec<Free>,
    /// A word differs that is not asserted, but says something that a lab may mean: of which kind it is.
    pub(super) loose: Option<Volatile>,
    /// What a word stands for is not known: why.
    pub(super) doubt: Option<String>,
}

impl Match<'_> {
    /// Whether the line fits, as far as it can be told.
    pub(super) fn fits(&self) -> bool {
        self.differences.is_empty()
    }

    pub(super) fn is_certain(&self) -> bool {
        self.differences.is_empty() && self.doubt.is_none()
    }

    /// Whether the line has something of the documented one: an equal word, a part of one, or all but one of its words.
    pub(super) fn is_alike(&self) -> bool {
        self.equal + self.alike > 0 || self.open > 0 && self.differences.len() == 1
    }

    /// The greater, the closer.
    pub(super) fn closeness(&self) -> (bool, usize, usize, Reverse<usize>) {
        (self.is_alike(), self.equal, self.alike, Reverse(self.differences.len()))
    }
}

pub(super) struct WordDifference {
    pub(super) field: String,
    pub(super) documented: String,
    pub(super) expected: String,
    pub(super) observed: String,
    /// The first and the last part of the documented line that differ.
    pub(super) documented_spans: Option<[Range<usize>; 2]>,
    pub(super) observed_span: Option<Range<usize>>,
}

/// A documented line, and what each of its words must be; `None`: anything.
pub(super) struct Wanted<'w> {
    line: &'w Line<StateLine>,
    words: Vec<Option<Result<Cow<'w, str>, String>>>,
    meaning: Meaning<'w>,
}

impl<'w> Wanted<'w> {
    pub(super) fn of(line: &'w Line<StateLine>, meaning: Meaning<'w>) -> Self {
        let words = line.pattern.words.iter().map(|word| stands_for(word, &line.text, meaning)).collect();
        Self { line, words, meaning }
    }

    /// Holds the line against one of the output, word by word: as many words, each the same.
    pub(super) fn unify<'t>(&self, text: &'t str) -> Match<'t> {
        let (there, spread) = self.spread(text);
        let plain: Vec<&str> = there.iter().map(|span| &text[span.clone()]).collect();
        let mut found = Match { text, equal: 0, alike: 0, open: 0, differences: Vec::new(), free: Vec::new(), loose: None, doubt: None };
        for (at, index) in spread.iter().enumerate().take(there.len()) {
            match self.expected(*index, &plain, at, &mut found.free) {
                None => {
                    found.open += 1;
                    found.loose = found.loose.or_else(|| self.loose(*index, plain[at]));
                }
                Some(Err(doubt)) => drop(found.doubt.get_or_insert_with(|| doubt.to_owned())),
                Some(Ok(expected)) if same(&expected, plain[at]) => found.equal += 1,
                Some(Ok(expected)) => {
                    let narrowed = narrow(&self.line.pattern.words[*index], &expected, plain[at], self.meaning.names);
                    found.alike += narrowed.alike;
                    let [first, last] = &narrowed.documented;
                    found.differences.push(WordDifference {
                        field: format!("word {}", at + 1),
                        documented: self.line.text[first.start..last.end].to_owned(),
                        expected: narrowed.expected,
                        observed: plain[at][narrowed.observed.clone()].to_owned(),
                        documented_spans: Some(narrowed.documented),
                        observed_span: Some(there[at].start + narrowed.observed.start..there[at].start + narrowed.observed.end),
                    });
                }
            }
        }
        let words: Vec<&Word> = spread.into_iter().map(|index| &self.line.pattern.words[index]).collect();
        found.differences.extend(rest(self.line, &words, text, &there));
        if found.doubt.is_none() {
            found.doubt = one_for_two(&words, &plain);
        }
        found
    }

    /// Where the words of a text are, and which of the line's stands for each. What a connection has carried is left out where only one of
    /// the two tells it: a kernel counts that only if it is told to (`net.netfilter.nf_conntrack_acct`). That nothing was carried must be told.
    fn spread(&self, text: &str) -> (Vec<Range<usize>>, Vec<usize>) {
        let words = &self.line.pattern.words;
        let mut there = state_words(text);
        let documented = counters(words.iter().map(|word| &self.line.text[word.span.clone()]));
        let observed = counters(there.iter().map(|span| &text[span.clone()]));
        let is_open = |at: usize| matches!(words[at].token, StateToken::Volatile(_) | StateToken::Hole | StateToken::Gap);
        if documented.is_empty() {
            let mut at = 0..;
            there.retain(|_| at.next().is_none_or(|at| !observed.contains(&at)));
        } else if observed.is_empty() && documented.iter().skip(1).step_by(2).all(|at| is_open(*at)) {
            let mut spread = self.line.pattern.spread(there.len() + documented.len());
            spread.retain(|index| !documented.contains(index));
            return (there, spread);
        }
        let spread = self.line.pattern.spread(there.len());
        (there, spread)
    }

    /// Whether one of its words is of a kind that differs from run to run, and what stands in its place says something else.
    fn loose(&self, index: usize, there: &str) -> Option<Volatile> {
        let word = &self.line.pattern.words[index];
        match word.token {
            StateToken::Volatile(kind @ (Volatile::Known | Volatile::Queue)) if self.line.text[word.span.clone()] != *there => Some(kind),
            _ => None,
        }
    }

    /// What one of its words must be where another stands.
    fn expected(&self, index: usize, plain: &[&str], at: usize, free: &mut Vec<Free>) -> Option<Result<Cow<'_, str>, &str>> {
        let word = &self.line.pattern.words[index];
        match word.token {
            StateToken::Volatile(Volatile::BridgePort) if !self.meaning.ports.agree(&self.line.text[word.span.clone()], plain[at]) => {
                let known = self.meaning.ports.name(&self.line.text[word.span.clone()]);
                // Nothing is known of this one, but what is there is another's.
                Some(Ok(if known == plain[at] { Cow::Owned(format!("one other than {known}")) } else { Cow::Borrowed(known) }))
            }
            StateToken::Volatile(kind) if volatile(plain, at) == Some(kind) => None,
            StateToken::Variable(field, number) => variable(field, number, plain[at], self.meaning, free).map(Ok),
            _ => self.words[index].as_ref().map(|known| known.as_ref().map(|text| Cow::Borrowed(&**text)).map_err(String::as_str)),
        }
    }
}

/// Where `packets=` and `bytes=` stand among the words of a connection, each with what was counted behind it.
fn counters<'w>(words: impl Iterator<Item = &'w str>) -> Vec<usize> {
    let mut words = words.enumerate();
    let mut found = Vec::new();
    while let Some((at, word)) = words.next() {
        if matches!(word, "packets=" | "bytes=") && words.next().is_some() {
            found.extend([at, at + 1]);
        }
    }
    found
}

/// Why a line that fits may not be it: two numbers that are documented of a connection are one. Where it is translated, it may keep its port by chance.
fn one_for_two(words: &[&Word], plain: &[&str]) -> Option<String> {
    let numbers = || {
        words
            .iter()
            .zip(plain)
            .filter_map(|(word, there)| if let StateToken::Variable(_, number) = word.token { Some((number, *there)) } else { None })
    };
    numbers().find_map(|(one, there)| {
        let (other, _) = numbers().find(|(other, also)| one < *other && there == *also)?;
        Some(format!("{one} and {other} are documented in one line, and both are {there} here"))
    })
}

/// What one of the two lines has more.
fn rest(line: &Line<StateLine>, words: &[&Word], text: &str, there: &[Range<usize>]) -> Option<WordDifference> {
    let end = || "the end of the line".to_owned();
    if let (Some(first), Some(last)) = (words.get(there.len()), words.last()) {
        let documented = line.text[first.span.start..last.span.end].to_owned();
        return Some(WordDifference {
            field: format!("word {}", there.len() + 1),
            expected: documented.clone(),
            documented,
            observed: end(),
            documented_spans: Some([ends(first)[0].clone(), ends(last)[1].clone()]),
            observed_span: None,
        });
    }
    let span = there.get(words.len())?.start..there.last()?.end;
    Some(WordDifference {
        field: format!("word {}", words.len() + 1),
        documented: end(),
        expected: end(),
        observed: text[span.clone()].to_owned(),
        documented_spans: None,
        observed_span: Some(span),
    })
}

/// What a number must be that differs from run to run; `None`: it was free, and stands for what is there from now on.
fn variable<'n>(field: Field, documented: u64, observed: &str, meaning: Meaning<'_>, free: &mut Vec<Free>) -> Option<Cow<'n, str>> {
    let known = || free.iter().find(|free| (free.field, free.documented) == (field, documented)).map(|free| free.observed);
    if let Some(number) = meaning.variables.get(field, documented).or_else(known) {
        return Some(Cow::Owned(number.to_string()));
    }
    match observed.parse() {
        Ok(observed) => free.push(Free { field, documented, observed }),
        Err(_) => return Some(Cow::Owned(documented.to_string())),
    }
    None
}

/// What a word must be; `None`: anything.
fn stands_for<'n>(word: &'n Word, text: &'n str, meaning: Meaning<'n>) -> Option<Result<Cow<'n, str>, String>> {
    match &word.token {
        StateToken::Hole | StateToken::Gap => None,
        StateToken::Volatile(_) => Some(Ok(Cow::Borrowed(&text[word.span.clone()]))),
        StateToken::Variable(field, number) => Some(Ok(Cow::Owned(meaning.variables.get(*field, *number)?.to_string()))),
        StateToken::Parts(parts) => Some(match parts.as_slice() {
            [part] => meaning.names.part(part),
            parts => parts.iter().map(|part| meaning.names.part(part)).collect::<Result<String, String>>().map(Cow::Owned),
        }),
    }
}

/// Where a word differs.
struct Narrowed {
    documented: [Range<usize>; 2],
    expected: String,
    observed: Range<usize>,
    /// How many of the other parts say something.
    alike: usize,
}

/// Which parts of a word differ from what is there: those that are left when equal ones are taken off at either end.
fn narrow(word: &Word, expected: &str, observed: &str, names: Names<'_>) -> Narrowed {
    let whole = Narrowed { documented: ends(word), expected: expected.to_owned(), observed: 0..observed.len(), alike: 0 };
    let StateToken::Parts(parts) = &word.token else { return whole };
    let Ok(texts) = parts.iter().map(|part| names.part(part)).collect::<Result<Vec<Cow<'_, str>>, String>>() else { return whole };
    let (mut first, mut start) = (0, 0);
    while let Some(behind) = texts.get(first).and_then(|text| observed[start..].strip_prefix(&**text))
        && !is_joined(&texts[first], behind)
    {
        start = observed.len() - behind.len();
        first += 1;
    }
    let (mut last, mut end) = (texts.len(), observed.len());
    while last > first
        && let Some(before) = observed[start..end].strip_suffix(&*texts[last - 1])
        && !is_joined(before, &texts[last - 1])
    {
        end = start + before.len();
        last -= 1;
    }
    if first >= last || start >= end {
        return whole;
    }
    let says = |part: &&WordPart| !matches!(part.token, PartToken::Text(_));
    Narrowed {
        documented: [parts[first].span.clone(), parts[last - 1].span.clone()],
        expected: texts[first..last].concat(),
        observed: start..end,
        alike: parts[..first].iter().chain(&parts[last..]).filter(says).count(),
    }
}

/// Where the first and the last part of a word stand.
fn ends(word: &Word) -> [Range<usize>; 2] {
    match &word.token {
        StateToken::Parts(parts) if !parts.is_empty() => [parts[0].span.clone(), parts[parts.len() - 1].span.clone()],
        _ => [word.span.clone(), word.span.clone()],
    }
}

/// Whether there is no end between two texts: a letter or digit on either side of it.
fn is_joined(before: &str, behind: &str) -> bool {
    before.ends_with(char::is_alphanumeric) && behind.starts_with(char::is_alphanumeric)
}

/// The line with everything filled in that it stands for.
pub(super) fn filled(line: &Line<StateLine>, meaning: Meaning<'_>) -> Expected {
    let head = line.text.len() - line.text.trim_start().len();
    let mut replaced = Vec::new();
    for word in &line.pattern.words {
        match &word.token {
            StateToken::Parts(parts) => {
                for part in parts {
                    replaced.extend(meaning.names.part(part).ok().map(|found| (part.span.clone(), found)));
                }
            }
            _ => replaced.extend(stands_for(word, &line.text, meaning).and_then(Result::ok).map(|found| (word.span.clone(), found))),
        }
    }
    let differs = |(span, found): &(Range<usize>, Cow<'_, str>)| *found != line.text[span.clone()];
    let replaced = replaced.into_iter().filter(differs).map(|(span, found)| (span, found.into_owned()));
    Expected::fill(&line.text, head, replaced.collect())
}
