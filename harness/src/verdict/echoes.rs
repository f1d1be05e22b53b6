//! Several pings at one point: each echo against the documented lines that stand for it.

use crate::expect::{Pattern, Want, documented_sequence, echoes};
use crate::lab::{DocumentedLine, Line};
use crate::packet::{Field, LayerKind, Value};

use super::align::align;
use super::compare::compare;
use super::model::{LineVerdict, Outcome};
use super::names::Names;
use super::repeat::standings;
use super::seen::Seen;
use super::variables::of_echo;

/// What there is to say of echoes that are each as documented.
const OTHER_ORDER: &str = "the echoes' packets were seen in another order than documented";

/// What it costs that a line has no frame, or a frame no line.
const LEFT: usize = 10_000;
/// What it costs that two have other layers.
const OTHER_SHAPE: usize = 1_000;

/// The lines that stand for one echo, each with its index among the documented ones, and the frames of that echo.
pub(super) struct Round<'a> {
    pub(super) lines: Vec<(usize, DocumentedLine<Pattern>)>,
    pub(super) frames: Vec<Seen<'a>>,
}

/// Which lines stand for which of `count` echoes, and what was seen of each.
///
/// Where fewer echoes are documented than are sent, a documented one stands for one or more of those that were sent, all of them in order. A number that
/// is each packet's own (ICMP sequence number, IP id) is then each echo's own; a sequence number is that of the echo, whatever the document's is.
pub(super) fn rounds<'a>(lines: &[DocumentedLine<Pattern>], seen: Vec<Seen<'a>>, count: usize, names: Names<'_>) -> Vec<Round<'a>> {
    if count == 1 {
        return vec![Round { lines: lines.iter().cloned().enumerate().collect(), frames: seen }];
    }
    let shown = echoes(&lines.iter().map(|line| &line.judged().pattern).collect::<Vec<_>>());
    let documented = shown.iter().max().map_or(0, |last| last + 1);
    let of = |echo: usize| -> Vec<(usize, DocumentedLine<Pattern>)> {
        lines.iter().cloned().enumerate().filter(|(index, _)| shown[*index] == echo).collect()
    };
    let mut frames = part(seen);
    frames.resize_with(frames.len().max(count).max(documented), Vec::new);
    let stands_for = assign(documented, count, |echo, sent| cost(&of(echo), &frames[sent], names));
    let round = |(sent, frames)| {
        let mut lines = stands_for.get(sent).map(|echo| of(*echo)).unwrap_or_default();
        for (_, line) in &mut lines {
            number(line, sent);
        }
        Round { lines, frames }
    };
    frames.into_iter().enumerate().map(round).collect()
}

/// Why the packets of several echoes are not in the documented order, though each is as documented: each echo was judged for itself. `None`: they are, or
/// nothing is documented of their order.
pub(super) fn misplaced(lines: &[DocumentedLine<Pattern>], seen: &[Seen<'_>], count: usize) -> Option<Outcome> {
    if count == 1 {
        return None;
    }
    let patterns: Vec<&Pattern> = lines.iter().map(|line| &line.judged().pattern).collect();
    let (shown, parts) = (echoes(&patterns), parts(seen));
    let documented = shown.iter().max().map_or(0, |last| last + 1);
    if documented < count {
        let is_mixed = |echoes: &[usize]| echoes.windows(2).any(|pair| pair[1] < pair[0]);
        if is_mixed(&shown) {
            return Some(Outcome::Inconclusive("fewer echoes are documented than sent, and in an order that no more can have".to_owned()));
        }
        // Of a single one it is not documented what comes before the next.
        return (documented > 1 && is_mixed(&parts)).then(|| few_in_order(documented, &parts));
    }
    let mut rest = parts.iter();
    let in_order = shown.iter().all(|echo| rest.any(|part| part == echo));
    let first = |echoes: &[usize], numbers: &dyn Fn(usize) -> Option<u64>| -> Vec<Option<u64>> {
        (0..documented).map(|echo| numbers(echoes.iter().position(|other| *other == echo)?)).collect()
    };
    let numbers = [first(&shown, &|line| documented_sequence(patterns[line])), first(&parts, &|frame| sequence(&seen[frame]))];
    let rises = |numbers: &[Option<u64>]| numbers.windows(2).map(|pair| Some(pair[0]? < pair[1]?)).collect::<Vec<_>>();
    let [told, there] = numbers.map(|numbers| rises(&numbers));
    let counted_alike = told.iter().zip(&there).all(|(one, other)| one.is_none() || other.is_none() || one == other);
    (!in_order || !counted_alike).then(|| Outcome::Broken(OTHER_ORDER.to_owned()))
}

/// What to say of echoes that overlap, where fewer are `documented`, one after the other: each documented one stands for some of them, in order.
fn few_in_order(documented: usize, parts: &[usize]) -> Outcome {
    // Between two packets, all of one before and all of the other behind.
    let is_cut = |at: &usize| parts[..*at].iter().max() < parts[*at..].iter().min();
    if (1..parts.len()).filter(is_cut).count() + 1 < documented {
        Outcome::Broken(OTHER_ORDER.to_owned())
    } else {
        Outcome::Inconclusive("fewer echoes are documented than sent, one after the other, and some were seen to overlap".to_owned())
    }
}

/// The frames of each echo, in the order in which echoes are first seen.
fn part(seen: Vec<Seen<'_>>) -> Vec<Vec<Seen<'_>>> {
    let parts = parts(&seen);
    let mut frames: Vec<Vec<Seen<'_>>> = Vec::new();
    frames.resize_with(parts.iter().max().map_or(0, |last| last + 1), Vec::new);
    for (part, frame) in parts.into_iter().zip(seen) {
        frames[part].push(frame);
    }
    frames
}

/// Which echo each frame is of, counted in the order in which they are first seen: by their sequence numbers or, in a tunnel that hides those, by the
/// request that each begins with.
fn parts(seen: &[Seen<'_>]) -> Vec<usize> {
    let mut known: Vec<(Option<u64>, Vec<&Seen<'_>>)> = Vec::new();
    let place = |frame| {
        let number = sequence(frame);
        let same = known.iter().position(|(other, _)| number.is_some() && *other == number);
        let begins = number.is_some() || is_like_one_before(frame, known.last().map_or(&[][..], |(_, frames)| frames));
        let index = same.or_else(|| known.len().checked_sub(1).filter(|_| !begins)).unwrap_or(known.len());
        match known.get_mut(index) {
            Some((_, frames)) => frames.push(frame),
            None => known.push((number, vec![frame])),
        }
        index
    };
    seen.iter().map(place).collect()
}

/// Whether an echo that has these frames has one that goes the same way, with the same addresses, already.
fn is_like_one_before(frame: &Seen<'_>, frames: &[&Seen<'_>]) -> bool {
    let ends = |frame: &Seen<'_>| {
        let layers = frame.stack.layers();
        let values = layers.iter().flat_map(|layer| [Field::IpSource, Field::IpDestination].map(|field| layer.get(field)));
        (frame.leg, values.collect::<Vec<_>>())
    };
    frames.iter().any(|other| ends(other) == ends(frame))
}

fn sequence(frame: &Seen<'_>) -> Option<u64> {
    let layer = frame.stack.layers().iter().rev().find(|layer| matches!(layer.kind(), LayerKind::Icmp | LayerKind::Icmpv6))?;
    match layer.get(Field::IcmpSequence) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// For each of `sent` echoes which of the `documented` ones stands for it: all of them, in order, so that as little as possible differs.
fn assign(documented: usize, sent: usize, cost: impl Fn(usize, usize) -> usize) -> Vec<usize> {
    if documented >= sent {
        return (0..documented).collect();
    }
    // best[echo][round]: the least cost if `echo` stands for `round`, and whether it stands for the one before, too.
    let mut best = vec![vec![(usize::MAX, false); sent]; documented];
    for round in 0..sent {
        for echo in 0..documented.min(round + 1) {
            let same = round.checked_sub(1).map_or(usize::MAX, |before| best[echo][before].0);
            let next = match (echo, round) {
                (0, 0) => 0,
                (0, _) | (_, 0) => usize::MAX,
                _ => best[echo - 1][round - 1].0,
            };
            best[echo][round] = (same.min(next).saturating_add(cost(echo, round)), same <= next && round > 0);
        }
    }
    let mut echo = documented.saturating_sub(1);
    let mut stands_for: Vec<usize> = (0..sent)
        .rev()
        .map(|round| {
            let this = echo;
            echo -= usize::from(!best[echo][round].1 && echo > 0);
            this
        })
        .collect();
    stands_for.reverse();
    stands_for
}

fn cost(lines: &[(usize, DocumentedLine<Pattern>)], frames: &[Seen<'_>], names: Names<'_>) -> usize {
    let patterns: Vec<&Pattern> = lines.iter().map(|(_, line)| &line.judged().pattern).collect();
    let compared: Vec<Vec<_>> =
        lines.iter().map(|(_, line)| frames.iter().map(|frame| compare(line.judged(), frame, names)).collect()).collect();
    let taken = align(&patterns, frames, &compared, &standings(frames));
    let pairs = taken.iter().zip(&compared).filter_map(|(frame, row)| Some(&row[(*frame)?]));
    let (count, differ) = pairs
        .fold((0, 0), |(count, cost), found| (count + 1, cost + found.differences.len() + if found.other_shape { OTHER_SHAPE } else { 0 }));
    differ + LEFT * (lines.len() + frames.len() - 2 * count)
}

/// Makes the numbers that are each packet's own those of the echo `sent`, counted from 0.
fn number(line: &mut DocumentedLine<Pattern>, sent: usize) {
    let own = |line: &mut Line<Pattern>| {
        for part in line.pattern.layers.iter_mut().flat_map(|layer| &mut layer.fields) {
            if let Want::Variable(number) = &mut part.want {
                match part.field {
                    Field::IcmpSequence => *number = of_echo(0, sent),
                    Field::IpId => *number = of_echo(*number, sent),
                    _ => {}
                }
            }
        }
    };
    own(&mut line.documented);
    if let Some(correction) = &mut line.correction {
        own(&mut correction.reads);
    }
}

/// One verdict per documented line: the worst of those on the echoes that it stands for, and which echo that is.
pub(super) fn fold(all: Vec<(usize, usize, LineVerdict)>, lines: usize, count: usize) -> Vec<LineVerdict> {
    let mut folded: Vec<Option<LineVerdict>> = vec![None; lines];
    for (index, sent, mut verdict) in all {
        if count > 1 {
            let of_echo = |why: &str| format!("echo {}: {why}", sent + 1);
            verdict.outcome = match verdict.outcome {
                Outcome::Broken(why) => Outcome::Broken(of_echo(&why)),
                Outcome::Inconclusive(why) => Outcome::Inconclusive(of_echo(&why)),
                other => other,
            };
        }
        let kept = &mut folded[index];
        if kept.as_ref().is_none_or(|kept| rank(&verdict.outcome) > rank(&kept.outcome)) {
            *kept = Some(verdict);
        }
    }
    folded.into_iter().flatten().collect()
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Skipped(_) => 0,
        Outcome::Held => 1,
        Outcome::Inconclusive(_) => 2,
        Outcome::Broken(_) => 3,
        Outcome::Fault(_) => 4,
    }
}
