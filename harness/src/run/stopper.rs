//! Ending a run from outside: a signal, a deadline.

use std::process::ChildStdin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Ends a run from another thread. Clones end the same run.
#[derive(Clone, Debug, Default)]
pub struct Stopper(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The enclosed process, while it is known to run.
    child: Option<Pid>,
    /// Its standard input, while the lab is kept: closing it takes the lab down in good order.
    kept: Option<ChildStdin>,
    /// Somebody wanted the run to end before it was over.
    asked: bool,
}

impl Stopper {
    /// Ends the run: a kept lab is told to come down; otherwise the enclosed process is killed, and the lab is gone with it.
    pub fn stop(&self) {
        let mut state = self.state();
        if state.kept.take().is_some() {
            return;
        }
        state.asked = true;
        if let Some(child) = state.child {
            // Gone already: nothing to end.
            let _ = kill(child, Signal::SIGKILL);
        }
    }

    /// Whether the run was ended before it was over.
    pub fn asked(&self) -> bool {
        self.state().asked
    }

    /// From now on `child` is the process to end.
    pub(super) fn watch(&self, child: u32) {
        let mut state = self.state();
        state.child = i32::try_from(child).ok().map(Pid::from_raw);
        if let (true, Some(child)) = (state.asked, state.child) {
            let _ = kill(child, Signal::SIGKILL);
        }
    }

    /// The lab stays up until [`Stopper::stop`].
    pub(super) fn keep(&self, input: Option<ChildStdin>) {
        self.state().kept = input;
    }

    /// The process is about to be reaped: its pid must not be used any more.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.child = None;
        state.kept = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
