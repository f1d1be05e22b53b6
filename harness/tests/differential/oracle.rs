//! What the tools print.

#![expect(clippy::disallowed_methods, reason = "runs the tools to compare with")]

use std::io::Write;
use std::process::{Command, Stdio};

use cnilab::packet::Detail;
use libtest_mimic::Failed;

/// The first line of `tool --version`, or why it cannot be had.
pub(crate) fn version(tool: &str) -> Result<String, String> {
    match Command::new(tool).arg("--version").output() {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()),
        Err(error) => Err(format!("{tool} cannot be run: {error}")),
    }
}

/// Runs a tool on `file`, which it gets as its standard input.
pub(crate) fn run(tool: &str, arguments: &[&str], file: &[u8]) -> Result<String, Failed> {
    let mut input = tempfile::tempfile()?;
    input.write_all(file)?;
    std::io::Seek::rewind(&mut input)?;
    let output = Command::new(tool).args(arguments).stdin(Stdio::from(input)).env("LC_ALL", "C").env("TZ", "UTC").output()?;
    if !output.status.success() {
        return Err(format!("{tool} {arguments:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What tcpdump prints of each of the file's `count` packets, without time stamps.
pub(crate) fn tcpdump(file: &[u8], count: usize, detail: Detail) -> Result<Vec<String>, Failed> {
    let mut arguments = vec!["-enn", "-t", "--number", "-r", "-"];
    if detail == Detail::Verbose {
        arguments.push("-v");
    }
    let text = run("tcpdump", &arguments, file)?;
    // The numbers tell where a packet of several lines ends.
    let mut starts = Vec::with_capacity(count + 1);
    let mut from = 0;
    for number in 1..=count {
        let label = format!("{number:5}  ");
        let at = if number == 1 {
            text.starts_with(&label).then_some(0)
        } else {
            text[from..].find(&format!("\n{label}")).map(|at| from + at + 1)
        };
        let at = at.ok_or_else(|| format!("tcpdump did not print packet {number} of {count}"))?;
        starts.push((at, at + label.len()));
        from = at;
    }
    starts.push((text.len(), text.len()));
    Ok(starts.windows(2).map(|pair| text[pair[0].1..pair[1].0].strip_suffix('\n').unwrap_or_default().to_owned()).collect())
}

/// Passes if nothing differs; otherwise shows the first differences.
pub(crate) fn verdict(differences: &[String], of: usize) -> Result<(), Failed> {
    if differences.is_empty() {
        return Ok(());
    }
    let shown = differences.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    Err(format!("{} differences in {of} frames\n{shown}", differences.len()).into())
}
