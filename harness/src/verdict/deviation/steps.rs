//! The steps of a probe in the order of causes: which packet, at which point.

use super::model::Way;
use crate::expect::{Pattern, Want};
use crate::journey::Leg;
use crate::lab::{Claim, DocumentedLine, Extent, Line, Scenario};
use crate::name::PointName;
use crate::packet::{Field, LayerKind, Value};
use crate::verdict::align;
use crate::verdict::model::{ExpectationVerdict, LineVerdict, Outcome};

/// How many lines of a block are looked at; a longer one is no exchange of a probe.
const MOST: usize = 512;

/// A documented line, and which packet it documents where.
pub(super) struct Placed<'v> {
    pub(super) expectation: usize,
    pub(super) point: &'v PointName,
    /// Which of the packets, by its index among [`Steps::packets`].
    pub(super) packet: usize,
    pub(super) line: &'v LineVerdict,
}

/// The packets that are documented and where each line belongs.
pub(super) struct Steps<'v> {
    /// Which way each packet goes, in the order in which the sender's first documented point sees them.
    pub(super) packets: Vec<Way>,
    pub(super) lines: Vec<Placed<'v>>,
}

/// The lines of one expectation and which way each goes.
struct Block<'v> {
    expectation: usize,
    point: &'v PointName,
    extent: Extent,
    ways: Vec<Way>,
    lines: &'v [LineVerdict],
}

impl Block<'_> {
    fn count(&self, way: Way) -> usize {
        self.ways.iter().filter(|other| **other == way).count()
    }
}

impl<'v> Steps<'v> {
    /// Places every line that was judged. `None` if one that is broken cannot be placed: what comes first cannot be told then.
    pub(super) fn of(planned: &'v Scenario, verdicts: &'v [ExpectationVerdict], path: &[PointName]) -> Option<Self> {
        let mut blocks = Vec::new();
        for (index, (expectation, verdict)) in planned.expect.iter().zip(verdicts).enumerate() {
            let Claim::Lines(lines) = &expectation.claim else { continue };
            if matches!(verdict.outcome, Outcome::Skipped(_)) {
                continue;
            }
            let ways = ways(lines).filter(|ways| path.contains(&expectation.at) && ways.len() == verdict.lines.len());
            match ways {
                Some(ways) => blocks.push(Block {
                    expectation: index,
                    point: &expectation.at,
                    extent: expectation.extent,
                    ways,
                    lines: &verdict.lines,
                }),
                None if matches!(verdict.outcome, Outcome::Broken(_)) => return None,
                None => {}
            }
        }
        let place = |point: &PointName| path.iter().position(|other| other == point);
        let model = blocks.iter().min_by_key(|block| place(block.point))?;
        let counts = [Way::Request, Way::Reply].map(|way| model.count(way));
        let mut packets: Vec<Way> = if counts.iter().all(|count| *count <= 1) {
            vec![Way::Request, Way::Reply]
        } else if model.extent != Extent::Excerpt {
            model.ways.clone()
        } else {
            return None;
        };
        packets.retain(|way| *way != Way::Error);
        let mut lines = Vec::new();
        for block in &blocks {
            if !fits(block, counts) {
                if block.lines.iter().any(|line| matches!(line.outcome, Outcome::Broken(_))) {
                    return None;
                }
                continue;
            }
            for (at, (way, line)) in block.ways.iter().zip(block.lines).enumerate().filter(|(_, (way, _))| **way != Way::Error) {
                let ordinal = block.ways[..at].iter().filter(|other| *other == way).count();
                let packet = packets.iter().enumerate().filter(|(_, other)| *other == way).nth(ordinal)?.0;
                lines.push(Placed { expectation: block.expectation, point: block.point, packet, line });
            }
        }
        Some(Self { packets, lines })
    }

    /// Whether there is one packet each way: then a sighting tells which packet it is.
    pub(super) fn is_ping(&self) -> bool {
        self.packets.len() == 2
    }
}

/// Whether the packets of a block can be told: there is at most one each way, or as many as at the sender's first documented point.
fn fits(block: &Block<'_>, counts: [usize; 2]) -> bool {
    let own = [Way::Request, Way::Reply].map(|way| block.count(way));
    own.iter().zip(counts).all(|(own, other)| *own <= 1 && other <= 1) || (own == counts && block.extent != Extent::Excerpt)
}

/// Which way the packet of each line goes. What an ICMP type does not tell is told by the first line of the block: that is the sender's, and whoever is its
/// source asks. `None` if that does not tell all of them.
fn ways(lines: &[DocumentedLine<Pattern>]) -> Option<Vec<Way>> {
    let first = lines.first().filter(|_| lines.len() <= MOST)?.judged();
    let asks = || flow(first).filter(|_| !is_segment(first) || flags(first) == Some("S"));
    let way = |line: &DocumentedLine<Pattern>| {
        let layers = &line.judged().pattern.layers;
        if let Some(icmp) = layers.iter().rev().find(|layer| matches!(layer.kind, LayerKind::Icmp | LayerKind::Icmpv6)) {
            return match align::icmp_leg(icmp)? {
                Leg::Request => Some(Way::Request),
                Leg::Reply => Some(Way::Reply),
                Leg::Error => Some(Way::Error),
                Leg::Unknown => None,
            };
        }
        let ([source, _], [client, server]) = (flow(line.judged())?, asks()?);
        if source == client { Some(Way::Request) } else { (source == server).then_some(Way::Reply) }
    };
    lines.iter().map(way).collect()
}

/// Between whom the innermost datagram or segment of a line goes, as the line spells them: source and destination with their ports.
fn flow(line: &Line<Pattern>) -> Option<[(&str, &str); 2]> {
    let layers = &line.pattern.layers;
    let upper = layers.iter().rposition(|layer| matches!(layer.kind, LayerKind::Tcp | LayerKind::Udp))?;
    let text = |layer: usize, fields: [Field; 2]| {
        let part = layers.get(layer)?.fields.iter().find(|part| fields.contains(&part.field))?;
        line.text.get(part.span.clone())
    };
    let under = upper.checked_sub(1)?;
    let end = |address, ports| Some((text(under, [address; 2])?, text(upper, ports)?));
    let source = end(Field::IpSource, [Field::TcpSourcePort, Field::UdpSourcePort])?;
    let destination = end(Field::IpDestination, [Field::TcpDestinationPort, Field::UdpDestinationPort])?;
    Some([source, destination])
}

fn is_segment(line: &Line<Pattern>) -> bool {
    line.pattern.layers.last().is_some_and(|layer| layer.kind == LayerKind::Tcp)
}

fn flags(line: &Line<Pattern>) -> Option<&str> {
    let part = line.pattern.layers.last()?.fields.iter().find(|part| part.field == Field::TcpFlags)?;
    if let Want::Exact(Value::Text(flags)) = &part.want { Some(flags) } else { None }
}
