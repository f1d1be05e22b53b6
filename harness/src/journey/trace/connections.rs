use std::net::SocketAddrV4;

use super::*;
use crate::journey::craft::{TOKEN, answered, error, ipv4, recording, tcp};

const SYN: u8 = 0x02;
const RESET: u8 = 0x14;
const SYN_ACK: u8 = 0x12;
const ACK: u8 = 0x10;
const PUSH: u8 = 0x18;
const FIN: u8 = 0x11;

/// One end of a connection as one point sees it.
type End = (&'static str, u16);

const POD: End = ("10.0.0.1", 40_000);
const NODE: End = ("172.18.0.3", 32_000);
const TUNNEL: End = ("10.0.2.0", 54_991);
const SERVER: End = ("10.0.0.2", 80);

fn segment(from: End, to: End, flags: u8, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
    ipv4(from.0, to.0, 64, 6, 1, &tcp((from.1, to.1), flags, numbers, (5000, 0), payload))
}

fn request() -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nId: {}\r\n\r\n", TOKEN.hex()).into_bytes()
}

/// A whole exchange between two ends; the client's stream starts at 1000, the server's at 9000.
fn exchange(client: End, server: End) -> Vec<Vec<u8>> {
    let asked = 1001 + u32::try_from(request().len()).unwrap();
    vec![
        segment(client, server, SYN, (1000, 0), b""),
        segment(server, client, SYN_ACK, (9000, 1001), b""),
        segment(client, server, ACK, (1001, 9001), b""),
        segment(client, server, PUSH, (1001, 9001), &request()),
        segment(server, client, ACK, (9001, asked), b""),
        segment(server, client, PUSH, (9001, asked), b"HTTP/1.1 200 OK"),
        segment(client, server, FIN, (asked, 9016), b""),
        segment(server, client, FIN, (9016, asked + 1), b""),
    ]
}

const LEGS: [Leg; 8] = [Leg::Request, Leg::Reply, Leg::Request, Leg::Request, Leg::Reply, Leg::Reply, Leg::Request, Leg::Reply];

fn traced(frames: Vec<Vec<Vec<u8>>>, local: Option<End>) -> Vec<Vec<(usize, Leg)>> {
    let recordings = frames.into_iter().enumerate().map(|(index, frames)| recording(&format!("node{index}/tunl0"), LinkType::Raw, frames));
    let mut outcome = answered();
    outcome.local = local.map(|(address, port)| SocketAddrV4::new(address.parse().unwrap(), port));
    let evidence =
        ScenarioEvidence { name: "test".to_owned(), outcome: Some(outcome), recordings: recordings.collect(), state: Vec::new() };
    let stops = trace(&evidence, &Hints::default()).stops;
    stops.into_iter().map(|stop| stop.sightings.into_iter().map(|sighting| (sighting.frame, sighting.leg)).collect()).collect()
}

fn all() -> Vec<(usize, Leg)> {
    LEGS.into_iter().enumerate().collect()
}

#[test]
fn a_connection_is_followed_from_its_first_segment_to_its_last_across_translation() {
    let points = vec![exchange(POD, NODE), exchange(TUNNEL, SERVER)];
    assert_eq!(traced(points, None), [all(), all()]);
}

#[test]
fn one_direction_alone_may_be_translated() {
    // A bridge that hands packets to the packet filter shows a reply with its destination translated already, and its source not yet.
    let mut frames = exchange(TUNNEL, SERVER);
    for (frame, other) in frames.iter_mut().zip(exchange(POD, SERVER)).zip(LEGS).filter(|(_, leg)| *leg == Leg::Reply).map(|(pair, _)| pair)
    {
        *frame = other;
    }
    assert_eq!(traced(vec![frames], None), [all()]);
}

#[test]
fn another_connection_between_the_same_ends_is_not_the_probes() {
    let other = vec![
        segment(POD, NODE, SYN, (70_000, 0), b""),
        segment(NODE, POD, SYN_ACK, (9000, 70_001), b""),
        segment(POD, NODE, PUSH, (70_001, 9001), b"GET / HTTP/1.1"),
        segment(NODE, POD, PUSH, (9001, 70_015), b"HTTP/1.1 200 OK"),
    ];
    let frames = other.iter().cloned().chain(exchange(POD, NODE)).collect();
    let own: Vec<(usize, Leg)> = LEGS.into_iter().enumerate().map(|(index, leg)| (index + 4, leg)).collect();
    assert_eq!(traced(vec![frames, other], None), [own, vec![]]);
}

#[test]
fn a_connection_that_nobody_accepts_is_known_by_the_senders_end() {
    let refused = |client, server| vec![segment(client, server, SYN, (1000, 0), b""), segment(server, client, RESET, (0, 1001), b"")];
    let both = vec![(0, Leg::Request), (1, Leg::Reply)];
    assert_eq!(traced(vec![refused(POD, NODE), refused(TUNNEL, SERVER)], Some(POD)), [both.clone(), both]);
    for (what, other) in [
        ("a reset of another connection", segment(NODE, POD, RESET, (0, 5000), b"")),
        ("no reset", segment(NODE, POD, ACK, (0, 1001), b"")),
        ("a reset amid a stream", segment(NODE, POD, RESET, (77_000, 1001), b"")),
    ] {
        let frames = vec![segment(POD, NODE, SYN, (1000, 0), b""), other];
        assert_eq!(traced(vec![frames], Some(POD)), [vec![(0, Leg::Request)]], "{what}");
    }
    for (what, other) in [
        ("a reset of another connection", segment(NODE, POD, RESET, (0, 5000), b"")),
        ("no reset", segment(NODE, POD, ACK, (0, 1001), b"")),
        ("a reset amid a stream", segment(NODE, POD, RESET, (77_000, 1001), b"")),
    ] {
        let frames = vec![segment(POD, NODE, SYN, (1000, 0), b""), other];
        assert_eq!(traced(vec![frames], Some(POD)), [vec![(0, Leg::Request)]], "{what}");
    }
    assert_eq!(traced(vec![refused(POD, NODE)], Some(TUNNEL)), [vec![]], "somebody else's");
    assert_eq!(traced(vec![refused(POD, NODE)], None), [vec![]], "nobody knows whose");
}

#[test]
fn a_reset_that_acknowledges_nothing_is_known_by_its_number() {
    const BARE_RESET: u8 = 0x04;
    let asked = 1001 + u32::try_from(request().len()).unwrap();
    for (what, reset, leg) in [
        ("the client's", segment(POD, NODE, BARE_RESET, (asked, 0), b""), Some(Leg::Request)),
        ("the client's, at its start", segment(POD, NODE, BARE_RESET, (1000, 0), b""), Some(Leg::Request)),
        ("the server's", segment(NODE, POD, BARE_RESET, (9016, 0), b""), Some(Leg::Reply)),
        ("of another connection between the same ends", segment(POD, NODE, BARE_RESET, (70_000, 0), b""), None),
        ("of another connection, back", segment(NODE, POD, BARE_RESET, (90_000, 0), b""), None),
        ("as far from the client's start as a stream goes", segment(POD, NODE, BARE_RESET, (1000 + 4096, 0), b""), Some(Leg::Request)),
        ("further", segment(POD, NODE, BARE_RESET, (1000 + 4097, 0), b""), None),
        ("just before the client's start", segment(POD, NODE, BARE_RESET, (999, 0), b""), None),
    ] {
        let mut frames = exchange(POD, NODE);
        frames.push(reset);
        let own = all().into_iter().chain(leg.map(|leg| (LEGS.len(), leg))).collect::<Vec<_>>();
        assert_eq!(traced(vec![frames], None), [own], "{what}");
    }
}

#[test]
fn whoever_accepts_or_resets_a_connection_takes_part_in_it() {
    for (what, answer, leg) in [
        ("another accepts it", segment(NODE, POD, SYN_ACK, (70_000, 1001), b""), Some(Leg::Reply)),
        ("another accepts another", segment(NODE, POD, SYN_ACK, (70_000, 2001), b""), None),
        ("an acknowledgment alone", segment(NODE, POD, ACK, (70_000, 1001), b""), None),
        ("a reset of what nobody waits for", segment(NODE, POD, RESET, (0, 1001), b""), Some(Leg::Reply)),
        ("a reset of another", segment(NODE, POD, RESET, (0, 2001), b""), None),
        ("the server's reset, whatever it acknowledges", segment(NODE, POD, RESET, (9001, 0), b""), Some(Leg::Reply)),
        ("the client's reset, whatever it acknowledges", segment(POD, NODE, RESET, (1001, 0), b""), Some(Leg::Request)),
        ("a reset of other numbers", segment(NODE, POD, RESET, (70_000, 0), b""), None),
    ] {
        let mut frames = exchange(POD, NODE);
        frames.push(answer);
        let own = all().into_iter().chain(leg.map(|leg| (LEGS.len(), leg))).collect::<Vec<_>>();
        assert_eq!(traced(vec![frames], None), [own], "{what}");
    }
}

#[test]
fn a_number_of_another_time_is_another_connections() {
    let early = segment(POD, NODE, SYN, (1000, 0), b"");
    let late = ipv4(TUNNEL.0, SERVER.0, 64, 6, 1, &tcp((TUNNEL.1, SERVER.1), SYN, (1000, 0), (9_000_000, 0), b""));
    assert_eq!(traced(vec![vec![early.clone()], vec![late]], Some(POD)), [vec![(0, Leg::Request)], vec![]]);
    // A minute is as late, or as early, as a segment of one connection may be told to be.
    for (stamp, is_own) in [(65_000, true), (65_001, false), (0, true), (u32::MAX - 54_999, true), (u32::MAX - 55_000, false)] {
        let other = ipv4(TUNNEL.0, SERVER.0, 64, 6, 1, &tcp((TUNNEL.1, SERVER.1), SYN, (1000, 0), (stamp, 0), b""));
        let there = if is_own { vec![(0, Leg::Request)] } else { vec![] };
        assert_eq!(traced(vec![vec![early.clone()], vec![other]], Some(POD)), [vec![(0, Leg::Request)], there], "{stamp}");
    }
}

#[test]
fn an_error_that_quotes_a_segment_of_the_probe_is_its_own() {
    let syn = segment(POD, NODE, SYN, (1000, 0), b"");
    let foreign = segment(POD, NODE, SYN, (2000, 0), b"");
    let about = |segment: &[u8]| ipv4("10.0.0.9", POD.0, 64, 1, 3, &error(3, 1, segment));
    let frames = vec![syn.clone(), about(&syn), about(&foreign)];
    assert_eq!(traced(vec![frames], Some(POD)), [vec![(0, Leg::Request), (1, Leg::Error)]]);
}
