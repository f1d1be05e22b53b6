//! Golden reports of a hand-made comparison; `CNILAB_BLESS=1 cargo test` writes them anew.

use std::collections::BTreeMap;

use super::tests::golden;
use super::{About, Style, Verbosity, diff_json, sample, terminal_diff};
use crate::diff::{Diff, Difference, Pair, Part, ScenarioDiff, Side, Standing};
use crate::name::{PlaceName, PointName};
use crate::verdict::Subject;

const PLAIN: Style = Style { colour: false, width: None, verbosity: Verbosity::Normal };

const REQUEST: [&str; 2] = [
    "ip: (tos 0x0, ttl 63, id 77, offset 0, flags [DF], proto ICMP (1), length 84) 10.244.153.204 > 10.244.146.205: ICMP echo request, id 7, seq 1, length 64",
    "ip: (tos 0x0, ttl 62, id 1234, offset 0, flags [DF], proto ICMP (1), length 84) 10.244.7.9 > 10.244.8.3: ICMP echo request, id 52441, seq 9, length 64",
];
const ADDRESS: [&str; 2] = ["3: eth0@if5: <UP> mtu 1480", "17: eth0@if5: <UP> mtu 1480"];

fn difference(field: &str, texts: [&str; 2], values: [&str; 2], explained: Option<&str>) -> Difference {
    let span = |side: usize| texts[side].find(values[side]).map(|at| at..at + values[side].len());
    Difference {
        field: field.to_owned(),
        values: values.map(str::to_owned),
        spans: [span(0), span(1)],
        note: None,
        explained: explained.map(str::to_owned),
    }
}

fn pair(what: &str, lab_line: Option<usize>, texts: [&str; 2], differences: Vec<Difference>) -> Pair {
    let texts = texts.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
    Pair { what: what.to_owned(), lab_line, texts, fields: 14, differences, unknown: [None, None] }
}

fn packet(number: u8, differences: Vec<Difference>) -> Pair {
    pair(&format!("packet {number}, a request"), None, REQUEST, differences)
}

fn ttl() -> Vec<Difference> {
    vec![difference("IPv4 TTL", REQUEST, ["63", "62"], None)]
}

fn point(name: &str, interfaces: [&str; 2], pairs: Vec<Pair>) -> Part {
    Part {
        subject: Subject::Point(PointName::new(name)),
        interfaces: interfaces.map(str::to_owned),
        standing: Standing::Compared,
        lines: 1,
        pairs,
    }
}

fn state(run: &str, standing: Standing, lines: usize, pairs: Vec<Pair>) -> Part {
    let subject = Subject::State { on: PlaceName::new("node1"), run: run.to_owned() };
    Part { subject, standing, lines, ..point("", ["", ""], pairs) }
}

fn side(run: &str, backend: &str, versions: &[(&str, &str)]) -> Side {
    let versions = versions.iter().map(|(what, version)| ((*what).to_owned(), (*version).to_owned())).collect::<BTreeMap<_, _>>();
    Side { run: run.to_owned(), backend: backend.to_owned(), versions }
}

fn scenario(name: &str, standing: Standing, parts: Vec<Part>) -> ScenarioDiff {
    ScenarioDiff { name: name.to_owned(), standing, parts }
}

fn whole(scenarios: Vec<ScenarioDiff>) -> Diff {
    Diff {
        lab: "calico-ipip".to_owned(),
        lab_changed: false,
        sides: [
            side("7f3a", "netns", &[("kernel", "6.1"), ("cnilab", "0.1.0")]),
            side("90bc", "kind", &[("kernel", "6.12"), ("cnilab", "0.1.0"), ("cni", "v3.32.1")]),
        ],
        scenarios,
    }
}

fn same() -> Diff {
    let parts = vec![
        point("node1/tunl0", ["tunl0", "tunl0"], vec![packet(1, vec![]), packet(2, vec![])]),
        point("node1/veth(pod1)", ["calice0906292e2", "cali7"], vec![]),
        state("ip route", Standing::Compared, 1, vec![pair("default via *", Some(12), ["default via 10.0.0.1"; 2], vec![])]),
    ];
    whole(vec![scenario("pod to pod on another node", Standing::Compared, parts)])
}

fn differs() -> Diff {
    let clash =
        Difference { note: Some("7 is 9 in packet 1 at pod1/eth0".to_owned()), ..difference("ICMP id", ["", ""], ["7", "52441"], None) };
    let lost = pair("packet 4, a reply", None, [REQUEST[0], ""], vec![difference("packet", ["", ""], ["seen", "not seen"], None)]);
    let index = difference("word 1", ADDRESS, ["3:", "17:"], Some("an interface's number"));
    let parts = vec![
        point("node1/tunl0", ["tunl0", "tunl0"], vec![packet(1, ttl()), packet(2, ttl()), packet(3, vec![clash]), lost]),
        point("node2/tunl0", ["tunl0", "tunl0"], vec![packet(1, vec![])]),
        state("ip addr", Standing::Compared, 1, vec![pair("3: eth0@if5: <UP> mtu 1480", Some(40), ADDRESS, vec![index])]),
        state("ip neigh", Standing::OneAsked { run: 1, because: "a node speaks to its gateway".to_owned() }, 2, vec![]),
        state("ip link", Standing::Skipped("only on cluster: it has IPv6".to_owned()), 3, vec![]),
    ];
    let absent = Standing::Unknown([None, Some("not carried out in this run".to_owned())]);
    let mut diff = whole(vec![scenario("pod to pod on another node", Standing::Compared, parts), scenario("node to pod", absent, vec![])]);
    diff.lab_changed = true;
    diff
}

fn in_doubt() -> Diff {
    let why = Some("the kernel dropped 17 frames at node1/tunl0".to_owned());
    let failed = Some("`ip route` could not be run on node1: no such file".to_owned());
    let mut dropped = point("node1/tunl0", ["tunl0", "tunl0"], vec![]);
    dropped.standing = Standing::Unknown([None, why]);
    let line = |what| Pair { unknown: [failed.clone(), failed.clone()], ..pair(what, Some(12), ["", ""], vec![]) };
    let mut cut = packet(1, vec![]);
    cut.unknown[0] = Some("too little of the packet was kept to see all its headers".to_owned());
    let parts = vec![
        dropped,
        point("node2/tunl0", ["tunl0", "tunl0"], vec![cut]),
        state("ip route", Standing::Compared, 2, vec![line("default via *"), line("blackhole *")]),
    ];
    whole(vec![scenario("pod to pod on another node", Standing::Compared, parts)])
}

fn abouts() -> [About; 2] {
    let of_real = About { evidence: Some("evidence/calico-ipip-90bc".to_owned()), emulated: vec![], ..sample::about() };
    [sample::about(), of_real]
}

fn for_people(diff: &Diff, style: &Style) -> String {
    let [one, other] = &abouts();
    terminal_diff(diff, [one, other], style)
}

#[test]
fn two_runs_that_agree() {
    golden("diff-same.txt", &for_people(&same(), &PLAIN));
}

#[test]
fn two_runs_that_differ() {
    golden("diff.txt", &for_people(&differs(), &PLAIN));
}

#[test]
fn two_runs_in_all_detail() {
    golden("diff-verbose.txt", &for_people(&differs(), &Style { verbosity: Verbosity::Verbose, ..PLAIN }));
}

#[test]
fn two_runs_in_few_words() {
    golden("diff-quiet.txt", &for_people(&differs(), &Style { verbosity: Verbosity::Quiet, ..PLAIN }));
}

#[test]
fn two_runs_that_cannot_be_compared() {
    golden("diff-not-comparable.txt", &for_people(&in_doubt(), &PLAIN));
}

#[test]
fn two_runs_for_programs() {
    let [one, other] = &abouts();
    golden("diff.json", &diff_json(&differs(), [one, other]));
}

#[test]
fn text_of_a_folder_cannot_steer_the_terminal() {
    let mut diff = differs();
    diff.sides[0].run = "\u{1b}[2J".to_owned();
    let pair = &mut diff.scenarios[0].parts[0].pairs[0];
    pair.texts[0] = Some("\u{1b}[31m".to_owned());
    pair.differences[0].values[1] = "\u{1b}[0m".to_owned();
    diff.scenarios[1].name = "\u{7}".to_owned();
    let text = for_people(&diff, &PLAIN);
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
}
