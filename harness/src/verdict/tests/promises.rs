//! Worlds that are not as documented and once passed: what tcpdump says unasked, ports, numbers that belong together, and what is asserted on demand.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{lines, spell};
use crate::expect::{Part, Want};
use crate::journey::craft::{TOKEN, echo, error, ethernet, frame, ipv4, recording, udp};
use crate::journey::{Journey, Leg, Sighting, Stop};
use crate::lab::{Claim, Expectation};
use crate::name::{PointName, Symbol};
use crate::packet::{Hints, LinkType, mark_meaning};
use crate::verdict::names::Names;
use crate::verdict::point::{Scene, judge};
use crate::verdict::variables::Variables;
use crate::verdict::{ExpectationVerdict, Finding};

const A: &str = "10.0.0.1";
const B: &str = "10.0.0.2";
const SERVERS: [u16; 3] = [8285, 32_000, 41_000];

/// A block of lines held against frames of which the first goes away from the sender and every second one back; each address stands for itself.
struct Held {
    claim: Claim,
    link: LinkType,
    /// Which way the first of the frames goes.
    first: Leg,
    frames: Vec<crate::packet::Frame>,
}

impl Held {
    fn of(documented: &[&str], frames: &[Vec<u8>]) -> Self {
        Self { claim: lines(documented), link: LinkType::Raw, first: Leg::Request, frames: frames.iter().cloned().map(frame).collect() }
    }

    fn asserting(mut self, part: Part) -> Self {
        let Claim::Lines(lines) = &mut self.claim else { panic!("there are lines") };
        let asserted: Vec<bool> = lines.iter_mut().map(|line| line.documented.pattern.assert(part)).collect();
        assert!(asserted.contains(&true), "no line prints {part}");
        self
    }

    fn judge(self) -> ExpectationVerdict {
        let point = PointName::new("node1/eth0");
        let mut capture = recording("node1/eth0", self.link, Vec::new());
        capture.frames = self.frames;
        let leg = |frame| if (frame % 2 == 0) == (self.first == Leg::Request) { Leg::Request } else { Leg::Reply };
        let icmp_error = |frame: usize| {
            capture.frames[frame].bytes.get(20).is_some_and(|kind| matches!(kind, 3 | 11)) && capture.frames[frame].bytes[9] == 1
        };
        let sighting = |frame| Sighting { frame, leg: if icmp_error(frame) { Leg::Error } else { leg(frame) } };
        let stop = Stop { point: point.clone(), recording: 0, sightings: (0..capture.frames.len()).map(sighting).collect() };
        let Claim::Lines(documented) = &self.claim else { panic!("there are lines") };
        let literals = documented.iter().flat_map(|line| {
            let parts = line.documented.pattern.layers.iter().flat_map(|layer| &layer.fields);
            parts.filter(|part| matches!(part.want, Want::Literal(_))).map(|part| line.documented.text[part.span.clone()].to_owned())
        });
        let table: BTreeMap<String, Symbol> = literals.map(|literal| (literal.clone(), Symbol::new(literal))).collect();
        let values = table.iter().map(|(literal, symbol)| (symbol.clone(), literal.clone())).collect();
        let recordings = [capture];
        let scene = Scene {
            names: Names { table: &table, values: &values },
            recordings: &recordings,
            journey: &Journey { stops: vec![stop] },
            hints: &Hints::default(),
            points: &BTreeMap::new(),
            servers: &BTreeSet::from(SERVERS),
            spelling: &crate::verdict::spelling::Spelling::default(),
            echoes: 1,
            never_left: None,
        };
        let expectation = Expectation {
            at: point,
            claim: self.claim,
            extent: crate::lab::Extent::Whole,
            because: None,
            when: None,
            position: crate::lab::Position { line: 1, column: 1 },
        };
        judge(&expectation, &scene, &mut Variables::default())
    }
}

/// How it came out: the first word of the outcome, and what was found.
fn outcome(verdict: &ExpectationVerdict) -> (String, Vec<String>) {
    let word = spell(&verdict.outcome).split(':').next().unwrap_or_default().to_owned();
    let findings = verdict.lines.iter().flat_map(|line| &line.findings);
    let spell =
        |finding: &Finding| format!("{}: {}, not {}", finding.field, mark_meaning(&finding.expected), mark_meaning(&finding.observed));
    (word, findings.map(spell).collect())
}

fn check(what: &str, held: Held, expected: &str) {
    let verdict = held.judge();
    let (word, findings) = outcome(&verdict);
    let found = std::iter::once(word).chain(findings).collect::<Vec<_>>().join("; ");
    let shown: Vec<_> = verdict.lines.iter().map(|line| (&line.expected, &line.observed)).collect();
    assert_eq!(found, expected, "{what}: {shown:#?}");
}

fn ping() -> Vec<u8> {
    ipv4(A, B, 63, 1, 77, &echo(8, 7, 1, TOKEN))
}

/// With the header's checksum made right again.
fn summed(mut packet: Vec<u8>) -> Vec<u8> {
    packet[10..12].fill(0);
    let header = usize::from(packet[0] & 0x0f) * 4;
    let sum: u32 = packet[..header].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).expect("folded");
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

const PING: &str = "ip: 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";
const PING_V: &str = "ip: (ttl 63) 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";

/// That says it is so many bytes longer than it is.
fn longer(by: u8) -> Vec<u8> {
    let mut packet = ping();
    packet[3] += by;
    summed(packet)
}

/// With other bits in the byte at `at`.
fn spoilt(mut packet: Vec<u8>, at: usize) -> Vec<u8> {
    packet[at] ^= 0x55;
    packet
}

fn tunnel(inner: &[u8]) -> Vec<u8> {
    ipv4("10.9.0.1", "10.9.0.2", 64, 4, 3, inner)
}

const IN_TUNNEL: &str = "ip: 10.9.0.1 > 10.9.0.2: 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";

#[test]
fn a_packet_that_is_not_all_there_breaks_a_line_that_does_not_say_so() {
    let said = |line: &str, missing: u8, before: &str| line.replace(before, &format!("truncated-ip - {missing} bytes missing! {before}"));
    let documented = |missing| said(PING, missing, "10.0.0.1 >").replace("length 64", "length 80");
    let outer = said(IN_TUNNEL, 4, "10.9.0.1 >").replace("length 64", "length 68");
    let inner = said(IN_TUNNEL, 4, "10.0.0.1 >").replace("length 64", "length 68");
    for (line, packet, expected) in [
        (PING, ping(), "held"),
        (PING, longer(16), "broken; mark: nothing, not truncated-ip - 16 bytes missing!; ICMP length: 64, not 80"),
        ("ip: 10.0.0.1 > 10.0.0.2: ICMP echo request", longer(1), "broken; mark: nothing, not truncated-ip - 1 bytes missing!"),
        (PING_V, longer(2), "broken; mark: nothing, not truncated-ip - 2 bytes missing!; ICMP length: 64, not 66"),
        (IN_TUNNEL, tunnel(&longer(4)), "broken; mark: nothing, not truncated-ip - 4 bytes missing!; ICMP length: 64, not 68"),
        (&documented(16), longer(16), "held"),
        (
            &documented(4),
            longer(16),
            "broken; mark: nothing, not truncated-ip - 16 bytes missing!; mark: truncated-ip - 4 bytes missing!, not nothing",
        ),
        (&documented(16), ping(), "broken; mark: truncated-ip - 16 bytes missing!, not nothing; ICMP length: 80, not 64"),
        (&inner, tunnel(&longer(4)), "held"),
        (
            &outer,
            tunnel(&longer(4)),
            "broken; mark: nothing, not truncated-ip - 4 bytes missing!; mark: truncated-ip - 4 bytes missing!, not nothing",
        ),
    ] {
        check(line, Held::of(&[line], &[packet]), expected);
    }
}

#[test]
fn a_wrong_checksum_breaks_a_verbose_line_that_does_not_say_so() {
    let header = "ip: (ttl 63, bad cksum 0 (->b1e6)!) 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";
    let message = format!("{PING_V} (wrong icmp cksum 1 (->2)!)");
    let options = {
        let mut packet = ping();
        packet.splice(20..20, [1, 1, 1, 0]);
        (packet[0], packet[3]) = (0x46, packet[3] + 4);
        summed(packet)
    };
    for (line, packet, expected) in [
        (PING_V, ping(), "held"),
        (PING, spoilt(ping(), 10), "held"),
        (PING_V, spoilt(ping(), 10), "broken; mark: nothing, not bad cksum % (->%)!"),
        (header, spoilt(ping(), 10), "held"),
        (header, ping(), "broken; mark: bad cksum % (->%)!, not nothing"),
        (PING, spoilt(ping(), 22), "held"),
        (PING_V, spoilt(ping(), 22), "broken; mark: nothing, not (wrong icmp cksum % (->%)!)"),
        (&message, spoilt(ping(), 22), "held"),
        (&message, ping(), "broken; mark: (wrong icmp cksum % (->%)!), not nothing"),
        (&message, spoilt(ping(), 10), "broken; mark: nothing, not bad cksum % (->%)!; mark: (wrong icmp cksum % (->%)!), not nothing"),
        // What else -v says unasked of a header.
        (PING, options.clone(), "held"),
        (PING_V, options, "broken; mark: nothing, not options (NOP,NOP,NOP,EOL)"),
    ] {
        check(line, Held::of(&[line], &[packet]), expected);
    }
}

#[test]
fn an_upper_layer_that_lies_breaks_a_line_that_does_not_say_so() {
    let cut = || ipv4(A, B, 63, 1, 77, &echo(8, 7, 1, TOKEN)[..4]);
    let datagram = || {
        let mut datagram = udp(8285, 8285, &[b'x'; 60]);
        datagram[5] += 24;
        ipv4(A, B, 64, 17, 1, &datagram)
    };
    let short = || {
        let mut packet = segment(&Segment { flags: 0x10, ..SYN });
        packet[32] = 0xf0;
        packet
    };
    for (line, packet, expected) in [
        (PING, cut(), "broken; mark: nothing, not [|icmp]; layers: IPv4, ICMP, not IPv4"),
        ("ip: 10.0.0.1 > 10.0.0.2:  [|icmp]", cut(), "held"),
        ("ip: 10.0.0.1 > 10.0.0.2:  [|icmp]", ping(), "broken; mark: [|icmp], not nothing; layers: IPv4, not IPv4, ICMP"),
        ("ip: 10.0.0.1.8285 > 10.0.0.2.8285: UDP, length 84", datagram(), "broken; mark: nothing, not UDP, bad length 84 > 60"),
        ("ip: 10.0.0.1.8285 > 10.0.0.2.8285: UDP, bad length 84 > 60", datagram(), "held"),
        (
            "ip: 10.0.0.1.8285 > 10.0.0.2.8285: UDP, bad length 84 > 61",
            datagram(),
            "broken; mark: nothing, not UDP, bad length 84 > 60; mark: UDP, bad length 84 > 61, not nothing",
        ),
        (
            "ip: 10.0.0.1.40000 > 10.0.0.2.80: Flags [.]",
            short(),
            "broken; mark: nothing, not [bad hdr length 60 - too long, > 20]; layers: IPv4, TCP, not IPv4",
        ),
    ] {
        check(line, Held::of(&[line], &[packet]), expected);
    }
}

#[test]
fn what_the_capture_cut_off_is_doubt_and_no_difference() {
    // ICMP's eight bytes are there, those of its header in the tunnel are not.
    let mut held = Held::of(&[PING], &[ping()]);
    held.frames[0].bytes.truncate(24);
    check("cut in the message", held, "inconclusive");
    let mut held =
        Held::of(&["ip: 10.0.0.1 > 10.0.0.2: truncated-ip - 3 bytes missing! 10.0.0.1 > 10.0.0.2: ICMP echo request"], &[ping()]);
    held.frames[0].bytes.truncate(30);
    let (word, _) = outcome(&held.judge());
    assert_eq!(word, "broken", "that there is no second header is seen");
    // As much as is kept of long frames: all headers, and no complaint.
    let long = [echo(8, 7, 1, TOKEN), vec![b'.'; 200]].concat();
    let mut held = Held::of(&[&PING.replace("length 64", "length 264")], &[ipv4(A, B, 63, 1, 77, &long)]);
    held.frames[0].bytes.truncate(200);
    check("cut behind the headers", held, "held");
}

#[test]
fn a_mark_of_the_link_layer_counts_as_well() {
    let mut tagged = ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", &ping());
    tagged.splice(12..12, [0x81, 0x00, 0x70, 0x64]);
    let line = |dei: &str| {
        format!(
            "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 102: vlan 100, p 3{dei}, ethertype IPv4 (0x0800), 10.0.0.1 > 10.0.0.2: ICMP echo request"
        )
    };
    let held = |line: &str| {
        let mut held = Held::of(&[line], std::slice::from_ref(&tagged));
        held.link = LinkType::Ethernet;
        held
    };
    check("documented", held(&line(", DEI")), "held");
    check("not documented", held(&line("")), "broken; mark: nothing, not DEI");
}

fn datagram(source: u16, destination: u16) -> Vec<u8> {
    ipv4(A, B, 64, 17, 1, &udp(source, destination, &[b'x'; 84]))
}

#[test]
fn a_port_that_differs_from_run_to_run_is_never_a_server_s() {
    let line = |ports: (u16, u16)| format!("ip: {A}.{} > {B}.{}: UDP, length 84", ports.0, ports.1);
    for (documented, observed, expected) in [
        ((8285, 8285), (8285, 8285), "held"),
        ((8285, 8281), (8285, 8285), "broken; UDP destination port: one other than 8285, which is a server's port, not 8285"),
        ((8281, 8285), (8285, 8285), "broken; UDP source port: one other than 8285, which is a server's port, not 8285"),
        (
            (8281, 8280),
            (8285, 8285),
            "broken; UDP source port: a port of no server, not 8285; UDP destination port: a port of no server, not 8285",
        ),
        ((8281, 8281), (8285, 8285), "broken; UDP source port: 8281, not 8285; UDP destination port: 8281, not 8285"),
        (
            (58_285, 58_286),
            (8285, 8285),
            "broken; UDP source port: a port of no server, not 8285; UDP destination port: a port of no server, not 8285",
        ),
        ((45_678, 8472), (50_000, 8472), "held"),
        ((45_678, 8472), (50_000, 4789), "broken; UDP destination port: 8472, not 4789"),
        ((45_678, 4789), (50_000, 8472), "broken; UDP destination port: 4789, not 8472"),
        ((45_678, 8427), (50_000, 8472), "broken; UDP destination port: 8427, not 8472"),
        ((8472, 45_678), (8472, 8472), "broken; UDP destination port: one other than 8472, which is a server's port, not 8472"),
        ((38_346, 42_000), (45_000, 32_000), "broken; UDP destination port: a port of no server, not 32000"),
        ((42_000, 38_346), (32_000, 45_000), "broken; UDP source port: a port of no server, not 32000"),
    ] {
        let line = line(documented);
        let mut held = Held::of(&[&line], &[datagram(observed.0, observed.1)]);
        if documented.0 == 8285 || documented == (42_000, 38_346) {
            held.first = Leg::Reply;
        }
        let verdict = held.judge();
        let (word, findings) = outcome(&verdict);
        let found =
            std::iter::once(word).chain(findings.into_iter().filter(|finding| finding.contains("port"))).collect::<Vec<_>>().join("; ");
        assert_eq!(found, expected, "{line} {observed:?}");
    }
}

#[test]
fn an_exact_port_of_another_line_of_the_block_counts() {
    let lines = [format!("ip: {A}.40000 > {B}.53: UDP, length 84"), format!("ip: {A}.8285 > {B}.8285: UDP, length 84")];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let held = |port| Held::of(&lines, &[datagram(port, 53), datagram(8285, 8285)]);
    check("another port", held(50_000), "held");
    check("the tunnel's", held(8285), "broken; UDP source port: one other than 8285, which is a server's port, not 8285");
}

#[test]
fn a_quoted_port_is_a_port_of_the_quoted_protocol() {
    let about = |port: u16| ipv4(B, A, 64, 1, 9, &error(3, 3, &datagram(50_000, port)));
    let line = |port: u16| format!("ip: {B} > {A}: ICMP {B} udp port {port} unreachable, length 120");
    for (documented, observed, expected) in [
        (53, 53, "held"),
        (53, 54, "broken; ICMP quoted port: 53, not 54"),
        (45_000, 50_000, "held"),
        (45_000, 8285, "broken; ICMP quoted port: a port of no server, not 8285"),
        (8285, 50_000, "broken; ICMP quoted port: 8285, not 50000"),
    ] {
        check(&format!("{documented} {observed}"), Held::of(&[&line(documented)], &[about(observed)]), expected);
    }
    // A protocol without ports: what tcpdump prints of it is not asserted, and said.
    let mut quoted = ping();
    quoted.truncate(28);
    let held = Held::of(
        &["ip: 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 1 port 11 unreachable, length 36"],
        &[ipv4(B, A, 64, 1, 9, &error(3, 3, &quoted))],
    );
    let verdict = held.judge();
    assert_eq!((outcome(&verdict).0.as_str(), verdict.open.as_slice()), ("held", &["quoted-port".to_owned()][..]));
}

/// A TCP segment from A to B, or back.
#[derive(Clone, Copy)]
struct Segment<'o> {
    back: bool,
    ports: (u16, u16),
    flags: u8,
    sequence: u32,
    acknowledgment: u32,
    window: u16,
    options: &'o [u8],
}

const SYN: Segment<'static> =
    Segment { back: false, ports: (50_000, 80), flags: 0x02, sequence: 7000, acknowledgment: 0, window: 64_440, options: &[] };
const SYN_ACK: Segment<'static> =
    Segment { back: true, ports: (80, 50_000), flags: 0x12, sequence: 90_000, acknowledgment: 7001, window: 65_320, options: &[] };

fn segment(segment: &Segment<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(segment.ports.0.to_be_bytes());
    bytes.extend(segment.ports.1.to_be_bytes());
    bytes.extend(segment.sequence.to_be_bytes());
    bytes.extend(segment.acknowledgment.to_be_bytes());
    bytes.extend([u8::try_from((20 + segment.options.len()) / 4 * 16).expect("short enough"), segment.flags]);
    bytes.extend(segment.window.to_be_bytes());
    bytes.extend([0, 0, 0, 0]);
    bytes.extend(segment.options);
    let (from, to) = if segment.back { (B, A) } else { (A, B) };
    ipv4(from, to, 64, 6, 3, &bytes)
}

/// Time stamps behind a maximum segment size and `sackOK`, and a window scale of 7.
fn options(value: u32, echo: u32) -> Vec<u8> {
    let mut bytes = vec![2, 4, 5, 160, 4, 2, 8, 10];
    bytes.extend(value.to_be_bytes());
    bytes.extend(echo.to_be_bytes());
    bytes.extend([1, 3, 3, 7]);
    bytes
}

/// A handshake of these numbers.
fn handshake(syn: u32, back: u32, ack: u32) -> [String; 2] {
    [
        format!("ip: {A}.38346 > {B}.80: Flags [S], seq {syn}, win 64440, length 0"),
        format!("ip: {B}.80 > {A}.38346: Flags [S.], seq {back}, ack {ack}, win 65320, length 0"),
    ]
}

#[test]
fn the_numbers_of_a_handshake_keep_their_distance() {
    let plain = handshake(3_848_762_339, 922_360_601, 3_848_762_340);
    for (what, documented, syn, syn_ack, expected) in [
        ("as documented", plain.clone(), SYN, SYN_ACK, "held"),
        ("around the end of the numbers", handshake(u32::MAX, 5_000_000, 0), SYN, SYN_ACK, "held"),
        (
            "the observed ones around it",
            plain.clone(),
            Segment { sequence: u32::MAX, ..SYN },
            Segment { acknowledgment: 0, ..SYN_ACK },
            "held",
        ),
        (
            "it acknowledges the SYN itself",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 7000, ..SYN_ACK },
            "broken; TCP ack: one other than what 3848762339 stands for, not 7000",
        ),
        (
            "it acknowledges two",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 7002, ..SYN_ACK },
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7002",
        ),
        (
            "it acknowledges another connection",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 1_000_000, ..SYN_ACK },
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 1000000",
        ),
        (
            "it acknowledges itself",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 90_001, ..SYN_ACK },
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 90001",
        ),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        check(what, Held::of(&lines, &[segment(&syn), segment(&syn_ack)]), expected);
    }
}

#[test]
fn a_handshake_that_is_documented_wrong_does_not_hold() {
    for (what, documented, expected) in [
        (
            "documented: two",
            handshake(3_848_762_339, 922_360_601, 3_848_762_341),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: before it",
            handshake(3_848_762_339, 922_360_601, 3_848_762_338),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: a slip in front",
            handshake(3_848_762_339, 922_360_601, 3_948_762_340),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: the other's own",
            handshake(3_848_762_339, 922_360_601, 922_360_602),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: one number for two",
            handshake(3_848_762_339, 3_848_762_339, 3_848_762_340),
            "broken; TCP seq: 7000, as in line 1 at node1/eth0, not 90000",
        ),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        check(what, Held::of(&lines, &[segment(&SYN), segment(&SYN_ACK)]), expected);
    }
}

#[test]
fn the_two_streams_of_a_connection_may_begin_anywhere() {
    // In lines that were made up for a text they begin close to each other.
    let documented = handshake(500, 700, 501);
    let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
    check("far apart", Held::of(&lines, &[segment(&SYN), segment(&SYN_ACK)]), "held");
    let near = [segment(&SYN), segment(&Segment { sequence: 7100, ..SYN_ACK })];
    check("close", Held::of(&lines, &near), "held");
    let far = handshake(3_848_762_339, 922_360_601, 3_848_762_340);
    check("close, documented far apart", Held::of(&far.each_ref().map(String::as_str), &near), "held");
    let off = [segment(&SYN), segment(&Segment { acknowledgment: 7002, ..SYN_ACK })];
    check("not acknowledged", Held::of(&lines, &off), "broken; TCP ack: as far from 7000 as it is documented from 500, not 7002");
}

#[test]
fn absolute_numbers_behind_the_handshake_are_the_header_s() {
    let lines = [
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [S], seq 3848762339, length 0",
        "ip: 10.0.0.2.80 > 10.0.0.1.38346: Flags [S.], seq 922360601, ack 3848762340, length 0",
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [.], ack 922360602, length 0",
    ];
    let third = |acknowledgment| Segment { flags: 0x10, sequence: 7001, acknowledgment, ..SYN };
    let held = |third: Segment<'_>| Held::of(&lines, &[segment(&SYN), segment(&SYN_ACK), segment(&third)]);
    check("as documented", held(third(90_001)), "held");
    check("something is missing", held(third(90_002)), "broken; TCP ack: as far from 90000 as it is documented from 922360601, not 90002");
}

#[test]
fn the_time_stamps_of_a_handshake_belong_together() {
    let lines = |value: u32, back: u32, echo: u32| {
        let options = |value: u32, echo: u32| format!("options [mss 1440,sackOK,TS val {value} ecr {echo},nop,wscale 7]");
        [
            format!("ip: {A}.38346 > {B}.80: Flags [S], seq 3848762339, win 64440, {}, length 0", options(value, 0)),
            format!("ip: {B}.80 > {A}.38346: Flags [S.], seq 922360601, ack 3848762340, win 65320, {}, length 0", options(back, echo)),
        ]
    };
    let plain = lines(1_563_697_881, 3_410_413_732, 1_563_697_881);
    for (what, documented, syn, syn_ack, expected) in [
        ("as documented", plain.clone(), (50, 0), (60, 50), "held"),
        ("another echo", plain.clone(), (50, 0), (60, 51), "broken; TCP TS ecr: 50, as in line 1 at node1/eth0, not 51"),
        ("no echo", plain.clone(), (50, 0), (60, 0), "broken; TCP TS ecr: 1563697881, not 0"),
        ("an echo of nothing", plain.clone(), (50, 9), (60, 50), "broken; TCP TS ecr: 0, not 9"),
        ("no stamp", plain.clone(), (0, 0), (60, 50), "broken; TCP TS val: 1563697881, not 0"),
        ("its own stamp", plain.clone(), (50, 0), (60, 60), "broken; TCP TS ecr: 50, as in line 1 at node1/eth0, not 60"),
        ("the two clocks agree", plain.clone(), (50, 0), (50, 50), "broken; TCP TS val: one other than what 1563697881 stands for, not 50"),
        (
            "documented: another echo",
            lines(1_563_697_881, 3_410_413_732, 1_563_697_882),
            (50, 0),
            (60, 50),
            "broken; TCP TS ecr: one other than what 1563697881 stands for, not 50",
        ),
        (
            "documented: its own",
            lines(1_563_697_881, 3_410_413_732, 3_410_413_732),
            (50, 0),
            (60, 50),
            "broken; TCP TS ecr: 60, as in line 2 at node1/eth0, not 50",
        ),
        ("documented: no echo", lines(1_563_697_881, 3_410_413_732, 0), (50, 0), (60, 50), "broken; TCP TS ecr: 0, not 50"),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        let (syn, syn_ack) = (options(syn.0, syn.1), options(syn_ack.0, syn_ack.1));
        let packets = [segment(&Segment { options: &syn, ..SYN }), segment(&Segment { options: &syn_ack, ..SYN_ACK })];
        check(what, Held::of(&lines, &packets), expected);
    }
}

#[test]
fn a_reply_has_the_id_and_number_of_its_request() {
    let line = |request: (u16, u16), reply: (u16, u16)| {
        [
            format!("ip: {A} > {B}: ICMP echo request, id {}, seq {}, length 64", request.0, request.1),
            format!("ip: {B} > {A}: ICMP echo reply, id {}, seq {}, length 64", reply.0, reply.1),
        ]
    };
    let plain = line((17_555, 106), (17_555, 106));
    for (what, documented, request, reply, expected) in [
        ("as documented", plain.clone(), (7, 1), (7, 1), "held"),
        ("the number 0", plain.clone(), (7, 0), (7, 0), "held"),
        ("another id", plain.clone(), (7, 1), (8, 1), "broken; ICMP id: 7, as in line 1 at node1/eth0, not 8"),
        ("another number", plain.clone(), (7, 1), (7, 2), "broken; ICMP seq: 1, as in line 1 at node1/eth0, not 2"),
        (
            "id and number changed places",
            plain.clone(),
            (7, 1),
            (1, 7),
            "broken; ICMP id: 7, as in line 1 at node1/eth0, not 1; ICMP seq: 1, as in line 1 at node1/eth0, not 7",
        ),
        ("no id", plain.clone(), (7, 1), (0, 1), "broken; ICMP id: 7, as in line 1 at node1/eth0, not 0"),
        (
            "documented: another id",
            line((17_555, 106), (17_556, 106)),
            (7, 1),
            (7, 1),
            "broken; ICMP id: one other than what 17555 stands for, not 7",
        ),
        (
            "documented: another number",
            line((17_555, 106), (17_555, 107)),
            (7, 1),
            (7, 1),
            "broken; ICMP seq: one other than what 106 stands for, not 1",
        ),
        ("documented: two ids", line((17_555, 106), (17_556, 106)), (7, 1), (8, 1), "held"),
        ("documented: one number for both", line((106, 106), (106, 106)), (7, 1), (7, 1), "held"),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        let packets =
            [ipv4(A, B, 63, 1, 77, &echo(8, request.0, request.1, TOKEN)), ipv4(B, A, 63, 1, 78, &echo(0, reply.0, reply.1, TOKEN))];
        check(what, Held::of(&lines, &packets), expected);
    }
}

#[test]
fn what_is_printed_and_not_asserted_is_said_and_asserted_on_demand() {
    let stamped = [
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [S], seq 3848762339, win 64440, options [mss 1440,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0",
        "ip: 10.0.0.2.80 > 10.0.0.1.38346: Flags [.], ack 3848762340, win 504, options [nop,nop,TS val 6 ecr 5], length 0",
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [.], ack 3848762341, win 504, options [nop,nop,TS val 5 ecr 6], length 0",
    ];
    let world = |scale: u8, window: u16, echo: u32| {
        let mut syn = options(50, 0);
        *syn.last_mut().expect("a scale") = scale;
        let acks = [(60, 50), (50, echo)]
            .map(|(value, echo): (u32, u32)| [&[1, 1, 8, 10][..], &value.to_be_bytes(), &echo.to_be_bytes()].concat());
        let back = Segment { flags: 0x10, acknowledgment: 7001, window: 504, options: &acks[0], ..SYN_ACK };
        let third = Segment { flags: 0x10, acknowledgment: 7002, window, options: &acks[1], ..SYN };
        Held::of(&stamped, &[segment(&Segment { options: &syn, ..SYN }), segment(&back), segment(&third)])
    };
    assert_eq!(world(7, 504, 60).judge().open, ["win", "wscale", "ts"]);
    for (what, held, expected) in [
        ("as documented", world(7, 504, 60), "held"),
        ("another scale", world(8, 504, 60), "held"),
        ("another window", world(7, 505, 60), "held"),
        ("another echo", world(7, 504, 61), "held"),
        ("the scale, asserted", world(7, 505, 61).asserting(Part::WindowScale), "held"),
        ("another scale, asserted", world(8, 504, 60).asserting(Part::WindowScale), "broken; TCP window scale: 7, not 8"),
        ("the window, asserted", world(8, 504, 61).asserting(Part::Window), "held"),
        ("another window, asserted", world(7, 505, 60).asserting(Part::Window), "broken; TCP window: 504, not 505"),
        ("stamps, asserted", world(8, 505, 60).asserting(Part::Timestamps), "held"),
        (
            "another echo, asserted",
            world(7, 504, 61).asserting(Part::Timestamps),
            "broken; TCP TS ecr: 60, as in line 2 at node1/eth0, not 61",
        ),
        ("all of them", world(7, 504, 60).asserting(Part::Window).asserting(Part::WindowScale).asserting(Part::Timestamps), "held"),
    ] {
        check(what, held, expected);
    }
    assert_eq!(world(7, 504, 60).asserting(Part::Window).judge().open, ["wscale", "ts"]);
}
