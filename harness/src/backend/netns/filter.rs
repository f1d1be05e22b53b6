//! Programming a node's packet filter through `iptables-restore`, so that `iptables-save` prints what the documents print.

use std::io::{self, ErrorKind, Write as _};
use std::os::fd::BorrowedFd;
use std::process::{Command, Output, Stdio};

use crate::backend::UpError;
use crate::name::PlaceName;
use crate::place::meanwhile_in_netns;

/// The program; which of the kernel's two packet filters it is for is the host's choice, and `iptables-save` has made the same one.
const PROGRAM: &str = "iptables-restore";

/// Adds to what there is, and waits for others that hold the lock of the older variant, which all network namespaces share.
const ARGUMENTS: [&str; 3] = ["--noflush", "--wait", "10"];

/// Gives `lines`, tables and all, to the packet filter of the namespace `netns`.
///
/// # Errors
/// The program is missing, or did not take the lines.
pub(super) async fn program(node: &PlaceName, netns: BorrowedFd<'_>, lines: Vec<String>) -> Result<(), UpError> {
    if lines.is_empty() {
        return Ok(());
    }
    let failed = |why: String, missing| UpError::Filter { node: node.clone(), why, missing };
    let ran = meanwhile_in_netns(netns, move || restore(&lines)).await.and_then(|ran| ran);
    let output = ran.map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed(format!("`{PROGRAM}` is not there (apt-get install iptables)"), true),
        _ => failed(format!("`{PROGRAM}` cannot be run: {error}"), false),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("`{PROGRAM}` said: {}", said.trim().replace('\n', "; ")), false))
}

/// Runs the program in the namespaces that this thread is in.
#[expect(clippy::disallowed_methods, reason = "a backend programs the packet filter of its nodes")]
fn restore(lines: &[String]) -> io::Result<Output> {
    let mut command = Command::new(PROGRAM);
    command.args(ARGUMENTS).env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all((lines.join("\n") + "\n").as_bytes()));
    let output = child.wait_with_output()?;
    // A program that refuses a line may not have read the rest; then what it says counts.
    if output.status.success() {
        written?;
    }
    Ok(output)
}
