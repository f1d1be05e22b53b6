//! The end of the report: what the document got wrong, what was emulated, and how it all came out.

use super::compare::{Row, compare};
use super::paint::{LONGEST, Paint, add, column, plain};
use crate::plain::pad;
use crate::report::about::{About, Style, Verbosity};
use crate::report::deviation;
use crate::report::words::{self, Tally, number};
use crate::verdict::{LineVerdict, RunVerdict};

/// In how many scenarios it is said where they first deviate.
const DEVIATIONS: usize = 12;

pub(super) fn closing(verdict: &RunVerdict, about: &About, style: &Style) -> String {
    let mut text = String::new();
    if style.verbosity > Verbosity::Quiet {
        text.push_str(&corrections(verdict, about, style));
        text.push_str(&emulated(about, style));
    }
    if style.verbosity == Verbosity::Verbose {
        text.push_str(&times(about, style));
    }
    text.push_str(&deviations(verdict, style));
    text.push_str(&outcome(verdict, about, style));
    text
}

/// Where each scenario that is broken starts to be, for who reads from the end.
fn deviations(verdict: &RunVerdict, style: &Style) -> String {
    let mut found = verdict.scenarios.iter().filter_map(|scenario| Some((&scenario.name, scenario.deviation.as_ref()?)));
    let mut text = String::new();
    for (name, deviation) in found.by_ref().take(DEVIATIONS) {
        add(&mut text, format_args!("  {}: {}", plain(name), plain(&deviation::sentence(deviation))));
    }
    let more = found.count();
    if more > 0 {
        add(&mut text, format_args!("  … and in {}", number(more, "more scenario")));
    }
    if text.is_empty() { text } else { format!("{}\n{text}\n", Paint::new(style).strong("where it first deviates")) }
}

/// Every line that the lab corrects, each once, however many scenarios use it.
fn corrections(verdict: &RunVerdict, about: &About, style: &Style) -> String {
    let paint = Paint::new(style);
    let mut seen: Vec<(usize, &str)> = Vec::new();
    let mut text = String::new();
    for expectation in verdict.scenarios.iter().flat_map(|scenario| &scenario.expectations) {
        for line in &expectation.lines {
            let Some((reads, because)) = &line.correction else { continue };
            if seen.contains(&(line.lab_line, line.documented.as_str())) {
                continue;
            }
            seen.push((line.lab_line, &line.documented));
            if text.len() > LONGEST {
                continue;
            }
            let place = format!("{}, {}:{}", words::subject(&expectation.subject), about.lab_path, line.lab_line);
            add(&mut text, format_args!("  {}", paint.faint(&plain(&place))));
            text.push_str(&correction(line, reads, because, style));
        }
    }
    if text.is_empty() { text } else { format!("{}\n{text}\n", paint.strong("the document says otherwise")) }
}

fn correction(line: &LineVerdict, reads: &str, because: &str, style: &Style) -> String {
    let rows =
        [("documented", line.documented.as_str()), ("reads", reads), ("because", because)].map(|(label, text)| Row::new(label, text));
    let mut text: String = rows.iter().map(|row| compare(std::slice::from_ref(row), 4, style)).collect();
    if line.correction_needless {
        text.push_str("    the documented line itself holds: the correction is not needed\n");
    }
    text
}

fn emulated(about: &About, style: &Style) -> String {
    if about.emulated.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", Paint::new(style).strong("emulated here"));
    for part in &about.emulated {
        add(&mut text, format_args!("  {}: {}", plain(&part.what), plain(&part.how)));
    }
    text.push('\n');
    text
}

fn times(about: &About, style: &Style) -> String {
    if about.phases.is_empty() {
        return String::new();
    }
    let widest = column(about.phases.iter().map(|(name, _)| name.as_str()));
    let mut text = format!("{}\n", Paint::new(style).strong("time"));
    for (name, micros) in &about.phases {
        add(&mut text, format_args!("  {}  {}", pad(&plain(name), widest), milliseconds(*micros)));
    }
    if about.others > 0 {
        let own = about.took.saturating_sub(about.others);
        let (all, others, own) = (seconds(about.took), seconds(about.others), seconds(own));
        add(&mut text, format_args!("  of {all} in all, {others} went to kind, the CNI and their images; our own share is {own}"));
    }
    text.push('\n');
    text
}

/// Microseconds as milliseconds with one decimal, to the right in its column.
fn milliseconds(micros: u64) -> String {
    let tenths = micros.saturating_add(50) / 100;
    format!("{:>7}.{} ms", tenths / 10, tenths % 10)
}

/// Microseconds as seconds with two decimals.
fn seconds(micros: u64) -> String {
    let hundredths = micros.saturating_add(5_000) / 10_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

fn outcome(verdict: &RunVerdict, about: &About, style: &Style) -> String {
    let paint = Paint::new(style);
    let mut text = String::new();
    if let Some(mutation) = &about.mutation {
        add(&mut text, format_args!("broken on purpose: {}", plain(mutation)));
    }
    if let Some(why) = &about.cut_short {
        add(&mut text, format_args!("cut short: {}", plain(why)));
    }
    if let Some(folder) = &about.evidence {
        add(&mut text, format_args!("evidence: {}", plain(folder)));
    }
    let scenarios = Tally::of(verdict.scenarios.iter().map(|scenario| &scenario.outcome));
    let expectations = verdict.scenarios.iter().flat_map(|scenario| &scenario.expectations);
    let lines = Tally::of(expectations.flat_map(words::line_outcomes));
    add(
        &mut text,
        format_args!(
            "{}  {}: {} ({}), {} ({})",
            paint.outcome(&verdict.outcome),
            plain(&verdict.lab),
            number(scenarios.all(), "scenario"),
            scenarios.in_words(),
            number(lines.all(), "line"),
            lines.in_words(),
        ),
    );
    let told_above = verdict.scenarios.iter().any(|scenario| words::rank(&scenario.outcome) == words::rank(&verdict.outcome));
    if let Some(why) = words::why(&verdict.outcome).filter(|_| !told_above) {
        add(&mut text, format_args!("  {}", plain(why)));
    }
    text
}
