//! Entering network namespaces.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::resume_unwind;
use std::thread;

use nix::sched::{CloneFlags, setns};

/// Runs `f` to its end on a fresh thread that has entered the network namespace `netns`; this thread stays where it is.
///
/// Sockets that `f` opens and returns stay in that namespace.
///
/// # Errors
/// The thread could not be started, or the namespace not be entered.
pub fn in_netns<T: Send>(netns: BorrowedFd<'_>, f: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let helper = thread::Builder::new().name("in-netns".into()).spawn_scoped(scope, || enter(netns).map(|()| f()))?;
        helper.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// As [`in_netns`], but the runtime goes on meanwhile. The thread is started at the first poll, and runs to its end even if nobody waits for it any more.
pub async fn meanwhile_in_netns<T: Send + 'static>(netns: BorrowedFd<'_>, f: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let netns = netns.try_clone_to_owned()?;
    let (tell, told) = tokio::sync::oneshot::channel();
    // Whoever waited may be gone by then, which is why the result of `send` is of no interest.
    thread::Builder::new().name("in-netns".into()).spawn(move || tell.send(enter(netns.as_fd()).map(|()| f())).is_ok())?;
    told.await.unwrap_or_else(|_| Err(io::Error::other("the thread in the network namespace panicked")))
}

fn enter(netns: BorrowedFd<'_>) -> io::Result<()> {
    Ok(setns(netns, CloneFlags::CLONE_NEWNET)?)
}
