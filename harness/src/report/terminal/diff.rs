//! A comparison for people: a line per point and command, and for what differs the two packets or lines one under the other.

use std::ops::Range;

use super::compare::{Row, compare};
use super::diff_head::{head, labels};
use super::paint::{LONGEST, Look, Paint, add, column, plain};
use crate::diff::{Diff, Difference, Pair, Part, ScenarioDiff, Standing, Tally};
use crate::plain::pad;
use crate::report::about::{About, Style, Verbosity};
use crate::report::words::{self, number};
use crate::verdict::Subject;

const INDENT: usize = 6;

/// Two runs side by side for a person to read; `abouts` says of each what else is known of it, in the same order.
pub fn terminal_diff(diff: &Diff, abouts: [&About; 2], style: &Style) -> String {
    let parts = || diff.scenarios.iter().flat_map(|scenario| &scenario.parts);
    let subjects: Vec<String> = parts().map(|part| words::subject(&part.subject)).collect();
    let interfaces: Vec<String> = parts().map(interfaces).collect();
    let columns = [&subjects, &interfaces].map(|texts| column(texts.iter().map(String::as_str)));
    let page = Page { diff, labels: labels(&diff.sides), lab_path: &abouts[0].lab_path, columns, style };
    let mut text = String::new();
    if style.verbosity > Verbosity::Quiet {
        text.push_str(&head(diff, abouts, style));
        text.push('\n');
    }
    for scenario in diff.scenarios.iter().filter(|scenario| page.is_worth_a_word(scenario.tally())) {
        if text.len() > LONGEST {
            add(&mut text, format_args!("… and more scenarios, which JSON has\n"));
            break;
        }
        text.push_str(&page.scenario(scenario));
        text.push('\n');
    }
    text.push_str(&page.closing());
    text
}

/// What all lines of a report have in common.
struct Page<'a> {
    diff: &'a Diff,
    labels: [&'static str; 2],
    lab_path: &'a str,
    /// How wide the columns of subjects and of interfaces are.
    columns: [usize; 2],
    style: &'a Style,
}

impl Page<'_> {
    /// Quiet reports leave out what agrees and what was not asked.
    fn is_worth_a_word(&self, tally: Tally) -> bool {
        self.style.verbosity > Verbosity::Quiet || tally.explained + tally.unexplained + tally.unknown > 0
    }

    fn scenario(&self, scenario: &ScenarioDiff) -> String {
        let paint = Paint::new(self.style);
        let look = look(scenario.tally());
        let mut text = format!("{}  {}\n", paint.look(look), paint.strong(&plain(&scenario.name)));
        text.push_str(&self.standing(&scenario.standing));
        for part in scenario.parts.iter().filter(|part| self.is_worth_a_word(part.tally())) {
            if text.len() > LONGEST {
                text.push_str(&said("… and more, which JSON has"));
                break;
            }
            text.push_str(&self.row(part));
            text.push_str(&self.standing(&part.standing));
            text.push_str(&self.pairs(part));
        }
        text
    }

    /// The line of one point or command.
    fn row(&self, part: &Part) -> String {
        let (subject, interfaces) = (plain(&words::subject(&part.subject)), plain(&interfaces(part)));
        let (subject, interfaces) = (pad(&subject, self.columns[0]), pad(&interfaces, self.columns[1]));
        let look = Paint::new(self.style).look(look(part.tally()));
        format!("{}\n", format!("  {look}  {subject}  {interfaces}  {}", extent(part)).trim_end())
    }

    /// Why something was not held against anything.
    fn standing(&self, standing: &Standing) -> String {
        match standing {
            Standing::Compared => String::new(),
            Standing::OneAsked { run, because } => said(&format!("asked of {} only: {because}", self.labels[*run])),
            Standing::Skipped(why) => said(why),
            Standing::Unknown(why) => said(&self.by_run(why)),
        }
    }

    /// Reasons, each with the run that it is of.
    fn by_run(&self, why: &[Option<String>; 2]) -> String {
        match why {
            [Some(one), Some(other)] if one == other => format!("both: {one}"),
            _ => {
                let of = why.iter().zip(self.labels).filter_map(|(why, label)| Some(format!("{label}: {}", why.as_ref()?)));
                of.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// What is to be said pair by pair. A reason that is the same for all is told once.
    fn pairs(&self, part: &Part) -> String {
        let told = part.pairs.first().filter(|first| !first.is_known() && part.pairs.iter().all(|pair| pair.unknown == first.unknown));
        let mut text = told.map_or_else(String::new, |first| said(&self.by_run(&first.unknown)));
        for (index, pair) in part.pairs.iter().enumerate() {
            if text.len() > LONGEST {
                text.push_str(&said("… and more, which JSON has"));
                break;
            }
            if part.pairs[..index].iter().any(|earlier| self.says_the_same(earlier, pair)) {
                continue;
            }
            text.push_str(&self.pair(pair, told.map(|first| &first.unknown)));
            let others = part.pairs[index + 1..].iter().filter(|other| self.says_the_same(pair, other));
            let others: Vec<&str> = others.map(|other| other.what.split(',').next().unwrap_or_default()).collect();
            if !others.is_empty() {
                text.push_str(&said(&format!("the same in {}", others.join(", "))));
            }
        }
        text
    }

    /// Whether two packets of a point differ from their counterparts in the same fields by the same values, so that one of them is shown for both.
    fn says_the_same(&self, one: &Pair, other: &Pair) -> bool {
        let is_packet =
            |pair: &Pair| pair.lab_line.is_none() && !pair.texts.contains(&None) && pair.is_known() && !pair.differences.is_empty();
        let alike = |(one, other): (&Difference, &Difference)| {
            (&one.field, &one.values, &one.explained) == (&other.field, &other.values, &other.explained)
        };
        self.style.verbosity < Verbosity::Verbose
            && is_packet(one)
            && is_packet(other)
            && one.differences.len() == other.differences.len()
            && one.differences.iter().zip(&other.differences).all(alike)
    }

    /// What is to be said of a pair, but for the reason that was `told` already.
    fn pair(&self, pair: &Pair, told: Option<&[Option<String>; 2]>) -> String {
        let verbose = self.style.verbosity == Verbosity::Verbose;
        let tally = pair.tally();
        let doubt = Some(&pair.unknown).filter(|unknown| !pair.is_known() && Some(*unknown) != told);
        let mut text = String::new();
        // What the lab explains by itself is a sentence each; what nothing explains is shown.
        if tally.unexplained > 0 || verbose || doubt.is_some() {
            let place =
                pair.lab_line.map_or_else(|| plain(&pair.what), |line| format!("{}:{line}: {}", plain(self.lab_path), plain(&pair.what)));
            add(&mut text, format_args!("{:INDENT$}{}", "", Paint::new(self.style).faint(&place)));
        }
        if tally.unexplained > 0 || verbose {
            text.push_str(&compare(&self.rows(pair), INDENT, self.style));
        }
        if let Some(unknown) = doubt {
            text.push_str(&said(&self.by_run(unknown)));
        }
        let sentences = pair.differences.iter().map(|difference| said(&self.in_words(difference)));
        sentences.for_each(|sentence| text.push_str(&sentence));
        text
    }

    fn rows(&self, pair: &Pair) -> Vec<Row> {
        let row = |side: usize| {
            let spans: Vec<Range<usize>> = pair.differences.iter().filter_map(|difference| difference.spans[side].clone()).collect();
            match &pair.texts[side] {
                Some(text) => Row::marked(self.labels[side], text, &spans),
                None => Row::new(self.labels[side], "(nothing)"),
            }
        };
        vec![row(0), row(1)]
    }

    fn in_words(&self, difference: &Difference) -> String {
        let Difference { field, values: [one, other], note, explained, .. } = difference;
        let [first, second] = self.labels;
        let note = note.as_ref().map(|note| format!(", though {note}")).unwrap_or_default();
        let why = explained.as_ref().map_or_else(|| "unexplained".to_owned(), |why| format!("explained: {why}"));
        format!("{field}: {one} ({first}), {other} ({second}){note}; {why}")
    }

    fn closing(&self) -> String {
        let tally = self.diff.tally();
        let paint = Paint::new(self.style);
        let agree = if tally.agree == 1 { "1 point or line agrees".to_owned() } else { format!("{} points and lines agree", tally.agree) };
        let differences = number(tally.explained + tally.unexplained, "difference");
        let mut text = String::new();
        add(
            &mut text,
            format_args!(
                "{}  {}: {agree}; {differences} ({} explained, {} unexplained); {} could not be compared, {} skipped in both",
                paint.look(look(tally)).trim_end(),
                plain(&self.diff.lab),
                tally.explained,
                tally.unexplained,
                tally.unknown,
                tally.skipped,
            ),
        );
        text
    }
}

/// How something stands, by how its parts do.
fn look(tally: Tally) -> Look {
    match tally {
        Tally { unexplained: 1.., .. } => Look::DIFFERS,
        Tally { unknown: 1.., .. } => Look::UNKNOWN,
        Tally { explained: 1.., .. } => Look::EXPLAINED,
        Tally { agree: 1.., .. } => Look::SAME,
        Tally { .. } => Look::SKIPPED,
    }
}

/// The interfaces behind a point in both runs, once if they have one name.
fn interfaces(part: &Part) -> String {
    let [one, other] = &part.interfaces;
    if one == other { one.clone() } else { format!("{one} | {other}") }
}

/// How much was held against each other, and how much of it differs.
fn extent(part: &Part) -> String {
    let fields: usize = part.pairs.iter().map(|pair| pair.fields).sum();
    let differ = part.pairs.iter().filter(|pair| !pair.differences.is_empty()).count();
    match (&part.subject, &part.standing) {
        (Subject::Point(_), Standing::Compared) if part.pairs.is_empty() => "nothing of the probe in either".to_owned(),
        (Subject::Point(_), Standing::Compared) if differ > 0 => of_all(differ, part.pairs.len(), "packet"),
        (Subject::Point(_), Standing::Compared) => format!("{}, {}", number(part.pairs.len(), "packet"), number(fields, "field")),
        (Subject::Point(_), _) => String::new(),
        (_, Standing::Compared) if differ > 0 => of_all(differ, part.lines, "line"),
        _ => number(part.lines, "line"),
    }
}

/// `1 of 2 packets differs`.
fn of_all(differ: usize, all: usize, what: &str) -> String {
    format!("{differ} of {} {}", number(all, what), if differ == 1 { "differs" } else { "differ" })
}

fn said(what: &str) -> String {
    let mut text = String::new();
    for line in what.lines() {
        add(&mut text, format_args!("{:INDENT$}{}", "", plain(line)));
    }
    text
}
