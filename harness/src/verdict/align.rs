//! Which documented line stands for which frame.

use super::compare::Comparison;
use super::seen::Seen;
use crate::expect::{Pattern, Want};
use crate::journey::Leg;
use crate::packet::{Field, LayerKind, Value};

/// What a line without a frame costs, and a frame without a line; more than any two that belong together may differ.
const GAP: usize = 10_000;
/// What it costs that two have other layers.
pub(crate) const OTHER_SHAPE: usize = 1_000;

/// For every line the frame that it stands for, if any, both in order, so that as little as possible differs.
///
/// Only what goes the same way belongs together: a request's line never stands for a reply. `compared[line][frame]` says what differs.
pub(super) fn align(lines: &[&Pattern], seen: &[Seen<'_>], compared: &[Vec<Comparison>]) -> Vec<Option<usize>> {
    let (rows, columns) = (lines.len(), seen.len());
    let pair_cost = |line: usize, frame: usize| {
        let fits = leg(lines[line]).is_none_or(|leg| leg == seen[frame].leg);
        fits.then(|| {
            let found = &compared[line][frame];
            found.differences.len() + if found.other_shape { OTHER_SHAPE } else { 0 }
        })
    };
    in_order(rows, columns, pair_cost)
}

/// For every row the column that it is paired with, if any, both in order, so that the whole costs as little as possible: a pair what
/// `pair_cost` says (`None`: the two are no pair), but never as much as two that are left over, each of which costs a [`GAP`].
pub(crate) fn in_order(rows: usize, columns: usize, pair_cost: impl Fn(usize, usize) -> Option<usize>) -> Vec<Option<usize>> {
    let pair_cost = |row, column| pair_cost(row, column).map(|cost| cost.min(2 * GAP - 1));
    // cost[row][column]: the least cost of all from these two on.
    let mut cost = vec![vec![0; columns + 1]; rows + 1];
    for row in (0..=rows).rev() {
        for column in (0..=columns).rev() {
            let mut best = (row < rows).then(|| cost[row + 1][column] + GAP);
            let mut offer = |other: Option<usize>| best = best.into_iter().chain(other).min();
            if column < columns {
                offer(Some(cost[row][column + 1] + GAP));
                if row < rows {
                    offer(pair_cost(row, column).map(|pair| pair + cost[row + 1][column + 1]));
                }
            }
            cost[row][column] = best.unwrap_or(0);
        }
    }
    let mut taken = vec![None; rows];
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if pair_cost(row, column).is_some_and(|pair| pair + cost[row + 1][column + 1] == cost[row][column]) {
            taken[row] = Some(column);
            (row, column) = (row + 1, column + 1);
        } else if cost[row + 1][column] + GAP == cost[row][column] {
            row += 1;
        } else {
            column += 1;
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
