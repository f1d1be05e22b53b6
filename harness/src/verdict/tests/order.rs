//! Lines in another order than their packets. Each row spoils a run in which all holds: how the tunnel's lines come out, and what the first deviation is.

use super::deviation::{PATH, first, lose_everything, lose_the_reply, other, see, world};
use super::world::*;
use crate::capture::Liveness;
use crate::lab::Extent;
use crate::verdict::Outcome;

const TTL: [&str; 2] = [
    "ip: (ttl 63) 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 220, length 64",
    "ip: (ttl 63) 10.244.146.205 > 10.244.153.204: ICMP echo reply, id 17555, seq 220, length 64",
];
const OF_ANOTHER: &str = "ip: 10.244.146.205 > 10.244.153.204: ICMP echo reply, id 17556, seq 220, length 64";

/// The tunnel's lines, the reply's first.
fn turn(world: &mut World) {
    world.document(TUNNEL, &[TUNNEL_LINES[1], TUNNEL_LINES[0]]);
}

type Row = (&'static str, fn(&mut World), &'static str, &'static str);

const IN_ORDER: &str = "Reply out of order at node1/tunl0: behind line 2 in place of before line 2, from node1/underlay; [] follow";
const NOT_SEEN: &str = "Reply from node1/underlay not at node1/tunl0; further on at node1/veth(pod1); [] follow";

const ROWS: [Row; 17] = [
    ("the document has the reply first", turn, "seen in another order, held; 0 more", IN_ORDER),
    (
        "the document is right, and the world has the reply first",
        |world| world.frames(TUNNEL).reverse(),
        "seen in another order, held; 0 more",
        "Request out of order at node1/tunl0: behind line 2 in place of before line 2, from node1/veth(pod1); [] follow",
    ),
    (
        "an excerpt has an order, too",
        |world| {
            turn(world);
            world.planned().expect[TUNNEL].extent = Extent::Excerpt;
        },
        "seen in another order, held; 0 more",
        IN_ORDER,
    ),
    (
        "at every point: the one that the reply comes to first",
        |world| {
            turn(world);
            world.document(VETH, &[VETH_LINES[1], VETH_LINES[0]]);
            world.document(UNDERLAY, &[UNDERLAY_LINES[1], UNDERLAY_LINES[0]]);
        },
        "seen in another order, held; 0 more",
        "Reply out of order at node1/underlay: behind line 2 in place of before line 2, from unasserted node2/underlay; [] follow",
    ),
    (
        "there is no reply at all",
        |world| {
            turn(world);
            lose_the_reply(world, &[TUNNEL]);
        },
        "not seen, held; 0 more",
        NOT_SEEN,
    ),
    (
        "nothing is there",
        |world| {
            turn(world);
            lose_everything(world, &[TUNNEL]);
        },
        "not seen, not seen; 0 more",
        "Request from node1/veth(pod1) not at node1/tunl0; further on at node1/underlay; [] follow",
    ),
    (
        "the reply is there twice: one is too much",
        |world| {
            turn(world);
            see(world, TUNNEL, reply(63));
        },
        "seen in another order, held; 1 more",
        IN_ORDER,
    ),
    (
        "in order, and a second request in place of the reply",
        |world| other(world, TUNNEL, 1, request(63)),
        "held, not seen; 1 more",
        NOT_SEEN,
    ),
    (
        "the reply that is there has another TTL",
        |world| {
            world.document(TUNNEL, &[TTL[1], TTL[0]]);
            other(world, TUNNEL, 1, reply(62));
        },
        "not seen, held; 1 more",
        NOT_SEEN,
    ),
    ("that TTL is as documented", |world| world.document(TUNNEL, &[TTL[1], TTL[0]]), "seen in another order, held; 0 more", IN_ORDER),
    (
        "the line that comes first is of another echo",
        |world| world.document(TUNNEL, &[OF_ANOTHER, TUNNEL_LINES[0]]),
        "not seen, held; 1 more",
        NOT_SEEN,
    ),
    (
        "a line too many of what is there once",
        |world| world.document(TUNNEL, &[TUNNEL_LINES[0], TUNNEL_LINES[1], TUNNEL_LINES[1]]),
        "held, held, not seen; 0 more",
        "-",
    ),
    (
        "a capture that missed frames tells no order",
        |world| {
            turn(world);
            world.recorded().recordings[TUNNEL].dropped = 1;
        },
        "?, held; 1 more",
        "Reply too much at node1/tunl0; [] follow",
    ),
    (
        "nor one that was not alive to the end",
        |world| {
            turn(world);
            world.recorded().recordings[TUNNEL].liveness = Liveness::Lost("no sentinel".to_owned());
        },
        "?, held; 1 more",
        "Reply too much at node1/tunl0; [] follow",
    ),
    (
        "nor one that somebody made promiscuous",
        |world| {
            turn(world);
            world.recorded().recordings[TUNNEL].promiscuous = true;
        },
        "?, ?; 1 more",
        "-",
    ),
    (
        "a line that is corrected stands where the documented one does",
        |world| {
            world.document(TUNNEL, &[OF_ANOTHER, TUNNEL_LINES[0]]);
            world.correct(TUNNEL, 0, TUNNEL_LINES[1]);
        },
        "seen in another order, held; 0 more",
        IN_ORDER,
    ),
    (
        "a correction that says what is not there is not the documented line in another order",
        |world| {
            turn(world);
            world.correct(TUNNEL, 0, OF_ANOTHER);
        },
        "not seen, held; 1 more",
        NOT_SEEN,
    ),
];

#[test]
fn a_packet_that_is_there_in_another_order_is_said_to_be_there() {
    for (what, spoil, expected, deviation) in ROWS {
        let mut world = world();
        spoil(&mut world);
        let verdict = world.at(TUNNEL);
        let lines: Vec<&str> = verdict
            .lines
            .iter()
            .map(|line| match &line.outcome {
                Outcome::Held => "held",
                Outcome::Broken(why) => why,
                _ => "?",
            })
            .collect();
        assert_eq!(format!("{}; {} more", lines.join(", "), verdict.unexpected.len()), expected, "{what}");
        assert_eq!(first(&world, &PATH), deviation, "{what}");
    }
}

#[test]
fn what_was_seen_in_another_order_is_shown_with_where() {
    let mut world = world();
    turn(&mut world);
    let line = world.line(TUNNEL, 0);
    assert_eq!(findings(&line), ["order: before line 2 = before line 2, not behind line 2 [- | -]"]);
    assert!(line.observed.is_some_and(|text| text.contains("ICMP echo reply, id 4242, seq 1")));
}
