//! Which way the probe's datagrams go.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use super::model::Leg;
use super::trace::{address, number};
use crate::packet::{Field, LayerKind, Stack};

/// A UDP datagram that holds the probe's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Datagram {
    source: SocketAddr,
    destination: SocketAddr,
    /// The IP id, if a socket drew one.
    id: Option<u64>,
    payload: Vec<u8>,
}

impl Datagram {
    /// The innermost packet of a frame, if that is a datagram.
    pub(super) fn of(stack: &Stack<'_>) -> Option<Self> {
        let [.., ip, udp] = stack.layers() else { return None };
        let end = |host, port| Some(SocketAddr::new(address(ip, host)?, u16::try_from(number(udp, port)?).ok()?));
        (udp.kind() == LayerKind::Udp).then_some(())?;
        Some(Self {
            source: end(Field::IpSource, Field::UdpSourcePort)?,
            destination: end(Field::IpDestination, Field::UdpDestinationPort)?,
            id: number(ip, Field::IpId).filter(|id| *id != 0),
            payload: stack.payload().to_vec(),
        })
    }

    /// Whether the other is the same packet, perhaps translated on its way.
    fn is(&self, other: &Self) -> bool {
        // Of one more may have been captured than of the other.
        let (short, long) = if self.payload.len() < other.payload.len() { (self, other) } else { (other, self) };
        self.id.is_some() && self.id == other.id && long.payload.starts_with(&short.payload)
    }
}

/// The datagrams of a probe, each with its way.
#[derive(Debug, Default)]
pub(super) struct Datagrams(Vec<(Datagram, Leg)>);

impl Datagrams {
    /// Takes note of a datagram that holds the token.
    pub(super) fn holds_token(&mut self, datagram: Datagram) {
        if !self.0.iter().any(|(known, _)| *known == datagram) {
            self.0.push((datagram, Leg::Unknown));
        }
    }

    /// Tells which way each goes: from the sender's own end or to it; as another between the same ends, or against one; as the same packet at
    /// another point. Of all else it is not known.
    pub(super) fn settle(&mut self, local: Option<SocketAddrV4>) {
        let Some(local) = local.map(|local| SocketAddr::new(IpAddr::V4(*local.ip()), local.port())) else { return };
        for (datagram, leg) in &mut self.0 {
            *leg = match (datagram.source == local, datagram.destination == local) {
                (true, false) => Leg::Request,
                (false, true) => Leg::Reply,
                _ => Leg::Unknown,
            };
        }
        // Each round settles one or is the last.
        while let Some((index, leg)) = self.next() {
            self.0[index].1 = leg;
        }
    }

    /// A datagram whose way follows from that of another.
    fn next(&self) -> Option<(usize, Leg)> {
        let known = || self.0.iter().filter(|(_, leg)| *leg != Leg::Unknown);
        self.0.iter().enumerate().filter(|(_, (_, leg))| *leg == Leg::Unknown).find_map(|(index, (datagram, _))| {
            let leg = known().find_map(|(other, leg)| {
                let ends = (other.source, other.destination);
                if ends == (datagram.source, datagram.destination) || other.is(datagram) {
                    Some(*leg)
                } else {
                    (ends == (datagram.destination, datagram.source)).then(|| leg.opposite())
                }
            });
            Some((index, leg?))
        })
    }

    /// Which way a datagram with the token goes.
    pub(super) fn leg(&self, datagram: &Datagram) -> Leg {
        self.0.iter().find(|(known, _)| known == datagram).map_or(Leg::Unknown, |(_, leg)| *leg)
    }
}
