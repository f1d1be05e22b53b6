//! How far captures can be believed.

use super::world::*;
use crate::capture::Liveness;
use crate::journey::craft::{TOKEN, echo, frame, ipv4};
use crate::packet::LinkType;
use crate::site::PointFact;

/// Something done to a capture, and how the point comes out then.
type Spoil = (fn(&mut crate::capture::Recording), &'static str);

#[test]
fn a_missing_frame_proves_nothing_where_frames_were_dropped() {
    let mut world = World::new();
    world.frames(UNDERLAY).pop();
    world.recorded().recordings[UNDERLAY].dropped = 17;
    let verdict = world.at(UNDERLAY);
    assert_eq!(spell(&verdict.outcome), "inconclusive: the kernel dropped 17 frames at node1/underlay");
    assert_eq!(spell(&verdict.lines[1].outcome), "inconclusive: the kernel dropped 17 frames at node1/underlay");
}

#[test]
fn nothing_holds_where_frames_were_dropped_or_the_capture_was_lost() {
    let spoils: [Spoil; 4] = [
        (|capture| capture.dropped = 1, "inconclusive: the kernel dropped 1 frame at node1/tunl0"),
        (
            |capture| capture.liveness = Liveness::Lost("no sentinel".to_owned()),
            "inconclusive: the capture at node1/tunl0 was lost: no sentinel",
        ),
        (
            |capture| capture.liveness = Liveness::NeverArmed("it is down".to_owned()),
            "inconclusive: the capture at node1/tunl0 never listened: it is down",
        ),
        (
            |capture| {
                let mut cut = frame(vec![0x45; 300]);
                cut.bytes.truncate(96);
                capture.frames.push(cut);
            },
            "inconclusive: only 96 bytes were kept of a frame at node1/tunl0, too few to tell whose it is",
        ),
    ];
    for (spoil, outcome) in spoils {
        let mut world = World::new();
        spoil(&mut world.recorded().recordings[TUNNEL]);
        assert_eq!(spell(&world.at(TUNNEL).outcome), outcome);
        assert_eq!(spell(&world.scenario().outcome), outcome);
        assert_eq!((spell(&world.judge().outcome).as_str(), world.judge().exit_code()), (outcome, 4));
        assert_eq!(spell(&world.at(VETH).outcome), "held");
    }
}

#[test]
fn a_frame_of_which_little_was_kept_may_be_the_probe_s() {
    for (kept, of, outcome) in [
        (127, 300, "inconclusive: only 127 bytes were kept of a frame at node1/tunl0, too few to tell whose it is"),
        (127, 128, "inconclusive: only 127 bytes were kept of a frame at node1/tunl0, too few to tell whose it is"),
        // The token stands within the first 124 bytes, whatever it is wrapped in.
        (128, 300, "held"),
        (128, 129, "held"),
        (200, 300, "held"),
        // There was no more of it.
        (127, 127, "held"),
        (60, 60, "held"),
    ] {
        let mut world = World::new();
        let mut foreign = frame(vec![0x45; of]);
        foreign.bytes.truncate(kept);
        world.frames(TUNNEL).push(foreign);
        assert_eq!(spell(&world.at(TUNNEL).outcome), outcome, "{kept} of {of}");
    }
}

#[test]
fn what_was_seen_and_is_wrong_is_broken_whatever_was_missed() {
    for liveness in [Liveness::Alive, Liveness::Lost("no sentinel".to_owned())] {
        let mut world = World::new();
        let capture = &mut world.recorded().recordings[UNDERLAY];
        capture.dropped = 3;
        capture.liveness = liveness;
        let wrong = ipv4(NODE1, "172.30.0.9", 63, 4, 500, &request(63));
        world.frames(UNDERLAY)[0] = frame(crate::journey::craft::ethernet(NODE1_MAC, NODE2_MAC, &wrong));
        assert_eq!(spell(&world.at(UNDERLAY).outcome), "broken: 1 line does not hold");
        // Also what is too much.
        let mut world = World::new();
        world.recorded().recordings[UNDERLAY].dropped = 3;
        let again = world.frames(UNDERLAY)[1].clone();
        world.frames(UNDERLAY).push(again);
        assert_eq!(spell(&world.at(UNDERLAY).outcome), "broken: 1 frame that no line accounts for");
    }
}

#[test]
fn a_point_without_a_capture_or_with_two_is_inconclusive() {
    let mut world = World::new();
    let twice = world.recorded().recordings[TUNNEL].clone();
    world.recorded().recordings.push(twice);
    assert_eq!(spell(&world.at(TUNNEL).outcome), "inconclusive: there are two captures at node1/tunl0");
    let mut world = World::new();
    world.recorded().recordings.remove(TUNNEL);
    let verdict = world.at(TUNNEL);
    assert_eq!(spell(&verdict.outcome), "inconclusive: nothing was captured at node1/tunl0");
    assert_eq!((verdict.lines.len(), verdict.lines[0].observed.clone()), (2, None));
}

#[test]
fn a_capture_of_another_interface_than_the_point_s_is_inconclusive() {
    let mut world = World::new();
    let capture = &world.evidence.scenarios[0].recordings[TUNNEL];
    let mut fact = PointFact { place: capture.place.clone(), interface: capture.interface.clone(), link: LinkType::Raw };
    world.evidence.facts.points.insert(capture.point.clone(), fact.clone());
    assert_eq!(spell(&world.at(TUNNEL).outcome), "held");
    fact.interface = "tunl1".to_owned();
    let point = world.evidence.scenarios[0].recordings[TUNNEL].point.clone();
    world.evidence.facts.points.insert(point, fact);
    assert_eq!(spell(&world.at(TUNNEL).outcome), "inconclusive: node1/tunl0 is tunl1 in node1, but the capture is of if-tunl0 in node1");
}

#[test]
fn a_probe_that_never_left_leaves_every_point_inconclusive() {
    for (spoil, why) in [(0, "the probe never left: network is unreachable"), (1, "the probe never left"), (2, "no probe was sent")] {
        let mut world = World::new();
        let outcome = world.recorded().outcome.as_mut().expect("it is there");
        outcome.sent_at = None;
        outcome.error = (spoil == 0).then(|| "network is unreachable".to_owned());
        if spoil == 2 {
            world.recorded().outcome = None;
        }
        for point in [VETH, TUNNEL, UNDERLAY, CNI0] {
            assert_eq!(spell(&world.at(point).outcome), format!("inconclusive: {why}"));
        }
        // State is no matter of the probe.
        assert_eq!(spell(&world.at(4).outcome), "held");
        assert_eq!(world.judge().exit_code(), 4);
    }
}

#[test]
fn a_probe_that_left_and_was_seen_nowhere_breaks_its_lines_but_proves_no_absence() {
    let mut world = World::new();
    for point in [VETH, TUNNEL, UNDERLAY] {
        world.frames(point).clear();
    }
    assert_eq!(spell(&world.at(VETH).outcome), "broken: 2 lines do not hold");
    assert_eq!(
        spell(&world.at(CNI0).outcome),
        "inconclusive: the probe was seen at no point at all, so that it was not seen at node1/cni0 proves nothing"
    );
}

#[test]
fn absence_needs_every_proof() {
    let spoils: [Spoil; 5] = [
        (|_| {}, "held"),
        (|capture| capture.dropped = 1, "inconclusive: the kernel dropped 1 frame at node1/cni0"),
        (
            |capture| capture.liveness = Liveness::Lost("no sentinel".to_owned()),
            "inconclusive: the capture at node1/cni0 was lost: no sentinel",
        ),
        (
            |capture| capture.liveness = Liveness::NeverArmed("no such device".to_owned()),
            "inconclusive: the capture at node1/cni0 never listened: no such device",
        ),
        (
            |capture| capture.promiscuous = true,
            "inconclusive: somebody put node1/cni0 into promiscuous mode, in which it shows frames that it would not take",
        ),
    ];
    for (spoil, outcome) in spoils {
        let mut world = World::new();
        spoil(&mut world.recorded().recordings[CNI0]);
        assert_eq!(spell(&world.at(CNI0).outcome), outcome);
    }
}

#[test]
fn presence_where_none_should_be_is_broken_whatever_was_missed() {
    let mut world = World::new();
    world.frames(CNI0).push(frame(veth(&request(64))));
    let verdict = world.at(CNI0);
    assert_eq!(spell(&verdict.outcome), "broken: 1 frame of the probe where none should be");
    assert_eq!(verdict.unexpected.len(), 1);
    world.recorded().recordings[CNI0].dropped = 5;
    assert_eq!(spell(&world.at(CNI0).outcome), "broken: 1 frame of the probe where none should be");
    // In promiscuous mode it may be a frame that the interface would not have taken.
    world.recorded().recordings[CNI0].promiscuous = true;
    assert!(spell(&world.at(CNI0).outcome).starts_with("inconclusive: "));
}

#[test]
fn absence_is_not_held_of_a_frame_in_an_unknown_tunnel() {
    let mut world = World::new();
    world.frames(CNI0).push(frame(veth(&ipv4(NODE1, NODE2, 64, 253, 1, &request(64)))));
    assert_eq!(spell(&world.at(CNI0).outcome), "broken: 1 frame of the probe where none should be");
}

#[test]
fn no_lines_at_all_claim_absence_with_all_its_proofs() {
    let mut world = World::new();
    world.document(CNI0, &[]);
    assert_eq!(spell(&world.at(CNI0).outcome), "held");
    world.recorded().recordings[CNI0].promiscuous = true;
    assert!(spell(&world.at(CNI0).outcome).starts_with("inconclusive: "));
    world.recorded().recordings[CNI0].promiscuous = false;
    for point in [VETH, TUNNEL, UNDERLAY] {
        world.frames(point).clear();
    }
    assert!(spell(&world.at(CNI0).outcome).starts_with("inconclusive: the probe was seen at no point at all"));
}

#[test]
fn points_that_nothing_is_expected_of_are_shown() {
    let mut world = World::new();
    world.planned().expect.remove(TUNNEL);
    let shown = world.scenario().unasserted;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].0.as_str(), "node1/tunl0");
    assert_eq!(shown[0].1[0], "ip: 10.9.0.1 > 10.9.1.3: ICMP echo request, id 4242, seq 1, length 64");
}

#[test]
fn the_second_of_two_like_lines_is_the_one_that_is_missing() {
    // Seen twice on one interface (in and out again), documented with both TTLs; the first was dropped.
    let lines = ["ip: (ttl 63) {pod1.ip} > {pod3.ip}: ICMP echo request", "ip: (ttl 62) {pod1.ip} > {pod3.ip}: ICMP echo request"];
    let mut world = World::new();
    world.document(TUNNEL, &lines);
    *world.frames(TUNNEL) = vec![frame(ipv4(POD1, POD3, 62, 1, 77, &echo(8, ID, SEQUENCE, TOKEN)))];
    world.recorded().recordings[TUNNEL].dropped = 1;
    let verdict = world.at(TUNNEL);
    assert_eq!(spell(&verdict.lines[1].outcome), "held");
    assert_eq!(spell(&verdict.lines[0].outcome), "inconclusive: the kernel dropped 1 frame at node1/tunl0");
    assert_eq!(spell(&verdict.outcome), "inconclusive: the kernel dropped 1 frame at node1/tunl0");
}

#[test]
fn somebody_elses_promiscuous_mode_casts_doubt_on_lines_too() {
    // What the capture shows, and how the point and its lines come out: what is nowhere among all that was shown is not there.
    type Case = (&'static str, Vec<crate::packet::Frame>, &'static str, [&'static str; 2]);
    const WHY: &str = "inconclusive: somebody put node1/underlay into promiscuous mode, in which it shows frames that it would not take";
    let outer =
        |to: &str, packet: &[u8]| frame(crate::journey::craft::ethernet(NODE1_MAC, NODE2_MAC, &ipv4(NODE1, to, 63, 4, 500, packet)));
    let astray = || outer("172.30.0.9", &request(63));
    let (asked, answered) = (frame(wire(&request(63))), frame(wire_back(&reply(63))));
    let cases: [Case; 8] = [
        ("all of it", vec![asked.clone(), answered.clone()], WHY, [WHY, WHY]),
        ("and something else", vec![asked.clone(), astray(), answered.clone()], WHY, [WHY, WHY]),
        ("and one twice", vec![asked.clone(), asked.clone(), answered.clone()], WHY, [WHY, WHY]),
        ("the wrong way round", vec![answered.clone(), asked.clone()], WHY, [WHY, WHY]),
        ("nothing", vec![], "broken: 2 lines do not hold", ["broken: not seen", "broken: not seen"]),
        ("one alone", vec![asked.clone()], "broken: 1 line does not hold", [WHY, "broken: not seen"]),
        ("one that is wrong", vec![astray(), answered.clone()], "broken: 1 line does not hold", ["broken: 1 field differs", WHY]),
        ("two that are wrong", vec![astray(), astray()], "broken: 2 lines do not hold", ["broken: 1 field differs", "broken: not seen"]),
    ];
    for (what, frames, outcome, lines) in cases {
        let mut world = World::new();
        *world.frames(UNDERLAY) = frames;
        world.recorded().recordings[UNDERLAY].promiscuous = true;
        let verdict = world.at(UNDERLAY);
        assert_eq!(spell(&verdict.outcome), outcome, "{what}");
        assert_eq!(verdict.lines.iter().map(|line| spell(&line.outcome)).collect::<Vec<_>>(), lines, "{what}");
        // Where frames were dropped as well, nothing is proven at all.
        world.recorded().recordings[UNDERLAY].dropped = 1;
        assert!(spell(&world.at(UNDERLAY).outcome).starts_with("inconclusive: "), "{what}");
    }
}

#[test]
fn what_is_seen_elsewhere_must_be_the_probe_itself() {
    let about = || frame(ipv4(NODE1, POD1, 64, 1, 5, &crate::journey::craft::error(11, 0, &request(1))));
    let unknown = || frame(ipv4(NODE1, NODE2, 64, 253, 1, &TOKEN.0));
    let neither = "inconclusive: neither a request nor a reply of the probe was seen at another point, so that it was not seen at node1/cni0 proves nothing";
    for (what, seen, outcome) in [
        ("the request", frame(request(63)), "held"),
        ("the reply", frame(reply(63)), "held"),
        ("an error", about(), neither),
        ("who knows what", unknown(), neither),
    ] {
        let mut world = World::new();
        for point in [VETH, UNDERLAY] {
            world.frames(point).clear();
        }
        *world.frames(TUNNEL) = vec![seen];
        assert_eq!(spell(&world.at(CNI0).outcome), outcome, "{what}");
    }
}

#[test]
fn two_captures_of_one_interface_must_agree() {
    let why = "node1/cni0 and node1/veth(pod1) are captures of if-veth(pod1) in node1, and they do not show the same";
    let mut world = World::new();
    world.recorded().recordings[CNI0].interface = "if-veth(pod1)".to_owned();
    assert_eq!(spell(&world.at(CNI0).outcome), format!("inconclusive: {why}"));
    assert!(spell(&world.at(VETH).outcome).starts_with("inconclusive: node1/veth(pod1) and node1/cni0 are captures of "));
    assert_eq!(spell(&world.at(TUNNEL).outcome), "held");
    // What was seen is no less there, and where both show the same there is no doubt.
    world.frames(CNI0).push(frame(veth(&request(64))));
    assert_eq!(spell(&world.at(CNI0).outcome), "broken: 1 frame of the probe where none should be");
    world.frames(CNI0).push(frame(veth_back(&reply(62))));
    assert_eq!(spell(&world.at(VETH).outcome), "held");
    // The same name in another place is another interface.
    let mut world = World::new();
    world.recorded().recordings[CNI0].interface = "if-veth(pod1)".to_owned();
    world.recorded().recordings[CNI0].place = crate::name::PlaceName::new("node2");
    assert_eq!(spell(&world.at(CNI0).outcome), "held");
}
