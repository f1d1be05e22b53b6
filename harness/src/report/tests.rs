//! Golden reports of hand-made verdicts; `CNILAB_BLESS=1 cargo test` writes them anew.

use std::path::Path;

use super::sample;
use super::{About, Style, Verbosity, json, junit, terminal};
use crate::verdict::Outcome;

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
fn what_merely_follows_is_counted() {
    golden("lost.txt", &terminal(&sample::lost(), &sample::about(), &PLAIN));
    golden("lost-verbose.txt", &terminal(&sample::lost(), &sample::about(), &Style { verbosity: Verbosity::Verbose, ..PLAIN }));
    golden("lost.json", &json(&sample::lost(), &sample::about()));
    golden("lost.xml", &junit(&sample::lost(), &sample::about()));
}

#[test]
fn lines_hold_where_it_is_only_doubted_whether_other_frames_may_be_there() {
    let mut run = sample::inconclusive();
    let tunnel = &mut run.scenarios[0].expectations[0];
    tunnel.outcome = Outcome::Inconclusive("the segment seq 1:81 was sent again, at node1/tunl0".to_owned());
    tunnel.lines[1] = tunnel.lines[0].clone();
    assert!(terminal(&run, &sample::about(), &PLAIN).contains("0 of 2 lines held"));
    run.scenarios[0].expectations[0].unexpected = vec!["ip: 10.0.0.1.40000 > 10.0.0.2.80: Flags [P.], seq 1:81".to_owned()];
    let text = terminal(&run, &sample::about(), &PLAIN);
    assert!(!text.contains("0 of 2") && text.contains("2 held"), "{text}");
}

/// Names of any length and width, in every place where a report has one.
#[test]
fn no_name_is_too_long_or_too_wide() {
    let names = [
        "",
        "漢字かな",
        "e\u{301}\u{301}\u{301}",
        "\u{301}",
        "a\u{200d}b",
        "\t\t",
        &"n".repeat(300),
        &"n".repeat(70_000),
        &"漢".repeat(70_000),
        &"\u{301}".repeat(70_000),
        &"a b ".repeat(70_000),
    ];
    for name in names {
        for mut verdict in [sample::broken(), sample::lost()] {
            let mut about = sample::about();
            for text in [
                &mut verdict.lab,
                &mut verdict.run,
                &mut verdict.backend,
                &mut about.lab_path,
                &mut about.phases[0].0,
                &mut about.emulated[0].what,
            ] {
                name.clone_into(text);
            }
            (about.evidence, about.mutation, about.cut_short) = (Some(name.to_owned()), Some(name.to_owned()), Some(name.to_owned()));
            for scenario in &mut verdict.scenarios {
                name.clone_into(&mut scenario.name);
                for expectation in &mut scenario.expectations {
                    name.clone_into(&mut expectation.interface);
                    expectation.subject = crate::verdict::Subject::Point(crate::name::PointName::new(name));
                    expectation.unexpected.push(name.to_owned());
                    for line in &mut expectation.lines {
                        name.clone_into(&mut line.documented);
                        line.findings.iter_mut().for_each(|finding| name.clone_into(&mut finding.field));
                    }
                }
            }
            for verbosity in [Verbosity::Quiet, Verbosity::Verbose] {
                for width in [None, Some(80)] {
                    let text = terminal(&verdict, &about, &Style { width, verbosity, colour: true });
                    assert!(text.len() < 4 << 20, "{} bytes", text.len());
                }
            }
            quick_junit::Report::deserialize_from_str(&junit(&verdict, &about)).expect("JUnit XML");
            serde_json::from_str::<serde_json::Value>(&json(&verdict, &about)).expect("JSON");
        }
    }
}

#[test]
fn a_huge_run_makes_a_report_that_can_be_read() {
    let mut verdict = sample::broken();
    let scenario = verdict.scenarios[1].clone();
    let many = scenario.expectations[1].clone();
    verdict.scenarios[1].expectations = vec![many; 20_000];
    verdict.scenarios.extend(std::iter::repeat_n(scenario, 2_000));
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let text = terminal(&verdict, &sample::about(), &Style { verbosity, ..PLAIN });
        assert!(text.len() < 4 << 20, "{} bytes", text.len());
        assert!(text.contains("which JSON has") && text.trim_end().ends_with("broken)"), "the end is there all the same");
    }
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
    let steers = "\u{85}\u{9b}\u{202e}\u{2066}\u{200f}\u{61c}\u{7f}\u{ffff}";
    verdict.scenarios[1].expectations[1].lines[0].expected = steers.to_owned();
    steers.clone_into(&mut verdict.lab);
    let report = quick_junit::Report::deserialize_from_str(&junit(&verdict, &sample::about())).expect("JUnit XML");
    assert_eq!(
        report.name.as_ref().map(quick_junit::XmlString::as_str),
        Some("cnilab \\u{85}\\u{9b}\\u{202e}\\u{2066}\\u{200f}\\u{61c}\\u{7f}\\u{ffff} on netns")
    );
    for text in [terminal(&verdict, &sample::about(), &PLAIN), json(&verdict, &sample::about()), junit(&verdict, &sample::about())] {
        assert!(!text.chars().any(|c| steers.contains(c)));
    }
    let value: serde_json::Value = serde_json::from_str(&json(&verdict, &sample::about())).expect("JSON");
    assert_eq!(value["lab"], steers);
    assert_eq!(value["scenarios"][1]["expectations"][1]["lines"][0]["observed"], "\u{1b}[31m</testcase>]]>&\u{0}\"");
}
