//! `cnilab diff`: two recorded runs of one lab.

use super::args::{Diff, Format, FormatKind};
use super::exit::Exit;
use super::find::bad;
use super::open::expect_folder;
use super::output::{can_write, colour, complain, from_here, say, write};
use crate::report::{self, About, Style, Verbosity};
use crate::run::{Compared, RunError, compare_folders};

/// Holds two recorded runs against each other.
pub(super) fn diff(args: &Diff) -> Exit {
    let folders = [&args.one, &args.other].into_iter().try_for_each(|folder| expect_folder(folder).map_err(bad));
    if let Err(exit) = can_write(&args.format).and(folders) {
        return exit;
    }
    match compare_folders(&args.one, &args.other) {
        Ok(compared) => match write(&args.format, |format| render(&compared, args, format)) {
            Ok(()) => Exit::of_verdict(compared.diff.exit_code()),
            Err(exit) => exit,
        },
        Err(error) => {
            complain(&error);
            say(hint(&error));
            Exit::BadInput
        }
    }
}

fn hint(error: &RunError) -> &'static str {
    match error {
        RunError::Diff(_) => "hint: give two runs of one lab; `lab` in each folder's manifest.json says of which it is",
        _ => "hint: give two evidence folders; `cnilab run` says at its end where it left one",
    }
}

fn render(compared: &Compared, args: &Diff, format: &Format) -> String {
    let [one, other] = &compared.evidence;
    let abouts = [About::of(one, &from_here(&args.one)), About::of(other, &from_here(&args.other))];
    let abouts = [&abouts[0], &abouts[1]];
    let verbosity = match (args.quiet, args.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    match format.kind {
        FormatKind::Json => report::diff_json(&compared.diff, abouts),
        // JUnit is refused with the arguments.
        FormatKind::Terminal | FormatKind::Junit => {
            let style = Style { colour: format.file.is_none() && colour(), width: None, verbosity };
            report::terminal_diff(&compared.diff, abouts, &style)
        }
    }
}
