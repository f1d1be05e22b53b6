//! nettool: what runs in the pods of a real cluster: a server, a client and a ping.
//!
//! In: what to serve or to ask. Out: a line of text.
//! Never: knows a lab; prints.

mod get;
mod http_date;
mod ping;
mod serve;
mod tool;

pub use get::get;
pub use ping::{Echo, ping};
pub use serve::{Server, answer};
pub use tool::{NettoolError, Tool, run};
