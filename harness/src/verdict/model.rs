//! What was found.

use std::ops::Range;

use serde::Serialize;

use super::deviation::Deviation;
use crate::name::{PlaceName, PointName};

/// How an expectation, a scenario or a run came out; in the order in which one outranks another (the worst of its parts).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// It holds, and that is proven.
    Held,
    /// It was not asked: why.
    Skipped(String),
    /// It can be neither held nor broken on this evidence: why.
    Inconclusive(String),
    /// It does not hold; the findings are with the lines. A few words for a line of a report.
    Broken(String),
    /// The harness itself failed: how.
    Fault(String),
}

/// How a run came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunVerdict {
    /// The lab's name.
    pub lab: String,
    /// The run's name.
    pub run: String,
    /// `netns`, `kind`, `cluster`.
    pub backend: String,
    /// The worst of its scenarios; Inconclusive if nothing at all was asserted.
    pub outcome: Outcome,
    /// One per scenario, in the lab's order.
    pub scenarios: Vec<ScenarioVerdict>,
}

/// How a scenario came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScenarioVerdict {
    /// Its name.
    pub name: String,
    /// The probe in words: `pod1 pings pod3 (10.244.146.205)`.
    pub probe: Option<String>,
    /// The worst of its expectations.
    pub outcome: Outcome,
    /// If it is broken: where that starts, as far as it is certain.
    pub deviation: Option<Deviation>,
    /// One per expectation, points first in path order, then state.
    pub expectations: Vec<ExpectationVerdict>,
    /// The points that were captured at without anything being expected of them, with the probe's lines there as tcpdump prints them.
    pub unasserted: Vec<(PointName, Vec<String>)>,
    /// One documented value may stand for different packets at different points: what was taken for the same, `seq 106, 220, 279 = 1`.
    pub variables: Vec<String>,
}

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExpectationVerdict {
    /// What it is about.
    pub subject: Subject,
    /// The interface behind the point, `calice0906292e2`; empty for state.
    pub interface: String,
    /// How it came out.
    pub outcome: Outcome,
    /// Why it is expected, where the lab says so.
    pub because: Option<String>,
    /// One per documented line.
    pub lines: Vec<LineVerdict>,
    /// What the lines print and do not assert, by the word for it: `win`, `wscale`.
    pub open: Vec<String>,
    /// Frames of the probe that no documented line accounts for, as tcpdump prints them.
    pub unexpected: Vec<String>,
}

/// What an expectation is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// What is seen at a point.
    Point(PointName),
    /// What the probe was answered.
    Answer,
    /// What a command prints.
    State {
        /// Where it runs.
        on: PlaceName,
        /// As the lab spells it.
        run: String,
    },
}

impl Subject {
    /// The point it is about, if it is about one.
    pub fn point(&self) -> Option<&PointName> {
        if let Self::Point(point) = self { Some(point) } else { None }
    }
}

/// How a documented line came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineVerdict {
    /// The line as it was documented (time stamp and all).
    pub documented: String,
    /// What was judged instead and why, where the lab corrects the document: (`reads`, `because`).
    pub correction: Option<(String, String)>,
    /// The correction was not needed: the documented line itself holds, too.
    pub correction_needless: bool,
    /// The judged line with everything filled in that it stands for, as far as it is known.
    pub expected: String,
    /// What was seen in its stead or for it, as the tool prints it; `None`: nothing.
    pub observed: Option<String>,
    /// How it came out.
    pub outcome: Outcome,
    /// What differs, field by field.
    pub findings: Vec<Finding>,
    /// The line of the lab file it stands in.
    pub lab_line: usize,
}

/// One field of one line at one point that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The field: `Ethernet destination`, `IPv4 TTL`, `word 3`.
    pub field: String,
    /// What the document printed.
    pub documented: String,
    /// What that stands for here.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// Where it stands in `expected`, in bytes, if it does.
    pub expected_span: Option<Range<usize>>,
    /// Where it stands in `observed`, in bytes, if it does.
    pub observed_span: Option<Range<usize>>,
}
