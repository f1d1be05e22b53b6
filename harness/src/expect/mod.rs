//! Expectations: documented lines as patterns.
//!
//! In: a line as a document printed it. Out: a [`Pattern`] or a [`StateLine`], every part with its span.
//! Never: knows a lab, or what a name stands for.

mod open;
mod pattern;
mod reader;

mod packet_line;

mod address;
mod icmp;
mod internet;
mod transport;

mod echo;
mod lengths;

mod state_line;

mod embedded;
mod word;

mod conntrack;
mod volatile;

pub use address::{client_ports, mac};
pub use echo::{documented_sequence, echoes};
pub use embedded::{host_of, is_universal};
pub use open::{Open, Part};
pub use packet_line::{packet_line, packet_line_of, time_stamp};
pub use pattern::{FieldPattern, LayerPattern, LineMark, LineProblem, PartToken, Pattern, StateLine, StateToken, Want, Word, WordPart};
pub use state_line::{state_line, state_line_of, state_words};
pub use volatile::{Volatile, volatile};
pub use word::{made_up_names, observed_parts};

#[cfg(test)]
mod tests;
