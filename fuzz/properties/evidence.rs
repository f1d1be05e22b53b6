//! Evidence folders: whatever is in one, it is refused or judged, and every report of it can be written; and a scenario is held only if what was documented of it
//! is really there.
//!
//! The first byte of an input says which scenario of a recorded run it is about, the second which file there the rest is put in place of; if there is no such file, the
//! rest is a list of alterations, four bytes each (see [`alter`]).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cnilab::capture::{Liveness, Recording};
use cnilab::evidence::{self, Evidence, Listed, ScenarioEvidence, Writer, lab_digest};
use cnilab::journey;
use cnilab::lab::{self, Claim, Extent};
use cnilab::packet::{Detail, Hints, Printer, dissect};
use cnilab::plan::{self, Plan};
use cnilab::report::{self, About, Style, Verbosity};
use cnilab::verdict::{Outcome, RunVerdict, ScenarioVerdict, Subject, judge};

/// A recorded run that held, every scenario in a folder of its own, as if no other had been asked for.
pub(crate) struct Recorded {
    plan: Plan,
    runs: Vec<Run>,
}

struct Run {
    folder: PathBuf,
    /// Its files, in order.
    files: Vec<PathBuf>,
    evidence: Evidence,
    /// What each point shows of the probe.
    shown: BTreeMap<String, Vec<String>>,
}

impl Recorded {
    /// The run in `source`, copied below `folder`.
    pub(crate) fn copy(source: &Path, folder: &Path) -> Self {
        let recorded = evidence::read(source).expect("the recorded run can be read");
        let plan = plan::draft(lab::load(&source.join("lab.yaml"), &recorded.lab).expect("its lab passes its checks"));
        let mut runs = Vec::new();
        for (index, scenario) in recorded.scenarios.iter().enumerate() {
            let mut evidence = Evidence { scenarios: vec![scenario.clone()], ..recorded.clone() };
            evidence.manifest.lab_sha256 = Some(lab_digest(&evidence.lab));
            evidence.manifest.scenarios = Some(Listed::of(&plan, std::slice::from_ref(&scenario.name)));
            let folder = folder.join(index.to_string());
            let writer = Writer::create(&folder, &evidence.manifest, &evidence.lab).expect("a folder can be made");
            writer.facts(&evidence.facts).expect("facts can be written");
            writer.scenario(index, scenario).expect("a scenario can be written");
            writer.finish(&evidence.manifest).expect("a manifest can be written");
            assert_eq!(evidence::read(&folder).expect("what was written is read"), evidence, "what was written is not what is read");
            let shown = shown(&plan, scenario);
            let mut files = Vec::new();
            walk(&folder, &mut files);
            files.sort();
            runs.push(Run { folder, files, evidence, shown });
        }
        Self { plan, runs }
    }

    /// Checks one input: whether its scenario is held.
    pub(crate) fn check(&self, bytes: &[u8]) -> bool {
        let [scenario, file, rest @ ..] = bytes else { return false };
        let run = &self.runs[usize::from(*scenario) % self.runs.len()];
        let Some(file) = run.files.get(usize::from(*file)) else {
            let mut evidence = run.evidence.clone();
            rest.as_chunks().0.iter().for_each(|step| alter(&mut evidence.scenarios[0], *step));
            return self.judged(run, &evidence);
        };
        let before = fs::read(file).expect("it was written");
        fs::write(file, rest).expect("it can be written");
        let read = evidence::read(&run.folder);
        fs::write(file, before).expect("it can be written");
        read.is_ok_and(|evidence| self.judged(run, &evidence))
    }

    fn judged(&self, run: &Run, evidence: &Evidence) -> bool {
        // Another lab file is another lab, or none.
        let other = (evidence.lab != run.evidence.lab).then(|| lab::load("lab.yaml".as_ref(), &evidence.lab));
        let other = match other.transpose() {
            Ok(lab) => lab.map(plan::draft),
            Err(_) => return false,
        };
        let verdict = judge(other.as_ref().unwrap_or(&self.plan), evidence);
        reports(&verdict, evidence, &run.folder);
        let name = &run.evidence.scenarios[0].name;
        let Some(held) = verdict.scenarios.iter().find(|scenario| scenario.name == *name && scenario.outcome == Outcome::Held) else {
            return false;
        };
        if other.is_some() {
            assert_ne!(verdict.outcome, Outcome::Held, "a run is held of a lab that it was not of");
        } else {
            self.proven(run, held, evidence);
        }
        true
    }

    /// A scenario that is held shows at every point what it showed when it was recorded, and nothing of it was lost.
    fn proven(&self, run: &Run, held: &ScenarioVerdict, evidence: &Evidence) {
        let recorded = evidence.scenarios.iter().find(|recorded| recorded.name == held.name).expect("of nothing nothing is held");
        let planned = self.plan.lab.scenarios.iter().find(|planned| planned.name == held.name).expect("the lab is the same");
        let token = recorded.outcome.as_ref().filter(|outcome| outcome.sent_at.is_some()).map(|outcome| outcome.token.0);
        assert!(planned.probe.is_none() || token.is_some(), "no probe left, and it is held");
        let now = shown(&self.plan, recorded);
        for one in planned.expect.iter().filter(|one| one.when.is_none()) {
            let at = &recorded.recordings.iter().filter(|recording| recording.point == one.at).collect::<Vec<_>>()[..];
            let [recording] = at else { panic!("there are {} captures at {}, and it is held", at.len(), one.at) };
            match one.claim {
                Claim::Lines(_) if one.extent != Extent::Excerpt => {
                    assert_eq!(now.get(one.at.as_str()), run.shown.get(one.at.as_str()), "{} shows something else and is held", one.at);
                }
                Claim::Lines(_) => continue,
                Claim::None => {
                    let has_token = |bytes: &[u8]| token.is_some_and(|token| bytes.windows(token.len()).any(|window| window == token));
                    assert!(!recording.frames.iter().any(|frame| has_token(&frame.bytes)), "the probe is seen at {}", one.at);
                }
            }
            let is_whole = recording.liveness == Liveness::Alive && recording.dropped == 0 && !recording.promiscuous;
            assert!(is_whole, "the capture at {} may have missed something, and it is held", one.at);
        }
        for expectation in held.expectations.iter().filter(|expectation| expectation.outcome == Outcome::Held) {
            if let Subject::State { on, run } = &expectation.subject {
                let text = recorded.state.iter().find(|text| text.on == *on && text.run == *run).expect("it ran");
                assert_eq!(text.status, Some(0), "`{run}` failed on {on}, and is held");
                assert!(!text.stdout.trim().is_empty(), "`{run}` printed nothing on {on}, and is held");
                for seen in expectation.lines.iter().filter_map(|line| line.observed.as_ref()) {
                    assert!(text.stdout.lines().any(|line| line.trim_end() == seen), "`{seen}` is not what `{run}` printed");
                }
            }
        }
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it was made") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Every report of a verdict can be written, and none steers a terminal.
fn reports(verdict: &RunVerdict, evidence: &Evidence, folder: &Path) {
    let about = About::of(evidence, folder);
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let text = report::terminal(verdict, &about, &Style { colour: false, width: Some(80), verbosity });
        let steers = text.chars().find(|letter| *letter != '\n' && !cnilab::plain::is_plain(*letter));
        assert_eq!(steers, None, "this would steer a terminal: {text:?}");
    }
    assert!(report::json(verdict, &about).ends_with("}\n"));
    assert!(report::junit(verdict, &about).contains("</testsuites>"));
}

/// What every point shows of the probe, as tcpdump prints it, but for what these labs' lines do not assert and for numbers that differ from run to run.
fn shown(plan: &Plan, recorded: &ScenarioEvidence) -> BTreeMap<String, Vec<String>> {
    let line = |recording: &Recording, printer: &mut Printer, frame: usize| {
        let frame = &recording.frames[frame];
        printer.line(&dissect(&frame.bytes, frame.wire_length, recording.link, &Hints::none()), recording.link).text
    };
    let stops = journey::trace(recorded, &plan.lab.hints()).stops.into_iter().map(|stop| {
        let recording = &recorded.recordings[stop.recording];
        let mut printer = Printer::new(Detail::Brief);
        let lines = stop.sightings.iter().map(|sighting| asserted(&line(recording, &mut printer, sighting.frame)));
        (stop.point.to_string(), lines.collect())
    });
    stops.collect()
}

fn asserted(text: &str) -> String {
    let behind_handshake = !text.contains("Flags [S");
    let mut words = Vec::new();
    let mut left_out = false;
    let mut in_options = false;
    for word in text.split(' ') {
        in_options = (in_options || word == "options") && behind_handshake && word != "length";
        let number = word.trim_end_matches([',', ':', ']']);
        // A client's port stands behind the last dot of its address.
        let port = number.rsplit_once('.').filter(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 32_767));
        match port {
            _ if left_out || in_options => words.push("*"),
            Some((address, _)) => words.extend([address, "*"]),
            None => words.push(word),
        }
        // Behind a handshake positions are relative, and asserted.
        left_out = matches!(word, "win" | "id" | "val" | "ecr")
            || (word == "seq" || word == "ack") && !(behind_handshake && text.contains("Flags"));
        if word.starts_with("wscale") || word.contains(",wscale") {
            left_out = true;
        }
    }
    words.join(" ")
}

/// One alteration of what was recorded: what is done, to which capture or output, to which frame or line of it, and where or by how much.
fn alter(recorded: &mut ScenarioEvidence, [what, of, which, amount]: [u8; 4]) {
    let (of, which, amount) = (usize::from(of), usize::from(which), usize::from(amount));
    let captures = recorded.recordings.len().max(1);
    if what >= 16 {
        let outputs = recorded.state.len().max(1);
        let Some(text) = recorded.state.get_mut(of % outputs) else { return };
        let mut lines: Vec<String> = text.stdout.lines().map(str::to_owned).collect();
        let which = which % lines.len().max(1);
        match what % 6 {
            0 if !lines.is_empty() => drop(lines.remove(which)),
            1 if !lines.is_empty() => {
                let line = &mut lines[which];
                let at = line.floor_char_boundary(amount % line.len().max(1));
                line.insert(at, char::from(b'!' + what % 90));
            }
            2 if !lines.is_empty() => {
                let line = &mut lines[which];
                let at = line.floor_char_boundary(amount % line.len().max(1));
                line.truncate(at);
            }
            3 => text.status = (amount > 0).then_some(1),
            4 => return drop(recorded.state.remove(of % outputs)),
            _ => lines.clear(),
        }
        lines.push(String::new());
        text.stdout = lines.join("\n");
        return;
    }
    if what >= 14 {
        if let Some(outcome) = &mut recorded.outcome {
            outcome.sent_at = None;
        }
        return;
    }
    let other = recorded.recordings.get(amount % captures).and_then(|other| other.frames.get(which % other.frames.len().max(1)).cloned());
    let Some(recording) = recorded.recordings.get_mut(of % captures) else { return };
    let frames = &mut recording.frames;
    let which = which % frames.len().max(1);
    match (what, frames.get_mut(which)) {
        (0..=3, Some(frame)) => {
            let at = amount % frame.bytes.len().max(1);
            if let Some(byte) = frame.bytes.get_mut(at) {
                *byte ^= 1 << (what * 2 + u8::from(of >= captures));
            }
        }
        (4, Some(_)) => drop(frames.remove(which)),
        (5, Some(frame)) => {
            let frame = frame.clone();
            frames.insert(amount % (which + 1), frame);
        }
        (6, Some(_)) => frames.swap(which, amount % (which + 1)),
        (7, Some(frame)) => frame.bytes.truncate(amount),
        (8, Some(frame)) => frame.wire_length ^= u32::from(what) << (amount % 8),
        (9, _) => frames.extend(other),
        (10, _) => recording.dropped = amount as u64,
        (11, _) => recording.liveness = Liveness::Lost("it was lost".to_owned()),
        (12, _) => recording.promiscuous = true,
        (13, _) => drop(recorded.recordings.remove(of % captures)),
        _ => {}
    }
}
