//! Waiting: for a condition, never for a time.
//!
//! In: what is awaited, how long, and a look at it. Out: what the look found, or its last status.
//! Never: knows what it waits for.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// The condition holds.
    Done(T),
    /// It does not hold yet: how far it is, in a few words.
    NotYet(String),
    /// It never will: why.
    Never(String),
}

/// Why the wait was in vain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The condition did not hold in time.
    #[error("{what}: not within {}; last status: {last}", spell(*.within))]
    Deadline {
        /// What was awaited.
        what: String,
        /// For how long.
        within: Duration,
        /// What the last look that came to an end saw.
        last: String,
    },
    /// The condition cannot hold any more.
    #[error("{what}: never, because {why}")]
    Never {
        /// What was awaited.
        what: String,
        /// Why it cannot be.
        why: String,
    },
}

/// How often, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Gives up after so long.
    pub within: Duration,
    /// From the beginning of one look to that of the next.
    pub every: Duration,
}

/// Looks until the condition holds. The first look is at once; a look that does not come back counts as the last status before it.
///
/// # Errors
/// If the deadline passes, with the last status; if a look says that it is in vain.
pub async fn until<T, F: Future<Output = Look<T>>>(what: &str, patience: Patience, mut look: impl FnMut() -> F) -> Result<T, WaitError> {
    let deadline = Instant::now() + patience.within;
    let mut last = "nothing was seen".to_owned();
    loop {
        let next = Instant::now() + patience.every;
        match timeout_at(deadline, look()).await {
            Ok(Look::Done(found)) => return Ok(found),
            Ok(Look::NotYet(status)) => last = status,
            Ok(Look::Never(why)) => return Err(WaitError::Never { what: what.to_owned(), why }),
            Err(_) => {}
        }
        if next >= deadline {
            return Err(WaitError::Deadline { what: what.to_owned(), within: patience.within, last });
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
        sleep_until(next).await;
    }
}

/// `90 s`, `250 ms`.
fn spell(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 { format!("{} s", duration.as_secs()) } else { format!("{} ms", duration.as_millis()) }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(future)
    }

    const SOON: Patience = Patience { within: Duration::from_millis(40), every: Duration::from_millis(5) };

    #[test]
    fn looks_until_it_holds() {
        let looks = Cell::new(0);
        let found = run(until("three looks", SOON, || {
            looks.set(looks.get() + 1);
            let seen = looks.get();
            async move { if seen < 3 { Look::NotYet(format!("{seen} of 3")) } else { Look::Done(seen) } }
        }));
        assert_eq!(found, Ok(3));
    }

    #[test]
    fn a_deadline_tells_the_last_status() {
        let error = run(until::<(), _>("pods ready", SOON, || async { Look::NotYet("1 of 2".to_owned()) })).unwrap_err();
        assert_eq!(error.to_string(), "pods ready: not within 40 ms; last status: 1 of 2");
    }

    #[test]
    fn a_look_that_hangs_does_not_outlast_the_deadline() {
        let error = run(until::<(), _>("an answer", SOON, std::future::pending)).unwrap_err();
        assert_eq!(error.to_string(), "an answer: not within 40 ms; last status: nothing was seen");
    }

    #[test]
    fn what_can_never_be_is_not_awaited() {
        let long = Patience { within: Duration::from_hours(1), every: Duration::from_millis(5) };
        let error = run(until::<(), _>("the image", long, || async { Look::Never("it does not exist".to_owned()) })).unwrap_err();
        assert_eq!(error.to_string(), "the image: never, because it does not exist");
    }
}
