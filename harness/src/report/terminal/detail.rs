//! What did not hold at one point, and why.

use std::ops::Range;

use super::compare::{Row, compare};
use super::paint::{LONGEST, Paint, add, plain};
use crate::report::about::{Style, Verbosity};
use crate::report::words;
use crate::verdict::{ExpectationVerdict, Finding, LineVerdict, Outcome};

const INDENT: usize = 6;

/// How many findings of a line are told.
const FINDINGS: usize = 32;

/// All that is to be said of an expectation below its row; empty for one that held, unless the report is verbose. The reason that was
/// `told` already is not told again.
pub(in crate::report) fn details(expectation: &ExpectationVerdict, told: Option<&str>, lab_path: &str, style: &Style) -> String {
    let verbose = style.verbosity == Verbosity::Verbose;
    let whole = words::why(&expectation.outcome);
    let mut text = String::new();
    if let Some(why) = whole.filter(|_| whole != told) {
        said(&mut text, "", why);
    }
    if let Some(because) = expectation.because.as_deref().filter(|_| verbose || expectation.outcome != Outcome::Held) {
        said(&mut text, "expected because ", because);
    }
    let judged = !matches!(expectation.outcome, Outcome::Skipped(_));
    for line in expectation.lines.iter().filter(|line| verbose || (judged && line.outcome != Outcome::Held)) {
        if text.len() > LONGEST {
            said(&mut text, "", "… and more, which JSON has");
            return text;
        }
        text.push_str(&line_detail(line, lab_path, whole, style));
    }
    for frame in &expectation.unexpected {
        text.push_str(&compare(&[Row::new("undocumented", frame)], INDENT, style));
    }
    text
}

fn line_detail(line: &LineVerdict, lab_path: &str, whole: Option<&str>, style: &Style) -> String {
    let place = format!("{}:{}: {}", plain(lab_path), line.lab_line, words::word(&line.outcome));
    let mut text = String::new();
    add(&mut text, format_args!("{:INDENT$}{}", "", Paint::new(style).faint(&place)));
    text.push_str(&compare(&rows(line), INDENT, style));
    if let Some(why) = words::why(&line.outcome).filter(|why| line.findings.is_empty() && Some(*why) != whole) {
        said(&mut text, "", why);
    }
    for finding in line.findings.iter().take(FINDINGS) {
        said(&mut text, "", &in_words(finding));
    }
    if line.findings.len() > FINDINGS {
        said(&mut text, "", &format!("… and {} more", words::number(line.findings.len() - FINDINGS, "difference")));
    }
    text
}

/// The lines to be shown one under the other: as documented, as it reads here where that is something else, as observed.
fn rows(line: &LineVerdict) -> Vec<Row> {
    let (documented, _) = without_time(&line.documented);
    let (expected, cut) = without_time(&line.expected);
    let wanted = spans(&line.findings, |finding| finding.expected_span.as_ref(), cut);
    let mut rows = vec![Row::new("documented", documented)];
    if let Some((reads, _)) = &line.correction {
        rows.push(Row::new("corrected", without_time(reads).0));
    }
    let known = rows.last().is_some_and(|row| row.text == Row::new("", expected).text);
    if known && let Some(row) = rows.pop() {
        rows.push(Row::marked(row.label, expected, &wanted));
    } else if matches!(line.outcome, Outcome::Broken(_)) && !expected.is_empty() {
        rows.push(Row::marked("expected", expected, &wanted));
    }
    match &line.observed {
        Some(observed) => {
            let (observed, cut) = without_time(observed);
            rows.push(Row::marked("observed", observed, &spans(&line.findings, |finding| finding.observed_span.as_ref(), cut)));
        }
        None => rows.push(Row::new("observed", "(nothing)")),
    }
    rows
}

/// The spans that `pick` finds, moved by the `cut` bytes that the line lost at its start.
fn spans<'a>(findings: &'a [Finding], pick: impl Fn(&'a Finding) -> Option<&'a Range<usize>>, cut: usize) -> Vec<Range<usize>> {
    findings.iter().filter_map(pick).map(|span| span.start.saturating_sub(cut)..span.end.saturating_sub(cut)).collect()
}

/// The line without the time stamp at its start, and how many bytes that took. Time stamps are never asserted, and would push the line
/// away from the one it is compared with.
fn without_time(line: &str) -> (&str, usize) {
    let Some((first, rest)) = line.split_once(' ') else { return (line, 0) };
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = match first.split(':').collect::<Vec<_>>().as_slice() {
        [hours, minutes, seconds] => {
            digits(hours, 2)
                && digits(minutes, 2)
                && seconds.split_once('.').is_some_and(|(whole, part)| digits(whole, 2) && digits(part, 6))
        }
        _ => false,
    };
    if is_time { (rest, first.len() + 1) } else { (line, 0) }
}

/// A finding as a sentence.
fn in_words(finding: &Finding) -> String {
    let Finding { field, documented, expected, observed, .. } = finding;
    let [documented, expected, observed] = [documented, expected, observed].map(|value| if value.is_empty() { "nothing" } else { value });
    if documented == expected {
        format!("{field}: documented {documented}, observed {observed}")
    } else if words::is_told(expected) {
        format!("{field}: documented {documented}, expected {expected}, observed {observed}")
    } else {
        format!("{field}: documented {documented}, which is {expected} here, observed {observed}")
    }
}

fn said(text: &mut String, lead: &str, what: &str) {
    for line in what.lines().take(FINDINGS) {
        add(text, format_args!("{:INDENT$}{lead}{}", "", plain(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_are_cut_and_nothing_else_is() {
        let line = "20:22:47.858674 32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee, ethertype IPv4";
        assert_eq!(without_time(line), ("32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee, ethertype IPv4", 16));
        for line in ["32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee", "ip: 10.0.0.1 > 10.0.0.2", "20:22:47 a", "", "word"] {
            assert_eq!(without_time(line), (line, 0));
        }
    }
}
