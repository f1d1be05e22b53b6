//! cli.
use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
enum Command {
    #[command(subcommand, hide = true)]
    Nettool(crate::nettool::Tool),
}

/// Runs the command.
pub fn main() -> ExitCode {
    let Command::Nettool(tool) = Command::parse();
    match crate::nettool::run(tool) {
        Ok(text) => {
            #[expect(clippy::print_stdout, reason = "a command line")]
            {
                print!("{text}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a command line")]
            {
                eprintln!("error: {error}: {}", error.source);
            }
            ExitCode::FAILURE
        }
    }
}
