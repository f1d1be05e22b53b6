//! Which way the probe's frames go.

use std::net::SocketAddrV4;

use super::*;
use crate::journey::craft::{TOKEN, answered, echo, fragment, frame, ipv4, recording, tcp, udp};

const POD: &str = "10.0.0.1";
const NODE: &str = "172.18.0.3";
const SERVER: &str = "10.0.0.2";

/// The legs of a point's frames, of a probe from port 40000 of the pod.
fn legs(frames: Vec<Vec<u8>>) -> Vec<Leg> {
    legs_from(Some("10.0.0.1:40000"), frames)
}

fn legs_from(local: Option<&str>, frames: Vec<Vec<u8>>) -> Vec<Leg> {
    let mut outcome = answered();
    outcome.local = local.map(|local| local.parse::<SocketAddrV4>().unwrap());
    let recordings = vec![recording("node1/tunl0", LinkType::Raw, frames)];
    let evidence = ScenarioEvidence { name: "test".to_owned(), outcome: Some(outcome), recordings, state: Vec::new() };
    trace(&evidence, &Hints::default()).stops[0].sightings.iter().map(|sighting| sighting.leg).collect()
}

/// A datagram with the token, 8 bytes before which stands what would be the type of an ICMP message.
fn datagram(from: (&str, u16), to: (&str, u16), id: u16, kind: u8) -> Vec<u8> {
    ipv4(from.0, to.0, 64, 17, id, &udp(from.1, to.1, &[&[kind, 0, 0, 0, 0, 0, 0, 0][..], &TOKEN.0].concat()))
}

#[test]
fn a_datagram_goes_from_the_senders_end_or_to_it() {
    let (client, asked, masqueraded, server) = ((POD, 40_000), (NODE, 5353), (NODE, 33_333), (SERVER, 53));
    let request = |kind| datagram(client, asked, 7, kind);
    let reply = |kind| datagram(asked, client, 8, kind);
    for (what, frames, expected) in [
        ("an echo's type", vec![request(8)], vec![Leg::Request]),
        ("a reply's type", vec![request(0)], vec![Leg::Request]),
        ("an error's type", vec![request(3)], vec![Leg::Request]),
        ("a reply with an echo's type", vec![reply(8)], vec![Leg::Reply]),
        ("a reply with another type", vec![reply(99)], vec![Leg::Reply]),
        ("there and back", vec![request(0), reply(0)], vec![Leg::Request, Leg::Reply]),
        ("translated", vec![request(0), datagram(masqueraded, server, 7, 0)], vec![Leg::Request; 2]),
        (
            "translated and answered",
            vec![request(0), datagram(masqueraded, server, 7, 0), datagram(server, masqueraded, 9, 0)],
            vec![Leg::Request, Leg::Request, Leg::Reply],
        ),
        (
            "answered before it is asked",
            vec![datagram(server, masqueraded, 9, 0), datagram(masqueraded, server, 7, 0), request(0)],
            vec![Leg::Reply, Leg::Request, Leg::Request],
        ),
        (
            "translated without an id",
            vec![datagram(client, asked, 0, 0), datagram(masqueraded, server, 0, 0)],
            vec![Leg::Request, Leg::Unknown],
        ),
        ("of other ends", vec![datagram(masqueraded, server, 7, 8)], vec![Leg::Unknown]),
        ("of another port", vec![datagram((POD, 40_001), asked, 7, 0)], vec![Leg::Unknown]),
        ("in a tunnel", vec![ipv4(NODE, SERVER, 64, 4, 1, &reply(8))], vec![Leg::Reply]),
        ("in a tunnel that is not known", vec![ipv4(NODE, SERVER, 64, 253, 1, &reply(8))], vec![Leg::Reply]),
    ] {
        assert_eq!(legs(frames), expected, "{what}");
    }
    assert_eq!(legs_from(None, vec![request(8), reply(0)]), [Leg::Unknown; 2], "nobody knows the sender's end");
}

#[test]
fn a_datagram_is_the_same_however_much_of_it_was_captured() {
    let whole = datagram((POD, 40_000), (NODE, 5353), 7, 0);
    let translated = datagram((NODE, 33_333), (SERVER, 53), 7, 0);
    let cut = |mut packet: Vec<u8>, bytes: usize| {
        let mut frame = frame(std::mem::take(&mut packet));
        frame.bytes.truncate(bytes);
        frame
    };
    let length = whole.len();
    let mut other = translated.clone();
    other[30] ^= 1;
    for (what, first, second, expected) in [
        ("all of both", cut(whole.clone(), length), cut(translated.clone(), length), Leg::Request),
        ("less of the first", cut(longer(&whole), length), cut(longer(&translated), length + 4), Leg::Request),
        ("less of the second", cut(longer(&whole), length + 4), cut(longer(&translated), length), Leg::Request),
        ("other bytes, and less of the first", cut(longer(&whole), length), cut(longer(&other), length + 4), Leg::Unknown),
        ("other bytes, and less of the second", cut(longer(&whole), length + 4), cut(longer(&other), length), Leg::Unknown),
    ] {
        let mut points = [recording("node1/veth(pod1)", LinkType::Raw, vec![]), recording("node1/tunl0", LinkType::Raw, vec![])];
        (points[0].frames, points[1].frames) = (vec![first], vec![second]);
        let mut outcome = answered();
        outcome.local = Some("10.0.0.1:40000".parse().unwrap());
        let evidence = ScenarioEvidence { name: "test".to_owned(), outcome: Some(outcome), recordings: points.into(), state: Vec::new() };
        let stops = trace(&evidence, &Hints::default()).stops;
        assert_eq!(stops.iter().map(|stop| stop.sightings[0].leg).collect::<Vec<_>>(), [Leg::Request, expected], "{what}");
    }
}

/// A datagram of 8 bytes more.
fn longer(packet: &[u8]) -> Vec<u8> {
    let payload = [&packet[28..], b"and more"].concat();
    let port = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let ends = [12, 16].map(|at| std::net::Ipv4Addr::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3]).to_string());
    ipv4(&ends[0], &ends[1], 64, 17, 7, &udp(port(20), port(22), &payload))
}

#[test]
fn a_message_goes_the_way_that_its_type_says() {
    let v4 = |kind| ipv4(POD, SERVER, 64, 1, 7, &echo(kind, 5, 1, TOKEN));
    let v6 = |kind: u8| {
        let message = [&[kind, 0, 0, 0, 0, 5, 0, 1][..], &TOKEN.0].concat();
        let ends = [1, 2].map(|last| [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        [&[0x60, 0, 0, 0, 0, 24, 58, 64][..], &ends[0], &ends[1], &message].concat()
    };
    for (frame, leg) in [
        (v4(8), Leg::Request),
        (v4(0), Leg::Reply),
        (v4(3), Leg::Error),
        (v4(5), Leg::Error),
        (v4(12), Leg::Error),
        (v4(13), Leg::Unknown),
        (v6(128), Leg::Request),
        (v6(129), Leg::Reply),
        (v6(1), Leg::Error),
        (v6(127), Leg::Error),
        (v6(130), Leg::Unknown),
        (v6(135), Leg::Unknown),
    ] {
        assert_eq!(legs(vec![frame.clone()]), [leg], "{frame:02x?}");
    }
}

#[test]
fn a_tunnel_that_is_not_known_is_looked_into_for_its_packet() {
    let packet = |kind| ipv4(POD, SERVER, 64, 1, 7, &echo(kind, 5, 1, TOKEN));
    let around = |head: &[u8], packet: &[u8], tail: &[u8]| [head, packet, tail].concat();
    let carried = |protocol, payload: &[u8]| ipv4(NODE, SERVER, 64, protocol, 1, payload);
    let mut broken = packet(0);
    broken[10] ^= 1;
    let mut optional = packet(0);
    optional.splice(20..20, [1, 1, 1, 0]);
    optional[0] = 0x46;
    optional[3] += 4;
    optional[10..12].fill(0);
    let sum: u32 = optional[..24].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    optional[10..12].copy_from_slice(&sum.to_be_bytes());
    let message = [&[129, 0, 0, 0, 0, 5, 0, 1][..], &TOKEN.0].concat();
    let ipv6 = |length: u16, payload: &[u8]| {
        let ends = [1, 2].map(|last| [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        [&[0x60, 0, 0, 0][..], &length.to_be_bytes(), &[58, 64], &ends[0], &ends[1], payload].concat()
    };
    let first_of_two = |packet: &[u8]| fragment(NODE, SERVER, 253, 1, 0x2000, &around(&[1, 2, 3, 4], packet, b""));
    for (what, frame, leg) in [
        ("GRE", carried(47, &around(&[0, 0, 8, 0], &packet(0), b"")), Leg::Reply),
        ("Geneve with an option", carried(17, &udp(50_000, 6081, &around(&[0x45; 21], &packet(0), b""))), Leg::Reply),
        ("any port", carried(17, &udp(50_000, 50_001, &packet(8))), Leg::Request),
        ("any protocol", carried(253, &packet(0)), Leg::Reply),
        ("with a trailer", carried(253, &around(b"", &packet(0), &[0; 12])), Leg::Reply),
        ("with options", carried(253, &optional), Leg::Reply),
        ("an odd number of bytes before it", carried(253, &around(&[0x60; 7], &packet(0), b"")), Leg::Reply),
        ("a tunnel in a tunnel", carried(253, &around(b"head", &carried(17, &udp(1, 2, &packet(0))), b"")), Leg::Reply),
        ("IPIP in it", carried(253, &around(b"head", &carried(4, &packet(0)), b"")), Leg::Reply),
        ("an error in it", carried(253, &ipv4(NODE, POD, 64, 1, 7, &crate::journey::craft::error(3, 1, &packet(8)))), Leg::Error),
        ("a header whose checksum is wrong", carried(253, &broken), Leg::Unknown),
        ("no packet", carried(253, &echo(0, 5, 1, TOKEN)), Leg::Unknown),
        ("no packet in a datagram", carried(17, &udp(1, 2, &echo(0, 5, 1, TOKEN))), Leg::Unknown),
        ("a packet that is longer than what is left", carried(253, &packet(0)[..70]), Leg::Unknown),
        ("IPv6", carried(253, &around(b"head", &ipv6(24, &message), b"")), Leg::Reply),
        ("IPv6 that is longer than what is left", carried(253, &around(b"head", &ipv6(25, &message), b"")), Leg::Unknown),
        ("IPv6 that leaves something over", carried(253, &around(b"head", &ipv6(23, &message), b"")), Leg::Unknown),
        ("IPv6 that goes on in the next fragment", first_of_two(&ipv6(1600, &message)), Leg::Reply),
        ("IPv6 that ends with its first fragment", first_of_two(&ipv6(24, &message)), Leg::Reply),
        ("IPv6 that ends before its first fragment does", first_of_two(&ipv6(23, &message)), Leg::Unknown),
    ] {
        assert_eq!(legs(vec![frame]), [leg], "{what}");
    }
}

/// A segment with data between ports 40000 of the pod and 80 of the server; the streams start at 1000 and at 9000.
fn segment(up: Leg, flags: u8, numbers: (u32, u32), data: &[u8]) -> Vec<u8> {
    match up {
        Leg::Request => ipv4(POD, SERVER, 64, 6, 1, &tcp((40_000, 80), flags, numbers, (5, 0), data)),
        _ => ipv4(SERVER, POD, 64, 6, 1, &tcp((80, 40_000), flags, numbers, (5, 0), data)),
    }
}

#[test]
fn a_segment_goes_the_way_of_its_connection() {
    let said = |head: &str| format!("{head}{}", TOKEN.hex()).into_bytes();
    let syn = segment(Leg::Request, 0x02, (1000, 0), b"");
    let syn_ack = segment(Leg::Reply, 0x12, (9000, 1001), b"");
    let up = |head: &str| segment(Leg::Request, 0x18, (1001, 9001), &said(head));
    let down = |head: &str| segment(Leg::Reply, 0x18, (9001, 1001), &said(head));
    let later = |head: &str| segment(Leg::Reply, 0x18, (9201, 1101), &said(head));
    let (request, reply, unknown) = (Leg::Request, Leg::Reply, Leg::Unknown);
    for (what, local, frames, expected) in [
        ("opened by the client", None, vec![syn.clone(), syn_ack.clone(), up("x")], vec![request, reply, request]),
        ("the token is the server's", None, vec![syn.clone(), syn_ack.clone(), down("x")], vec![request, reply, reply]),
        ("the token is the server's, later on", None, vec![syn.clone(), syn_ack.clone(), later("x")], vec![request, reply, reply]),
        ("words against the handshake", None, vec![syn.clone(), syn_ack.clone(), down("GET ")], vec![request, reply, reply]),
        ("only the answer to the first was seen", None, vec![syn_ack.clone(), down("x")], vec![reply, reply]),
        ("the first alone was seen", None, vec![syn.clone(), up("x")], vec![request, request]),
        ("no handshake, a request's words", None, vec![up("GET / ")], vec![request]),
        ("no handshake, another request's words", None, vec![up("POST / ")], vec![request]),
        ("no handshake, an answer's words", None, vec![down("HTTP/1.1 200 OK ")], vec![reply]),
        ("no handshake, no words", None, vec![up("\u{8}234567")], vec![unknown]),
        ("no handshake, a byte like a reply's type", None, vec![up("\u{0}234567")], vec![unknown]),
        ("no handshake, from the sender's end", Some("10.0.0.1:40000"), vec![up("x")], vec![request]),
        ("no handshake, to the sender's end", Some("10.0.0.1:40000"), vec![down("x")], vec![reply]),
        ("no handshake, and an acknowledgement", None, vec![down("x"), segment(Leg::Request, 0x10, (1001, 9034), b"")], vec![unknown; 2]),
    ] {
        assert_eq!(legs_from(local, frames), expected, "{what}");
    }
}
