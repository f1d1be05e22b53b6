//! Runs of the binary under test.

#![expect(clippy::disallowed_methods, reason = "runs the binary under test")]

use std::process::{Command, Output};

use super::root::root;
use super::trial::cnilab;

/// Runs `cnilab` in the repository.
pub(crate) fn run(args: &[&str]) -> Output {
    Command::new(cnilab()).current_dir(root()).args(args).output().expect("cnilab starts")
}
