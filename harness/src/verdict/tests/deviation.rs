//! Where a broken run first deviates. Each row spoils a run in which all holds, and says the story that is told; `-` is none, where a story could be wrong.

use super::world::*;
use crate::capture::{Liveness, Recording};
use crate::journey::craft::{self, TOKEN, echo, ethernet, ipv4, recording};
use crate::journey::trace;
use crate::lab::{Claim, Extent};
use crate::name::PointName;
use crate::packet::{Hints, LinkType};
use crate::verdict::deviation::{Before, Deviation, How, Instead, Search};
use crate::verdict::names::Names;
use crate::verdict::point::Scene;
use crate::verdict::spelling::Spelling;
use crate::verdict::{Outcome, belief};

/// The far side, where nothing is documented unless a row says so.
const FAR: usize = 4;

/// What is found in a world whose request passes these points.
pub(super) fn first(world: &World, path: &[&str]) -> String {
    let (planned, recorded) = (&world.plan.lab.scenarios[0], &world.evidence.scenarios[0]);
    let (hints, facts) = (Hints::default(), &world.evidence.facts);
    let journey = trace(recorded, &hints);
    let scene = Scene {
        names: Names { table: &planned.names, values: &facts.values },
        recordings: &recorded.recordings,
        journey: &journey,
        hints: &hints,
        points: &facts.points,
        servers: &std::collections::BTreeSet::new(),
        spelling: &Spelling::default(),
        echoes: 1,
        never_left: belief::never_left(recorded.outcome.as_ref()),
    };
    let path: Vec<PointName> = path.iter().map(|point| PointName::new(*point)).collect();
    let verdicts = world.scenario().expectations;
    let search = Search { planned, verdicts: &verdicts, scene: &scene, path: &path, outcome: recorded.outcome.as_ref() };
    search.first().map_or("-".to_owned(), |found| tell(&found))
}

fn tell(found: &Deviation) -> String {
    let departure = match found {
        Deviation::Beside(subjects) => return format!("beside {subjects:?}"),
        Deviation::OnTheWay(departure) => departure,
    };
    let mut text = vec![format!("{:?}", departure.way)];
    text.extend(departure.segment.map(|(number, all)| format!(" {number}/{all}")));
    text.push(match &departure.last {
        Some((point, Before::AsDocumented)) => format!(" from {point}"),
        Some((point, Before::Seen)) => format!(" from unasserted {point}"),
        Some((point, Before::Asked)) => format!(" asked {point}"),
        None => String::new(),
    });
    text.push(match &departure.how {
        How::NotSeen => format!(" not at {}", departure.at),
        How::Differs(findings) => {
            let fields: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.field, finding.observed)).collect();
            format!(" at {}: {}", departure.at, fields.join(", "))
        }
        How::OutOfOrder(sides) => {
            let from = departure.last.as_ref().map_or(String::new(), |(point, before)| {
                format!(", from {}{point}", if *before == Before::Seen { "unasserted " } else { "" })
            });
            return format!("{:?} out of order at {}: {sides}{from}; {:?} follow", departure.way, departure.at, departure.follows);
        }
        How::Undocumented(_) => format!(" too much at {}", departure.at),
    });
    text.extend(departure.unknown.iter().map(|point| format!("; {point} unknown")));
    for instead in &departure.instead {
        text.push(match instead {
            Instead::OffTheWay { at } => format!("; seen at {at}"),
            Instead::FurtherOn { at } => format!("; further on at {at}"),
            Instead::Unanswered { by, target, at, .. } => format!("; {by} asks for {target} at {at}"),
            Instead::Icmp { kind, from, at, .. } => format!("; ICMP {kind:?} from {from} at {at}"),
            Instead::Reset { from, at, .. } => format!("; reset from {from} at {at}"),
        });
    }
    format!("{}; {:?} follow", text.concat(), departure.follows)
}

pub(super) const PATH: [&str; 4] = ["node1/veth(pod1)", "node1/tunl0", "node1/underlay", "node2/underlay"];

/// The world with the far side of the wire captured, too.
pub(super) fn world() -> World {
    let mut world = World::new();
    let far = recording("node2/underlay", LinkType::Ethernet, vec![wire(&request(63)), wire_back(&reply(63))]);
    world.recorded().recordings.push(far);
    world
}

fn take(world: &mut World, point: usize, frame: usize) {
    world.frames(point).remove(frame);
}

/// No reply is seen at the points from there to the sender.
pub(super) fn lose_the_reply(world: &mut World, points: &[usize]) {
    for point in points {
        take(world, *point, 1);
    }
}

pub(super) fn lose_everything(world: &mut World, points: &[usize]) {
    for point in points {
        world.frames(*point).clear();
    }
}

fn arp(operation: u8, sender: &str, target: &str) -> Vec<u8> {
    let ip = |text: &str| text.parse::<std::net::Ipv4Addr>().expect("an address").octets();
    let mut bytes = vec![0, 1, 8, 0, 6, 4, 0, operation];
    bytes.extend([[2, 0, 0, 0, 0, 9].as_slice(), &ip(sender), &[0; 6], &ip(target)].concat());
    let mut frame = ethernet(NODE1_MAC, "ff:ff:ff:ff:ff:ff", &bytes);
    frame[12..14].copy_from_slice(&[8, 6]);
    frame
}

fn unreachable(from: &str) -> Vec<u8> {
    ethernet(CALI_MAC, POD1_MAC, &ipv4(from, POD1, 64, 1, 9, &craft::error(3, 1, &request(63))))
}

pub(super) fn see(world: &mut World, point: usize, frame: Vec<u8>) {
    world.frames(point).push(craft::frame(frame));
}

pub(super) fn other(world: &mut World, point: usize, index: usize, frame: Vec<u8>) {
    world.frames(point)[index] = craft::frame(frame);
}

type Row = (&'static str, fn(&mut World), &'static str);

const ROWS: [Row; 25] = [
    ("all held", |_| {}, "-"),
    (
        "a reply that gets no further than the wire",
        |world| lose_the_reply(world, &[TUNNEL, VETH]),
        "Reply from node1/underlay not at node1/tunl0; [0] follow",
    ),
    (
        "a reply that only the far side saw, where nothing is documented",
        |world| lose_the_reply(world, &[UNDERLAY, TUNNEL, VETH]),
        "Reply from unasserted node2/underlay not at node1/underlay; [0, 1] follow",
    ),
    (
        "no reply anywhere, though the request came as far as we look",
        |world| lose_the_reply(world, &[FAR, UNDERLAY, TUNNEL, VETH]),
        "Reply asked node2/underlay not at node1/underlay; [0, 1] follow",
    ),
    (
        "a request that is lost in the node",
        |world| {
            lose_the_reply(world, &[VETH]);
            lose_everything(world, &[TUNNEL, UNDERLAY, FAR]);
        },
        "Request from node1/veth(pod1) not at node1/tunl0; [0, 2] follow",
    ),
    (
        "a request whose next hop does not answer",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, UNDERLAY, arp(1, NODE1, NODE2));
            see(world, UNDERLAY, arp(1, NODE1, NODE2));
        },
        "Request from node1/tunl0 not at node1/underlay; 172.30.0.1 asks for 172.30.0.2 at node1/underlay; [0, 1] follow",
    ),
    (
        "a next hop that does answer",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, UNDERLAY, arp(1, NODE1, NODE2));
            see(world, UNDERLAY, arp(2, NODE2, NODE1));
        },
        "Request from node1/tunl0 not at node1/underlay; [0, 1] follow",
    ),
    (
        "a question of somebody else, whose answer would not pass here",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, UNDERLAY, arp(1, "172.30.0.77", NODE2));
        },
        "Request from node1/tunl0 not at node1/underlay; [0, 1] follow",
    ),
    (
        "a host that is said to be out of reach",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, VETH, unreachable(NODE1));
        },
        // What is seen instead is shown with the point that saw it.
        "Request from node1/tunl0 not at node1/underlay; ICMP (3, 1) from 172.30.0.1 at node1/veth(pod1); [1] follow",
    ),
    (
        "another source on the wire, and behind it",
        |world| {
            let wrong = |packet: &[u8]| ethernet(NODE1_MAC, NODE2_MAC, &ipv4("172.30.0.9", NODE2, 63, 4, 500, packet));
            other(world, UNDERLAY, 0, wrong(&request(63)));
            other(world, FAR, 0, wrong(&request(63)));
            let expectation = expectation("node2/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: IPv4 source 172.30.0.9; [4] follow",
    ),
    (
        "another source on the wire, and behind it a third one: two faults",
        |world| {
            let wrong = |source: &str| ethernet(NODE1_MAC, NODE2_MAC, &ipv4(source, NODE2, 63, 4, 500, &request(63)));
            other(world, UNDERLAY, 0, wrong("172.30.0.9"));
            other(world, FAR, 0, wrong("172.30.0.8"));
            let expectation = expectation("node2/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: IPv4 source 172.30.0.9; [] follow",
    ),
    (
        "another hardware address in the reply",
        |world| other(world, VETH, 1, ethernet("02:00:00:00:00:99", POD1_MAC, &reply(62))),
        "Reply from node1/tunl0 at node1/veth(pod1): Ethernet source 02:00:00:00:00:99; [] follow",
    ),
    ("a probe that never left", |world| world.recorded().outcome.as_mut().expect("one").sent_at = None, "-"),
    (
        "nothing was seen, but frames were dropped",
        |world| {
            lose_the_reply(world, &[VETH]);
            world.recorded().recordings[VETH].dropped = 1;
        },
        "-",
    ),
    (
        "a deaf point before the loss is said to be deaf",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            world.recorded().recordings[TUNNEL].liveness = Liveness::Lost("no sentinel".to_owned());
        },
        "Reply from node1/underlay not at node1/veth(pod1); node1/tunl0 unknown; [] follow",
    ),
    (
        "an answer that was heard does not make a loss of a point that was passed by",
        |world| take(world, TUNNEL, 0),
        "Request from node1/veth(pod1) not at node1/tunl0; further on at node1/underlay; [] follow",
    ),
    (
        "a packet where none should be, and nothing else",
        |world| see(world, CNI0, veth(&request(64))),
        "Request too much at node1/cni0; [] follow",
    ),
    (
        "a packet that went another way",
        |world| {
            lose_the_reply(world, &[VETH]);
            lose_everything(world, &[TUNNEL, UNDERLAY, FAR]);
            see(world, CNI0, veth(&request(63)));
        },
        "Request from node1/veth(pod1) not at node1/tunl0; seen at node1/cni0; [0, 2] follow",
    ),
    (
        "an interface that somebody made promiscuous shows what it would not take",
        |world| {
            see(world, CNI0, veth(&request(64)));
            world.recorded().recordings[CNI0].promiscuous = true;
        },
        "-",
    ),
    ("a frame twice", |world| see(world, TUNNEL, request(63)), "Request too much at node1/tunl0; [] follow"),
    (
        "only a route is missing",
        |world| world.recorded().state[0].stdout.clear(),
        "beside [State { on: PlaceName(\"node1\"), run: \"ip route\" }]",
    ),
    (
        "a route is missing, and one point is deaf: nobody knows whether the packets were right",
        |world| {
            world.recorded().state[0].stdout = "default via 172.30.0.254 dev ens3\n".to_owned();
            world.recorded().recordings[UNDERLAY].dropped = 1;
        },
        "-",
    ),
    (
        "a clock that is an hour off changes nothing",
        |world| {
            lose_the_reply(world, &[TUNNEL, VETH]);
            world.recorded().recordings[UNDERLAY].frames.iter_mut().for_each(|frame| frame.at -= 3_600_000_000_000);
        },
        "Reply from node1/underlay not at node1/tunl0; [0] follow",
    ),
    (
        "an excerpt leaves open what else there is, not what it shows",
        |world| {
            world.planned().expect[TUNNEL].extent = Extent::Excerpt;
            see(world, TUNNEL, request(63));
            lose_the_reply(world, &[VETH]);
        },
        "Reply from node1/tunl0 not at node1/veth(pod1); [] follow",
    ),
    (
        "a broken line at a point that is not on the way: what came first cannot be told",
        |world| {
            lose_the_reply(world, &[VETH]);
            world.planned().expect[CNI0].claim = lines(&VETH_LINES);
        },
        "-",
    ),
];

#[test]
fn the_first_deviation_is_told_or_nothing_is() {
    for (what, spoil, expected) in ROWS {
        let mut world = world();
        spoil(&mut world);
        assert_eq!(first(&world, &PATH), expected, "{what}");
    }
}

const CLIENT: &str = "10.244.153.204.40000";
const SERVER: &str = "10.244.146.205.80";

/// A connection that is opened, as seen at a point without a link layer.
fn documented_connection() -> Claim {
    let line = |from: &str, to: &str, rest: &str| format!("ip: {from} > {to}: Flags {rest}, length 0");
    let lines_of = [
        line(CLIENT, SERVER, "[S], seq 100, win 1000"),
        line(SERVER, CLIENT, "[S.], seq 500, ack 101, win 1000"),
        line(CLIENT, SERVER, "[.], ack 1, win 1000"),
    ];
    lines(&lines_of.each_ref().map(String::as_str))
}

/// Its segments: flags, and whether the client sends it.
fn segments(flags: &[(u8, bool)]) -> Vec<Vec<u8>> {
    let segment = |(flags, of_client): &(u8, bool)| {
        let numbers = match (flags, of_client) {
            (0x02, true) => (100, 0),
            (_, true) => (101, 501),
            (0x14, false) => (0, 101),
            (_, false) => (500, 101),
        };
        let ends = if *of_client { (40_000, 80) } else { (80, 40_000) };
        let (from, to) = if *of_client { (POD1, POD3) } else { (POD3, POD1) };
        ipv4(from, to, 63, 6, 7, &craft::tcp(ends, *flags, numbers, (1, 1), b""))
    };
    flags.iter().map(segment).collect()
}

const SYN: (u8, bool) = (0x02, true);
const SYN_ACK: (u8, bool) = (0x12, false);
const ACK: (u8, bool) = (0x10, true);
const RESET: (u8, bool) = (0x14, false);

/// What is told of a connection whose segments are these at the sender's and at the server's point.
fn of_connection(near: &[(u8, bool)], far: &[(u8, bool)]) -> String {
    let mut world = World::new();
    let recorded = world.recorded();
    recorded.recordings = [("node1/tunl0", near), ("node2/tunl0", far)]
        .map(|(point, flags)| recording(point, LinkType::Raw, segments(flags)))
        .into_iter()
        .collect::<Vec<Recording>>();
    let outcome = recorded.outcome.as_mut().expect("one");
    outcome.local = Some(format!("{POD1}:40000").parse().expect("an end"));
    (outcome.answer, outcome.answered_at) = (None, None);
    let planned = world.planned();
    planned.expect = ["node1/tunl0", "node2/tunl0"].map(|point| expectation(point, documented_connection())).into();
    planned.state.clear();
    first(&world, &["node1/tunl0", "node2/tunl0"])
}

#[test]
fn of_a_connection_the_first_missing_segment_is_told() {
    for (near, far, expected) in [
        (&[SYN, SYN_ACK, ACK][..], &[SYN, SYN_ACK, ACK][..], "-"),
        (&[SYN], &[], "Request 1/3 from node1/tunl0 not at node2/tunl0; [0] follow"),
        (&[SYN], &[SYN, SYN_ACK], "Reply 2/3 from node2/tunl0 not at node1/tunl0; [1] follow"),
        (&[SYN, SYN_ACK, ACK], &[SYN, SYN_ACK], "Request 3/3 from node1/tunl0 not at node2/tunl0; [] follow"),
    ] {
        assert_eq!(of_connection(near, far), expected);
    }
    // A reset in place of the server's first segment is told with its sender, at the point nearest to that.
    let told = of_connection(&[SYN, RESET], &[SYN, RESET]);
    assert!(told.starts_with("Reply 2/3") && told.contains("at node2/tunl0"), "{told}");
    assert!(told.contains("; reset from 10.9.1.3 at node2/tunl0"), "{told}");
}

#[test]
fn a_ping_s_token_is_looked_for_and_no_other() {
    // Another ping between the same two, whose reply comes, is no reply to the probe.
    let mut world = world();
    lose_the_reply(&mut world, &[TUNNEL, VETH]);
    let foreign = ipv4(POD3, POD1, 62, 1, 78, &echo(0, ID + 1, SEQUENCE, crate::name::Token(*b"of somebody else")));
    see(&mut world, TUNNEL, foreign);
    assert_ne!(TOKEN, crate::name::Token(*b"of somebody else"));
    assert_eq!(first(&world, &PATH), "Reply from node1/underlay not at node1/tunl0; [0] follow");
}

#[test]
fn a_verdict_that_is_not_broken_has_no_deviation() {
    assert_eq!((world().scenario().outcome, world().scenario().deviation), (Outcome::Held, None));
}
