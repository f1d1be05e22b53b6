//! Numbers that differ from run to run: what each documented one stands for.

use std::collections::{BTreeMap, BTreeSet};

use crate::expect::{LayerPattern, Want};
use crate::journey::Leg;
use crate::packet::{Field, Value};

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

    /// The kind of the numbers of a field of this layer: a port that an ICMP error quotes is of the kind of the quoted protocol.
    pub(super) fn of_part(field: Field, layer: &LayerPattern) -> Self {
        if field != Field::IcmpQuotedPort {
            return Self::of(field);
        }
        let protocol = layer.fields.iter().find(|part| part.field == Field::IcmpQuotedProtocol).map(|part| &part.want);
        // RFC 790: 6 is TCP.
        if protocol == Some(&Want::Exact(Value::Number(6))) { Self::TcpPort } else { Self::UdpPort }
    }

    /// A port of TCP or UDP.
    pub(super) fn is_port(self) -> bool {
        matches!(self, Self::TcpPort | Self::UdpPort)
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
    pub(super) fn is_injective(self) -> bool {
        !matches!(self, Self::IpId | Self::Timestamp)
    }
}

/// A documented number and what a frame has in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) kind: Kind,
    /// Two documented ones in one block must stand for two observed ones.
    pub(super) is_injective: bool,
    /// It is a port, and the line shows no server's port beside it.
    pub(super) lacks_server: bool,
    /// Of a sequence number, the way that the bytes go which it counts.
    pub(super) stream: Option<Leg>,
    pub(super) documented: u64,
    pub(super) observed: u64,
}

/// What documented numbers stand for over a scenario: a function.
#[derive(Clone, Default)]
pub(super) struct Variables {
    bound: BTreeMap<(Kind, u64), Bound>,
}

#[derive(Clone)]
struct Bound {
    observed: u64,
    stream: Option<Leg>,
    /// Where it was bound: `line 1 at node1/tunl0`.
    at: String,
}

/// A documented number that is each echo's own, as the one of the echo `sent`, counted from 0: told from all numbers that fields have, which are
/// of 32 bits at most.
pub(super) fn of_echo(documented: u64, sent: usize) -> u64 {
    documented | ((sent as u64 + 1) << 32)
}

/// A documented number as a report tells it.
pub(super) fn spell(documented: u64) -> String {
    match (documented >> 32, documented & u64::from(u32::MAX)) {
        (0, number) => number.to_string(),
        (echo, 0) => format!("of echo {echo}"),
        (echo, number) => format!("{number} of echo {echo}"),
    }
}

/// What documented numbers stand for within one block: a function that can be turned round.
#[derive(Clone, Default)]
pub(super) struct Block {
    documented: BTreeMap<(Kind, u64), (u64, Option<Leg>)>,
    /// The ports of its lines that do not differ from run to run, and how each is documented.
    fixed: BTreeMap<(Kind, u64), String>,
}

impl Block {
    /// A block with these ports that do not differ from run to run.
    pub(super) fn with(fixed: impl IntoIterator<Item = (Kind, u64, String)>) -> Self {
        let fixed = fixed.into_iter().map(|(kind, port, documented)| ((kind, port), documented)).collect();
        Self { documented: BTreeMap::new(), fixed }
    }
}

/// How far apart two numbers of one stream may be to be held against each other, in bytes: more than any probe sends or is answered, and so
/// little that two streams hardly ever begin so close to each other.
const NEAR: i64 = 1 << 12;

/// From one sequence number to another, the short way round (RFC 9293 section 3.4).
fn distance(from: u64, to: u64) -> i64 {
    const ALL: i64 = 1 << 32;
    let forward = i64::try_from(to.wrapping_sub(from) & u64::from(u32::MAX)).unwrap_or_default();
    if forward >= ALL / 2 { forward - ALL } else { forward }
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
    /// It is a port that is documented as a server's in this block.
    Fixed {
        /// As it is documented.
        documented: String,
    },
    /// It is a server's port of the lab, and the line shows none.
    Server,
    /// It is not as far from another number of its stream as documented.
    Distance {
        /// How that is documented.
        documented: u64,
        /// What it stands for.
        observed: u64,
    },
}

impl std::fmt::Display for Clash {
    /// What was expected instead.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Else { observed, at } => write!(f, "{observed}, as in {at}"),
            Self::Taken { documented } => write!(f, "one other than what {} stands for", spell(*documented)),
            Self::Fixed { documented } => write!(f, "one other than {documented}, which is a server's port"),
            Self::Server => f.write_str("a port of no server"),
            Self::Distance { documented, observed } => write!(f, "as far from {observed} as it is documented from {documented}"),
        }
    }
}

impl Variables {
    /// Has `documented` stand for `observed`, as found `at`.
    ///
    /// # Errors
    /// It stands for another number already, or another documented one of the block stands for this one.
    pub(super) fn bind(&mut self, block: &mut Block, field: Field, documented: u64, observed: u64, at: &str) -> Result<(), Clash> {
        let kind = Kind::of(field);
        let pair = Numbers { kind, is_injective: kind.is_injective(), lacks_server: false, stream: None, documented, observed };
        self.bind_part(block, &pair, &BTreeSet::new(), at)
    }

    /// The same of numbers of a line's part; `servers` are the lab's ports.
    ///
    /// # Errors
    /// It stands for another number already, another documented one of the block stands for this one, it is a server's port, or the two are
    /// not as far from others of their stream as each other.
    pub(super) fn bind_part(&mut self, block: &mut Block, part: &Numbers, servers: &BTreeSet<u16>, at: &str) -> Result<(), Clash> {
        let Numbers { kind, stream, documented, observed, .. } = *part;
        if let Some(bound) = self.bound.get(&(kind, documented))
            && bound.observed != observed
        {
            return Err(Clash::Else { observed: bound.observed, at: bound.at.clone() });
        }
        if let Some(documented) = block.fixed.get(&(kind, observed)) {
            return Err(Clash::Fixed { documented: documented.clone() });
        }
        if part.lacks_server && u16::try_from(observed).is_ok_and(|port| servers.contains(&port)) {
            return Err(Clash::Server);
        }
        if part.is_injective
            && let Some(taken) = block.documented.get(&(kind, observed)).map(|(taken, _)| *taken).filter(|taken| *taken != documented)
        {
            return Err(Clash::Taken { documented: taken });
        }
        if kind == Kind::Sequence {
            self.keep_distance(block, part)?;
        }
        if part.is_injective {
            block.documented.insert((kind, observed), (documented, stream));
        }
        self.bound.entry((kind, documented)).or_insert_with(|| Bound { observed, stream, at: at.to_owned() });
        Ok(())
    }

    /// Numbers of one stream that are documented close to each other are of one connection, and so are those of a block that are observed so: what
    /// is between them is a number of bytes, or the one of a SYN (RFC 9293 section 3.4).
    fn keep_distance(&self, block: &Block, part: &Numbers) -> Result<(), Clash> {
        let of_stream = |kind: Kind, stream| kind == part.kind && stream == part.stream;
        let known = self.bound.iter().filter(|((kind, _), bound)| of_stream(*kind, bound.stream));
        let known = known.map(|((_, documented), bound)| (*documented, bound.observed));
        let known = known.filter(|(other, _)| distance(*other, part.documented).abs() <= NEAR);
        let here = block.documented.iter().filter(|((kind, _), (_, stream))| of_stream(*kind, *stream));
        let here = here.map(|((_, observed), (documented, _))| (*documented, *observed));
        let here = here.filter(|(_, other)| distance(*other, part.observed).abs() <= NEAR);
        let torn = known.chain(here).find(|(other, seen)| distance(*other, part.documented) != distance(*seen, part.observed));
        torn.map_or(Ok(()), |(documented, observed)| Err(Clash::Distance { documented, observed }))
    }

    /// What a documented number stands for, if that is known by now.
    pub(super) fn get(&self, field: Field, documented: u64) -> Option<u64> {
        self.known(Kind::of(field), documented)
    }

    /// The same of a number of this kind.
    pub(super) fn known(&self, kind: Kind, documented: u64) -> Option<u64> {
        self.bound.get(&(kind, documented)).map(|bound| bound.observed)
    }

    /// What was taken for the same: `seq 106, 220, 279 = 1`.
    pub(super) fn spell(&self) -> Vec<String> {
        let mut by_observed: BTreeMap<(Kind, u64), Vec<String>> = BTreeMap::new();
        for ((kind, documented), bound) in &self.bound {
            by_observed.entry((*kind, bound.observed)).or_default().push(spell(*documented));
        }
        by_observed
            .into_iter()
            .map(|((kind, observed), documented)| format!("{} {} = {observed}", kind.label(), documented.join(", ")))
            .collect()
    }
}
