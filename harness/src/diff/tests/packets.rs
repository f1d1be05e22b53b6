//! Fields of packets.

use super::world::*;
use crate::journey::craft::{TOKEN, echo, ethernet, frame, ipv4, udp};

/// What is told besides of two runs that differ in these.
fn told(world: &World) -> Vec<String> {
    world.told().into_iter().filter(|told| told != SKIPPED).collect()
}

#[test]
fn other_addresses_of_the_same_names_and_other_numbers_are_the_same() {
    let world = World::new();
    assert_eq!(world.told(), [SKIPPED]);
    let diff = world.diff().unwrap();
    assert_eq!(diff.exit_code(), 0);
    let tally = diff.tally();
    assert_eq!((tally.agree, tally.explained, tally.unexplained, tally.unknown, tally.skipped), (10, 0, 0, 0, 1));
    let pod = &diff.scenarios[PING].parts[POD];
    assert_eq!((pod.pairs.len(), pod.pairs[0].fields), (2, 18));
    assert_eq!(pod.interfaces, ["if-eth0", "if-eth0"]);
}

#[test]
fn every_field_that_differs_is_told_with_its_place_in_both_packets() {
    let mut longer = echo(8, OTHER.id, OTHER.sequence, TOKEN);
    longer.extend([0; 8]);
    let pod = |packet: &[u8]| ethernet(OTHER.macs[0], CALI, packet);
    let of = |payload: &[u8], flags: u8| {
        let mut packet = ipv4(OTHER.pod1, OTHER.pod3, 64, 1, OTHER.packet, payload);
        packet[6] = flags;
        packet
    };
    let plain = echo(8, OTHER.id, OTHER.sequence, TOKEN);
    for (spoilt, found) in [
        (pod(&request(&OTHER, 63)), vec!["pod1/eth0, packet 1: IPv4 TTL: 64 | 63"]),
        (
            pod(&of(&longer, 0x40)),
            vec![
                "pod1/eth0, packet 1: frame length: 98 | 106",
                "pod1/eth0, packet 1: IPv4 length: 84 | 92",
                "pod1/eth0, packet 1: ICMP length: 64 | 72",
            ],
        ),
        (pod(&of(&plain, 0)), vec!["pod1/eth0, packet 1: IPv4 flags: DF | none"]),
        (
            ethernet(OTHER.macs[0], "02:00:00:00:00:99", &request(&OTHER, 64)),
            vec!["pod1/eth0, packet 1: Ethernet destination: ee:ee:ee:ee:ee:ee | 02:00:00:00:00:99"],
        ),
    ] {
        let mut world = World::new();
        world.frames(POD)[0] = frame(spoilt);
        assert_eq!(told(&world), found);
        assert_eq!(world.diff().unwrap().exit_code(), 1);
    }
    let mut world = World::new();
    world.frames(POD)[0] = frame(pod(&request(&OTHER, 63)));
    let diff = world.diff().unwrap();
    let pair = &diff.scenarios[PING].parts[POD].pairs[0];
    for (side, ttl) in [(0, "64"), (1, "63")] {
        let text = pair.texts[side].as_ref().unwrap();
        assert_eq!(text.get(pair.differences[0].spans[side].clone().unwrap()), Some(ttl), "{text}");
    }
}

#[test]
fn an_equal_address_of_another_name_differs() {
    // The first run's pod3 has the address of the second's pod1.
    let mut world = World::new();
    let to_itself = ipv4(OTHER.pod1, OTHER.pod1, 63, 1, OTHER.packet, &echo(8, OTHER.id, OTHER.sequence, TOKEN));
    assert_eq!(OTHER.pod1, ONE.pod3);
    world.frames(TUNNEL)[0] = frame(to_itself);
    assert_eq!(told(&world), ["node1/tunl0, packet 1: IPv4 destination: 10.244.146.205 | 10.244.146.205"]);
    // An equal one that neither has a name for says the same.
    let mut world = World::new();
    for (run, site) in [(0, &ONE), (1, &OTHER)] {
        let strange = ipv4(site.pod1, "10.1.2.3", 63, 1, site.packet, &echo(8, site.id, site.sequence, TOKEN));
        world.runs[run].scenarios[PING].recordings[TUNNEL].frames[0] = frame(strange);
    }
    assert_eq!(told(&world), Vec::<String>::new());
}

#[test]
fn numbers_of_a_run_must_stand_for_each_other_at_every_point() {
    let with = |id: u16, sequence: u16, packet: u16| ipv4(OTHER.pod1, OTHER.pod3, 63, 1, packet, &echo(8, id, sequence, TOKEN));
    for (spoilt, found) in [
        (with(9, OTHER.sequence, OTHER.packet), "node1/tunl0, packet 1: ICMP id: 7 | 9, though 7 is 4242 in packet 1 at pod1/eth0"),
        (with(OTHER.id, 9, OTHER.packet), "node1/tunl0, packet 1: ICMP seq: 1 | 9, though 1 is 12 in packet 1 at pod1/eth0"),
        (with(OTHER.id, OTHER.sequence, 9), "node1/tunl0, packet 1: IPv4 id: 100 | 9, though 100 is 9000 in packet 1 at pod1/eth0"),
        (with(OTHER.id, OTHER.sequence, 0), "node1/tunl0, packet 1: IPv4 id: 100 | 0"),
    ] {
        let mut world = World::new();
        world.frames(TUNNEL)[0] = frame(spoilt);
        assert_eq!(told(&world), [found]);
    }
}

#[test]
fn what_is_in_a_tunnel_and_whether_there_is_a_link_layer_is_compared() {
    let mut world = World::new();
    let [_, node1, node2] = OTHER.macs;
    let bare = ethernet(node1, node2, &ipv4(OTHER.node1, OTHER.node2, 63, 17, OTHER.packet + 50, &udp(9, 9, &request(&OTHER, 63))));
    world.frames(WIRE)[0] = frame(bare);
    let found = told(&world);
    assert_eq!(found[0], "node1/underlay, packet 1: layers: Ethernet, IPv4, IPv4, ICMP | Ethernet, IPv4, UDP");
    let mut world = World::new();
    let recording = &mut world.other(PING).recordings[TUNNEL];
    recording.link = crate::packet::LinkType::Ethernet;
    recording.frames[0] = frame(ethernet(node1, node2, &request(&OTHER, 63)));
    recording.frames[1] = frame(ethernet(node2, node1, &reply(&OTHER, 63)));
    let found = told(&world);
    assert_eq!(
        found,
        [
            "node1/tunl0, packet 1: layers: IPv4, ICMP | Ethernet, IPv4, ICMP",
            "node1/tunl0, packet 2: layers: IPv4, ICMP | Ethernet, IPv4, ICMP"
        ]
    );
}

/// Something done to a segment's bytes.
type Spoil = fn(&mut Vec<u8>);

#[test]
fn segments_are_compared_from_their_flags_to_their_window() {
    let spoils: [(usize, Spoil, &str); 5] = [
        (2, |bytes| bytes[14 + 20 + 14] = 0x10, "pod1/eth0, packet 3: TCP window: 8192 | 4096"),
        (3, |bytes| bytes[14 + 20 + 13] = 0x10, "pod1/eth0, packet 4: TCP flags: P. | ."),
        (2, |bytes| bytes[14 + 20 + 22] = 1, "pod1/eth0, packet 3: TCP options: nop,nop,TS val 5100 ecr 5900 | nop,nop,nop"),
        (0, |bytes| bytes[14 + 20 + 3] = 81, "pod1/eth0, packet 1: TCP destination port: 80 | 81"),
        (4, |bytes| bytes[14 + 8] = 61, "pod1/eth0, packet 5: IPv4 TTL: 62 | 61"),
    ];
    for (index, spoil, found) in spoils {
        let mut world = World::new();
        spoil(&mut world.other(CURL).recordings[0].frames[index].bytes);
        let told = told(&world);
        assert!(told.iter().any(|told| told == found), "{found}: {told:#?}");
    }
}

#[test]
fn what_one_run_sent_again_or_acknowledged_alone_is_not_comparable() {
    let frames = |world: &mut World| world.other(CURL).recordings[0].frames.len();
    for (what, extra, after, why) in
        [("the question", 3, 4, "the segment seq 1:"), ("the first segment", 0, 1, "the segment Flags [S] was sent again")]
    {
        let mut world = World::new();
        let again = world.other(CURL).recordings[0].frames[extra].clone();
        let before = frames(&mut world);
        world.other(CURL).recordings[0].frames.insert(after, again);
        assert_eq!(frames(&mut world), before + 1);
        let diff = world.diff().expect("they can be compared");
        assert_eq!(diff.exit_code(), 4, "{what}");
        assert!(told(&world).iter().any(|line| line.contains(why)), "{what}: {:?}", told(&world));
    }
}

#[test]
fn a_position_in_a_stream_is_relative_and_the_start_stands_for_the_start() {
    // One byte further on, in a packet that is otherwise the same.
    let mut world = World::new();
    let late = segment(&OTHER, Way::Back, ACK, (1, 48), (900, 100), b"");
    world.other(CURL).recordings[0].frames[4] = frame(late);
    let found = told(&world);
    assert_eq!(found, ["pod1/eth0, packet 5: TCP ack: 49 | 48"]);
}

#[test]
fn a_clock_may_tick_but_not_within_a_handshake() {
    // Behind the handshake: two packets had one stamp in one run and have two in the other.
    let mut world = World::new();
    world.other(CURL).recordings[0].frames[3] = frame(segment(&OTHER, Way::There, PUSH, (1, 1), (101, 900), &question()));
    assert_eq!(told(&world), Vec::<String>::new());
    let mut world = World::new();
    world.other(CURL).recordings[0].frames[1] = frame(segment(&OTHER, Way::Back, SYN | ACK, (0, 1), (900, 101), b""));
    assert_eq!(told(&world), ["pod1/eth0, packet 2: TCP TS ecr: 5100 | 77101, though 5100 is 77100 in packet 1 at pod1/eth0"]);
    // An echo of nothing is none.
    let mut world = World::new();
    world.other(CURL).recordings[0].frames[2] = frame(segment(&OTHER, Way::There, ACK, (1, 1), (100, 0), b""));
    assert_eq!(told(&world), ["pod1/eth0, packet 3: TCP TS ecr: 5900 | 0"]);
}

#[test]
fn a_clients_port_is_any_number_but_one() {
    // A port that is drawn from all there are may be one that a Service could have.
    let ports = |world: &mut World, from: usize| {
        for frame in &mut world.other(CURL).recordings[0].frames[from..] {
            let source = frame.bytes[14 + 20] == 0 && frame.bytes[14 + 21] == 80;
            let at = if source { 14 + 22 } else { 14 + 20 };
            frame.bytes[at..at + 2].copy_from_slice(&31_842_u16.to_be_bytes());
        }
    };
    let mut world = World::new();
    ports(&mut world, 0);
    let conntrack = &mut world.other(CURL).state[0].stdout;
    *conntrack = conntrack.replace("51515", "31842");
    assert_eq!(told(&world), Vec::<String>::new());
    let mut world = World::new();
    ports(&mut world, 5);
    assert_eq!(told(&world)[0], "pod1/eth0, packet 6: TCP destination port: 40000 | 31842, though 40000 is 51515 in packet 1 at pod1/eth0");
}

/// An IPv4 packet with forty bytes of options, in which a token stands as behind the header of an echo request.
fn with_options(site: &Site, payload: &[u8]) -> Vec<u8> {
    let mut packet = ipv4(site.pod1, site.pod3, 63, 4, site.packet, &[&[8, 0, 0, 0, 0, 0, 0, 0], &TOKEN.0[..], &[0; 16], payload].concat());
    packet[0] = 0x4f;
    packet
}

#[test]
fn of_a_packet_that_was_not_kept_whole_not_all_can_be_compared() {
    let mut world = World::new();
    for (run, site) in [(0, &ONE), (1, &OTHER)] {
        let whole = wire(site, &with_options(site, &with_options(site, &request(site, 63))));
        world.runs[run].scenarios[PING].recordings[WIRE].frames[0] = frame(whole);
    }
    assert_eq!(told(&world), Vec::<String>::new());
    world.frames(WIRE)[0].bytes.truncate(130);
    let why = "too little of the packet was kept to see all its headers";
    assert_eq!(told(&world), [format!("node1/underlay, packet 1, a request: unknown: {why}")]);
    assert_eq!(world.diff().unwrap().exit_code(), 4);
}
