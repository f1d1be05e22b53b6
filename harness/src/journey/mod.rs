//! Journeys: one probe followed across all points.
//!
//! In: what was recorded of a scenario. Out: a [`Journey`]: which frames at which point are the probe's.
//! Never: looks at expectations, talks to a backend, reads a clock.

mod model;

mod datagram;
mod fragment;
mod inside;
mod tcp;

mod trace;

pub(crate) use inside::packet_inside;
pub use model::{Journey, Leg, Sighting, Stop};
pub use trace::trace;

#[cfg(test)]
pub(crate) mod craft;
