//! Which packets of two runs are held against each other.

use super::names::Names;
use super::packet::Packet;
use crate::verdict::align::{GAP, in_order};

/// For every packet of either run its counterpart in the other, by index: the first run's packets in order, then those that only the second has.
///
/// Packets of one flow (the same way, the same layers, the same addresses) are paired in order. How flows interleave at a point that sees several,
/// before a tunnel or a translation and behind it, is a matter of time. What is left over then is paired in order, too, whatever it
/// looks like, as long as it goes the same way.
pub(super) fn counterparts(packets: [&[Packet<'_, '_>]; 2], names: &Names<'_>) -> Vec<[Option<usize>; 2]> {
    let [one, other] = packets;
    let mut taken: Vec<Option<usize>> = vec![None; one.len()];
    for first in 0..one.len() {
        let in_this_flow = |index: &usize| one[*index].is_in_flow_with(&one[first]);
        if (0..first).any(|earlier| in_this_flow(&earlier)) {
            continue;
        }
        let here: Vec<usize> = (first..one.len()).filter(in_this_flow).collect();
        let there = (0..other.len()).filter(|index| one[first].has_the_flow_of(&other[*index], names) && !taken.contains(&Some(*index)));
        pair_up(packets, &here, &there.collect::<Vec<_>>(), names, &mut taken);
    }
    let here: Vec<usize> = (0..one.len()).filter(|index| taken[*index].is_none()).collect();
    let there: Vec<usize> = (0..other.len()).filter(|index| !taken.contains(&Some(*index))).collect();
    pair_up(packets, &here, &there, names, &mut taken);
    let only_there = (0..other.len()).filter(|index| !taken.contains(&Some(*index))).map(|index| [None, Some(index)]);
    taken.iter().enumerate().map(|(index, counterpart)| [Some(index), *counterpart]).chain(only_there).collect()
}

/// Pairs some of the packets in order.
fn pair_up(packets: [&[Packet<'_, '_>]; 2], here: &[usize], there: &[usize], names: &Names<'_>, taken: &mut [Option<usize>]) {
    let cost = |row: usize, column: usize| packets[0][here[row]].cost(&packets[1][there[column]], names);
    for (row, column) in in_order(here.len(), there.len(), cost, |_| GAP).into_iter().enumerate() {
        taken[here[row]] = column.map(|column| there[column]);
    }
}
