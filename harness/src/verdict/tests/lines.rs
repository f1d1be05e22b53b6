//! Lines against frames.

use super::world::*;
use crate::journey::craft::{TOKEN, echo, error, ethernet, frame, ipv4, udp};
use crate::lab::LabTunnel;
use crate::name::Symbol;
use crate::packet::LinkType;
use crate::site::TunnelKind;

#[test]
fn all_holds_when_all_is_as_documented() {
    let verdict = World::new().judge();
    let outcomes: Vec<String> = verdict.scenarios[0].expectations.iter().map(|expectation| spell(&expectation.outcome)).collect();
    assert_eq!(outcomes, ["held"; 5]);
    assert_eq!((spell(&verdict.outcome), verdict.exit_code()), ("held".to_owned(), 0));
    assert_eq!(verdict.scenarios[0].variables, ["id 17555 = 4242", "seq 106, 220, 279 = 1"]);
    assert_eq!(verdict.scenarios[0].unasserted, []);
}

#[test]
fn a_line_is_shown_as_it_stands_for_this_run() {
    let line = World::new().line(UNDERLAY, 0);
    let here = "02:00:00:00:01:01 > 02:00:00:00:01:02, ethertype IPv4 (0x0800), length 118: 172.30.0.1 > 172.30.0.2: 10.9.0.1 > 10.9.1.3: ICMP echo request, id 4242, seq 1, length 64";
    assert_eq!((line.documented.as_str(), line.expected.as_str(), line.observed.as_deref()), (UNDERLAY_LINES[0], here, Some(here)));
    assert_eq!((line.lab_line, line.findings.len()), (12, 0));
}

/// What tcpdump prints of a datagram, and what it would if it knew the tunnel.
#[test]
fn a_datagram_of_the_labs_own_tunnel_is_taken_apart_as_far_as_the_line_shows() {
    let datagram = |ttl| ethernet(NODE1_MAC, NODE2_MAC, &ipv4(NODE1, NODE2, 64, 17, 500, &udp(8285, 8285, &request(ttl))));
    let head = "{node1.underlay.mac} > {node2.underlay.mac}, ethertype IPv4 (0x0800), length 126: {node1.underlay.ip}.8285 > {node2.underlay.ip}.8285: UDP, length 84";
    let whole = format!("{head}: (ttl 62) {{pod1.ip}} > {{pod3.ip}}: ICMP echo request, id 17555, seq 279, length 64");
    for (line, ttl, outcome) in [(head, 62, "held"), (&whole, 62, "held"), (&whole, 63, "broken: 1 field differs"), (head, 63, "held")] {
        let mut world = World::new();
        let tunnel =
            LabTunnel { device: "flannel0".to_owned(), kind: TunnelKind::Udp { port: 8285 }, mtu: 1472, underlay: "underlay".to_owned() };
        world.plan.lab.cluster.network.tunnel = Some(tunnel);
        world.document(UNDERLAY, &[line]);
        *world.frames(UNDERLAY) = vec![frame(datagram(ttl))];
        assert_eq!(spell(&world.line(UNDERLAY, 0).outcome), outcome, "{line} {ttl}");
        // Without the lab's word for it, there is only a datagram.
        world.plan.lab.cluster.network.tunnel = None;
        let outcome = if line == head { "held" } else { "broken: 1 field differs" };
        assert_eq!(spell(&world.line(UNDERLAY, 0).outcome).replace("2 fields differ", "1 field differs"), outcome, "{line}");
    }
}

/// Each field that differs is a finding with its place in both lines.
#[test]
fn every_field_that_differs_is_a_finding() {
    let request = request(64);
    let mut longer = echo(8, ID, SEQUENCE, TOKEN);
    longer.extend([0; 8]);
    for (what, spoilt, found) in [
        (
            "wrong hardware address",
            ethernet(POD1_MAC, "02:00:00:00:00:99", &request),
            vec![
                "Ethernet destination: ee:ee:ee:ee:ee:ee = ee:ee:ee:ee:ee:ee, not 02:00:00:00:00:99 [ee:ee:ee:ee:ee:ee | 02:00:00:00:00:99]",
            ],
        ),
        (
            "wrong source",
            veth(&ipv4("10.9.0.9", POD3, 64, 1, 77, &echo(8, ID, SEQUENCE, TOKEN))),
            vec!["IPv4 source: 10.244.153.204 = 10.9.0.1, not 10.9.0.9 [10.9.0.1 | 10.9.0.9]"],
        ),
        (
            "longer",
            veth(&ipv4(POD1, POD3, 64, 1, 77, &longer)),
            vec!["frame length: 98 = 98, not 106 [98 | 106]", "ICMP length: 64 = 64, not 72 [64 | 72]"],
        ),
    ] {
        let mut world = World::new();
        world.frames(VETH)[0] = frame(spoilt);
        let line = world.line(VETH, 0);
        assert_eq!(findings(&line), found, "{what}");
        assert_eq!(spell(&line.outcome), format!("broken: {}", if found.len() == 1 { "1 field differs" } else { "2 fields differ" }));
        assert_eq!(spell(&world.at(VETH).outcome), "broken: 1 line does not hold", "{what}");
        assert_eq!(spell(&world.scenario().outcome), "broken: 1 expectation does not hold", "{what}");
        assert_eq!(
            (spell(&world.judge().outcome), world.judge().exit_code()),
            ("broken: 1 scenario does not hold".to_owned(), 1),
            "{what}"
        );
    }
}

#[test]
fn the_document_s_own_addresses_are_not_this_run_s() {
    // A frame that is letter for letter the document's is wrong here, where the pod has another address.
    let mut world = World::new();
    world.frames(TUNNEL)[0] = frame(ipv4("10.244.153.204", "10.244.146.205", 63, 1, 77, &echo(8, ID, SEQUENCE, TOKEN)));
    assert_eq!(findings(&world.line(TUNNEL, 0)).len(), 2);
}

#[test]
fn a_packet_that_is_not_in_the_tunnel_is_told_apart() {
    let mut world = World::new();
    world.frames(UNDERLAY)[0] = frame(ethernet(NODE1_MAC, NODE2_MAC, &request(63)));
    let found = findings(&world.line(UNDERLAY, 0));
    assert_eq!(found[0], "layers: Ethernet, IPv4, IPv4, ICMP = Ethernet, IPv4, IPv4, ICMP, not Ethernet, IPv4, ICMP [- | -]");
    assert_eq!(found[1], "frame length: 118 = 118, not 98 [118 | 98]");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_packet_that_is_in_a_tunnel_too_many_is_told_apart() {
    let mut world = World::new();
    world.frames(TUNNEL)[0] = frame(ipv4(NODE1, NODE2, 63, 4, 1, &request(63)));
    let found = findings(&world.line(TUNNEL, 0));
    assert_eq!(found, ["layers: IPv4, ICMP = IPv4, ICMP, not IPv4, IPv4, ICMP [- | -]"]);
}

/// What is told of the layers is all of them, also where a tunnel's datagram is all that the line knows, or all that it does not.
#[test]
fn the_layers_that_were_seen_are_told_to_the_innermost() {
    let tunnel =
        LabTunnel { device: "flannel0".to_owned(), kind: TunnelKind::Udp { port: 8285 }, mtu: 1472, underlay: "underlay".to_owned() };
    let in_datagram = ipv4(NODE1, NODE2, 64, 17, 500, &udp(8285, 8285, &request(63)));
    let twice = ipv4(NODE1, NODE2, 64, 17, 500, &udp(8285, 8285, &ipv4(NODE1, NODE2, 63, 4, 1, &request(63))));
    let datagram = "{node1.underlay.ip}.8285 > {node2.underlay.ip}.8285: UDP, length 84";
    for (line, packet, layers) in [
        ("{pod1.ip} > {pod3.ip}: ICMP echo request", in_datagram.clone(), "IPv4, ICMP, not IPv4, UDP, IPv4, ICMP"),
        ("{pod1.ip} > {pod3.ip}: ICMP echo request", twice, "IPv4, ICMP, not IPv4, UDP, IPv4, IPv4, ICMP"),
        (datagram, ipv4(NODE1, NODE2, 63, 4, 1, &request(63)), "IPv4, UDP, not IPv4, IPv4, ICMP"),
        (datagram, request(63), "IPv4, UDP, not IPv4, ICMP"),
        (datagram, ipv4(NODE1, NODE2, 63, 4, 1, &in_datagram), "IPv4, UDP, not IPv4, IPv4, UDP, IPv4, ICMP"),
        (
            "{node1.underlay.ip} > {node2.underlay.ip}: {node1.underlay.ip}.8285 > {node2.underlay.ip}.8285: UDP, length 84",
            in_datagram,
            "IPv4, IPv4, UDP, not IPv4, UDP, IPv4, ICMP",
        ),
    ] {
        let mut world = World::new();
        world.plan.lab.cluster.network.tunnel = Some(tunnel.clone());
        world.document(TUNNEL, &[line]);
        *world.frames(TUNNEL) = vec![frame(packet)];
        let found = findings(&world.line(TUNNEL, 0));
        let (expected, _) = layers.split_once(", not").expect("both");
        assert_eq!(found[0], format!("layers: {expected} = {layers} [- | -]"), "{line}");
    }
}

#[test]
fn a_line_stands_for_the_frame_of_its_own_shape() {
    // The packet leaves once as it is and once in a tunnel that leads to quite another place: the line means the second.
    let mut world = World::new();
    let astray = ethernet(POD1_MAC, CALI_MAC, &ipv4("172.30.0.8", "172.30.0.9", 63, 4, 500, &request(63)));
    let bare = frame(ethernet(NODE1_MAC, NODE2_MAC, &request(63)));
    world.frames(UNDERLAY)[0] = frame(astray);
    world.frames(UNDERLAY).insert(0, bare);
    assert_eq!(findings(&world.line(UNDERLAY, 0)).len(), 4);
    assert!(world.at(UNDERLAY).unexpected[0].contains("length 98"));
}

#[test]
fn a_link_layer_where_the_line_shows_none_is_told_apart() {
    let mut world = World::new();
    world.recorded().recordings[TUNNEL].link = LinkType::Ethernet;
    *world.frames(TUNNEL) = vec![frame(veth(&request(63))), frame(veth_back(&reply(63)))];
    let found = findings(&world.line(TUNNEL, 0));
    assert_eq!(found[0], "link layer: none (`ip:`) = none (`ip:`), not Ethernet [- | -]");
    assert_eq!(found[1], "layers: IPv4, ICMP = IPv4, ICMP, not Ethernet, IPv4, ICMP [- | -]");
    assert_eq!(world.at(TUNNEL).unexpected, Vec::<String>::new());
}

#[test]
fn a_line_without_link_layer_asserts_none() {
    let mut world = World::new();
    world.document(VETH, &["IP {pod1.ip} > {pod3.ip}: ICMP echo request", "{pod3.ip} > {pod1.ip}: ICMP echo reply"]);
    assert_eq!(spell(&world.at(VETH).outcome), "held");
}

#[test]
fn what_a_line_does_not_mention_is_not_asserted_and_what_it_mentions_is() {
    let mut world = World::new();
    let bare = ["{pod1.mac} > {cali.mac}, ethertype IPv4 (0x0800), length 98: (ttl 64) {pod1.ip} > {pod3.ip}: ICMP echo request"];
    world.document(VETH, &[bare[0], VETH_LINES[1]]);
    let line = world.line(VETH, 0);
    assert_eq!(spell(&line.outcome), "held");
    // The lab shows the parenthesis, so the frame is shown with its own, on one line.
    assert_eq!(
        line.observed.as_deref(),
        Some(
            "02:00:00:00:00:01 > ee:ee:ee:ee:ee:ee, ethertype IPv4 (0x0800), length 98: (tos 0x0, ttl 64, id 77, offset 0, flags [DF], proto ICMP (1), length 84) 10.9.0.1 > 10.9.1.3: ICMP echo request, id 4242, seq 1, length 64"
        )
    );
    world.frames(VETH)[0] = frame(veth(&request(62)));
    assert_eq!(findings(&world.line(VETH, 0)), ["IPv4 TTL: 64 = 64, not 62 [64 | 62]"]);
}

#[test]
fn inner_and_outer_ttl_are_not_mixed_up() {
    let mut world = World::new();
    let line = |outer: u8, inner: u8| {
        format!(
            "{{node1.underlay.mac}} > {{node2.underlay.mac}}, ethertype IPv4 (0x0800), length 118: (ttl {outer}) {{node1.underlay.ip}} > {{node2.underlay.ip}}: (ttl {inner}) {{pod1.ip}} > {{pod3.ip}}: ICMP echo request"
        )
    };
    world.frames(UNDERLAY)[0] = frame(ethernet(NODE1_MAC, NODE2_MAC, &ipv4(NODE1, NODE2, 60, 4, 500, &request(63))));
    world.document(UNDERLAY, &[&line(60, 63), UNDERLAY_LINES[1]]);
    assert_eq!(spell(&world.at(UNDERLAY).outcome), "held");
    world.document(UNDERLAY, &[&line(63, 60), UNDERLAY_LINES[1]]);
    assert_eq!(findings(&world.line(UNDERLAY, 0)), ["IPv4 TTL: 63 = 63, not 60 [63 | 60]", "IPv4 TTL: 60 = 60, not 63 [60 | 63]"]);
}

#[test]
fn a_missing_frame_breaks_its_line() {
    let mut world = World::new();
    world.frames(UNDERLAY).pop();
    let line = world.line(UNDERLAY, 1);
    assert_eq!((spell(&line.outcome), line.observed), ("broken: not seen".to_owned(), None));
    assert!(line.expected.starts_with("02:00:00:00:01:02 > 02:00:00:00:01:01"), "{}", line.expected);
    assert_eq!(spell(&world.line(UNDERLAY, 0).outcome), "held");
    // The first frame is missing: the second still stands for its own line.
    let mut world = World::new();
    world.frames(UNDERLAY).remove(0);
    assert_eq!(spell(&world.line(UNDERLAY, 0).outcome), "broken: not seen");
    assert_eq!(spell(&world.line(UNDERLAY, 1).outcome), "held");
}

#[test]
fn a_frame_too_many_breaks_its_point() {
    for spoil in [
        // The request twice.
        |frames: &mut Vec<crate::packet::Frame>| frames.insert(1, frames[0].clone()),
        // An error about it.
        |frames: &mut Vec<crate::packet::Frame>| {
            frames.push(frame(ethernet(CALI_MAC, POD1_MAC, &ipv4(NODE1, POD1, 64, 1, 5, &error(11, 0, &request(1)[..28])))));
        },
    ] {
        let mut world = World::new();
        spoil(world.frames(VETH));
        let verdict = world.at(VETH);
        assert_eq!(spell(&verdict.outcome), "broken: 1 frame that no line accounts for");
        assert_eq!(verdict.unexpected.len(), 1);
        assert!(verdict.lines.iter().all(|line| spell(&line.outcome) == "held"));
    }
}

#[test]
fn a_storm_is_reported_in_bounds() {
    let mut world = World::new();
    let storm = vec![world.frames(VETH)[0].clone(); 5_000];
    world.frames(VETH).splice(1..1, storm);
    let verdict = world.at(VETH);
    assert!(spell(&verdict.outcome).starts_with("broken: "), "{}", spell(&verdict.outcome));
    assert!(verdict.unexpected.len() < 40);
    assert!(verdict.unexpected.last().is_some_and(|last| last.ends_with(" more")));
}

#[test]
fn order_matters() {
    let mut world = World::new();
    world.frames(VETH).reverse();
    let verdict = world.at(VETH);
    assert_eq!(spell(&verdict.outcome), "broken: 1 line does not hold");
    assert_eq!(spell(&verdict.lines[0].outcome), "broken: seen in another order");
}

#[test]
fn other_traffic_is_not_the_probe() {
    let mut world = World::new();
    let foreign = ipv4(POD1, POD3, 64, 1, 79, &echo(8, 1, 1, crate::name::Token(*b"somebody else's.")));
    world.frames(VETH).insert(0, frame(veth(&foreign)));
    world.frames(CNI0).push(frame(veth(&foreign)));
    assert_eq!(spell(&world.scenario().outcome), "held");
}

#[test]
fn a_documented_number_stands_for_one_observed_number() {
    let mut world = World::new();
    let other_id = echo(8, 9, SEQUENCE, TOKEN);
    world.frames(UNDERLAY)[0] = frame(wire(&ipv4(POD1, POD3, 63, 1, 77, &other_id)));
    assert_eq!(findings(&world.line(UNDERLAY, 0)), ["ICMP id: 17555 = 4242, as in line 1 at node1/veth(pod1), not 9 [4242 | 9]"]);
    // The same within one block: request and reply are of one pair.
    let mut world = World::new();
    world.frames(VETH)[1] = frame(veth_back(&ipv4(POD3, POD1, 62, 1, 78, &echo(0, ID, 7, TOKEN))));
    assert_eq!(findings(&world.line(VETH, 1)), ["ICMP seq: 106 = 1, as in line 1 at node1/veth(pod1), not 7 [1 | 7]"]);
}

#[test]
fn two_documented_numbers_of_a_block_stand_for_two_observed_ones() {
    let mut world = World::new();
    let second = VETH_LINES[1].replace("seq 106", "seq 107");
    world.document(VETH, &[VETH_LINES[0], &second]);
    assert_eq!(findings(&world.line(VETH, 1)), ["ICMP seq: 107 = one other than what 106 stands for, not 1 [107 | 1]"]);
    // Over several blocks the document shows different packets, and we one.
    assert_eq!(spell(&world.at(TUNNEL).outcome), "held");
}

#[test]
fn a_name_that_the_site_does_not_know_is_inconclusive_unless_something_else_is_wrong() {
    let mut world = World::new();
    world.evidence.facts.values.remove(&Symbol::new("pod1.mac"));
    assert_eq!(spell(&world.line(VETH, 0).outcome), "inconclusive: the site does not tell what `pod1.mac` is");
    assert_eq!(spell(&world.scenario().outcome), "inconclusive: the site does not tell what `pod1.mac` is");
    assert_eq!(spell(&world.at(TUNNEL).outcome), "held");
    // What is known still counts.
    world.frames(VETH)[0] = frame(veth(&ipv4("10.9.0.9", POD3, 64, 1, 77, &echo(8, ID, SEQUENCE, TOKEN))));
    assert_eq!(spell(&world.line(VETH, 0).outcome), "broken: 1 field differs");
}

#[test]
fn a_literal_that_no_name_covers_is_inconclusive() {
    let mut world = World::new();
    world.planned().names.remove("10.244.153.204");
    assert_eq!(spell(&world.line(TUNNEL, 0).outcome), "inconclusive: no name says what `10.244.153.204` stands for");
}

#[test]
fn a_name_covers_its_literal_in_any_spelling() {
    let mut world = World::new();
    let symbol = world.planned().names.remove("ee:ee:ee:ee:ee:ee").expect("it is there");
    world.planned().names.insert("EE:EE:EE:EE:EE:EE".to_owned(), symbol);
    assert_eq!(spell(&world.at(VETH).outcome), "held");
}

#[test]
fn a_correction_is_judged_in_the_document_s_stead() {
    let mut world = World::new();
    let wrong = TUNNEL_LINES[0].replace("10.244.153.204", "192.168.100.111");
    world.document(TUNNEL, &[&wrong, TUNNEL_LINES[1]]);
    assert_eq!(spell(&world.line(TUNNEL, 0).outcome), "broken: 1 field differs");
    world.correct(TUNNEL, 0, TUNNEL_LINES[0]);
    let line = world.line(TUNNEL, 0);
    assert_eq!((spell(&line.outcome), line.correction_needless), ("held".to_owned(), false));
    assert_eq!(line.documented, wrong);
    assert_eq!(line.correction, Some((TUNNEL_LINES[0].to_owned(), "the document is wrong".to_owned())));
    assert_eq!(line.expected, "ip: 10.9.0.1 > 10.9.1.3: ICMP echo request, id 4242, seq 1, length 64");
}

#[test]
fn a_correction_that_is_not_needed_is_a_finding() {
    let mut world = World::new();
    world.correct(TUNNEL, 0, "ip: {pod1.ip} > {pod3.ip}: ICMP echo request");
    let line = world.line(TUNNEL, 0);
    assert!(line.correction_needless);
    assert_eq!(spell(&line.outcome), "broken: the correction is not needed: the documented line holds");
    // The same where the correction does not even hold,
    world.correct(TUNNEL, 0, "ip: {node1.underlay.ip} > {pod3.ip}: ICMP echo request");
    let line = world.line(TUNNEL, 0);
    assert_eq!((spell(&line.outcome), line.correction_needless), ("broken: 1 field differs".to_owned(), true));
    // or fits no frame at all.
    world.correct(TUNNEL, 0, "ip: {pod1.ip} > {pod3.ip}: ICMP time exceeded in-transit");
    let line = world.line(TUNNEL, 0);
    assert_eq!((spell(&line.outcome), line.correction_needless), ("broken: not seen".to_owned(), true));
}

#[test]
fn a_documented_line_that_cannot_be_told_to_hold_does_not_make_its_correction_needless() {
    let mut world = World::new();
    world.document(TUNNEL, &["ip: {pod9.ip} > {pod3.ip}: ICMP echo request", TUNNEL_LINES[1]]);
    world.correct(TUNNEL, 0, TUNNEL_LINES[0]);
    let line = world.line(TUNNEL, 0);
    assert_eq!((spell(&line.outcome), line.correction_needless), ("held".to_owned(), false));
}

#[test]
fn a_correction_is_needed_where_only_a_number_of_the_document_clashes() {
    let mut world = World::new();
    let wrong = TUNNEL_LINES[1].replace("17555", "17556");
    world.document(TUNNEL, &[TUNNEL_LINES[0], &wrong]);
    assert_eq!(spell(&world.line(TUNNEL, 1).outcome), "broken: 1 field differs");
    world.correct(TUNNEL, 1, TUNNEL_LINES[1]);
    assert_eq!(spell(&world.line(TUNNEL, 1).outcome), "held");
}

#[test]
fn a_frame_that_was_cut_before_its_headers_end_is_inconclusive() {
    // The token in the options of the IP header, and nothing captured behind them.
    let mut bytes = request(63);
    bytes.splice(20..20, TOKEN.0);
    bytes[0] = 0x49;
    let length = u8::try_from(bytes.len()).expect("short enough");
    bytes[3] = length;
    let mut cut = frame(bytes);
    cut.bytes.truncate(36);
    let mut world = World::new();
    world.frames(TUNNEL)[0] = cut;
    let line = world.line(TUNNEL, 0);
    assert_eq!(spell(&line.outcome), "inconclusive: too little of the frame was captured to see all its headers");
    assert_eq!(spell(&world.line(TUNNEL, 1).outcome), "held");
}
