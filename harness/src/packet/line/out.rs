//! A line while it is being printed.

use std::fmt::{self, Write};
use std::ops::Range;

use super::mark::{Cause, Mark};
use crate::packet::field::Field;

/// Whether the line goes on with the next layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next layer is printed behind this one.
    On,
    /// This is the end of the packet's text.
    End,
}

/// A line while it is being printed.
pub(super) struct Out {
    pub(super) text: String,
    pub(super) spans: Vec<(usize, Field, Range<usize>)>,
    pub(super) marks: Vec<Mark>,
    /// Positions in a stream that are not printed.
    pub(super) untold: Vec<(usize, Field, u32)>,
    /// As `-v`.
    pub(super) verbose: bool,
    /// Which protocol `[|…]` names where the bytes end: the one that tcpdump was in.
    pub(super) protocol: &'static str,
    /// How deep this is in packets that ICMP errors quote, and in tunnels that the stack does not hold: their fields are not the stack's.
    pub(super) within: u32,
}

impl Out {
    /// Appends text.
    pub(super) fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends what `format_args!` makes.
    pub(super) fn fmt(&mut self, arguments: fmt::Arguments<'_>) {
        self.text.write_fmt(arguments).expect("a String takes any text");
    }

    /// Appends the text of a field and remembers where it stands.
    pub(super) fn field(&mut self, layer: usize, field: Field, value: impl fmt::Display) {
        let start = self.text.len();
        self.fmt(format_args!("{value}"));
        if self.has_spans() {
            self.spans.push((layer, field, start..self.text.len()));
        }
    }

    /// Whether what is printed are fields of the stack's layers.
    pub(super) fn has_spans(&self) -> bool {
        self.within == 0
    }

    /// Remembers the position in a stream of a field that is not printed.
    pub(super) fn untold(&mut self, layer: usize, field: Field, position: u32) {
        if self.has_spans() {
            self.untold.push((layer, field, position));
        }
    }

    /// Appends a label and the text of a field. The value is read before: where it was not captured, tcpdump prints no label either.
    pub(super) fn told(&mut self, label: &str, layer: usize, field: Field, value: impl fmt::Display) {
        self.put(label);
        self.field(layer, field, value);
    }

    /// The bytes end here.
    pub(super) fn cut(&mut self) {
        let start = self.text.len();
        self.put(" [|");
        self.put(self.protocol);
        self.put("]");
        // Where the text of an application ends says nothing of the packet's headers.
        if !APPLICATIONS.contains(&self.protocol) {
            self.marked(start, Cause::Cut);
        }
    }

    /// This cannot be.
    pub(super) fn invalid(&mut self) {
        self.mark(format_args!(" (invalid)"));
    }

    /// Appends a mark of the packet's own.
    pub(super) fn mark(&mut self, arguments: fmt::Arguments<'_>) {
        let start = self.text.len();
        self.fmt(arguments);
        self.marked(start, Cause::Packet);
    }

    /// What has been printed from `start` on is a mark, blanks around it aside.
    pub(super) fn marked(&mut self, start: usize, cause: Cause) {
        let text = &self.text[start..];
        let start = start + (text.len() - text.trim_start().len());
        let span = start..start + text.trim().len();
        if self.has_spans() {
            let depth = self.spans.iter().filter(|(_, field, _)| *field == Field::IpSource).count();
            self.marks.push(Mark { span, cause, depth });
        }
    }

    /// Two hexadecimal digits for each byte.
    pub(super) fn digits(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.fmt(format_args!("{byte:02x}"));
        }
    }

    /// Bytes as `tcpdump -x` prints them, eight pairs to a line.
    pub(super) fn hex(&mut self, indent: &str, data: &[u8]) {
        for (row, bytes) in data.chunks(16).enumerate() {
            self.fmt(format_args!("{indent}0x{:04x}: ", row * 16));
            for pair in bytes.chunks(2) {
                self.put(" ");
                self.digits(pair);
            }
        }
    }

    /// Bytes as `tcpdump -X` prints them: what it does with a frame it knows nothing of.
    pub(super) fn hex_and_ascii(&mut self, data: &[u8]) {
        for (row, bytes) in data.chunks(16).enumerate() {
            self.fmt(format_args!("\n\t0x{:04x}: ", row * 16));
            let start = self.text.len();
            for pair in bytes.chunks(2) {
                self.put(" ");
                self.digits(pair);
            }
            // Eight pairs with a blank before each, whether there are so many or not.
            let missing = 40 - (self.text.len() - start);
            let ascii: String = bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
            self.fmt(format_args!("{:missing$}  {ascii}", ""));
        }
    }
}

/// What tcpdump calls protocols whose text it prints.
const APPLICATIONS: [&str; 6] = ["smtp", "whois", "ftp", "http", "rtsp", "ssh"];

/// Appends like `write!`, to an [`Out`].
macro_rules! put {
    ($out:expr, $($arguments:tt)*) => { $out.fmt(format_args!($($arguments)*)) };
}
pub(super) use put;

/// Appends a mark like `write!`, to an [`Out`].
macro_rules! mark {
    ($out:expr, $($arguments:tt)*) => { $out.mark(format_args!($($arguments)*)) };
}
pub(super) use mark;
