//! Parts of evidence made by hand, for tests.

use super::{FORMAT, Manifest, StateText};
use crate::name::PlaceName;

/// The manifest of a run in namespaces that came to its end, without a list of what it was to record.
pub(crate) fn manifest(lab: &str) -> Manifest {
    Manifest {
        format: FORMAT,
        run: "r1".to_owned(),
        lab: lab.to_owned(),
        lab_path: "lab.yaml".to_owned(),
        backend: "netns".to_owned(),
        started: 0,
        phases: Vec::new(),
        took: 0,
        others: 0,
        mutation: None,
        cut_short: None,
        lab_sha256: None,
        scenarios: None,
    }
}

/// What a command printed that ended well.
pub(crate) fn printed(on: &str, run: &str, stdout: &str) -> StateText {
    StateText {
        on: PlaceName::new(on),
        run: run.to_owned(),
        command: run.to_owned(),
        status: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}
