//! `cnilab run`.

use std::path::{Path, PathBuf};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::args::{BackendName, Run};
use super::exit::Exit;
use super::find::load;
use super::judge::write_reports;
use super::output::{complain, say};
use super::progress::Progress;
use crate::lab::{Lab, matches_glob};
use crate::run::{Breakage, Request, RunError, Stopper, conduct, new_run};

/// Runs a lab and reports the verdict.
pub(super) fn run(args: &Run) -> Exit {
    match try_run(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_run(args: &Run) -> Result<Exit, Exit> {
    if args.backend != BackendName::Netns {
        let name = if args.backend == BackendName::Kind { "kind" } else { "cluster" };
        say(&format!("error: the backend {name} is not in this build\nhint: --backend netns builds the same lab in network namespaces"));
        return Err(Exit::HostCannot);
    }
    let lab = load(&args.lab)?;
    let scenarios = chosen(&lab, &args.scenario)?;
    let breakage = args.mutate.as_deref().map(|name| super::mutate::find(&lab, name)).transpose()?;
    let request = request(&lab, scenarios, args.evidence.as_deref(), breakage.as_ref().map(Breakage::of), args)?;
    let stopper = stop_on_signals()?;
    let mut progress = Progress::new(args.output.quiet);
    match conduct(&this_program()?, &request, &stopper, |event, pid| progress.show(event, pid)) {
        Ok(finished) => {
            write_reports(&finished, &request.evidence, &args.output)?;
            Ok(Exit::of_verdict(finished.verdict.exit_code()))
        }
        Err(error) => Err(fail(&error, &request.evidence)),
    }
}

/// Says why there is no verdict.
fn fail(error: &RunError, evidence: &Path) -> Exit {
    complain(error);
    match error {
        RunError::Interrupted { .. } => Exit::Interrupted,
        RunError::EndedEarly { .. } => Exit::Fault,
        _ if error.host_cannot() => {
            say("hint: `cnilab doctor` says what this host can prove and what it cannot");
            Exit::HostCannot
        }
        _ => {
            if evidence.join("manifest.json").is_file() {
                say(&format!("what was recorded is in {}", evidence.display()));
            }
            Exit::Fault
        }
    }
}

/// The names of the scenarios that `globs` choose; all of them if there is none.
fn chosen(lab: &Lab, globs: &[String]) -> Result<Vec<String>, Exit> {
    let names: Vec<_> = lab.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let chosen: Vec<_> =
        names.iter().filter(|name| globs.is_empty() || globs.iter().any(|glob| matches_glob(glob, name))).cloned().collect();
    if chosen.is_empty() {
        say(&format!("error: no scenario of {} matches\nhint: there are: {}", lab.name, names.join(" · ")));
        return Err(Exit::BadInput);
    }
    Ok(chosen)
}

fn request(lab: &Lab, scenarios: Vec<String>, evidence: Option<&Path>, breakage: Option<Breakage>, args: &Run) -> Result<Request, Exit> {
    let run = new_run();
    let folder = evidence.map_or_else(|| PathBuf::from(format!("evidence/{}-{run}", lab.name)), Path::to_owned);
    let evidence = std::path::absolute(&folder).map_err(|error| {
        say(&format!("error: cannot use {} as the evidence folder: {error}", folder.display()));
        Exit::BadInput
    })?;
    Ok(Request {
        lab_path: lab.source.path.clone(),
        lab_text: lab.source.text.clone(),
        run,
        evidence,
        scenarios,
        snap_length: args.snaplen,
        breakage,
        keep: args.keep,
    })
}

/// This very program, which the enclosed process is an instance of.
pub(super) fn this_program() -> Result<PathBuf, Exit> {
    std::env::current_exe().map_err(|error| {
        say(&format!("error: cannot find this program itself: {error}"));
        Exit::Fault
    })
}

/// A stopper that SIGINT and SIGTERM pull; the second one ends this process at once, and the lab with it.
pub(super) fn stop_on_signals() -> Result<Stopper, Exit> {
    let stopper = Stopper::default();
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| {
        say(&format!("error: cannot listen to signals: {error}"));
        Exit::Fault
    })?;
    let pulled = stopper.clone();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if pulled.asked() {
                std::process::exit(Exit::Interrupted as i32);
            }
            pulled.stop();
        }
    });
    Ok(stopper)
}
