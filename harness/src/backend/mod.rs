//! Backends: what builds a lab and takes it away again.
//!
//! In: a [`Topology`](crate::site::Topology). Out: a [`Site`](crate::site::Site), and what a host could hold.
//! Never: knows a CNI by name, sends a probe, or captures.

mod blame;
mod contract;
pub mod kind;
pub mod netns;

pub use contract::{Backend, Leftovers, UpError};
