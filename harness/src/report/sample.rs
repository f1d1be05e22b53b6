//! Hand-made verdicts, in the likeness of real ones.

use super::About;
use crate::name::{PlaceName, PointName};
use crate::site::Emulated;
use crate::verdict::{
    Before, Departure, Deviation, ExpectationVerdict, Finding, How, Instead, LineVerdict, Outcome, RunVerdict, ScenarioVerdict, Subject,
    Way,
};

const REQUEST: &str = "32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee, ethertype IPv4 (0x0800), length 98: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 106, length 64";
const REPLY: &str = "ee:ee:ee:ee:ee:ee > 32:21:45:c4:c5:d5, ethertype IPv4 (0x0800), length 98: 10.244.146.205 > 10.244.153.204: ICMP echo reply, id 17555, seq 106, length 64";
const OUTER: &str = "52:54:00:dc:c7:b4 > 52:54:00:d3:bf:21, ethertype IPv4 (0x0800), length 118: 192.168.100.111 > 192.168.100.112: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 279, length 64";

pub(super) fn about() -> About {
    About {
        evidence: Some("evidence/calico-ipip-7f3a".to_owned()),
        lab_path: "labs/calico-ipip/lab.yaml".to_owned(),
        phases: vec![("up".to_owned(), 12_345), ("same node".to_owned(), 8_049), ("down".to_owned(), 950)],
        took: 21_400,
        others: 9_950,
        emulated: vec![Emulated {
            what: "ipip".to_owned(),
            how: "a TUN device named tunl0 and a raw socket of protocol 4, for this kernel has no ipip".to_owned(),
        }],
        mutation: None,
        cut_short: None,
    }
}

/// The line as this run would show it.
fn seen(line: &str) -> String {
    line.replace("17555", "4242").replace("seq 106", "seq 1").replace("seq 279", "seq 1")
}

fn line(lab_line: usize, documented: &str) -> LineVerdict {
    LineVerdict {
        documented: format!("20:22:47.858674 {documented}"),
        correction: None,
        correction_needless: false,
        expected: seen(documented),
        observed: Some(seen(documented)),
        outcome: Outcome::Held,
        findings: Vec::new(),
        lab_line,
    }
}

fn state(lab_line: usize, documented: &str) -> LineVerdict {
    LineVerdict { documented: documented.to_owned(), ..line(lab_line, documented) }
}

fn point(name: &str, interface: &str, lines: Vec<LineVerdict>) -> ExpectationVerdict {
    let outcome = lines.iter().map(|line| line.outcome.clone()).max().unwrap_or(Outcome::Held);
    ExpectationVerdict {
        subject: Subject::Point(PointName::new(name)),
        interface: interface.to_owned(),
        outcome,
        because: None,
        lines,
        open: Vec::new(),
        unexpected: Vec::new(),
    }
}

fn command(on: &str, run: &str, lines: Vec<LineVerdict>) -> ExpectationVerdict {
    let subject = Subject::State { on: PlaceName::new(on), run: run.to_owned() };
    ExpectationVerdict { subject, ..point("", "", lines) }
}

fn scenario(name: &str, probe: &str, expectations: Vec<ExpectationVerdict>) -> ScenarioVerdict {
    let outcome = expectations.iter().map(|expectation| expectation.outcome.clone()).max().unwrap_or(Outcome::Held);
    ScenarioVerdict {
        name: name.to_owned(),
        probe: Some(probe.to_owned()),
        outcome,
        deviation: None,
        expectations,
        unasserted: Vec::new(),
        variables: Vec::new(),
    }
}

fn run(scenarios: Vec<ScenarioVerdict>) -> RunVerdict {
    let outcome = scenarios.iter().map(|scenario| scenario.outcome.clone()).max().unwrap_or(Outcome::Held);
    RunVerdict { lab: "calico-ipip".to_owned(), run: "7f3a".to_owned(), backend: "netns".to_owned(), outcome, scenarios }
}

fn same_node() -> ScenarioVerdict {
    let mut route = state(71, "10.244.153.201 dev cali118af4ccd16 scope link");
    let reads = "10.244.153.201 dev calibd2348b4f67 scope link";
    route.correction = Some((reads.to_owned(), "default.pod2 gives calibd2348b4f67, as the neighbour line above it says".to_owned()));
    route.expected = reads.to_owned();
    route.observed = Some("10.244.153.201 dev calibd2348b4f67 scope link ".to_owned());
    let mut scenario = scenario(
        "pod to pod on the same node",
        "pod1 pings pod2 (10.244.153.201)",
        vec![
            point("pod1/eth0", "eth0", vec![line(31, REQUEST), line(32, REPLY)]),
            point("node1/veth(pod1)", "calice0906292e2", vec![line(35, REQUEST), line(36, REPLY)]),
            point("node1/underlay", "ens10", Vec::new()),
            command("node1", "ip route", vec![state(70, "10.244.153.204 dev calice0906292e2 scope link"), route]),
        ],
    );
    scenario.unasserted = vec![(PointName::new("pod2/eth0"), vec![seen(REQUEST), seen(REPLY)])];
    scenario
}

/// One scenario that held, with a corrected line.
pub(super) fn held() -> RunVerdict {
    run(vec![same_node()])
}

fn finding(field: &str, documented: &str, expected: &str, observed: &str, line: &LineVerdict) -> Finding {
    let find = |text: &str, what: &str| text.find(what).filter(|_| !what.is_empty()).map(|at| at..at + what.len());
    Finding {
        field: field.to_owned(),
        documented: documented.to_owned(),
        expected: expected.to_owned(),
        observed: observed.to_owned(),
        expected_span: find(&line.expected, expected),
        observed_span: line.observed.as_deref().and_then(|text| find(text, observed)),
    }
}

/// The tunnel goes to the wrong node, and a route is missing.
pub(super) fn broken() -> RunVerdict {
    let broken = |why: &str| Outcome::Broken(why.to_owned());
    let mut outer = line(52, OUTER);
    outer.expected = outer.expected.replace("192.168.100.112", "172.30.7.112");
    outer.observed = Some(seen(OUTER).replace("192.168.100.112", "172.30.7.9").replace("52:54:00:d3:bf:21", "02:00:00:00:00:09"));
    outer.findings = vec![
        finding("Ethernet destination", "52:54:00:d3:bf:21", "52:54:00:d3:bf:21", "02:00:00:00:00:09", &outer),
        finding("IPv4 destination", "192.168.100.112", "172.30.7.112", "172.30.7.9", &outer),
    ];
    outer.outcome = broken("2 fields differ");
    let mut reply = line(53, REPLY);
    reply.observed = None;
    reply.outcome = broken("no frame of the probe is left for this line");
    let mut underlay = point("node1/underlay", "ens10", vec![outer, reply]);
    underlay.outcome = broken("2 lines do not hold");
    underlay.because = Some("the route to the peer's block leads through tunl0".to_owned());
    underlay.unexpected = vec!["02:00:00:00:00:09 > ff:ff:ff:ff:ff:ff, ethertype IPv4 (0x0800), length 98: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 4242, seq 1, length 64".to_owned()];
    let mut route = state(80, "10.244.146.192/26 via 192.168.100.112 dev tunl0 proto bird onlink");
    route.observed = Some("10.244.146.192/26 via 172.30.7.9 dev tunl0 proto bird onlink".to_owned());
    route.findings = vec![finding("word 3", "192.168.100.112", "192.168.100.112", "172.30.7.9", &route)];
    route.outcome = broken("1 word differs");
    let mut routes = command("node1", "ip route", vec![state(79, "blackhole 10.244.153.192/26 proto bird"), route]);
    routes.outcome = broken("1 line does not hold");
    let mut elsewhere = scenario(
        "pod to pod on another node",
        "pod1 pings pod3 (10.244.146.205)",
        vec![point("node1/veth(pod1)", "calice0906292e2", vec![line(44, REQUEST), line(45, REPLY)]), underlay, routes],
    );
    elsewhere.outcome = broken("2 expectations do not hold");
    elsewhere.deviation = Some(Deviation::OnTheWay(departure(&elsewhere)));
    elsewhere.variables = vec!["id 17555 = 4242".to_owned(), "seq 106, 220, 279 = 1".to_owned()];
    let mut skipped = scenario("node to pod", "node1 pings pod3 (10.244.146.205)", Vec::new());
    skipped.outcome = Outcome::Skipped("left out by --scenario".to_owned());
    let mut run = run(vec![same_node(), elsewhere, skipped]);
    run.outcome = broken("1 scenario does not hold");
    run
}

/// The tunnel's outer header, which is wrong; the route is not said to follow from it.
fn departure(scenario: &ScenarioVerdict) -> Departure {
    Departure {
        way: Way::Request,
        segment: None,
        last: Some((PointName::new("node1/veth(pod1)"), Before::AsDocumented)),
        at: PointName::new("node1/underlay"),
        how: How::Differs(scenario.expectations[1].lines[0].findings.clone()),
        unknown: vec![PointName::new("node1/tunl0")],
        instead: Vec::new(),
        shown_by: vec![1],
        follows: Vec::new(),
    }
}

/// The reply is lost on the way back, and the nodes behind say so.
pub(super) fn lost() -> RunVerdict {
    let broken = |why: &str| Outcome::Broken(why.to_owned());
    let missing = |name: &str, interface: &str| {
        let mut lines = vec![line(44, REQUEST), line(45, REPLY)];
        lines[1].observed = None;
        lines[1].outcome = broken("not seen");
        ExpectationVerdict { outcome: broken("1 line does not hold"), ..point(name, interface, lines) }
    };
    let held = point("node2/underlay", "ens10", vec![line(50, REQUEST), line(51, REPLY)]);
    let points = vec![missing("node1/veth(pod1)", "calice0906292e2"), missing("node1/underlay", "ens10"), held];
    let mut elsewhere = scenario("pod to pod on another node", "pod1 pings pod3 (10.244.146.205)", points);
    elsewhere.outcome = broken("2 expectations do not hold");
    elsewhere.deviation = Some(Deviation::OnTheWay(Departure {
        way: Way::Reply,
        segment: None,
        last: Some((PointName::new("node2/underlay"), Before::AsDocumented)),
        at: PointName::new("node1/underlay"),
        how: How::NotSeen,
        unknown: Vec::new(),
        instead: vec![
            Instead::Unanswered {
                by: "172.30.7.112".to_owned(),
                target: "172.30.7.111".to_owned(),
                name: Some("node1.underlay.ip".to_owned()),
                at: PointName::new("node1/underlay"),
            },
            Instead::Icmp {
                words: "ICMP host 10.244.153.204 unreachable".to_owned(),
                kind: (3, 1),
                from: "172.30.7.112".to_owned(),
                name: Some("node2.underlay.ip".to_owned()),
                at: PointName::new("node2/underlay"),
            },
        ],
        shown_by: vec![1],
        follows: vec![0],
    }));
    let mut run = run(vec![elsewhere]);
    run.outcome = broken("1 scenario does not hold");
    run
}

/// Frames were dropped at one point, one probe never left, one point is not for this backend.
pub(super) fn inconclusive() -> RunVerdict {
    let why = "the kernel dropped 17 frames at node1/tunl0";
    let mut lines = vec![line(48, REQUEST), line(49, REPLY)];
    lines[1].observed = None;
    lines[1].outcome = Outcome::Inconclusive(why.to_owned());
    let mut tunnel = point("node1/tunl0", "tunl0", lines);
    tunnel.outcome = Outcome::Inconclusive(why.to_owned());
    let mut elsewhere = point("node2/tunl0", "", vec![line(58, REQUEST)]);
    elsewhere.outcome = Outcome::Skipped("only on kind: the stand-in has no second tunnel".to_owned());
    let mut lost = scenario("node to pod", "node1 pings pod1 (10.244.153.204)", Vec::new());
    lost.outcome = Outcome::Fault("the probe's socket could not be opened: out of descriptors".to_owned());
    let mut run = run(vec![scenario("pod to pod on another node", "pod1 pings pod3 (10.244.146.205)", vec![tunnel, elsewhere]), lost]);
    run.outcome = Outcome::Fault("1 scenario could not be carried out".to_owned());
    run
}
