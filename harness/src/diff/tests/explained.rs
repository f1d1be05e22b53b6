//! What explains a difference, and what does not.

use super::world::*;
use crate::journey::craft::{ethernet, frame};

const FIRST_LINES: &str = "  - at: node1/tunl0
    lines: |
      ip: {pod1.ip} > {pod3.ip}: ICMP echo request
      ip: {pod3.ip} > {pod1.ip}: ICMP echo reply
";

/// The second run is one of a real cluster.
fn real(mut world: World) -> World {
    world.runs[1].facts.backend = "kind".to_owned();
    world.runs[1].manifest.backend = "kind".to_owned();
    world.output("ip neigh").push_str("172.18.0.1 dev ens3 lladdr 02:00:00:00:00:09 STALE\n");
    world
}

const NEIGHBOUR: &str = "ip neigh: asked of 1 (only a real node speaks to its gateway)";

#[test]
fn what_only_one_run_is_asked_is_explained_by_the_lab() {
    let world = real(World::new());
    assert_eq!(world.told(), [NEIGHBOUR]);
    let diff = world.diff().unwrap();
    assert_eq!((diff.exit_code(), diff.tally().explained), (0, 1));
}

#[test]
fn a_hole_in_the_labs_line_explains_the_word_and_its_correction_says_why() {
    let mut world = World::new();
    let route = world.output("ip route");
    *route = route.replace("default via 172.18.22.1 dev ens3", "default via 172.18.0.1 proto static metric 100 dev eth0");
    let line = "ip route, default via 172.18.22.1 ** dev ens3";
    assert_eq!(
        world.told()[..3],
        [
            format!("{line}: word 3: 172.18.22.1 | 172.18.0.1 (the gateway is the host's)"),
            format!("{line}: word 4: nothing | proto static metric 100 (the gateway is the host's)"),
            format!("{line}: word 5: ens3 | eth0 (the gateway is the host's)"),
        ]
    );
    assert_eq!(world.diff().unwrap().exit_code(), 0);
}

#[test]
fn what_a_kernel_chooses_anew_explains_itself_but_nothing_else() {
    let mut world = World::new();
    *world.output("ip addr") = "17: ens3@if102: <UP> mtu 1500 qdisc noqueue state UP\n".to_owned();
    let line = "ip addr, 3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP";
    assert_eq!(
        world.told()[..2],
        [
            format!("{line}: word 1: 3: | 17: (an interface's number)"),
            format!("{line}: word 3: @if5: | @if102: (the number of the other end)"),
        ]
    );
    *world.output("ip addr") = "17: ens3@if102: <UP> mtu 1480 qdisc noqueue state UP\n".to_owned();
    assert_eq!(world.told()[2], format!("{line}: word 6: 1500 | 1480"));
    assert_eq!(world.diff().unwrap().exit_code(), 1);
}

#[test]
fn a_when_at_a_point_explains_the_fields_that_its_line_mentions() {
    let on_kind = "  - at: node1/tunl0
    lines: |
      ip: (ttl 62) {pod1.ip} > {pod3.ip}: ICMP echo request
      ip: {pod3.ip} > {pod1.ip}: ICMP echo reply
    when: {backend: kind, because: \"a real proxy is a hop\"}
";
    let spoilt = |ttl: u8, tos: u8| {
        let mut world = real(World::with(FIRST_LINES, on_kind));
        world.frames(TUNNEL)[0] = frame(request(&OTHER, ttl));
        let bytes = &mut world.frames(TUNNEL)[0].bytes;
        bytes[1] = tos;
        // RFC 1624: the header's checksum goes down by as much.
        let checksum = u16::from_be_bytes([bytes[10], bytes[11]]).wrapping_sub(tos.into());
        bytes[10..12].copy_from_slice(&checksum.to_be_bytes());
        world
    };
    assert_eq!(spoilt(62, 0).told(), ["node1/tunl0, packet 1: IPv4 TTL: 63 | 62 (a real proxy is a hop)", NEIGHBOUR]);
    assert_eq!(spoilt(62, 0).diff().unwrap().exit_code(), 0);
    // What the line does not mention it does not explain.
    assert_eq!(
        spoilt(62, 4).told()[..2],
        ["node1/tunl0, packet 1: IPv4 TTL: 63 | 62 (a real proxy is a hop)", "node1/tunl0, packet 1: IPv4 TOS: 0x0 | 0x4"]
    );
    // Nor does it where it is asked of both, or of neither.
    for backend in ["netns", "cluster"] {
        let mut world = World::with(FIRST_LINES, &on_kind.replace("backend: kind", "backend: netns"));
        world.frames(TUNNEL)[0] = frame(request(&OTHER, 62));
        for run in &mut world.runs {
            run.facts.backend = backend.to_owned();
        }
        assert_eq!(world.told()[0], "node1/tunl0, packet 1: IPv4 TTL: 63 | 62", "{backend}");
    }
}

#[test]
fn a_when_explains_packets_that_its_run_alone_has_or_has_not() {
    let when = "when: {backend: kind, because: \"a real node asks twice\"}";
    let twice = format!("{FIRST_LINES}    {when}\n")
        .replace("ip: {pod1.ip}", "ip: (ttl 63) {pod1.ip}")
        .replace("echo reply\n", "echo reply\n      ip: (ttl 62) {pod1.ip} > {pod3.ip}: ICMP echo request\n");
    let mut world = real(World::with(FIRST_LINES, &twice));
    world.frames(TUNNEL).push(frame(request(&OTHER, 62)));
    assert_eq!(world.told()[0], "node1/tunl0, packet 3: packet: not seen | seen (a real node asks twice)");
    let absent = format!("  - {{at: node1/tunl0, none: true, {when}}}\n");
    let mut world = real(World::with(FIRST_LINES, &absent));
    world.frames(TUNNEL).clear();
    let lost = |packet: u8| format!("node1/tunl0, packet {packet}: packet: seen | not seen (a real node asks twice)");
    assert_eq!(world.told()[..2], [lost(1), lost(2)]);
    // The whole of a stack, where its line shows it.
    let bare = format!("{FIRST_LINES}    {when}\n");
    let mut world = real(World::with(FIRST_LINES, &bare));
    world.runs[0].scenarios[PING].recordings[TUNNEL].link = crate::packet::LinkType::Ethernet;
    world.runs[0].scenarios[PING].recordings[TUNNEL].frames =
        vec![frame(ethernet(ONE.macs[1], ONE.macs[2], &request(&ONE, 63))), frame(ethernet(ONE.macs[2], ONE.macs[1], &reply(&ONE, 63)))];
    assert_eq!(world.told()[0], "node1/tunl0, packet 1: layers: Ethernet, IPv4, ICMP | IPv4, ICMP (a real node asks twice)");
}

#[test]
fn what_is_emulated_and_other_versions_explain_nothing() {
    let mut world = World::new();
    world.runs[0].facts.emulated = vec![crate::site::Emulated { what: "ipip".to_owned(), how: "a stand-in".to_owned() }];
    world.runs[1].facts.versions.insert("cni".to_owned(), "v3.33.0".to_owned());
    world.frames(TUNNEL)[0] = frame(request(&OTHER, 62));
    assert_eq!(world.told()[0], "node1/tunl0, packet 1: IPv4 TTL: 63 | 62");
    let diff = world.diff().unwrap();
    assert_eq!(diff.exit_code(), 1);
    assert_eq!(diff.sides[1].versions["cni"], "v3.33.0");
}

#[test]
fn an_expectation_that_does_not_hold_explains_nothing() {
    let on_kind = "  - at: node1/tunl0
    lines: |
      ip: (ttl 61) {pod1.ip} > {pod3.ip}: ICMP echo request
      ip: {pod3.ip} > {pod1.ip}: ICMP echo reply
    when: {backend: kind, because: \"a real proxy is a hop\"}
";
    let mut world = real(World::with(FIRST_LINES, on_kind));
    world.frames(TUNNEL)[0] = frame(request(&OTHER, 62));
    assert_eq!(world.told(), ["node1/tunl0, packet 1: IPv4 TTL: 63 | 62", NEIGHBOUR]);
    assert_eq!(world.diff().unwrap().exit_code(), 1);
}
