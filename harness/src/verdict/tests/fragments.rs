//! Fragments against lines.

use super::world::*;
use crate::journey::craft::{TOKEN, echo, fragment, frame, ipv4};

/// The third word of a first fragment's header and of a last one's, behind 1480 bytes.
const FIRST: u16 = 0x2000;
const LAST: u16 = 185;

fn first() -> Vec<u8> {
    fragment(POD1, POD3, 1, 77, FIRST, &echo(8, ID, SEQUENCE, TOKEN))
}

fn last() -> Vec<u8> {
    fragment(POD1, POD3, 1, 77, LAST, &[b'.'; 40])
}

#[test]
fn a_fragment_that_no_line_accounts_for_breaks_its_point() {
    let mut world = World::new();
    *world.frames(VETH) = vec![frame(veth(&first())), frame(veth(&last())), frame(veth_back(&reply(62)))];
    let verdict = world.at(VETH);
    assert_eq!(spell(&verdict.outcome), "broken: 1 frame that no line accounts for");
    assert!(verdict.lines.iter().all(|line| spell(&line.outcome) == "held"));
    // The same on the wire, where it is in the tunnel.
    let mut world = World::new();
    *world.frames(UNDERLAY) = vec![frame(wire(&first())), frame(wire(&last())), frame(wire_back(&reply(63)))];
    assert_eq!(spell(&world.at(UNDERLAY).outcome), "broken: 1 frame that no line accounts for");
    // Or where the tunnel's own packet is in two.
    let mut world = World::new();
    let outer =
        |word, payload: &[u8]| frame(crate::journey::craft::ethernet(NODE1_MAC, NODE2_MAC, &fragment(NODE1, NODE2, 4, 500, word, payload)));
    *world.frames(UNDERLAY) = vec![outer(FIRST, &request(63)), outer(LAST, b"the rest"), frame(wire_back(&reply(63)))];
    assert_eq!(spell(&world.at(UNDERLAY).outcome), "broken: 1 frame that no line accounts for");
}

#[test]
fn absence_is_not_held_of_a_lone_fragment() {
    let mut world = World::new();
    world.frames(VETH)[0] = frame(veth(&first()));
    assert_eq!(spell(&world.at(CNI0).outcome), "held");
    world.frames(CNI0).push(frame(veth(&last())));
    assert_eq!(spell(&world.at(CNI0).outcome), "broken: 1 frame of the probe where none should be");
    // Another's is no matter.
    let foreign = fragment(POD1, POD3, 1, 79, LAST, &[b'.'; 40]);
    world.frames(CNI0)[0] = frame(veth(&foreign));
    assert_eq!(spell(&world.at(CNI0).outcome), "held");
    world.frames(CNI0)[0] = frame(veth(&ipv4(POD1, POD3, 64, 1, 77, &echo(8, 9, 9, crate::name::Token(*b"somebody else's.")))));
    assert_eq!(spell(&world.at(CNI0).outcome), "held");
}
