//! Commands of this host, run in a network namespace, to an end that comes for sure.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::netns::meanwhile_in_netns;
use super::tools::{find_program, search_path};
use super::{Cmd, CommandError, Output};

/// How much of a command is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// When it must be over, with all that it started and that holds its output.
    pub deadline: Duration,
    /// How much it may print on either stream, in bytes.
    pub output: usize,
}

impl Default for Bounds {
    /// Ten seconds and 1 MiB: what looks at a lab's state needs milliseconds, and prints some lines.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), output: 1 << 20 }
    }
}

/// How long a killed process may take to be gone until nobody waits for it any more; the kernel holds some in a system call.
const GONE: Duration = Duration::from_secs(1);

/// Runs a command of this host in the network namespace `netns`, and gives it `input`. `prepare` is called first, on the thread that the command
/// inherits its namespaces from.
///
/// Whatever becomes of it, its whole process group is gone when this returns, and also when nobody waits for this any more.
///
/// # Errors
/// See [`CommandError`]; a non-zero exit is an [`Output`].
pub async fn run(
    netns: BorrowedFd<'_>,
    prepare: impl FnOnce() -> io::Result<()> + Send + 'static,
    cmd: &Cmd,
    input: &[u8],
    bounds: Bounds,
) -> Result<Output, CommandError> {
    let mut command = command(cmd)?;
    let runtime = tokio::runtime::Handle::current();
    let spawn = move || {
        prepare().map_err(CommandError::Enter)?;
        let _entered = runtime.enter();
        command.spawn().map_err(CommandError::Start)
    };
    let child = meanwhile_in_netns(netns, spawn).await.map_err(CommandError::Enter)??;
    finish(child, input, bounds).await
}

/// A command that leads a process group of its own: an interrupt from the terminal is for us, and what it starts ends with it.
fn command(cmd: &Cmd) -> Result<Command, CommandError> {
    let program = find_program(&cmd.program).ok_or_else(|| CommandError::Missing { program: cmd.program.clone() })?;
    #[expect(clippy::disallowed_methods, reason = "this is how places run commands of this host")]
    let mut command = std::process::Command::new(program);
    // Tools speak the documents' language, whatever the user's is.
    command.args(&cmd.args).env("LC_ALL", "C").env("PATH", search_path(std::env::var_os("PATH")));
    let mut command = Command::from(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    Ok(command)
}

/// Waits for a child, the leader of its process group, as [`run`] does.
///
/// # Errors
/// As [`run`].
pub async fn finish(mut child: Child, input: &[u8], bounds: Bounds) -> Result<Output, CommandError> {
    let group = Group::of(&child);
    let ended = match timeout(bounds.deadline, talk(&mut child, input, bounds.output)).await {
        Ok(ended) => ended,
        Err(_) if matches!(child.try_wait(), Ok(Some(_))) => Err(CommandError::Held(bounds.deadline)),
        Err(_) => Err(CommandError::Late(bounds.deadline)),
    };
    let killed = group.kill();
    if let (Ok(_), Some(group)) = (timeout(GONE, child.wait()).await, killed) {
        let _ = timeout(GONE, reap(group)).await;
    }
    ended
}

/// All that a child says, and how it ends.
async fn talk(child: &mut Child, input: &[u8], most: usize) -> Result<Output, CommandError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        // A command may end without having read it all; then what it says counts.
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let ((), stdout, stderr) = tokio::try_join!(write, read(stdout, most), read(stderr, most))?;
    let status = child.wait().await.map_err(CommandError::Lost)?;
    Ok(Output { status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()), stdout, stderr })
}

/// A text to its end, if that comes before there is too much of it.
async fn read(from: Option<impl AsyncRead + Unpin>, most: usize) -> Result<String, CommandError> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // One byte more tells whether there is more.
        let most_and_one = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        from.take(most_and_one).read_to_end(&mut bytes).await.map_err(CommandError::Lost)?;
    }
    if bytes.len() > most { Err(CommandError::TooMuch(most)) } else { Ok(String::from_utf8_lossy(&bytes).into_owned()) }
}

/// A process group that is ended with this.
struct Group(Option<Pid>);

impl Group {
    fn of(leader: &Child) -> Self {
        Self(leader.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw))
    }

    /// Kills whatever is left of it; which group that was, if anything was. Its number is nobody else's while any of it is left.
    fn kill(&self) -> Option<Pid> {
        self.0.filter(|group| killpg(*group, Signal::SIGKILL).is_ok())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for the orphans of a group that was killed, on a thread: they are ours if this is the first process of a pid namespace.
async fn reap(group: Pid) {
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let wait = move || {
        while waitpid(Pid::from_raw(-group.as_raw()), None).is_ok() {}
        drop(tell);
    };
    // Without the thread they are gone with this process.
    if std::thread::Builder::new().name("reap".into()).spawn(wait).is_ok() {
        // That the thread is through is all there is to be told.
        let _ = told.await;
    }
}

#[cfg(test)]
mod tests;
