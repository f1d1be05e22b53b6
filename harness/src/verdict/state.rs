//! What is expected of a command's output.

use std::borrow::Cow;
use std::ops::Range;

use super::expected::Expected;
use super::model::{ExpectationVerdict, Finding, LineVerdict, Outcome, Subject};
use super::names::{Names, same};
use super::outcome::{differ, do_not_hold, worst};
use super::variables::{Block, Variables};
use crate::evidence::StateText;
use crate::expect::{StateLine, StateToken, Volatile, Word, state_words, volatile};
use crate::lab::{DocumentedLine, Line, StateExpectation};
use crate::packet::Field;

/// Ports of all kinds of lines are of one kind.
const PORT: Field = Field::TcpSourcePort;

/// Judges what is expected of a command's output.
pub(super) fn judge(
    expectation: &StateExpectation,
    texts: &[StateText],
    names: Names<'_>,
    variables: &mut Variables,
) -> ExpectationVerdict {
    let text = texts.iter().find(|text| text.on == expectation.on && text.run == expectation.run);
    if let Some(why) = unusable(text, expectation) {
        return unasked(expectation, &Outcome::Inconclusive(why), Meaning::of(names, variables));
    }
    let output: Vec<&str> = text.map_or("", |text| &text.stdout).lines().filter(|line| !line.trim().is_empty()).collect();
    let mut ports = Ports::default();
    let mut lines: Vec<LineVerdict> = Vec::with_capacity(expectation.has.len() + expectation.lacks.len());
    for line in &expectation.has {
        let (mut found, fit) = has(line, &output, Meaning { names, variables, ports: &ports });
        if let Some(fit) = fit {
            ports.bind(line.judged(), fit.text);
            keep(&fit.free, variables, &format!("`{}` on {}", expectation.run, expectation.on), &mut found);
        }
        lines.push(found);
    }
    let meaning = Meaning { names, variables, ports: &Ports::default() };
    lines.extend(expectation.lacks.iter().map(|line| lacks(line, &output, meaning)));
    let outcome = worst(lines.iter().map(|line| &line.outcome), |broken| do_not_hold(broken, "line"))
        .unwrap_or_else(|| Outcome::Inconclusive("nothing is expected of it".to_owned()));
    ExpectationVerdict { outcome, lines, ..unasked(expectation, &Outcome::Held, meaning) }
}

/// What the words of a line stand for: names on the site, and numbers in the scenario.
#[derive(Clone, Copy)]
pub(super) struct Meaning<'a> {
    pub(super) names: Names<'a>,
    pub(super) variables: &'a Variables,
    /// Ports of bridges, within one command's output.
    ports: &'a Ports,
}

impl<'a> Meaning<'a> {
    /// Of words outside any command's output.
    pub(super) fn of(names: Names<'a>, variables: &'a Variables) -> Self {
        static NONE: Ports = Ports(Vec::new());
        Self { names, variables, ports: &NONE }
    }
}

/// Has documented ports stand for what was found in their place.
fn keep(bound: &[(u64, u64)], variables: &mut Variables, at: &str, found: &mut LineVerdict) {
    for (documented, observed) in bound {
        // Each in a block of its own: where an address is translated the port may stay as it is.
        let kept = variables.bind(&mut Block::default(), PORT, *documented, *observed, at);
        if kept.is_err() && found.outcome == Outcome::Held {
            found.outcome = Outcome::Broken(format!("{documented} stands for two ports"));
        }
    }
}

/// Why nothing can be said of a command's output.
fn unusable(text: Option<&StateText>, expectation: &StateExpectation) -> Option<String> {
    let (on, run) = (&expectation.on, &expectation.run);
    let Some(text) = text else { return Some(format!("`{run}` was not run on {on}")) };
    let complaint = text.stderr.trim().lines().next().unwrap_or("it said nothing");
    match text.status {
        Some(0) => None,
        Some(status) => Some(format!("`{run}` on {on} failed with exit status {status}: {complaint}")),
        None => Some(format!("`{run}` on {on}: {complaint}")),
    }
}

/// The verdict on an expectation that was not held against anything.
pub(super) fn unasked(expectation: &StateExpectation, outcome: &Outcome, meaning: Meaning<'_>) -> ExpectationVerdict {
    let lines = expectation.has.iter().chain(&expectation.lacks).map(|line| verdict(line, meaning, outcome.clone(), None));
    ExpectationVerdict {
        subject: Subject::State { on: expectation.on.clone(), run: expectation.run.clone() },
        interface: String::new(),
        outcome: outcome.clone(),
        because: expectation.because.clone(),
        lines: lines.collect(),
        open: Vec::new(),
        unexpected: Vec::new(),
    }
}

fn verdict(line: &DocumentedLine<StateLine>, meaning: Meaning<'_>, outcome: Outcome, observed: Option<&str>) -> LineVerdict {
    LineVerdict {
        documented: line.documented.text.clone(),
        correction: line.correction.as_ref().map(|correction| (correction.reads.text.clone(), correction.because.clone())),
        correction_needless: false,
        expected: filled(line.judged(), meaning).text,
        observed: observed.map(|text| text.trim_end().to_owned()),
        outcome,
        findings: Vec::new(),
        lab_line: line.position.line,
    }
}

/// The output must have this line. Also tells which of the output is it.
pub(super) fn has<'t>(line: &DocumentedLine<StateLine>, output: &[&'t str], meaning: Meaning<'_>) -> (LineVerdict, Option<Match<'t>>) {
    let best = best(line, output, meaning);
    let mut found = match &best {
        Some(fit) if fit.differences.is_empty() => {
            let outcome = fit.doubt.clone().map_or(Outcome::Held, Outcome::Inconclusive);
            verdict(line, meaning, outcome, Some(fit.text))
        }
        closest => missing(line, closest.as_ref(), meaning),
    };
    let documented_holds = || {
        // A correction that reads the documented line, too, is no contradiction: it says that there is more than one way to print it.
        let apart = Meaning { ports: &Ports::default(), ..meaning };
        let widens = unify(line.judged(), &line.documented.text, apart).is_certain();
        !widens && output.iter().any(|text| unify(&line.documented, text, meaning).is_certain())
    };
    doubt_the_correction(line, documented_holds, &mut found);
    (found, best.filter(|fit| fit.differences.is_empty()))
}

/// The line of the output that is it, the first one; where none is, the last of those that are closest. Only one is kept at a time, for the
/// output may be of any length.
fn best<'t>(line: &DocumentedLine<StateLine>, output: &[&'t str], meaning: Meaning<'_>) -> Option<Match<'t>> {
    let closeness = |found: &Match<'_>| (found.equal, std::cmp::Reverse(found.differences.len()));
    let mut best: Option<Match<'t>> = None;
    for text in output {
        let found = unify(line.judged(), text, meaning);
        if found.is_certain() {
            return Some(found);
        }
        let better = best
            .as_ref()
            .is_none_or(|best| !best.differences.is_empty() && (found.differences.is_empty() || closeness(&found) >= closeness(best)));
        if better {
            best = Some(found);
        }
    }
    best
}

/// No line fits: the closest one, word by word.
fn missing(line: &DocumentedLine<StateLine>, closest: Option<&Match<'_>>, meaning: Meaning<'_>) -> LineVerdict {
    let Some(closest) = closest.filter(|closest| closest.equal > 0) else {
        return verdict(line, meaning, Outcome::Broken("no line is like it".to_owned()), None);
    };
    let outcome = Outcome::Broken(differ(closest.differences.len(), "word"));
    let expected = filled(line.judged(), meaning);
    let finding = |difference: &WordDifference| Finding {
        field: difference.field.clone(),
        documented: difference.documented.clone(),
        expected: difference.expected.clone(),
        observed: difference.observed.clone(),
        expected_span: difference.documented_span.as_ref().and_then(|span| expected.place(span)),
        observed_span: difference.observed_span.clone(),
    };
    let findings = closest.differences.iter().map(finding).collect();
    LineVerdict { findings, ..verdict(line, meaning, outcome, Some(closest.text)) }
}

/// The output must not have this line. An output without any line does not prove that.
fn lacks(line: &DocumentedLine<StateLine>, output: &[&str], meaning: Meaning<'_>) -> LineVerdict {
    let (outcome, observed) = match best(line, output, meaning).filter(|fit| fit.differences.is_empty()) {
        Some(fit) => match fit.doubt {
            Some(doubt) => (Outcome::Inconclusive(doubt), Some(fit.text)),
            None => (Outcome::Broken("a line is there that must not be".to_owned()), Some(fit.text)),
        },
        None if output.is_empty() => (Outcome::Inconclusive("the command printed nothing at all".to_owned()), None),
        None => (Outcome::Held, None),
    };
    let mut found = verdict(line, meaning, outcome, observed);
    let documented_holds =
        || !output.is_empty() && output.iter().all(|text| !unify(&line.documented, text, meaning).differences.is_empty());
    doubt_the_correction(line, documented_holds, &mut found);
    found
}

/// A correction is needless if the documented line itself holds.
fn doubt_the_correction(line: &DocumentedLine<StateLine>, documented_holds: impl FnOnce() -> bool, verdict: &mut LineVerdict) {
    if line.correction.is_some() && documented_holds() {
        verdict.correction_needless = true;
        if !matches!(verdict.outcome, Outcome::Broken(_)) {
            verdict.outcome = Outcome::Broken("the correction is not needed: the documented line holds".to_owned());
        }
    }
}

/// Which documented port of a bridge is which observed one, over all lines of a command: a function that can be turned round.
#[derive(Default)]
struct Ports(Vec<(String, String)>);

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
    fn bind(&mut self, line: &Line<StateLine>, text: &str) {
        for (word, span) in line.pattern.words.iter().zip(state_words(text)) {
            let pair = (line.text[word.span.clone()].to_owned(), text[span].to_owned());
            if word.token == StateToken::Volatile(Volatile::BridgePort) && !self.0.contains(&pair) {
                self.0.push(pair);
            }
        }
    }
}

/// A documented line held against an observed one.
pub(super) struct Match<'t> {
    text: &'t str,
    /// How many words are equal, holes not counted.
    equal: usize,
    differences: Vec<WordDifference>,
    /// Ports that no other number stood for yet, and what is in their place.
    free: Vec<(u64, u64)>,
    /// What a word stands for is not known: why.
    doubt: Option<String>,
}

impl Match<'_> {
    fn is_certain(&self) -> bool {
        self.differences.is_empty() && self.doubt.is_none()
    }
}

struct WordDifference {
    field: String,
    documented: String,
    expected: String,
    observed: String,
    documented_span: Option<Range<usize>>,
    observed_span: Option<Range<usize>>,
}

/// Holds a line against one of the output, word by word: as many words, each the same.
fn unify<'t>(line: &Line<StateLine>, text: &'t str, meaning: Meaning<'_>) -> Match<'t> {
    let there = state_words(text);
    let words: Vec<&Word> = line.pattern.spread(there.len()).into_iter().map(|index| &line.pattern.words[index]).collect();
    let plain: Vec<&str> = there.iter().map(|span| &text[span.clone()]).collect();
    let mut found = Match { text, equal: 0, differences: Vec::new(), free: Vec::new(), doubt: None };
    for (index, (word, span)) in words.iter().zip(&there).enumerate() {
        let observed = &text[span.clone()];
        let documented = &line.text[word.span.clone()];
        let expected = match word.token {
            StateToken::Volatile(Volatile::BridgePort) if !meaning.ports.agree(documented, observed) => {
                Some(Ok(Cow::Borrowed(meaning.ports.name(documented))))
            }
            StateToken::Volatile(kind) if volatile(&plain, index) == Some(kind) => None,
            _ => stands_for(word, &line.text, meaning),
        };
        match expected {
            None => found.free.extend(port(word).zip(observed.parse().ok())),
            Some(Err(doubt)) => drop(found.doubt.get_or_insert(doubt)),
            Some(Ok(expected)) if same(&expected, observed) => found.equal += 1,
            Some(Ok(expected)) => found.differences.push(WordDifference {
                field: format!("word {}", index + 1),
                documented: line.text[word.span.clone()].to_owned(),
                expected: expected.into_owned(),
                observed: observed.to_owned(),
                documented_span: Some(word.span.clone()),
                observed_span: Some(span.clone()),
            }),
        }
    }
    let end = || "the end of the line".to_owned();
    if let (Some(first), Some(last)) = (words.get(there.len()), words.last()) {
        let span = first.span.start..last.span.end;
        let documented = line.text[span.clone()].to_owned();
        found.differences.push(WordDifference {
            field: format!("word {}", there.len() + 1),
            expected: documented.clone(),
            documented,
            observed: end(),
            documented_span: Some(span),
            observed_span: None,
        });
    } else if let (Some(first), Some(last)) = (there.get(words.len()), there.last()) {
        let span = first.start..last.end;
        found.differences.push(WordDifference {
            field: format!("word {}", words.len() + 1),
            documented: end(),
            expected: end(),
            observed: text[span.clone()].to_owned(),
            documented_span: None,
            observed_span: Some(span),
        });
    }
    found
}

/// What a word must be; `None`: anything.
fn stands_for<'n>(word: &'n Word, text: &'n str, meaning: Meaning<'n>) -> Option<Result<Cow<'n, str>, String>> {
    let known = match &word.token {
        StateToken::Hole | StateToken::Gap => return None,
        StateToken::Volatile(_) => Ok(&text[word.span.clone()]),
        StateToken::Variable(number) => return Some(Ok(Cow::Owned(meaning.variables.get(PORT, *number)?.to_string()))),
        StateToken::Name(symbol) => meaning.names.symbol(symbol),
        StateToken::Literal(literal) => meaning.names.literal(literal),
        StateToken::Word(plain) => meaning.names.word(plain).unwrap_or(Ok(&text[word.span.clone()])),
    };
    Some(known.map(Cow::Borrowed))
}

/// The port that a word documents, if it is one that differs from run to run.
fn port(word: &Word) -> Option<u64> {
    if let StateToken::Variable(number) = word.token { Some(number) } else { None }
}

/// The line with everything filled in that it stands for.
fn filled(line: &Line<StateLine>, meaning: Meaning<'_>) -> Expected {
    let head = line.text.len() - line.text.trim_start().len();
    let parts = line.pattern.words.iter().filter_map(|word| {
        let found = stands_for(word, &line.text, meaning)?.ok()?;
        (found != line.text[word.span.clone()]).then(|| (word.span.clone(), found.into_owned()))
    });
    Expected::fill(&line.text, head, parts.collect())
}
