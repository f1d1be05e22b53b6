//! Packets: frame bytes to a stack of layers and back to the line tcpdump prints.
//!
//! In: bytes and a link type, or a pcap or pcapng file. Out: [`Layer`]s with their [`Field`]s; lines as `tcpdump -enn` prints them.
//! Never: does I/O, or imports another room.

mod field;
mod frame;

pub use field::{Field, LayerKind, Value};
pub use frame::{Frame, LinkType};
