//! Captures: every point listens before anything is sent.
//!
//! In: points of a site. Out: [`Recording`]s: frames, drops, and whether each point was alive to the end.
//! Never: dissects, judges, or puts an interface into promiscuous mode.

mod options;
mod recording;

mod arm;
mod listen;

mod agent;
mod elsewhere;
mod tcpdump;

mod block;
mod link;
mod problem;
mod ring;
mod sentinel;

pub use agent::attend;
pub use arm::{Armed, arm};
pub use listen::send_sentinel;
pub use options::{Engine, Options, Sabotage, Target};
pub use problem::CaptureError;
pub use recording::{Liveness, Recording};
