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

/// The recorded run with a list of what it set out to record, as runs write it now.
fn with_a_list() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&flannel_udp_on_kind(), folder.path());
    let text = std::fs::read_to_string(folder.path().join("lab.yaml")).expect("it was copied");
    let plan = cnilab::plan::draft(lab::load(Path::new("lab.yaml"), &text).expect("it passes its checks"));
    let asked: Vec<String> = plan.lab.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let listed = cnilab::evidence::Listed::of(&plan, &asked);
    edit(&folder.path().join("manifest.json"), |manifest| {
        manifest["scenarios"] = serde_json::to_value(&listed).expect("strings");
        manifest["lab-sha256"] = cnilab::evidence::lab_digest(&text).into();
    });
    folder
}

fn edit(file: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_str(&std::fs::read_to_string(file).expect("it is there")).expect("JSON");
    change(&mut value);
    std::fs::write(file, value.to_string()).expect("ours");
}

const FIRST: &str = "scenarios/01-pod-to-pod-on-the-same-node";
const SECOND: &str = "scenarios/02-pod-to-pod-on-another-node";

/// Edits the description of the first scenario.
fn edit_first(folder: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    edit(&folder.join(FIRST).join("scenario.json"), change);
}

fn exchange(one: &Path, other: &Path) {
    let [first, second] = [one, other].map(|path| std::fs::read(path).expect("it is there"));
    std::fs::write(one, second).expect("ours");
    std::fs::write(other, first).expect("ours");
}

fn cut(file: &Path, by: usize) {
    let bytes = std::fs::read(file).expect("it is there");
    std::fs::write(file, &bytes[..bytes.len() - by]).expect("ours");
}

/// How a folder is spoilt, and what is said: of the run, or instead of a verdict.
type Spoilt = (fn(&Path), Result<&'static str, &'static str>);

/// Folders that lack a part, or have another's.
const SPOILT: [Spoilt; 18] = [
    (|folder| std::fs::remove_dir_all(folder.join(SECOND)).expect("ours"), Ok("asked for, and the evidence does not have it")),
    (|folder| std::fs::remove_dir_all(folder.join("scenarios")).expect("ours"), Ok("asked for, and the evidence does not have it")),
    (|folder| edit_first(folder, |file| file["outcome"] = serde_json::Value::Null), Ok("no probe was sent")),
    (|folder| edit_first(folder, |file| drop(file["state"].as_array_mut().expect("a list").pop())), Ok("was not run on")),
    (|folder| edit_first(folder, |file| file["captures"] = serde_json::json!([])), Ok("nothing was captured at")),
    (
        |folder| {
            edit_first(folder, |file| {
                // Wherever nothing is asked: the point is at no line of the lab.
                let captures = file["captures"].as_array_mut().expect("a list");
                let spare = captures.iter().position(|one| one["point"] == "worker2/veth(net)").expect("it was recorded");
                captures.remove(spare);
            });
        },
        Ok("at worker2/veth(net)"),
    ),
    (|folder| edit(&folder.join("manifest.json"), |file| file["cut-short"] = "killed".into()), Ok("cut short: killed")),
    (|folder| std::fs::remove_file(folder.join("facts.json")).expect("ours"), Err("facts.json")),
    (|folder| std::fs::remove_file(folder.join("lab.yaml")).expect("ours"), Err("lab.yaml")),
    (|folder| std::fs::remove_file(folder.join(FIRST).join("net.pcapng")).expect("ours"), Ok("net.pcapng is not there")),
    (|folder| std::fs::remove_file(folder.join(FIRST).join("net.ip-route.txt")).expect("ours"), Ok("net.ip-route.txt is not there")),
    (|folder| std::fs::write(folder.join(FIRST).join("net.pcapng"), "").expect("ours"), Err("net.pcapng")),
    (|folder| cut(&folder.join(FIRST).join("worker2.pcapng"), 1), Err("worker2.pcapng")),
    (|folder| exchange(&folder.join(FIRST).join("net.pcapng"), &folder.join(FIRST).join("hs7kn.pcapng")), Err("the block is of")),
    (
        |folder| {
            let name = |scenario: &str| folder.join(scenario).join("scenario.json");
            exchange(&name(FIRST), &name(SECOND));
        },
        Err("cannot read"),
    ),
    (|folder| copy(&folder.join(FIRST), &folder.join("scenarios/06-again")), Err("twice")),
    (
        |folder| {
            let lab = folder.join("lab.yaml");
            let text = std::fs::read_to_string(&lab).expect("it was copied");
            let second = text.find("- name: pod to pod on another node").expect("it has that scenario");
            std::fs::write(lab, format!("{}\n", &text[..second])).expect("ours");
            std::fs::remove_dir_all(folder.join("scenarios")).expect("ours");
        },
        Err("does not pass this build's checks"),
    ),
    (
        |folder| {
            let lab = folder.join("lab.yaml");
            let text = std::fs::read_to_string(&lab).expect("it was copied");
            std::fs::write(lab, format!("{text}# a remark\n")).expect("ours");
        },
        Ok("not the one that was run"),
    ),
];

#[test]
fn evidence_that_lacks_a_part_is_never_held() {
    let whole = with_a_list();
    assert_eq!(judge_folder(whole.path()).expect("it can be judged").verdict.outcome, Outcome::Held);
    for (number, (spoil, expected)) in SPOILT.into_iter().enumerate() {
        let folder = with_a_list();
        spoil(folder.path());
        match (judge_folder(folder.path()), expected) {
            (Ok(finished), Ok(why)) => {
                let run = &finished.verdict;
                let said = std::iter::once(&run.outcome).chain(run.scenarios.iter().map(|scenario| &scenario.outcome));
                let said: Vec<_> = said.map(|outcome| format!("{outcome:?}")).collect();
                assert_eq!(run.exit_code(), 4, "{number}: {said:?}");
                assert!(said.iter().any(|said| said.contains(why)), "{number}: {said:?}");
            }
            (Ok(finished), Err(why)) => {
                let Outcome::Fault(said) = &finished.verdict.outcome else { panic!("{number}: {:?}", finished.verdict.outcome) };
                assert!(said.contains(why), "{number}: {said}");
            }
            (Err(error), Err(why)) => assert!(cnilab::fault::in_words(&error).contains(why), "{number}: {error}"),
            (Err(error), Ok(_)) => panic!("{number}: {}", cnilab::fault::in_words(&error)),
        }
    }
}

/// Folders of earlier builds have no list; their phases tell which scenarios were carried out.
#[test]
fn an_older_folder_that_lost_a_scenario_is_not_held() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&flannel_udp_on_kind(), folder.path());
    std::fs::remove_dir_all(folder.path().join(SECOND)).expect("ours");
    let lost = Outcome::Inconclusive("it was carried out, and the evidence does not have it".to_owned());
    assert_eq!(judge_folder(folder.path()).expect("it can be judged").verdict.scenarios[1].outcome, lost);
    edit(&folder.path().join("manifest.json"), |manifest| manifest["phases"] = serde_json::json!([]));
    let verdict = judge_folder(folder.path()).expect("it can be judged").verdict;
    assert_eq!(verdict.scenarios[1].outcome, Outcome::Inconclusive("the evidence does not say whether it was asked for".to_owned()));
    assert_eq!(verdict.exit_code(), 4);
}
