//! Which fragments belong together.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::model::Leg;
use super::trace::{address, number};
use crate::packet::{Field, Layer, LayerKind};

/// What all fragments of one packet have in common (RFC 791 section 2.3, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Whole {
    source: IpAddr,
    destination: IpAddr,
    /// Not of IPv6, whose header announces the next one only.
    protocol: Option<u64>,
    id: u64,
}

impl Whole {
    /// The packets that a frame with these layers shows a fragment of; in a tunnel the inner packet may be in fragments, the outer one, or both.
    fn all<'s, 'a: 's>(layers: impl Iterator<Item = &'s Layer<'a>>) -> impl Iterator<Item = Self> {
        layers.filter(|layer| layer.is_fragment()).filter_map(Self::of)
    }

    fn of(ip: &Layer<'_>) -> Option<Self> {
        let protocol = if ip.kind() == LayerKind::Ipv4 { Some(number(ip, Field::IpProtocol)?) } else { None };
        Some(Self {
            source: address(ip, Field::IpSource)?,
            destination: address(ip, Field::IpDestination)?,
            protocol,
            id: number(ip, Field::IpId)?,
        })
    }
}

/// The packets of the probe that were sent in fragments, and which way each goes.
#[derive(Debug, Default)]
pub(super) struct Fragments(BTreeMap<Whole, Leg>);

impl Fragments {
    /// Takes note of a frame of the probe.
    pub(super) fn add<'s, 'a: 's>(&mut self, layers: impl Iterator<Item = &'s Layer<'a>>, leg: Leg) {
        for whole in Whole::all(layers) {
            let known = self.0.entry(whole).or_insert(leg);
            // Only the first fragment shows which way the packet goes.
            if *known == Leg::Unknown {
                *known = leg;
            }
        }
    }

    /// Which way a frame went, if it is a fragment of a packet of the probe.
    pub(super) fn leg<'s, 'a: 's>(&self, layers: impl Iterator<Item = &'s Layer<'a>>) -> Option<Leg> {
        Whole::all(layers).find_map(|whole| self.0.get(&whole)).copied()
    }

    /// No packet of the probe was sent in fragments.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
