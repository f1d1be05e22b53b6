//! A cluster that several trials use. If it cannot be made, that is one failure.

use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed};

/// Its name; otherwise the trial that found out that it cannot be made.
static MADE: OnceLock<Result<String, &'static str>> = OnceLock::new();

/// Runs a trial on the cluster that all of them use. Where `make` fails, the first trial fails with what it says, and the others are ignored.
pub(crate) fn on_shared(
    trial: &'static str,
    make: fn() -> Result<String, Failed>,
    test: fn(&str) -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    let mut report = None;
    let cluster = MADE.get_or_init(|| {
        make().map_err(|failed| {
            report = Some(failed);
            trial
        })
    });
    match (cluster, report) {
        (Ok(cluster), _) => test(cluster).map(|()| Completion::Completed),
        (Err(_), Some(report)) => Err(report),
        (Err(first), None) => Ok(Completion::ignored_with(format!("the cluster could not be made, see `{first}`"))),
    }
}
