//! The rooms that capture and probe, on a cluster: one ping, seen at every point of its way.

use std::time::Duration;

use cnilab::capture::{self, Liveness, Options, Target};
use cnilab::evidence::ScenarioEvidence;
use cnilab::journey::{Leg, trace};
use cnilab::name::{PlaceName, PointName, Symbol, Token};
use cnilab::packet::{Detail, Field, Hints, LayerKind, Printer, Value, dissect};
use cnilab::plan::BoundProbe;
use cnilab::probe;
use cnilab::site::Site;
use libtest_mimic::Failed;

/// What one point is to see of the request: the point, the TTL of the innermost IP header, the frame's length.
type Seen = (&'static str, u64, u32);

/// From pod to pod over two proxies: each kernel that forwards decrements the TTL, and so does each proxy (flannel's `proxy_amd64.c`).
const CROSS_NODE: [Seen; 10] = [
    ("pod1/eth0", 64, 98),
    ("node1/veth(pod1)", 64, 98),
    ("node1/cni0", 64, 98),
    ("node1/flannel0", 63, 84),
    ("node1/default", 62, 126),
    ("node2/default", 62, 126),
    ("node2/flannel0", 61, 84),
    ("node2/cni0", 60, 98),
    ("node2/veth(pod2)", 60, 98),
    ("pod2/eth0", 60, 98),
];

/// Within a node the bridge switches: nothing passes `cni0` itself.
const SAME_NODE: [Seen; 4] = [("pod1/eth0", 64, 98), ("node1/veth(pod1)", 64, 98), ("node1/veth(pod3)", 64, 98), ("pod3/eth0", 64, 98)];

/// Pings both ways of the document, and checks what every point saw.
pub(crate) async fn check(site: &Site) -> Result<(), Failed> {
    follow(site, "pod2", &CROSS_NODE, &[]).await?;
    follow(site, "pod3", &SAME_NODE, &["node1/cni0", "node1/flannel0", "node1/default"]).await
}

async fn follow(site: &Site, to: &str, seen: &[Seen], unseen: &[&str]) -> Result<(), Failed> {
    let address = site.facts.values.get(&Symbol::new(format!("{to}.ip"))).ok_or("no address")?.parse()?;
    let probe = BoundProbe { from: PlaceName::new("pod1"), to: address, size: 56, token: Token::derive("trial", to) };
    if !probe::warm_up(site, &probe, Duration::from_secs(5)).await {
        return Err(format!("no ping to {to} was answered").into());
    }
    let points = seen.iter().map(|(point, ..)| point).chain(unseen);
    let targets: Result<Vec<Target>, Failed> = points.map(|point| target(site, point)).collect();
    let options = Options { deadline: Duration::from_secs(2), ..Options::default() };
    let armed = capture::arm(site, &targets?, &options).await;
    let outcome = probe::send(site, &probe, &armed).await;
    let recordings = armed.finish().await;
    let evidence = ScenarioEvidence { name: to.to_owned(), outcome: Some(outcome), recordings, state: Vec::new() };
    judge(&evidence, seen)
}

fn target(site: &Site, point: &str) -> Result<Target, Failed> {
    let point = PointName::new(point);
    let fact = site.facts.points.get(&point).ok_or_else(|| format!("no fact of {point}"))?;
    Ok(Target { place: fact.place.clone(), interface: fact.interface.clone(), link: fact.link, point })
}

fn judge(evidence: &ScenarioEvidence, seen: &[Seen]) -> Result<(), Failed> {
    let mut hints = Hints::default();
    let (port, carries) = Hints::parse("udp/8285=ip")?;
    hints.add(port, carries);
    let mut problems = Vec::new();
    for (index, stop) in trace(evidence, &hints).stops.iter().enumerate() {
        let recording = &evidence.recordings[stop.recording];
        if recording.liveness != Liveness::Alive || recording.dropped > 0 {
            problems.push(format!("{}: {:?}, {} dropped", stop.point, recording.liveness, recording.dropped));
        }
        let legs: Vec<Leg> = stop.sightings.iter().map(|sighting| sighting.leg).collect();
        let wanted: &[Leg] = if index < seen.len() { &[Leg::Request, Leg::Reply] } else { &[] };
        if legs != wanted {
            problems.push(format!("{}: {legs:?}", stop.point));
        }
        for sighting in &stop.sightings {
            let frame = &recording.frames[sighting.frame];
            let stack = dissect(&frame.bytes, frame.wire_length, recording.link, &hints);
            eprintln!("{:<18} {}", stop.point, Printer::new(Detail::Brief).line(&stack, recording.link).text);
            let inner = stack.layers().iter().rev().find(|layer| layer.kind() == LayerKind::Ipv4);
            let ttl = inner.and_then(|layer| layer.get(Field::IpTtl));
            if let (Leg::Request, Some((_, wanted, length))) = (sighting.leg, seen.get(index))
                && (ttl != Some(Value::Number(*wanted)) || frame.wire_length != *length)
            {
                problems.push(format!("{}: TTL {ttl:?}, not {wanted}; length {}, not {length}", stop.point, frame.wire_length));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
