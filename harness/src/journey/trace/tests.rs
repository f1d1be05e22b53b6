use super::*;
use crate::journey::craft::{TOKEN, answered, echo, error, ethernet, ipv4, recording, udp};
use crate::name::Token;

const OTHER: Token = Token(*b"somebody else's.");

fn evidence(recordings: Vec<Recording>) -> ScenarioEvidence {
    ScenarioEvidence { name: "test".to_owned(), outcome: Some(answered()), recordings, state: Vec::new() }
}

fn request() -> Vec<u8> {
    ipv4("10.0.0.1", "10.0.0.2", 64, 1, 77, &echo(8, 5, 1, TOKEN))
}

fn reply() -> Vec<u8> {
    ipv4("10.0.0.2", "10.0.0.1", 64, 1, 78, &echo(0, 5, 1, TOKEN))
}

/// The sightings of a capture of one raw point.
fn sighted(frames: Vec<Vec<u8>>) -> Vec<(usize, Leg)> {
    let journey = trace(&evidence(vec![recording("node1/tunl0", LinkType::Raw, frames)]), &Hints::default());
    journey.stops[0].sightings.iter().map(|sighting| (sighting.frame, sighting.leg)).collect()
}

#[test]
fn the_probe_is_told_from_all_else_by_its_token() {
    let foreign = ipv4("10.0.0.1", "10.0.0.2", 64, 1, 77, &echo(8, 5, 1, OTHER));
    assert_eq!(sighted(vec![foreign.clone(), request(), foreign, reply()]), [(1, Leg::Request), (3, Leg::Reply)]);
}

#[test]
fn a_reply_to_the_probe_is_its_own_whatever_it_holds() {
    for (what, answer, is_own) in [
        ("its own", ipv4("10.0.0.2", "10.0.0.1", 64, 1, 78, &echo(0, 5, 1, OTHER)), true),
        ("with another TTL and IP id", ipv4("10.0.0.2", "10.0.0.1", 9, 1, 9, &echo(0, 5, 1, OTHER)), true),
        ("of another id", ipv4("10.0.0.2", "10.0.0.1", 64, 1, 78, &echo(0, 6, 1, OTHER)), false),
        ("of another sequence number", ipv4("10.0.0.2", "10.0.0.1", 64, 1, 78, &echo(0, 5, 2, OTHER)), false),
        ("from elsewhere", ipv4("10.0.0.3", "10.0.0.1", 64, 1, 78, &echo(0, 5, 1, OTHER)), false),
        ("to somebody else", ipv4("10.0.0.2", "10.0.0.3", 64, 1, 78, &echo(0, 5, 1, OTHER)), false),
        ("the way of the request", ipv4("10.0.0.1", "10.0.0.2", 64, 1, 78, &echo(0, 5, 1, OTHER)), false),
        ("another request", ipv4("10.0.0.2", "10.0.0.1", 64, 1, 78, &echo(8, 5, 1, OTHER)), false),
    ] {
        let own = is_own.then_some((1, Leg::Reply));
        assert_eq!(
            sighted(vec![request(), answer.clone()]),
            [Some((0, Leg::Request)), own].into_iter().flatten().collect::<Vec<_>>(),
            "{what}"
        );
        // Where the request was seen behind an address translation only, the right reply tells the same.
        assert_eq!(sighted(vec![reply(), answer]), [Some((0, Leg::Reply)), own].into_iter().flatten().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn the_probe_is_found_inside_tunnels_and_behind_address_translation() {
    let ipip = ipv4("192.168.0.1", "192.168.0.2", 63, 4, 1, &request());
    let translated = ipv4("172.18.0.2", "10.0.0.2", 62, 1, 77, &echo(8, 32_165, 1, TOKEN));
    let vxlan_header = [8, 0, 0, 0, 0, 0, 1, 0];
    let inner = ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", &reply());
    let vxlan = ipv4("192.168.0.2", "192.168.0.1", 64, 17, 2, &udp(40_000, 8472, &[&vxlan_header[..], &inner].concat()));
    assert_eq!(sighted(vec![ipip, translated, vxlan]), [(0, Leg::Request), (1, Leg::Request), (2, Leg::Reply)]);
}

#[test]
fn a_tunnel_that_is_not_known_hides_nothing() {
    // Protocol 8285 carries bare IP only if a hint says so, and protocol 253 (RFC 3692) is nobody's.
    let flannel = ipv4("192.168.0.1", "192.168.0.2", 64, 17, 1, &udp(8285, 8285, &reply()));
    let unknown = ipv4("192.168.0.1", "192.168.0.2", 64, 253, 1, &request());
    assert_eq!(sighted(vec![flannel, unknown]), [(0, Leg::Reply), (1, Leg::Request)]);
}

#[test]
fn an_error_about_the_probe_is_its_own_whether_it_quotes_the_token_or_not() {
    let whole = ipv4("10.0.0.9", "10.0.0.1", 64, 1, 3, &error(11, 0, &request()));
    let short = ipv4("10.0.0.9", "10.0.0.1", 64, 1, 4, &error(3, 1, &request()[..28]));
    assert_eq!(sighted(vec![request(), whole, short.clone()]), [(0, Leg::Request), (1, Leg::Error), (2, Leg::Error)]);
    // The packet that it quotes may have been seen at another point only.
    let points = vec![recording("pod1/eth0", LinkType::Raw, vec![short]), recording("node1/tunl0", LinkType::Raw, vec![request()])];
    let journey = trace(&evidence(points), &Hints::default());
    assert_eq!(journey.stops[0].sightings, [Sighting { frame: 0, leg: Leg::Error }]);
}

#[test]
fn an_error_about_another_packet_is_not_the_probes() {
    let foreign = ipv4("10.0.0.1", "10.0.0.2", 64, 1, 99, &echo(8, 5, 1, OTHER));
    let about = ipv4("10.0.0.9", "10.0.0.1", 64, 1, 4, &error(3, 1, &foreign[..28]));
    let nonsense = ipv4("10.0.0.9", "10.0.0.1", 64, 1, 4, &error(3, 1, &[0x45]));
    assert_eq!(sighted(vec![request(), about, nonsense]), [(0, Leg::Request)]);
}

#[test]
fn without_a_probe_there_is_nothing_to_follow() {
    let mut scenario = evidence(vec![recording("pod1/eth0", LinkType::Raw, vec![request()])]);
    scenario.outcome = None;
    assert_eq!(trace(&scenario, &Hints::default()).stops[0].sightings, []);
}

#[test]
fn every_point_has_its_stop_in_path_order() {
    let points = vec![recording("pod1/eth0", LinkType::Raw, vec![request()]), recording("node1/cni0", LinkType::Raw, vec![])];
    let journey = trace(&evidence(points), &Hints::default());
    let seen: Vec<(&str, usize, usize)> =
        journey.stops.iter().map(|stop| (stop.point.as_str(), stop.recording, stop.sightings.len())).collect();
    assert_eq!(seen, [("pod1/eth0", 0, 1), ("node1/cni0", 1, 0)]);
}
