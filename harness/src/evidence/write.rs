//! Writing evidence while the run goes on: whatever ends the run, what was written by then can be read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file::{self, CaptureEntry, Names, OutcomeEntry, ScenarioFile, StateEntry, slug};
use super::model::{Manifest, ScenarioEvidence, StateText};
use super::problem::EvidenceError;
use crate::capture::Recording;
use crate::name::PlaceName;
use crate::packet::{Frame, Interface, write_pcapng};
use crate::site::Facts;

/// What a manifest says of why a run was cut short, until the run is over.
pub const STILL_RUNNING: &str = "still running when the evidence was last written";

/// Which program wrote a capture.
const APPLICATION: &str = concat!("cnilab ", env!("CARGO_PKG_VERSION"));

/// A folder that a run writes its evidence to. Every file, and every scenario's folder, is there whole or not at all.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
}

/// Where evidence goes if nobody says: `evidence/<lab>-<run>`.
pub fn default_folder(lab: &str, run: &str) -> PathBuf {
    Path::new("evidence").join(format!("{}-{}", slug(lab), slug(run)))
}

impl Writer {
    /// Creates the folder, with the text of the lab file and a manifest that says that the run is not over.
    ///
    /// # Errors
    /// [`EvidenceError::NotPlain`], [`EvidenceError::Dangling`], [`EvidenceError::Occupied`] if the folder exists and is not empty;
    /// [`EvidenceError::Write`].
    pub fn create(folder: &Path, manifest: &Manifest, lab: &str) -> Result<Self, EvidenceError> {
        if folder.metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            return Err(EvidenceError::NotPlain { path: folder.to_owned(), wanted: "folder" });
        }
        if folder.is_symlink() && !folder.exists() {
            return Err(EvidenceError::Dangling { path: folder.to_owned() });
        }
        let entries = fs::create_dir_all(folder).and_then(|()| fs::read_dir(folder));
        if entries.map_err(|source| EvidenceError::Write { path: folder.to_owned(), source })?.next().is_some() {
            return Err(EvidenceError::Occupied { path: folder.to_owned() });
        }
        let writer = Self { folder: folder.to_owned() };
        let running = Manifest { cut_short: Some(STILL_RUNNING.into()), ..manifest.clone() };
        put_json(&writer.folder, file::MANIFEST, &running)?;
        put(&writer.folder, file::LAB, lab.as_bytes())?;
        Ok(writer)
    }

    /// Takes the folder away again, if nothing was recorded and nobody else put anything there.
    pub fn discard(self) {
        let names = || fs::read_dir(&self.folder).into_iter().flatten().map(|entry| entry.map(|entry| entry.file_name()));
        if names().all(|name| name.is_ok_and(|name| name == file::MANIFEST || name == file::LAB)) {
            // What cannot be taken away does no harm: it says that the run did not get far.
            let _ = [file::MANIFEST, file::LAB].map(|name| fs::remove_file(self.folder.join(name)));
            let _ = fs::remove_dir(&self.folder);
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes what is known of the site.
    pub fn facts(&self, facts: &Facts) -> Result<(), EvidenceError> {
        put_json(&self.folder, file::FACTS, facts)
    }

    /// Writes what was recorded of a scenario; `index` is its place in the lab, from 0, and folders are counted from 1.
    pub fn scenario(&self, index: usize, scenario: &ScenarioEvidence) -> Result<(), EvidenceError> {
        let name = format!("{:02}-{}", index + 1, slug(&scenario.name));
        let (unfinished, finished) = [format!(".{name}.part"), name].map(|name| self.folder.join(file::SCENARIOS).join(name)).into();
        fs::create_dir_all(&unfinished).map_err(|source| EvidenceError::Write { path: unfinished.clone(), source })?;
        let mut names = Names::default();
        let captures = put_captures(&unfinished, &mut names, &scenario.recordings)?;
        let state = scenario.state.iter().map(|text| put_state(&unfinished, &mut names, text)).collect::<Result<_, _>>()?;
        let outcome = scenario.outcome.as_ref().map(OutcomeEntry::of);
        put_json(&unfinished, file::SCENARIO, &ScenarioFile { name: scenario.name.clone(), outcome, captures, state })?;
        fs::rename(&unfinished, &finished).map_err(|source| EvidenceError::Write { path: finished, source })
    }

    /// Closes the evidence: from here on it says of itself what `manifest` says.
    pub fn finish(&self, manifest: &Manifest) -> Result<(), EvidenceError> {
        put_json(&self.folder, file::MANIFEST, manifest)
    }
}

/// One file per place and link type, one interface block per point. One entry per recording, in their order.
///
/// libpcap, and so tcpdump, reads no pcapng whose interfaces have different link types; hence two files for a node with a tunnel.
fn put_captures(folder: &Path, names: &mut Names, recordings: &[Recording]) -> Result<Vec<CaptureEntry>, EvidenceError> {
    let mut places: BTreeMap<(&PlaceName, &str), (String, Vec<&Recording>)> = BTreeMap::new();
    let mut entries = Vec::new();
    for recording in recordings {
        let ending = file::pcapng(recording.link);
        let place = places.entry((&recording.place, ending));
        let (file, blocks) = place.or_insert_with(|| (names.give(&slug(recording.place.as_str()), ending), Vec::new()));
        entries.push(CaptureEntry::of(recording, file, blocks.len()));
        blocks.push(recording);
    }
    for (file, blocks) in places.values() {
        let interfaces: Vec<Interface> = entries.iter().filter(|entry| entry.file == *file).map(CaptureEntry::interface).collect();
        let frames = by_time(blocks);
        put_with(folder, file, |output| write_pcapng(BufWriter::new(output), &interfaces, &frames, APPLICATION))?;
    }
    Ok(entries)
}

/// The frames of several points in the order of their stamps. The frames of one point stay in the order in which they were delivered, whatever their stamps.
fn by_time(recordings: &[&Recording]) -> Vec<(usize, Frame)> {
    let mut rests: Vec<&[Frame]> = recordings.iter().map(|recording| &recording.frames[..]).collect();
    let mut frames = Vec::new();
    while let Some((_, block)) = rests.iter().enumerate().filter_map(|(block, rest)| Some((rest.first()?.at, block))).min() {
        frames.push((block, rests[block][0].clone()));
        rests[block] = &rests[block][1..];
    }
    frames
}

/// The texts as files that a person finds: `node1.ip-route.txt`.
fn put_state(folder: &Path, names: &mut Names, text: &StateText) -> Result<StateEntry, EvidenceError> {
    let stem = format!("{}.{}", slug(text.on.as_str()), slug(&text.run));
    let mut put_text = |ending, text: &str| {
        let name = (!text.is_empty()).then(|| names.give(&stem, ending));
        name.map(|name| put(folder, &name, text.as_bytes()).map(|()| name)).transpose()
    };
    let (stdout, stderr) = (put_text("txt", &text.stdout)?, put_text("stderr.txt", &text.stderr)?);
    Ok(StateEntry::of(text, stdout, stderr))
}

fn put_json(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), EvidenceError> {
    put_with(folder, name, |mut output| {
        serde_json::to_writer_pretty(&mut output, value)?;
        io::Write::write_all(&mut output, b"\n")
    })
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
    put_with(folder, name, |mut output| io::Write::write_all(&mut output, bytes))
}

/// Writes a file under another name first: who comes to see, sees all of it or what was there before.
fn put_with(folder: &Path, name: &str, fill: impl FnOnce(fs::File) -> io::Result<()>) -> Result<(), EvidenceError> {
    let (path, unfinished) = (folder.join(name), folder.join(format!(".{name}.part")));
    let written = fs::File::create(&unfinished).and_then(fill).and_then(|()| fs::rename(&unfinished, &path));
    written.map_err(|source| EvidenceError::Write { path, source })
}
