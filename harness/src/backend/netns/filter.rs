//! Programming a node's packet filter through `iptables-restore`, so that `iptables-save` prints what the documents print.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::backend::UpError;
use crate::backend::blame::host;
use crate::fault::{Blame, in_words};
use crate::name::PlaceName;
use crate::place::{self, Bounds, Cmd, CommandError};

/// The program; which of the kernel's two packet filters it is for is the host's choice, and `iptables-save` has made the same one.
const PROGRAM: &str = "iptables-restore";

/// Adds to what there is, and waits for others that hold the lock of the older variant, which all network namespaces share.
const ARGUMENTS: [&str; 3] = ["--noflush", "--wait", "10"];

/// How long that may take, the wait included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Gives `lines`, tables and all, to the packet filter of the namespace `netns`.
///
/// # Errors
/// The program is missing, or did not take the lines.
pub(super) async fn program(node: &PlaceName, netns: BorrowedFd<'_>, lines: Vec<String>) -> Result<(), UpError> {
    if lines.is_empty() {
        return Ok(());
    }
    let failed = |why: String, blame| UpError::Filter { node: node.clone(), why, blame };
    let bounds = Bounds { deadline: PATIENCE, ..Bounds::default() };
    let ran = place::run(netns, || Ok(()), &Cmd::new(PROGRAM, ARGUMENTS), (lines.join("\n") + "\n").as_bytes(), bounds).await;
    match ran {
        Ok(output) if output.status == 0 => Ok(()),
        Ok(output) => {
            let said = output.stderr.trim().replace('\n', "; ");
            Err(failed(format!("`{PROGRAM}` said: {said}"), whose(&said)))
        }
        Err(CommandError::Missing { program }) => Err(failed(format!("`{program}` is not there"), host("apt-get install iptables"))),
        Err(error) => Err(failed(format!("`{PROGRAM}`: {}", in_words(&error)), Blame::Harness)),
    }
}

/// Whose doing it is that the rules were not taken (`iptables/xshared.c`, `libiptc/libiptc.c`: what they say where the kernel is to blame).
fn whose(said: &str) -> Blame {
    let of_kernel = ["Permission denied", "Operation not permitted", "do you need to insmod", "not supported"];
    if of_kernel.iter().any(|words| said.contains(words)) {
        host("a kernel with iptables' tables nat and filter, and CAP_NET_ADMIN; `cnilab doctor` says what can be proven here")
    } else {
        Blame::Harness
    }
}
