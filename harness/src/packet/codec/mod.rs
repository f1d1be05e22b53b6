//! Capture files: pcap and pcapng.
//!
//! In: bytes of a file that nobody vouches for. Out: a [`Capture`]; or a [`Capture`]'s parts, and out a pcapng file.
//! Never: holds more in memory than [`Limits`] allow, or opens a file by itself.

mod capture;
mod pcap;
mod pcapng;
mod source;
mod write;

#[cfg(test)]
mod tests;

pub use capture::{Capture, CodecError, Interface, Limits, read_capture};
pub use write::write_pcapng;
