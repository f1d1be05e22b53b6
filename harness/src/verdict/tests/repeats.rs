//! What TCP sends again, and what it acknowledges on its own.

use std::net::SocketAddrV4;

use super::world::*;
use crate::journey::craft::{TOKEN, ethernet, frame, ipv4, recording, tcp, udp};
use crate::lab::{Claim, Extent};
use crate::packet::{Frame, LinkType};

const FIN: u8 = 0x11;
const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;
const RESET: u8 = 0x14;
const PUSH: u8 = 0x18;
const ACK: u8 = 0x10;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK";
/// How long a request is, and what the client's stream comes to behind it.
const ASKED: u32 = 1 + 56;

const LINES: [&str; 10] = [
    "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [S], seq 500, length 0",
    "ip: {pod3.ip}.80 > {pod1.ip}.50000: Flags [S.], seq 700, ack 501, length 0",
    "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [.], ack 1, length 0",
    "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [P.], seq 1:57, ack 1, length 56",
    "ip: {pod3.ip}.80 > {pod1.ip}.50000: Flags [.], ack 57, length 0",
    "ip: {pod3.ip}.80 > {pod1.ip}.50000: Flags [P.], seq 1:16, ack 57, length 15",
    "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [.], ack 16, length 0",
    "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [F.], seq 57, ack 16, length 0",
    "ip: {pod3.ip}.80 > {pod1.ip}.50000: Flags [F.], seq 16, ack 58, length 0",
    "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [.], ack 17, length 0",
];

fn asked() -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nId: {}\r\n\r\n", TOKEN.hex()).into_bytes()
}

/// A segment of the client's, its numbers relative to the streams' starts; the clock goes on with the IP id.
fn up(id: u16, flags: u8, (sequence, acknowledgment): (u32, u32), data: &[u8]) -> Vec<u8> {
    let acknowledgment = if flags & ACK == 0 { 0 } else { 9000 + acknowledgment };
    ipv4(POD1, POD3, 63, 6, id, &tcp((40_000, 80), flags, (1000 + sequence, acknowledgment), (5000 + u32::from(id), 0), data))
}

/// A segment of the server's.
fn down(id: u16, flags: u8, (sequence, acknowledgment): (u32, u32), data: &[u8]) -> Vec<u8> {
    ipv4(POD3, POD1, 62, 6, id, &tcp((80, 40_000), flags, (9000 + sequence, 1000 + acknowledgment), (7000 + u32::from(id), 0), data))
}

fn packets() -> Vec<Vec<u8>> {
    vec![
        up(1, SYN, (0, 0), b""),
        down(0, SYN_ACK, (0, 1), b""),
        up(2, ACK, (1, 1), b""),
        up(3, PUSH, (1, 1), &asked()),
        down(101, ACK, (1, ASKED), b""),
        down(102, PUSH, (1, ASKED), ANSWER),
        up(4, ACK, (ASKED, 16), b""),
        up(5, FIN, (ASKED, 16), b""),
        down(103, FIN, (16, ASKED + 1), b""),
        up(6, ACK, (ASKED + 1, 17), b""),
    ]
}

/// What a server's kernel answers where nobody listens: its stream has not begun, so the number is 0 (RFC 9293 section 3.10.7.1).
fn refusal() -> Vec<u8> {
    ipv4(POD3, POD1, 62, 6, 0, &tcp((80, 40_000), RESET, (0, 1001), (0, 0), b""))
}

/// A world of one point, which is expected to see these lines and saw these packets.
fn world(lines: Claim, packets: Vec<Vec<u8>>) -> World {
    let mut world = World::new();
    world.planned().expect = vec![expectation("node1/tunl0", lines)];
    world.recorded().recordings = vec![recording("node1/tunl0", LinkType::Raw, packets)];
    world.recorded().outcome.as_mut().unwrap().local = Some(format!("{POD1}:40000").parse::<SocketAddrV4>().unwrap());
    world
}

/// A request and its answer, as documented.
pub(super) fn exchange() -> World {
    world(lines(&LINES), packets())
}

/// The same, the request sent twice.
pub(super) fn again() -> World {
    let mut packets = packets();
    packets.insert(4, up(13, PUSH, (1, 1), &asked()));
    world(lines(&LINES), packets)
}

/// The same, but nobody listens.
pub(super) fn refused() -> World {
    world(lines(&LINES), vec![packets()[0].clone(), refusal()])
}

/// What is too much, where it comes, and what is said of it.
type Extra = (&'static str, usize, Vec<u8>, &'static str);

fn excused() -> Vec<Extra> {
    let mut window = up(13, PUSH, (1, 1), &asked());
    window[34] ^= 1;
    vec![
        ("the first segment", 1, up(11, SYN, (0, 0), b""), "the segment Flags [S] was sent again, at node1/tunl0"),
        ("the answer to it", 2, down(0, SYN_ACK, (0, 1), b""), "the segment Flags [S.] was sent again, at node1/tunl0"),
        ("the request", 4, up(13, PUSH, (1, 1), &asked()), "the segment seq 1:57 was sent again, at node1/tunl0"),
        ("the request, byte for byte", 4, up(3, PUSH, (1, 1), &asked()), "the segment seq 1:57 was sent again, at node1/tunl0"),
        ("the request, without PSH", 4, up(13, ACK, (1, 1), &asked()), "the segment seq 1:57 was sent again, at node1/tunl0"),
        (
            "the request, marked for congestion",
            4,
            with_tos(up(13, PUSH, (1, 1), &asked()), 3),
            "the segment seq 1:57 was sent again, at node1/tunl0",
        ),
        ("the request in another window", 4, window, "the segment seq 1:57 was sent again, at node1/tunl0"),
        ("the request, late", 6, up(13, PUSH, (1, 16), &asked()), "the segment seq 1:57 was sent again, at node1/tunl0"),
        ("the answer", 6, down(112, PUSH, (1, ASKED), ANSWER), "the segment seq 1:16 was sent again, at node1/tunl0"),
        (
            "the answer, when more was acknowledged",
            8,
            down(112, PUSH, (1, ASKED + 1), ANSWER),
            "the segment seq 1:16 was sent again, at node1/tunl0",
        ),
        ("a part of the answer", 6, down(112, PUSH, (5, ASKED), &ANSWER[4..]), "the segment seq 5:16 was sent again, at node1/tunl0"),
        ("the client's end", 8, up(15, FIN, (ASKED, 16), b""), "the segment Flags [F.], seq 57 was sent again, at node1/tunl0"),
        ("the server's end", 9, down(113, FIN, (16, ASKED + 1), b""), "the segment Flags [F.], seq 16 was sent again, at node1/tunl0"),
        (
            "the answer and the end in one",
            9,
            down(113, FIN | PUSH, (1, ASKED + 1), ANSWER),
            "the segment seq 1:16 was sent again, at node1/tunl0",
        ),
        (
            "an end that is acknowledged on its own",
            8,
            down(113, ACK, (16, ASKED + 1), b""),
            "a bare acknowledgement that no line accounts for, ack 58, at node1/tunl0",
        ),
        (
            "an answer that is acknowledged twice",
            7,
            up(14, ACK, (ASKED, 16), b""),
            "a bare acknowledgement that no line accounts for, ack 16, at node1/tunl0",
        ),
        (
            "a request that is acknowledged twice",
            5,
            down(111, ACK, (1, ASKED), b""),
            "a bare acknowledgement that no line accounts for, ack 57, at node1/tunl0",
        ),
    ]
}

#[test]
fn the_exchange_holds() {
    assert_eq!(spell(&exchange().at(0).outcome), "held");
}

#[test]
fn what_is_sent_again_or_acknowledged_alone_is_inconclusive_and_all_lines_hold() {
    for (what, at, extra, why) in excused() {
        let mut frames = packets();
        frames.insert(at, extra);
        let mut spoilt = world(lines(&LINES), frames);
        let verdict = spoilt.at(0);
        assert_eq!(spell(&verdict.outcome), format!("inconclusive: {why}"), "{what}");
        assert_eq!(verdict.unexpected.len(), 1, "{what}");
        for line in &verdict.lines {
            assert_eq!(spell(&line.outcome), "held", "{what}: {}", line.documented);
        }
        assert_eq!(spoilt.judge().exit_code(), 4, "{what}");
        // The lab may say that there is no such thing, or that there is more than it shows.
        spoilt.planned().expect[0].extent = Extent::Once;
        assert_eq!(spell(&spoilt.at(0).outcome), "broken: 1 frame that no line accounts for", "{what}");
        spoilt.planned().expect[0].extent = Extent::Excerpt;
        assert_eq!(spell(&spoilt.at(0).outcome), "held", "{what}");
    }
}

/// With `-vv` tcpdump prints the position of a segment without data, too.
#[test]
fn a_position_that_is_documented_of_an_empty_segment_is_asserted() {
    for (row, documented, outcome) in [
        (2, ".], seq 1, ack 1,", "held"),
        (2, ".], seq 2, ack 1,", "broken: 1 line does not hold"),
        (6, ".], seq 57, ack 16,", "held"),
        (6, ".], seq 1, ack 16,", "broken: 1 line does not hold"),
        (9, ".], seq 58, ack 17,", "held"),
    ] {
        let mut documents = LINES.map(str::to_owned);
        let (head, tail) = documents[row].split_once(".], ack ").expect("it acknowledges something");
        let (_, tail) = tail.split_once(',').expect("a length");
        documents[row] = format!("{head}{documented}{tail}");
        let world = world(lines(&documents.each_ref().map(String::as_str)), packets());
        assert_eq!(spell(&world.at(0).outcome), outcome, "{}", documents[row]);
    }
}

#[test]
fn several_of_the_kind_are_counted() {
    let mut frames = packets();
    frames.insert(6, down(112, PUSH, (1, ASKED), ANSWER));
    frames.insert(4, up(13, PUSH, (1, 1), &asked()));
    let outcome = world(lines(&LINES), frames).at(0).outcome;
    assert_eq!(spell(&outcome), "inconclusive: the segment seq 1:57 was sent again, at node1/tunl0, and 1 more of the kind");
}

/// The same packet with this type of service, the header's checksum with it (RFC 1624).
fn with_tos(mut packet: Vec<u8>, tos: u8) -> Vec<u8> {
    packet[1] = tos;
    let sum = u16::from_be_bytes([packet[10], packet[11]]);
    packet[10..12].copy_from_slice(&sum.checked_sub(tos.into()).expect("no carry").to_be_bytes());
    packet
}

/// The same segment with a maximum segment size in place of two paddings and its time stamps.
fn with_mss(mut packet: Vec<u8>) -> Vec<u8> {
    packet[40..52].copy_from_slice(&[2, 4, 5, 160, 1, 1, 1, 1, 1, 1, 1, 1]);
    packet
}

#[test]
fn what_time_does_not_explain_stays_broken() {
    let mut other = asked();
    other[5] = b'X';
    let hop = |mut packet: Vec<u8>| {
        // One hop more, the header's checksum with it (RFC 1624).
        packet[8] -= 1;
        packet[10] = packet[10].wrapping_add(1);
        packet
    };
    let elsewhere = ipv4(POD1, NODE2, 63, 6, 13, &tcp((40_000, 80), PUSH, (1001, 9001), (5013, 0), &asked()));
    for (what, at, extra) in [
        (
            "somebody else accepts the connection",
            2,
            ipv4(POD3, POD1, 62, 6, 0, &tcp((80, 40_000), SYN_ACK, (20_000, 1001), (7000, 0), b"")),
        ),
        ("somebody resets it", 4, ipv4(POD3, POD1, 62, 6, 0, &tcp((80, 40_000), RESET, (9001, 0), (0, 0), b""))),
        ("other bytes in the same place", 4, up(13, PUSH, (1, 1), &other)),
        ("more bytes than were sent", 4, up(13, PUSH, (1, 1), &[&asked()[..], b"more"].concat())),
        ("bytes behind those that were sent", 6, down(113, PUSH, (16, ASKED), b"more")),
        ("the request before the first of its kind", 3, up(13, PUSH, (2, 1), &asked())),
        ("a hop more", 4, hop(up(13, PUSH, (1, 1), &asked()))),
        ("another destination", 4, elsewhere),
        ("another port", 4, ipv4(POD1, POD3, 63, 6, 13, &tcp((40_001, 80), PUSH, (1001, 9001), (5013, 0), &asked()))),
        ("an acknowledgement of what was never sent", 5, down(111, ACK, (1, ASKED + 9), b"")),
        ("an acknowledgement amid a segment", 5, down(111, ACK, (1, 30), b"")),
        ("an acknowledgement that goes back", 5, down(111, ACK, (1, 1), b"")),
        ("an acknowledgement ahead of what it acknowledges", 3, down(111, ACK, (1, ASKED), b"")),
        ("an acknowledgement from beyond its own stream", 5, down(111, ACK, (9, ASKED), b"")),
        ("an acknowledgement with a hop more", 5, hop(down(111, ACK, (1, ASKED), b""))),
        ("a reset of the client's", 8, up(15, RESET, (ASKED, 16), b"")),
        ("a reset of the server's", 10, down(114, RESET, (17, ASKED + 1), b"")),
        ("a second connection from the same end", 1, up(11, SYN, (60_000, 0), b"")),
        ("an end that comes too early", 5, down(111, FIN, (1, ASKED), b"")),
        ("an urgent acknowledgement", 5, down(111, ACK | 0x20, (1, ASKED), b"")),
        ("a segment without flags", 5, down(111, 0, (1, ASKED), b"")),
        ("an end amid what was sent", 9, down(113, FIN, (5, ASKED + 1), b"")),
        ("an end behind a part of what was sent, ahead of the end", 6, down(112, FIN | PUSH, (1, ASKED), &ANSWER[..14])),
        ("the request, acknowledging a part of the answer", 6, up(13, PUSH, (1, 7), &asked())),
        ("the answer, acknowledging less than before", 6, down(112, PUSH, (1, 1), ANSWER)),
        ("the request, urgent", 4, up(13, PUSH | 0x20, (1, 1), &asked())),
        ("another class of service", 4, with_tos(up(13, PUSH, (1, 1), &asked()), 0x20)),
        ("the first segment with another option", 1, with_mss(up(11, SYN, (0, 0), b""))),
        ("the answer to it with another option", 2, with_mss(down(0, SYN_ACK, (0, 1), b""))),
        ("the first segment amid the stream", 4, up(13, SYN, (1, 0), b"")),
        ("a second handshake amid the stream", 4, up(13, SYN_ACK, (1, 1), b"")),
    ] {
        let mut frames = packets();
        frames.insert(at, extra);
        let verdict = world(lines(&LINES), frames).at(0);
        assert!(spell(&verdict.outcome).starts_with("broken: "), "{what}: {}", spell(&verdict.outcome));
    }
}

#[test]
fn where_a_stream_shows_nothing_but_acknowledgements_none_is_excused() {
    // They go by another way than all that they acknowledge for.
    let aside = |id, acknowledged| {
        let mut packet = down(id, ACK, (1, acknowledged), b"");
        packet[8] -= 1;
        packet[10] = packet[10].wrapping_add(1);
        packet
    };
    let mut frames = packets();
    frames[4] = aside(101, ASKED);
    assert_eq!(spell(&world(lines(&LINES), frames.clone()).at(0).outcome), "held");
    for (at, acknowledged) in [(5, ASKED), (8, ASKED + 1)] {
        let mut frames = frames.clone();
        frames.insert(at, aside(111, acknowledged));
        assert_eq!(spell(&world(lines(&LINES), frames).at(0).outcome), "broken: 1 frame that no line accounts for", "{at}");
    }
}

#[test]
fn a_line_that_was_not_seen_is_broken_whatever_is_there_in_its_stead() {
    for (what, missing, at, extra) in [
        ("an acknowledgement, and another one twice", 6, 5, down(111, ACK, (1, ASKED), b"")),
        ("an answer, and the request twice", 5, 4, up(13, PUSH, (1, 1), &asked())),
        ("the request's acknowledgement, and the end's", 4, 7, down(111, ACK, (16, ASKED + 1), b"")),
        ("the server's end, and its acknowledgement alone", 8, 8, down(111, ACK, (16, ASKED + 1), b"")),
        ("the last acknowledgement, and the end twice", 9, 9, down(113, FIN, (16, ASKED + 1), b"")),
        ("the handshake's end, and its start twice", 2, 1, up(11, SYN, (0, 0), b"")),
    ] {
        let mut frames = packets();
        frames.remove(missing);
        frames.insert(at, extra);
        let verdict = world(lines(&LINES), frames).at(0);
        assert!(spell(&verdict.outcome).starts_with("broken: "), "{what}: {}", spell(&verdict.outcome));
        assert!(spell(&verdict.lines[missing].outcome).starts_with("broken: "), "{what}");
    }
}

#[test]
fn a_repeat_does_not_stand_in_for_a_first_that_is_wrong() {
    let mut documented = LINES;
    documented[3] = "ip: (ttl 63) {pod1.ip}.50000 > {pod3.ip}.80: Flags [P.], seq 1:57, ack 1, length 56";
    let mut frames = packets();
    frames[3] = ipv4(POD1, POD3, 62, 6, 3, &tcp((40_000, 80), PUSH, (1001, 9001), (5003, 0), &asked()));
    frames.insert(4, up(13, PUSH, (1, 1), &asked()));
    assert!(spell(&world(lines(&documented), frames).at(0).outcome).starts_with("broken: "));
}

#[test]
fn the_clock_of_a_segment_that_was_sent_twice_is_that_of_either() {
    let mut documented = LINES;
    documented[0] = "ip: {pod1.ip}.50000 > {pod3.ip}.80: Flags [S], seq 500, options [nop,nop,TS val 11 ecr 0], length 0";
    documented[1] = "ip: {pod3.ip}.80 > {pod1.ip}.50000: Flags [S.], seq 700, ack 501, options [nop,nop,TS val 22 ecr 11], length 0";
    let answer = |echoed| ipv4(POD3, POD1, 62, 6, 0, &tcp((80, 40_000), SYN_ACK, (9000, 1001), (7000, echoed), b""));
    for echoed in [5001, 5011] {
        let mut frames = packets();
        frames[1] = answer(echoed);
        frames.insert(1, up(11, SYN, (0, 0), b""));
        let verdict = world(lines(&documented), frames).at(0);
        assert_eq!(spell(&verdict.outcome), "inconclusive: the segment Flags [S] was sent again, at node1/tunl0");
        assert!(verdict.lines.iter().all(|line| spell(&line.outcome) == "held"));
    }
    // Sent once, it is the one that is answered.
    let mut frames = packets();
    frames[1] = answer(5011);
    assert_eq!(spell(&world(lines(&documented), frames).line(0, 1).outcome), "broken: 1 field differs");
}

/// The exchange in a tunnel of which lines show only how long its datagrams are.
fn in_datagrams(packets: &[Vec<u8>]) -> World {
    let ends = |up| if up { ("node1", "node2") } else { ("node2", "node1") };
    let line = |packet: &Vec<u8>| {
        let (from, to) = ends(packet[12..16] == [10, 9, 0, 1]);
        format!(
            "{{{from}.underlay.mac}} > {{{to}.underlay.mac}}, ethertype IPv4 (0x0800), length {}: {{{from}.underlay.ip}}.8285 > {{{to}.underlay.ip}}.8285: UDP, length {}",
            packet.len() + 42,
            packet.len()
        )
    };
    let datagram = |(index, packet): (usize, &Vec<u8>)| {
        let id = 600 + u16::try_from(index).unwrap();
        if packet[12..16] == [10, 9, 0, 1] {
            ethernet(NODE1_MAC, NODE2_MAC, &ipv4(NODE1, NODE2, 64, 17, id, &udp(8285, 8285, packet)))
        } else {
            ethernet(NODE2_MAC, NODE1_MAC, &ipv4(NODE2, NODE1, 64, 17, id, &udp(8285, 8285, packet)))
        }
    };
    let texts: Vec<String> = self::packets().iter().map(line).collect();
    let mut world = world(lines(&texts.iter().map(String::as_str).collect::<Vec<_>>()), Vec::new());
    let datagrams = packets.iter().enumerate().map(datagram).collect();
    world.recorded().recordings = vec![recording("node1/tunl0", LinkType::Ethernet, datagrams)];
    world
}

#[test]
fn in_a_tunnel_the_segment_inside_is_what_counts() {
    assert_eq!(spell(&in_datagrams(&packets()).at(0).outcome), "held");
    for (what, at, extra, why) in excused() {
        let mut frames = packets();
        frames.insert(at, extra);
        let verdict = in_datagrams(&frames).at(0);
        assert_eq!(spell(&verdict.outcome), format!("inconclusive: {why}"), "{what}");
        assert!(verdict.lines.iter().all(|line| spell(&line.outcome) == "held"), "{what}");
    }
    let mut other = asked();
    other[5] = b'X';
    for (what, at, extra) in [
        ("other bytes", 4, up(13, PUSH, (1, 1), &other)),
        ("a reset", 9, down(113, RESET, (16, ASKED + 1), b"")),
        ("an acknowledgement of what was never sent", 5, down(111, ACK, (1, ASKED + 9), b"")),
    ] {
        let mut frames = packets();
        frames.insert(at, extra);
        assert_eq!(spell(&in_datagrams(&frames).at(0).outcome), "broken: 1 frame that no line accounts for", "{what}");
    }
}

#[test]
fn a_reset_stands_for_the_line_that_it_leaves_unanswered() {
    let all = packets();
    let reset_down = |numbers| down(0, RESET, numbers, b"");
    let lone = down(0, 0x04, (1, 0), b"");
    for (what, frames, stands_for) in [
        ("nobody listens", vec![all[0].clone(), refusal()], 1),
        ("after the handshake", [&all[..3], &[reset_down((1, 1))]].concat(), 4),
        ("in place of the answer", [&all[..4], &[reset_down((1, ASKED))]].concat(), 4),
        ("behind the acknowledgement", [&all[..5], &[reset_down((1, ASKED))]].concat(), 5),
        ("in place of the end", [&all[..8], &[reset_down((16, ASKED + 1))]].concat(), 8),
        ("in place of the end, without ACK", [&all[..8], &[lone]].concat(), 8),
        ("of the client's, in place of its acknowledgement", [&all[..6], &[up(4, RESET, (ASKED, 16), b"")]].concat(), 6),
        ("of the client's, in place of its end", [&all[..7], &[up(5, RESET, (ASKED, 16), b"")]].concat(), 7),
        ("of the client's, at once", [&all[..2], &[up(5, RESET, (1, 1), b"")]].concat(), 2),
        ("of the client's, in place of the request", [&all[..3], &[up(5, RESET, (1, 1), b"")]].concat(), 3),
    ] {
        let before = frames.len() - 1;
        let verdict = world(lines(&LINES), frames).at(0);
        for (index, line) in verdict.lines.iter().enumerate() {
            let observed = line.observed.as_deref();
            if index == stands_for {
                assert!(observed.is_some_and(|text| text.contains("Flags [R")), "{what}: {index} {observed:?}");
                assert!(line.findings.iter().any(|finding| finding.field == "TCP flags"), "{what}");
            } else if index < before {
                assert_eq!(spell(&line.outcome), "held", "{what}: {index}");
            } else {
                assert_eq!(spell(&line.outcome), "broken: not seen", "{what}: {index}");
            }
        }
        assert_eq!(verdict.unexpected, Vec::<String>::new(), "{what}");
    }
    // A reset that is documented is the one that is meant.
    let documented = [LINES[0], "ip: {pod3.ip}.80 > {pod1.ip}.50000: Flags [R.], length 0"];
    assert_eq!(spell(&world(lines(&documented), vec![all[0].clone(), refusal()]).at(0).outcome), "held");
}

#[test]
fn a_line_of_a_handshake_stands_for_nothing_else() {
    let all = packets();
    for (line, packet) in [(0, 3), (0, 2), (1, 4), (1, 5), (3, 0), (2, 0), (4, 1), (5, 1)] {
        let verdict = world(lines(&[LINES[line]]), vec![all[packet].clone()]).at(0);
        assert_eq!(verdict.lines[0].observed, None, "{line} {packet}");
        assert_eq!(spell(&verdict.lines[0].outcome), "broken: not seen", "{line} {packet}");
    }
}

#[test]
fn of_two_resets_the_first_is_the_one_that_is_shown() {
    let frames =
        vec![packets()[0].clone(), refusal(), ipv4(POD3, POD1, 62, 6, 0, &tcp((80, 40_000), RESET | 0x08, (0, 1001), (0, 0), b""))];
    let verdict = world(lines(&LINES), frames).at(0);
    assert!(verdict.lines[1].observed.as_deref().is_some_and(|text| text.contains("Flags [R.]")), "{:?}", verdict.lines[1].observed);
    assert!(verdict.lines[2..].iter().flat_map(|line| &line.observed).any(|text| text.contains("Flags [RP.]")));
}

#[test]
fn a_request_never_stands_for_a_reply() {
    // All that the client sends, and nothing comes back: no line of the server's is held against it.
    let mine: Vec<Vec<u8>> = packets().into_iter().filter(|packet| packet[12..16] == [10, 9, 0, 1]).collect();
    let verdict = world(lines(&LINES), mine).at(0);
    for index in [1, 4, 5, 8] {
        assert_eq!(verdict.lines[index].observed, None, "{index}");
    }
    // Nor does the third request for a connection stand for what comes once there is one.
    let syns: Vec<Frame> = (1..4).map(|id| frame(up(id, SYN, (0, 0), b""))).collect();
    let mut lonely = exchange();
    *lonely.frames(0) = syns;
    let verdict = lonely.at(0);
    assert_eq!(spell(&verdict.lines[0].outcome), "held");
    assert!(verdict.lines[1..].iter().all(|line| line.observed.is_none()));
    assert_eq!(spell(&verdict.outcome), "broken: 9 lines do not hold");
}
