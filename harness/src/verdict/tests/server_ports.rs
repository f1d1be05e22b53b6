//! A port that differs from run to run never stands for a server's.

use super::block::{A, B, Held, SYN, SYN_ACK, Segment, check, datagram, outcome, ping, segment};
use crate::journey::Leg;
use crate::journey::craft::{error, ipv4, udp};

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
        // A client may draw whatever is no server's of this packet's.
        ((45_678, 8472), (32_000, 8472), "held"),
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

/// Of two ports the client's is the variable; that tells which way a datagram goes, where no tunnel's ports are the same both ways.
#[test]
fn a_datagram_s_line_never_stands_for_one_that_goes_the_other_way() {
    for (documented, observed, first, expected) in [
        ((40_000, 53), (50_000, 53), Leg::Request, "held"),
        ((40_000, 53), (50_000, 53), Leg::Reply, "broken"),
        ((53, 40_000), (53, 50_000), Leg::Reply, "held"),
        ((53, 40_000), (53, 50_000), Leg::Request, "broken"),
        ((8285, 8285), (8285, 8285), Leg::Request, "held"),
        ((8285, 8285), (8285, 8285), Leg::Reply, "held"),
        // Which of the two is the server's nobody knows.
        ((40_000, 41_001), (50_000, 50_001), Leg::Reply, "held"),
    ] {
        let mut held =
            Held::of(&[&format!("ip: {A}.{} > {B}.{}: UDP, length 84", documented.0, documented.1)], &[datagram(observed.0, observed.1)]);
        held.first = first;
        let verdict = held.judge();
        assert_eq!(outcome(&verdict).0, expected, "{documented:?} {first:?}");
        assert_eq!(verdict.lines[0].observed.is_some(), expected == "held", "{documented:?} {first:?}");
    }
}

#[test]
fn a_port_is_told_as_the_document_spells_it() {
    for (spelt, expected) in [("domain", "domain"), ("53", "53"), ("{web.port}", "42000")] {
        let line = format!("ip: {A}.40000 > {B}.{spelt}: UDP, length 84");
        check(spelt, Held::of(&[&line], &[datagram(50_000, 54)]), &format!("broken; UDP destination port: {expected}, not 54"));
    }
}

#[test]
fn an_exact_port_of_another_line_of_the_block_counts() {
    for (what, server, served, port, expected) in [
        ("another port", "8285", 8285, 50_000, "held"),
        ("the tunnel's", "8285", 8285, 8285, "broken; UDP source port: one other than 8285, which is a server's port, not 8285"),
        (
            "one that the document alone tells",
            "5432",
            5432,
            5432,
            "broken; UDP source port: one other than 5432, which is a server's port, not 5432",
        ),
        ("next to it", "5432", 5432, 5433, "held"),
        ("one by its service's name", "domain", 53, 53, "broken; UDP source port: one other than domain, which is a server's port, not 53"),
        (
            "one that the site alone tells",
            "{web.port}",
            42_000,
            42_000,
            "broken; UDP source port: one other than {web.port}, which is a server's port, not 42000",
        ),
        ("next to that", "{web.port}", 42_000, 42_001, "held"),
    ] {
        let lines = [format!("ip: {A}.40000 > {B}.123: UDP, length 84"), format!("ip: {A}.{server} > {B}.{server}: UDP, length 84")];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check(what, Held::of(&lines, &[datagram(port, 123), datagram(served, served)]), expected);
    }
}

#[test]
fn a_quoted_client_s_port_is_the_one_of_its_protocol_s_packets() {
    let syn = |port| segment(&Segment { ports: (port, 80), ..SYN });
    let refused = |port| segment(&Segment { ports: (80, port), ..SYN_ACK });
    let reply = |port: u16| ipv4(B, A, 64, 17, 1, &udp(53, port, b"no"));
    let about = |packet: &[u8]| ipv4(A, B, 64, 1, 9, &error(3, 3, packet));
    let tcp = format!("ip: {A}.38346 > {B}.80: Flags [S], seq 7, length 0");
    let udp = format!("ip: {A}.38346 > {B}.53: UDP, length 84");
    let quote = |protocol: &str, port: u16| format!("ip: {A} > {B}: ICMP {A} {protocol} port {port} unreachable");
    for (what, line, quote, frames, expected) in [
        ("of TCP", &tcp, quote("tcp", 38_346), [syn(50_000), about(&refused(50_000))], "held"),
        (
            "of TCP, another",
            &tcp,
            quote("tcp", 38_346),
            [syn(50_000), about(&refused(50_001))],
            "broken; ICMP quoted port: 50000, as in line 1 at node1/eth0, not 50001",
        ),
        (
            "of TCP, documented as another",
            &tcp,
            quote("tcp", 38_347),
            [syn(50_000), about(&refused(50_000))],
            "broken; ICMP quoted port: one other than what 38346 stands for, not 50000",
        ),
        ("of UDP", &udp, quote("udp", 38_346), [datagram(50_000, 53), about(&reply(50_000))], "held"),
        (
            "of UDP, another",
            &udp,
            quote("udp", 38_346),
            [datagram(50_000, 53), about(&reply(50_001))],
            "broken; ICMP quoted port: 50000, as in line 1 at node1/eth0, not 50001",
        ),
        (
            "of UDP, documented as another",
            &udp,
            quote("udp", 38_347),
            [datagram(50_000, 53), about(&reply(50_000))],
            "broken; ICMP quoted port: one other than what 38346 stands for, not 50000",
        ),
        // Both protocols have a port 38346, and they are two.
        ("of UDP beside TCP", &tcp, quote("udp", 38_346), [syn(50_000), about(&reply(50_001))], "held"),
        ("of TCP beside UDP", &udp, quote("tcp", 38_346), [datagram(50_000, 53), about(&refused(50_001))], "held"),
        (
            "of the other protocol",
            &tcp,
            quote("udp", 38_346),
            [syn(50_000), about(&refused(50_000))],
            "broken; ICMP quoted protocol: udp, not 6",
        ),
    ] {
        check(what, Held::of(&[line, &quote], &frames), expected);
    }
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
