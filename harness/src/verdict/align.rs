//! Which documented line stands for which frame.

use super::compare::Comparison;
use super::seen::Seen;
use crate::expect::{Pattern, Want};
use crate::journey::Leg;
use crate::packet::{Field, LayerKind, Value};

/// What a line without a frame costs, and a frame without a line; more than any two that belong together may differ.
const GAP: usize = 10_000;
const OTHER_SHAPE: usize = 1_000;

/// For every line the frame that it stands for, if any, both in order, so that as little as possible differs.
///
/// Only what goes the same way belongs together: a request's line never stands for a reply. `compared[line][frame]` says what differs.
pub(super) fn align(lines: &[&Pattern], seen: &[Seen<'_>], compared: &[Vec<Comparison>]) -> Vec<Option<usize>> {
    let (rows, columns) = (lines.len(), seen.len());
    let pair_cost = |line: usize, frame: usize| {
        let fits = leg(lines[line]).is_none_or(|leg| leg == seen[frame].leg);
        fits.then(|| {
            let found = &compared[line][frame];
            let shape = if found.other_shape { OTHER_SHAPE } else { 0 };
            (found.differences.len() + shape).min(2 * GAP - 1)
        })
    };
    // cost[line][frame]: the least cost of all from these two on.
    let mut cost = vec![vec![0; columns + 1]; rows + 1];
    for line in (0..=rows).rev() {
        for frame in (0..=columns).rev() {
            let mut best = (line < rows).then(|| cost[line + 1][frame] + GAP);
            let mut offer = |other: Option<usize>| best = best.into_iter().chain(other).min();
            if frame < columns {
                offer(Some(cost[line][frame + 1] + GAP));
                if line < rows {
                    offer(pair_cost(line, frame).map(|pair| pair + cost[line + 1][frame + 1]));
                }
            }
            cost[line][frame] = best.unwrap_or(0);
        }
    }
    let mut taken = vec![None; rows];
    let (mut line, mut frame) = (0, 0);
    while line < rows && frame < columns {
        if pair_cost(line, frame).is_some_and(|pair| pair + cost[line + 1][frame + 1] == cost[line][frame]) {
            taken[line] = Some(frame);
            (line, frame) = (line + 1, frame + 1);
        } else if cost[line + 1][frame] + GAP == cost[line][frame] {
            line += 1;
        } else {
            frame += 1;
        }
    }
    taken
}

/// Which way the packet of a line goes, if the line tells: by its innermost ICMP type (RFC 792, RFC 4443).
fn leg(pattern: &Pattern) -> Option<Leg> {
    let icmp = pattern.layers.iter().rev().find(|layer| matches!(layer.kind, LayerKind::Icmp | LayerKind::Icmpv6))?;
    let Want::Exact(Value::Number(kind)) = icmp.fields.iter().find(|part| part.field == Field::IcmpType)?.want else { return None };
    match (icmp.kind, kind) {
        (LayerKind::Icmp, 8) | (LayerKind::Icmpv6, 128) => Some(Leg::Request),
        (LayerKind::Icmp, 0) | (LayerKind::Icmpv6, 129) => Some(Leg::Reply),
        (LayerKind::Icmp, 3 | 4 | 5 | 11 | 12) | (LayerKind::Icmpv6, ..128) => Some(Leg::Error),
        _ => None,
    }
}
