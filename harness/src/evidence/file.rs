//! What stands in `scenario.json`, and how files are called.
//!
//! ```text
//! manifest.json                     what the folder is a recording of, and what it is to have; "cut-short" until the run is over
//! lab.yaml                          the lab file as it was
//! facts.json                        what was known of the site
//! scenarios/01-pod-to-pod/          in the lab's order, counted from 1
//!     scenario.json                 what the sender saw, how each point was captured, and in which file the rest is
//!     node1.pcapng                  one per place: an interface block per point, with the interface's name, described by the point's
//!     node1.raw.pcapng              likewise for its interfaces without a link layer, which libpcap would not read beside the others
//!     node1.ip-route.txt            what a command printed; what it complained of in node1.ip-route.stderr.txt
//! logs/                             of a cluster that did not come up; never read
//! ```

use std::collections::BTreeSet;
use std::net::SocketAddrV4;

use serde::{Deserialize, Serialize};

use super::model::StateText;
use crate::capture::{Liveness, Recording};
use crate::name::{PlaceName, PointName, Token};
use crate::packet::{Frame, Interface, LinkType};
use crate::probe::{Echoes, Outcome};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const LAB: &str = "lab.yaml";
pub(super) const FACTS: &str = "facts.json";
pub(super) const SCENARIOS: &str = "scenarios";
pub(super) const SCENARIO: &str = "scenario.json";

/// How the name of a capture file ends, by what is in it.
pub(super) fn pcapng(link: LinkType) -> &'static str {
    match link {
        LinkType::Ethernet => "pcapng",
        LinkType::Raw => "raw.pcapng",
    }
}

/// A scenario, but for what stands in files of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub(super) name: String,
    pub(super) outcome: Option<OutcomeEntry>,
    pub(super) captures: Vec<CaptureEntry>,
    pub(super) state: Vec<StateEntry>,
}

/// An [`Outcome`], its token in hexadecimal digits, as one looks for it in a capture.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OutcomeEntry {
    pub(super) token: String,
    sent_at: Option<u64>,
    answered_at: Option<u64>,
    answer_ttl: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    local: Option<SocketAddrV4>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    echoes: Option<Echoes>,
    error: Option<String>,
}

/// A [`Recording`], its frames aside.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CaptureEntry {
    pub(super) point: PointName,
    pub(super) place: PlaceName,
    pub(super) interface: String,
    pub(super) link: LinkType,
    pub(super) snap_length: u32,
    pub(super) dropped: u64,
    pub(super) liveness: Liveness,
    pub(super) promiscuous: bool,
    /// Where its frames are: a pcapng file, which of its interface blocks, and how many.
    pub(super) file: String,
    pub(super) block: usize,
    pub(super) frames: usize,
}

/// A [`StateText`], its texts aside: the names of their files, none for an empty text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct StateEntry {
    pub(super) on: PlaceName,
    pub(super) run: String,
    pub(super) command: String,
    pub(super) status: Option<i32>,
    pub(super) stdout: Option<String>,
    pub(super) stderr: Option<String>,
}

impl OutcomeEntry {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let Outcome { token, sent_at, answered_at, answer_ttl, answer, local, echoes, error } = outcome.clone();
        Self { token: token.hex(), sent_at, answered_at, answer_ttl, answer, local, echoes, error }
    }

    /// `None` if its token is not 32 hexadecimal digits.
    pub(super) fn outcome(self) -> Option<Outcome> {
        let token = Token::of_hex(&self.token)?;
        let Self { sent_at, answered_at, answer_ttl, answer, local, echoes, error, .. } = self;
        Some(Outcome { token, sent_at, answered_at, answer_ttl, answer, local, echoes, error })
    }
}

impl CaptureEntry {
    pub(super) fn of(recording: &Recording, file: &str, block: usize) -> Self {
        Self {
            point: recording.point.clone(),
            place: recording.place.clone(),
            interface: recording.interface.clone(),
            link: recording.link,
            snap_length: recording.snap_length,
            dropped: recording.dropped,
            liveness: recording.liveness.clone(),
            promiscuous: recording.promiscuous,
            file: file.to_owned(),
            block,
            frames: recording.frames.len(),
        }
    }

    /// The interface block of its pcapng file.
    pub(super) fn interface(&self) -> Interface {
        Interface {
            name: self.interface.clone(),
            description: self.point.to_string(),
            link: self.link,
            snap_length: self.snap_length,
            dropped: Some(self.dropped),
        }
    }

    pub(super) fn recording(self, frames: Vec<Frame>) -> Recording {
        let Self { point, place, interface, link, snap_length, dropped, liveness, promiscuous, .. } = self;
        Recording { point, place, interface, link, snap_length, frames, dropped, liveness, promiscuous }
    }
}

impl StateEntry {
    pub(super) fn of(text: &StateText, stdout: Option<String>, stderr: Option<String>) -> Self {
        let StateText { on, run, command, status, .. } = text.clone();
        Self { on, run, command, status, stdout, stderr }
    }

    pub(super) fn text(self, stdout: String, stderr: String) -> StateText {
        let Self { on, run, command, status, .. } = self;
        StateText { on, run, command, status, stdout, stderr }
    }
}

/// A text as a part of a file name: small letters, digits and dots are kept, whatever else there is becomes one hyphen; never empty, never long.
pub(super) fn slug(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut slug = String::new();
    for character in text.chars().map(|character| character.to_ascii_lowercase()) {
        let kept = character.is_ascii_lowercase() || character.is_ascii_digit() || (character == '.' && !slug.is_empty());
        if kept {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == LONGEST {
            break;
        }
    }
    let slug = slug.trim_end_matches(['-', '.']);
    if slug.is_empty() { "unnamed".into() } else { slug.into() }
}

/// Names that have been given away in a folder.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// `stem.ending`, or the first of `stem-2.ending`, `stem-3.ending`, … that nobody has.
    pub(super) fn give(&mut self, stem: &str, ending: &str) -> String {
        let numbered = (2..).map(|number: u64| format!("{stem}-{number}.{ending}"));
        let free = std::iter::once(format!("{stem}.{ending}")).chain(numbered).find(|name| !self.0.contains(name));
        let name = free.expect("the numbers do not run out");
        self.0.insert(name.clone());
        name
    }
}
