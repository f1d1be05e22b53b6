//! Trials that take minutes.

use std::sync::OnceLock;

use libtest_mimic::{Arguments, Failed, Trial};

use super::trial::{Ended, required, skipped, trial};

/// A trial that takes minutes: left out unless `CNILAB_REQUIRE` names its backend or ignored trials are asked for.
pub(crate) fn long<E: Ended>(
    name: &str,
    backend: &str,
    able: Result<(), String>,
    test: impl FnOnce() -> Result<E, Failed> + Send + 'static,
) -> Trial {
    static UNABLE: OnceLock<String> = OnceLock::new();
    let asked = Arguments::from_args();
    if able.is_err() && required(backend) {
        // One failure says it for all.
        let first = UNABLE.get_or_init(|| name.to_owned());
        if first != name {
            return skipped(name, backend, &format!("see `{first}`"));
        }
    }
    if able.is_err() || required(backend) || asked.ignored || asked.include_ignored {
        let trial = trial(name, backend, able, test);
        // With `--ignored` alone, only trials that are marked so are run.
        let marked = trial.has_ignored_flag() || asked.ignored;
        return trial.with_ignored_flag(marked);
    }
    let why = format!("takes minutes: CNILAB_REQUIRE={backend} or `-- --ignored` asks for it");
    Trial::ignorable_test(format!("{name} [{backend}] (left out: {why})"), || test().map(Ended::completion)).with_ignored_flag(true)
}
