//! Plans: what a lab needs built, captured and sent; first by name, then with addresses.
//!
//! In: a [`Lab`](crate::lab::Lab), later the [`Facts`](crate::site::Facts) of the site. Out: [`Plan`], [`BoundPlan`].
//! Never: touches a host.

mod model;

mod bind;
mod describe;
mod draft;
mod needs;

pub use bind::BindError;
pub use describe::describe;
pub use draft::draft;
pub use model::{BoundPlan, BoundPoint, BoundProbe, BoundScenario, BoundState, Listening, Message, Plan, PlannedScenario};
pub use needs::needs;

#[cfg(test)]
mod tests;
