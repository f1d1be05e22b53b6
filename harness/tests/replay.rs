//! Recorded runs of real clusters, judged again: no root, no Docker, no cluster.

use std::path::{Path, PathBuf};

use cnilab::packet::{Field, LayerKind, Value, dissect};
use cnilab::run::judge_folder;
use cnilab::verdict::Outcome;
use cnilab::{journey, lab};

/// A run of flannel-udp on kind with the real flannel.
fn flannel_udp_on_kind() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence/flannel-udp-kind")
}

#[test]
fn the_real_flannel_does_what_its_document_shows() {
    let finished = judge_folder(&flannel_udp_on_kind()).expect("it can be read and judged");
    assert_eq!((finished.verdict.backend.as_str(), finished.evidence.facts.emulated.len()), ("kind", 0));
    assert_eq!(finished.verdict.outcome, Outcome::Held);
    assert_eq!(finished.verdict.exit_code(), 0);
    let expectations = || finished.verdict.scenarios.iter().flat_map(|scenario| &scenario.expectations);
    let lines = |wanted: fn(&Outcome) -> bool| expectations().flat_map(|one| &one.lines).filter(|line| wanted(&line.outcome)).count();
    assert_eq!((lines(|one| *one == Outcome::Held), lines(|one| matches!(one, Outcome::Skipped(_)))), (252, 10));
    assert!(!finished.verdict.scenarios.iter().any(|scenario| scenario.outcome != Outcome::Held));
}

#[test]
fn every_hop_takes_one_off_the_ttl() {
    let finished = judge_folder(&flannel_udp_on_kind()).expect("it can be read and judged");
    let checked = lab::load(Path::new("lab.yaml"), &finished.evidence.lab).expect("the recorded lab passes its checks");
    let recorded = finished.evidence.scenarios.iter().find(|one| one.name == "pod to pod on another node").expect("it was recorded");
    let hints = checked.hints();
    // Of each point in path order: the innermost TTL of the request and the length of its frame.
    let mut seen = Vec::new();
    for stop in &journey::trace(recorded, &hints).stops {
        let Some(sighting) = stop.sightings.iter().find(|sighting| sighting.leg == journey::Leg::Request) else { continue };
        let recording = &recorded.recordings[stop.recording];
        let frame = &recording.frames[sighting.frame];
        let stack = dissect(&frame.bytes, frame.wire_length, recording.link, &hints);
        let inner = stack.layers().iter().rev().find(|layer| layer.kind() == LayerKind::Ipv4).expect("an echo has an IPv4 header");
        let Some(Value::Number(ttl)) = inner.get(Field::IpTtl) else { panic!("a header has a TTL") };
        seen.push((stop.point.to_string(), ttl, frame.wire_length));
    }
    let seen: Vec<_> = seen.iter().map(|(point, ttl, length)| (point.as_str(), *ttl, *length)).collect();
    // Each kernel that forwards takes one off, and so does each proxy (flannel's `proxy_amd64.c`); UDP and IP add 28 bytes, Ethernet 14.
    assert_eq!(
        seen,
        [
            ("net/eth0", 64, 98),
            ("worker2/veth(net)", 64, 98),
            ("worker2/cni0", 64, 98),
            ("worker2/flannel0", 63, 84),
            ("worker2/default", 62, 126),
            ("worker/default", 62, 126),
            ("worker/flannel0", 61, 84),
            ("worker/cni0", 60, 98),
            ("worker/veth(qqj89)", 60, 98),
            ("qqj89/eth0", 60, 98),
        ]
    );
}

#[test]
fn evidence_that_says_something_else_is_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&flannel_udp_on_kind(), folder.path());
    let facts = folder.path().join("facts.json");
    let text = std::fs::read_to_string(&facts).expect("it was copied");
    let mac = text.lines().find(|line| line.contains("\"net.mac\"")).expect("the pod has one");
    std::fs::write(&facts, text.replace(mac, "    \"net.mac\": \"02:00:00:00:00:01\",")).expect("ours");
    let finished = judge_folder(folder.path()).expect("it can be read and judged");
    assert!(matches!(finished.verdict.outcome, Outcome::Broken(_)), "{:?}", finished.verdict.outcome);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("ours");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).expect("ours");
        }
    }
}
