//! Enclosures: a process of its own namespaces that the lab lives and dies with.
//!
//! In: a program that calls [`first_stage`] and [`second_stage`] from its `enclosed` subcommand. Out: the running process, as [`Outer`].
//! Never: leaves anything behind. Both stages are killed with their parent, the second is pid 1 of its pid namespace, and namespaces are
//! held by descriptors only.
//!
//! ```text
//! Outer::spawn ──start──▶ exe enclosed            first stage: dies with Outer's thread
//!               ◀─Unshared─ own user, mount, pid, net, ipc, uts namespaces
//!  maps ids     ──Enter──▶ exe enclosed --inner   second stage: pid 1, dies with the first
//!               ◀─Armed───── its own /proc and /sys, lo up
//!               ──Enter──▶ second_stage returns: from here on the pipes are the caller's
//! ```
//! A stage goes on only when it is told to, and it asks after it has armed its death signal: a parent that died before that is an end of
//! file, a parent that dies later is a signal. There is no moment in between.

mod error;
mod first;
mod handshake;
mod outer;
mod second;

pub use error::EnclosureError;
pub use first::first_stage;
pub use outer::Outer;
pub use second::second_stage;
