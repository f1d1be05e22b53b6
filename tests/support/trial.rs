//! A trial per thing to show and backend to show it on.

use std::path::Path;

use libtest_mimic::{Completion, Failed, Trial};

/// The `cnilab` binary under test.
pub(crate) fn cnilab() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cnilab"))
}

/// Whether `CNILAB_REQUIRE` (a list with commas) names `backend`.
pub(crate) fn required(backend: &str) -> bool {
    std::env::var("CNILAB_REQUIRE").is_ok_and(|list| list.split(',').any(|name| name.trim() == backend))
}

/// How a trial ended that did not fail.
pub(crate) trait Ended {
    fn completion(self) -> Completion;
}

impl Ended for () {
    fn completion(self) -> Completion {
        Completion::Completed
    }
}

/// Of a trial that can find out that it cannot be run.
impl Ended for Completion {
    fn completion(self) -> Completion {
        self
    }
}

/// A trial that needs `backend`: run where `able`, ignored with the reason in its name where not, failed where it is required nevertheless.
pub(crate) fn trial<E: Ended>(
    name: &str,
    backend: &str,
    able: Result<(), String>,
    test: impl FnOnce() -> Result<E, Failed> + Send + 'static,
) -> Trial {
    match able {
        Ok(()) => Trial::ignorable_test(format!("{name} [{backend}]"), || test().map(Ended::completion)),
        Err(why) if required(backend) => {
            let fault = format!("Fault: CNILAB_REQUIRE demands the backend {backend}, but {why}");
            Trial::test(format!("{name} [{backend}]"), move || Err(Failed::from(fault)))
        }
        Err(why) => skipped(name, backend, &why),
    }
}

/// A trial that is not run, whatever is required or asked for, with the reason in its name.
pub(crate) fn skipped(name: &str, backend: &str, why: &str) -> Trial {
    let reason = why.to_owned();
    Trial::ignorable_test(format!("{name} [{backend}] (skipped: {why})"), || Ok(Completion::ignored_with(reason))).with_ignored_flag(true)
}
