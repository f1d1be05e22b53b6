//! Lengths that follow from how long addresses are when they are spelt.

use std::path::Path;

use super::world::{findings, spell};
use crate::evidence::craft::{manifest, printed};
use crate::evidence::{Evidence, ScenarioEvidence};
use crate::journey::craft::{TOKEN, answered, ethernet, ipv4, recording, tcp, udp};
use crate::lab;
use crate::name::Symbol;
use crate::nettool::page;
use crate::packet::LinkType;
use crate::plan::{Plan, draft};
use crate::site::Facts;
use crate::verdict::{Outcome, RunVerdict, judge};

/// A request through a tunnel that prints as bare datagrams at the node's card.
const LAB: &str = r#"
lab: spelt
title: A request to a port of a node
cluster:
  cni: flannel
  network:
    pods: 10.244.0.0/16
    mtu: 1472
    wiring: {bridged: {bridge: cni0}}
    veth-prefix: veth
    tunnel: {device: flannel0, kind: udp, port: 8285, mtu: 1472, underlay: default}
nodes:
  one:
    nics:
      default: {interface: eth0, address: 172.18.0.3/16, mac: "02:42:ac:12:00:03", gateway: 172.18.0.1}
    block: 10.244.2.0/24
  two:
    nics:
      default: {interface: eth0, address: 172.18.0.4/16, mac: "02:42:ac:12:00:04", gateway: 172.18.0.1}
    block: 10.244.1.0/24
pods:
  asks: {node: one, address: 10.244.2.3, mac: "02:00:00:00:00:01"}
  says: {node: two, called: says-1, address: 10.244.1.2, mac: "02:00:00:00:00:02"}
services:
  svc: {type: node-port, cluster-ip: 10.96.211.66, port: 80, node-port: 32000, endpoints: [says]}
names:
  172.18.0.3: one.default.ip
  10.244.1.2: says.ip
  10.244.1.2/24: says.address
scenarios:
- name: asks
  probe: {from: asks, curl: {service: svc, node: one}}
  answers: "PodName: says-1 | PodIP: eth0 10.244.1.2/24"
  expect:
  - at: asks/eth0
    lines: |
      {asks.mac} > {one.cni0.mac}, ethertype IPv4 (0x0800), length 66: {asks.ip}.38346 > 172.18.0.3.32000: Flags [S], seq 3848762339, length 0
      {one.cni0.mac} > {asks.mac}, ethertype IPv4 (0x0800), length 66: 172.18.0.3.32000 > {asks.ip}.38346: Flags [S.], seq 922360601, ack 3848762340, length 0
      {asks.mac} > {one.cni0.mac}, ethertype IPv4 (0x0800), length 66: {asks.ip}.38346 > 172.18.0.3.32000: Flags [.], ack 1, length 0
      {asks.mac} > {one.cni0.mac}, ethertype IPv4 (0x0800), length 146: {asks.ip}.38346 > 172.18.0.3.32000: Flags [P.], seq 1:81, ack 1, length 80
      {one.cni0.mac} > {asks.mac}, ethertype IPv4 (0x0800), length 66: 172.18.0.3.32000 > {asks.ip}.38346: Flags [.], ack 81, length 0
      {one.cni0.mac} > {asks.mac}, ethertype IPv4 (0x0800), length 302: 172.18.0.3.32000 > {asks.ip}.38346: Flags [P.], seq 1:237, ack 81, length 236
      {one.cni0.mac} > {asks.mac}, ethertype IPv4 (0x0800), length 110: 172.18.0.3.32000 > {asks.ip}.38346: Flags [P.], seq 237:281, ack 81, length 44
      {asks.mac} > {one.cni0.mac}, ethertype IPv4 (0x0800), length 66: {asks.ip}.38346 > 172.18.0.3.32000: Flags [F.], seq 81, ack 281, length 0
      {one.cni0.mac} > {asks.mac}, ethertype IPv4 (0x0800), length 66: 172.18.0.3.32000 > {asks.ip}.38346: Flags [F.], seq 281, ack 82, length 0
      {asks.mac} > {one.cni0.mac}, ethertype IPv4 (0x0800), length 66: {asks.ip}.38346 > 172.18.0.3.32000: Flags [.], ack 282, length 0
  - at: one/default
    lines: |
      {one.default.mac} > {two.default.mac}, ethertype IPv4 (0x0800), length 94: {one.default.ip}.8285 > {two.default.ip}.8285: UDP, length 52
      {two.default.mac} > {one.default.mac}, ethertype IPv4 (0x0800), length 94: {two.default.ip}.8285 > {one.default.ip}.8285: UDP, length 52
      {one.default.mac} > {two.default.mac}, ethertype IPv4 (0x0800), length 94: {one.default.ip}.8285 > {two.default.ip}.8285: UDP, length 52
      {one.default.mac} > {two.default.mac}, ethertype IPv4 (0x0800), length 174: {one.default.ip}.8285 > {two.default.ip}.8285: UDP, length 132
      {two.default.mac} > {one.default.mac}, ethertype IPv4 (0x0800), length 94: {two.default.ip}.8285 > {one.default.ip}.8285: UDP, length 52
      {two.default.mac} > {one.default.mac}, ethertype IPv4 (0x0800), length 330: {two.default.ip}.8285 > {one.default.ip}.8285: UDP, length 288
      {two.default.mac} > {one.default.mac}, ethertype IPv4 (0x0800), length 138: {two.default.ip}.8285 > {one.default.ip}.8285: UDP, length 96
      {one.default.mac} > {two.default.mac}, ethertype IPv4 (0x0800), length 94: {one.default.ip}.8285 > {two.default.ip}.8285: UDP, length 52
      {two.default.mac} > {one.default.mac}, ethertype IPv4 (0x0800), length 94: {two.default.ip}.8285 > {one.default.ip}.8285: UDP, length 52
      {one.default.mac} > {two.default.mac}, ethertype IPv4 (0x0800), length 94: {one.default.ip}.8285 > {two.default.ip}.8285: UDP, length 52
  state:
  - {on: one, run: ip route, has: 10.244.1.2 dev flannel0}
"#;

/// A site: the address of the node that is asked, and of the pod that answers.
#[derive(Clone, Copy)]
struct Site(&'static str, &'static str);

/// What is sent there: how many bytes the request, the head and the body of the answer have.
#[derive(Clone, Copy)]
struct Sent {
    request: usize,
    head: usize,
    body: usize,
}

const MACS: [&str; 4] = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:42:ac:12:00:03", "02:42:ac:12:00:04"];
const BRIDGE: &str = "02:00:00:00:01:01";

impl Site {
    /// What our client and our server say there.
    fn sent(self) -> Sent {
        Sent { request: 64 + self.0.len() + ":32000".len(), head: 236, body: page("says-1", &format!("{}/24", self.1)).len() }
    }

    fn judge(self, sent: Sent) -> RunVerdict {
        self.judge_by(LAB, sent)
    }

    fn judge_by(self, lab: &str, Sent { request, head, body }: Sent) -> RunVerdict {
        let Self(node, pod) = self;
        let values = [
            ("asks.ip", "10.244.2.3".to_owned()),
            ("asks.mac", MACS[0].to_owned()),
            ("one.cni0.mac", BRIDGE.to_owned()),
            ("one.default.ip", node.to_owned()),
            ("two.default.ip", "172.18.0.4".to_owned()),
            ("one.default.mac", MACS[2].to_owned()),
            ("two.default.mac", MACS[3].to_owned()),
            ("says.name", "says-1".to_owned()),
            ("says.ip", pod.to_owned()),
            ("says.address", format!("{pod}/24")),
            ("svc.node-port", "32000".to_owned()),
        ];
        let facts = Facts {
            backend: "kind".to_owned(),
            values: values.into_iter().map(|(symbol, value)| (Symbol::new(symbol), value)).collect(),
            ..Facts::default()
        };
        let segments = segments(request, head, body);
        let seen = |at_card: bool| {
            segments.iter().map(move |(asks, flags, numbers, payload)| {
                let ports = if *asks { (40_000, 32_000) } else { (32_000, 40_000) };
                let segment = tcp(ports, *flags, *numbers, (1, 1), payload);
                let (from, to) = if at_card { ("10.244.2.0", pod) } else { ("10.244.2.3", node) };
                let (from, to) = if *asks { (from, to) } else { (to, from) };
                let packet = ipv4(from, to, 63, 6, 9, &segment);
                if !at_card {
                    let (from, to) = if *asks { (MACS[0], BRIDGE) } else { (BRIDGE, MACS[0]) };
                    return ethernet(from, to, &packet);
                }
                let outer = |from, to| ipv4(from, to, 64, 17, 10, &udp(8285, 8285, &packet));
                if *asks {
                    ethernet(MACS[2], MACS[3], &outer(node, "172.18.0.4"))
                } else {
                    ethernet(MACS[3], MACS[2], &outer("172.18.0.4", node))
                }
            })
        };
        let mut outcome = answered();
        outcome.answer = Some(page("says-1", &format!("{pod}/24")).trim_end().to_owned());
        let recordings = vec![
            recording("asks/eth0", LinkType::Ethernet, seen(false).collect()),
            recording("one/default", LinkType::Ethernet, seen(true).collect()),
        ];
        let state = vec![printed("one", "ip route", &format!("{pod} dev flannel0\n"))];
        let recorded = ScenarioEvidence { name: "asks".to_owned(), outcome: Some(outcome), recordings, state };
        judge(&plan(lab), &Evidence { manifest: manifest("spelt"), lab: lab.to_owned(), facts, scenarios: vec![recorded] })
    }
}

fn plan(text: &str) -> Plan {
    draft(lab::load(Path::new("lab.yaml"), text).unwrap_or_else(|problems| panic!("{problems}")))
}

type Segment = (bool, u8, (u32, u32), Vec<u8>);

/// An exchange: whether the client sends it, its flags, its numbers, its data.
fn segments(request: usize, head: usize, body: usize) -> Vec<Segment> {
    let (syn, ack, psh, fin) = (2, 16, 8, 1);
    let (client, server) = (1000_u32, 9000_u32);
    let count = |bytes: usize| u32::try_from(bytes).unwrap();
    let (asked, told) = (client + 1 + count(request), server + 1 + count(head + body));
    let mut question = TOKEN.hex().into_bytes();
    question.resize(request, b'.');
    vec![
        (true, syn, (client, 0), vec![]),
        (false, syn | ack, (server, client + 1), vec![]),
        (true, ack, (client + 1, server + 1), vec![]),
        (true, psh | ack, (client + 1, server + 1), question),
        (false, ack, (server + 1, asked), vec![]),
        (false, psh | ack, (server + 1, asked), vec![b'h'; head]),
        (false, psh | ack, (server + 1 + count(head), asked), vec![b'b'; body]),
        (true, fin | ack, (asked, told), vec![]),
        (false, fin | ack, (told, asked + 1), vec![]),
        (true, ack, (asked + 1, told + 1), vec![]),
    ]
}

const SITES: [Site; 11] = [
    Site("172.18.0.3", "10.244.1.2"),
    Site("172.18.0.10", "10.244.1.2"),
    Site("172.18.0.101", "10.244.1.2"),
    Site("172.118.0.101", "10.244.1.2"),
    Site("172.118.10.101", "10.244.1.2"),
    Site("10.18.0.3", "10.244.1.2"),
    Site("10.1.0.3", "10.244.1.2"),
    Site("172.18.0.3", "10.244.1.12"),
    Site("172.18.0.3", "10.244.11.123"),
    Site("10.1.0.3", "10.244.100.12"),
    Site("192.168.100.103", "10.4.1.2"),
];

#[test]
fn addresses_of_any_length_hold() {
    for site in SITES {
        let verdict = site.judge(site.sent());
        let lines = || verdict.scenarios[0].expectations.iter().flat_map(|one| &one.lines).filter(|line| line.outcome != Outcome::Held);
        let broken: Vec<_> = lines().map(|line| (line.expected.clone(), findings(line))).collect();
        assert_eq!(spell(&verdict.outcome), "held", "{} {}: {broken:#?}", site.0, site.1);
    }
}

#[test]
fn one_literal_tells_an_address_with_and_without_its_prefix_length() {
    let without = LAB.replace("  10.244.1.2/24: says.address\n", "").replace("eth0 10.244.1.2/24", "eth0 {says.address}");
    assert!(!without.contains("10.244.1.2/24"));
    for site in SITES {
        assert_eq!(spell(&site.judge_by(&without, site.sent()).outcome), "held", "{} {}", site.0, site.1);
        let longer = Sent { body: site.sent().body + 1, ..site.sent() };
        assert_eq!(site.judge_by(&without, longer).exit_code(), 1, "{} {}", site.0, site.1);
    }
}

#[test]
fn whatever_is_not_as_long_as_its_addresses_make_it_is_broken() {
    for site in SITES {
        let right = site.sent();
        let documented = SITES[0].sent();
        let wrong = [
            Sent { request: right.request + 1, ..right },
            Sent { request: right.request - 1, ..right },
            Sent { head: right.head + 1, ..right },
            Sent { head: right.head - 1, ..right },
            Sent { body: right.body + 1, ..right },
            Sent { body: right.body - 1, ..right },
            // Shifted from one to the other, and the other way round.
            Sent { head: right.head + 1, body: right.body - 1, ..right },
            Sent { head: right.head - 1, body: right.body + 1, ..right },
            Sent { request: 2 * documented.request - right.request, ..right },
            Sent { body: 2 * documented.body - right.body, ..right },
            // As the document has it, whatever the addresses.
            documented,
            Sent { request: documented.request, ..right },
            Sent { body: documented.body, ..right },
            Sent { request: right.body, body: right.request, ..right },
        ];
        for (number, sent) in wrong.into_iter().enumerate() {
            if (sent.request, sent.head, sent.body) == (right.request, right.head, right.body) {
                continue;
            }
            let verdict = site.judge(sent);
            assert_eq!(verdict.exit_code(), 1, "{} {}: {number}", site.0, site.1);
            // Whatever prints no more than a datagram notices as well.
            let at_card = &verdict.scenarios[0].expectations[1];
            assert!(matches!(at_card.outcome, Outcome::Broken(_)), "{} {}: {number}: {:?}", site.0, site.1, at_card.outcome);
        }
    }
}

#[test]
fn reports_show_the_numbers_that_follow() {
    let site = Site("172.18.0.10", "10.244.1.123");
    let verdict = site.judge(site.sent());
    let expected = |expectation: usize, line: usize| verdict.scenarios[0].expectations[expectation].lines[line].expected.clone();
    assert!(expected(0, 3).contains("length 147: ") && expected(0, 3).ends_with("seq 1:82, ack 1, length 81"), "{}", expected(0, 3));
    assert!(expected(0, 6).contains("length 112: ") && expected(0, 6).ends_with("seq 237:283, ack 82, length 46"), "{}", expected(0, 6));
    assert!(expected(0, 9).ends_with("ack 284, length 0"), "{}", expected(0, 9));
    assert!(expected(1, 3).contains("length 175: ") && expected(1, 3).ends_with("UDP, length 133"), "{}", expected(1, 3));
    assert!(expected(1, 6).contains("length 140: ") && expected(1, 6).ends_with("UDP, length 98"), "{}", expected(1, 6));
    assert!(expected(1, 5).ends_with("UDP, length 288"), "{}", expected(1, 5));
}
