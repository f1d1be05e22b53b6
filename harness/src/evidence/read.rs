//! Reading evidence, whoever wrote it.

use std::collections::BTreeMap;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::file::{self, CaptureEntry, ScenarioFile, StateEntry};
use super::limit;
use super::model::{Evidence, FORMAT, Manifest, ScenarioEvidence, StateText};
use super::open::{Budget, beside, entries, plain_folder};
use super::problem::EvidenceError;
use crate::capture::{Liveness, Recording};
use crate::name::Token;
use crate::packet::{Frame, Interface, Limits, read_capture};
use crate::site::Facts;

/// Reads an evidence folder. Nothing in it is believed: what is read of it is bounded (see the limits of this room), no name in it leads out of it, and files that
/// contradict one another, or are of another run, are refused. Of a run that was cut short, what is there is read; a capture or an output whose file is gone proves
/// nothing.
///
/// # Errors
/// See [`EvidenceError`]; each names the file.
pub fn read(folder: &Path) -> Result<Evidence, EvidenceError> {
    let mut budget = Budget::new();
    let manifest = read_manifest(&mut budget, &folder.join(file::MANIFEST))?;
    let lab = budget.text(&folder.join(file::LAB), limit::LAB)?;
    let facts = match json(&mut budget, &folder.join(file::FACTS), limit::FACTS) {
        Err(EvidenceError::Read { source, .. }) if source.kind() == ErrorKind::NotFound && manifest.cut_short.is_some() => Facts::default(),
        facts => facts?,
    };
    if !facts.backend.is_empty() && facts.backend != manifest.backend {
        let what = format!("its facts are of the backend `{}`, its manifest is of `{}`", facts.backend, manifest.backend);
        return Err(contradiction(folder, what));
    }
    let mut scenarios = Vec::new();
    for path in scenario_folders(&folder.join(file::SCENARIOS))? {
        scenarios.push(read_scenario(&mut budget, &manifest.run, &path.join(file::SCENARIO))?);
    }
    Ok(Evidence { manifest, lab, facts, scenarios })
}

/// The format comes first: a newer manifest may have anything else in it.
fn read_manifest(budget: &mut Budget, path: &Path) -> Result<Manifest, EvidenceError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let text = budget.text(path, limit::MANIFEST)?;
    let Format { format } = parse(path, &text)?;
    if format == 0 {
        return Err(EvidenceError::NoFormat { path: path.to_owned() });
    }
    if format > FORMAT {
        return Err(EvidenceError::Newer { path: path.to_owned(), format });
    }
    parse(path, &text)
}

/// The scenarios' folders in the order of the numbers that their names start with. None, if the run did not come that far.
fn scenario_folders(folder: &Path) -> Result<Vec<PathBuf>, EvidenceError> {
    if matches!(folder.symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound) {
        return Ok(Vec::new());
    }
    let mut numbered = BTreeMap::new();
    for path in entries(folder, limit::SCENARIOS, "scenarios")? {
        plain_folder(&path)?;
        let number = path.file_name().and_then(|name| name.to_str()?.split_once('-')?.0.parse::<u32>().ok());
        let misplaced = |what: &str| EvidenceError::Contradiction { path: path.clone(), what: what.to_owned() };
        let number = number.ok_or_else(|| misplaced("the name of a scenario's folder starts with its number and a hyphen"))?;
        if let Some(other) = numbered.insert(number, path.clone()) {
            return Err(misplaced(&format!("{} has the same number", other.display())));
        }
    }
    Ok(numbered.into_values().collect())
}

fn read_scenario(budget: &mut Budget, run: &str, path: &Path) -> Result<ScenarioEvidence, EvidenceError> {
    let ScenarioFile { name, outcome, captures, state } = json(budget, path, limit::SCENARIO)?;
    for (count, limit, what) in [(captures.len(), limit::CAPTURES, "captures"), (state.len(), limit::STATES, "outputs of commands")] {
        if count > limit {
            return Err(EvidenceError::TooMuch { path: path.to_owned(), limit: limit as u64, what });
        }
    }
    let outcome =
        outcome.map(|entry| entry.outcome().ok_or_else(|| contradiction(path, "a token is 32 hexadecimal digits"))).transpose()?;
    if outcome.as_ref().is_some_and(|outcome| outcome.token != Token::derive(run, &name)) {
        return Err(contradiction(path, "its probe is not that of this scenario in this run"));
    }
    let mut files = BTreeMap::new();
    let recordings = captures.into_iter().map(|entry| read_recording(budget, path, entry, &mut files)).collect::<Result<_, _>>()?;
    let state = state.into_iter().map(|entry| read_state(budget, path, entry)).collect::<Result<_, _>>()?;
    Ok(ScenarioEvidence { name, outcome, recordings, state })
}

/// The interfaces of a capture file, each with its frames; the frames are gone once they were taken.
type Blocks = Vec<(Interface, Option<Vec<Frame>>)>;

/// Reads a recording's frames, its file only once for all recordings in it.
fn read_recording(
    budget: &mut Budget,
    scenario: &Path,
    entry: CaptureEntry,
    files: &mut BTreeMap<String, Blocks>,
) -> Result<Recording, EvidenceError> {
    let path = beside(scenario, &entry.file)?;
    if is_gone(&path) {
        let liveness = Liveness::NeverArmed(format!("{} is not there", path.display()));
        return Ok(Recording { liveness, ..entry.recording(Vec::new()) });
    }
    if !files.contains_key(&entry.file) {
        files.insert(entry.file.clone(), read_blocks(budget, &path)?);
    }
    let misfit = |what: String| contradiction(&path, format!("{} says of {}: {what}", scenario.display(), entry.point));
    let block = files.get_mut(&entry.file).and_then(|blocks| blocks.get_mut(entry.block));
    let (interface, frames) = block.ok_or_else(|| misfit(format!("interface block {}, which is not there", entry.block)))?;
    if *interface != entry.interface() {
        return Err(misfit(format!("{}, and the block is of {}", describe(&entry.interface()), describe(interface))));
    }
    let frames = frames.take().ok_or_else(|| misfit(format!("interface block {}, which is another point's, too", entry.block)))?;
    if frames.len() != entry.frames {
        return Err(misfit(format!("{} frames, and there are {}", entry.frames, frames.len())));
    }
    Ok(entry.recording(frames))
}

fn read_blocks(budget: &mut Budget, path: &Path) -> Result<Blocks, EvidenceError> {
    let limits = Limits { frames: limit::FRAMES, interfaces: limit::CAPTURES, total: limit::TOTAL, ..Limits::default() };
    let input = BufReader::new(budget.open(path, limit::TOTAL)?);
    let capture = read_capture(input, &limits).map_err(|source| EvidenceError::Capture { path: path.to_owned(), source })?;
    let mut blocks: Blocks = capture.interfaces.into_iter().map(|interface| (interface, Some(Vec::new()))).collect();
    for (index, frame) in capture.frames {
        if let Some((_, Some(frames))) = blocks.get_mut(index) {
            frames.push(frame);
        }
    }
    Ok(blocks)
}

fn read_state(budget: &mut Budget, scenario: &Path, entry: StateEntry) -> Result<StateText, EvidenceError> {
    let files: Vec<PathBuf> =
        [&entry.stdout, &entry.stderr].into_iter().flatten().map(|name| beside(scenario, name)).collect::<Result<_, _>>()?;
    if let Some(gone) = files.iter().find(|path| is_gone(path)) {
        return Ok(StateText { status: None, ..entry.text(String::new(), format!("{} is not there", gone.display())) });
    }
    let mut text = |name: &Option<String>| match name {
        Some(name) => budget.text(&beside(scenario, name)?, limit::TEXT),
        None => Ok(String::new()),
    };
    let (stdout, stderr) = (text(&entry.stdout)?, text(&entry.stderr)?);
    Ok(entry.text(stdout, stderr))
}

/// Whether a file was lost since the folder was written: what was in it proves nothing, and all else does.
fn is_gone(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound)
}

fn describe(Interface { name, description, link, snap_length, dropped }: &Interface) -> String {
    let dropped = dropped.map_or("an unknown number".to_owned(), |dropped| dropped.to_string());
    format!("{description:?} at {name:?}, {link:?}, snap length {snap_length}, {dropped} dropped")
}

fn json<T: DeserializeOwned>(budget: &mut Budget, path: &Path, limit: u64) -> Result<T, EvidenceError> {
    parse(path, &budget.text(path, limit)?)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, EvidenceError> {
    serde_json::from_str(text).map_err(|source| EvidenceError::Json { path: path.to_owned(), source })
}

fn contradiction(path: &Path, what: impl Into<String>) -> EvidenceError {
    EvidenceError::Contradiction { path: path.to_owned(), what: what.into() }
}
