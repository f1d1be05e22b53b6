//! Lab files: whatever is in one, it is a lab or a list of problems with their places; a lab can be planned and described, its file's line ends do not matter,
//! and where nothing at all was seen, nothing of it holds.

use std::collections::BTreeMap;
use std::path::Path;

use cnilab::capture::{Liveness, Recording};
use cnilab::evidence::{Asked, Evidence, FORMAT, Listed, Manifest, ScenarioEvidence, StateText, lab_digest};
use cnilab::lab::{self, Lab, Problems};
use cnilab::name::Token;
use cnilab::packet::LinkType;
use cnilab::plan::{self, Plan};
use cnilab::probe;
use cnilab::site::Facts;
use cnilab::verdict::{Outcome, judge};

const FILE: &str = "lab.yaml";
const RUN: &str = "fuzz";

/// Checks one input; `known` is a lab that mutations can be of.
pub(crate) fn check(bytes: &[u8], known: &Lab) {
    let path = Path::new(FILE);
    let text = match lab::text(path, bytes) {
        Ok(text) => text,
        Err(problems) => return plain(&problems.to_string()),
    };
    // A file of mutations is a list.
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if first.is_some_and(|line| line.starts_with('-')) {
        if let Err(problems) = lab::mutations(path, &text, known) {
            refused(&problems, &text);
        }
        return;
    }
    let loaded = lab::load(path, &text);
    let other_ends = (!text.contains('\r')).then(|| lab::load(path, &text.replace('\n', "\r\n")));
    match loaded {
        Ok(lab) => {
            let plan = plan::draft(lab);
            let described = plan::describe(&plan);
            assert!(!described.is_empty(), "a plan of nothing");
            if let Some(other) = other_ends {
                let other = other.unwrap_or_else(|problems| panic!("other line ends are refused: {problems}"));
                assert_eq!(plan::describe(&plan::draft(other)), described, "other line ends are another plan");
            }
            nothing_holds(&plan, &text);
        }
        Err(problems) => {
            refused(&problems, &text);
            assert!(other_ends.is_none_or(|other| other.is_err()), "other line ends are accepted: {problems}");
        }
    }
}

fn plain(text: &str) {
    assert!(text.starts_with("error: ") && text.contains(FILE), "no problem is told: {text}");
    let steers = text.chars().find(|letter| !matches!(letter, '\n' | '\t') && !cnilab::plain::is_plain(*letter));
    assert_eq!(steers, None, "this would steer a terminal: {text:?}");
}

/// Every problem is told with its place, line and column.
fn refused(problems: &Problems, text: &str) {
    let told = problems.to_string();
    plain(&told);
    assert!(!problems.list().is_empty(), "a file was refused without a reason");
    for problem in problems.list() {
        assert!(!problem.message.is_empty(), "a problem without words");
        assert!(problem.span.start <= text.len() && problem.span.start <= problem.span.end, "{:?} is no place", problem.span);
        let start = text.floor_char_boundary(problem.span.start);
        let line = text[..start].matches('\n').count() + 1;
        let column = text[..start].chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        let place = format!("{FILE}:{line}:{column}\n");
        assert!(told.contains(&place), "{place} is not told:\n{told}");
    }
}

/// A run of the lab in which everything listened, the probes left, and nothing was ever seen.
fn nothing_holds(plan: &Plan, text: &str) {
    let names: Vec<String> = plan.lab.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let listed = Listed::of(plan, &names);
    assert!(listed.iter().all(|listed| listed.asked == Asked::For), "a scenario is not asked for");
    let scenarios = plan.lab.scenarios.iter().zip(&listed).map(|(scenario, listed)| {
        let sent = probe::Outcome { sent_at: Some(1), ..probe::Outcome::silent(Token::derive(RUN, &scenario.name)) };
        let recording = |point: &cnilab::name::PointName| Recording {
            point: point.clone(),
            place: point.place(),
            interface: point.interface().to_owned(),
            link: LinkType::Ethernet,
            snap_length: 0,
            frames: Vec::new(),
            dropped: 0,
            liveness: Liveness::Alive,
            promiscuous: false,
        };
        let printed = |(on, run): &(cnilab::name::PlaceName, String)| StateText {
            on: on.clone(),
            run: run.clone(),
            command: run.clone(),
            status: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        };
        ScenarioEvidence {
            name: scenario.name.clone(),
            outcome: scenario.probe.as_ref().map(|_| sent),
            recordings: listed.points.iter().map(recording).collect(),
            state: listed.state.iter().map(printed).collect(),
        }
    });
    let tables = plan.lab.scenarios.iter().map(|scenario| &scenario.names).chain([&plan.lab.names]);
    let values: BTreeMap<_, _> = tables.flatten().map(|(literal, symbol)| (symbol.clone(), literal.clone())).collect();
    let evidence = Evidence {
        facts: Facts { values, backend: "netns".to_owned(), ..Facts::default() },
        lab: text.to_owned(),
        scenarios: scenarios.collect(),
        manifest: Manifest {
            format: FORMAT,
            run: RUN.to_owned(),
            lab: plan.lab.name.clone(),
            lab_path: FILE.to_owned(),
            backend: "netns".to_owned(),
            started: 0,
            phases: Vec::new(),
            took: 0,
            others: 0,
            mutation: None,
            cut_short: None,
            lab_sha256: Some(lab_digest(text)),
            scenarios: Some(listed),
        },
    };
    let verdict = judge(plan, &evidence);
    assert_ne!(verdict.outcome, Outcome::Held, "a run that saw nothing is held");
    for scenario in &verdict.scenarios {
        let held = scenario.expectations.iter().find(|expectation| expectation.outcome == Outcome::Held);
        assert!(held.is_none() && scenario.outcome != Outcome::Held, "something is held of which nothing was seen: {held:?}");
    }
}
