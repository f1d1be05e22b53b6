//! `cnilab mutate`: a lab that cannot fail proves nothing.

use std::path::{Path, PathBuf};

use super::args::{BackendName, Cluster, Mutate};
use super::exit::Exit;
use super::find::{load, read_text, say_problems};
use super::output::{complain, data, say};
use super::progress::Progress;
use super::run::{absolute, cluster_choices, engine, sees_to, stop_on_signals, this_program};
use crate::backend::kind::Capture;
use crate::lab::{self, HarnessFault, Lab, Mutation, Victim};
use crate::run::{Breakage, Finished, Request, RunError, Stopper, conduct, conduct_all_on_kind, new_run, noticed, scenarios_of};

/// Runs the mutations of a lab, one after another.
pub(super) fn mutate(args: &Mutate) -> Exit {
    try_mutate(args).unwrap_or_else(|exit| exit)
}

fn try_mutate(args: &Mutate) -> Result<Exit, Exit> {
    sees_to(args.backend, &args.cluster)?;
    let lab = load(&args.lab)?;
    let mutations = all(&lab)?;
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|glob| lab::matches_glob(glob, name));
    let (mut chosen, mut left_out) = (Vec::new(), 0);
    let victim = if args.backend == BackendName::Kind { Victim::LastingCluster } else { Victim::Namespaces };
    for mutation in mutations.iter().filter(|mutation| wanted(&mutation.name)) {
        match fits(mutation, victim, &args.cluster) {
            Ok(()) => chosen.push((mutation, request(&lab, mutation, args)?)),
            Err(why) => {
                data(&format!("left out   {:<28} {why}\n", mutation.name));
                left_out += 1;
            }
        }
    }
    if chosen.is_empty() {
        if left_out == 0 {
            say(&format!("error: {} has no mutation of that name", lab.name));
            return Err(Exit::BadInput);
        }
        return Err(Exit::HostCannot);
    }
    let stopper = stop_on_signals()?;
    let worst = match args.backend {
        BackendName::Kind => on_kind(&lab, &chosen, args, &stopper)?,
        _ => in_namespaces(&chosen, args, &stopper)?,
    };
    if stopper.asked() { Err(Exit::Interrupted) } else { Ok(worst) }
}

/// Each mutation in a lab of its own.
fn in_namespaces(chosen: &[(&Mutation, Request)], args: &Mutate, stopper: &Stopper) -> Result<Exit, Exit> {
    let exe = this_program()?;
    let mut worst = Exit::Held;
    for (mutation, request) in chosen {
        if stopper.asked() {
            break;
        }
        worst = worst.max(tell(mutation, request, conduct(&exe, request, stopper, |_, _| ()), args));
    }
    Ok(worst)
}

/// All mutations on one cluster, each taken back before the next.
fn on_kind(lab: &Lab, chosen: &[(&Mutation, Request)], args: &Mutate, stopper: &Stopper) -> Result<Exit, Exit> {
    let requests: Vec<Request> = chosen.iter().map(|(_, request)| request.clone()).collect();
    let choices = cluster_choices(lab, &args.cluster)?;
    let mut progress = Progress::new(false);
    let mut worst = Exit::Held;
    let mut told = 0;
    let conducted = conduct_all_on_kind(
        &requests,
        &choices,
        stopper,
        move |event| progress.show(event, std::process::id()),
        |request, finished| {
            told += 1;
            let mutation = chosen.iter().find(|(_, own)| own.run == request.run);
            worst = worst.max(mutation.map_or(Exit::Fault, |(mutation, _)| tell(mutation, request, finished, args)));
        },
    );
    let current = requests.get(told).or(requests.last()).map_or(Path::new(""), |request| &request.evidence);
    conducted.map_err(|error| super::run::fail(&error, current))?;
    if told < chosen.len() {
        say(&format!("note: {} mutations after it were not carried out", chosen.len() - told));
    }
    Ok(worst)
}

/// Tells what noticed a mutation, and what that comes to.
fn tell(mutation: &Mutation, request: &Request, finished: Result<Finished, RunError>, args: &Mutate) -> Exit {
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => {
            data(&format!("failed     {}\n", mutation.name));
            complain(&error);
            return Exit::Fault;
        }
    };
    match noticed(mutation, &finished.verdict) {
        Ok(by) => {
            data(&format!("noticed    {:<28} {by}\n", mutation.name));
            if args.evidence.is_none() {
                // Of no further use: the table says what there was to say.
                let _ = std::fs::remove_dir_all(&request.evidence);
            }
            Exit::Held
        }
        Err(why) => {
            let (name, does, evidence) = (&mutation.name, &mutation.does, request.evidence.display());
            data(&format!("UNNOTICED  {name:<28} {why}\n           {does}; evidence in {evidence}\n"));
            Exit::Broken
        }
    }
}

fn request(lab: &Lab, mutation: &Mutation, args: &Mutate) -> Result<Request, Exit> {
    let run = format!("{}-{}", new_run(), mutation.name);
    let folder = args.evidence.as_deref().unwrap_or(Path::new("evidence")).join(format!("{}-{run}", lab.name));
    Ok(Request {
        lab: lab.name.clone(),
        lab_path: lab.source.path.clone(),
        lab_text: lab.source.text.clone(),
        backend: args.backend.text().to_owned(),
        run,
        evidence: absolute(&folder)?,
        scenarios: scenarios_of(mutation, lab),
        snap_length: 256,
        engine: engine(&args.cluster),
        breakage: Some(Breakage::of(mutation)),
        mend: args.backend == BackendName::Kind,
        keep: false,
    })
}

/// Whether a mutation can be done to such a lab, with these captures.
pub(super) fn fits(mutation: &Mutation, victim: Victim, cluster: &Cluster) -> Result<(), &'static str> {
    if cluster.capture == Capture::Tcpdump && mutation.harness.as_ref().is_some_and(HarnessFault::in_captures) {
        return Err("it is done to our own captures, and tcpdump captures");
    }
    mutation.fits(victim)
}

/// The mutation of `lab` that was named.
pub(super) fn find(lab: &Lab, name: &str) -> Result<Mutation, Exit> {
    let mutations = all(lab)?;
    let names: Vec<_> = mutations.iter().map(|mutation| mutation.name.as_str()).collect();
    mutations.iter().find(|mutation| mutation.name == name).cloned().ok_or_else(|| {
        say(&format!("error: {} has no mutation `{name}`\nhint: there are {}", lab.name, names.join(", ")));
        Exit::BadInput
    })
}

/// The mutations beside `lab`.
fn all(lab: &Lab) -> Result<Vec<Mutation>, Exit> {
    let file: PathBuf = lab.source.path.with_file_name("mutations.yaml");
    let text = read_text(&file).map_err(|message| {
        say(&format!("error: {message}"));
        Exit::BadInput
    })?;
    lab::mutations(&file, &text, lab).map_err(|problems| {
        say_problems(&problems);
        Exit::BadInput
    })
}
