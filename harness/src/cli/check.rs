//! `cnilab list`, `cnilab plan`, `cnilab check`: what needs no host.

use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::find::{labs_folder, load, names};
use super::output::{data, say};
use crate::plain::pad;
use crate::plan;

/// Lists the labs: name, title, and how much each asserts.
pub(super) fn list() -> Exit {
    let Some(folder) = labs_folder() else {
        say("error: there is no `labs` folder here or above\nhint: set CNILAB_LABS, or go to a folder that has one");
        return Exit::BadInput;
    };
    let mut worst = Exit::Held;
    for name in names(&folder) {
        match load(&folder.join(&name)) {
            Ok(lab) => {
                let line = format!("{} {} ({} scenarios)\n", pad(&name, 20), lab.title, lab.scenarios.len());
                if let Err(exit) = data(&line) {
                    return exit;
                }
            }
            Err(exit) => worst = exit,
        }
    }
    worst
}

/// Prints what a lab would build, capture and assert.
pub(super) fn plan(named: &Path) -> Exit {
    match load(named) {
        Ok(lab) => data(&plan::describe(&plan::draft(lab))).map_or_else(|exit| exit, |_| Exit::Held),
        Err(exit) => exit,
    }
}

/// Checks lab files, all of them, whatever the first ones say.
pub(super) fn check(labs: &[PathBuf]) -> Exit {
    let mut worst = Exit::Held;
    for named in labs {
        match load(named) {
            Ok(lab) => say(&format!("{}: no problems", lab.source.path.display())),
            Err(exit) => worst = exit,
        }
    }
    worst
}
