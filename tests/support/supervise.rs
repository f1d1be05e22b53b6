//! Nothing that trials make outlives them: whatever becomes of the process that runs them, another one takes their clusters away.

#![expect(clippy::disallowed_methods, reason = "starts this very program again")]

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cnilab::backend::kind::sweep;
use cnilab::wait::{Look, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What this process is for, as the first one tells the others.
const PART: &str = "CNILAB_TEST_PART";

/// No run that is interrupted takes longer to take its cluster away.
const PATIENCE: Duration = Duration::from_mins(3);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs `trials` in a process of their own, which notes its clusters where nobody else does; then takes away all that are noted there.
pub(crate) fn supervised(trials: impl FnOnce() -> ExitCode) -> ExitCode {
    match std::env::var(PART).as_deref() {
        Ok("trials") => return trials(),
        Ok("sweep") => return take_away(),
        _ => {}
    }
    let state = tempfile::tempdir().expect("a folder can be made");
    let mut signals = Signals::new([SIGINT, SIGTERM]).expect("signals can be listened to");
    let mut worker = part("trials", state.path()).args(std::env::args_os().skip(1)).spawn().expect("this program starts");
    let pid = Pid::from_raw(i32::try_from(worker.id()).expect("a pid"));
    std::thread::spawn(move || {
        for _ in signals.forever() {
            INTERRUPTED.store(true, Ordering::SeqCst);
            // It is gone already if the terminal interrupted all of us.
            let _ = kill(pid, Signal::SIGINT);
        }
    });
    let ended = worker.wait().expect("it was started");
    let swept = part("sweep", state.path()).status().expect("this program starts");
    match ended.code() {
        _ if INTERRUPTED.load(Ordering::SeqCst) => ExitCode::from(130),
        Some(0) if swept.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn part(part: &str, state: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(PART, part).env("XDG_STATE_HOME", state);
    command
}

/// Takes away every cluster that is noted here, once the run that has it is over.
#[expect(clippy::print_stderr, reason = "says what had to be taken away")]
fn take_away() -> ExitCode {
    let state = std::env::var("XDG_STATE_HOME").expect("the first process sets it");
    let folder = Path::new(&state).join("cnilab/clusters");
    let noted = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let names = noted.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| !name.starts_with('.'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut left = false;
    for cluster in names {
        let what = format!("{cluster} gone");
        let gone = until(&what, PATIENCE, Duration::from_millis(500), async || match sweep(&cluster).await {
            Ok(()) => Look::Done(()),
            // Its own run was quicker.
            Err(_) if !folder.join(&cluster).exists() => Look::Done(()),
            Err(error) => Look::NotYet(error.to_string()),
        });
        let gone = runtime.block_on(gone);
        eprintln!("after the trials: {}", gone.as_ref().map_or_else(ToString::to_string, |()| format!("{cluster} taken away")));
        left |= gone.is_err();
    }
    ExitCode::from(u8::from(left))
}
