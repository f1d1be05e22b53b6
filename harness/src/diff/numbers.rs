//! Numbers that differ from run to run: which one of the second run each of the first stands for.

use std::collections::BTreeMap;

use crate::journey::Leg;
use crate::packet::Field;
use crate::verdict::variables::Kind;

/// A number, and the kind of numbers that it is one of.
type Key = (Kind, Option<Leg>, u64);

/// What numbers stand for over a scenario, one to one.
#[derive(Default)]
pub(super) struct Numbers {
    /// For each number, first of the first run, then of the second: what it stands for in the other, and where that was found.
    known: [BTreeMap<Key, (u64, String)>; 2],
}

impl Numbers {
    /// Has two numbers of a field stand for each other, as found `at`. IP ids are the sender's own: those of requests are not those of replies, so
    /// that two senders who draw the same one by chance do no harm.
    ///
    /// # Errors
    /// One of them stands for another number already: which, and where.
    pub(super) fn bind(&mut self, field: Field, leg: Option<Leg>, numbers: [u64; 2], at: &str) -> Result<(), String> {
        let kind = Kind::of(field);
        let leg = leg.filter(|_| kind == Kind::IpId);
        let sides = [(0, numbers[0], numbers[1]), (1, numbers[1], numbers[0])];
        for (side, number, counterpart) in sides {
            if let Some((known, at)) = self.known[side].get(&(kind, leg, number))
                && *known != counterpart
            {
                return Err(format!("{number} is {known} in {at}"));
            }
        }
        for (side, number, counterpart) in sides {
            self.known[side].entry((kind, leg, number)).or_insert_with(|| (counterpart, at.to_owned()));
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
        assert!(numbers.bind(Field::TcpSourcePort, Some(Leg::Request), [40_000, 50_000], "a").is_ok());
        assert!(numbers.bind(Field::TcpDestinationPort, Some(Leg::Reply), [40_000, 50_001], "b").is_err());
        assert!(numbers.bind(Field::UdpSourcePort, Some(Leg::Reply), [40_000, 50_001], "b").is_ok());
        assert!(numbers.bind(Field::IpId, Some(Leg::Request), [7, 8], "a").is_ok());
        assert!(numbers.bind(Field::IpId, Some(Leg::Reply), [7, 9], "a").is_ok());
        assert!(numbers.bind(Field::IpId, Some(Leg::Request), [7, 9], "a").is_err());
    }
}
