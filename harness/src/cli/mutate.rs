//! `cnilab mutate`: a lab that cannot fail proves nothing.

use std::path::{Path, PathBuf};

use super::args::Mutate;
use super::exit::Exit;
use super::find::{load, read_text, say_problems};
use super::output::{complain, data, say};
use super::run::{stop_on_signals, this_program};
use crate::capture::Engine;
use crate::lab::{self, Lab, Mutation};
use crate::run::{Breakage, Request, Stopper, conduct, new_run, noticed, scenarios_of};

/// Runs the mutations of a lab, one after another.
pub(super) fn mutate(args: &Mutate) -> Exit {
    try_mutate(args).unwrap_or_else(|exit| exit)
}

fn try_mutate(args: &Mutate) -> Result<Exit, Exit> {
    let lab = load(&args.lab)?;
    let mutations = all(&lab)?;
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|glob| lab::matches_glob(glob, name));
    let chosen: Vec<_> = mutations.iter().filter(|mutation| wanted(&mutation.name)).collect();
    if chosen.is_empty() {
        say(&format!("error: {} has no mutation of that name", lab.name));
        return Err(Exit::BadInput);
    }
    let exe = this_program()?;
    let stopper = stop_on_signals()?;
    let mut worst = Exit::Held;
    for mutation in chosen {
        let folder = args.evidence.clone().unwrap_or_else(|| PathBuf::from("evidence"));
        let folder = folder.join(format!("{}-{}-{}", lab.name, mutation.name, new_run()));
        match one(&lab, mutation, &folder, &exe, &stopper) {
            Ok(noticed_by) => {
                data(&format!("noticed    {:<28} {noticed_by}\n", mutation.name));
                if args.evidence.is_none() {
                    // Of no further use: the table says what there was to say.
                    let _ = std::fs::remove_dir_all(&folder);
                }
            }
            Err(exit) => worst = exit,
        }
        if stopper.asked() {
            return Err(Exit::Interrupted);
        }
    }
    Ok(worst)
}

/// Runs one mutation; `Ok` says what noticed it.
fn one(lab: &Lab, mutation: &Mutation, folder: &Path, exe: &Path, stopper: &Stopper) -> Result<String, Exit> {
    let request = Request {
        lab: lab.name.clone(),
        lab_path: lab.source.path.clone(),
        lab_text: lab.source.text.clone(),
        backend: "netns".to_owned(),
        run: new_run(),
        evidence: std::path::absolute(folder).map_err(|_| Exit::BadInput)?,
        scenarios: scenarios_of(mutation, lab),
        snap_length: 256,
        engine: Engine::default(),
        breakage: Some(Breakage::of(mutation)),
        keep: false,
    };
    let finished = conduct(exe, &request, stopper, |_, _| ()).map_err(|error| {
        data(&format!("failed     {}\n", mutation.name));
        complain(&error);
        Exit::Fault
    })?;
    noticed(mutation, &finished.verdict).map_err(|why| {
        data(&format!("UNNOTICED  {:<28} {why}\n           {}; evidence in {}\n", mutation.name, mutation.does, folder.display()));
        Exit::Broken
    })
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
    let file = lab.source.path.with_file_name("mutations.yaml");
    let text = read_text(&file).map_err(|message| {
        say(&format!("error: {message}"));
        Exit::BadInput
    })?;
    lab::mutations(&file, &text, lab).map_err(|problems| {
        say_problems(&problems);
        Exit::BadInput
    })
}
