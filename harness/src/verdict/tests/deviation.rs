//! Where a broken run first deviates. Each row spoils a run in which all holds, and says the story that is told; `-` is none, where a story could be wrong.

use super::world::*;
use crate::capture::{Liveness, Recording};
use crate::journey::craft::{self, TOKEN, echo, ethernet, ipv4, recording};
use crate::journey::trace;
use crate::lab::{Claim, Extent, Probe};
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
    search(world, path).map_or("-".to_owned(), |found| tell(&found))
}

fn search(world: &World, path: &[&str]) -> Option<Deviation> {
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
        echoes: planned.probe.as_ref().map_or(1, |probe| usize::from(probe.count())),
        never_left: belief::never_left(recorded.outcome.as_ref()),
    };
    let path: Vec<PointName> = path.iter().map(|point| PointName::new(*point)).collect();
    let verdicts = world.scenario().expectations;
    let search = Search { planned, verdicts: &verdicts, scene: &scene, path: &path, outcome: recorded.outcome.as_ref() };
    search.first()
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
            Instead::Unanswered { by, target, name, at } => format!("; {by} asks for {target}{} at {at}", called(name.as_ref())),
            Instead::Icmp { words, kind, from, name, at } => format!("; {words} {kind:?} from {from}{} at {at}", called(name.as_ref())),
            Instead::Reset { from, name, at } => format!("; reset from {from}{} at {at}", called(name.as_ref())),
        });
    }
    format!("{}; {:?} follow", text.concat(), departure.follows)
}

/// What the site calls an address.
fn called(name: Option<&String>) -> String {
    name.map(|name| format!(" ({name})")).unwrap_or_default()
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

/// Has the wire show another outer source of the request, and another outer destination of the reply.
fn misname(world: &mut World, source: &str, destination: &str) {
    for point in [UNDERLAY, FAR] {
        other(world, point, 0, ethernet(NODE1_MAC, NODE2_MAC, &ipv4(source, NODE2, 63, 4, 500, &request(63))));
        other(world, point, 1, ethernet(NODE2_MAC, NODE1_MAC, &ipv4(NODE2, destination, 63, 4, 501, &reply(63))));
    }
}

/// Has the request's TTL documented as 63 in the tunnel and 61 on the wire, and seen as these.
fn off_by(world: &mut World, seen: [u8; 2]) {
    world.document(TUNNEL, &["ip: (ttl 63) {pod1.ip} > {pod3.ip}: ICMP echo request", TUNNEL_LINES[1]]);
    let wire_line = UNDERLAY_LINES[0].replace("10.244.153.204 >", "(ttl 61) 10.244.153.204 >");
    world.document(UNDERLAY, &[&wire_line, UNDERLAY_LINES[1]]);
    other(world, TUNNEL, 0, request(seen[0]));
    other(world, UNDERLAY, 0, wire(&request(seen[1])));
}

type Row = (&'static str, fn(&mut World), &'static str);

const ROWS: [Row; 49] = [
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
        "Request from node1/tunl0 not at node1/underlay; 172.30.0.1 asks for 172.30.0.2 (node2.underlay.ip) at node1/underlay; [0, 1] follow",
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
        "Request from node1/tunl0 not at node1/underlay; ICMP host 10.9.1.3 unreachable (3, 1) from 172.30.0.1 (node1.underlay.ip) at node1/veth(pod1); [1] follow",
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
    (
        "lines that hold at a point that is not on the way",
        |world| {
            lose_the_reply(world, &[VETH]);
            world.planned().expect[CNI0].claim = lines(&VETH_LINES);
            see(world, CNI0, veth(&request(64)));
            see(world, CNI0, veth_back(&reply(62)));
        },
        "Reply from node1/tunl0 not at node1/veth(pod1); [] follow",
    ),
    (
        "two fields at once",
        |world| {
            let wrong = ipv4("172.30.0.9", NODE2, 63, 4, 500, &request(63));
            other(world, UNDERLAY, 0, ethernet("02:00:00:00:00:99", NODE2_MAC, &wrong));
        },
        "Request from node1/tunl0 at node1/underlay: Ethernet source 02:00:00:00:00:99, IPv4 source 172.30.0.9; [] follow",
    ),
    (
        "two expectations of one point that show the same are told once",
        |world| {
            other(world, UNDERLAY, 0, ethernet("02:00:00:00:00:99", NODE2_MAC, &ipv4(NODE1, NODE2, 63, 4, 500, &request(63))));
            let expectation = expectation("node1/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: Ethernet source 02:00:00:00:00:99; [] follow",
    ),
    (
        "a correction that is not needed is no fault of a packet",
        |world| {
            world.correct(VETH, 0, "{pod1.mac} > {cali.mac}, ethertype IPv4 (0x0800), length 98: {pod1.ip} > {pod3.ip}: ICMP echo request");
        },
        "-",
    ),
    (
        "nor does it hide one",
        |world| {
            world.correct(VETH, 0, "{pod1.mac} > {cali.mac}, ethertype IPv4 (0x0800), length 98: {pod1.ip} > {pod3.ip}: ICMP echo request");
            lose_the_reply(world, &[TUNNEL, VETH]);
        },
        "Reply from node1/underlay not at node1/tunl0; [] follow",
    ),
    (
        "another source on the wire, to which replies go back",
        |world| {
            misname(world, "172.30.0.9", "172.30.0.9");
            let expectation = expectation("node2/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: IPv4 source 172.30.0.9; [4] follow",
    ),
    (
        "another destination on the wire, from which replies come",
        |world| {
            for point in [UNDERLAY, FAR] {
                other(world, point, 0, ethernet(NODE1_MAC, NODE2_MAC, &ipv4(NODE1, "172.30.0.9", 63, 4, 500, &request(63))));
                other(world, point, 1, ethernet(NODE2_MAC, NODE1_MAC, &ipv4("172.30.0.9", NODE1, 63, 4, 501, &reply(63))));
            }
            let expectation = expectation("node2/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: IPv4 destination 172.30.0.9; [4] follow",
    ),
    (
        "another source on the wire, and replies go to a third: two faults",
        |world| {
            misname(world, "172.30.0.9", "172.30.0.8");
            let expectation = expectation("node2/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: IPv4 source 172.30.0.9; [] follow",
    ),
    (
        "another hardware address on the wire, to which replies go back",
        |world| {
            let wrong = |from, to, packet: &[u8], ends: (&str, &str)| ethernet(from, to, &ipv4(ends.0, ends.1, 63, 4, 500, packet));
            for point in [UNDERLAY, FAR] {
                other(world, point, 0, wrong("02:00:00:00:00:99", NODE2_MAC, &request(63), (NODE1, NODE2)));
                other(world, point, 1, wrong(NODE2_MAC, "02:00:00:00:00:99", &reply(63), (NODE2, NODE1)));
            }
            let expectation = expectation("node2/underlay", lines(&UNDERLAY_LINES));
            world.planned().expect.push(expectation);
        },
        "Request from node1/tunl0 at node1/underlay: Ethernet source 02:00:00:00:00:99; [4] follow",
    ),
    (
        "a fault of the reply alone does not follow from one of the request",
        |world| {
            let wrong = |from, packet: &[u8]| ethernet(NODE1_MAC, NODE2_MAC, &ipv4(from, NODE2, 63, 4, 500, packet));
            other(world, UNDERLAY, 0, wrong("172.30.0.9", &request(63)));
            other(world, VETH, 1, ethernet(CALI_MAC, "02:00:00:00:00:99", &reply(62)));
        },
        "Request from node1/tunl0 at node1/underlay: IPv4 source 172.30.0.9; [] follow",
    ),
    (
        "a question at a point that the packet had passed",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, VETH, arp(1, NODE1, "10.9.0.77"));
        },
        "Request from node1/tunl0 not at node1/underlay; [0, 1] follow",
    ),
    (
        "who tells all others its own address asks nobody",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, UNDERLAY, arp(1, NODE1, NODE1));
        },
        "Request from node1/tunl0 not at node1/underlay; [0, 1] follow",
    ),
    (
        "errors of two senders, one of which two points saw",
        |world| {
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, VETH, unreachable(NODE1));
            see(world, VETH, unreachable(NODE2));
            see(world, TUNNEL, unreachable(NODE1)[14..].to_vec());
        },
        "Request from node1/tunl0 not at node1/underlay; ICMP host 10.9.1.3 unreachable (3, 1) from 172.30.0.1 (node1.underlay.ip) at node1/veth(pod1); \
         ICMP host 10.9.1.3 unreachable (3, 1) from 172.30.0.2 (node2.underlay.ip) at node1/veth(pod1); [] follow",
    ),
    (
        "a reply for which its receiver's hardware address is asked in vain",
        |world| {
            lose_the_reply(world, &[VETH]);
            see(world, VETH, arp(1, NODE1, POD1));
        },
        "Reply from node1/tunl0 not at node1/veth(pod1); 172.30.0.1 asks for 10.9.0.1 (pod1.ip) at node1/veth(pod1); [] follow",
    ),
    (
        "a reply that is lost, and what leads back to where it came from",
        |world| {
            lose_the_reply(world, &[UNDERLAY, TUNNEL, VETH]);
            see(world, UNDERLAY, arp(1, NODE1, NODE2));
        },
        "Reply from unasserted node2/underlay not at node1/underlay; [0, 1] follow",
    ),
    (
        "a route is missing, and of packets nothing is documented but that there are none",
        |world| {
            world.recorded().state[0].stdout = "default via 172.30.0.254 dev ens3\n".to_owned();
            world.planned().expect.drain(..CNI0);
        },
        "-",
    ),
    (
        "a request that is lost, and a reply to nothing that is another than documented",
        |world| {
            other(world, VETH, 1, ethernet("02:00:00:00:00:99", POD1_MAC, &reply(62)));
            lose_everything(world, &[TUNNEL, UNDERLAY, FAR]);
        },
        "Request from node1/veth(pod1) not at node1/tunl0; [2] follow",
    ),
    (
        "an error that is documented is nothing that was seen instead",
        |world| {
            let error = "{cali.mac} > {pod1.mac}, ethertype IPv4 (0x0800), length 126: {node1.underlay.ip} > {pod1.ip}: ICMP host {pod3.ip} unreachable, length 92";
            world.document(VETH, &[VETH_LINES[0], error]);
            lose_the_reply(world, &[VETH, TUNNEL]);
            lose_everything(world, &[UNDERLAY, FAR]);
            see(world, VETH, unreachable(NODE1));
        },
        "Request from node1/tunl0 not at node1/underlay; [1] follow",
    ),
    (
        "an excerpt at the sender's first point",
        |world| {
            world.planned().expect[VETH].extent = Extent::Excerpt;
            lose_the_reply(world, &[TUNNEL, VETH]);
        },
        "Reply from node1/underlay not at node1/tunl0; [0] follow",
    ),
    (
        "a first point that documents the request alone",
        |world| {
            world.document(VETH, &[VETH_LINES[0]]);
            lose_the_reply(world, &[TUNNEL, VETH]);
        },
        "Reply from node1/underlay not at node1/tunl0; [] follow",
    ),
    (
        "a number that is off by as much further on",
        |world| off_by(world, [62, 60]),
        "Request from node1/veth(pod1) at node1/tunl0: IPv4 TTL 62; [2] follow",
    ),
    (
        "a number that is off by more further on: two faults",
        |world| off_by(world, [62, 59]),
        "Request from node1/veth(pod1) at node1/tunl0: IPv4 TTL 62; [] follow",
    ),
    (
        "of several pings nobody knows which one a line is about",
        |world| {
            let Some(Probe::Ping { count, .. }) = &mut world.planned().probe else { panic!("it pings") };
            *count = 3;
            lose_the_reply(world, &[VETH]);
        },
        "-",
    ),
    (
        "a datagram of a tunnel goes from who asks",
        |world| {
            let line = |from: &str, to: &str| {
                format!(
                    "{{{from}.underlay.mac}} > {{{to}.underlay.mac}}, ethertype IPv4 (0x0800), length 126: {{{from}.underlay.ip}}.8285 > {{{to}.underlay.ip}}.8285: UDP, length 84"
                )
            };
            let documented = [line("node1", "node2"), line("node2", "node1")];
            world.document(UNDERLAY, &documented.each_ref().map(String::as_str));
            let datagram = |from, to, packet: &[u8]| ipv4(from, to, 64, 17, 500, &craft::udp(8285, 8285, packet));
            other(world, UNDERLAY, 0, ethernet(NODE1_MAC, NODE2_MAC, &datagram(NODE1, NODE2, &request(63))));
            lose_the_reply(world, &[UNDERLAY, TUNNEL, VETH]);
            lose_everything(world, &[FAR]);
        },
        "Reply asked node1/underlay not at node1/underlay; [0, 1] follow",
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

#[test]
fn a_departure_names_the_expectations_that_show_it() {
    let shown_by = |spoil: fn(&mut World)| {
        let mut world = world();
        let twice = expectation("node1/underlay", lines(&UNDERLAY_LINES));
        world.planned().expect.push(twice);
        spoil(&mut world);
        match search(&world, &PATH) {
            Some(Deviation::OnTheWay(departure)) => departure.shown_by,
            other => panic!("{other:?}"),
        }
    };
    let wrong = |world: &mut World| {
        other(world, UNDERLAY, 0, ethernet("02:00:00:00:00:99", NODE2_MAC, &ipv4(NODE1, NODE2, 63, 4, 500, &request(63))));
    };
    assert_eq!(shown_by(|world| lose_the_reply(world, &[TUNNEL, VETH])), [TUNNEL]);
    assert_eq!(shown_by(|world| take(world, UNDERLAY, 1)), [UNDERLAY, 4]);
    assert_eq!(shown_by(wrong), [UNDERLAY, 4]);
    // One of the two does not ask for the field.
    assert_eq!(
        shown_by(|world| {
            let bare = lines(&["{node1.underlay.ip} > {node2.underlay.ip}: {pod1.ip} > {pod3.ip}: ICMP echo request", UNDERLAY_LINES[1]]);
            world.planned().expect[4].claim = bare;
            other(world, UNDERLAY, 0, ethernet("02:00:00:00:00:99", NODE2_MAC, &ipv4(NODE1, NODE2, 63, 4, 500, &request(63))));
        }),
        [UNDERLAY]
    );
}

/// That nobody answered follows from a packet that was lost, and from nothing else.
#[test]
fn a_missing_answer_follows_from_what_is_lost() {
    let answered = |spoil: fn(&mut World)| {
        let mut world = world();
        let documented = crate::lab::Line { text: "x".to_owned(), pattern: crate::expect::state_line("x").expect("a word") };
        let position = crate::lab::Position { line: 1, column: 1 };
        world.planned().answers = vec![crate::lab::DocumentedLine { documented, correction: None, position }];
        let outcome = world.recorded().outcome.as_mut().expect("one");
        (outcome.answer, outcome.answered_at) = (None, None);
        spoil(&mut world);
        first(&world, &PATH)
    };
    for (what, spoil, expected) in [
        ("lost", (|world| lose_the_reply(world, &[VETH])) as fn(&mut World), "Reply from node1/tunl0 not at node1/veth(pod1); [4] follow"),
        (
            "lost, and something came nevertheless",
            |world| {
                lose_the_reply(world, &[VETH]);
                world.recorded().outcome.as_mut().expect("one").answered_at = Some(1);
            },
            "Reply from node1/tunl0 not at node1/veth(pod1); [] follow",
        ),
        (
            "not lost, but another",
            |world| other(world, VETH, 1, ethernet("02:00:00:00:00:99", POD1_MAC, &reply(62))),
            "Reply from node1/tunl0 at node1/veth(pod1): Ethernet source 02:00:00:00:00:99; [] follow",
        ),
        ("nothing else", |_| {}, "beside [Answer]"),
    ] {
        assert_eq!(answered(spoil), expected, "{what}");
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
    first(&connection(near, far), &["node1/tunl0", "node2/tunl0"])
}

fn connection(near: &[(u8, bool)], far: &[(u8, bool)]) -> World {
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
    world
}

#[test]
fn a_story_follows_the_path_and_not_the_lab_file() {
    let mut world = connection(&[SYN], &[]);
    world.planned().expect.reverse();
    assert_eq!(first(&world, &["node1/tunl0", "node2/tunl0"]), "Request 1/3 from node1/tunl0 not at node2/tunl0; [1] follow");
}

#[test]
fn who_asks_is_not_known_of_lines_that_begin_amid_a_connection() {
    for skipped in [1, 2] {
        let mut world = connection(&[SYN, SYN_ACK, ACK], &[SYN]);
        for expectation in &mut world.planned().expect {
            let Claim::Lines(lines) = &mut expectation.claim else { panic!("it has lines") };
            lines.drain(..skipped);
            expectation.extent = Extent::Excerpt;
        }
        assert_eq!(first(&world, &["node1/tunl0", "node2/tunl0"]), "-", "{skipped}");
    }
}

#[test]
fn an_excerpt_of_several_packets_tells_no_story() {
    // Which of the packets its lines are about is not known, be it at the sender's first point or at a later one.
    for (excerpt, shown) in [(0, 3), (1, 3), (1, 1)] {
        let mut world = connection(&[SYN, SYN_ACK, ACK], &[]);
        let planned = &mut world.planned().expect[excerpt];
        planned.extent = Extent::Excerpt;
        let Claim::Lines(lines) = &mut planned.claim else { panic!("it has lines") };
        lines.truncate(shown);
        assert_eq!(first(&world, &["node1/tunl0", "node2/tunl0"]), "-", "{excerpt} {shown}");
    }
}

#[test]
fn of_a_connection_the_first_missing_segment_is_told() {
    for (near, far, expected) in [
        (&[SYN, SYN_ACK, ACK][..], &[SYN, SYN_ACK, ACK][..], "-"),
        (&[SYN], &[], "Request 1/3 from node1/tunl0 not at node2/tunl0; [0] follow"),
        (&[SYN], &[SYN, SYN_ACK], "Reply 2/3 from node2/tunl0 not at node1/tunl0; [1] follow"),
        (&[SYN], &[SYN], "Reply 2/3 not at node2/tunl0; [0] follow"),
        (&[SYN, RESET], &[], "Request 1/3 from node1/tunl0 not at node2/tunl0; reset from 10.9.1.3 (pod3.ip) at node1/tunl0; [0] follow"),
        (&[SYN, SYN_ACK, ACK], &[SYN, SYN_ACK], "Request 3/3 from node1/tunl0 not at node2/tunl0; [] follow"),
    ] {
        assert_eq!(of_connection(near, far), expected);
    }
    // A reset in place of the server's first segment is told with its sender, at the point nearest to that.
    let told = of_connection(&[SYN, RESET], &[SYN, RESET]);
    assert!(told.starts_with("Reply 2/3") && told.contains("at node2/tunl0"), "{told}");
    assert!(told.contains("; reset from 10.9.1.3 (pod3.ip) at node2/tunl0"), "{told}");
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
