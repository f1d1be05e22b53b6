//! What lines say, piece by piece.

use super::*;
use crate::packet::{Field, LayerKind, LinkType, Value};

/// A pattern in a few words: `Ethernet[source=lit …] IPv4[…]`; `=` exact, `~` variable, `'` literal, `{}` name.
fn spell(pattern: &Pattern) -> String {
    let layers: Vec<String> = pattern.layers.iter().map(|layer| format!("{}[{}]", layer.kind, fields(layer))).collect();
    layers.join(" ")
}

fn fields(layer: &LayerPattern) -> String {
    let spell = |part: &FieldPattern| {
        let name = format!("{:?}", part.field);
        match &part.want {
            Want::Exact(value) => format!("{name}={value}"),
            Want::Literal(value) => format!("{name}'{value}"),
            Want::Name(symbol) => format!("{name}{{{symbol}}}"),
            Want::Variable(number) => format!("{name}~{number}"),
        }
    };
    layer.fields.iter().map(spell).collect::<Vec<_>>().join(" ")
}

fn parse(line: &str) -> Pattern {
    match packet_line(line) {
        Ok(pattern) => pattern,
        Err(problems) => panic!("{line}\n{}", complain(line, &problems)),
    }
}

fn complain(line: &str, problems: &[LineProblem]) -> String {
    let spell = |problem: &LineProblem| {
        let hint = problem.hint.as_deref().unwrap_or("-");
        format!("`{}`: {}; {hint}", line.get(problem.span.clone()).expect("a span lies in its line"), problem.message)
    };
    problems.iter().map(spell).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_line_is_what_tcpdump_prints() {
    for (line, link, layers) in [
        (
            "00:37:59.442570 32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee, ethertype IPv4 (0x0800), length 98: 10.244.153.204 > 10.244.153.201: ICMP echo request, id 56616, seq 1, length 64",
            Some(LinkType::Ethernet),
            "Ethernet[EthernetSource'32:21:45:c4:c5:d5 EthernetDestination'ee:ee:ee:ee:ee:ee EtherType=2048 FrameLength=98] \
             IPv4[IpSource'10.244.153.204 IpDestination'10.244.153.201] ICMP[IcmpType=8 IcmpId~56616 IcmpSequence~1 IcmpLength=64]",
        ),
        (
            "ip: 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 1, seq 2, length 64",
            Some(LinkType::Raw),
            "IPv4[IpSource'10.0.0.1 IpDestination'10.0.0.2] ICMP[IcmpType=0 IcmpId~1 IcmpSequence~2 IcmpLength=64]",
        ),
        (
            "20:25:41.151109 {node1.underlay.mac} > {node2.underlay.mac}, ethertype IPv4 (0x0800), length 118: (ttl 63) {node1.underlay.ip} > {node2.underlay.ip}: (ttl 62) {pod1.ip} > {pod3.ip}: ICMP echo request, length 64",
            Some(LinkType::Ethernet),
            "Ethernet[EthernetSource{node1.underlay.mac} EthernetDestination{node2.underlay.mac} EtherType=2048 FrameLength=118] \
             IPv4[IpTtl=63 IpSource{node1.underlay.ip} IpDestination{node2.underlay.ip}] IPv4[IpTtl=62 IpSource{pod1.ip} IpDestination{pod3.ip}] \
             ICMP[IcmpType=8 IcmpLength=64]",
        ),
        (
            "IP 10.0.0.1 > 10.0.0.2: IP 10.1.0.1 > 10.1.0.2: ICMP echo request, id 7, seq 1, length 64 (ipip-proto-4)",
            None,
            "IPv4[IpSource'10.0.0.1 IpDestination'10.0.0.2] IPv4[IpSource'10.1.0.1 IpDestination'10.1.0.2] \
             ICMP[IcmpType=8 IcmpId~7 IcmpSequence~1 IcmpLength=64]",
        ),
        (
            "{a} > {b}: {c} > {d}: {e} > {f}: ICMP echo request",
            None,
            "IPv4[IpSource{a} IpDestination{b}] IPv4[IpSource{c} IpDestination{d}] IPv4[IpSource{e} IpDestination{f}] ICMP[IcmpType=8]",
        ),
        (
            "IP (tos 0x2,ECT(0), ttl 64, id 42236, offset 0, flags [DF], proto ICMP (1), length 84)\n    10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64",
            None,
            "IPv4[IpTos=2 IpTtl=64 IpId~42236 IpOffset=0 IpFlags=DF IpProtocol=1 IpLength=84 IpSource'10.0.0.1 IpDestination'10.0.0.2] \
             ICMP[IcmpType=8 IcmpId~1 IcmpSequence~1 IcmpLength=64]",
        ),
        (
            "IP (tos 0xff,CE, ttl 64) {a} > {b}: ICMP echo request",
            None,
            "IPv4[IpTos=255 IpTtl=64 IpSource{a} IpDestination{b}] ICMP[IcmpType=8]",
        ),
        (
            "ip: (ttl 64, id 0, bad cksum 0 (->b1e6)!) 10.0.0.1 > 10.0.0.2: ICMP time exceeded in-transit, length 92",
            Some(LinkType::Raw),
            "IPv4[IpTtl=64 IpSource'10.0.0.1 IpDestination'10.0.0.2] ICMP[IcmpType=11 IcmpCode=0 IcmpLength=92]",
        ),
    ] {
        let pattern = parse(line);
        assert_eq!(pattern.link, link, "{line}");
        assert_eq!(spell(&pattern), layers, "{line}");
    }
}

#[test]
fn arp_vlan_ipv6_and_errors_are_read() {
    for (line, layers) in [
        (
            "aa:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: Request who-has 169.254.1.1 tell 10.244.1.2, length 28",
            "Ethernet[EthernetSource'aa:00:00:00:00:01 EthernetDestination=ff:ff:ff:ff:ff:ff EtherType=2054 FrameLength=42] \
             ARP[ArpOperation=1 ArpTargetIp'169.254.1.1 ArpSenderIp'10.244.1.2 ArpLength=28]",
        ),
        (
            "ARP, Ethernet (len 6), IPv4 (len 4), Request who-has {gw} (ee:ee:ee:ee:ee:ee) tell {pod1.ip}, length 28",
            "ARP[ArpOperation=1 ArpTargetIp{gw} ArpTargetMac'ee:ee:ee:ee:ee:ee ArpSenderIp{pod1.ip} ArpLength=28]",
        ),
        ("ARP, Reply 10.0.0.1 is-at {m}, length 46", "ARP[ArpOperation=2 ArpSenderIp'10.0.0.1 ArpSenderMac{m} ArpLength=46]"),
        (
            "{a} > {b}, ethertype 802.1Q (0x8100), length 102: vlan 100, p 3, ethertype IPv4 (0x0800), {c} > {d}: ICMP echo request, id 1, seq 1, length 64",
            "Ethernet[EthernetSource{a} EthernetDestination{b} EtherType=33024 FrameLength=102] VLAN[VlanId=100 VlanPriority=3 EtherType=2048] \
             IPv4[IpSource{c} IpDestination{d}] ICMP[IcmpType=8 IcmpId~1 IcmpSequence~1 IcmpLength=64]",
        ),
        (
            "fd00::1 > fd00::2: ICMP6, echo request, id 7, seq 1, length 64",
            "IPv6[IpSource'fd00::1 IpDestination'fd00::2] ICMPv6[IcmpType=128 IcmpId~7 IcmpSequence~1 IcmpLength=64]",
        ),
        (
            "{a} > fd00::2: ICMP6, echo reply, id 7, seq 1, length 64",
            "IPv6[IpSource{a} IpDestination'fd00::2] ICMPv6[IcmpType=129 IcmpId~7 IcmpSequence~1 IcmpLength=64]",
        ),
        (
            "ip6: fe80::1 > ff02::2: ICMP6, router solicitation, length 16",
            "IPv6[IpSource'fe80::1 IpDestination=ff02::2] ICMPv6[IcmpType=133 IcmpLength=16]",
        ),
        (
            "IP6 (hlim 255, next-header ICMPv6 (58) payload length: 32) fe80::1 > fd00::2: ICMP6, neighbor solicitation, who has fd00::2, length 32",
            "IPv6[IpTtl=255 IpProtocol=58 IpLength=32 IpSource'fe80::1 IpDestination'fd00::2] ICMPv6[IcmpType=135 IcmpTarget'fd00::2 IcmpLength=32]",
        ),
        (
            "10.0.0.1 > 10.0.0.2: ICMP host 10.1.1.1 unreachable - admin prohibited filter, length 36",
            "IPv4[IpSource'10.0.0.1 IpDestination'10.0.0.2] ICMP[IcmpQuotedDestination'10.1.1.1 IcmpType=3 IcmpCode=13 IcmpLength=36]",
        ),
        (
            "10.0.0.1 > 10.0.0.2: ICMP {x} udp port 8285 unreachable, length 36",
            "IPv4[IpSource'10.0.0.1 IpDestination'10.0.0.2] \
             ICMP[IcmpQuotedDestination{x} IcmpQuotedProtocol=17 IcmpQuotedPort=8285 IcmpType=3 IcmpCode=3 IcmpLength=36]",
        ),
        (
            "10.0.0.1 > 10.0.0.2: ICMP {x} unreachable - need to frag (mtu 1480), length 556",
            "IPv4[IpSource'10.0.0.1 IpDestination'10.0.0.2] ICMP[IcmpQuotedDestination{x} IcmpType=3 IcmpCode=4 IcmpMtu=1480 IcmpLength=556]",
        ),
    ] {
        assert_eq!(spell(&parse(line)), layers, "{line}");
    }
}

#[test]
fn tcp_and_udp_are_read() {
    for (line, layers) in [
        (
            "10.244.153.204.38610 > 10.107.161.255.8080: Flags [S], seq 4133783852, win 64800, options [mss 1440,sackOK,TS val 3911662959 ecr 0,nop,wscale 7], length 0",
            "TCP[TcpSourcePort~38610 TcpDestinationPort=8080 TcpFlags=S TcpSequence~4133783852 TcpMss=1440 TcpTimestamp~3911662959 \
             TcpTimestampEcho=0 TcpOptions=mss,sackOK,TS,nop,wscale TcpLength=0]",
        ),
        (
            "10.244.146.205.http > 10.244.153.192.14543: Flags [S.], seq 2030705031, ack 1990644143, win 64260, options [mss 1440,sackOK,TS val 1033275778 ecr 519041957,nop,wscale 7], length 0",
            "TCP[TcpSourcePort=80 TcpDestinationPort~14543 TcpFlags=S. TcpSequence~2030705031 TcpAcknowledgment~1990644143 TcpMss=1440 \
             TcpTimestamp~1033275778 TcpTimestampEcho~519041957 TcpOptions=mss,sackOK,TS,nop,wscale TcpLength=0]",
        ),
        (
            "172.20.151.77.47334 > 172.18.22.111.30080: Flags [P.], seq 1:84, ack 1, win 229, options [nop,nop,TS val 430411787 ecr 1033616455], length 83: HTTP: GET / HTTP/1.1",
            "TCP[TcpSourcePort~47334 TcpDestinationPort=30080 TcpFlags=P. TcpSequence=1 TcpSequenceEnd=84 TcpAcknowledgment=1 \
             TcpOptions=nop,nop,TS TcpLength=83 TcpHttp=GET / HTTP/1.1]",
        ),
        (
            "172.18.22.111.30080 > 172.20.151.77.47334: Flags [.], ack 84, win 502, options [nop,nop,TS val 1 ecr 2], length …",
            "TCP[TcpSourcePort=30080 TcpDestinationPort~47334 TcpFlags=. TcpAcknowledgment=84 TcpOptions=nop,nop,TS]",
        ),
        ("{pod1.ip}.{client} > {svc.ip}.443: Flags [none]", "TCP[TcpSourcePort{client} TcpDestinationPort=443 TcpFlags=none]"),
        ("{pod1.ip}.31000 > {pod2.ip}.80: Flags [R]", "TCP[TcpSourcePort~31000 TcpDestinationPort=80 TcpFlags=R]"),
        ("{pod1.ip}.50000 > {pod2.ip}.40000: Flags [R]", "TCP[TcpSourcePort~50000 TcpDestinationPort~40000 TcpFlags=R]"),
        (
            "{a}.1 > {b}.80: Flags [.U], ack 1, urg 5, length 9",
            "TCP[TcpSourcePort=1 TcpDestinationPort=80 TcpFlags=.U TcpAcknowledgment=1 TcpUrgent=5 TcpLength=9]",
        ),
        ("10.0.0.1.8285 > 10.0.0.2.8285: UDP, length 84", "UDP[UdpSourcePort=8285 UdpDestinationPort=8285 UdpLength=84]"),
        (
            "10.0.0.1.40000 > 10.0.0.2.53: [bad udp cksum 0x1 -> 0x2!] UDP, length 84",
            "UDP[UdpSourcePort~40000 UdpDestinationPort=53 UdpLength=84]",
        ),
        ("fd00::1.40000 > fd00::2.53: UDP, length 84", "UDP[UdpSourcePort~40000 UdpDestinationPort=53 UdpLength=84]"),
    ] {
        let pattern = parse(line);
        let transport = Pattern { layers: pattern.layers[1..].to_vec(), ..Pattern::default() };
        assert_eq!(spell(&transport), layers, "{line}");
    }
}

#[test]
fn a_port_is_told_from_the_address_before_it() {
    for (end, address, port) in [
        ("10.0.0.2.53", "'10.0.0.2", "=53"),
        ("10.0.0.2.domain", "'10.0.0.2", "=53"),
        ("fd00::2.53", "'fd00::2", "=53"),
        ("fd00::2.domain", "'fd00::2", "=53"),
        ("::2.53", "'::2", "=53"),
        ("fd00::.53", "'fd00::", "=53"),
        ("fd00:1:2:3:4:5:6:7.53", "'fd00:1:2:3:4:5:6:7", "=53"),
        ("::ffff:10.0.0.2.53", "'::ffff:10.0.0.2", "=53"),
        ("{dns.ip}.53", "{dns.ip}", "=53"),
        ("{dns.ip}.{dns.port}", "{dns.ip}", "{dns.port}"),
        ("10.0.0.2.{dns.port}", "'10.0.0.2", "{dns.port}"),
    ] {
        let pattern = spell(&parse(&format!("{{a}}.40000 > {end}: UDP, length 84")));
        let expected = format!("IpDestination{address}] UDP[UdpSourcePort~40000 UdpDestinationPort{port} UdpLength=84]");
        assert!(pattern.ends_with(&expected), "{end}: {pattern}");
    }
}

#[test]
fn tunnels_in_udp_are_read() {
    let vxlan = "10.0.0.1.45678 > 10.0.0.2.8472: VXLAN, flags [I] (0x08), vni 1\n{a} > {b}, ethertype IPv4 (0x0800), length 98: {c} > {d}: ICMP echo request, id 1, seq 1, length 64";
    assert_eq!(
        spell(&parse(vxlan)),
        "IPv4[IpSource'10.0.0.1 IpDestination'10.0.0.2] UDP[UdpSourcePort~45678 UdpDestinationPort=8472] VXLAN[VxlanFlags=8 VxlanVni=1] \
         Ethernet[EthernetSource{a} EthernetDestination{b} EtherType=2048 FrameLength=98] IPv4[IpSource{c} IpDestination{d}] \
         ICMP[IcmpType=8 IcmpId~1 IcmpSequence~1 IcmpLength=64]"
    );
    // Without the bit that says so there is no identifier.
    for (word, number, fits) in [
        ("I", "0x08", true),
        (".", "0x00", true),
        ("invalid", "0x00", true),
        ("I", "0x88", true),
        ("I", "0x00", false),
        (".", "0x08", false),
    ] {
        let line = vxlan.replace("[I] (0x08)", &format!("[{word}] ({number})"));
        assert_eq!(packet_line(&line).is_ok(), fits, "{line}");
    }
    let udp = "{a}.8285 > {b}.8285: UDP, length 84: {c} > {d}: ICMP echo request, id 1, seq 1, length 64";
    let kinds: Vec<LayerKind> = parse(udp).layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(kinds, [LayerKind::Ipv4, LayerKind::Udp, LayerKind::Ipv4, LayerKind::Icmp]);
}

#[test]
fn time_stamps_are_passed_over() {
    for stamp in
        ["", "  ", "20:22:47.858674 ", "23:59:60 ", "00:00:00 ", "2023-07-29 23:28:25.855000 ", "1690644505.858674 ", "169064450.858674 "]
    {
        let line = format!("{stamp}ip: 10.0.0.1 > 10.0.0.2: ICMP echo request");
        assert_eq!(time_stamp(&line), stamp.len(), "{line}");
        assert_eq!(parse(&line).link, Some(LinkType::Raw), "{line}");
    }
    for line in [
        "10.0.0.1 > 10.0.0.2: x",
        "fe80::1 > ff02::2: x",
        "::1 > ::1: x",
        "ab::1 > ff02::2: x",
        "a:b:1 x",
        "20:22:47:aa:bb:cc > x",
        "20:22:47.x 10.0.0.1 > 10.0.0.2: x",
        "20:22 x",
        "16906445.858674 x",
        "1690644505 x",
        "a690644505.858674 x",
        "2023-07-xx 23:28 x",
        "2023-7-29 x",
        "2023 x",
        "2023-07 x",
        "169064450x.858674 x",
        "24:00:59.858674 x",
        "20:60:59.858674 x",
        "20:22:61.858674 x",
        "2023-13-29 x",
        "2023-07-32 x",
        "2023-00-01 x",
    ] {
        assert_eq!(time_stamp(line), 0, "{line}");
    }
}

#[test]
fn spans_hold_what_they_say() {
    let line = "00:41:07.879975 ee:ee:ee:ee:ee:ee > {pod2.mac}, ethertype IPv4 (0x0800), length 98: (ttl 63) 10.244.153.204 > {pod2.ip}: ICMP echo request, id 56616, seq 185, length 64";
    let pattern = parse(line);
    let texts: Vec<&str> = pattern.layers.iter().flat_map(|layer| &layer.fields).map(|part| &line[part.span.clone()]).collect();
    assert_eq!(
        texts,
        [
            "ee:ee:ee:ee:ee:ee",
            "{pod2.mac}",
            "IPv4 (0x0800)",
            "98",
            "63",
            "10.244.153.204",
            "{pod2.ip}",
            "echo request",
            "56616",
            "185",
            "64"
        ]
    );
    // The words that say what a message is.
    for (line, field, text) in [
        ("{a} > {b}: ICMP {b} udp port 53 unreachable, length 36", Field::IcmpQuotedProtocol, "udp"),
        ("{a} > {b}: ICMP {b} tcp port 53 unreachable, length 36", Field::IcmpQuotedProtocol, "tcp"),
        ("{a} > {b}: ICMP {b} udp port 53 unreachable, length 36", Field::IcmpType, "unreachable"),
        ("{a} > {b}: ICMP {b} udp port 53 unreachable, length 36", Field::IcmpQuotedPort, "53"),
        ("{a} > {b}: ICMP {b} protocol 47 unreachable, length 36", Field::IcmpType, "unreachable"),
        ("{a} > {b}: ICMP host {b} unreachable, length 36", Field::IcmpQuotedDestination, "{b}"),
        ("ARP, Request who-has {a} (ee:ee:ee:ee:ee:ee) tell {b}, length 28", Field::ArpOperation, "Request"),
        ("ARP, Request who-has {a} (ee:ee:ee:ee:ee:ee) tell {b}, length 28", Field::ArpTargetMac, "ee:ee:ee:ee:ee:ee"),
        ("ARP, Reply {a} is-at {m}, length 28", Field::ArpOperation, "Reply"),
        ("ARP, Reply {a} is-at {m}, length 28", Field::ArpSenderMac, "{m}"),
    ] {
        let layers = parse(line).layers;
        let part = layers.iter().flat_map(|layer| &layer.fields).find(|part| part.field == field).expect(line);
        assert_eq!(&line[part.span.clone()], text, "{line}");
    }
}

/// Every problem of a line: what it points at, and what it says.
#[test]
fn what_is_wrong_is_said_all_at_once() {
    for (line, problems) in [
        ("", &[("", "there is nothing in this line")][..]),
        ("20:22:47.858674 ", &[("", "there is nothing in this line")]),
        (
            "32:21:45:c4:c5 > ee:ee:ee:ee:ee:zz, ethertype IPv4 (0x0800), length x: 10.0.0.256 > {a b}: ICMP echo request, id 70000, sequence 1",
            &[
                ("32:21:45:c4:c5", "`32:21:45:c4:c5` is not a hardware address"),
                ("ee:ee:ee:ee:ee:zz", "`ee:ee:ee:ee:ee:zz` is not a hardware address"),
                ("x", "a frame's length cannot be `x`"),
                ("10.0.0.256", "`10.0.0.256` is not an IP address"),
                ("{a", "`{a` is neither a placeholder nor an IP address"),
                ("b}:", "`:` is missing: here stands `b}:`"),
            ],
        ),
        ("10.0.0.1 > 10.0.0.2: ICMP echo request, id 70000", &[("70000", "an ICMP id cannot be `70000`")]),
        (
            "10.0.0.1 > 10.0.0.2: ICMP echo request, sequence 1, length 64, length 64",
            &[("sequence", "`sequence` is not understood as a part of an ICMP message"), ("64", "ICMP length is given twice")],
        ),
        ("10.0.0.1.80 > 10.0.0.2: ICMP echo request", &[("80", "there are no ports in such a packet")]),
        ("10.0.0.1.web > 10.0.0.2.80: Flags [S]", &[("web", "`web` is not a port")]),
        ("10.0.0.1.99999 > 10.0.0.2.80: Flags [X]", &[("99999", "`99999` is not a port"), ("X", "`X` are no TCP flags")]),
        ("node1 > 10.0.0.2: ICMP echo request", &[("node1", "`node1` is not an IP address")]),
        ("10.0.0.1 > 10.0.0.2", &[("", "the line ends before it says what the packet carries")]),
        ("10.0.0.1 > 10.0.0.2:", &[("", "the line ends before it says what the packet carries")]),
        ("{a}.1 > {b}.53:", &[("", "the line ends before it says what the packet carries")]),
        ("fd00::1 > 10.0.0.2: ICMP6, echo request", &[("10.0.0.2", "`10.0.0.2` cannot stand here: the line announces an IPv6 packet")]),
        ("(ttl 64 {a} > {b}) x", &[("(ttl 64 {a} > {b}", "this parenthesis is not closed, or a part of it is not understood")]),
        ("{a*} > {b}: ICMP echo reply", &[("{a*}", "`{a*}` is not a placeholder")]),
        ("(tos 0x100) {a} > {b}: ICMP echo request", &[("0x100", "a type of service cannot be `0x100`")]),
        ("10.0.0.1: ICMP echo request", &[("10.0.0.1:", "`10.0.0.1:` is not followed by ` > ` and a second address")]),
        ("10.0.0.1 > 10.0.0.2: GREv0, length 84", &[("GREv0, length 84", "what the packet carries is not understood")]),
        ("10.0.0.1 > 10.0.0.2: ICMP redirect 1 to host 2", &[("redirect", "this ICMP message is not understood")]),
        ("10.0.0.1 > 10.0.0.2: ICMP echo request, length 64 and more", &[("and more", "the rest of the line is not understood")]),
        (
            "10.0.0.1 > 10.0.0.2: ICMP echo request, length 64 (ipip-proto-4)",
            &[("(ipip-proto-4)", "the rest of the line is not understood")],
        ),
        ("10.0.0.1 > 10.0.0.2: ICMP echo request, id {id}", &[("{id}", "an ICMP id cannot be a placeholder")]),
        ("IP fe80::1 > 10.0.0.2: ICMP echo request", &[("fe80::1", "`fe80::1` cannot stand here: the line announces an IPv4 packet")]),
        (
            "{a} > {b}, ethertype IPv4 (0x0806), length 98: {c} > {d}: ICMP echo reply",
            &[("0x0806", "the type's name and its number contradict each other")],
        ),
        ("{a} > {b}, ethertype MPLS (0x8847), length 98: x", &[("MPLS", "the Ethernet type `MPLS` is not understood")]),
        (
            "(ttl 300, colour 3) {a} > {b}: ICMP echo reply",
            &[("300", "a TTL cannot be `300`"), ("colour", "`colour` is not understood as a part of an IP header")],
        ),
        ("ARP, Announcement 10.0.0.1", &[("Announcement", "this ARP message is not understood")]),
        ("{} > {b}: ICMP echo reply", &[("{}", "`{}` is not a placeholder")]),
    ] {
        let found = packet_line(line).expect_err(line);
        let found: Vec<(&str, &str)> = found.iter().map(|problem| (&line[problem.span.clone()], problem.message.as_str())).collect();
        assert_eq!(found, problems, "{line}");
    }
}

#[test]
fn every_problem_has_a_hint() {
    for line in ["", "x", "10.0.0.1 > 10.0.0.2: x", "10.0.0.1 > x: Flags [Q], win y, z 3", "ip: {a} > {b}: ICMP echo request, length 7"] {
        let problems = packet_line(line).expect_err(line);
        assert!(problems.iter().all(|problem| problem.hint.is_some()), "{}", complain(line, &problems));
    }
}

#[test]
fn a_hint_is_about_what_stands_there() {
    let hint = |line: &str| packet_line(line).expect_err(line).swap_remove(0).hint.expect("a hint");
    for (end, about) in [
        ("node1", "host names"),
        ("a-b.example", "host names"),
        ("fe80::zz", "an IPv4 or IPv6"),
        ("10.0.0.256", "an IPv4 or IPv6"),
        ("1:2", "an IPv4 or IPv6"),
    ] {
        assert!(hint(&format!("{end} > {{b}}: ICMP echo request")).starts_with(about), "{end}");
    }
}

#[test]
fn a_line_nested_without_end_is_an_error() {
    for piece in ["{a} > {b}: ", "{a}.1 > {b}.8472: VXLAN, flags [I] (0x08), vni 1 {a} > {b}, ethertype IPv4 (0x0800), length 9: "] {
        let line = piece.repeat(10_000);
        assert!(packet_line(&line).is_err());
    }
    // As many as the hint says, and one more.
    let packets = |count: usize| format!("{}ICMP echo request", "{a} > {b}: ".repeat(count));
    parse(&packets(8));
    assert_eq!(refused(&packets(9)).1, "the packets are nested too deeply");
    let tagged = |count: usize| {
        let tags = "ethertype 802.1Q (0x8100), length 150: ".to_owned() + &"vlan 1, p 0, ethertype 802.1Q (0x8100), ".repeat(count - 1);
        format!("{{a}} > {{b}}, {tags}vlan 1, p 0, ethertype IPv4 (0x0800), {{c}} > {{d}}: ICMP echo request")
    };
    parse(&tagged(4));
    assert_eq!(refused(&tagged(5)).1, "the tags are nested too deeply");
    let tunnel =
        "{a}.1 > {b}.8472: VXLAN, flags [I] (0x08), vni 1 {a} > {b}, ethertype IPv4 (0x0800), length 98: {e} > {f}: ICMP echo request";
    parse(&format!("{}{tunnel}", "{a} > {b}: ".repeat(3)));
    assert_eq!(refused(&format!("{}{tunnel}", "{a} > {b}: ".repeat(4))).1, "the packets are nested too deeply");
    let tags = format!("{{a}} > {{b}}, ethertype 802.1Q (0x8100), length 9: {}", "vlan 1, p 0, ethertype 802.1Q (0x8100), ".repeat(10_000));
    assert!(packet_line(&tags).is_err());
}

/// What a line is refused for: where, what, and the hint.
fn refused(line: &str) -> (String, String, String) {
    let problems = packet_line(line).expect_err(line);
    assert_eq!(problems.len(), 1, "{line}\n{}", complain(line, &problems));
    let LineProblem { span, message, hint } = &problems[0];
    (line[span.clone()].to_owned(), message.clone(), hint.clone().expect("a hint"))
}

#[test]
fn lengths_that_cannot_be_are_errors() {
    for (line, length, makes, hint) in [
        (
            "{a} > {b}, ethertype IPv4 (0x0800), length 99: {c} > {d}: ICMP echo request, id 1, seq 1, length 64",
            "99",
            "98",
            "14 (Ethernet) + 20 (IPv4) + 64 (ICMP)",
        ),
        (
            "{a} > {b}, ethertype IPv4 (0x0800), length 98: {c} > {d}: {e} > {f}: ICMP echo request, id 1, seq 1, length 64",
            "98",
            "118",
            "14 (Ethernet) + 20 (IPv4) + 20 (IPv4) + 64 (ICMP)",
        ),
        ("ip: (length 104) {c} > {d}: (length 85) {e} > {f}: ICMP echo request, length 64", "85", "84", "20 (IPv4) + 64 (ICMP)"),
        ("ip: (length 84) {c} > {d}: (length 84) {e} > {f}: ICMP echo request", "84", "104", "20 (IPv4) + 84 (IPv4)"),
        (
            "{a} > {b}, ethertype IPv4 (0x0800), length 78: {c}.1 > {d}.80: Flags [S], seq 1, options [mss 1440,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0",
            "78",
            "74",
            "14 (Ethernet) + 20 (IPv4) + 40 (TCP with its options) + 0 (TCP data)",
        ),
        (
            "{a} > {b}, ethertype IPv4 (0x0800), length 175: {c}.1 > {d}.80: Flags [P.], length 80",
            "175",
            "134 to 174",
            "14 (Ethernet) + 20 (IPv4) + 20 to 60 (TCP with its options) + 80 (TCP data)",
        ),
        (
            "{a} > {b}, ethertype IPv4 (0x0800), length 125: {c}.1 > {d}.8285: UDP, length 84",
            "125",
            "126",
            "14 (Ethernet) + 20 (IPv4) + 8 (UDP) + 84 (UDP data)",
        ),
        ("{a} > {b}, ethertype ARP (0x0806), length 44: Request who-has {c} tell {d}, length 28", "44", "42", "14 (Ethernet) + 28 (ARP)"),
    ] {
        let message = format!("`length {length}` cannot be: what is inside makes it {makes}");
        assert_eq!(refused(line), (length.to_owned(), message, format!("it is made of {hint}")), "{line}");
    }
}

#[test]
fn other_numbers_that_contradict_each_other_are_errors() {
    for (line, pointed, message) in [
        ("{c} > {d}: ICMP echo request, length 7", "7", "`length 7` cannot be: ICMP has at least 8 bytes"),
        ("{c}.1 > {d}.80: Flags [P.], seq 1:82, ack 1, length 80", "82", "`seq 1:82` has 81 bytes, but `length 80` stands behind it"),
    ] {
        let (found, why, _) = refused(line);
        assert_eq!((found.as_str(), why.as_str()), (pointed, message), "{line}");
    }
}

#[test]
fn a_parenthesis_is_of_the_packet_that_follows_it() {
    let carried = [
        ("ICMP (1)", "{c} > {d}: ICMP echo request"),
        ("IPIP (4)", "{c} > {d}: {e} > {f}: ICMP echo request"),
        ("TCP (6)", "{c}.1 > {d}.80: Flags [S]"),
        ("UDP (17)", "{c}.1 > {d}.53: UDP, length 9"),
        ("IPv6 (41)", "{c} > {d}: IP6 fd00::1 > fd00::2: ICMP6, echo request"),
    ];
    let number = |name: &str| name[name.find('(').expect("a number") + 1..name.len() - 1].to_owned();
    for (name, packet) in carried {
        parse(&format!("IP (proto {name}) {packet}"));
        for (other, _) in carried.iter().filter(|(other, _)| *other != name) {
            let (found, why, _) = refused(&format!("IP (proto {other}) {packet}"));
            let message = format!("protocol {0} cannot be: the line shows a packet of protocol {1}", number(other), number(name));
            assert_eq!((found, why), (number(other), message), "{other} {packet}");
        }
    }
}

#[test]
fn options_make_a_header_as_long_as_they_are() {
    for (options, header) in [
        ("", 20),
        ("nop,nop,TS val 1 ecr 2", 32),
        ("mss 1440", 24),
        ("mss 1440,sackOK,eol", 28),
        ("mss 1440,sackOK,TS val 1 ecr 0,nop,wscale 7", 40),
        ("nop,nop,sack 1 {1:5}", 32),
        ("nop,nop,sack 2 {1:5}{9:12}", 40),
        ("nop,nop,TS val 1 ecr 2,nop,nop,sack 3 {1:5}{9:12}{20:21}", 60),
    ] {
        let shown = if options.is_empty() { String::new() } else { format!(", options [{options}]") };
        let line = |length: u64| format!("(length {length}) {{c}}.1 > {{d}}.80: Flags [.], ack 1{shown}, length 8");
        let length = 20 + header + 8;
        parse(&line(length));
        // What does not print its options may have some.
        if !options.is_empty() {
            for wrong in [length - 4, length + 4] {
                assert_eq!(refused(&line(wrong)).1, format!("`length {wrong}` cannot be: what is inside makes it {length}"), "{options}");
            }
        }
    }
}

#[test]
fn lengths_that_can_be_are_none() {
    for line in [
        // A network card pads short frames.
        "{a} > {b}, ethertype ARP (0x0806), length 60: Request who-has {c} tell {d}, length 28",
        // Options that the line does not mention may take up to 40 bytes.
        "{a} > {b}, ethertype IPv4 (0x0800), length 150: {c}.1 > {d}.80: Flags [P.], seq 1:81, length 80",
        // Sequence numbers wrap.
        "{c}.1 > {d}.80: Flags [P.], seq 4294967290:4, ack 1, length 10",
    ] {
        parse(line);
    }
}

#[test]
fn every_documented_line_is_understood() {
    let mut count = 0;
    for line in include_str!("../../fixtures/documents/lines.txt").lines() {
        // Print has cut one of them off, and only an ellipsis says so.
        let line = &if line.ends_with("length ") { format!("{line}…") } else { line.to_owned() };
        let pattern = parse(line);
        assert!(pattern.link.is_some(), "{line}");
        assert!(pattern.layers.iter().all(|layer| layer.fields.len() > 1), "{line}");
        count += 1;
    }
    assert_eq!(count, 60);
    for line in include_str!("../../fixtures/documents/state.txt").lines() {
        state_line(line).unwrap_or_else(|problems| panic!("{line}\n{}", complain(line, &problems)));
    }
}

fn words(line: &str) -> String {
    let line = state_line(line).unwrap_or_else(|problems| panic!("{line}\n{}", complain(line, &problems)));
    let part = |part: &WordPart| match &part.token {
        PartToken::Text(text) | PartToken::Word(text) => text.clone(),
        PartToken::Literal(text) => format!("'{text}"),
        PartToken::Unclear(text) => format!("!{text}"),
        PartToken::Name(symbol) => format!("<{symbol}>"),
    };
    let spell = |word: &Word| match &word.token {
        StateToken::Parts(parts) => parts.iter().map(part).collect(),
        StateToken::Variable(Field::TcpSourcePort, number) => format!("?{number}"),
        StateToken::Variable(field, number) => format!("?{field:?}:{number}"),
        StateToken::Hole => "_".to_owned(),
        StateToken::Gap => "__".to_owned(),
        StateToken::Volatile(kind) => format!("({kind})"),
    };
    line.words.iter().map(spell).collect::<Vec<_>>().join(" ")
}

#[test]
fn state_lines_are_words() {
    for (line, spelt) in [
        ("10.244.153.201 dev cali118af4ccd16 scope link", "'10.244.153.201 dev cali118af4ccd16 scope link"),
        ("blackhole {node1.block} proto *", "blackhole <node1.block> proto _"),
        ("  0.0.0.0   169.254.1.1 255.255.255.192 UG", "0.0.0.0 '169.254.1.1 255.255.255.192 UG"),
        ("link/ether ee:ee:ee:ee:ee:ee brd ff:ff:ff:ff:ff:ff", "link/ether 'ee:ee:ee:ee:ee:ee brd ff:ff:ff:ff:ff:ff"),
        ("tcp 6 * src=10.0.0.1 dport={web.port} mark=* =", "tcp 6 _ src= '10.0.0.1 dport= <web.port> mark= _ ="),
        ("inet6 fe80::1/64 ::1/128 fe80::1", "inet6 'fe80::1/64 ::1/128 'fe80::1"),
        ("5: veth1@if3: <UP> **", "(an interface's number) veth1 (the number of the other end) <UP> __"),
        ("10.0.0.1 lladdr ee:ee:ee:ee:ee:ee STALE", "'10.0.0.1 lladdr 'ee:ee:ee:ee:ee:ee (a state in which the neighbour is known)"),
        ("0.0.0.0/0 127.0.0.1 224.0.0.1", "0.0.0.0/0 127.0.0.1 224.0.0.1"),
        ("# Generated by iptables-save v1.8.7 on Fri Nov  3 17:21:11 2023", "# Generated by __"),
        ("# Generated by ip6tables-save v1.8.9 (nf_tables) on Sat Nov 28 09:00:01 2026", "# Generated by __"),
        ("# Completed on Fri Nov  3 17:21:11 2023", "# Completed on __"),
    ] {
        assert_eq!(words(line), spelt);
    }
}

#[test]
fn prompts_and_half_placeholders_are_errors() {
    for (line, pointed) in [
        ("root@flannel-udp-worker2:/# ip r s", "root@flannel-udp-worker2:/#"),
        ("[root@master ~]# ip r", "[root@master ~]#"),
        ("[root@70-tem <sub>]# ip r", "[root@70-tem <sub>]#"),
        ("# ip route", "#"),
        ("# iptables-save", "#"),
        ("# Generated: 10.0.0.1", "#"),
        ("$ ip route", "$"),
        ("/ # route -n", "/ #"),
        ("net~$tcpdump -pne -i eth0", "net~$"),
        ("to:{pod1.ip:80 x", "to:{pod1.ip:80"),
        ("x{pod1.ip}", "x{pod1.ip}"),
        ("{pod1.ip}{pod2.ip}0 x", "{pod1.ip}{pod2.ip}0"),
        ("10.1.2.{pod1.ip}", "10.1.2.{pod1.ip}"),
        ("{pod1.ip}.80 x", "{pod1.ip}.80"),
        ("tcp {pod1.ip}:*", "{pod1.ip}:*"),
        ("tcp 10.1.2.3:*", "10.1.2.3:*"),
        ("x *nat", "*nat"),
        ("a ***", "***"),
        ("a {b c", "{b"),
        ("a {}", "{}"),
        ("a ** b **", "**"),
        (" ", " "),
    ] {
        let problems = state_line(line).expect_err(line);
        assert_eq!(&line[problems[0].span.clone()], pointed, "{line}");
        assert!(problems[0].hint.is_some());
    }
    for line in [
        "-A KUBE-SVC -m comment --comment \"cost $5\"",
        "[ASSURED] # 5",
        "[0:0] $x",
        "(x@y) # 5",
        "a@b c: $x",
        "a@b $x",
        "x y~ $z",
        "x@y] $5",
        "[x@y $5",
    ] {
        assert!(state_line(line).is_ok(), "{line}");
    }
}

#[test]
fn observed_words_are_cut_as_documented_ones() {
    let text = "tcp src=10.0.0.1  dport=80 [ASSURED]";
    let cut: Vec<&str> = state_words(text).into_iter().map(|span| &text[span]).collect();
    assert_eq!(cut, ["tcp", "src=", "10.0.0.1", "dport=", "80", "[ASSURED]"]);
}

#[test]
fn a_field_is_known_by_what_the_line_says_of_it() {
    let pattern = parse("ip: 10.0.0.1 > 255.255.255.255: ICMP echo request");
    let wants: Vec<&Want> =
        pattern.layers[0].fields.iter().filter(|part| part.field == Field::IpDestination).map(|part| &part.want).collect();
    assert_eq!(wants, [&Want::Exact(Value::Ip("255.255.255.255".parse().expect("an address")))]);
}

#[test]
fn what_conntrack_times_and_numbers_differs_from_run_to_run() {
    let entry =
        "tcp      6 118 TIME_WAIT src=10.244.2.3 dst=172.18.0.3 sport=38346 dport=32000 src=10.244.1.2 dst=10.244.2.0 sport=80 dport=54991";
    let spelt = "tcp 6 _ TIME_WAIT src= '10.244.2.3 dst= '172.18.0.3 sport= ?38346 dport= 32000 src= '10.244.1.2 dst= '10.244.2.0 sport= 80 dport= ?54991";
    assert_eq!(words(entry), spelt);
    assert_eq!(words("default via 10.0.0.1 src 10.0.0.2 metric 118"), "default via '10.0.0.1 src '10.0.0.2 metric 118");
}

/// What a line prints and does not assert: each part's word and its text.
fn open(line: &str) -> Vec<(String, String)> {
    parse(line).open.iter().map(|open| (open.part.to_string(), line[open.span.clone()].to_owned())).collect()
}

#[test]
fn what_is_printed_and_not_asserted_is_listed() {
    for (line, expected) in [
        ("{a}.1 > {b}.80: Flags [S], seq 1, win 64440, options [mss 1460,wscale 7], length 0", &[("win", "64440"), ("wscale", "7")][..]),
        ("{a}.1 > {b}.80: Flags [.], ack 1, win 5, options [nop,nop,TS val 7 ecr 0], length 0", &[("win", "5"), ("ts", "7"), ("ts", "0")]),
        ("{a}.1 > {b}.80: Flags [.], cksum 0x1e30 (incorrect -> 0x2bd4), ack 1", &[("cksum", "0x1e30 (incorrect -> 0x2bd4)")]),
        ("{a}.1 > {b}.80: Flags [.], win 5, cksum 0x1e30 (correct), ack 1", &[("win", "5"), ("cksum", "0x1e30 (correct)")]),
        (
            "(ttl 64, bad cksum 0 (->b1e6)!) {a}.1 > {b}.80: Flags [.], cksum 0x1e30 (correct)",
            &[("cksum", "bad cksum 0 (->b1e6)!"), ("cksum", "0x1e30 (correct)")],
        ),
        ("{a}.1 > {b}.80: Flags [.], options [nop,nop,sack 1 {1:81}]", &[("option-values", "1 {1:81}")]),
        ("{a}.1 > {b}.80: Flags [P.], length 9: SSH: SSH-2.0-x", &[("application", "SSH: SSH-2.0-x")]),
        ("{a}.1 > {b}.80: Flags [P.], length 9: HTTP", &[("application", "HTTP")]),
        ("{a}.1 > {b}.80: Flags [P.], length 9: HTTP, length: 9 GET / HTTP/1.1", &[("application", "HTTP, length: 9 GET / HTTP/1.1")]),
        ("{a}.1 > {b}.80: Flags [P.], length 9: HTTP: GET / HTTP/1.1", &[]),
        ("(id 0, ttl 64) {a} > {b}: ICMP echo request", &[("id", "0")]),
        ("(ttl 64, bad cksum 0 (->b1e6)!) {a} > {b}: ICMP echo request", &[("cksum", "bad cksum 0 (->b1e6)!")]),
        (
            "{a} > {b}: ICMP time exceeded in-transit, length 92 IP (tos 0x0, ttl 1) 10.0.0.1 > 10.0.0.2: x",
            &[("quoted", "IP (tos 0x0, ttl 1) 10.0.0.1 > 10.0.0.2: x")],
        ),
        ("{a} > {b}: ICMP {b} protocol 1 port 2048 unreachable, length 92", &[("quoted-port", "2048")]),
        ("{a}.1 > {b}.53: [udp sum ok] UDP, length 9", &[("cksum", "[udp sum ok]")]),
        (
            "IP6 (flowlabel 0x12345, hlim 64, next-header UDP (17) payload length: 17) {a}.1 > {b}.53: UDP, length 9",
            &[("flowlabel", "0x12345")],
        ),
        (
            "IP6 fe80::1 > ff02::16: HBH ICMP6, multicast listener report v2, 1 group record(s), length 28",
            &[("groups", "1 group record(s)")],
        ),
        (
            "{a}.1 > {b}.8472: OTV, flags [I] (0x08), overlay 0, instance 1 {c} > {d}, ethertype IPv4 (0x0800), length 98: {e} > {f}: ICMP echo request, length 64",
            &[("overlay", "0")],
        ),
        (
            "02:00:00:00:00:01 (oui Unknown) > Broadcast, ethertype IPv4 (0x0800), length 98: {e} > {f}: ICMP echo request",
            &[("vendor", "(oui Unknown)")],
        ),
        (
            "IP6 {a} > {b}: ICMP6, router solicitation, length 16 source link-address option (1), length 8 (1): 02:00:00:00:00:01",
            &[("nd-options", "source link-address option (1), length 8 (1): 02:00:00:00:00:01")],
        ),
        ("{a} > {b}: ICMP echo request, id 1, seq 1, length …", &[("cut-off", "…")]),
        ("{a} > {b}: ICMP echo request, id 1, seq 1, length 6...", &[("cut-off", "6...")]),
        ("{a} > {b}: ICMP echo request, id 1, se…", &[("cut-off", "se…")]),
        ("{a} > {b}: ICMP echo request …", &[("cut-off", "…")]),
    ] {
        let expected: Vec<(String, String)> = expected.iter().map(|(part, text)| ((*part).to_owned(), (*text).to_owned())).collect();
        assert_eq!(open(line), expected, "{line}");
    }
}

/// Lines that once were read past: what is pointed at, and what is said of it.
const UNREAD: &[(&str, &str, &str)] = &[
    ("(proto UPD (17)) {a}.1 > {b}.53: UDP, length 9", "UPD", "`UPD` is not the name of protocol 17"),
    ("(proto ICMP (6)) {a}.1 > {b}.53: Flags [S]", "ICMP", "`ICMP` is not the name of protocol 6"),
    ("(proto TCP (1)) {a} > {b}: ICMP echo request", "TCP", "`TCP` is not the name of protocol 1"),
    ("IP6 (next-header TCP (58)) {a} > {b}: ICMP6, echo request", "TCP", "`TCP` is not the name of protocol 58"),
    ("(tos 0x2,CE) {a} > {b}: ICMP echo request", "CE", "`CE` contradicts `0x2`: 3 are not its two lowest bits"),
    ("(flags [DG]) {a} > {b}: ICMP echo request", "DG", "`DG` are no IP flags"),
    ("{a}.1 > {b}.80: Flags [.], options [unknown-255 0x08 [|tcp]", "[unknown-255 0x08 ", "these options are not closed"),
    ("{a}.1 > {b}.80: Flags [.], options [tfo cookie 0a[len 3],nop]", "[tfo cookie 0a", "these options are not closed"),
    ("(options (RR 10.1.0.9)) {a} > {b}: ICMP echo request", "(RR 10.1.0.9", "these options are not understood"),
    ("(options RA) {a} > {b}: ICMP echo request", "RA", "these options are not understood"),
    ("(flags [DF, DF]) {a} > {b}: ICMP echo request", "DF, DF", "`DF, DF` are no IP flags"),
    ("(class 0x03) 10.0.0.1 > 10.0.0.2: ICMP echo request", "class", "`class` is of IPv6 headers, and this is none"),
    ("IP (tos 0x0, flowlabel 0x1) {a} > {b}: ICMP echo request", "flowlabel", "`flowlabel` is of IPv6 headers, and this is none"),
    ("IP (hlim 64) {a} > {b}: ICMP echo request", "hlim", "`hlim` is of IPv6 headers, and this is none"),
    ("(next-header ICMP (1)) {a} > {b}: ICMP echo request", "next-header", "`next-header` is of IPv6 headers, and this is none"),
    ("IP6 (ttl 64) {a} > {b}: ICMP6, echo request", "ttl", "`ttl` is of IPv4 headers, and this is none"),
    ("(hlim 64, flags [DF]) fe80::1 > fe80::2: ICMP6, echo request", "flags", "`flags` is of IPv4 headers, and this is none"),
    ("{a} > {b}: [udp sum ok] ICMP echo request", "[udp sum ok]", "`[udp sum ok]` is not of what stands behind it"),
    ("{a} > {b}: [icmp6 sum ok] ICMP echo request", "[icmp6 sum ok]", "`[icmp6 sum ok]` is not of what stands behind it"),
    ("{a}.1 > {b}.53: [icmp6 sum ok] UDP, length 9", "[icmp6 sum ok]", "`[icmp6 sum ok]` is not of what stands behind it"),
    ("IP6 {a} > {b}: [udp sum ok] ICMP6, echo request", "[udp sum ok]", "`[udp sum ok]` is not of what stands behind it"),
    ("(ttl 64, id 0, id 0) {a} > {b}: ICMP echo request", "0", "IPv4 id is given twice"),
    ("{a}.1 > {b}.80: Flags [P.], length 9: HTTP) GET", ": HTTP) GET", "the rest of the line is not understood"),
    ("{a}.1 > {b}.80: Flags [P.], length 9: SSHX", ": SSHX", "the rest of the line is not understood"),
    ("{a}.1 > {b}.80: Flags [P.], length 9: HTTP:GET", ": HTTP:GET", "the rest of the line is not understood"),
    ("{a} > {b}: ICMP echo request, length", "", "an ICMP length is missing: the line ends here"),
    ("{a} > {b}: ICMP echo request, id 1, seq 1, length ", "", "an ICMP length is missing: the line ends here"),
    ("{a}.1 > {b}.80: Flags [S], win", "", "a TCP window is missing: the line ends here"),
    ("{a}.1 > {b}.53: UDP, length", "", "a UDP length is missing: the line ends here"),
    ("{a}.1 > {b}.80: Flags [S], win 1, win 1", "1", "TCP window is given twice"),
    ("{a}.1 > {b}.80: Flags [.], cksum 0x1 (correct), cksum 0x1 (correct)", "0x1 (correct)", "a checksum is given twice"),
    ("{a}.1 > {b}.80: Flags [.], cksum whatever, ack 1", "whatever", "a checksum cannot be `whatever`"),
    ("{a}.1 > {b}.80: Flags [.], seq 1, seq 1", "1", "TCP seq is given twice"),
    ("{a}.1 > {b}.80: Flags [S], seq 1, ack 1", "ack", "`ack` is printed only of a segment whose flags have `.`"),
    ("{a}.1 > {b}.80: Flags [none], ack 1", "ack", "`ack` is printed only of a segment whose flags have `.`"),
    ("{a}.1 > {b}.80: Flags [.], ack 1, urg 1", "urg", "`urg` is printed only of a segment whose flags have `U`"),
    ("{a}.1 > {b}.80: Flags [P.], length 0: HTTP: GET / HTTP/1.1", "HTTP", "`HTTP` needs data, and the length is 0"),
    ("{a}.1 > {b}.80: Flags [P.], length 0: SSH: SSH-2.0-x", "SSH", "`SSH` needs data, and the length is 0"),
    ("{a}.1 > {b}.80: Flags [.S]", ".S", "`.S` are no TCP flags"),
    ("{a}.1 > {b}.80: Flags [SS]", "SS", "`SS` are no TCP flags"),
    ("{a}.1 > {b}.80: Flags [S]; win 7", "; win 7", "the rest of the line is not understood"),
    ("{a}.1 > {b}.80: Flags [S], options []", "", "`` is not a TCP option"),
    ("{a}.1 > {b}.80: Flags [S], options [mss 1,,nop]", "", "`` is not a TCP option"),
    ("{a}.1 > {b}.80: Flags [S], options [mss 1460,sackOkay]", "sackOkay", "`sackOkay` is not a TCP option"),
    ("{a}.1 > {b}.80: Flags [S], options [mss]", "]", "`` is missing: here stands `]`"),
    ("{a}.1 > {b}.80: Flags [S], options [sackOK 5]", "[sackOK", "these options are not closed"),
    ("{a}.1 > {b}.80: Flags [S], options [mss 1460", "[mss 1460", "these options are not closed"),
    ("{a}.1 > {b}.80: Flags [S], options [wscale 7,wscale 7]", "7", "TCP window scale is given twice"),
    ("{a}.1 > {b}.53: [udp sum okay] UDP, length 9", "[udp", "`[bad udp cksum 0x` is missing: here stands `[udp`"),
    ("{a} > {b}: [icmp whatever] ICMP echo request", "[icmp", "`[bad udp cksum 0x` is missing: here stands `[icmp`"),
    (
        "{a} > {b}: ICMP echo request, length 64 truncated-ip - x bytes missing!",
        "truncated-ip - x bytes missing!",
        "the rest of the line is not understood",
    ),
    ("{a} > {b}: ICMP echo request, , length 64", "", "something is missing here"),
    ("{a} > {b}: ICMP echo request,", ",", "the rest of the line is not understood"),
    ("{a} > {b}: ICMP echo request, x group record(s), length 64", "x", "`x` is not understood as a part of an ICMP message"),
    ("{a} > {b}: ICMP6, router solicitation, length 16 and more", "and more", "the rest of the line is not understood"),
    ("x {a} > {b}: ICMP echo request", "x", "`x` is not followed by ` > ` and a second address"),
    (
        "{a}.1 > {b}.4789: VXLAN, flags [.] (0x08), vni 1 {c} > {d}, ethertype IPv4 (0x0800), length 98: {e} > {f}: ICMP echo request",
        ".",
        "`[.]` contradicts `0x08`",
    ),
    (
        "02:00:00:00:00:01 (oui Unk > Broadcast, ethertype IPv4 (0x0800), length 98: {e} > {f}: ICMP echo request",
        "(oui Unk",
        "this vendor's name is not closed",
    ),
    (
        "IP6 {a} > {b}: ICMP6, echo request, length 64 source link-address option (1), length 8 (1): 02:00:00:00:00:01",
        "source link-address option (1), length 8 (1): 02:00:00:00:00:01",
        "the rest of the line is not understood",
    ),
    (
        "IP6 {a} > {b}: ICMP6, router solicitation, length 16 source, option (1)",
        "source, option (1)",
        "the rest of the line is not understood",
    ),
    ("{a}.1 > {b}.53: [bad udp cksum 0x -> 0x2!] UDP, length 9", "", "this is not a checksum"),
    ("{a}.1 > {b}.53: [bad udp cksum 0xzz -> 0x2!] UDP, length 9", "zz", "this is not a checksum"),
    ("{c} > {d}, ethertype IPv4 (0x0800), length 98", "", "the line ends before it says what the packet carries"),
    ("{a} > {b}: ", "", "the line ends before it says what the packet carries"),
    ("{a} > {b}:  ", "", "the line ends before it says what the packet carries"),
    ("{a}.1 > {b}.53: [udp sum ok] ", "", "the line ends before it says what the packet carries"),
    ("{c} > {d}, ethertype IPv4 (0x0800), length 9…", "", "the line ends before it says what the packet carries"),
];

#[test]
fn nothing_is_passed_over_unread() {
    for &(line, pointed, message) in UNREAD {
        let problems = packet_line(line).expect_err(line);
        let found: Vec<(&str, &str)> = problems.iter().map(|problem| (&line[problem.span.clone()], problem.message.as_str())).collect();
        assert!(found.contains(&(pointed, message)), "{line}\n{}", complain(line, &problems));
    }
    // Not closed at all: what is wrong is told in some words.
    for line in ["{a}.1 > {b}.80: Flags [S", "{a}.1 > {b}.80: Flags [S, seq 1, options [nop]", "(ttl 64 {a} > {b}: ICMP echo request"] {
        assert!(packet_line(line).is_err(), "{line}");
    }
}

/// Also of what is missing behind a line that ends in white space.
#[test]
fn every_problem_has_a_place_in_its_line() {
    for line in [
        "02:00:00:00:00:01 > 06:00:00:00:00:02, ethertype IPv4 (0x0800), length 118: 10.2.0.1 > 10.2.0.2: 10.1.0.1 > 10.1.0.2: ICMP echo request, id 7, seq 1, length 64",
        "IP6 (class 0x03, hlim 64, next-header TCP (6) payload length: 40) fd00::1.40001 > fd00::2.80: Flags [S], seq 9, options [mss 1440,TS val 5 ecr 0], length 0",
        "10.1.0.1.40001 > 10.1.0.2.8472: VXLAN, flags [I] (0x08), vni 7\n{a} > {b}, ethertype ARP (0x0806), Request who-has {c} tell {d}, length 28",
        "{a} > {b}: ICMP {c} unreachable - need to frag (mtu 1450), length 556",
        "{a}.31000 > {b}.80: Flags [P.], seq 1:81, ack 1, length 80: HTTP: GET / HTTP/1.1",
    ] {
        for end in (1..line.len()).filter(|end| line.is_char_boundary(*end)) {
            for tail in ["", " ", ":", ": ", ":   ", ", ", "\n", " \n\t ", " > ", "[", "(", " é "] {
                let cut = format!("{}{tail}", &line[..end]);
                for LineProblem { span, message, .. } in packet_line(&cut).err().into_iter().flatten() {
                    assert!(cut.get(span.clone()).is_some(), "{cut:?}: {span:?}: {message}");
                }
            }
        }
    }
}

/// Before any number of a line, be it decimal, hexadecimal, a port or part of an address.
#[test]
fn a_sign_is_no_digit() {
    let mut tried = 0;
    for line in [
        "02:00:00:00:00:01 > 06:00:00:00:00:02, ethertype IPv4 (0x0800), length 98: 10.1.0.1 > 10.1.0.2: ICMP echo request, id 7, seq 1, length 64",
        "IP (tos 0x2,ECT(0), ttl 63, id 4321, offset 0, flags [DF], proto UDP (17), length 60) 10.1.0.1.40001 > 10.1.0.2.53: UDP, length 32",
        "IP6 (class 0x03, flowlabel 0x4e1f2, hlim 64, next-header TCP (6) payload length: 40) fd00::1.40001 > fd00::2.80: Flags [S], seq 99, win 64, options [mss 1440,TS val 5 ecr 0,wscale 7], length 0",
        "10.1.0.1.40001 > 10.1.0.2.8472: VXLAN, flags [I] (0x08), vni 7\n{a} > {b}, ethertype IPv4 (0x0800), length 98: {c} > {d}: ICMP echo reply, length 64",
        "{a} > {b}: ICMP 10.1.0.2 udp port 33434 unreachable, length 68",
        "{a} > {b}: ICMP 10.1.0.2 protocol 132 port 9 unreachable, length 68",
        "{a} > {b}: ICMP 10.1.0.2 unreachable - need to frag (mtu 1450), length 556",
        "{a}.31000 > {b}.80: Flags [P.], seq 1:81, ack 1, win 502, length 80: HTTP: GET / HTTP/1.1",
        "{a} > {b}, ethertype 802.1Q (0x8100), length 46: vlan 100, p 3, ethertype ARP (0x0806), Request who-has 10.1.0.2 tell 10.1.0.1, length 28",
    ] {
        assert!(packet_line(line).is_ok(), "{line}");
        let end = line.find("HTTP: ").unwrap_or(line.len());
        let starts = |at: usize| !line[..at].ends_with(|before: char| before.is_ascii_alphanumeric()) || line[..at].ends_with("0x");
        for at in (1..end).filter(|at| line[*at..].starts_with(|digit: char| digit.is_ascii_digit()) && starts(*at)) {
            let signed = format!("{}+{}", &line[..at], &line[at..]);
            assert!(packet_line(&signed).is_err(), "{signed}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn marks_are_read_where_tcpdump_prints_them() {
    for (line, marks) in [
        ("{a} > {b}: ICMP echo request, length 64", &[][..]),
        ("truncated-ip - 4 bytes missing! {a} > {b}: ICMP echo request", &[("truncated-ip - 4 bytes missing!", 0)]),
        ("IP truncated-ip - 4 bytes missing! (tos 0x0, ttl 64) {a} > {b}: ICMP echo request", &[("truncated-ip - 4 bytes missing!", 0)]),
        ("{a} > {b}: truncated-ip - 4 bytes missing! {c} > {d}: ICMP echo request", &[("truncated-ip - 4 bytes missing!", 1)]),
        ("IP6 truncated-ip6 - 4 bytes missing!(hlim 64) {a} > {b}: ICMP6, echo request", &[("truncated-ip6 - 4 bytes missing!", 0)]),
        ("(ttl 64, bad cksum 1a (->b1e6)!) {a} > {b}: ICMP echo request", &[("bad cksum 1a (->b1e6)!", 0)]),
        ("{a} > {b}:  [|icmp]", &[("[|icmp]", 1)]),
        ("{a} > {b}: ICMP echo request, length 64 (wrong icmp cksum 1 (->2)!)", &[("(wrong icmp cksum 1 (->2)!)", 1)]),
        ("{a}.1 > {b}.53: UDP, bad length 84 > 60", &[("UDP, bad length 84 > 60", 1)]),
        ("{a}.1 > {b}.53: truncated-udplength 4", &[("truncated-udplength 4", 1)]),
        ("{a}.1 > {b}.80: Flags [.] [bad hdr length 60 - too long, > 20]", &[("[bad hdr length 60 - too long, > 20]", 1)]),
        ("IP6 {a} > {b}: [bad icmp6 cksum 0x1 -> 0x2!] ICMP6, echo request", &[("[bad icmp6 cksum 0x1 -> 0x2!]", 1)]),
        ("IP6 fe80::1 > ff02::16: HBH ICMP6, multicast listener report v2", &[("HBH", 1)]),
    ] {
        let found: Vec<(&str, usize)> = parse(line).marks.into_iter().map(|mark| (&line[mark.span], mark.depth)).collect();
        assert_eq!(found, marks, "{line}");
    }
    // A header that cannot be read says nothing that a line could be held against.
    for line in [
        "IP bad-hlen 16",
        "IP5 (invalid)",
        "IP truncated-ip 12",
        "IP bad-len 10",
        "{a}.1 > {b}.80: tcp 8 [bad hdr length 12 - too short, < 20]",
        "{a}.1 > {b}.80:  [|tcp]",
    ] {
        assert!(packet_line(line).is_err(), "{line}");
    }
}

/// Below 1024; known servers' and node ports; up to the range that clients draw from; that range.
#[test]
fn of_two_ports_the_client_s_is_the_one_less_likely_a_server_s() {
    for (source, destination, clients) in [
        (38_346, 32_000, [true, false]),
        (32_000, 38_346, [false, true]),
        (40_000, 80, [true, false]),
        (1023, 1024, [false, true]),
        (1024, 1023, [true, false]),
        (2000, 31_000, [true, false]),
        (2000, 30_000, [true, false]),
        (2000, 32_767, [true, false]),
        (2000, 29_999, [true, true]),
        (40_000, 29_999, [true, false]),
        (32_767, 32_768, [false, true]),
        (31_000, 30_500, [false, false]),
        (31_000, 80, [true, false]),
        (8080, 6443, [false, false]),
        (40_000, 50_000, [true, true]),
        (40_000, 40_000, [false, false]),
        (8285, 8285, [false, false]),
    ] {
        assert_eq!(client_ports(source, destination), clients, "{source} {destination}");
    }
}

/// What `-v` prints behind an error is the packet that it quotes, and whether the error itself ends early.
#[test]
fn an_error_that_ends_early_says_so_behind_what_it_quotes() {
    let quotes = [
        ("proto UDP (17), length 60) 10.1.0.1.40001 > 10.1.0.2.53: UDP, length 32", 1),
        ("proto TCP (6), length 60) 10.1.0.1.40001 > 10.1.0.2.80: [|tcp]", 1),
        ("proto unknown (253), length 41) 10.1.0.1 > 10.1.0.2:  ip-proto-253 21", 1),
        ("proto ICMP (1), length 84) 10.1.0.1 > 10.1.0.2: ICMP echo request, id 7, seq 1, length 64", 0),
    ];
    for message in [
        "10.1.0.2 udp port 53 unreachable, length 36",
        "10.1.0.2 protocol 253 unreachable, length 36",
        "host 10.1.0.2 unreachable - admin prohibited filter, length 48",
        "time exceeded in-transit, length 164",
    ] {
        for (quote, marks) in quotes {
            for (end, marks) in [("", 0), (" [|icmp]", marks), (" [|icmp]\n", marks)] {
                let line = format!("{{a}} > {{b}}: ICMP {message}\n\t(tos 0x0, ttl 1, id 0, offset 0, flags [DF], {quote}{end}");
                let pattern = parse(&line);
                assert_eq!(pattern.marks.len(), marks, "{line}");
                assert!(pattern.marks.iter().all(|mark| &line[mark.span.clone()] == "[|icmp]"), "{line}");
                assert_eq!(open(&line).iter().filter(|(part, _)| part == "quoted").count(), 1, "{line}");
            }
        }
        // Of too few bytes for a header nothing but that is said; the error's own marks stand before it.
        for (own, marks) in [("", 0), (" (wrong icmp cksum 15d (->17d)!)", 1)] {
            let line = format!("{{a}} > {{b}}: ICMP {message}{own}\n\t[|ip]");
            assert_eq!((parse(&line).marks.len(), open(&line).last()), (marks, Some(&("quoted".to_owned(), "[|ip]".to_owned()))), "{line}");
        }
    }
}

#[test]
fn a_port_that_is_known_to_be_a_server_s_is_exact_wherever_it_stands() {
    let servers = std::collections::BTreeSet::from([8285, 41_000, 50_000]);
    for (line, ports) in [
        ("{a}.8285 > {b}.8281: UDP, length 9", "UdpSourcePort=8285 UdpDestinationPort~8281"),
        ("{a}.8281 > {b}.8285: UDP, length 9", "UdpSourcePort~8281 UdpDestinationPort=8285"),
        ("{a}.41000 > {b}.35000: UDP, length 9", "UdpSourcePort=41000 UdpDestinationPort~35000"),
        ("{a}.35000 > {b}.41000: UDP, length 9", "UdpSourcePort~35000 UdpDestinationPort=41000"),
        ("{a}.50000 > {b}.41000: UDP, length 9", "UdpSourcePort=50000 UdpDestinationPort=41000"),
        ("{a}.50000 > {b}.80: UDP, length 9", "UdpSourcePort=50000 UdpDestinationPort=80"),
        ("{a}.80 > {b}.8285: UDP, length 9", "UdpSourcePort=80 UdpDestinationPort=8285"),
        ("{a}.40000 > {b}.80: UDP, length 9", "UdpSourcePort~40000 UdpDestinationPort=80"),
        ("{a}.40000 > {b}.42000: UDP, length 9", "UdpSourcePort~40000 UdpDestinationPort~42000"),
        ("{a}.{x} > {b}.41000: UDP, length 9", "UdpSourcePort{x} UdpDestinationPort=41000"),
    ] {
        let pattern = packet_line_of(line, &servers).expect(line);
        assert!(spell(&pattern).contains(&format!("UDP[{ports} ")), "{line}: {}", spell(&pattern));
    }
    let quoted = packet_line_of("{a} > {b}: ICMP {b} tcp port 41000 unreachable", &servers).expect("a line");
    assert!(spell(&quoted).contains("IcmpQuotedPort=41000"), "{}", spell(&quoted));
}

/// Each of these is one line that reads as the other spells it: `'` before an address, `!` before what is none, `<…>` around a symbol.
#[test]
fn addresses_are_found_wherever_they_stand_in_a_word() {
    for (line, spelt) in [
        ("-j DNAT --to-destination 10.1.2.3:80", "-j DNAT --to-destination '10.1.2.3:80"),
        ("-j DNAT --to-destination 10.1.2.3:80-90", "-j DNAT --to-destination '10.1.2.3:80-90"),
        ("-j SNAT --to-source 10.1.2.3-10.1.2.9", "-j SNAT --to-source '10.1.2.3-'10.1.2.9"),
        ("tcp to:10.1.2.3:80", "tcp to:'10.1.2.3:80"),
        ("to:10.1.2.3", "to:'10.1.2.3"),
        ("to:2001:db8::1", "to:'2001:db8::1"),
        ("src:2001:db8::1", "src:'2001:db8::1"),
        ("to:[2001:db8::1]:80", "to:['2001:db8::1]:80"),
        ("[2001:db8::1]:80", "['2001:db8::1]:80"),
        ("10.1.2.3,tcp:80", "'10.1.2.3,tcp:80"),
        ("10.1.2.3,10.1.2.4 timeout 30", "'10.1.2.3,'10.1.2.4 timeout 30"),
        ("10.1.2.3,tcp:80,10.1.2.0/24", "'10.1.2.3,tcp:80,'10.1.2.0/24"),
        ("10.1.2.0/24,eth0", "'10.1.2.0/24,eth0"),
        ("192.168.0.82->10.0.0.1", "'192.168.0.82->'10.0.0.1"),
        ("fe80::1%eth0", "'fe80::1%eth0"),
        ("? (10.1.2.3) at 02:42:ac:12:00:03 [ether] on eth0", "? ('10.1.2.3) at '02:42:ac:12:00:03 [ether] on eth0"),
        ("goes to 10.1.2.3, 10.1.2.4.", "goes to '10.1.2.3, '10.1.2.4."),
        ("default via inet6 2001:db8::1 dev eth0", "default via inet6 '2001:db8::1 dev eth0"),
        ("10.1.2.3/32 10.1.2.3/255.255.255.0", "'10.1.2.3/32 '10.1.2.3/255.255.255.0"),
        ("--comment \"default/web -> 10.1.2.3:80\"", "--comment \"default/web -> '10.1.2.3:80\""),
        ("-> 10.1.2.3:80 Masq 1 0 0", "-> '10.1.2.3:80 Masq 1 0 0"),
        ("MAC=02:42:ac:12:00:03: node-10.1.2.3", "MAC= '02:42:ac:12:00:03: node-'10.1.2.3"),
        ("{pod2.ip}:80 {pod2.ip}/32 to:{pod2.ip}:80", "<pod2.ip>:80 <pod2.ip>/32 to:<pod2.ip>:80"),
        ("{web.ip}/32,tcp:{web.port}", "<web.ip>/32,tcp:<web.port>"),
        ("{pod1.ip}-{pod2.ip} {pod2.ip}:{web.port}", "<pod1.ip>-<pod2.ip> <pod2.ip>:<web.port>"),
        ("net.ipv4.conf.{pod1.veth}.rp_filter = 1", "net.ipv4.conf.<pod1.veth>.rp_filter = 1"),
        ("10.1.2.3,{web.ip} cali-tw-{pod2.veth}", "'10.1.2.3,<web.ip> cali-tw-<pod2.veth>"),
    ] {
        assert_eq!(words(line), spelt);
    }
}

#[test]
fn what_is_no_address_is_left_alone() {
    for line in [
        "iptables-save v1.8.7 on Fri Nov 3 17:21:11 2023",
        "2023-11-03T17:21:11.123456+08:00 2023-07-29T17:21:11Z",
        "--probability 0.3333333333 50.98 3/sec",
        "--comment \"cali:flqWnvo8yq4ULQLa\" --match-set cali40s:SPeglQlTBmfidv00S2cBaDC src",
        "KUBE-SVC-OCJIUORDHIMMVHOI - [0:0]",
        "--dports 80:90 tcp dpt:80 spts:1024:65535",
        "--set-xmark 0x4000/0x4000 0xfffdffff",
        "0.0.0.0/0 255.255.255.0 127.0.0.1:53 224.0.0.0/4 ::/0 [::1]:53 ff02::1",
        "brd ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 01:00:5e:00:00:01",
        "/* default/web:http cluster IP */",
        "KUBE::MARK default/dead:beef 1.2.3 6.1.0-13-amd64",
        "secctx system_u:object_r:unlabeled_t:s0",
        "qdisc 0: root refcnt 2",
        "cni-aef3599a-c10a-dbd7-3d34-e5527762dd36 icmp-port-unreachable",
        "xyz:: std::vec a1:b2 abc:10:20 1:2",
        "80/8 1/2 example.com/24 v1.2/3",
        "net.ipv4.conf.all.rp_filter a.b.c.d",
        "10000:20000:30000:40000",
        "no-on-at-in-to-by 2023-11-03-17-21-11",
    ] {
        assert_eq!(words(line), line);
    }
    assert_eq!(words("*nat"), "*nat");
}

#[test]
fn what_looks_like_an_address_and_is_none_is_unclear() {
    for word in [
        "10.1.2.999",
        "10.1.2.3x",
        "x10.1.2.3",
        "v1.2.3.4",
        "10.1.2.3.80",
        "10.1.2.3/33",
        "10.1.2.3/24x",
        "10.1.2.3:80000",
        "10.244.1.x",
        "10.l.2.3",
        "10..2.3",
        "010.1.2.3",
        "10.1.2/24",
        "10.1/16",
        "net.10.1.2.3.example",
        "2001:db8::12345",
        "2001:db8::1/129",
        "fe80:::1",
        "1:2001:db8:0:0:0:0:0:1",
        "02:42:ac",
        "02:42:ac:12:00",
        "02:42:ac:12:00:0g",
        "02:42:ac:12:00:03:04",
        "12ab:02:42:ac:12:00:03",
        "1_2:02:42:ac:12:00:03",
        "to::1",
        "10.1.2.3:65536",
        "2001:db80:1234:5678",
        "0:1c:42:0:0:1",
        "02-42-ac-12-00-03",
        "8000.3eda8b799e87",
        "8000.3e:da:8b:79:9e:87",
    ] {
        let line = format!("a {word} b");
        assert_eq!(words(&line), format!("a !{word} b"));
        // All of it, so that a name covers it as it stands.
        let StateToken::Parts(parts) = &state_line(&line).expect("a line").words[1].token else { panic!("{word}") };
        assert_eq!(parts.len(), 1, "{word}");
    }
    assert_eq!(words("(10.1.2.999) \"10.1.2.3x,\" to:10.1.2.x:80"), "(!10.1.2.999) \"!10.1.2.3x,\" !to:10.1.2.x:80");
}

#[test]
fn a_connections_numbers_are_those_of_its_packets_whatever_else_is_left_open() {
    let tuples = "src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=40001";
    let spelt = "src= '10.0.0.1 dst= '10.0.0.2 sport= ?40000 dport= 80 src= '10.0.0.2 dst= '10.0.0.1 sport= 80 dport= ?40001";
    for (head, spelt_head) in [
        ("tcp 6 118 TIME_WAIT", "tcp 6 _ TIME_WAIT"),
        ("tcp * 118 TIME_WAIT", "tcp _ _ TIME_WAIT"),
        ("* 6 118 *", "_ 6 _ _"),
        ("* 6 * TIME_WAIT", "_ 6 _ TIME_WAIT"),
        ("tcp 6 * *", "tcp 6 _ _"),
        ("ipv4 2 tcp 6 118 TIME_WAIT", "ipv4 2 tcp 6 _ TIME_WAIT"),
        ("* 2 tcp 6 118 TIME_WAIT", "_ 2 tcp 6 _ TIME_WAIT"),
        ("ipv4 2 ** 118 TIME_WAIT", "ipv4 2 __ _ TIME_WAIT"),
        ("** 118 TIME_WAIT", "__ _ TIME_WAIT"),
        ("tcp 6 118 **", "tcp 6 _ __"),
        ("tcp **", "tcp __"),
        ("tcp 6 ** 118 TIME_WAIT", "tcp 6 __ _ TIME_WAIT"),
        ("tcp 6 ** 118", "tcp 6 __ _"),
        ("**", "__"),
        ("tcp 6", "tcp 6"),
    ] {
        let open = !head.contains("**");
        let rest = if open { " [ASSURED] mark=* use=1" } else { " [ASSURED] mark=0 use=1" };
        let spelt_rest = if open { " [ASSURED] mark= _ use= 1" } else { " [ASSURED] mark= 0 use= 1" };
        assert_eq!(words(&format!("{head} {tuples}{rest}")), format!("{spelt_head} {spelt}{spelt_rest}"));
    }
    for (line, spelt) in [
        (
            "icmp 1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=17555 src=10.0.0.2 dst=* type=0 code=0 id=17556 mark=0 use=1 id=4294967295",
            "icmp 1 _ src= '10.0.0.1 dst= '10.0.0.2 type= 8 code= 0 id= ?IcmpId:17555 src= '10.0.0.2 dst= _ type= 0 code= 0 id= ?IcmpId:17556 mark= 0 use= 1 id= _",
        ),
        (
            "icmpv6 58 29 src=2001:db8::1 dst=2001:db8::2 type=128 code=0 id=9",
            "icmpv6 58 _ src= '2001:db8::1 dst= '2001:db8::2 type= 128 code= 0 id= ?IcmpId:9",
        ),
        ("icmp ** id=17555 mark=0 use=1", "icmp __ id= ?IcmpId:17555 mark= 0 use= 1"),
        (
            "udp 17 29 src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=40000 mark=0 use=1",
            "udp 17 _ src= '10.0.0.1 dst= '10.0.0.2 sport= ?UdpSourcePort:40000 dport= 53 [UNREPLIED] src= '10.0.0.2 dst= '10.0.0.1 sport= 53 dport= ?UdpSourcePort:40000 mark= 0 use= 1",
        ),
        ("* 17 29 src=10.0.0.1 dst=* sport=40000 dport=*", "_ 17 _ src= '10.0.0.1 dst= _ sport= ?UdpSourcePort:40000 dport= _"),
        ("udp 17 29 src=* dst=* sport=8285 dport=8285", "udp 17 _ src= _ dst= _ sport= 8285 dport= 8285"),
        (
            "tcp 6 5 CLOSE src=* dst=* sport=40000 dport={web.port} packets=6 bytes=412 [UNREPLIED] src=* dst=* sport={web.port} dport=40000 packets=0 bytes=0",
            "tcp 6 _ CLOSE src= _ dst= _ sport= ?40000 dport= <web.port> packets= (what was counted) bytes= (what was counted) [UNREPLIED] src= _ dst= _ sport= <web.port> dport= ?40000 packets= 0 bytes= 0",
        ),
        // A number tells the protocol as well as its name.
        ("* 17 ** sport=40000 dport=53", "_ 17 __ sport= ?UdpSourcePort:40000 dport= 53"),
        ("* 6 ** sport=40000 dport=53", "_ 6 __ sport= ?40000 dport= 53"),
        ("ipv4 2 * 17 ** sport=40000 dport=53", "ipv4 2 _ 17 __ sport= ?UdpSourcePort:40000 dport= 53"),
        ("** 17 29 sport=40000 dport=53", "__ 17 _ sport= ?UdpSourcePort:40000 dport= 53"),
        ("* 6 17 ESTABLISHED sport=40000 dport=53", "_ 6 _ ESTABLISHED sport= ?40000 dport= 53"),
        // Two ports that are equal are both a server's, and one alone is held against what clients draw.
        ("udp 17 29 src=* dst=* sport=42000 dport=42000", "udp 17 _ src= _ dst= _ sport= 42000 dport= 42000"),
        ("udp 17 29 src=* dst=* sport=40000 dport=1500", "udp 17 _ src= _ dst= _ sport= ?UdpSourcePort:40000 dport= 1500"),
        ("sport=40000 dport=1500 src=10.0.0.1", "sport= ?40000 dport= 1500 src= '10.0.0.1"),
        ("tcp 6 5 CLOSE src=* sport=8080 mark=80", "tcp 6 _ CLOSE src= _ sport= 8080 mark= 80"),
        ("tcp 6 5 CLOSE src=* dport=40000 mark=80", "tcp 6 _ CLOSE src= _ dport= ?40000 mark= 80"),
        ("udp 17 29 x", "udp 17 29 x"),
        ("net.ipv4.ip_forward = 1", "net.ipv4.ip_forward = 1"),
        ("PodName: x | id=70000", "PodName: x | id= 70000"),
    ] {
        assert_eq!(words(line), spelt);
    }
}

#[test]
fn no_connection_has_such_numbers() {
    let line = "tcp 6 118 TIME_WAIT src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 type=8 code=0 id=5 packets=1 mark=0 use=1 zone=3";
    for (old, new, pointed) in [
        ("sport=40000", "sport=82000", "82000"),
        ("dport=80", "dport=-80", "-80"),
        ("dport=80", "dport=", "dport="),
        ("dport=80", "dport= 80", "dport="),
        ("dport=80", "dport=http", "http"),
        ("id=5", "id=70000", "70000"),
        ("id=5", "id=0x5", "0x5"),
        ("type=8", "type=300", "300"),
        ("code=0", "code=256", "256"),
        ("packets=1", "packets=-1", "-1"),
        ("mark=0", "mark=4294967296", "4294967296"),
        ("use=1 zone=3", "use=", "use="),
        ("zone=3", "zone=65536", "65536"),
        ("118", "-118", "-118"),
        ("src=10.0.0.1", "src=10.0.0", "10.0.0"),
        ("src=10.0.0.1", "src=pod1", "pod1"),
        ("dst=10.0.0.2", "dst=10.0.0.2:80", "10.0.0.2:80"),
        ("dst=10.0.0.2", "dst=10.0.0.2/32", "10.0.0.2/32"),
    ] {
        let wrong = line.replace(old, new);
        let problems = state_line(&wrong).expect_err(&wrong);
        assert_eq!((&wrong[problems[0].span.clone()], problems.len()), (pointed, 1), "{wrong}");
    }
    // Nor where a gap leaves most of the line open.
    for (wrong, pointed) in [("tcp 6 ** mark=4294967296", "4294967296"), ("udp ** use=x", "x"), ("x src=pod1 dport=80", "pod1")] {
        let problems = state_line(wrong).expect_err(wrong);
        assert_eq!(&wrong[problems[0].span.clone()], pointed, "{wrong}");
    }
    let hint = |line: &str| state_line(line).expect_err(line).swap_remove(0).hint;
    assert_eq!(hint("tcp 6 ** bytes=-1").as_deref(), Some("it is a number from 0 to 18446744073709551615, or `*`"));
    assert_eq!(hint("tcp 6 ** mark=-1").as_deref(), Some("it is a number from 0 to 4294967295, or `*`"));
    // A count may be large, and what is no connection may have whatever it has.
    for line in
        [line, "tcp 6 5 CLOSE src=* packets=5000000000 bytes=18446744073709551615", "tcp listen mark=4294967296", "x mark=4294967296 use=1"]
    {
        assert!(state_line(line).is_ok(), "{line}");
    }
}

#[test]
fn names_that_are_made_up_are_told_from_words() {
    for (word, names) in [
        ("cali-tw-calice0906292e2", &["calice0906292e2"][..]),
        ("cali-fw-cali0123456789a-x", &["cali0123456789a"]),
        ("KUBE-veth22fb4d65", &["veth22fb4d65"]),
        // All of a word is no part of one.
        ("calice0906292e2", &[]),
        ("cali-tw-abc123", &[]),
        ("cali-tw-abcd123", &["abcd123"]),
        ("cali-tw-abcdefgh1234567", &["abcdefgh1234567"]),
        ("cali-tw-abcdefgh12345678", &[]),
        ("cali-tw-forwarding", &[]),
        ("cali-tw-1calice09", &[]),
        ("KUBE-SVC-OCJIUORDHIMMV2", &[]),
        ("cali-tw-calICe0906", &[]),
    ] {
        let found: Vec<&str> = made_up_names(word).into_iter().map(|span| &word[span]).collect();
        assert_eq!(found, names, "{word}");
    }
}
