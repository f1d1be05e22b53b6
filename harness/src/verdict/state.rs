//! What is expected of a command's output.

use super::model::{ExpectationVerdict, Finding, LineVerdict, Outcome, Subject};
use super::names::Names;
use super::outcome::{differ, do_not_hold, worst};
use super::tracked::{Flows, Owner};
use super::unify::{Free, Match, Meaning, Ports, Wanted, WordDifference, filled};
use super::variables::{Block, Variables};
use crate::evidence::StateText;
use crate::expect::{StateLine, StateToken};
use crate::lab::{DocumentedLine, StateExpectation, fill_command};
use crate::name::Symbol;

/// Judges what is expected of a command's output. `flows` are the probe's, if one was sent: connections that are not of it are passed over.
pub(super) fn judge(
    expectation: &StateExpectation,
    texts: &[StateText],
    names: Names<'_>,
    variables: &mut Variables,
    flows: Option<&Flows>,
) -> ExpectationVerdict {
    let text = texts.iter().find(|text| text.on == expectation.on && text.run == expectation.run);
    if let Some(why) = unusable(text, expectation, names) {
        return unasked(expectation, &Outcome::Inconclusive(why), Meaning::of(names, variables));
    }
    let flows = flows.filter(|_| expectation.run.starts_with("conntrack"));
    let is_anothers = |line: &&str| flows.is_some_and(|flows| flows.owner(line) == Owner::Another);
    let lines = text.map_or("", |text| &text.stdout).lines().filter(|line| !line.trim().is_empty());
    let (others, output): (Vec<&str>, Vec<&str>) = lines.partition(is_anothers);
    let mut ports = Ports::default();
    let mut taken = Taken::default();
    let mut lines: Vec<LineVerdict> = Vec::with_capacity(expectation.has.len() + expectation.lacks.len());
    for line in &expectation.has {
        let (mut found, fit) = has(line, &output, Meaning { names, variables, ports: &ports }, &taken);
        if let Some(fit) = fit {
            ports.bind(line.judged(), fit.text);
            taken.0.push((line.documented.text.as_str(), fit.text));
            if !fit.free.is_empty() && flows.is_some_and(|flows| flows.owner(fit.text) == Owner::Unknown) {
                doubt(&mut found, "no packet of the probe was seen that is of this connection, so that it may be another's");
            }
            keep(&fit.free, variables, &format!("`{}` on {}", expectation.run, expectation.on), &mut found);
        }
        lines.push(found);
    }
    let meaning = Meaning { names, variables, ports: &ports };
    lines.extend(expectation.lacks.iter().map(|line| lacks(line, [&output, &others], flows, meaning)));
    let outcome = worst(lines.iter().map(|line| &line.outcome), |broken| do_not_hold(broken, "line"))
        .unwrap_or_else(|| Outcome::Inconclusive("nothing is expected of it".to_owned()));
    ExpectationVerdict { outcome, lines, ..unasked(expectation, &Outcome::Held, meaning) }
}

/// What would hold is in doubt.
fn doubt(found: &mut LineVerdict, why: &str) {
    if found.outcome == Outcome::Held {
        found.outcome = Outcome::Inconclusive(why.to_owned());
    }
}

/// Has documented numbers stand for what was found in their place.
fn keep(bound: &[Free], variables: &mut Variables, at: &str, found: &mut LineVerdict) {
    for Free { field, documented, observed } in bound {
        // Each in a block of its own: where an address is translated the port may stay as it is.
        let kept = variables.bind(&mut Block::default(), *field, *documented, *observed, at);
        if kept.is_err() && found.outcome == Outcome::Held {
            found.outcome = Outcome::Broken(format!("{documented} stands for two numbers"));
        }
    }
}

/// Why nothing can be said of a command's output.
fn unusable(text: Option<&StateText>, expectation: &StateExpectation, names: Names<'_>) -> Option<String> {
    let (on, run) = (&expectation.on, &expectation.run);
    let Some(text) = text else { return Some(format!("`{run}` was not run on {on}")) };
    // Of a symbol that the site does not tell the lines tell, too.
    let asked = fill_command(run, names.table, |symbol| names.values.get(&Symbol::new(symbol)).map(String::as_str));
    if let Ok(asked) = asked
        && !text.command.split_whitespace().eq(asked.split_whitespace())
    {
        return Some(format!("what was run on {on} is `{}`, not `{asked}`", text.command));
    }
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
        open: expectation.open_parts().iter().map(ToString::to_string).collect(),
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

/// Which line of an output each documented one stands for.
#[derive(Default)]
pub(super) struct Taken<'t>(Vec<(&'t str, &'t str)>);

impl Taken<'_> {
    /// Whether another documented line stands for this very one. That matters where numbers tell lines apart: two connections that are documented
    /// are two.
    fn by_another(&self, line: &DocumentedLine<StateLine>, text: &str) -> bool {
        let has_numbers = line.judged().pattern.words.iter().any(|word| matches!(word.token, StateToken::Variable(..)));
        has_numbers && self.0.iter().any(|(documented, taken)| std::ptr::eq(*taken, text) && *documented != line.documented.text)
    }
}

/// The output must have this line. Also tells which of the output is it.
pub(super) fn has<'t>(
    line: &DocumentedLine<StateLine>,
    output: &[&'t str],
    meaning: Meaning<'_>,
    taken: &Taken<'_>,
) -> (LineVerdict, Option<Match<'t>>) {
    let wanted = Wanted::of(line.judged(), meaning);
    let is_used = |found: &Match<'_>| found.fits() && taken.by_another(line, found.text);
    let best = best(&wanted, output, |found| !is_used(found));
    let used = || output.iter().map(|text| wanted.unify(text)).find(|found| is_used(found));
    let mut found = match &best {
        Some(fit) if fit.fits() => {
            let outcome = fit.doubt.clone().map_or(Outcome::Held, Outcome::Inconclusive);
            verdict(line, meaning, outcome, Some(fit.text))
        }
        closest => match used() {
            Some(used) => {
                let why = "no other line fits than one that another documented line stands for".to_owned();
                verdict(line, meaning, Outcome::Inconclusive(why), Some(used.text))
            }
            None => missing(line, closest.as_ref(), meaning),
        },
    };
    let documented_holds = || {
        // A correction that reads the documented line, too, is no contradiction: it says that there is more than one way to print it.
        let apart = Meaning { ports: &Ports::default(), ..meaning };
        let widens = Wanted::of(line.judged(), apart).unify(&line.documented.text).is_certain();
        let documented = Wanted::of(&line.documented, meaning);
        !widens && output.iter().any(|text| documented.unify(text).is_certain())
    };
    doubt_the_correction(line, documented_holds, &mut found);
    (found, best.filter(Match::fits))
}

/// The line of the output that is it, the first one; where none is, the last of those that are closest. Only one is kept at a time, for the
/// output may be of any length.
fn best<'t>(wanted: &Wanted<'_>, output: &[&'t str], may_be: impl Fn(&Match<'_>) -> bool) -> Option<Match<'t>> {
    let mut best: Option<Match<'t>> = None;
    for found in output.iter().map(|text| wanted.unify(text)).filter(|found| may_be(found)) {
        if found.is_certain() {
            return Some(found);
        }
        let is_better = |best: &Match<'_>| !best.fits() && (found.fits() || found.closeness() >= best.closeness());
        if best.as_ref().is_none_or(is_better) {
            best = Some(found);
        }
    }
    best
}

/// No line fits: the closest one, word by word.
fn missing(line: &DocumentedLine<StateLine>, closest: Option<&Match<'_>>, meaning: Meaning<'_>) -> LineVerdict {
    let Some(closest) = closest.filter(|closest| closest.is_alike()) else {
        return verdict(line, meaning, Outcome::Broken("no line is like it".to_owned()), None);
    };
    let outcome = Outcome::Broken(differ(closest.differences.len(), "word"));
    let expected = filled(line.judged(), meaning);
    let finding = |difference: &WordDifference| Finding {
        field: difference.field.clone(),
        documented: difference.documented.clone(),
        expected: difference.expected.clone(),
        observed: difference.observed.clone(),
        expected_span: difference.documented_spans.as_ref().and_then(|[first, last]| {
            let (first, last) = (expected.place(first)?, expected.place(last)?);
            Some(first.start..last.end)
        }),
        observed_span: difference.observed_span.clone(),
    };
    let findings = closest.differences.iter().map(finding).collect();
    LineVerdict { findings, ..verdict(line, meaning, outcome, Some(closest.text)) }
}

/// The output must not have this line. An output without any line does not prove that, nor does one in which it is there of a connection of which nobody
/// knows whether it is the probe's. `others` are lines of connections that are not.
fn lacks(line: &DocumentedLine<StateLine>, [output, others]: [&[&str]; 2], flows: Option<&Flows>, meaning: Meaning<'_>) -> LineVerdict {
    let wanted = Wanted::of(line.judged(), meaning);
    let is_anyones = |fit: &Match<'_>| !fit.free.is_empty() && flows.is_some_and(|flows| flows.owner(fit.text) == Owner::Unknown);
    let fits = |lines, may_be: &dyn Fn(&Match<'_>) -> bool| best(&wanted, lines, may_be).filter(Match::fits);
    let there = fits(output, &|fit| !is_anyones(fit)).or_else(|| fits(output, &|_| true));
    let (outcome, observed) = match there {
        Some(fit) => {
            let anyones = is_anyones(&fit)
                .then(|| "a line is there of which no packet of the probe tells whether it is of its connection".to_owned());
            let loose = fit.loose.map(|word| format!("a line is there that differs by {word} only, which is not asserted"));
            let broken = || Outcome::Broken("a line is there that must not be".to_owned());
            (fit.doubt.or(anyones).or(loose).map_or_else(broken, Outcome::Inconclusive), Some(fit.text))
        }
        None if output.is_empty() => (Outcome::Inconclusive("the command printed nothing at all".to_owned()), None),
        None => match fits(others, &|_| true) {
            Some(fit) => (Outcome::Inconclusive("a line is there of a connection that is not the probe's".to_owned()), Some(fit.text)),
            None => (Outcome::Held, None),
        },
    };
    let mut found = verdict(line, meaning, outcome, observed);
    let documented = Wanted::of(&line.documented, meaning);
    let documented_holds = || !output.is_empty() && output.iter().all(|text| !documented.unify(text).fits());
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
