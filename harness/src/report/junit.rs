//! The report for CI servers: `JUnit` XML, a suite per scenario and a case per expectation.
//!
//! `JUnit` knows no "inconclusive": it becomes an error of that type, for it must never pass.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::about::{About, Style, Verbosity};
use super::deviation;
use super::terminal;
use super::words;
use crate::plain;
use crate::verdict::{ExpectationVerdict, Outcome, RunVerdict, ScenarioVerdict};

/// The verdict as `JUnit` XML.
pub fn junit(verdict: &RunVerdict, about: &About) -> String {
    let mut report = Report::new(plain::line(&format!("cnilab {} on {}", verdict.lab, verdict.backend)));
    report.set_time(Duration::from_micros(if about.took > 0 { about.took } else { about.phases.iter().map(|(_, micros)| micros).sum() }));
    for scenario in &verdict.scenarios {
        report.add_test_suite(suite(scenario, &verdict.lab, about));
    }
    if !verdict.scenarios.iter().any(|scenario| words::rank(&scenario.outcome) >= words::rank(&verdict.outcome)) {
        let mut suite = TestSuite::new("the run");
        suite.add_test_case(case("the run as a whole", &verdict.lab, &verdict.outcome, String::new()));
        report.add_test_suite(suite);
    }
    let mut text = report.to_string().expect("every character that XML forbids was taken out, and a string takes all that is written");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// One scenario; a case of its own for it where no expectation accounts for how it came out, so that a suite is never empty.
fn suite(scenario: &ScenarioVerdict, lab: &str, about: &About) -> TestSuite {
    let class = format!("{lab}.{}", scenario.name);
    let mut suite = TestSuite::new(plain::line(&scenario.name));
    for (index, expectation) in scenario.expectations.iter().enumerate() {
        let mut case = case(&words::subject(&expectation.subject), &class, &expectation.outcome, details(expectation, about));
        if let (Some(message), Some(found)) = (words::why(&expectation.outcome), deviation::about(scenario.deviation.as_ref(), index)) {
            case.status.set_message(plain::line(&format!("{message}: {found}")));
        }
        suite.add_test_case(case);
    }
    if !scenario.expectations.iter().any(|expectation| words::rank(&expectation.outcome) >= words::rank(&scenario.outcome)) {
        suite.add_test_case(case("the scenario as a whole", &class, &scenario.outcome, String::new()));
    }
    suite
}

fn case(name: &str, class: &str, outcome: &Outcome, details: String) -> TestCase {
    let mut status = match outcome {
        Outcome::Held => TestCaseStatus::success(),
        Outcome::Skipped(_) => TestCaseStatus::skipped(),
        Outcome::Broken(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Inconclusive(_) | Outcome::Fault(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(why) = words::why(outcome) {
        status.set_message(plain::line(why));
    }
    if !matches!(outcome, Outcome::Held | Outcome::Skipped(_)) {
        status.set_type(words::word(outcome));
        status.set_description(details);
    }
    let mut case = TestCase::new(plain::line(name), status);
    case.set_classname(plain::line(class));
    case
}

/// What the terminal says of an expectation, without colour and unfolded.
fn details(expectation: &ExpectationVerdict, about: &About) -> String {
    let text = terminal::details(expectation, None, &about.lab_path, &Style { colour: false, width: None, verbosity: Verbosity::Normal });
    format!("\n{text}")
}
