//! What a report is told besides the verdict.

use std::path::Path;

use crate::evidence::Evidence;
use crate::site::Emulated;

/// What a report says of a run besides its verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Where the evidence is, as the user can type it; `None` where it was not kept.
    pub evidence: Option<String>,
    /// The lab file's path as it was given; findings point into it.
    pub lab_path: String,
    /// How long each phase took, in microseconds, in order.
    pub phases: Vec<(String, u64)>,
    /// How long the whole run took, in microseconds; 0 if that is not known.
    pub took: u64,
    /// How much of that was others' time: kind's, the CNI's, that of its images.
    pub others: u64,
    /// Which parts were stand-ins of ours.
    pub emulated: Vec<Emulated>,
    /// What was broken on purpose, if anything.
    pub mutation: Option<String>,
    /// Why the run was cut short, if it was.
    pub cut_short: Option<String>,
}

impl About {
    /// What `evidence` says of its run; `folder` is where it is kept.
    pub fn of(evidence: &Evidence, folder: &Path) -> Self {
        let manifest = &evidence.manifest;
        Self {
            evidence: Some(folder.display().to_string()),
            lab_path: manifest.lab_path.clone(),
            phases: manifest.phases.clone(),
            took: manifest.took,
            others: manifest.others,
            emulated: evidence.facts.emulated.clone(),
            mutation: manifest.mutation.clone(),
            cut_short: manifest.cut_short.clone(),
        }
    }
}

/// How a report for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are used; nothing is said by colour alone.
    pub colour: bool,
    /// The terminal's width in columns: longer packet lines are folded, in step with the line they are compared with.
    /// `None`: no line is folded, as is right for files and pipes.
    pub width: Option<usize>,
    /// How much is said.
    pub verbosity: Verbosity,
}

/// How much a report for people says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// What did not hold, and the outcome.
    Quiet,
    /// A line for each point as well.
    Normal,
    /// Each documented line with the line that was seen for it, and the time each phase took, as well.
    Verbose,
}
