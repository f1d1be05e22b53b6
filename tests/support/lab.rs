//! The tests of a lab: one trial per backend.

use std::collections::BTreeMap;

use cnilab::backend::kind::Choices;
use cnilab::run::{ClusterChoices, survey_on_kind};
use libtest_mimic::{Arguments, Conclusion, Failed};

use super::evidence::evidence_folder;
use super::root::root;
use super::run::run;
use super::trial::{netns_able, trial};

/// Runs the tests of `lab`. `unproven` says why its lines have not been held against a cluster of kind, if they have not.
pub(crate) fn lab_main(lab: &'static str, unproven: Option<&'static str>) -> Conclusion {
    let able = unproven.map_or_else(|| kind_able(lab), |why| Err(why.to_owned()));
    let trials = vec![
        trial(lab, "netns", netns_able(), move || holds(lab, "netns")),
        trial(lab, "kind", able, move || holds(lab, "kind")),
        trial(&format!("{lab}, two runs side by side"), "netns", netns_able(), move || agree(lab, "netns")),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials)
}

/// Whether a cluster of kind can be made here for `lab`.
fn kind_able(lab: &str) -> Result<(), String> {
    let recipe_choices = Choices { version: None, images: images(), offline: std::env::var_os("CNILAB_OFFLINE_DIR").map(Into::into) };
    let recipe = root().join("kind-configs").join(lab);
    survey_on_kind(&ClusterChoices { recipe, recipe_choices, ..ClusterChoices::default() }).able
}

/// The images that `CNILAB_SET_IMAGE` puts in place of others, as the binary under test reads it.
fn images() -> BTreeMap<String, String> {
    let list = std::env::var("CNILAB_SET_IMAGE").unwrap_or_default();
    list.split(',').filter_map(|pair| pair.split_once('=')).map(|(old, new)| (old.to_owned(), new.to_owned())).collect()
}

/// Runs `lab` and demands that all of it holds; otherwise the report and the evidence folder are the failure.
fn holds(lab: &str, backend: &str) -> Result<(), Failed> {
    let evidence = evidence_folder(&format!("{lab}-{backend}"));
    let output = run(&["run", lab, "--backend", backend, "--evidence", &evidence.display().to_string()]);
    if output.status.code() == Some(0) {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(Failed::from(format!("{}\n{stdout}{stderr}evidence: {}", output.status, evidence.display())))
}

/// Runs `lab` twice and demands that the runs have no difference that is not explained, and nothing that could not be compared.
fn agree(lab: &str, backend: &str) -> Result<(), Failed> {
    let folders = ["one", "other"].map(|run| evidence_folder(&format!("{lab}-{backend}-{run}")).display().to_string());
    for folder in &folders {
        run(&["run", lab, "--backend", backend, "--evidence", folder]);
    }
    let output = run(&["diff", &folders[0], &folders[1], "-q"]);
    if output.status.code() == Some(0) {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(Failed::from(format!("{}\n{stdout}{stderr}evidence: {}", output.status, folders.join(", "))))
}
