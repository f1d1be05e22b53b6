//! Packets: frame bytes to a stack of layers and back to the line tcpdump prints.
//!
//! In: bytes and a link type, or a pcap or pcapng file. Out: a [`Stack`] of [`Layer`]s with their [`Field`]s; lines as `tcpdump -enn` prints them.
//! Never: does I/O of its own, allocates while it dissects, or imports another room.

mod bytes;
mod field;
mod frame;
mod hints;
mod layer;

mod arp;
mod ethernet;
mod icmp;
mod icmpv6;
mod ipv4;
mod ipv6;
mod tcp;
mod udp;
mod vlan;
mod vxlan;

mod dissect;

mod line;
mod tree;

mod codec;

#[cfg(test)]
mod tests;

pub use codec::{Capture, CodecError, Interface, Limits, read_capture, write_pcapng};
pub use dissect::dissect;
pub use field::{Field, LayerKind, Value};
pub use frame::{Frame, LinkType};
pub use hints::{Carries, HintError, Hints};
pub use layer::{Layer, Limit, Stack, Stop};
pub use line::{Cause, Detail, Mark, Printed, Printer, lines, mark_at, mark_meaning, protocol_name};
pub use tcp::is_tcp_option;
pub use tree::tree;
