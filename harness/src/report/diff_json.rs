//! A comparison for programs: JSON with names that stay.
//!
//! The types here are the format. They are not the diff's own, so that the room can change and the format does not.

use std::collections::BTreeMap;

use serde::Serialize;

use super::about::About;
use super::words;
use crate::diff::{Diff, Difference, Pair, Part, ScenarioDiff, Side, Standing, Tally};
use crate::verdict::Subject;

/// The version of the format. A field that is added does not change it; one that goes or changes its meaning does.
const FORMAT: u32 = 1;

/// Two runs side by side as JSON, pretty-printed, with a newline at the end. Whatever there is of both, the first run's stands first.
pub fn diff_json(diff: &Diff, abouts: [&About; 2]) -> String {
    let outcome = match diff.exit_code() {
        0 => "same",
        1 => "differs",
        _ => "not-comparable",
    };
    let whole = Whole {
        format: FORMAT,
        lab: &diff.lab,
        lab_changed: diff.lab_changed,
        outcome,
        counts: Counts::of(diff.tally()),
        runs: [Recorded::of(&diff.sides[0], abouts[0]), Recorded::of(&diff.sides[1], abouts[1])],
        scenarios: diff.scenarios.iter().map(Scenario::of).collect(),
    };
    super::json::spell(&whole)
}

#[derive(Serialize)]
struct Whole<'a> {
    format: u32,
    lab: &'a str,
    lab_changed: bool,
    outcome: &'static str,
    counts: Counts,
    runs: [Recorded<'a>; 2],
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Serialize)]
struct Counts {
    agree: usize,
    explained: usize,
    unexplained: usize,
    not_comparable: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Recorded<'a> {
    run: &'a str,
    backend: &'a str,
    evidence: Option<&'a str>,
    mutation: Option<&'a str>,
    cut_short: Option<&'a str>,
    emulated: Vec<Emulated<'a>>,
    versions: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Emulated<'a> {
    what: &'a str,
    how: &'a str,
}

#[derive(Serialize)]
struct Scenario<'a> {
    name: &'a str,
    standing: &'static str,
    why: [Option<&'a str>; 2],
    parts: Vec<Compared<'a>>,
}

#[derive(Serialize)]
struct Compared<'a> {
    kind: &'static str,
    subject: String,
    interfaces: &'a [String; 2],
    standing: &'static str,
    why: [Option<&'a str>; 2],
    counts: Counts,
    pairs: Vec<Paired<'a>>,
}

#[derive(Serialize)]
struct Paired<'a> {
    what: &'a str,
    lab_line: Option<usize>,
    texts: &'a [Option<String>; 2],
    fields: usize,
    why_not_comparable: &'a [Option<String>; 2],
    differences: Vec<Differs<'a>>,
}

#[derive(Serialize)]
struct Differs<'a> {
    field: &'a str,
    values: &'a [String; 2],
    note: Option<&'a str>,
    explained: Option<&'a str>,
}

impl Counts {
    fn of(tally: Tally) -> Self {
        let Tally { agree, explained, unexplained, unknown, skipped } = tally;
        Self { agree, explained, unexplained, not_comparable: unknown, skipped }
    }
}

impl<'a> Recorded<'a> {
    fn of(side: &'a Side, about: &'a About) -> Self {
        Self {
            run: &side.run,
            backend: &side.backend,
            evidence: about.evidence.as_deref(),
            mutation: about.mutation.as_deref(),
            cut_short: about.cut_short.as_deref(),
            emulated: about.emulated.iter().map(|part| Emulated { what: &part.what, how: &part.how }).collect(),
            versions: &side.versions,
        }
    }
}

/// The word for how something stands, and why, by run.
fn spell(standing: &Standing) -> (&'static str, [Option<&str>; 2]) {
    match standing {
        Standing::Compared => ("compared", [None, None]),
        Standing::OneAsked { run: 0, because } => ("asked-of-first", [None, Some(because)]),
        Standing::OneAsked { because, .. } => ("asked-of-second", [Some(because), None]),
        Standing::Skipped(why) => ("skipped", [Some(why), Some(why)]),
        Standing::Unknown(why) => ("not-comparable", why.each_ref().map(Option::as_deref)),
    }
}

impl<'a> Scenario<'a> {
    fn of(scenario: &'a ScenarioDiff) -> Self {
        let (standing, why) = spell(&scenario.standing);
        Self { name: &scenario.name, standing, why, parts: scenario.parts.iter().map(Compared::of).collect() }
    }
}

impl<'a> Compared<'a> {
    fn of(part: &'a Part) -> Self {
        let (standing, why) = spell(&part.standing);
        Self {
            kind: match part.subject {
                Subject::Point(_) => "point",
                Subject::Answer => "answer",
                Subject::State { .. } => "state",
            },
            subject: words::subject(&part.subject),
            interfaces: &part.interfaces,
            standing,
            why,
            counts: Counts::of(part.tally()),
            pairs: part.pairs.iter().map(Paired::of).collect(),
        }
    }
}

impl<'a> Paired<'a> {
    fn of(pair: &'a Pair) -> Self {
        Self {
            what: &pair.what,
            lab_line: pair.lab_line,
            texts: &pair.texts,
            fields: pair.fields,
            why_not_comparable: &pair.unknown,
            differences: pair.differences.iter().map(Differs::of).collect(),
        }
    }
}

impl<'a> Differs<'a> {
    fn of(difference: &'a Difference) -> Self {
        let Difference { field, values, note, explained, .. } = difference;
        Self { field, values, note: note.as_deref(), explained: explained.as_deref() }
    }
}
