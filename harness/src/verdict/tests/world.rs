//! A lab and the evidence of a run in which all of it holds, for tests to spoil.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::evidence::craft::manifest;
use crate::evidence::{self, Evidence, ScenarioEvidence, StateText};
use crate::expect::{packet_line, state_line};
use crate::journey::craft::{TOKEN, answered, echo, ethernet, ipv4, recording};
use crate::lab::{
    Claim, Cluster, Correction, DocumentedLine, Expectation, Extent, Lab, LabWiring, Line, Network, Position, Probe, Scenario, Source,
    StateExpectation, When,
};
use crate::name::{PlaceName, PointName, Symbol};
use crate::packet::{Frame, LinkType};
use crate::plan::Plan;
use crate::site::{Facts, Topology};
use crate::verdict::{ExpectationVerdict, LineVerdict, Outcome, RunVerdict, ScenarioVerdict, judge};

pub(super) const VETH: usize = 0;
pub(super) const TUNNEL: usize = 1;
pub(super) const UNDERLAY: usize = 2;
pub(super) const CNI0: usize = 3;

/// What the run's own addresses are; none of them is the document's.
pub(super) const POD1: &str = "10.9.0.1";
pub(super) const POD3: &str = "10.9.1.3";
pub(super) const NODE1: &str = "172.30.0.1";
pub(super) const NODE2: &str = "172.30.0.2";
pub(super) const POD1_MAC: &str = "02:00:00:00:00:01";
pub(super) const CALI_MAC: &str = "ee:ee:ee:ee:ee:ee";
pub(super) const NODE1_MAC: &str = "02:00:00:00:01:01";
pub(super) const NODE2_MAC: &str = "02:00:00:00:01:02";
/// What the run's own numbers are.
pub(super) const ID: u16 = 4242;
pub(super) const SEQUENCE: u16 = 1;

pub(super) const VETH_LINES: [&str; 2] = [
    "20:22:47.858674 32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee, ethertype IPv4 (0x0800), length 98: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 106, length 64",
    "20:22:47.860043 ee:ee:ee:ee:ee:ee > 32:21:45:c4:c5:d5, ethertype IPv4 (0x0800), length 98: 10.244.146.205 > 10.244.153.204: ICMP echo reply, id 17555, seq 106, length 64",
];
pub(super) const TUNNEL_LINES: [&str; 2] = [
    "20:24:42.016898 ip: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 220, length 64",
    "20:24:42.022282 ip: 10.244.146.205 > 10.244.153.204: ICMP echo reply, id 17555, seq 220, length 64",
];
pub(super) const UNDERLAY_LINES: [&str; 2] = [
    "20:25:41.151109 52:54:00:dc:c7:b4 > 52:54:00:d3:bf:21, ethertype IPv4 (0x0800), length 118: 192.168.100.111 > 192.168.100.112: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 279, length 64",
    "20:25:41.152198 52:54:00:d3:bf:21 > 52:54:00:dc:c7:b4, ethertype IPv4 (0x0800), length 118: 192.168.100.112 > 192.168.100.111: 10.244.146.205 > 10.244.153.204: ICMP echo reply, id 17555, seq 279, length 64",
];
pub(super) const ROUTE: &str = "10.244.146.192/26 via 192.168.100.112 dev tunl0 proto bird onlink";

const NAMES: [(&str, &str, &str); 9] = [
    ("10.244.153.204", "pod1.ip", POD1),
    ("10.244.146.205", "pod3.ip", POD3),
    ("192.168.100.111", "node1.underlay.ip", NODE1),
    ("192.168.100.112", "node2.underlay.ip", NODE2),
    ("32:21:45:c4:c5:d5", "pod1.mac", POD1_MAC),
    ("ee:ee:ee:ee:ee:ee", "cali.mac", CALI_MAC),
    ("52:54:00:dc:c7:b4", "node1.underlay.mac", NODE1_MAC),
    ("52:54:00:d3:bf:21", "node2.underlay.mac", NODE2_MAC),
    ("10.244.146.192/26", "node2.block", "10.9.1.0/26"),
];

/// A lab and the evidence of a run of it.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) evidence: Evidence,
}

impl World {
    /// A ping from pod1 to pod3 on another node, seen at its host veth, in the tunnel and on the wire, not seen at cni0; and a route. All holds.
    pub(super) fn new() -> Self {
        let expect = vec![
            expectation("node1/veth(pod1)", lines(&VETH_LINES)),
            expectation("node1/tunl0", lines(&TUNNEL_LINES)),
            expectation("node1/underlay", lines(&UNDERLAY_LINES)),
            expectation("node1/cni0", Claim::None),
        ];
        let scenario = Scenario {
            name: "across".to_owned(),
            probe: Some(Probe::Ping { from: PlaceName::new("pod1"), to: PlaceName::new("pod3"), size: 56, count: 1 }),
            names: NAMES.iter().map(|(literal, symbol, _)| ((*literal).to_owned(), Symbol::new(*symbol))).collect(),
            expect,
            answers: Vec::new(),
            state: vec![state(&[ROUTE], &[])],
        };
        let facts = Facts {
            backend: "netns".to_owned(),
            values: NAMES.iter().map(|(_, symbol, value)| (Symbol::new(*symbol), (*value).to_owned())).collect(),
            ..Facts::default()
        };
        let recorded = ScenarioEvidence {
            name: "across".to_owned(),
            outcome: Some(answered()),
            recordings: vec![
                recording("node1/veth(pod1)", LinkType::Ethernet, vec![veth(&request(64)), veth_back(&reply(62))]),
                recording("node1/tunl0", LinkType::Raw, vec![request(63), reply(63)]),
                recording("node1/underlay", LinkType::Ethernet, vec![wire(&request(63)), wire_back(&reply(63))]),
                recording("node1/cni0", LinkType::Ethernet, vec![]),
            ],
            state: vec![printed("default via 172.30.0.254 dev ens3\n10.9.1.0/26 via 172.30.0.2 dev tunl0 proto bird onlink \n")],
        };
        Self { plan: plan(vec![scenario]), evidence: evidence(facts, vec![recorded]) }
    }

    pub(super) fn judge(&self) -> RunVerdict {
        judge(&self.plan, &self.evidence)
    }

    /// The verdict on the only scenario.
    pub(super) fn scenario(&self) -> ScenarioVerdict {
        self.judge().scenarios.swap_remove(0)
    }

    /// The verdict on one of its expectations.
    pub(super) fn at(&self, index: usize) -> ExpectationVerdict {
        self.scenario().expectations.swap_remove(index)
    }

    /// The verdict on one of its lines.
    pub(super) fn line(&self, expectation: usize, line: usize) -> LineVerdict {
        self.at(expectation).lines.swap_remove(line)
    }

    pub(super) fn planned(&mut self) -> &mut Scenario {
        &mut self.plan.lab.scenarios[0]
    }

    pub(super) fn recorded(&mut self) -> &mut ScenarioEvidence {
        &mut self.evidence.scenarios[0]
    }

    /// The frames that a point captured.
    pub(super) fn frames(&mut self, point: usize) -> &mut Vec<Frame> {
        &mut self.recorded().recordings[point].frames
    }

    /// Has other lines documented at a point.
    pub(super) fn document(&mut self, point: usize, documented: &[&str]) {
        self.planned().expect[point].claim = lines(documented);
    }

    /// Has a line of a point corrected.
    pub(super) fn correct(&mut self, point: usize, line: usize, reads: &str) {
        let Claim::Lines(lines) = &mut self.planned().expect[point].claim else { panic!("no lines there") };
        lines[line].correction = Some(Correction { reads: packet(reads), because: "the document is wrong".to_owned() });
    }
}

pub(super) fn request(ttl: u8) -> Vec<u8> {
    ipv4(POD1, POD3, ttl, 1, 77, &echo(8, ID, SEQUENCE, TOKEN))
}

pub(super) fn reply(ttl: u8) -> Vec<u8> {
    ipv4(POD3, POD1, ttl, 1, 78, &echo(0, ID, SEQUENCE, TOKEN))
}

pub(super) fn veth(packet: &[u8]) -> Vec<u8> {
    ethernet(POD1_MAC, CALI_MAC, packet)
}

pub(super) fn veth_back(packet: &[u8]) -> Vec<u8> {
    ethernet(CALI_MAC, POD1_MAC, packet)
}

pub(super) fn wire(packet: &[u8]) -> Vec<u8> {
    ethernet(NODE1_MAC, NODE2_MAC, &ipv4(NODE1, NODE2, 63, 4, 500, packet))
}

pub(super) fn wire_back(packet: &[u8]) -> Vec<u8> {
    ethernet(NODE2_MAC, NODE1_MAC, &ipv4(NODE2, NODE1, 63, 4, 501, packet))
}

pub(super) fn packet(text: &str) -> Line<crate::expect::Pattern> {
    Line { text: text.to_owned(), pattern: packet_line(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")) }
}

fn words(text: &str) -> Line<crate::expect::StateLine> {
    Line { text: text.to_owned(), pattern: state_line(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")) }
}

const POSITION: Position = Position { line: 12, column: 3 };

pub(super) fn lines(documented: &[&str]) -> Claim {
    let line = |text: &&str| DocumentedLine { documented: packet(text), correction: None, position: POSITION };
    Claim::Lines(documented.iter().map(line).collect())
}

pub(super) fn expectation(at: &str, claim: Claim) -> Expectation {
    Expectation { at: PointName::new(at), claim, extent: Extent::Whole, because: None, when: None, position: POSITION }
}

pub(super) fn state(has: &[&str], lacks: &[&str]) -> StateExpectation {
    let line = |text: &&str| DocumentedLine { documented: words(text), correction: None, position: POSITION };
    StateExpectation {
        on: PlaceName::new("node1"),
        run: "ip route".to_owned(),
        has: has.iter().map(line).collect(),
        lacks: lacks.iter().map(line).collect(),
        because: None,
        when: None,
        position: POSITION,
    }
}

/// A state expectation of one line that the document has wrong.
pub(super) fn corrected_state(documented: &str, reads: &str) -> StateExpectation {
    let mut expectation = state(&[documented], &[]);
    expectation.has[0].correction = Some(Correction { reads: words(reads), because: "the document is wrong".to_owned() });
    expectation
}

pub(super) fn printed(stdout: &str) -> StateText {
    evidence::craft::printed("node1", "ip route", stdout)
}

pub(super) fn only_on(backend: &str) -> When {
    When { backends: vec![backend.to_owned()], kube_proxy: None, versions: Vec::new(), because: "it is so there".to_owned() }
}

fn plan(scenarios: Vec<Scenario>) -> Plan {
    let network = Network {
        pods: "10.9.0.0/16".parse().expect("a prefix"),
        mtu: 1480,
        wiring: LabWiring::Routed { gateway: "169.254.1.1".parse().expect("an address"), host_mac: [0xee; 6] },
        veth_prefix: "cali".to_owned(),
        tunnel: None,
        route_protocol: 12,
    };
    let lab = Lab {
        name: "test".to_owned(),
        title: "A lab".to_owned(),
        document: None,
        cluster: Cluster { cni: "calico".to_owned(), kube_proxy: None, recipe: None, network, rules: Vec::new() },
        nodes: Vec::new(),
        pods: Vec::new(),
        services: Vec::new(),
        names: BTreeMap::new(),
        scenarios,
        source: Source { path: PathBuf::from("lab.yaml"), text: String::new() },
    };
    Plan {
        lab,
        topology: Topology {
            nodes: Vec::new(),
            pods: Vec::new(),
            constants: BTreeMap::new(),
            proxy: None,
            services: Vec::new(),
            rules: BTreeMap::new(),
        },
        scenarios: Vec::new(),
    }
}

fn evidence(facts: Facts, scenarios: Vec<ScenarioEvidence>) -> Evidence {
    Evidence { manifest: manifest("test"), lab: String::new(), facts, scenarios }
}

/// The kind of an outcome and why.
pub(super) fn spell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Held => "held".to_owned(),
        Outcome::Skipped(why) => format!("skipped: {why}"),
        Outcome::Inconclusive(why) => format!("inconclusive: {why}"),
        Outcome::Broken(why) => format!("broken: {why}"),
        Outcome::Fault(why) => format!("fault: {why}"),
    }
}

/// The findings of a line, `field: documented, expected, observed`, with what their spans mark.
pub(super) fn findings(line: &LineVerdict) -> Vec<String> {
    let marked = |text: Option<&str>, span: &Option<std::ops::Range<usize>>| {
        span.clone().map_or("-".to_owned(), |span| text.and_then(|text| text.get(span)).expect("a span lies in its text").to_owned())
    };
    let spell = |finding: &crate::verdict::Finding| {
        let (expected, observed) = (&finding.expected, &finding.observed);
        let marks = (marked(Some(&line.expected), &finding.expected_span), marked(line.observed.as_deref(), &finding.observed_span));
        format!("{}: {} = {expected}, not {observed} [{} | {}]", finding.field, finding.documented, marks.0, marks.1)
    };
    line.findings.iter().map(spell).collect()
}
