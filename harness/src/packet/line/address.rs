//! Addresses as tcpdump spells them.

use std::fmt;
use std::net::Ipv4Addr;

use crate::packet::bytes::{Cut, array};

/// The IPv4 address at `at`.
pub(super) fn v4(data: &[u8], at: usize) -> Result<Ipv4Addr, Cut> {
    array::<4>(data, at).map(Ipv4Addr::from)
}

/// The IPv6 address at `at`.
pub(super) fn v6(data: &[u8], at: usize) -> Result<V6, Cut> {
    array::<16>(data, at).map(V6)
}

/// An IPv6 address. Differs from the standard library's text in what it takes for an embedded IPv4 address: `::10.0.0.1` too.
#[derive(Clone, Copy)]
pub(super) struct V6(pub(super) [u8; 16]);

impl fmt::Display for V6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pairs, _) = self.0.as_chunks::<2>();
        let words: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        let (start, length) = longest_zeros(&words);
        let embedded = start == 0 && (length == 6 || (length == 5 && words[5] == 0xffff));
        let mut at = 0;
        while at < 8 {
            if length > 1 && at == start {
                f.write_str(if at + length == 8 { "::" } else { ":" })?;
                at += length;
                continue;
            }
            if at != 0 {
                f.write_str(":")?;
            }
            if at == 6 && embedded {
                return v4(&self.0, 12).map_err(|_| fmt::Error)?.fmt(f);
            }
            write!(f, "{:x}", words[at])?;
            at += 1;
        }
        Ok(())
    }
}

/// Where the first of the longest runs of zero words starts, and its length.
fn longest_zeros(words: &[u16]) -> (usize, usize) {
    let (mut best, mut at) = ((0, 0), 0);
    while at < words.len() {
        let length = words[at..].iter().take_while(|word| **word == 0).count();
        if length > best.1 {
            best = (at, length);
        }
        at += length.max(1);
    }
    best
}

/// A hardware address of any length, two digits a byte.
pub(super) struct Link<'a>(pub(super) &'a [u8]);

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("<empty>");
        }
        self.0.iter().enumerate().try_for_each(|(at, byte)| write!(f, "{}{byte:02x}", if at == 0 { "" } else { ":" }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn addresses_are_spelt_as_tcpdump_does() {
        for text in [
            "::",
            "::1",
            "1::",
            "fe80::1",
            "2001:db8::1:0:0:1",
            "2001:db8:0:1:1:1:1:1",
            "1:0:0:2:0:0:0:3",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "ff02::1:ff00:1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6::",
            "0:1::",
        ] {
            let address: Ipv6Addr = text.parse().expect("an address");
            let expected = if text == "1:0:0:2:0:0:0:3" { "1:0:0:2::3" } else { text };
            assert_eq!(V6(address.octets()).to_string(), expected);
        }
        assert_eq!(Link(&[0, 0xab, 3]).to_string(), "00:ab:03");
        assert_eq!(Link(&[]).to_string(), "<empty>");
    }
}
