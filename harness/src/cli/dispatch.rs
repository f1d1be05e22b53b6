//! From arguments to the command that was asked for.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use super::args::{Cli, Command};
use super::exit::Exit;
use super::{check, diff, doctor, judge, mutate, nettool, output, run, show, sweep};

/// Runs `cnilab` with this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => return output::usage(&said).into(),
    };
    match cli.command {
        Command::Run(args) => run::run(&args).into(),
        Command::Judge(args) => judge::judge(&args).into(),
        Command::Report(args) => judge::report(&args).into(),
        Command::Diff(args) => diff::diff(&args).into(),
        Command::Mutate(args) => mutate::mutate(&args).into(),
        Command::Sweep { list } => sweep::sweep(list).into(),
        Command::List => check::list().into(),
        Command::Plan { lab } => check::plan(&lab).into(),
        Command::Check { labs } => check::check(&labs).into(),
        Command::Show(args) => show::show(&args).into(),
        Command::Doctor(args) => doctor::doctor(&args).into(),
        Command::Schema => print(&crate::lab::schema()).into(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "cnilab", &mut script);
            print(&String::from_utf8_lossy(&script)).into()
        }
        Command::Nettool(tool) => nettool::nettool(tool).into(),
        Command::Enclosed { inner } => crate::run::enclosed(inner),
    }
}

fn print(text: &str) -> Exit {
    output::as_it_is(text).map_or_else(|exit| exit, |_| Exit::Held)
}
