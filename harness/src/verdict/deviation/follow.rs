//! Which expectations are broken only because of a departure.

use super::find::{Search, is_about_the_wire};
use super::model::{How, Way};
use super::steps::{Placed, Steps};
use crate::verdict::model::{Finding, LineVerdict, Outcome, Subject};

/// What a departure entails.
pub(super) struct Cause<'c> {
    /// The packet, its way, and the step at which it departs, by the place of the point on that way.
    pub(super) packet: usize,
    pub(super) way: Way,
    pub(super) step: usize,
    pub(super) how: &'c How,
    /// No later point saw the packet.
    pub(super) lost: bool,
}

impl Search<'_> {
    /// The expectations that merely follow from `cause`, but for those that show it.
    pub(super) fn follows(&self, cause: &Cause<'_>, steps: &Steps<'_>, shown_by: &[usize]) -> Vec<usize> {
        let is_broken = |index: &usize| matches!(self.verdicts[*index].outcome, Outcome::Broken(_)) && !shown_by.contains(index);
        let all = (0..self.verdicts.len()).filter(is_broken);
        all.filter(|index| match self.verdicts[*index].subject {
            Subject::Point(_) => self.point_follows(*index, cause, steps),
            Subject::Answer => cause.lost && self.unanswered_probe(),
            Subject::State { .. } => false,
        })
        .collect()
    }

    fn unanswered_probe(&self) -> bool {
        self.outcome.is_some_and(|outcome| outcome.answer.is_none() && outcome.answered_at.is_none())
    }

    fn point_follows(&self, index: usize, cause: &Cause<'_>, steps: &Steps<'_>) -> bool {
        let verdict = &self.verdicts[index];
        let placed: Vec<&Placed<'_>> = steps.lines.iter().filter(|placed| placed.expectation == index).collect();
        // Whoever misses a segment sends again.
        let again = cause.lost && !steps.is_ping();
        let broken = |line: &LineVerdict| matches!(line.outcome, Outcome::Broken(_));
        let count = verdict.lines.iter().filter(|line| broken(line)).count();
        let following = placed.iter().filter(|placed| broken(placed.line) && self.line_follows(placed, cause, steps)).count();
        count > 0 && count == following && (verdict.unexpected.is_empty() || again)
    }

    fn line_follows(&self, placed: &Placed<'_>, cause: &Cause<'_>, steps: &Steps<'_>) -> bool {
        if !is_about_the_wire(placed.line) {
            return false;
        }
        let way = steps.packets[placed.packet];
        let behind = placed.packet > cause.packet || placed.packet == cause.packet && self.step(way, placed.point) > Some(cause.step);
        if cause.lost && behind {
            // Of a ping whose request is lost there is no reply; a connection that misses a segment goes on in another way.
            return !steps.is_ping() || placed.line.observed.is_none();
        }
        let How::Differs(first) = cause.how else { return false };
        let further_on = way == cause.way && placed.packet >= cause.packet && self.step(way, placed.point) > Some(cause.step);
        let mirrored = way != cause.way && placed.packet > cause.packet;
        !placed.line.findings.is_empty()
            && placed.line.findings.iter().all(|found| {
                first
                    .iter()
                    .any(|known| further_on && is_the_same_fault(known, found) || mirrored && is_the_same_in_the_mirror(known, found))
            })
    }
}

/// Whether two findings are the same field off by the same: the same value in place of the same, or a number that is off by as much.
fn is_the_same_fault(one: &Finding, other: &Finding) -> bool {
    let off = |finding: &Finding| {
        let [expected, observed] = [&finding.expected, &finding.observed].map(|text| text.parse::<i64>().ok());
        Some(observed?.wrapping_sub(expected?))
    };
    let same = (&one.expected, &one.observed) == (&other.expected, &other.observed);
    one.field == other.field && (same || off(one).is_some() && off(one) == off(other))
}

/// Whether a reply goes to what its request came from, or comes from what that went to.
fn is_the_same_in_the_mirror(one: &Finding, other: &Finding) -> bool {
    let turned = |field: &str| match field.rsplit_once(' ') {
        Some((layer, "source")) => format!("{layer} destination"),
        Some((layer, "destination")) => format!("{layer} source"),
        _ if field.ends_with("source port") => field.replace("source", "destination"),
        _ => field.replace("destination port", "source port"),
    };
    let is_an_end = one.field.contains("source") || one.field.contains("destination");
    is_an_end && turned(&one.field) == other.field && (&one.expected, &one.observed) == (&other.expected, &other.observed)
}
