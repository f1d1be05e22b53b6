//! A block of lines held against frames, without a lab around it.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{lines, spell};
use crate::expect::{Part, Want};
use crate::journey::craft::{TOKEN, echo, frame, ipv4, recording, udp};
use crate::journey::{Journey, Leg, Sighting, Stop};
use crate::lab::{Claim, Expectation};
use crate::name::{PointName, Symbol};
use crate::packet::{Hints, LinkType, mark_meaning};
use crate::verdict::names::Names;
use crate::verdict::point::{Scene, judge};
use crate::verdict::variables::Variables;
use crate::verdict::{ExpectationVerdict, Finding};

pub(super) const A: &str = "10.0.0.1";
pub(super) const B: &str = "10.0.0.2";
pub(super) const SERVERS: [u16; 3] = [8285, 32_000, 41_000];
/// A port that only the site knows, and no lab.
const NAMED: (&str, &str) = ("web.port", "42000");

/// A block of lines held against frames of which the first goes away from the sender and every second one back; each address stands for itself.
pub(super) struct Held {
    pub(super) claim: Claim,
    pub(super) link: LinkType,
    /// Which way the first of the frames goes.
    pub(super) first: Leg,
    pub(super) frames: Vec<crate::packet::Frame>,
}

impl Held {
    pub(super) fn of(documented: &[&str], frames: &[Vec<u8>]) -> Self {
        Self { claim: lines(documented), link: LinkType::Raw, first: Leg::Request, frames: frames.iter().cloned().map(frame).collect() }
    }

    pub(super) fn asserting(mut self, part: Part) -> Self {
        let Claim::Lines(lines) = &mut self.claim else { panic!("there are lines") };
        let asserted: Vec<bool> = lines.iter_mut().map(|line| line.documented.pattern.assert(part)).collect();
        assert!(asserted.contains(&true), "no line prints {part}");
        self
    }

    pub(super) fn judge(self) -> ExpectationVerdict {
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
        let known = table.iter().map(|(literal, symbol)| (symbol.clone(), literal.clone()));
        let values = known.chain([(Symbol::new(NAMED.0), NAMED.1.to_owned())]).collect();
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
pub(super) fn outcome(verdict: &ExpectationVerdict) -> (String, Vec<String>) {
    let word = spell(&verdict.outcome).split(':').next().unwrap_or_default().to_owned();
    let findings = verdict.lines.iter().flat_map(|line| &line.findings);
    let spell =
        |finding: &Finding| format!("{}: {}, not {}", finding.field, mark_meaning(&finding.expected), mark_meaning(&finding.observed));
    (word, findings.map(spell).collect())
}

pub(super) fn check(what: &str, held: Held, expected: &str) {
    let verdict = held.judge();
    let (word, findings) = outcome(&verdict);
    let found = std::iter::once(word).chain(findings).collect::<Vec<_>>().join("; ");
    let shown: Vec<_> = verdict.lines.iter().map(|line| (&line.expected, &line.observed)).collect();
    assert_eq!(found, expected, "{what}: {shown:#?}");
}

pub(super) fn ping() -> Vec<u8> {
    ipv4(A, B, 63, 1, 77, &echo(8, 7, 1, TOKEN))
}

pub(super) fn datagram(source: u16, destination: u16) -> Vec<u8> {
    ipv4(A, B, 64, 17, 1, &udp(source, destination, &[b'x'; 84]))
}

/// A TCP segment from A to B, or back.
#[derive(Clone, Copy)]
pub(super) struct Segment<'o> {
    pub(super) back: bool,
    pub(super) ports: (u16, u16),
    pub(super) flags: u8,
    pub(super) sequence: u32,
    pub(super) acknowledgment: u32,
    pub(super) window: u16,
    pub(super) options: &'o [u8],
}

pub(super) const SYN: Segment<'static> =
    Segment { back: false, ports: (50_000, 80), flags: 0x02, sequence: 7000, acknowledgment: 0, window: 64_440, options: &[] };
pub(super) const SYN_ACK: Segment<'static> =
    Segment { back: true, ports: (80, 50_000), flags: 0x12, sequence: 90_000, acknowledgment: 7001, window: 65_320, options: &[] };

pub(super) fn segment(segment: &Segment<'_>) -> Vec<u8> {
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
pub(super) fn options(value: u32, echo: u32) -> Vec<u8> {
    let mut bytes = vec![2, 4, 5, 160, 4, 2, 8, 10];
    bytes.extend(value.to_be_bytes());
    bytes.extend(echo.to_be_bytes());
    bytes.extend([1, 3, 3, 7]);
    bytes
}
