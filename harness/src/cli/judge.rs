//! `cnilab judge`, `cnilab report`: recorded runs.

use std::path::Path;

use super::args::{Format, FormatKind, Judge, Output};
use super::exit::Exit;
use super::find::bad;
use super::open::expect_folder;
use super::output::{can_write, colour, complain, from_here, write};
use crate::report::{self, Style, Verbosity};
use crate::run::{Finished, judge_folder};

/// Judges a recorded run.
pub(super) fn judge(args: &Judge) -> Exit {
    if let Err(exit) = usable(args) {
        return exit;
    }
    match judge_folder(&args.folder) {
        Ok(finished) => match write_reports(&finished, &args.folder, &args.output) {
            Ok(()) => Exit::of_verdict(finished.verdict.exit_code()),
            Err(exit) => exit,
        },
        Err(error) => {
            complain(&error);
            Exit::BadInput
        }
    }
}

/// Reports a recorded run, whatever its verdict.
pub(super) fn report(args: &Judge) -> Exit {
    if let Err(exit) = usable(args) {
        return exit;
    }
    match judge_folder(&args.folder) {
        Ok(finished) => write_reports(&finished, &args.folder, &args.output).map_or_else(|exit| exit, |()| Exit::Held),
        Err(error) => {
            complain(&error);
            Exit::BadInput
        }
    }
}

/// Whether there is a folder to read, and a place for each report.
fn usable(args: &Judge) -> Result<(), Exit> {
    can_write(&args.output.format)?;
    expect_folder(&args.folder).map_err(bad)
}

/// Writes every report that was asked for, each to where it was asked for.
pub(super) fn write_reports(finished: &Finished, folder: &Path, output: &Output) -> Result<(), Exit> {
    write(&output.format, |format| render(finished, folder, output, format))
}

fn render(finished: &Finished, folder: &Path, output: &Output, format: &Format) -> String {
    let about = report::About::of(&finished.evidence, &from_here(folder));
    let verbosity = match (output.quiet, output.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    match format.kind {
        FormatKind::Terminal => {
            report::terminal(&finished.verdict, &about, &Style { colour: format.file.is_none() && colour(), width: None, verbosity })
        }
        FormatKind::Json => report::json(&finished.verdict, &about),
        FormatKind::Junit => report::junit(&finished.verdict, &about),
    }
}
