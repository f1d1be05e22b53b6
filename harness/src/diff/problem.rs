//! Why two runs cannot be compared at all.

/// Why there is no diff.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// They are of two labs.
    #[error("the first run is of the lab `{one}`, the second of `{other}`")]
    Labs {
        /// The first's.
        one: String,
        /// The second's.
        other: String,
    },
    /// Their labs have the same name and other scenarios.
    #[error("the lab files do not have the same scenarios: only one has {}", names.join(", "))]
    Scenarios {
        /// Those that only one of them has.
        names: Vec<String>,
    },
    /// The evidence of a run does not fit its lab.
    #[error("the evidence of the run `{run}` does not fit its lab: {why}")]
    Misfit {
        /// Which run.
        run: String,
        /// What does not fit.
        why: String,
    },
}
