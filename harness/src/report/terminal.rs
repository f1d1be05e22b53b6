//! The report for people: a block per scenario, a line per point in path order, and for what did not hold the two lines one under
//! the other.

mod closing;
mod compare;
mod detail;
mod paint;

mod diff;
mod diff_head;

use super::about::{About, Style, Verbosity};
use super::deviation;
use super::words::{self, Tally, number};
use crate::plain::pad;
use crate::verdict::{ExpectationVerdict, Outcome, RunVerdict, ScenarioVerdict};
use paint::{LONGEST, Paint, add, column, plain};

pub(super) use detail::details;
pub use diff::terminal_diff;

/// The verdict for a person to read. Every outcome is a word, so it reads the same without colour.
pub fn terminal(verdict: &RunVerdict, about: &About, style: &Style) -> String {
    let columns = Columns::of(verdict);
    let mut text = String::new();
    if style.verbosity > Verbosity::Quiet {
        let paint = Paint::new(style);
        add(
            &mut text,
            format_args!("{} on {}, run {}\n", paint.strong(&plain(&verdict.lab)), plain(&verdict.backend), plain(&verdict.run)),
        );
    }
    for scenario in &verdict.scenarios {
        if style.verbosity > Verbosity::Quiet || is_worth_a_word(&scenario.outcome) {
            if text.len() > LONGEST {
                add(&mut text, format_args!("… and more scenarios, which JSON has\n"));
                break;
            }
            text.push_str(&block(scenario, &columns, about, style));
            text.push('\n');
        }
    }
    text.push_str(&closing::closing(verdict, about, style));
    text
}

/// Quiet reports leave out what held and what was not asked.
fn is_worth_a_word(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Held | Outcome::Skipped(_))
}

/// How wide the columns of points and interfaces are: the same in all blocks, so that the eye can run down the page.
struct Columns {
    subject: usize,
    interface: usize,
}

impl Columns {
    fn of(verdict: &RunVerdict) -> Self {
        let all = || verdict.scenarios.iter().flat_map(|scenario| &scenario.expectations);
        let subjects: Vec<String> = all().map(|expectation| words::subject(&expectation.subject)).collect();
        Self {
            subject: column(subjects.iter().map(String::as_str)),
            interface: column(all().map(|expectation| expectation.interface.as_str())),
        }
    }
}

fn block(scenario: &ScenarioVerdict, columns: &Columns, about: &About, style: &Style) -> String {
    let paint = Paint::new(style);
    let mut text = format!("{}  {}\n", paint.outcome(&scenario.outcome), paint.strong(&plain(&scenario.name)));
    if let Some(probe) = &scenario.probe {
        add(&mut text, format_args!("  {}", plain(probe)));
    }
    // That something is broken is told where it is; why all is in doubt is told once, here.
    let told =
        words::why(&scenario.outcome).filter(|_| !matches!(scenario.outcome, Outcome::Broken(_)) || scenario.expectations.is_empty());
    if let Some(why) = told {
        add(&mut text, format_args!("  {}", plain(why)));
    }
    text.push_str(&departure(scenario, style));
    let mut index = 0;
    for same in scenario.expectations.chunk_by(|one, next| style.verbosity < Verbosity::Verbose && both_held(one, next)) {
        if text.len() > LONGEST {
            add(&mut text, format_args!("  … and more, which JSON has"));
            break;
        }
        if style.verbosity > Verbosity::Quiet || is_worth_a_word(&same[0].outcome) {
            text.push_str(&row(same, columns, paint));
            if style.verbosity == Verbosity::Verbose || !deviation::follows(scenario.deviation.as_ref()).contains(&index) {
                text.push_str(&details(&same[0], told, &about.lab_path, style));
            }
        }
        index += same.len();
    }
    if style.verbosity > Verbosity::Quiet {
        text.push_str(&asides(scenario, style));
    }
    text
}

/// Where a broken scenario starts to be, what was seen instead, and how much merely follows from it.
fn departure(scenario: &ScenarioVerdict, style: &Style) -> String {
    let Some(found) = &scenario.deviation else { return String::new() };
    let mut text = format!("  {}  {}\n", Paint::new(style).strong("first deviation"), plain(&deviation::sentence(found)));
    for sentence in deviation::instead(found) {
        add(&mut text, format_args!("      instead: {}", plain(&sentence)));
    }
    let follows = deviation::follows(Some(found)).len();
    if follows > 0 {
        let verb = if follows == 1 { "follows" } else { "follow" };
        let shown = if style.verbosity == Verbosity::Verbose { "" } else { "; -v shows them" };
        add(&mut text, format_args!("      {} {verb} from it{shown}", number(follows, "expectation")));
    }
    text
}

/// Whether two expectations are about the same point and both held, with nothing more to say of either.
fn both_held(one: &ExpectationVerdict, next: &ExpectationVerdict) -> bool {
    let plainly = |expectation: &ExpectationVerdict| expectation.outcome == Outcome::Held && !expectation.lines.is_empty();
    one.subject == next.subject && plainly(one) && plainly(next)
}

/// The line of one point: outcome, point, interface, how many of its lines held. Several expectations only if all of them did.
fn row(same: &[ExpectationVerdict], columns: &Columns, paint: Paint) -> String {
    let expectation = &same[0];
    let subject = plain(&words::subject(&expectation.subject));
    let interface = plain(&expectation.interface);
    let (subject, interface) = (pad(&subject, columns.subject), pad(&interface, columns.interface));
    let row = format!("  {}  {subject}  {interface}  {}", paint.outcome_in_column(&expectation.outcome), held(same));
    format!("{}\n", row.trim_end())
}

/// How many lines held, in words.
fn held(same: &[ExpectationVerdict]) -> String {
    let expectation = &same[0];
    let tally = Tally::of(same.iter().flat_map(words::line_outcomes));
    match &expectation.outcome {
        Outcome::Held if expectation.lines.is_empty() => "nothing of the probe, as documented".to_owned(),
        Outcome::Held => number(tally.all(), "line"),
        _ if expectation.lines.is_empty() => String::new(),
        Outcome::Skipped(_) => format!("{} not judged", number(tally.all(), "line")),
        _ => format!("{} of {} held", tally.count(0), number(tally.all(), "line")),
    }
}

/// How many packets are shown of a point where nothing is documented.
const UNASSERTED: usize = 32;

/// What is worth knowing besides: points with nothing documented, and values that stood for one another.
fn asides(scenario: &ScenarioVerdict, style: &Style) -> String {
    let paint = Paint::new(style);
    let mut text = String::new();
    if style.verbosity == Verbosity::Verbose {
        for (point, lines) in &scenario.unasserted {
            add(&mut text, format_args!("  {}", paint.faint(&format!("captured at {}, nothing documented there", plain(point.as_str())))));
            for line in lines.iter().take(UNASSERTED) {
                add(&mut text, format_args!("      {}", plain(line)));
            }
        }
    } else if !scenario.unasserted.is_empty() {
        let points: Vec<String> = scenario.unasserted.iter().map(|(point, _)| plain(point.as_str())).collect();
        add(&mut text, format_args!("  {}", paint.faint(&format!("captured with nothing documented there: {}", points.join(", ")))));
    }
    let mut open: Vec<&str> = Vec::new();
    for part in scenario.expectations.iter().flat_map(|expectation| &expectation.open) {
        if !open.contains(&part.as_str()) {
            open.push(part);
        }
    }
    if !open.is_empty() {
        add(&mut text, format_args!("  {}", paint.faint(&format!("printed, not asserted: {}", plain(&open.join(", "))))));
    }
    if !scenario.variables.is_empty() {
        let same = format!("taken for the same packet: {}", plain(&scenario.variables.join("; ")));
        add(&mut text, format_args!("  {}", paint.faint(&same)));
    }
    text
}
