//! Round trips, runs that were cut short, and folders that mean harm.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::file::{Names, slug};
use super::*;
use crate::capture::{Liveness, Recording};
use crate::name::{PlaceName, PointName, Symbol, Token};
use crate::packet::{Frame, LinkType, read_capture};
use crate::probe::{Echoes, Outcome};
use crate::site::{Emulated, Facts};

fn manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        run: "r1".into(),
        lab: "Calico IPIP".into(),
        lab_path: "labs/calico-ipip/lab.yaml".into(),
        backend: "netns".into(),
        started: 1_790_000_000,
        phases: vec![("up".into(), 20_000), ("scenario 1".into(), 3_000)],
        took: 24_000,
        others: 15_000,
        mutation: None,
        cut_short: None,
        lab_sha256: Some(lab_digest("lab: x\n")),
        scenarios: Some(vec![Listed {
            name: scenario().name,
            asked: Asked::For,
            points: vec![PointName::new("pod1/eth0")],
            state: vec![(PlaceName::new("node1"), "ip route".into())],
        }]),
    }
}

fn facts() -> Facts {
    Facts {
        backend: "netns".into(),
        values: [(Symbol::new("pod1.ip"), "10.244.1.2".to_owned())].into(),
        emulated: vec![Emulated { what: "ipip".into(), how: "a TUN device and a raw socket".into() }],
        ..Facts::default()
    }
}

fn recording(point: &str, interface: &str, link: LinkType, stamps: &[u64]) -> Recording {
    let point = PointName::new(point);
    let frame = |&at: &u64| Frame { at, wire_length: 98, bytes: vec![u8::try_from(at % 251).unwrap(); 64] };
    Recording {
        place: point.place(),
        point,
        interface: interface.into(),
        link,
        snap_length: 64,
        frames: stamps.iter().map(frame).collect(),
        dropped: 0,
        liveness: Liveness::Alive,
        promiscuous: false,
    }
}

fn scenario() -> ScenarioEvidence {
    let text = |run: &str, status, stdout: &str, stderr: &str| StateText {
        on: PlaceName::new("node1"),
        run: run.into(),
        command: format!("{run} -n"),
        status,
        stdout: stdout.into(),
        stderr: stderr.into(),
    };
    ScenarioEvidence {
        name: "Pod to pod: another node".into(),
        outcome: Some(Outcome {
            token: Token::derive("r1", "Pod to pod: another node"),
            sent_at: Some(1),
            answered_at: Some(2),
            answer_ttl: Some(62),
            answer: Some("PodName: pod3 | PodIP: eth0 10.0.0.3/24".into()),
            local: Some("10.0.0.1:40000".parse().unwrap()),
            echoes: Some(Echoes { count: 3, sent: 3, answered: 2 }),
            error: Some("10.0.0.9 says: no".into()),
        }),
        recordings: vec![
            recording("pod1/eth0", "eth0", LinkType::Ethernet, &[10, 40]),
            // Stamps that go backwards stay as they were delivered.
            recording("node1/veth(pod1)", "cali1", LinkType::Ethernet, &[11, 39, 38]),
            recording("node1/tunl0", "tunl0", LinkType::Raw, &[12, 37]),
            Recording {
                liveness: Liveness::NeverArmed("interface eth1 is down".into()),
                ..recording("node1/underlay", "eth1", LinkType::Ethernet, &[])
            },
            Recording {
                liveness: Liveness::Lost("too late".into()),
                promiscuous: true,
                dropped: 3,
                ..recording("node2/tunl0", "tunl0", LinkType::Raw, &[14])
            },
        ],
        state: vec![
            text("ip route", Some(0), "default via 10.0.0.1\n", ""),
            text("ip-route", Some(1), "", "no\n"),
            text("arp", None, "", ""),
        ],
    }
}

fn written() -> (TempDir, PathBuf) {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("deep/run");
    let writer = Writer::create(&folder, &manifest(), "lab: x\n").unwrap();
    writer.facts(&facts()).unwrap();
    writer.scenario(0, &scenario()).unwrap();
    writer.scenario(10, &ScenarioEvidence { name: "…".into(), outcome: None, recordings: vec![], state: vec![] }).unwrap();
    assert_eq!(writer.folder(), folder);
    writer.finish(&manifest()).unwrap();
    (temporary, folder)
}

const FIRST: &str = "scenarios/01-pod-to-pod-another-node";

fn all_files(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(all_files(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_written_is_read() {
    let (_temporary, folder) = written();
    let evidence = read(&folder).unwrap();
    assert_eq!((evidence.manifest, evidence.lab, evidence.facts), (manifest(), "lab: x\n".to_owned(), facts()));
    assert_eq!(evidence.scenarios.len(), 2);
    assert_eq!(evidence.scenarios[0], scenario());
    assert_eq!(evidence.scenarios[1].name, "…");
}

#[test]
fn a_person_finds_what_they_look_for() {
    let (_temporary, folder) = written();
    let files = [
        "node1.ip-route.stderr.txt",
        "node1.ip-route.txt",
        "node1.pcapng",
        "node1.raw.pcapng",
        "node2.raw.pcapng",
        "pod1.pcapng",
        "scenario.json",
    ];
    let expected: Vec<String> = ["facts.json", "lab.yaml", "manifest.json"]
        .map(str::to_owned)
        .into_iter()
        .chain(files.map(|name| format!("{FIRST}/{name}")))
        .chain(["scenarios/11-unnamed/scenario.json".to_owned()])
        .collect();
    assert_eq!(all_files(&folder), expected);
    let capture =
        read_capture(fs::File::open(folder.join(FIRST).join("node1.pcapng")).unwrap(), &crate::packet::Limits::default()).unwrap();
    let interfaces: Vec<_> = capture.interfaces.iter().map(|interface| (interface.name.as_str(), interface.description.as_str())).collect();
    // `tunl0` has no link layer, and so a file of its own.
    assert_eq!(interfaces, [("cali1", "node1/veth(pod1)"), ("eth1", "node1/underlay")]);
    let order: Vec<_> = capture.frames.iter().map(|(block, frame)| (*block, frame.at)).collect();
    assert_eq!(order, [(0, 11), (0, 39), (0, 38)]);
    let text = fs::read_to_string(folder.join(FIRST).join("scenario.json")).unwrap();
    let token = u128::from_be_bytes(scenario().outcome.unwrap().token.0);
    assert!(text.contains(&format!("{token:032x}")), "{text}");
}

#[test]
fn a_run_that_was_killed_can_be_read() {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("run");
    let writer = Writer::create(&folder, &manifest(), "lab: x\n").unwrap();
    let evidence = read(&folder).unwrap();
    assert_eq!(evidence.manifest.cut_short.as_deref(), Some(STILL_RUNNING));
    assert_eq!((evidence.facts, evidence.scenarios), (Facts::default(), vec![]));
    writer.facts(&facts()).unwrap();
    writer.scenario(0, &scenario()).unwrap();
    // Killed in the middle of the second scenario, and of a file.
    fs::create_dir(folder.join("scenarios/.02-next.part")).unwrap();
    fs::write(folder.join("scenarios/.02-next.part/scenario.json"), "{").unwrap();
    fs::write(folder.join(".manifest.json.part"), "{").unwrap();
    let evidence = read(&folder).unwrap();
    assert_eq!((evidence.facts, evidence.scenarios.len()), (facts(), 1));
}

#[test]
fn a_folder_that_holds_something_is_refused() {
    let (_temporary, folder) = written();
    assert!(matches!(Writer::create(&folder, &manifest(), ""), Err(EvidenceError::Occupied { path }) if path == folder));
    assert!(matches!(Writer::create(&folder.join("lab.yaml"), &manifest(), ""), Err(EvidenceError::NotPlain { wanted: "folder", .. })));
    assert_eq!(read(&folder).unwrap().scenarios.len(), 2, "and is as it was");
}

/// Spoils a good folder, and returns what reading it says.
#[track_caller]
fn spoilt(spoil: impl FnOnce(&Path)) -> String {
    let (_temporary, folder) = written();
    spoil(&folder);
    let error = read(&folder).expect_err("a spoilt folder is refused");
    let said = std::error::Error::source(&error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    said.replace(&format!("{}/", folder.display()), "")
}

fn replace(file: &str, from: &str, to: &str) -> impl FnOnce(&Path) {
    move |folder| {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
}

fn in_scenario(from: &str, to: &str) -> String {
    spoilt(replace(&format!("{FIRST}/scenario.json"), from, to))
}

#[test]
fn there_never_was_a_format_0() {
    let said = spoilt(|folder| fs::write(folder.join("manifest.json"), r#"{"format": 0}"#).unwrap());
    assert_eq!(said, "manifest.json is of format 0, which there never was: formats count from 1");
}

#[test]
fn a_newer_format_is_named_whatever_else_is_in_it() {
    let said = spoilt(|folder| fs::write(folder.join("manifest.json"), r#"{"format": 2, "novelty": []}"#).unwrap());
    assert_eq!(said, "manifest.json is of format 2, and this build reads formats up to 1: a newer cnilab can read it");
}

#[test]
fn a_missing_file_is_named() {
    for file in ["manifest.json", "lab.yaml", "facts.json", &format!("{FIRST}/scenario.json")] {
        let said = spoilt(|folder| fs::remove_file(folder.join(file)).unwrap());
        assert_eq!(said, format!("cannot read {file}: No such file or directory (os error 2)"));
    }
}

#[test]
fn what_was_in_a_lost_file_proves_nothing() {
    let (_temporary, folder) = written();
    for file in ["node1.pcapng", "node1.ip-route.txt"] {
        fs::remove_file(folder.join(FIRST).join(file)).unwrap();
    }
    let scenario = read(&folder).unwrap().scenarios.swap_remove(0);
    for recording in scenario.recordings {
        let gone = matches!(&recording.liveness, Liveness::NeverArmed(why) if why.ends_with("node1.pcapng is not there"));
        assert_eq!(gone, recording.place.as_str() == "node1" && recording.link == LinkType::Ethernet, "{recording:?}");
    }
    let text = &scenario.state[0];
    assert_eq!((text.status, &*text.stdout), (None, ""));
    assert!(text.stderr.ends_with("node1.ip-route.txt is not there"), "{}", text.stderr);
}

#[test]
fn facts_of_another_backend_are_refused() {
    let said = spoilt(replace("manifest.json", "\"netns\"", "\"kind\""));
    assert!(said.contains("its facts are of the backend `netns`, its manifest is of `kind`"), "{said}");
}

#[test]
fn malformed_files_are_named() {
    for file in ["manifest.json", "facts.json", &format!("{FIRST}/scenario.json")] {
        let said = spoilt(|folder| fs::write(folder.join(file), "{").unwrap());
        assert!(said.starts_with(&format!("cannot make sense of {file}: EOF while parsing")), "{said}");
    }
    let said = spoilt(replace("facts.json", "{", "{\"verdict\": 1,"));
    assert!(said.starts_with("cannot make sense of facts.json: unknown field `verdict`"), "{said}");
    let said = spoilt(|folder| fs::write(folder.join("lab.yaml"), [0xff]).unwrap());
    assert!(said.starts_with("cannot read lab.yaml: ") && said.contains("UTF-8"), "{said}");
    assert!(in_scenario("\"token\": \"", "\"token\": \"+").contains("a token is 32 hexadecimal digits"));
    let deep = format!("{{\"anything\": {}", "[".repeat(100_000));
    assert!(spoilt(|folder| fs::write(folder.join("manifest.json"), deep).unwrap()).starts_with("cannot make sense of manifest.json"));
}

#[test]
fn a_capture_that_was_cut_off_is_named() {
    let file = format!("{FIRST}/node1.pcapng");
    let (_temporary, folder) = written();
    let whole = fs::read(folder.join(&file)).unwrap();
    for length in 0..whole.len() {
        fs::write(folder.join(&file), &whole[..length]).unwrap();
        let said = read(&folder).expect_err("a part is not the whole").to_string();
        assert!(said.contains("node1.pcapng"), "{length}: {said}");
    }
}

#[test]
fn no_name_leads_out_of_the_folder() {
    for name in ["../../lab.yaml", "/etc/passwd", "..", ".", "", "a/b", ".hidden", "a\\\\b", "nul\\u0000", "x\\n/y"] {
        for (from, whole) in
            [("\"pod1.pcapng\"", "file"), ("\"node1.ip-route.txt\"", "stdout"), ("\"node1.ip-route.stderr.txt\"", "stderr")]
        {
            let said = in_scenario(from, &format!("\"{name}\""));
            assert!(said.contains("which is not the name of a file beside it"), "{whole} {name}: {said}");
        }
    }
}

#[test]
fn no_link_is_followed_and_no_pipe_waited_for() {
    let outside = TempDir::new().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, "{}").unwrap();
    for file in [
        "manifest.json",
        "lab.yaml",
        "facts.json",
        &format!("{FIRST}/node1.pcapng"),
        &format!("{FIRST}/node1.ip-route.txt"),
        &format!("{FIRST}/scenario.json"),
    ] {
        let link = |folder: &Path| {
            fs::remove_file(folder.join(file)).unwrap();
            symlink(&secret, folder.join(file)).unwrap();
        };
        assert_eq!(spoilt(link), format!("{file} is not a plain file"));
        let pipe = |folder: &Path| {
            fs::remove_file(folder.join(file)).unwrap();
            nix::unistd::mkfifo(&folder.join(file), nix::sys::stat::Mode::S_IRUSR).unwrap();
        };
        assert_eq!(spoilt(pipe), format!("{file} is not a plain file"));
        let directory = |folder: &Path| {
            fs::remove_file(folder.join(file)).unwrap();
            fs::create_dir(folder.join(file)).unwrap();
        };
        assert_eq!(spoilt(directory), format!("{file} is not a plain file"));
    }
    for name in ["scenarios", FIRST] {
        let link = |folder: &Path| {
            fs::rename(folder.join(name), outside.path().join("moved")).unwrap();
            symlink(outside.path().join("moved"), folder.join(name)).unwrap();
        };
        assert_eq!(spoilt(link), format!("{name} is not a plain folder"));
        fs::remove_dir_all(outside.path().join("moved")).unwrap();
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_read() {
    let grow = |file: &'static str, size: u64| {
        move |folder: &Path| fs::File::options().write(true).open(folder.join(file)).unwrap().set_len(size).unwrap()
    };
    assert_eq!(spoilt(grow("manifest.json", MANIFEST + 1)), format!("manifest.json holds more than {MANIFEST} bytes"));
    assert_eq!(spoilt(grow("lab.yaml", 1 << 40)), format!("lab.yaml holds more than {LAB} bytes"));
    let said = spoilt(|folder| grow("scenarios/01-pod-to-pod-another-node/pod1.pcapng", TOTAL)(folder));
    assert_eq!(said, format!("{FIRST}/pod1.pcapng holds more than {TOTAL} bytes, all files before it included"));
}

#[test]
fn counts_are_bounded() {
    let said =
        spoilt(|folder| (0..SCENARIOS).for_each(|number| fs::create_dir(folder.join(format!("scenarios/{}-x", number + 100))).unwrap()));
    assert_eq!(said, format!("scenarios holds more than {SCENARIOS} scenarios"));
    let state = r#"{"on":"n","run":"r","command":"c","status":null,"stdout":null,"stderr":null}"#;
    let many = vec![state; STATES + 1].join(",");
    let said = in_scenario("\"state\": [", &format!("\"state\": [{many},"));
    assert_eq!(said, format!("{FIRST}/scenario.json holds more than {STATES} outputs of commands"));
    let said = in_scenario("\"frames\": 2", "\"frames\": 18446744073709551615");
    assert!(said.contains("18446744073709551615 frames, and there are 2"), "{said}");
}

#[test]
fn files_that_contradict_one_another_are_refused() {
    let said = "its probe is not that of this scenario in this run";
    assert!(in_scenario("Pod to pod: another node", "Pod to pod: the same node").contains(said));
    assert!(spoilt(replace("manifest.json", "\"run\": \"r1\"", "\"run\": \"r2\"")).contains(said));
    assert!(in_scenario("\"block\": 1", "\"block\": 7").contains("interface block 7, which is not there"));
    assert!(in_scenario("\"block\": 1", "\"block\": 0").contains("node1.pcapng does not fit"));
    assert!(
        in_scenario("\"interface\": \"cali1\"", "\"interface\": \"cali2\"")
            .contains("at \"cali2\", Ethernet, snap length 64, 0 dropped, and the block is of \"node1/veth(pod1)\" at \"cali1\"")
    );
    assert!(in_scenario("\"link\": \"ethernet\"", "\"link\": \"raw\"").contains("at \"eth0\", Raw, "));
    assert!(in_scenario("\"dropped\": 3", "\"dropped\": 0").contains("3 dropped"));
    let twice = spoilt(|folder| {
        let path = folder.join(FIRST).join("scenario.json");
        let mut file: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let first = file["captures"][0].clone();
        file["captures"].as_array_mut().unwrap().push(first);
        fs::write(path, file.to_string()).unwrap();
    });
    assert!(twice.contains("another point's, too"), "{twice}");
    let said = spoilt(|folder| fs::create_dir(folder.join("scenarios/1-again")).unwrap());
    assert!(said.contains("has the same number"), "{said}");
    let said = spoilt(|folder| fs::create_dir(folder.join("scenarios/extra")).unwrap());
    assert!(said.contains("starts with its number and a hyphen"), "{said}");
}

#[test]
fn names_of_files_are_plain_short_and_unique() {
    for (text, expected) in [
        ("pod1", "pod1"),
        ("Pod to pod: another node", "pod-to-pod-another-node"),
        ("../../etc/passwd", "etc-passwd"),
        ("…", "unnamed"),
        ("a.b", "a.b"),
        (&"x".repeat(500), &"x".repeat(60)),
    ] {
        assert_eq!(slug(text), expected);
    }
    let mut names = Names::default();
    assert_eq!(["a", "a", "b", "a"].map(|stem| names.give(stem, "txt")), ["a.txt", "a-2.txt", "b.txt", "a-3.txt"]);
    assert_eq!(default_folder("Calico IPIP", "2026-11-23/a"), Path::new("evidence/calico-ipip-2026-11-23-a"));
}
