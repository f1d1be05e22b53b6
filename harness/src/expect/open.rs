//! What a line prints and does not assert, and how a lab has it asserted.

use std::fmt;
use std::ops::Range;

use super::pattern::{FieldPattern, Pattern};

/// A part of a line that is printed and not asserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which part.
    pub part: Part,
    /// Where in the line, in bytes.
    pub span: Range<usize>,
    /// In which of the pattern's layers, by index.
    pub(super) layer: usize,
    /// What it would say if it were asserted.
    pub(super) says: Option<FieldPattern>,
}

/// The parts that lines print and that are not asserted of themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The TCP window.
    Window,
    /// The shift of the TCP window.
    WindowScale,
    /// TCP time stamps behind the handshake.
    Timestamps,
    /// An IPv6 flow label.
    FlowLabel,
    /// An IPv4 id of 0.
    ZeroId,
    /// A checksum of TCP, UDP or ICMP, and the digits of a wrong one.
    Checksum,
    /// The blocks of a selective acknowledgment and what other TCP options hold.
    OptionValues,
    /// What an application says, but for the first line of HTTP without -v.
    Application,
    /// The packet that an ICMP error quotes.
    Quoted,
    /// The port of a quoted packet whose protocol has none.
    QuotedPort,
    /// How many groups a multicast listener report is about.
    Groups,
    /// The options of neighbour discovery.
    Discovery,
    /// The vendor of a hardware address.
    Vendor,
    /// The overlay of OTV, for which tcpdump takes three bytes of VXLAN.
    Overlay,
    /// What was cut off in print.
    CutOff,
}

/// Each part with the word for it, and why it can never be asserted; `None`: a lab can have it asserted.
const PARTS: [(Part, &str, Option<&str>); 15] = [
    (Part::Window, "win", None),
    (Part::WindowScale, "wscale", None),
    (Part::Timestamps, "ts", None),
    (Part::FlowLabel, "flowlabel", None),
    (Part::ZeroId, "id", None),
    (Part::Checksum, "cksum", Some("offloading leaves checksums unfinished")),
    (Part::OptionValues, "option-values", Some("what such options hold is a matter of loss and of secrets")),
    (Part::Application, "application", Some("of what applications say only the first line of HTTP is read, and that is exact already")),
    (Part::Quoted, "quoted", Some("a quoted packet is not taken apart; the error's own line says what it is about")),
    (Part::QuotedPort, "quoted-port", Some("that protocol has no ports")),
    (Part::Groups, "groups", Some("how many groups a report is about differs with what else listens")),
    (Part::Discovery, "nd-options", Some("options of neighbour discovery are not taken apart")),
    (Part::Vendor, "vendor", Some("a vendor follows from the hardware address, which is asserted")),
    (Part::Overlay, "overlay", Some("VXLAN has no overlay")),
    (Part::CutOff, "cut-off", Some("what print has cut off is not known")),
];

impl Part {
    /// The part that a lab calls `word`.
    pub fn named(word: &str) -> Option<Self> {
        PARTS.iter().find(|(_, known, _)| *known == word).map(|(part, ..)| *part)
    }

    /// The words of all parts that a lab can have asserted.
    pub fn assertable() -> impl Iterator<Item = &'static str> {
        PARTS.iter().filter(|(.., why)| why.is_none()).map(|(_, word, _)| *word)
    }

    /// Why it can never be asserted; `None`: it can.
    pub fn never(self) -> Option<&'static str> {
        PARTS[self as usize].2
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(PARTS[*self as usize].1)
    }
}

impl Pattern {
    /// Has the parts of this kind asserted; whether there are any.
    ///
    /// ```
    /// use cnilab::expect::{Part, packet_line};
    ///
    /// let mut pattern = packet_line("{a}.40000 > {b}.80: Flags [S], seq 7, win 64440, length 0").unwrap();
    /// assert_eq!(pattern.open[0].part, Part::Window);
    /// assert!(pattern.assert(Part::Window));
    /// assert!(pattern.open.is_empty());
    /// ```
    pub fn assert(&mut self, part: Part) -> bool {
        let asserted: Vec<Open> = self.open.extract_if(.., |open| open.part == part && open.says.is_some()).collect();
        for Open { layer, says, .. } in &asserted {
            if let (Some(layer), Some(says)) = (self.layers.get_mut(*layer), says) {
                layer.fields.push(says.clone());
            }
        }
        !asserted.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_own_word() {
        for (at, (part, word, _)) in PARTS.iter().enumerate() {
            assert_eq!(*part as usize, at, "{word} stands in the wrong place");
            assert_eq!(Part::named(word), Some(*part));
            assert!(!word.contains([' ', ',']));
        }
        assert_eq!(Part::named("colour"), None);
    }
}
