//! The first deviation in words.

use super::words;
use crate::name::PointName;
use crate::verdict::{Before, Departure, Deviation, Finding, How, Instead, Way};

/// How many fields are told.
const FIELDS: usize = 4;

/// Where it starts, in a sentence: `reply: seen as documented at node2/veth(pod3), not at node2/tunl0`.
pub(super) fn sentence(deviation: &Deviation) -> String {
    match deviation {
        Deviation::OnTheWay(departure) => departs(departure),
        Deviation::Beside(subjects) => {
            let subjects: Vec<String> = subjects.iter().map(words::subject).collect();
            format!("the probe was as documented at every point; what is not: {}", subjects.join(", "))
        }
    }
}

/// What was seen instead, a sentence each.
pub(super) fn instead(deviation: &Deviation) -> Vec<String> {
    match deviation {
        Deviation::OnTheWay(departure) => departure.instead.iter().map(in_words).collect(),
        Deviation::Beside(_) => Vec::new(),
    }
}

/// The expectations that are broken only because of it, by index.
pub(super) fn follows(deviation: Option<&Deviation>) -> &[usize] {
    if let Some(Deviation::OnTheWay(departure)) = deviation { &departure.follows } else { &[] }
}

/// What is to be said of one expectation, by its index: where the deviation is, or that it follows from it.
pub(super) fn about(deviation: Option<&Deviation>, index: usize) -> Option<String> {
    let found = deviation?;
    let Deviation::OnTheWay(departure) = found else { return None };
    if departure.follows.contains(&index) {
        return Some(format!("follows from {}", sentence(found)));
    }
    let told = || std::iter::once(sentence(found)).chain(instead(found)).collect::<Vec<_>>().join("; ");
    departure.shown_by.contains(&index).then(told)
}

fn departs(departure: &Departure) -> String {
    let Departure { at, how, last, unknown, .. } = departure;
    let unknown = cannot_tell(unknown);
    let story = match (how, last) {
        (How::NotSeen, Some((last, Before::AsDocumented))) => format!("seen as documented at {last}, not at {at}{unknown}"),
        (How::NotSeen, Some((last, Before::Seen))) => format!("seen at {last}, not at {at}{unknown}"),
        (How::NotSeen, Some((last, Before::Asked))) if last == at => format!("none seen at {at}, where the request was{unknown}"),
        (How::NotSeen, Some((last, Before::Asked))) => format!("none seen at {at}; the request was, at {last}{unknown}"),
        (How::NotSeen, None) => format!("not seen at {at}{unknown}"),
        (How::Differs(findings), _) => format!("at {at} as documented but for {}{}{unknown}", fields(findings), still(last.as_ref())),
        (How::OutOfOrder(sides), _) => format!("seen at {at} in another order than documented: {sides}{}{unknown}", still(last.as_ref())),
        (How::Undocumented(frame), _) => format!("at {at} a packet that nothing documents: {frame}"),
    };
    format!("{}: {story}", who(departure))
}

fn still(last: Option<&(PointName, Before)>) -> String {
    match last {
        Some((last, Before::AsDocumented)) => format!(", still as documented at {last}"),
        _ => String::new(),
    }
}

fn who(departure: &Departure) -> String {
    let way = match departure.way {
        Way::Request => "request",
        Way::Reply => "reply",
        Way::Error => "error",
    };
    departure.segment.map_or_else(|| way.to_owned(), |(number, all)| format!("{way}, segment {number} of {all}"))
}

fn cannot_tell(points: &[PointName]) -> String {
    let names: Vec<&str> = points.iter().map(PointName::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" ({} cannot tell)", names.join(", ")) }
}

/// `IPv4 source 192.168.100.113 in place of 192.168.100.111`; where that is no value, also which documented one it is about.
fn fields(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let Finding { field, documented, expected, observed, .. } = finding;
        let about = documented != expected && words::is_told(expected) && !words::is_told(documented);
        let about = if about { format!(" for {documented},") } else { String::new() };
        format!("{field} {observed}{about} in place of {expected}")
    };
    let mut parts: Vec<String> = findings.iter().take(FIELDS).map(one).collect();
    if findings.len() > FIELDS {
        parts.push(format!("{} more", words::number(findings.len() - FIELDS, "field")));
    }
    parts.join(", ")
}

fn in_words(instead: &Instead) -> String {
    match instead {
        Instead::OffTheWay { at } => format!("it was seen at {at}, where none of it should be"),
        Instead::FurtherOn { at } => format!("it was seen again further on, at {at}"),
        Instead::Unanswered { by, target, name, at } => {
            format!("{by} asks by ARP for {}, and nobody answers, at {at}", called(target, name.as_deref()))
        }
        Instead::Icmp { words, kind: (kind, code), from, name, at } => {
            format!("{words} (type {kind}, code {code}) from {}, seen at {at}", called(from, name.as_deref()))
        }
        Instead::Reset { from, name, at } => format!("a TCP reset from {}, seen at {at}", called(from, name.as_deref())),
    }
}

/// `192.168.100.112 (node2.underlay.ip)`.
fn called(address: &str, name: Option<&str>) -> String {
    name.map_or_else(|| address.to_owned(), |name| format!("{address} ({name})"))
}
