//! Lines: a stack of layers as tcpdump prints it.
//!
//! In: a [`Stack`](super::Stack), or a whole capture. Out: the text of `tcpdump -enn` or `-ennv` 4.99.3, the time stamp aside, and where in it each field stands.
//! Never: takes a packet apart by rules of its own that [`super::dissect()`] does not have, but for what is cut short.

mod address;
mod conversation;
mod mark;
mod out;
mod printer;

mod arp;
mod ethernet;
mod icmp;
mod icmp_extension;
mod icmpv6;
mod icmpv6_options;
mod igmp;
mod ipv4;
mod ipv4_options;
mod ipv6;
mod tcp;
mod tcp_options;
mod text;
mod udp;
mod upper;

pub use mark::{Cause, Mark, mark_at, mark_meaning};
pub use printer::{Detail, Printed, Printer, lines};
pub(super) use text::http_line;
pub use upper::protocol_name;
