//! Several pings: each of them is as the document says, and none is missing.

use super::world::*;
use crate::journey::craft::{TOKEN, echo, ethernet, frame, ipv4, udp};
use crate::lab::{Claim, Probe};
use crate::packet::Frame;
use crate::probe::Echoes;

/// A packet of the echo `sequence`.
fn packet(kind: u8, sequence: u16, id: u16) -> Vec<u8> {
    let (from, to) = if kind == 8 { (POD1, POD3) } else { (POD3, POD1) };
    ipv4(from, to, 63, 1, 700 + 2 * sequence + u16::from(kind == 0), &echo(kind, id, sequence, TOKEN))
}

/// What a point sees of the echo `sequence`.
fn pair(point: usize, sequence: u16) -> [Frame; 2] {
    let both = [packet(8, sequence, ID), packet(0, sequence, ID)];
    let [there, back] = both;
    match point {
        VETH => [frame(veth(&there)), frame(veth_back(&back))],
        UNDERLAY => [frame(wire(&there)), frame(wire_back(&back))],
        _ => [frame(there), frame(back)],
    }
}

/// A world in which `count` pings were sent, of which each point's document shows one.
fn pings(count: u16) -> World {
    let mut world = World::new();
    let Some(Probe::Ping { count: planned, .. }) = &mut world.planned().probe else { panic!("it pings") };
    *planned = count;
    for point in [VETH, TUNNEL, UNDERLAY] {
        *world.frames(point) = (1..=count).flat_map(|sequence| pair(point, sequence)).collect();
    }
    world.recorded().outcome.as_mut().expect("it was sent").echoes = Some(Echoes { count, sent: count, answered: count });
    world
}

/// The tunnel's document, an echo for each sequence number.
fn documented(sequences: &[u16]) -> Vec<String> {
    let lines = |sequence: &u16| TUNNEL_LINES.map(|line| line.replace("seq 220", &format!("seq {sequence}")));
    sequences.iter().flat_map(lines).collect()
}

fn document(world: &mut World, lines: &[String]) {
    world.document(TUNNEL, &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn documented_echoes_stand_for_all_that_were_sent() {
    let cases: [(u16, &[u16]); 11] = [
        (1, &[220]),
        (2, &[220]),
        (3, &[1]),
        (3, &[1, 2]),
        (3, &[1, 2, 3]),
        (3, &[106, 107, 108]),
        // Not in step with what other points show.
        (3, &[2, 3, 4]),
        (5, &[7, 9]),
        (10, &[3, 4, 5]),
        (100, &[220]),
        (100, &[1, 2]),
    ];
    for (count, sequences) in cases {
        let mut world = pings(count);
        document(&mut world, &documented(sequences));
        let verdict = world.scenario();
        assert_eq!(spell(&verdict.outcome), "held", "{count} pings, documented {sequences:?}");
        assert_eq!(verdict.expectations[TUNNEL].lines.len(), 2 * sequences.len(), "one verdict per documented line");
        assert!(verdict.expectations[TUNNEL].lines.iter().all(|line| line.observed.is_some()));
    }
}

type Spoil = fn(&mut World);

#[test]
fn one_echo_of_several_that_is_not_as_documented_is_enough() {
    let cases: [(Spoil, &str); 14] = [
        (|world| drop(world.frames(TUNNEL).pop()), "broken: 1 line does not hold"),
        (|world| drop(world.frames(TUNNEL).remove(2)), "broken: 1 line does not hold"),
        (|world| drop(world.frames(TUNNEL).drain(2..4)), "broken: 2 lines do not hold"),
        (|world| world.frames(TUNNEL).truncate(2), "broken: 2 lines do not hold"),
        (|world| world.frames(TUNNEL).clear(), "broken: 2 lines do not hold"),
        (|world| world.frames(TUNNEL).extend(pair(TUNNEL, 4)), "broken: 2 frames that no line accounts for"),
        (|world| world.frames(TUNNEL).push(frame(packet(0, 3, ID))), "broken: 1 frame that no line accounts for"),
        (|world| world.frames(TUNNEL).insert(1, frame(packet(8, 1, ID))), "broken: 1 frame that no line accounts for"),
        // A reply that answers another request than its own.
        (|world| world.frames(TUNNEL)[3] = frame(packet(0, 1, ID)), "broken: 1 line does not hold, and 1 frame that no line accounts for"),
        (|world| world.frames(TUNNEL)[4] = frame(packet(8, 3, 9)), "broken: 1 line does not hold"),
        (
            |world| world.frames(TUNNEL)[5] = frame(ipv4("10.9.1.4", POD1, 63, 1, 77, &echo(0, ID, 3, TOKEN))),
            "broken: 1 line does not hold",
        ),
        (
            |world| world.frames(TUNNEL)[1] = frame(ipv4(POD3, POD1, 63, 1, 77, &[&echo(0, ID, 1, TOKEN)[..], b"more"].concat())),
            "broken: 1 line does not hold",
        ),
        (
            |world| {
                // Another order than at the point before.
                let frames = world.frames(TUNNEL);
                frames.swap(0, 2);
                frames.swap(1, 3);
            },
            "broken: 2 lines do not hold",
        ),
        (
            |world| {
                world.frames(TUNNEL).pop();
                world.recorded().recordings[TUNNEL].dropped = 1;
            },
            "inconclusive: echo 3: the kernel dropped 1 frame at node1/tunl0",
        ),
    ];
    for (number, (spoil, outcome)) in cases.into_iter().enumerate() {
        let mut world = pings(3);
        spoil(&mut world);
        assert_eq!(spell(&world.at(TUNNEL).outcome), outcome, "{number}");
        assert!(world.judge().exit_code() != 0, "{number}");
    }
}

#[test]
fn a_finding_says_which_echo_and_what_it_should_have_been() {
    let mut world = pings(3);
    world.frames(TUNNEL)[4] = frame(packet(8, 3, 9));
    let line = world.line(TUNNEL, 0);
    assert_eq!(spell(&line.outcome), "broken: echo 3: 1 field differs");
    // Of several that are as bad the first is told.
    let mut both = pings(3);
    both.frames(TUNNEL)[2] = frame(packet(8, 2, 9));
    both.frames(TUNNEL)[4] = frame(packet(8, 3, 9));
    assert_eq!(spell(&both.line(TUNNEL, 0).outcome), "broken: echo 2: 1 field differs");
    assert_eq!(findings(&line), ["ICMP id: 17555 = 4242, as in line 1 at node1/veth(pod1), not 9 [4242 | 9]"]);
    assert!(line.expected.contains("seq 3"), "{}", line.expected);
    assert!(pings(2).scenario().variables.contains(&"seq of echo 2 = 2".to_owned()), "{:?}", pings(2).scenario().variables);
}

#[test]
fn echoes_that_are_documented_one_by_one_are_seen_in_that_order() {
    // The document's second echo is longer than its first.
    let long = |kind: u8, sequence: u16| {
        let (from, to) = if kind == 8 { (POD1, POD3) } else { (POD3, POD1) };
        frame(ipv4(from, to, 63, 1, 900 + sequence, &[&echo(kind, ID, sequence, TOKEN)[..], &[b'.'; 8]].concat()))
    };
    let mut lines = documented(&[1, 2]);
    lines[2..].iter_mut().for_each(|line| *line = line.replace("length 64", "length 72"));
    for (longer, holds) in
        [(&[3_u16][..], true), (&[2, 3], true), (&[1, 2, 3], false), (&[], false), (&[2], false), (&[1], false), (&[1, 3], false)]
    {
        let mut world = pings(3);
        document(&mut world, &lines);
        *world.frames(TUNNEL) = (1..=3)
            .flat_map(|sequence| if longer.contains(&sequence) { [long(8, sequence), long(0, sequence)] } else { pair(TUNNEL, sequence) })
            .collect();
        assert_eq!(spell(&world.at(TUNNEL).outcome) == "held", holds, "{longer:?}");
    }
}

/// The pings in a tunnel of which lines show only how long its datagrams are.
fn in_datagrams(count: u16) -> World {
    let line = |from: &str, to: &str| {
        format!(
            "{{{from}.underlay.mac}} > {{{to}.underlay.mac}}, ethertype IPv4 (0x0800), length 126: {{{from}.underlay.ip}}.8285 > {{{to}.underlay.ip}}.8285: UDP, length 84"
        )
    };
    let mut world = pings(count);
    let documented = [line("node1", "node2"), line("node2", "node1")];
    world.document(UNDERLAY, &documented.each_ref().map(String::as_str));
    *world.frames(UNDERLAY) = (1..=count)
        .flat_map(|sequence| {
            let datagram = |from, to, kind| ipv4(from, to, 64, 17, 800 + sequence, &udp(8285, 8285, &packet(kind, sequence, ID)));
            let there = ethernet(NODE1_MAC, NODE2_MAC, &datagram(NODE1, NODE2, 8));
            [frame(there), frame(ethernet(NODE2_MAC, NODE1_MAC, &datagram(NODE2, NODE1, 0)))]
        })
        .collect();
    world
}

#[test]
fn echoes_are_told_apart_where_a_tunnel_hides_their_numbers() {
    let cases: [(Spoil, &str); 7] = [
        (|_| {}, "held"),
        (|world| drop(world.frames(UNDERLAY).pop()), "broken: 1 line does not hold"),
        (|world| drop(world.frames(UNDERLAY).remove(3)), "broken: 1 line does not hold"),
        (|world| drop(world.frames(UNDERLAY).drain(2..4)), "broken: 2 lines do not hold"),
        (|world| world.frames(UNDERLAY).truncate(2), "broken: 2 lines do not hold"),
        (
            |world| {
                let again = world.frames(UNDERLAY)[0].clone();
                world.frames(UNDERLAY).insert(1, again);
            },
            "broken: ",
        ),
        (
            |world| {
                let again = world.frames(UNDERLAY)[5].clone();
                world.frames(UNDERLAY).push(again);
            },
            "broken: 1 frame that no line accounts for",
        ),
    ];
    for (number, (spoil, outcome)) in cases.into_iter().enumerate() {
        let mut world = in_datagrams(3);
        spoil(&mut world);
        let found = spell(&world.at(UNDERLAY).outcome);
        assert!(found.starts_with(outcome), "{number}: {found}");
    }
}

#[test]
fn the_packets_of_several_echoes_are_in_the_documented_order() {
    const OTHER: &str = "broken: the echoes' packets were seen in another order than documented";
    let line = |reply: usize, sequence: u16| TUNNEL_LINES[reply].replace("seq 220", &format!("seq {sequence}"));
    let there = |reply: usize, sequence: u16| pair(TUNNEL, sequence)[reply].clone();
    let (in_turn, nested) = ([(0, 1), (1, 1), (0, 2), (1, 2)], [(0, 1), (0, 2), (1, 2), (1, 1)]);
    let (side_by_side, backwards) = ([(0, 1), (0, 2), (1, 1), (1, 2)], [(0, 2), (1, 2), (0, 1), (1, 1)]);
    for (documented, seen, outcome) in [
        (in_turn, in_turn, "held"),
        (nested, nested, "held"),
        (side_by_side, side_by_side, "held"),
        (in_turn, nested, OTHER),
        (nested, in_turn, OTHER),
        (side_by_side, in_turn, OTHER),
        (side_by_side, nested, OTHER),
        (backwards, in_turn, OTHER),
    ] {
        let mut world = pings(2);
        document(&mut world, &documented.map(|(reply, sequence)| line(reply, sequence + 300)));
        *world.frames(TUNNEL) = seen.map(|(reply, sequence)| there(reply, sequence)).to_vec();
        assert_eq!(spell(&world.at(TUNNEL).outcome), outcome, "{documented:?} {seen:?}");
    }
    // Of three, two are documented, and one inside the other.
    let mut world = pings(3);
    document(&mut world, &nested.map(|(reply, sequence)| line(reply, sequence)));
    assert!(spell(&world.at(TUNNEL).outcome).starts_with("inconclusive: fewer echoes are documented"));
}

/// Of three pings two are documented, one after the other: each stands for some of them.
#[test]
fn pings_that_overlap_are_not_as_if_one_came_after_the_other() {
    const OTHER: &str = "broken: the echoes' packets were seen in another order than documented";
    const DOUBT: &str = "inconclusive: fewer echoes are documented than sent, one after the other, and some were seen to overlap";
    for (documented_ones, seen, outcome) in [
        (&[1, 2][..], [(0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3)], "held"),
        (&[1, 2], [(0, 1), (0, 2), (1, 1), (1, 2), (0, 3), (1, 3)], DOUBT),
        (&[1, 2], [(0, 1), (1, 1), (0, 2), (0, 3), (1, 2), (1, 3)], DOUBT),
        (&[1, 2], [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (1, 1)], OTHER),
        (&[1, 2], [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)], OTHER),
        (&[1, 2], [(0, 1), (0, 2), (0, 3), (1, 3), (1, 2), (1, 1)], OTHER),
        // Of one it is not documented what comes before the next.
        (&[1], [(0, 1), (0, 2), (1, 1), (1, 2), (0, 3), (1, 3)], "held"),
        (&[1, 2, 3], [(0, 1), (0, 2), (1, 1), (1, 2), (0, 3), (1, 3)], OTHER),
    ] {
        let mut world = pings(3);
        document(&mut world, &documented(documented_ones));
        *world.frames(TUNNEL) = seen.map(|(reply, sequence)| pair(TUNNEL, sequence)[reply].clone()).to_vec();
        assert_eq!(spell(&world.at(TUNNEL).outcome), outcome, "{documented_ones:?} {seen:?}");
    }
}

#[test]
fn an_excerpt_is_of_every_echo() {
    let mut world = pings(3);
    let Claim::Lines(lines) = &mut world.planned().expect[TUNNEL].claim else { panic!("it has lines") };
    lines.pop();
    assert_eq!(spell(&world.at(TUNNEL).outcome), "broken: 3 frames that no line accounts for");
    world.planned().expect[TUNNEL].extent = crate::lab::Extent::Excerpt;
    assert_eq!(spell(&world.at(TUNNEL).outcome), "held");
    world.frames(TUNNEL).remove(2);
    assert_eq!(spell(&world.at(TUNNEL).outcome), "broken: 1 line does not hold");
}

#[test]
fn pings_that_did_not_all_leave_prove_nothing() {
    let mut world = pings(3);
    world.recorded().outcome.as_mut().expect("it was sent").echoes = Some(Echoes { count: 3, sent: 2, answered: 2 });
    world.frames(TUNNEL).truncate(4);
    assert_eq!(spell(&world.at(TUNNEL).outcome), "inconclusive: only 2 of 3 echoes left");
    assert_eq!(world.judge().exit_code(), 4);
}
