//! The tests of a lab: one trial per backend.

use libtest_mimic::{Arguments, Conclusion, Failed};

use super::evidence::evidence_folder;
use super::kind_able::kind_able;
use super::long::long;
use super::netns_able::netns_able;
use super::run::run;
use super::trial::{skipped, trial};

/// Runs the tests of `lab`. `unproven` says why its lines have not been held against a cluster of kind, if they have not.
pub(crate) fn lab_main(lab: &'static str, unproven: Option<&'static str>) -> Conclusion {
    let on_kind = format!("{lab}, and as it holds in namespaces");
    let trials = vec![
        trial(lab, "netns", netns_able(lab), move || holds(lab, "netns").map(drop)),
        match unproven {
            Some(why) => skipped(&on_kind, "kind", why),
            None => long(&on_kind, "kind", kind_able(lab), move || holds(lab, "kind").and_then(|kind| as_embedded(lab, &kind))),
        },
        trial(&format!("{lab}, two runs side by side"), "netns", netns_able(lab), move || agree(lab, "netns")),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials)
}

/// Runs `lab` and demands that all of it holds; otherwise the report and the evidence folder are the failure. Returns that folder.
fn holds(lab: &str, backend: &str) -> Result<String, Failed> {
    let evidence = evidence_folder(&format!("{lab}-{backend}")).display().to_string();
    well(&["run", lab, "--backend", backend, "--evidence", &evidence], &evidence)?;
    Ok(evidence)
}

/// Runs `cnilab` and demands that it exits with 0; otherwise what it said is the failure.
fn well(args: &[&str], evidence: &str) -> Result<(), Failed> {
    let output = run(args);
    if output.status.code() == Some(0) {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(Failed::from(format!("{}\n{stdout}{stderr}evidence: {evidence}", output.status)))
}

/// Demands that a run on a real cluster and one in namespaces have no difference that is not explained.
fn as_embedded(lab: &str, kind: &str) -> Result<(), Failed> {
    let netns = evidence_folder(&format!("{lab}-beside-kind")).display().to_string();
    well(&["run", lab, "--evidence", &netns], &netns)?;
    well(&["diff", kind, &netns, "-q"], kind)
}

/// Runs `lab` twice and demands that the runs have no difference that is not explained, and nothing that could not be compared.
fn agree(lab: &str, backend: &str) -> Result<(), Failed> {
    let folders = ["one", "other"].map(|run| evidence_folder(&format!("{lab}-{backend}-{run}")).display().to_string());
    for folder in &folders {
        run(&["run", lab, "--backend", backend, "--evidence", folder]);
    }
    well(&["diff", &folders[0], &folders[1], "-q"], &folders.join(", "))
}
