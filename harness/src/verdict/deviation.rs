//! The first deviation: where a run that is broken left the documented way, what was seen there instead, and what merely follows from it.

mod model;

mod steps;

mod follow;
mod instead;

mod find;

pub(super) use find::Search;
pub use model::{Before, Departure, Deviation, How, Instead, Way};
