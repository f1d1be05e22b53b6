//! A lab and two runs of it on sites with other addresses and other numbers, in which all is the same, for tests to spoil.

use std::path::Path;

use crate::diff::{Diff, DiffError, Recorded, Standing, compare};
use crate::evidence::{Evidence, Manifest, ScenarioEvidence, StateText, craft};
use crate::journey::craft::{TOKEN, answered, echo, ethernet, ipv4, recording, tcp};
use crate::lab;
use crate::name::Symbol;
use crate::packet::{Frame, LinkType};
use crate::plan::{Plan, draft};
use crate::site::Facts;

/// The scenarios, by index.
pub(super) const PING: usize = 0;
pub(super) const CURL: usize = 1;

/// The points of the ping, by index.
pub(super) const POD: usize = 0;
pub(super) const TUNNEL: usize = 1;
pub(super) const WIRE: usize = 2;
pub(super) const ASIDE: usize = 3;

pub(super) const CALI: &str = "ee:ee:ee:ee:ee:ee";

/// What a site's addresses and a run's numbers are.
pub(super) struct Site {
    pub(super) pod1: &'static str,
    pub(super) pod3: &'static str,
    pub(super) node1: &'static str,
    pub(super) node2: &'static str,
    pub(super) block: &'static str,
    pub(super) macs: [&'static str; 3],
    pub(super) id: u16,
    pub(super) sequence: u16,
    /// The first IP id of requests; replies have others.
    pub(super) packet: u16,
    pub(super) port: u16,
    /// The initial sequence numbers of client and server.
    pub(super) streams: (u32, u32),
    pub(super) clock: u32,
}

pub(super) const ONE: Site = Site {
    pod1: "10.244.153.204",
    pod3: "10.244.146.205",
    node1: "192.168.100.111",
    node2: "192.168.100.112",
    block: "10.244.146.192/26",
    macs: ["32:21:45:c4:c5:d5", "52:54:00:dc:c7:b4", "52:54:00:d3:bf:21"],
    id: 7,
    sequence: 1,
    packet: 100,
    port: 40_000,
    streams: (1000, 9000),
    clock: 5000,
};

/// The first site's pod3 is the second's pod1, so that equal addresses need not be the same.
pub(super) const OTHER: Site = Site {
    pod1: "10.244.146.205",
    pod3: "10.244.7.9",
    node1: "172.18.0.3",
    node2: "172.18.0.4",
    block: "10.244.7.0/26",
    macs: ["02:00:00:00:00:01", "02:00:00:00:01:01", "02:00:00:00:01:02"],
    id: 4242,
    sequence: 12,
    packet: 9_000,
    port: 51_515,
    streams: (123_456, 654_321),
    clock: 77_000,
};

const LAB: &str = r#"
lab: pair
title: A lab of two runs
cluster:
  cni: calico
  network:
    pods: 10.244.0.0/16
    mtu: 1480
    wiring: {routed: {gateway: 169.254.1.1, host-mac: "ee:ee:ee:ee:ee:ee"}}
    veth-prefix: cali
    tunnel: {device: tunl0, kind: ipip, mtu: 1480, underlay: underlay}
    route-protocol: bird
nodes:
  node1:
    nics:
      default: {interface: ens3, address: 172.18.22.111/24, gateway: 172.18.22.1}
      underlay: {interface: ens10, address: 192.168.100.111/24}
    block: 10.244.153.192/26
  node2:
    nics:
      default: {interface: ens3, address: 172.18.22.112/24, gateway: 172.18.22.1}
      underlay: {interface: ens10, address: 192.168.100.112/24}
    block: 10.244.146.192/26
pods:
  pod1: {node: node1, address: 10.244.153.204}
  pod3: {node: node2, address: 10.244.146.205}
scenarios:
- name: across
  probe: {from: pod1, ping: pod3}
  expect:
  - at: pod1/eth0
    lines: |
      {pod1.mac} > {cali.mac}, ethertype IPv4 (0x0800), length 98: {pod1.ip} > {pod3.ip}: ICMP echo request, id 7, seq 1, length 64
      {cali.mac} > {pod1.mac}, ethertype IPv4 (0x0800), length 98: {pod3.ip} > {pod1.ip}: ICMP echo reply, id 7, seq 1, length 64
  - at: node1/tunl0
    lines: |
      ip: {pod1.ip} > {pod3.ip}: ICMP echo request
      ip: {pod3.ip} > {pod1.ip}: ICMP echo reply
  - {at: node1/default, none: true}
  state:
  - on: node1
    run: ip route
    has: |
      {node2.block} via {node2.underlay.ip} dev tunl0 proto bird onlink
      default via 172.18.22.1 ** dev ens3
    lacks: blackhole {node2.block} proto bird
    corrections:
    - documented: default via 172.18.22.1 ** dev ens3
      reads: default via * ** dev *
      because: the gateway is the host's
  - on: node1
    run: ip addr
    has: "3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP"
  - on: node1
    run: ip neigh
    has: 172.18.22.1 dev ens3 lladdr * REACHABLE
    corrections:
    - documented: 172.18.22.1 dev ens3 lladdr * REACHABLE
      reads: "* dev ens3 lladdr * REACHABLE"
      because: the gateway is the host's
    when: {backend: kind, because: "only a real node speaks to its gateway"}
- name: asks
  probe: {from: pod1, curl: {pod: pod3, port: 80}}
  expect:
  - at: pod1/eth0
    excerpt: true
    lines: "{pod1.mac} > {cali.mac}, ethertype IPv4 (0x0800), length 66: {pod1.ip}.40000 > {pod3.ip}.80: Flags [S]"
  state:
  - on: node1
    run: conntrack -L
    has: tcp 6 118 TIME_WAIT src={pod1.ip} dst={pod3.ip} sport=40000 dport=80 src={pod3.ip} dst={pod1.ip} sport=80 dport=40000 [ASSURED] mark=0 use=1
"#;

/// Two runs and the lab of either.
pub(super) struct World {
    pub(super) plans: [Plan; 2],
    pub(super) runs: [Evidence; 2],
}

pub(super) fn plan(text: &str) -> Plan {
    draft(lab::load(Path::new("lab.yaml"), text).unwrap_or_else(|problems| panic!("{problems}")))
}

impl World {
    pub(super) fn new() -> Self {
        Self::of(LAB)
    }

    /// With `old` replaced by `new` in the lab.
    pub(super) fn with(old: &str, new: &str) -> Self {
        assert!(LAB.contains(old), "{old}");
        Self::of(&LAB.replace(old, new))
    }

    fn of(text: &str) -> Self {
        let runs = [("one", &ONE), ("other", &OTHER)].map(|(run, site)| evidence(run, site, text));
        Self { plans: [plan(text), plan(text)], runs }
    }

    pub(super) fn diff(&self) -> Result<Diff, DiffError> {
        let recorded = |side: usize| Recorded { plan: &self.plans[side], evidence: &self.runs[side] };
        compare(recorded(0), recorded(1))
    }

    /// Whatever is not the same, in words.
    pub(super) fn told(&self) -> Vec<String> {
        spell(&self.diff().expect("two runs of one lab"))
    }

    /// What the second run recorded of a scenario.
    pub(super) fn other(&mut self, scenario: usize) -> &mut ScenarioEvidence {
        &mut self.runs[1].scenarios[scenario]
    }

    /// The frames that the second run captured at a point of the ping.
    pub(super) fn frames(&mut self, point: usize) -> &mut Vec<Frame> {
        &mut self.other(PING).recordings[point].frames
    }

    /// The second run's output of a command of the ping.
    pub(super) fn output(&mut self, run: &str) -> &mut String {
        let text = self.other(PING).state.iter_mut().find(|text| text.run == run);
        &mut text.expect("the command was run").stdout
    }
}

fn evidence(run: &str, site: &Site, lab: &str) -> Evidence {
    let manifest = Manifest { run: run.to_owned(), ..craft::manifest("pair") };
    let [pod, node1, node2] = site.macs;
    let values = [
        ("pod1.ip", site.pod1),
        ("pod3.ip", site.pod3),
        ("node1.underlay.ip", site.node1),
        ("node2.underlay.ip", site.node2),
        ("pod1.mac", pod),
        ("cali.mac", CALI),
        ("node1.underlay.mac", node1),
        ("node2.underlay.mac", node2),
        ("node2.block", site.block),
    ];
    let values = values.into_iter().map(|(symbol, value)| (Symbol::new(symbol), value.to_owned())).collect();
    let facts = Facts { backend: "netns".to_owned(), values, ..Facts::default() };
    Evidence { manifest, lab: lab.to_owned(), facts, scenarios: vec![ping(site), curl(site)] }
}

fn ping(site: &Site) -> ScenarioEvidence {
    let (there, back) = (|ttl| request(site, ttl), |ttl| reply(site, ttl));
    let [pod, ..] = site.macs;
    ScenarioEvidence {
        name: "across".to_owned(),
        outcome: Some(answered()),
        recordings: vec![
            recording("pod1/eth0", LinkType::Ethernet, vec![ethernet(pod, CALI, &there(64)), ethernet(CALI, pod, &back(62))]),
            recording("node1/tunl0", LinkType::Raw, vec![there(63), back(63)]),
            recording("node1/underlay", LinkType::Ethernet, vec![wire(site, &there(63)), wire_back(site, &back(63))]),
            recording("node1/default", LinkType::Ethernet, vec![]),
        ],
        state: vec![
            printed(
                "ip route",
                &format!("default via 172.18.22.1 dev ens3\n{} via {} dev tunl0 proto bird onlink\n", site.block, site.node2),
            ),
            printed("ip addr", "3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP\n"),
            printed("ip neigh", ""),
        ],
    }
}

pub(super) fn request(site: &Site, ttl: u8) -> Vec<u8> {
    ipv4(site.pod1, site.pod3, ttl, 1, site.packet, &echo(8, site.id, site.sequence, TOKEN))
}

pub(super) fn reply(site: &Site, ttl: u8) -> Vec<u8> {
    ipv4(site.pod3, site.pod1, ttl, 1, site.packet + 1, &echo(0, site.id, site.sequence, TOKEN))
}

pub(super) fn wire(site: &Site, inner: &[u8]) -> Vec<u8> {
    let [_, node1, node2] = site.macs;
    ethernet(node1, node2, &ipv4(site.node1, site.node2, 63, 4, site.packet + 50, inner))
}

pub(super) fn wire_back(site: &Site, inner: &[u8]) -> Vec<u8> {
    let [_, node1, node2] = site.macs;
    ethernet(node2, node1, &ipv4(site.node2, site.node1, 63, 4, site.packet + 60, inner))
}

/// A segment of the request: its flags, where in either stream it stands, and how far its sender's clock has come.
pub(super) fn segment(site: &Site, way: Way, flags: u8, at: (u32, u32), stamps: (u32, u32), payload: &[u8]) -> Vec<u8> {
    let (client, server) = site.streams;
    let [pod, ..] = site.macs;
    match way {
        Way::There => {
            let numbers = (client + at.0, if at.1 == 0 { 0 } else { server + at.1 });
            let stamps = (site.clock + stamps.0, if stamps.1 == 0 { 0 } else { site.clock + stamps.1 });
            let id = site.packet + u16::try_from(at.0).expect("short");
            ethernet(pod, CALI, &ipv4(site.pod1, site.pod3, 64, 6, id, &tcp((site.port, 80), flags, numbers, stamps, payload)))
        }
        Way::Back => {
            let numbers = (server + at.0, client + at.1);
            let stamps = (site.clock + stamps.0, site.clock + stamps.1);
            ethernet(CALI, pod, &ipv4(site.pod3, site.pod1, 62, 6, 0, &tcp((80, site.port), flags, numbers, stamps, payload)))
        }
    }
}

/// Which way a segment goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    There,
    Back,
}

pub(super) const SYN: u8 = 0x02;
pub(super) const ACK: u8 = 0x10;
pub(super) const PUSH: u8 = 0x18;

/// What is asked; 48 bytes.
pub(super) fn question() -> Vec<u8> {
    format!("GET / HTTP/1.1\r\n{}", TOKEN.hex()).into_bytes()
}

fn curl(site: &Site) -> ScenarioEvidence {
    let frames = vec![
        segment(site, Way::There, SYN, (0, 0), (100, 0), b""),
        segment(site, Way::Back, SYN | ACK, (0, 1), (900, 100), b""),
        segment(site, Way::There, ACK, (1, 1), (100, 900), b""),
        segment(site, Way::There, PUSH, (1, 1), (100, 900), &question()),
        segment(site, Way::Back, ACK, (1, 49), (900, 100), b""),
        segment(site, Way::Back, PUSH, (1, 49), (900, 100), b"HTTP/1.1 200 OK"),
    ];
    let entry = format!(
        "tcp 6 119 TIME_WAIT src={0} dst={1} sport={2} dport=80 src={1} dst={0} sport=80 dport={2} [ASSURED] mark=0 use=1\n",
        site.pod1, site.pod3, site.port
    );
    ScenarioEvidence {
        name: "asks".to_owned(),
        outcome: Some(answered()),
        recordings: vec![recording("pod1/eth0", LinkType::Ethernet, frames)],
        state: vec![printed("conntrack -L", &entry)],
    }
}

pub(super) fn printed(run: &str, stdout: &str) -> StateText {
    craft::printed("node1", run, stdout)
}

/// Whatever is not the same, one line each, in the order of the diff.
fn spell(diff: &Diff) -> Vec<String> {
    let mut told = Vec::new();
    for scenario in &diff.scenarios {
        told.extend(standing(&scenario.name, &scenario.standing));
        for part in &scenario.parts {
            let subject = match &part.subject {
                crate::verdict::Subject::Point(point) => point.to_string(),
                crate::verdict::Subject::Answer => "the answer".to_owned(),
                crate::verdict::Subject::State { run, .. } => run.clone(),
            };
            told.extend(standing(&subject, &part.standing));
            for pair in &part.pairs {
                told.extend(pair.unknown.iter().flatten().map(|why| format!("{subject}, {}: unknown: {why}", pair.what)));
                for difference in &pair.differences {
                    let [one, other] = &difference.values;
                    let note = difference.note.as_ref().map(|note| format!(", though {note}")).unwrap_or_default();
                    let why = difference.explained.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                    let what = pair.what.split(',').next().unwrap_or_default();
                    told.push(format!("{subject}, {what}: {}: {one} | {other}{note}{why}", difference.field));
                }
            }
        }
    }
    told
}

fn standing(what: &str, standing: &Standing) -> Option<String> {
    match standing {
        Standing::Compared => None,
        Standing::OneAsked { run, because } => Some(format!("{what}: asked of {run} ({because})")),
        Standing::Skipped(why) => Some(format!("{what}: skipped: {why}")),
        Standing::Unknown(why) => Some(format!("{what}: unknown: {}", why.each_ref().map(|why| why.as_deref().unwrap_or("-")).join(" | "))),
    }
}

/// What two runs that agree tell all the same.
pub(super) const SKIPPED: &str = "ip neigh: skipped: only on kind: only a real node speaks to its gateway";
