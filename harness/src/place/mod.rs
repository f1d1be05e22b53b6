//! Places: somewhere commands run.
//!
//! In: a [`Cmd`]. Out: an [`Output`], whatever its exit status, or why there is none; never later than its [`Bounds`] say.
//! Never: knows a lab, a backend or a packet.

mod bounded;
mod command;
mod contract;
mod netns;
mod problem;
mod process;
mod tools;

pub use bounded::{Bounds, finish, run};
pub use command::{Cmd, Output};
pub use contract::Place;
pub use netns::{in_netns, meanwhile_in_netns};
pub use problem::{CommandError, PlaceError};
pub use process::{Process, Said};
pub use tools::{find_program, package_of};
