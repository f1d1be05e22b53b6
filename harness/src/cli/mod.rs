//! The command line: arguments, progress, exit codes.
//!
//! In: arguments. Out: data on standard output, talk on standard error, an exit code.
//! Never: knows how a lab is built or judged.

mod args;
mod check;
mod diff;
mod dispatch;
mod doctor;
mod exit;
mod find;
mod judge;
mod mutate;
mod nettool;
mod open;
mod output;
mod progress;
mod run;
mod show;
mod sweep;

pub use dispatch::main;
