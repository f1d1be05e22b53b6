//! The tests of a lab: one trial per backend.

use libtest_mimic::{Arguments, Conclusion, Failed};

use super::evidence::evidence_folder;
use super::run::run;
use super::trial::{netns_able, trial};

/// Runs the tests of `lab`.
pub(crate) fn lab_main(lab: &'static str) -> Conclusion {
    let not_built = || Err("not in this build".to_owned());
    let trials = vec![
        trial(lab, "netns", netns_able(), move || holds(lab)),
        trial(lab, "kind", not_built(), move || Err(Failed::from("not in this build"))),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials)
}

/// Runs `lab` and demands that all of it holds; otherwise the report and the evidence folder are the failure.
fn holds(lab: &str) -> Result<(), Failed> {
    let evidence = evidence_folder(lab);
    let output = run(&["run", lab, "--evidence", &evidence.display().to_string()]);
    if output.status.code() == Some(0) {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(Failed::from(format!("{}\n{stdout}{stderr}evidence: {}", output.status, evidence.display())))
}
