//! Which documented line stands for which frame.

use super::compare::Comparison;
use super::repeat::Standing;
use super::seen::Seen;
use crate::expect::{LayerPattern, Pattern, Want};
use crate::journey::Leg;
use crate::packet::{Field, LayerKind, Value};

/// What a line without a frame costs, and a frame without a line; more than any two that belong together may differ.
pub(crate) const GAP: usize = 10_000;
/// What it costs that two have other layers.
pub(crate) const OTHER_SHAPE: usize = 1_000;

/// What it costs that a reset stands for something else, or something else for a reset; more than two of a kind may differ, less than a gap.
const RESET: usize = 100;

/// For every line the frame that it stands for, if any, both in order, so that as little as possible differs.
///
/// Only what goes the same way belongs together: a request's line never stands for a reply. Nor does a line of a handshake stand for what is none.
/// A reset stands for the first line that it leaves unanswered, however much the two differ. What was sent again stands for a line only if
/// nothing differs. Of several frames that fit, what goes with nothing is left over, or else what may be there without a line.
/// `compared[line][frame]` says what differs.
pub(super) fn align(lines: &[&Pattern], seen: &[Seen<'_>], compared: &[Vec<Comparison>], standings: &[Standing]) -> Vec<Option<usize>> {
    let pair_cost = |line: usize, frame: usize| {
        let fits = goes_alike(lines[line], &seen[frame]);
        let found = &compared[line][frame];
        let shape = if found.other_shape { OTHER_SHAPE } else { 0 };
        let cost = match (flags(lines[line]), flags_of(&seen[frame])) {
            (Some(wanted), Some(there)) if wanted.contains('R') != there.contains('R') => Some(RESET + line + frame),
            (Some(wanted), Some(there)) if opens(wanted) != opens(&there) => None,
            _ if found.differences.is_empty() => Some(0),
            _ if matches!(standings[frame], Standing::Again { .. }) => None,
            // More than it is worth to leave over one frame instead of another.
            _ => Some(2 + found.differences.len()),
        };
        cost.filter(|_| fits).map(|cost| cost + shape)
    };
    let left_over = |frame: usize| match standings[frame] {
        Standing::New => GAP,
        Standing::Again { .. } | Standing::Acknowledgement(_) => GAP - 1,
        Standing::Odd => GAP - 2,
    };
    in_order(lines.len(), seen.len(), pair_cost, left_over)
}

/// For every row the column that it is paired with, if any, both in order, so that the whole costs as little as possible: a pair what
/// `pair_cost` says (`None`: the two are no pair), but never as much as two that are left over: a row costs a [`GAP`], a column what `left_over`
/// says.
pub(crate) fn in_order(
    rows: usize,
    columns: usize,
    pair_cost: impl Fn(usize, usize) -> Option<usize>,
    left_over: impl Fn(usize) -> usize,
) -> Vec<Option<usize>> {
    let pair_cost = |row, column| pair_cost(row, column).map(|cost| cost.min(GAP + left_over(column) - 1));
    // cost[row][column]: the least cost of all from these two on.
    let mut cost = vec![vec![0; columns + 1]; rows + 1];
    for row in (0..=rows).rev() {
        for column in (0..=columns).rev() {
            let mut best = (row < rows).then(|| cost[row + 1][column] + GAP);
            let mut offer = |other: Option<usize>| best = best.into_iter().chain(other).min();
            if column < columns {
                offer(Some(cost[row][column + 1] + left_over(column)));
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

/// Whether a frame goes the way that the line tells, if it tells one.
pub(super) fn goes_alike(line: &Pattern, seen: &Seen<'_>) -> bool {
    leg(line, seen).is_none_or(|leg| leg.may_be(seen.leg))
}

/// Which way the packet of a line goes, if the line tells: by its innermost ICMP type (RFC 792, RFC 4443), by the flags that open a connection, or
/// by which of its ports is the client's. The ports of a datagram tell only where it is no tunnel's.
fn leg(pattern: &Pattern, seen: &Seen<'_>) -> Option<Leg> {
    if let Some(icmp) = pattern.layers.iter().rev().find(|layer| matches!(layer.kind, LayerKind::Icmp | LayerKind::Icmpv6)) {
        return icmp_leg(icmp);
    }
    let last = pattern.layers.last()?;
    let ports = match last.kind {
        LayerKind::Tcp => [Field::TcpSourcePort, Field::TcpDestinationPort],
        LayerKind::Udp if seen.layers().last().is_some_and(|layer| layer.kind() == LayerKind::Udp) => {
            [Field::UdpSourcePort, Field::UdpDestinationPort]
        }
        _ => return None,
    };
    if let Some(flags) = flags(pattern).filter(|flags| flags.contains('S')) {
        return Some(if flags.contains('.') { Leg::Reply } else { Leg::Request });
    }
    let is_client = |field| last.fields.iter().find(|part| part.field == field).map(|part| matches!(part.want, Want::Variable(_)));
    match ports.map(is_client) {
        [Some(true), Some(false)] => Some(Leg::Request),
        [Some(false), Some(true)] => Some(Leg::Reply),
        _ => None,
    }
}

/// Which way the packet of an ICMP layer goes, if that tells.
pub(super) fn icmp_leg(icmp: &LayerPattern) -> Option<Leg> {
    let Want::Exact(Value::Number(kind)) = icmp.fields.iter().find(|part| part.field == Field::IcmpType)?.want else { return None };
    match (icmp.kind, kind) {
        (LayerKind::Icmp, 8) | (LayerKind::Icmpv6, 128) => Some(Leg::Request),
        (LayerKind::Icmp, 0) | (LayerKind::Icmpv6, 129) => Some(Leg::Reply),
        (LayerKind::Icmp, 3 | 4 | 5 | 11 | 12) | (LayerKind::Icmpv6, ..128) => Some(Leg::Error),
        _ => None,
    }
}

/// The TCP flags of a line, as tcpdump prints them.
fn flags(pattern: &Pattern) -> Option<&str> {
    let tcp = pattern.layers.last().filter(|last| last.kind == LayerKind::Tcp)?;
    match &tcp.fields.iter().find(|part| part.field == Field::TcpFlags)?.want {
        Want::Exact(Value::Text(flags)) => Some(flags),
        _ => None,
    }
}

/// Those of a frame.
fn flags_of(seen: &Seen<'_>) -> Option<String> {
    match seen.stack.layers().last()?.get(Field::TcpFlags)? {
        Value::Text(flags) => Some(flags),
        _ => None,
    }
}

/// What part of a handshake these flags are.
fn opens(flags: &str) -> Option<bool> {
    flags.contains('S').then(|| flags.contains('.'))
}
