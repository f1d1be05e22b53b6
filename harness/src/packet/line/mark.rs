//! Marks: what tcpdump prints of its own accord because something is wrong with a packet, or rare in it.

use std::ops::Range;

/// A mark in a printed line: `truncated-ip - 16 bytes missing!`, `[|icmp]`, `bad cksum 0 (->b1e6)!`, `HBH`.
///
/// Checksums of TCP and UDP are no marks, whatever tcpdump says of them: offloading leaves them unfinished. Nor is what it says of a packet
/// that an ICMP error quotes, or of text of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// What it comes from.
    pub cause: Cause,
    /// How many IP headers' addresses are printed before it: to which of several nested packets it belongs.
    pub depth: usize,
}

/// What a mark comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The packet itself is so.
    Packet,
    /// The bytes end there: in the packet, or only in the capture.
    Cut,
}

/// The marks that can stand in a line whose headers can be read: `#` is a number, `%` a hexadecimal one, `&` a word.
///
/// Those of a header that cannot be read (`bad-hlen 16`, `IP5 (invalid)`) end a line before it says anything else.
const FORMS: [&str; 16] = [
    "truncated-ip - # bytes missing!",
    "truncated-ip6 - # bytes missing!",
    "bad cksum % (->%)!",
    "(wrong icmp cksum % (->%)!)",
    "[bad icmp6 cksum 0x% -> 0x%!]",
    "[bad hdr length # - too long, > #]",
    "[remaining caplen(#) < header length(#)]",
    "UDP, bad length # > #",
    "truncated-udplength #",
    "truncated-udp #",
    "[invalid number of groups]",
    "[invalid len #]",
    "(invalid)",
    "[|&]",
    "HBH",
    "DEI",
];

/// How many bytes of `text` are a mark at its head; `None` if there is none.
///
/// ```
/// assert_eq!(cnilab::packet::mark_at("truncated-ip - 16 bytes missing! 10.0.0.1 > 10.0.0.2: "), Some(32));
/// assert_eq!(cnilab::packet::mark_at("10.0.0.1 > 10.0.0.2: "), None);
/// ```
pub fn mark_at(text: &str) -> Option<usize> {
    FORMS.iter().find_map(|form| fits(form, text))
}

/// A mark without what differs from run to run, which are the digits of checksums: two that say the same are equal.
///
/// ```
/// use cnilab::packet::mark_meaning;
///
/// assert_eq!(mark_meaning("bad cksum 0 (->b1e6)!"), mark_meaning("bad cksum 12 (->9f)!"));
/// assert_ne!(mark_meaning("truncated-ip - 16 bytes missing!"), mark_meaning("truncated-ip - 4 bytes missing!"));
/// ```
pub fn mark_meaning(mark: &str) -> &str {
    FORMS.iter().find(|form| form.contains('%') && fits(form, mark) == Some(mark.len())).map_or(mark, |form| *form)
}

fn fits(form: &str, text: &str) -> Option<usize> {
    let mut at = 0;
    for part in form.chars() {
        let rest = text.get(at..)?;
        let is_part: fn(&char) -> bool = match part {
            '#' => char::is_ascii_digit,
            '%' => char::is_ascii_hexdigit,
            '&' => |letter| letter.is_ascii_alphanumeric() || *letter == '-',
            plain => {
                at += rest.starts_with(plain).then(|| plain.len_utf8())?;
                continue;
            }
        };
        // What fits such a part is ASCII, one byte each.
        at += Some(rest.chars().take_while(is_part).count()).filter(|count| *count > 0)?;
    }
    Some(at)
}
