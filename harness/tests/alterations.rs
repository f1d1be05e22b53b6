//! Recorded runs with one thing altered: what is documented there does not hold any longer, and no verdict may say that it does.
//!
//! What an alteration changes is told by the lines that tcpdump would print, not by the judge's own fields. `CNILAB_ALTERATIONS=all` tries every one of them, which
//! takes minutes; otherwise each is one of a few hundred, spread evenly over all.

use std::path::{Path, PathBuf};

use cnilab::capture::Recording;
use cnilab::evidence::{self, Evidence};
use cnilab::journey;
use cnilab::lab::{self, Claim, Extent};
use cnilab::packet::{Detail, Hints, Printer, dissect};
use cnilab::plan::{self, Plan};
use cnilab::verdict::{Outcome, judge};

/// How many alterations are tried of each kind and folder unless all are asked for.
const SOME: usize = 250;

/// Bytes of a frame that are headers: Ethernet, IPv4, UDP, IPv4, TCP with options come to 122.
const HEADERS: usize = 122;

/// A recorded run that held, and its plan.
struct Run {
    folder: PathBuf,
    plan: Plan,
    evidence: Evidence,
}

fn runs() -> Vec<Run> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence");
    let folders = std::fs::read_dir(fixtures).expect("the fixtures are there").map(|entry| entry.expect("an entry").path());
    let read = |folder: PathBuf| {
        let evidence = evidence::read(&folder).expect("a fixture can be read");
        let plan = plan::draft(lab::load(&folder.join("lab.yaml"), &evidence.lab).expect("its lab passes its checks"));
        Run { folder, plan, evidence }
    };
    let held = |run: &Run| judge(&run.plan, &run.evidence).outcome == Outcome::Held;
    let runs: Vec<Run> = folders.map(read).filter(held).collect();
    assert!(!runs.is_empty(), "no fixture is of a run that held");
    runs
}

impl Run {
    /// How the scenario comes out with `alter` done to what was recorded of it.
    fn outcome_of(&self, scenario: usize, alter: impl FnOnce(&mut evidence::ScenarioEvidence)) -> Outcome {
        let mut altered = Evidence { scenarios: vec![self.evidence.scenarios[scenario].clone()], ..self.evidence.clone() };
        alter(&mut altered.scenarios[0]);
        let name = &altered.scenarios[0].name;
        let verdict = judge(&self.plan, &altered);
        let judged = verdict.scenarios.iter().find(|judged| judged.name == *name).expect("every scenario of the lab is judged");
        judged.outcome.clone()
    }

    /// Whether all of the probe that is seen at a point is documented there.
    fn is_whole(&self, scenario: usize, recording: &Recording) -> bool {
        let name = &self.evidence.scenarios[scenario].name;
        let planned = self.plan.lab.scenarios.iter().find(|planned| planned.name == *name).expect("the lab has what was recorded");
        planned.expect.iter().any(|one| {
            one.at == recording.point && one.when.is_none() && one.extent == Extent::Whole && matches!(one.claim, Claim::Lines(_))
        })
    }
}

/// What is left of a capture's lines if everything is taken out that no line of these labs asserts: windows, window scales, and options behind a handshake.
fn asserted(recording: &Recording) -> Vec<String> {
    let mut printer = Printer::new(Detail::Brief);
    let line = |frame: &cnilab::packet::Frame| {
        let stack = dissect(&frame.bytes, frame.wire_length, recording.link, &Hints::none());
        let text = printer.line(&stack, recording.link).text;
        let handshake = text.contains("Flags [S");
        let text = match (text.find(", options ["), text.find("], length")) {
            (Some(start), Some(end)) if !handshake => format!("{}{}", &text[..start], &text[end + 1..]),
            _ => text,
        };
        let mut words: Vec<String> = Vec::new();
        let mut skip = 0;
        for word in text.split([' ', ',', '[', ']']).filter(|word| !word.is_empty()) {
            if skip > 0 {
                skip -= 1;
            } else if word == "win" || word == "wscale" {
                skip = 1;
            } else {
                words.push(word.to_owned());
            }
        }
        words.join(" ")
    };
    recording.frames.iter().map(line).collect()
}

/// Every so many-th, so that some of all are left.
fn spread<T>(all: Vec<T>) -> Vec<T> {
    let step = if std::env::var_os("CNILAB_ALTERATIONS").is_some_and(|asked| asked == "all") { 1 } else { all.len().div_ceil(SOME).max(1) };
    // An odd step meets every bit and every header sooner or later.
    all.into_iter().step_by(step | 1).collect()
}

#[test]
fn no_altered_header_is_held() {
    for run in runs() {
        let hints = run.plan.lab.hints();
        let mut places = Vec::new();
        for (scenario, recorded) in run.evidence.scenarios.iter().enumerate() {
            for stop in &journey::trace(recorded, &hints).stops {
                let recording = &recorded.recordings[stop.recording];
                if !run.is_whole(scenario, recording) {
                    continue;
                }
                let bytes = |frame: usize| recording.frames[frame].bytes.len().min(HEADERS);
                let of = |frame: usize| (0..bytes(frame)).map(move |byte| (scenario, stop.recording, frame, byte));
                places.extend(stop.sightings.iter().flat_map(|sighting| of(sighting.frame)));
            }
        }
        let tried = spread(places);
        let mut told = 0;
        for (scenario, index, frame, byte) in tried {
            let mut recording = run.evidence.scenarios[scenario].recordings[index].clone();
            let before = asserted(&recording);
            recording.frames[frame].bytes[byte] ^= 1 << (byte % 8);
            let after = asserted(&recording);
            let outcome = run.outcome_of(scenario, |evidence| evidence.recordings[index] = recording);
            let Some((before, after)) = before.iter().zip(&after).find(|(before, after)| before != after) else { continue };
            told += 1;
            assert_ne!(
                outcome,
                Outcome::Held,
                "{}, scenario {}, recording {index}, frame {frame}, byte {byte}:\n{before}\n{after}",
                run.folder.display(),
                scenario + 1
            );
        }
        assert!(told > SOME / 4, "only {told} of the alterations change anything that is printed");
    }
}

#[test]
fn no_run_that_lacks_a_frame_is_held_nor_one_that_has_it_twice() {
    for run in runs() {
        let hints = run.plan.lab.hints();
        for (scenario, recorded) in run.evidence.scenarios.iter().enumerate() {
            for stop in &journey::trace(recorded, &hints).stops {
                if !run.is_whole(scenario, &recorded.recordings[stop.recording]) {
                    continue;
                }
                for frame in stop.sightings.iter().map(|sighting| sighting.frame) {
                    let frames =
                        |evidence: &mut evidence::ScenarioEvidence| std::mem::take(&mut evidence.recordings[stop.recording].frames);
                    let lacks = run.outcome_of(scenario, |evidence| {
                        let mut all = frames(evidence);
                        all.remove(frame);
                        evidence.recordings[stop.recording].frames = all;
                    });
                    let twice = run.outcome_of(scenario, |evidence| {
                        let mut all = frames(evidence);
                        all.insert(frame, all[frame].clone());
                        evidence.recordings[stop.recording].frames = all;
                    });
                    let at = format!("{}, {}, {}, frame {frame}", run.folder.display(), recorded.name, stop.point);
                    assert_ne!(lacks, Outcome::Held, "{at} taken out");
                    assert_ne!(twice, Outcome::Held, "{at} seen twice");
                }
            }
        }
    }
}
