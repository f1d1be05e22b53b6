//! Numbers that differ from run to run: which one of the second run each of the first stands for.

use std::collections::BTreeMap;

use crate::journey::Leg;
use crate::packet::Field;
use crate::verdict::variables::Kind;

/// Whose IP ids a header's is one of: those of what goes this way, so many IP headers below this one.
pub(super) type Drawn = (Leg, usize);

/// A number, and the kind of numbers that it is one of.
type Key = (Kind, Option<Drawn>, u64);

/// What numbers stand for over a scenario, one to one.
#[derive(Default)]
pub(super) struct Numbers {
    /// For each number, first of the first run, then of the second: what it stands for in the other, and where that was found.
    known: [BTreeMap<Key, (u64, String)>; 2],
}

impl Numbers {
    /// Has two numbers of a field stand for each other, as found `at`. An IP id is unique only among its sender's (RFC 6864 section 4.1), of 16 bits,
    /// and with a dozen packets under way two senders draw the same one every few dozen runs: so those of requests are not those of replies, and a tunnel's not those
    /// of what is in it.
    ///
    /// # Errors
    /// One of them stands for another number already: which, and where.
    pub(super) fn bind(&mut self, field: Field, drawn: Option<Drawn>, numbers: [u64; 2], at: &str) -> Result<(), String> {
        let kind = Kind::of(field);
        let drawn = drawn.filter(|_| kind == Kind::IpId);
        let sides = [(0, numbers[0], numbers[1]), (1, numbers[1], numbers[0])];
        for (side, number, counterpart) in sides {
            if let Some((known, at)) = self.known[side].get(&(kind, drawn, number))
                && *known != counterpart
            {
                return Err(format!("{number} is {known} in {at}"));
            }
        }
        for (side, number, counterpart) in sides {
            self.known[side].entry((kind, drawn, number)).or_insert_with(|| (counterpart, at.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_each_other_one_to_one() {
        let mut numbers = Numbers::default();
        let mut bind = |one, other| numbers.bind(Field::IcmpId, None, [one, other], "packet 1");
        assert_eq!(bind(5, 9), Ok(()));
        assert_eq!(bind(5, 9), Ok(()));
        assert_eq!(bind(9, 5), Ok(()));
        assert_eq!(bind(5, 8), Err("5 is 9 in packet 1".to_owned()));
        assert_eq!(bind(6, 9), Err("9 is 5 in packet 1".to_owned()));
        // What clashed was not kept.
        assert_eq!(bind(6, 8), Ok(()));
    }

    #[test]
    fn fields_of_one_kind_share_their_numbers_and_ip_ids_are_the_senders() {
        let mut numbers = Numbers::default();
        let [request, reply, outer] = [(Leg::Request, 0), (Leg::Reply, 0), (Leg::Request, 1)].map(Some);
        assert!(numbers.bind(Field::TcpSourcePort, request, [40_000, 50_000], "a").is_ok());
        assert!(numbers.bind(Field::TcpDestinationPort, reply, [40_000, 50_001], "b").is_err());
        assert!(numbers.bind(Field::UdpSourcePort, reply, [40_000, 50_001], "b").is_ok());
        assert!(numbers.bind(Field::IpId, request, [7, 8], "a").is_ok());
        assert!(numbers.bind(Field::IpId, reply, [7, 9], "a").is_ok());
        assert!(numbers.bind(Field::IpId, outer, [6, 8], "a").is_ok());
        assert!(numbers.bind(Field::IpId, request, [7, 9], "a").is_err());
        assert!(numbers.bind(Field::IpId, outer, [7, 8], "a").is_err());
    }
}
