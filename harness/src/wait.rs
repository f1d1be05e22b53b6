//! Waiting: for a condition, to a deadline. The only place that sleeps.
//!
//! In: a condition that says *done*, *not yet* with its state, or *never*. Out: what it was done with, or the last state that was seen.
//! Never: waits for time to pass, or without an end.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

/// What a look at a condition found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// It holds.
    Done(T),
    /// It does not hold yet: in what state things are.
    NotYet(String),
    /// It will not hold any more: why.
    Never(String),
}

/// Why a wait ended without what it waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The deadline passed.
    #[error("{what}: not within {deadline:?}; last seen: {last}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long.
        deadline: Duration,
        /// The last state that was seen.
        last: String,
    },
    /// The condition cannot hold any more.
    #[error("{what}: never, since {why}")]
    Never {
        /// What was waited for.
        what: String,
        /// Why not.
        why: String,
    },
}

/// Looks at once, and then every `interval` until the condition holds, cannot hold any more, or `deadline` has passed since the call.
///
/// A look that is under way when the deadline passes is given up.
///
/// # Errors
/// The condition did not hold in time, with the last state that was seen; or it never will.
#[expect(clippy::disallowed_methods, reason = "this is what is to be used instead")]
pub async fn until<T>(what: &str, deadline: Duration, interval: Duration, mut look: impl AsyncFnMut() -> Look<T>) -> Result<T, WaitError> {
    let end = Instant::now() + deadline;
    let mut last = "nothing".to_owned();
    loop {
        let began = Instant::now();
        match timeout_at(end, look()).await {
            Ok(Look::Done(found)) => return Ok(found),
            Ok(Look::Never(why)) => return Err(WaitError::Never { what: what.to_owned(), why }),
            Ok(Look::NotYet(state)) => last = state,
            Err(_) => return Err(WaitError::TimedOut { what: what.to_owned(), deadline, last }),
        }
        if began + interval > end {
            return Err(WaitError::TimedOut { what: what.to_owned(), deadline, last });
        }
        sleep_until(began + interval).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn the_third_look_finds_it() {
        let mut looks = 0;
        let found = run(until("three", Duration::from_secs(5), Duration::from_millis(1), async || {
            looks += 1;
            if looks == 3 { Look::Done(looks) } else { Look::NotYet(looks.to_string()) }
        }));
        assert_eq!(found, Ok(3));
    }

    #[test]
    fn the_last_state_is_told_when_time_is_up() {
        let error = run(until::<()>("rain", Duration::from_millis(20), Duration::from_millis(1), async || Look::NotYet("dry".into())));
        assert_eq!(error.unwrap_err().to_string(), "rain: not within 20ms; last seen: dry");
    }

    #[test]
    fn a_look_that_hangs_does_not_hold_the_deadline_up() {
        let error = run(until::<()>("rain", Duration::from_millis(20), Duration::from_millis(1), async || pending().await));
        assert_eq!(error.unwrap_err().to_string(), "rain: not within 20ms; last seen: nothing");
    }

    #[test]
    fn what_cannot_come_is_not_waited_for() {
        let error = run(until::<()>("rain", Duration::from_mins(1), Duration::from_secs(1), async || Look::Never("no sky".into())));
        assert_eq!(error.unwrap_err().to_string(), "rain: never, since no sky");
    }
}
