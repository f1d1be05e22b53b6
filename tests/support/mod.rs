//! What the lab tests share: one trial per lab and backend.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cnilab::backend::netns::enclosure::Outer;
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}

/// The `cnilab` binary under test.
pub fn cnilab() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cnilab"))
}

/// Runs `cnilab` in the repository.
pub fn run(args: &[&str]) -> Output {
    Command::new(cnilab()).current_dir(root()).args(args).output().expect("cnilab starts")
}

/// A folder for evidence below the build's own temporary folder, fresh.
pub fn evidence_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evidence").join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Whether `CNILAB_REQUIRE` (a list with commas) names `backend`.
pub fn required(backend: &str) -> bool {
    std::env::var("CNILAB_REQUIRE").is_ok_and(|list| list.split(',').any(|name| name.trim() == backend))
}

/// A trial that needs `backend`: run where `able`, ignored with the reason in its name where not, failed where it is required nevertheless.
pub fn trial(
    name: &str,
    backend: &'static str,
    able: Result<(), String>,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    match able {
        Ok(()) => Trial::test(format!("{name} [{backend}]"), test),
        Err(why) if required(backend) => Trial::test(format!("{name} [{backend}]"), move || {
            Err(Failed::from(format!("Fault: CNILAB_REQUIRE demands the backend {backend}, but {why}")))
        }),
        Err(why) => Trial::test(format!("{name} [{backend}] (skipped: {why})"), || Ok(())).with_ignored_flag(true),
    }
}

/// Whether the embedded backend can run here.
pub fn netns_able() -> Result<(), String> {
    Outer::survey(cnilab()).map_err(|error| error.to_string())?.able
}

/// The tests of a lab: one trial per backend.
pub fn lab_main(lab: &'static str) -> Conclusion {
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
