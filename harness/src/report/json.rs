//! The report for programs: JSON with names that stay.
//!
//! The types here are the format. They are not the verdict's own, so that the rooms can change and the format does not.

use std::fmt::Write as _;

use serde::Serialize;

use super::about::About;
use super::deviation;
use super::words::{self, Tally};
use crate::name::PointName;
use crate::verdict::{Deviation, ExpectationVerdict, Finding, How, LineVerdict, RunVerdict, ScenarioVerdict, Subject, Way};

/// The version of the format. A field that is added does not change it; one that goes or changes its meaning does.
const FORMAT: u32 = 1;

/// The verdict as JSON, pretty-printed, with a newline at the end.
pub fn json(verdict: &RunVerdict, about: &About) -> String {
    spell(&Run::of(verdict, about))
}

/// A value as JSON, pretty-printed, with a newline at the end; whatever steers a terminal is escaped in its strings, which stay what they are.
pub(super) fn spell(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("strings and numbers always serialise");
    let mut escaped = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if character == '\n' || crate::plain::is_plain(character) {
            escaped.push(character);
        } else {
            // RFC 8259 section 7; all of them are in the basic multilingual plane, and outside of strings there are none.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        }
    }
    escaped.push('\n');
    escaped
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the format")]
struct Run<'a> {
    format: u32,
    lab: &'a str,
    lab_path: &'a str,
    run: &'a str,
    backend: &'a str,
    outcome: &'static str,
    why: Option<&'a str>,
    counts: Counts,
    evidence: Option<&'a str>,
    mutation: Option<&'a str>,
    cut_short: Option<&'a str>,
    emulated: Vec<Emulated<'a>>,
    phases: Vec<Phase<'a>>,
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Serialize)]
struct Counts {
    held: usize,
    skipped: usize,
    inconclusive: usize,
    broken: usize,
    fault: usize,
}

#[derive(Serialize)]
struct Emulated<'a> {
    what: &'a str,
    how: &'a str,
}

#[derive(Serialize)]
struct Phase<'a> {
    name: &'a str,
    microseconds: u64,
}

#[derive(Serialize)]
struct Scenario<'a> {
    name: &'a str,
    probe: Option<&'a str>,
    outcome: &'static str,
    why: Option<&'a str>,
    deviation: Option<Deviates<'a>>,
    expectations: Vec<Expectation<'a>>,
    unasserted: Vec<Unasserted<'a>>,
    variables: &'a [String],
}

/// Where a broken scenario first deviates; `null` if that is not certain, or nothing is broken. `what` is `not-seen`, `differs`, `out-of-order`, `undocumented` or `beside`; of
/// `beside` (the packets were as documented, something else was not) only `text` and `instead` are set.
#[derive(Serialize)]
struct Deviates<'a> {
    /// All of it in a sentence.
    text: String,
    what: &'static str,
    /// `request`, `reply` or `error`.
    way: Option<Way>,
    /// Which of how many documented segments of a connection it is, from 1.
    segment: Option<(usize, usize)>,
    at: Option<&'a str>,
    /// The last point before it that saw the packet.
    last: Option<&'a str>,
    /// Points between the two at which nothing can be said.
    unknown: Vec<&'a str>,
    fields: Vec<Difference<'a>>,
    /// What was seen instead, a sentence each.
    instead: Vec<String>,
    /// The expectations that are broken only because of it, by index.
    follows: &'a [usize],
}

#[derive(Serialize)]
struct Expectation<'a> {
    kind: &'static str,
    subject: String,
    interface: Option<&'a str>,
    outcome: &'static str,
    why: Option<&'a str>,
    because: Option<&'a str>,
    lines: Vec<Line<'a>>,
    not_asserted: &'a [String],
    unexpected: &'a [String],
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the format")]
struct Line<'a> {
    lab_line: usize,
    documented: &'a str,
    correction: Option<Correction<'a>>,
    expected: &'a str,
    observed: Option<&'a str>,
    outcome: &'static str,
    why: Option<&'a str>,
    findings: Vec<Difference<'a>>,
}

#[derive(Serialize)]
struct Correction<'a> {
    reads: &'a str,
    because: &'a str,
    needless: bool,
}

#[derive(Serialize)]
struct Difference<'a> {
    field: &'a str,
    documented: &'a str,
    expected: &'a str,
    observed: &'a str,
}

#[derive(Serialize)]
struct Unasserted<'a> {
    point: &'a str,
    lines: &'a [String],
}

impl<'a> Run<'a> {
    fn of(verdict: &'a RunVerdict, about: &'a About) -> Self {
        let expectations = verdict.scenarios.iter().flat_map(|scenario| &scenario.expectations);
        let tally = Tally::of(expectations.flat_map(words::line_outcomes));
        Self {
            format: FORMAT,
            lab: &verdict.lab,
            lab_path: &about.lab_path,
            run: &verdict.run,
            backend: &verdict.backend,
            outcome: words::word(&verdict.outcome),
            why: words::why(&verdict.outcome),
            counts: Counts {
                held: tally.count(0),
                skipped: tally.count(1),
                inconclusive: tally.count(2),
                broken: tally.count(3),
                fault: tally.count(4),
            },
            evidence: about.evidence.as_deref(),
            mutation: about.mutation.as_deref(),
            cut_short: about.cut_short.as_deref(),
            emulated: about.emulated.iter().map(|part| Emulated { what: &part.what, how: &part.how }).collect(),
            phases: about.phases.iter().map(|(name, microseconds)| Phase { name, microseconds: *microseconds }).collect(),
            scenarios: verdict.scenarios.iter().map(Scenario::of).collect(),
        }
    }
}

impl<'a> Scenario<'a> {
    fn of(scenario: &'a ScenarioVerdict) -> Self {
        Self {
            name: &scenario.name,
            probe: scenario.probe.as_deref(),
            outcome: words::word(&scenario.outcome),
            why: words::why(&scenario.outcome),
            deviation: scenario.deviation.as_ref().map(Deviates::of),
            expectations: scenario.expectations.iter().map(Expectation::of).collect(),
            unasserted: scenario.unasserted.iter().map(|(point, lines)| Unasserted { point: point.as_str(), lines }).collect(),
            variables: &scenario.variables,
        }
    }
}

impl<'a> Deviates<'a> {
    fn of(found: &'a Deviation) -> Self {
        let beside = Self {
            text: deviation::sentence(found),
            what: "beside",
            way: None,
            segment: None,
            at: None,
            last: None,
            unknown: Vec::new(),
            fields: Vec::new(),
            instead: deviation::instead(found),
            follows: deviation::follows(Some(found)),
        };
        let Deviation::OnTheWay(departure) = found else { return beside };
        let (what, fields) = match &departure.how {
            How::NotSeen => ("not-seen", Vec::new()),
            How::Differs(findings) => ("differs", findings.iter().map(Difference::of).collect()),
            How::OutOfOrder(_) => ("out-of-order", Vec::new()),
            How::Undocumented(_) => ("undocumented", Vec::new()),
        };
        Self {
            what,
            way: Some(departure.way),
            segment: departure.segment,
            at: Some(departure.at.as_str()),
            last: departure.last.as_ref().map(|(point, _)| point.as_str()),
            unknown: departure.unknown.iter().map(PointName::as_str).collect(),
            fields,
            ..beside
        }
    }
}

impl<'a> Expectation<'a> {
    fn of(expectation: &'a ExpectationVerdict) -> Self {
        Self {
            kind: match expectation.subject {
                Subject::Point(_) => "point",
                Subject::Answer => "answer",
                Subject::State { .. } => "state",
            },
            subject: words::subject(&expectation.subject),
            interface: Some(expectation.interface.as_str()).filter(|interface| !interface.is_empty()),
            outcome: words::word(&expectation.outcome),
            why: words::why(&expectation.outcome),
            because: expectation.because.as_deref(),
            lines: expectation.lines.iter().map(Line::of).collect(),
            not_asserted: &expectation.open,
            unexpected: &expectation.unexpected,
        }
    }
}

impl<'a> Line<'a> {
    fn of(line: &'a LineVerdict) -> Self {
        let correction = line.correction.as_ref();
        Self {
            lab_line: line.lab_line,
            documented: &line.documented,
            correction: correction.map(|(reads, because)| Correction { reads, because, needless: line.correction_needless }),
            expected: &line.expected,
            observed: line.observed.as_deref(),
            outcome: words::word(&line.outcome),
            why: words::why(&line.outcome),
            findings: line.findings.iter().map(Difference::of).collect(),
        }
    }
}

impl<'a> Difference<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self { field: &finding.field, documented: &finding.documented, expected: &finding.expected, observed: &finding.observed }
    }
}
