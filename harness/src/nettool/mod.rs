//! nettool: what runs in pods, a server, a client and a ping, wherever the pods are.
//!
//! In: whom to ask, or what to serve, in this thread's network namespace. Out: an [`Outcome`], or answers to whoever asks.
//! Never: knows a lab; prints.

mod outcome;

mod echo;
mod ping;

mod ask;
mod http;
mod outq;
mod serve;
mod silence;
mod sockets;

mod inside;
mod tool;

pub use ask::{Asked, ask};
pub use http::{answer_lengths, page, request_length};
pub use inside::{own_sysfs, process_of};
pub use outcome::{Echoes, Outcome};
pub use ping::{NEXT_ERROR, knock, ping};
pub use serve::Server;
pub use sockets::{Connection, connections, is_served};
pub use tool::{ANSWERED, NettoolError, Tool, run};
