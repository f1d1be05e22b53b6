//! TCP conversations, for sequence numbers relative to their start.

use std::collections::HashMap;

/// The two ends, the one with the lower port (or address) first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Ends {
    low: (Vec<u8>, u16),
    high: (Vec<u8>, u16),
}

/// Whether a segment runs from the first of the ends or towards it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    FromLow,
    FromHigh,
}

impl Ends {
    /// The ends of a segment and its way between them.
    pub(super) fn of(source: (&[u8], u16), destination: (&[u8], u16)) -> (Self, Way) {
        let own = |(address, port): (&[u8], u16)| (address.to_vec(), port);
        if source.1 > destination.1 || (source.1 == destination.1 && source.0 > destination.0) {
            (Self { low: own(destination), high: own(source) }, Way::FromHigh)
        } else {
            (Self { low: own(source), high: own(destination) }, Way::FromLow)
        }
    }
}

/// What is subtracted from the numbers of a conversation: where the data of either end starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    low: u32,
    high: u32,
}

/// The numbers of a segment as they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) sequence: u32,
    pub(super) acknowledgment: u32,
    /// What is subtracted from the numbers of a selective acknowledgment.
    pub(super) sack: u32,
}

/// All conversations seen so far, as tcpdump keeps them: known from the first segment with ACK on, and again from every SYN with ACK.
#[derive(Clone, Default)]
pub(super) struct Conversations(HashMap<Ends, Start>);

impl Conversations {
    /// The numbers of a segment with the ACK flag; `syn` starts the conversation anew.
    pub(super) fn numbers(&mut self, (ends, way): (Ends, Way), syn: Syn, sequence: u32, acknowledgment: u32) -> Numbers {
        let known = self.0.get(&ends).copied().filter(|_| syn == Syn::Clear);
        let start = known.unwrap_or(match way {
            Way::FromHigh => Start { high: sequence, low: acknowledgment.wrapping_sub(1) },
            Way::FromLow => Start { low: sequence, high: acknowledgment.wrapping_sub(1) },
        });
        let (own, other) = match way {
            Way::FromHigh => (start.high, start.low),
            Way::FromLow => (start.low, start.high),
        };
        if known.is_none() {
            self.0.insert(ends, start);
            return Numbers { sequence, acknowledgment, sack: other };
        }
        Numbers { sequence: sequence.wrapping_sub(own), acknowledgment: acknowledgment.wrapping_sub(other), sack: other }
    }
}

/// The SYN flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syn {
    Set,
    Clear,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: (&[u8], u16) = (&[10, 0, 0, 1], 40_000);
    const SERVER: (&[u8], u16) = (&[10, 0, 0, 2], 80);

    #[test]
    fn numbers_are_relative_from_the_handshake_on() {
        let mut all = Conversations::default();
        let syn_ack = all.numbers(Ends::of(SERVER, CLIENT), Syn::Set, 5000, 1001);
        assert_eq!((syn_ack.sequence, syn_ack.acknowledgment), (5000, 1001));
        let ack = all.numbers(Ends::of(CLIENT, SERVER), Syn::Clear, 1001, 5001);
        assert_eq!((ack.sequence, ack.acknowledgment), (1, 1));
        let data = all.numbers(Ends::of(SERVER, CLIENT), Syn::Clear, 5001, 1081);
        assert_eq!((data.sequence, data.acknowledgment), (1, 81));
    }

    #[test]
    fn another_port_is_another_conversation_and_a_second_handshake_starts_anew() {
        let mut all = Conversations::default();
        all.numbers(Ends::of(SERVER, CLIENT), Syn::Set, 5000, 1001);
        let other = all.numbers(Ends::of(SERVER, (CLIENT.0, 40_001)), Syn::Clear, 7, 8);
        assert_eq!((other.sequence, other.acknowledgment), (7, 8));
        let again = all.numbers(Ends::of(SERVER, CLIENT), Syn::Set, 9000, 2001);
        assert_eq!((again.sequence, again.acknowledgment), (9000, 2001));
        assert_eq!(all.numbers(Ends::of(CLIENT, SERVER), Syn::Clear, 2001, 9001).acknowledgment, 1);
    }
}
