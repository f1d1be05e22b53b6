//! Which fragments are the probe's.

use super::*;
use crate::journey::craft::{TOKEN, answered, echo, error, fragment, ipv4, recording, udp};
use crate::name::Token;

const OTHER: Token = Token(*b"somebody else's.");
const A: &str = "10.0.0.1";
const B: &str = "10.0.0.2";
/// The third word of a fragment: more follow; more follow behind the first 1480 bytes; the last, behind 1480 or 2960 bytes.
const FIRST: u16 = 0x2000;
const MIDDLE: u16 = 0x2000 | 0x00b9;
const LAST: u16 = 185;
const THIRD: u16 = 370;

fn first() -> Vec<u8> {
    fragment(A, B, 1, 77, FIRST, &echo(8, 5, 1, TOKEN))
}

fn behind(word: u16) -> Vec<u8> {
    fragment(A, B, 1, 77, word, &[b'x'; 64])
}

fn in_tunnel(packet: &[u8]) -> Vec<u8> {
    ipv4("192.168.0.1", "192.168.0.2", 63, 4, 9, packet)
}

/// The sightings at each point.
fn sighted(points: Vec<Vec<Vec<u8>>>) -> Vec<Vec<(usize, Leg)>> {
    let recordings = points.into_iter().enumerate().map(|(index, frames)| recording(&format!("node{index}/tunl0"), LinkType::Raw, frames));
    let evidence =
        ScenarioEvidence { name: "test".to_owned(), outcome: Some(answered()), recordings: recordings.collect(), state: Vec::new() };
    let stops = trace(&evidence, &Hints::default()).stops;
    stops.into_iter().map(|stop| stop.sightings.into_iter().map(|sighting| (sighting.frame, sighting.leg)).collect()).collect()
}

#[test]
fn the_fragments_of_a_packet_of_the_probe_are_its_own() {
    let reply = |word, payload: &[u8]| fragment(B, A, 1, 78, word, payload);
    let short = echo(8, 5, 1, TOKEN);
    let outer = |word, payload: &[u8]| fragment("192.168.0.1", "192.168.0.2", 4, 9, word, payload);
    let whole = ipv4(A, B, 64, 1, 77, &echo(8, 5, 1, TOKEN));
    let unknown = |word, payload: &[u8]| fragment("192.168.0.1", "192.168.0.2", 253, 9, word, payload);
    let datagram = |word, payload: &[u8]| fragment("192.168.0.1", "192.168.0.2", 17, 9, word, payload);
    let both = vec![Leg::Request; 2];
    for (what, frames, legs) in [
        ("two", vec![first(), behind(LAST)], both.clone()),
        ("out of order", vec![behind(LAST), first()], both.clone()),
        ("three", vec![first(), behind(MIDDLE), behind(THIRD)], vec![Leg::Request; 3]),
        ("a later one twice", vec![first(), behind(LAST), behind(LAST)], vec![Leg::Request; 3]),
        ("of the reply", vec![reply(FIRST, &echo(0, 5, 1, TOKEN)), reply(LAST, &[0; 24])], vec![Leg::Reply; 2]),
        ("each in a tunnel", vec![in_tunnel(&first()), in_tunnel(&behind(LAST))], both.clone()),
        ("of the tunnel", vec![outer(FIRST, &whole), outer(LAST, b"the rest")], both.clone()),
        (
            "of a tunnel that is not known",
            vec![unknown(FIRST, &[&[1, 2, 3, 4], &whole[..]].concat()), unknown(LAST, b"the rest")],
            both.clone(),
        ),
        ("of a datagram that is a tunnel's", vec![datagram(FIRST, &udp(9, 9, &whole)), datagram(LAST, b"the rest")], both.clone()),
        (
            "the token behind the first",
            vec![fragment(A, B, 1, 77, FIRST, &short[..8]), fragment(A, B, 1, 77, 1, &short[8..])],
            both.clone(),
        ),
        (
            "the token ahead of the first",
            vec![fragment(A, B, 1, 77, 1, &short[8..]), fragment(A, B, 1, 77, FIRST, &short[..8])],
            both.clone(),
        ),
        ("an id of 0", vec![fragment(A, B, 1, 0, FIRST, &short), fragment(A, B, 1, 0, LAST, b"x")], both),
        ("no first one at all", vec![fragment(A, B, 1, 77, 1, &short[8..])], vec![Leg::Unknown]),
    ] {
        let all: Vec<(usize, Leg)> = legs.into_iter().enumerate().collect();
        assert_eq!(sighted(vec![frames]), [all], "{what}");
    }
}

#[test]
fn what_is_no_fragment_of_the_probe_is_not_taken_for_one() {
    let short = echo(8, 5, 1, OTHER);
    for (what, foreign) in [
        ("another id", fragment(A, B, 1, 78, LAST, b"x")),
        ("another source", fragment("10.0.0.3", B, 1, 77, LAST, b"x")),
        ("another destination", fragment(A, "10.0.0.3", 1, 77, LAST, b"x")),
        ("the way back", fragment(B, A, 1, 77, LAST, b"x")),
        ("another protocol", fragment(A, B, 17, 77, LAST, b"x")),
        ("no fragment", ipv4(A, B, 64, 1, 77, &short)),
        ("no fragment, nor DF", fragment(A, B, 1, 77, 0, &short)),
        ("another's first", fragment(A, B, 1, 79, FIRST, &short)),
        ("in a tunnel, another id", in_tunnel(&fragment(A, B, 1, 78, LAST, b"x"))),
        ("the tunnel's id", ipv4(A, B, 64, 4, 77, &ipv4(A, B, 64, 1, 3, &short))),
        ("a fragment of a tunnel around it", fragment("192.168.0.1", "192.168.0.2", 4, 77, LAST, b"x")),
    ] {
        assert_eq!(sighted(vec![vec![foreign.clone(), first(), foreign]]), [vec![(1, Leg::Request)]], "{what}");
    }
    // Nor are whole packets with the id of a packet that is whole: many have the id 0.
    let frames = vec![ipv4(A, B, 64, 1, 0, &echo(8, 5, 1, TOKEN)), fragment(A, B, 1, 0, LAST, b"x"), ipv4(A, B, 64, 1, 0, &short)];
    assert_eq!(sighted(vec![frames]), [vec![(0, Leg::Request)]]);
}

#[test]
fn a_fragment_is_known_at_points_that_did_not_see_the_first() {
    let translated = |word, payload: &[u8]| fragment("172.18.0.2", B, 1, 41, word, payload);
    let points = vec![
        vec![behind(LAST)],
        vec![first(), behind(LAST)],
        vec![translated(FIRST, &echo(8, 9, 1, TOKEN)), translated(LAST, b"x")],
        vec![translated(LAST, b"x"), in_tunnel(&behind(MIDDLE))],
        vec![fragment("172.18.0.2", B, 1, 77, LAST, b"x")],
    ];
    let request = |frames: &[usize]| frames.iter().map(|frame| (*frame, Leg::Request)).collect::<Vec<_>>();
    assert_eq!(sighted(points), [request(&[0]), request(&[0, 1]), request(&[0, 1]), request(&[0, 1]), request(&[])]);
}

#[test]
fn an_error_that_quotes_a_fragment_is_about_the_probe() {
    let about = |packet: &[u8]| ipv4("10.0.0.9", A, 64, 1, 3, &error(11, 1, &packet[..28]));
    let foreign = fragment(A, B, 1, 78, LAST, &[0; 8]);
    assert_eq!(sighted(vec![vec![first(), about(&behind(LAST)), about(&foreign)]]), [vec![(0, Leg::Request), (1, Leg::Error)]]);
}

#[test]
fn fragments_of_ipv6_are_known_by_their_header() {
    let packet = |id: u32, word: u16, payload: &[u8]| {
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
        bytes.extend([44, 64]);
        for last in [1, 2] {
            bytes.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        bytes.extend([58, 0]);
        bytes.extend(word.to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend(payload);
        bytes
    };
    let message = [&[128, 0, 0, 0, 0, 5, 0, 1][..], &TOKEN.0].concat();
    let atomic = packet(70_000, 0, &[128, 0, 0, 0, 0, 5, 0, 2]);
    let frames = vec![packet(70_000, 1, &message), packet(70_000, 1480, b"x"), packet(70_001, 1480, b"x"), atomic];
    assert_eq!(sighted(vec![frames]), [vec![(0, Leg::Request), (1, Leg::Request)]]);
}
