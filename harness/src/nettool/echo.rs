//! ICMP echo messages (RFC 792): the one that is sent, and what may come back.

use std::net::Ipv4Addr;

use crate::name::Token;

const ECHO_REPLY: u8 = 0;
const ECHO: u8 = 8;
const UNREACHABLE: u8 = 3;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;
/// IANA protocol number.
const ICMP: u8 = 1;
/// Type, code, checksum, identifier, sequence number.
const HEADER: usize = 8;

/// An echo message that can be told from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Echo {
    token: Token,
    sequence: u16,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The echo reply, with the TTL it arrived with.
    Reply { ttl: u8 },
    /// Somebody says that it cannot arrive: who, and why.
    Error(String),
}

impl Echo {
    /// The `sequence`th echo that carries `token`.
    pub(super) fn new(token: Token, sequence: u16) -> Self {
        Self { token, sequence }
    }

    /// The identifier and the sequence number, as they stand in the header. The identifier follows from the token.
    fn numbers(self) -> [u8; 4] {
        let [high, low] = self.sequence.to_be_bytes();
        [self.token.0[0], self.token.0[1], high, low]
    }

    /// The message with `size` bytes of payload, at least the token's 16: the token, then each byte its own offset, as `ping` fills it up.
    pub(super) fn message(self, size: usize) -> Vec<u8> {
        let mut message = vec![ECHO, 0, 0, 0];
        message.extend(self.numbers());
        message.extend(self.token.0);
        let rest = size.saturating_sub(self.token.0.len());
        message.extend((0..=u8::MAX).cycle().skip(self.token.0.len()).take(rest));
        let sum = checksum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        message
    }

    /// What an IPv4 packet, as a raw socket delivers it, says about this echo; `None`: nothing.
    pub(super) fn answer(self, packet: &[u8]) -> Option<Answer> {
        let (ip, icmp) = split(packet)?;
        match *icmp.first()? {
            ECHO_REPLY if self.is(icmp, self.token.0.len()) => Some(Answer::Reply { ttl: ip[8] }),
            kind @ (UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM) => {
                let (_, quoted) = split(icmp.get(HEADER..)?)?;
                // RFC 792 quotes 8 bytes of the message, RFC 1812 section 4.3.2.3 as many as fit: what is quoted of the token must be right.
                let known = quoted.len().saturating_sub(HEADER).min(self.token.0.len());
                let from = Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15]);
                (quoted.first() == Some(&ECHO) && self.is(quoted, known))
                    .then(|| Answer::Error(format!("{from} says: {}", describe(kind, icmp))))
            }
            _ => None,
        }
    }

    /// Whether an ICMP message is this echo or its reply, going by the first `known` bytes of the token.
    fn is(self, icmp: &[u8], known: usize) -> bool {
        icmp.get(4..HEADER) == Some(&self.numbers()) && icmp[HEADER..].starts_with(&self.token.0[..known])
    }
}

/// An IPv4 packet's header, of 20 bytes at least, and the ICMP message it carries; `None` if it carries none.
fn split(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    // RFC 791 section 3.1: the header's length in words of four bytes.
    let length = usize::from(packet.first()? & 0x0f) * 4;
    let (header, rest) = packet.split_at_checked(length)?;
    (length >= 20 && header[9] == ICMP).then_some((header, rest))
}

/// The codes of RFC 792 and RFC 1812 section 5.2.7.1.
fn describe(kind: u8, icmp: &[u8]) -> String {
    let code = icmp.get(1).copied().unwrap_or_default();
    match (kind, code) {
        (UNREACHABLE, 0) => "destination net unreachable".into(),
        (UNREACHABLE, 1) => "destination host unreachable".into(),
        (UNREACHABLE, 2) => "destination protocol unreachable".into(),
        (UNREACHABLE, 3) => "destination port unreachable".into(),
        // RFC 1191 section 4: the next hop's MTU is in the last two bytes of the header.
        (UNREACHABLE, 4) => format!("fragmentation needed, mtu {}", u16::from_be_bytes([icmp[6], icmp[7]])),
        (UNREACHABLE, 9 | 10 | 13) => "destination administratively prohibited".into(),
        (UNREACHABLE, _) => format!("destination unreachable, code {code}"),
        (TIME_EXCEEDED, 0) => "time to live exceeded in transit".into(),
        (TIME_EXCEEDED, _) => "fragment reassembly time exceeded".into(),
        _ => format!("ICMP type {kind}, code {code}"),
    }
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or_default()]));
    let mut sum: u32 = 0;
    for word in words {
        sum += u32::from(word);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("the carry was folded in after every word")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ipv4(ttl: u8, from: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, ttl, ICMP, 0, 0];
        packet.extend(from);
        packet.extend([10, 0, 0, 1]);
        packet.extend(payload);
        packet
    }

    fn echo() -> Echo {
        Echo::new(Token::derive("run", "scenario"), 1)
    }

    fn reply() -> Vec<u8> {
        let mut message = echo().message(56);
        message[0] = ECHO_REPLY;
        message
    }

    #[test]
    fn a_message_is_as_ping_sends_it() {
        let message = echo().message(56);
        assert_eq!(message.len(), 64);
        assert_eq!(message[8..24], echo().token.0);
        assert_eq!(message[24..], (16..56).collect::<Vec<u8>>()[..]);
        assert_eq!(checksum(&message), 0, "the sum over a message with its checksum");
        assert_eq!(echo().message(3).len(), 24, "never shorter than its token");
        assert_eq!(echo().message(300)[8 + 256..8 + 260], [0, 1, 2, 3], "offsets start again after 255");
    }

    #[test]
    fn only_the_reply_with_this_token_answers() {
        assert_eq!(echo().answer(&ipv4(62, [10, 0, 0, 2], &reply())), Some(Answer::Reply { ttl: 62 }));
        assert_eq!(echo().answer(&ipv4(62, [10, 0, 0, 2], &echo().message(56))), None, "the request itself");
        for at in [4, 6, 8, 23] {
            let mut other = reply();
            other[at] ^= 1;
            assert_eq!(echo().answer(&ipv4(62, [10, 0, 0, 2], &other)), None, "byte {at}");
        }
    }

    #[test]
    fn an_error_names_who_and_why() {
        let quoted = ipv4(64, [10, 0, 0, 1], &echo().message(56));
        let error = |kind, code, quoted: &[u8]| [&[kind, code, 0, 0, 0, 0, 5, 0x78], quoted].concat();
        let from = |message: &[u8]| echo().answer(&ipv4(64, [10, 0, 0, 9], message));
        assert_eq!(from(&error(3, 1, &quoted)), Some(Answer::Error("10.0.0.9 says: destination host unreachable".into())));
        assert_eq!(from(&error(3, 4, &quoted)), Some(Answer::Error("10.0.0.9 says: fragmentation needed, mtu 1400".into())));
        assert_eq!(from(&error(11, 0, &quoted[..28])), Some(Answer::Error("10.0.0.9 says: time to live exceeded in transit".into())));
        assert_eq!(from(&error(3, 1, &ipv4(64, [10, 0, 0, 1], &reply()))), None, "about a reply");
        assert_eq!(from(&error(5, 1, &quoted)), None, "a redirect is no error");
    }

    #[test]
    fn nothing_short_is_an_answer() {
        let whole = ipv4(62, [10, 0, 0, 2], &reply());
        (0..44).for_each(|length| assert_eq!(echo().answer(&whole[..length]), None, "{length} bytes"));
        let error = ipv4(64, [10, 0, 0, 9], &[&[3, 4, 0, 0, 0, 0, 5, 0x78], &whole[..]].concat());
        (0..error.len()).for_each(|length| drop(echo().answer(&error[..length])));
    }
}
