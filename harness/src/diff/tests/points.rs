//! Points: which packet is held against which, and what captures can be believed.

use super::world::*;
use crate::capture::{Liveness, Recording};
use crate::journey::craft::frame;

fn told(world: &World) -> Vec<String> {
    world.told().into_iter().filter(|told| told != SKIPPED).collect()
}

#[test]
fn a_packet_too_many_or_too_few_is_told_and_the_others_are_paired_all_the_same() {
    let mut world = World::new();
    let again = world.frames(TUNNEL)[0].clone();
    world.frames(TUNNEL).insert(0, again);
    assert_eq!(told(&world), ["node1/tunl0, packet 3: packet: not seen | seen"]);
    let mut world = World::new();
    world.frames(TUNNEL).remove(0);
    assert_eq!(told(&world), ["node1/tunl0, packet 1: packet: seen | not seen"]);
    let mut world = World::new();
    world.other(CURL).recordings[0].frames.remove(5);
    assert_eq!(told(&world), ["pod1/eth0, packet 6: packet: seen | not seen"]);
    assert_eq!(world.diff().unwrap().exit_code(), 1);
    // Whether an acknowledgement comes alone is a matter of time.
    let mut world = World::new();
    world.other(CURL).recordings[0].frames.remove(4);
    let why = "a bare acknowledgement that no packet of the other run accounts for, ack 49";
    assert_eq!(told(&world), [format!("pod1/eth0, packet 5, a reply: unknown: {why}")]);
    assert_eq!(world.diff().unwrap().exit_code(), 4);
}

#[test]
fn a_packet_where_the_other_run_has_none_differs() {
    let mut world = World::new();
    let stray = frame(wire(&OTHER, &request(&OTHER, 63)));
    world.frames(ASIDE).push(stray);
    assert_eq!(told(&world), ["node1/default, packet 1: packet: not seen | seen"]);
}

#[test]
fn how_flows_interleave_is_a_matter_of_time_and_their_own_order_is_not() {
    // A point that sees the request before a tunnel and in it.
    let at = |world: &mut World, run: usize, order: [usize; 4]| {
        let site = [&ONE, &OTHER][run];
        let frames = [
            crate::journey::craft::ethernet(site.macs[1], site.macs[2], &request(site, 64)),
            wire(site, &request(site, 63)),
            wire_back(site, &reply(site, 63)),
            crate::journey::craft::ethernet(site.macs[2], site.macs[1], &reply(site, 62)),
        ];
        world.runs[run].scenarios[PING].recordings[WIRE].frames = order.map(|index| frame(frames[index].clone())).to_vec();
    };
    let mut world = World::new();
    at(&mut world, 0, [0, 1, 2, 3]);
    at(&mut world, 1, [0, 2, 1, 3]);
    assert_eq!(told(&world), Vec::<String>::new());
    // Two segments of one flow in the other order.
    let mut world = World::new();
    world.other(CURL).recordings[0].frames.swap(2, 3);
    assert_ne!(told(&world), Vec::<String>::new());
}

#[test]
fn a_point_that_one_run_did_not_capture_at_is_not_compared() {
    let mut world = World::new();
    world.other(PING).recordings.remove(WIRE);
    assert_eq!(told(&world), ["node1/underlay: unknown: - | nothing was captured at node1/underlay"]);
    assert_eq!(world.diff().unwrap().exit_code(), 4);
    world.runs.swap(0, 1);
    world.plans.swap(0, 1);
    assert_eq!(told(&world), ["node1/underlay: unknown: nothing was captured at node1/underlay | -"]);
}

/// Something done to a capture, and what is told of the point then.
type Spoil = (fn(&mut Recording), &'static str);

#[test]
fn a_capture_that_cannot_be_believed_is_never_the_same() {
    let spoils: [Spoil; 4] = [
        (|capture| capture.dropped = 1, "the kernel dropped 1 frame at node1/default"),
        (|capture| capture.liveness = Liveness::Lost("no sentinel".to_owned()), "the capture at node1/default was lost: no sentinel"),
        (
            |capture| capture.liveness = Liveness::NeverArmed("it is down".to_owned()),
            "the capture at node1/default never listened: it is down",
        ),
        (
            |capture| capture.promiscuous = true,
            "somebody put node1/default into promiscuous mode, in which it shows frames that it would not take",
        ),
    ];
    for (spoil, why) in spoils {
        let mut world = World::new();
        spoil(&mut world.other(PING).recordings[ASIDE]);
        assert_eq!(told(&world), [format!("node1/default: unknown: - | {why}")]);
        assert_eq!(world.diff().unwrap().exit_code(), 4);
    }
    // Nor is one that differs: what it missed may be the difference.
    let mut world = World::new();
    world.other(PING).recordings[POD].dropped = 2;
    world.frames(POD).clear();
    assert_eq!(told(&world), ["pod1/eth0: unknown: - | the kernel dropped 2 frames at pod1/eth0"]);
}

#[test]
fn a_probe_that_never_left_says_nothing_anywhere() {
    let mut world = World::new();
    let outcome = world.other(PING).outcome.as_mut().unwrap();
    outcome.sent_at = None;
    let told = told(&world);
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told.iter().all(|told| told.ends_with("unknown: - | the probe never left")), "{told:#?}");
    // Nor one that was seen at no point at all.
    let mut world = World::new();
    world.other(PING).recordings.iter_mut().for_each(|recording| recording.frames.clear());
    assert!(world.told()[0].contains("the probe was seen at no point at all"), "{:?}", world.told());
    assert_eq!(world.diff().unwrap().exit_code(), 4);
}
