//! Golden reports of hand-made verdicts; `CNILAB_BLESS=1 cargo test` writes them anew.

use std::path::Path;

use super::sample;
use super::{About, Style, Verbosity, json, junit, terminal};

const PLAIN: Style = Style { colour: false, width: None, verbosity: Verbosity::Normal };

pub(super) fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report").join(name);
    if std::env::var_os("CNILAB_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, kept, "{} is not what the report is now; look at it, then CNILAB_BLESS=1", path.display());
}

#[test]
fn all_held() {
    golden("held.txt", &terminal(&sample::held(), &sample::about(), &PLAIN));
}

#[test]
fn broken_for_people() {
    golden("broken.txt", &terminal(&sample::broken(), &sample::about(), &PLAIN));
}

#[test]
fn broken_in_all_detail() {
    let style = Style { verbosity: Verbosity::Verbose, ..PLAIN };
    golden("broken-verbose.txt", &terminal(&sample::broken(), &sample::about(), &style));
}

#[test]
fn broken_in_few_words() {
    golden("broken-quiet.txt", &terminal(&sample::broken(), &sample::about(), &Style { verbosity: Verbosity::Quiet, ..PLAIN }));
}

#[test]
fn broken_on_a_narrow_terminal() {
    let text = terminal(&sample::broken(), &sample::about(), &Style { width: Some(100), ..PLAIN });
    golden("broken-narrow.txt", &text);
}

#[test]
fn in_doubt() {
    golden("inconclusive.txt", &terminal(&sample::inconclusive(), &sample::about(), &PLAIN));
}

#[test]
fn for_programs() {
    golden("broken.json", &json(&sample::broken(), &sample::about()));
}

#[test]
fn for_ci_servers() {
    golden("broken.xml", &junit(&sample::broken(), &sample::about()));
    golden("inconclusive.xml", &junit(&sample::inconclusive(), &sample::about()));
}

#[test]
fn colour_changes_nothing_but_colour() {
    for verdict in [sample::held(), sample::broken(), sample::inconclusive()] {
        let coloured = terminal(&verdict, &sample::about(), &Style { colour: true, ..PLAIN });
        let mut bare = String::new();
        for (index, piece) in coloured.split('\u{1b}').enumerate() {
            bare.push_str(if index == 0 { piece } else { piece.split_once('m').expect("an escape ends with m").1 });
        }
        assert_ne!(bare, coloured);
        assert_eq!(bare, terminal(&verdict, &sample::about(), &PLAIN));
    }
}

#[test]
fn junit_is_xml_with_the_right_counts() {
    let read = |text: &str| quick_junit::Report::deserialize_from_str(text).expect("JUnit XML");
    let report = read(&junit(&sample::broken(), &sample::about()));
    assert_eq!((report.test_suites.len(), report.failures, report.errors), (3, 2, 0));
    let report = read(&junit(&sample::inconclusive(), &sample::about()));
    // One inconclusive point, one scenario that failed as a whole, one skipped.
    assert_eq!((report.failures, report.errors), (0, 2));
    let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
    assert_eq!(cases.filter(|case| matches!(case.status, quick_junit::TestCaseStatus::Skipped { .. })).count(), 1);
}

#[test]
fn a_run_that_asserted_nothing_is_not_an_empty_report() {
    let mut verdict = sample::held();
    verdict.scenarios.clear();
    verdict.outcome = crate::verdict::Outcome::Inconclusive("nothing was asserted".to_owned());
    let report = quick_junit::Report::deserialize_from_str(&junit(&verdict, &About::default())).expect("JUnit XML");
    assert_eq!((report.tests, report.errors), (1, 1));
    assert!(terminal(&verdict, &About::default(), &PLAIN).contains("nothing was asserted"));
}

#[test]
fn text_from_outside_stays_inside_of_its_format() {
    let mut verdict = sample::broken();
    verdict.scenarios[1].expectations[1].lines[0].observed = Some("\u{1b}[31m</testcase>]]>&\u{0}\"".to_owned());
    assert!(!terminal(&verdict, &sample::about(), &PLAIN).contains('\u{1b}'));
    let report = quick_junit::Report::deserialize_from_str(&junit(&verdict, &sample::about())).expect("JUnit XML");
    assert_eq!(report.test_suites.len(), 3);
    let value: serde_json::Value = serde_json::from_str(&json(&verdict, &sample::about())).expect("JSON");
    assert_eq!(value["scenarios"][1]["expectations"][1]["lines"][0]["observed"], "\u{1b}[31m</testcase>]]>&\u{0}\"");
}
