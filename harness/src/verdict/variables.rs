//! Numbers that differ from run to run: what each documented one stands for.

use std::collections::BTreeMap;

use crate::packet::Field;

/// Which numbers may stand for one another: fields of one kind share their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    IcmpId,
    IcmpSequence,
    IpId,
    TcpPort,
    UdpPort,
    Sequence,
    Timestamp,
    Other(Field),
}

impl Kind {
    /// The kind of a field's numbers: both ports of a segment are of one kind, as are sequence and acknowledgment numbers, and a time stamp
    /// and its echo.
    pub(crate) fn of(field: Field) -> Self {
        match field {
            Field::IcmpId => Self::IcmpId,
            Field::IcmpSequence => Self::IcmpSequence,
            Field::IpId => Self::IpId,
            Field::TcpSourcePort | Field::TcpDestinationPort => Self::TcpPort,
            Field::UdpSourcePort | Field::UdpDestinationPort => Self::UdpPort,
            Field::TcpSequence | Field::TcpSequenceEnd | Field::TcpAcknowledgment => Self::Sequence,
            Field::TcpTimestamp | Field::TcpTimestampEcho => Self::Timestamp,
            other => Self::Other(other),
        }
    }

    /// As lines call it.
    fn label(self) -> &'static str {
        match self {
            Self::IcmpId => "id",
            Self::IcmpSequence => "seq",
            Self::IpId => "IP id",
            Self::TcpPort => "TCP port",
            Self::UdpPort => "UDP port",
            Self::Sequence => "TCP seq",
            Self::Timestamp => "TS val",
            Self::Other(field) => field.name(),
        }
    }

    /// Whether two documented numbers in one block must stand for two observed ones. Not IP ids: each packet's is drawn for itself and may
    /// come out the same; nor time stamps, for a clock may not have moved on.
    fn is_injective(self) -> bool {
        !matches!(self, Self::IpId | Self::Timestamp)
    }
}

/// What documented numbers stand for over a scenario: a function.
#[derive(Clone, Default)]
pub(super) struct Variables {
    bound: BTreeMap<(Kind, u64), Bound>,
}

#[derive(Clone)]
struct Bound {
    observed: u64,
    /// Where it was bound: `line 1 at node1/tunl0`.
    at: String,
}

/// What documented numbers stand for within one block: a function that can be turned round.
#[derive(Clone, Default)]
pub(super) struct Block {
    documented: BTreeMap<(Kind, u64), u64>,
}

/// Why a number cannot stand for another.
pub(super) enum Clash {
    /// It stands for something else already.
    Else {
        /// For what.
        observed: u64,
        /// Where it was found to.
        at: String,
    },
    /// In this block another documented number stands for the observed one.
    Taken {
        /// Which.
        documented: u64,
    },
}

impl Variables {
    /// Has `documented` stand for `observed`, as found `at`.
    ///
    /// # Errors
    /// It stands for another number already, or another documented one of the block stands for this one.
    pub(super) fn bind(&mut self, block: &mut Block, field: Field, documented: u64, observed: u64, at: &str) -> Result<(), Clash> {
        let kind = Kind::of(field);
        if let Some(bound) = self.bound.get(&(kind, documented))
            && bound.observed != observed
        {
            return Err(Clash::Else { observed: bound.observed, at: bound.at.clone() });
        }
        if kind.is_injective() {
            let taken = *block.documented.entry((kind, observed)).or_insert(documented);
            if taken != documented {
                return Err(Clash::Taken { documented: taken });
            }
        }
        self.bound.entry((kind, documented)).or_insert_with(|| Bound { observed, at: at.to_owned() });
        Ok(())
    }

    /// What a documented number stands for, if that is known by now.
    pub(super) fn get(&self, field: Field, documented: u64) -> Option<u64> {
        self.bound.get(&(Kind::of(field), documented)).map(|bound| bound.observed)
    }

    /// What was taken for the same: `seq 106, 220, 279 = 1`.
    pub(super) fn spell(&self) -> Vec<String> {
        let mut by_observed: BTreeMap<(Kind, u64), Vec<String>> = BTreeMap::new();
        for ((kind, documented), bound) in &self.bound {
            by_observed.entry((*kind, bound.observed)).or_default().push(documented.to_string());
        }
        by_observed
            .into_iter()
            .map(|((kind, observed), documented)| format!("{} {} = {observed}", kind.label(), documented.join(", ")))
            .collect()
    }
}
