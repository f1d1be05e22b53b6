//! Lines that no packet of the scenario's probe could ever be: found before anything is built.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lines::Context;
use super::model::{Lab, Line, Probe};
use super::probe::PINGS_MAX;
use super::problem::Problem;
use super::symbol::Sort;
use crate::expect::{FieldPattern, LayerPattern, Pattern, Want, echoes};
use crate::packet::{Field, LayerKind, LinkType, Value};
use crate::site::TunnelKind;

/// The header of an ICMP echo, in bytes (RFC 792).
const ECHO_HEADER: usize = 8;

/// A line at a point on the way of a probe.
pub(super) struct Exercise<'a> {
    pub(super) lab: &'a Lab,
    pub(super) probe: &'a Probe,
    /// The link type of the point.
    pub(super) link: LinkType,
    pub(super) context: &'a Context<'a>,
}

impl Exercise<'_> {
    /// Says why no packet of the probe can be this line, if so; `start` is where the line stands in the file.
    pub(super) fn check(&self, line: &Line<Pattern>, start: usize, problems: &mut Vec<Problem>) {
        let whole = start..start + line.text.len();
        let place = |span: &Range<usize>| start + span.start..start + span.end;
        self.link(&line.pattern, whole.clone(), problems);
        if let Some((layer, what)) = line.pattern.layers.iter().find_map(|layer| Some((layer, self.foreign(layer)?))) {
            let span = layer.fields.first().map_or(whole, |field| place(&field.span));
            let sends = if matches!(self.probe, Probe::Ping { .. }) { "a ping sends" } else { "an HTTP request sends" };
            problems.push(Problem::new(span, format!("{sends} no {what}")).hint(format!("this scenario's probe: {}", self.probe)));
            return;
        }
        self.length(&line.pattern, &place, problems);
        self.ends(&line.pattern, &place, problems);
    }

    /// Says so if lines of one block, each with the place where it starts in the file, show more requests or more replies than there are pings, or one of
    /// them twice: a point is passed once by each.
    pub(super) fn count(&self, lines: &[(&Line<Pattern>, usize)], problems: &mut Vec<Problem>) {
        let Probe::Ping { count, .. } = self.probe else { return };
        let sent = usize::from(*count);
        let of = echoes(&lines.iter().map(|(line, _)| &line.pattern).collect::<Vec<_>>());
        for (kind, what) in [(8, "request"), (0, "reply")] {
            let (mut shown, mut again, mut excess) = (Vec::new(), None, None);
            for ((line, start), echo) in lines.iter().zip(&of).filter(|((line, _), _)| icmp_type(&line.pattern) == Some(kind)) {
                let known = |(other, of): &(&Line<Pattern>, &usize)| *of == echo && !self.differ(&other.pattern, &line.pattern);
                let span = *start..*start + line.text.trim_end().len();
                if shown.iter().any(known) {
                    again.get_or_insert(span.clone());
                } else if shown.iter().any(|(_, of)| *of == echo) {
                    // An echo that a point sees twice is not the same the second time.
                    continue;
                }
                shown.push((*line, echo));
                if shown.len() > sent {
                    excess.get_or_insert(span);
                }
            }
            let Some(span) = excess.or(again.clone()) else { continue };
            let message = if shown.len() > sent {
                format!("these lines hold {}; this probe sends {}", in_words(shown.len(), what), words(sent))
            } else {
                format!("these lines hold the {what} of one echo twice")
            };
            let hint = if again.is_some() {
                "each passes this point once: keep one of the lines, or give each echo its own `seq`".to_owned()
            } else if shown.len() <= usize::from(PINGS_MAX) {
                format!("`count: {}` in the probe", shown.len())
            } else {
                format!("a probe sends {PINGS_MAX} pings at most: take the lines of fewer")
            };
            problems.push(Problem::new(span, message).hint(hint));
            return;
        }
    }

    /// Whether two lines cannot be of one packet: in what both of them say, numbers that differ from run to run aside, something differs.
    fn differ(&self, one: &Pattern, other: &Pattern) -> bool {
        let above = |pattern: &'_ Pattern| -> Vec<LayerPattern> {
            pattern.layers.iter().filter(|layer| !matches!(layer.kind, LayerKind::Ethernet | LayerKind::Vlan)).cloned().collect()
        };
        let kinds = |layers: &[LayerPattern]| layers.iter().map(|layer| layer.kind).collect::<Vec<_>>();
        let says = |field: &FieldPattern| match &field.want {
            Want::Exact(value) => Some(value.to_string()),
            Want::Literal(value) => Some(self.symbol(field).unwrap_or_else(|| value.to_string())),
            Want::Name(symbol) => Some(symbol.as_str().to_owned()),
            Want::Variable(_) => None,
        };
        let contradict = |one: &LayerPattern, other: &LayerPattern| {
            one.fields
                .iter()
                .filter_map(|field| Some((field.field, says(field)?)))
                .any(|(field, said)| other.fields.iter().filter(|part| part.field == field).filter_map(says).any(|other| other != said))
        };
        let [inner, other_inner] = [above(one), above(other)];
        let links = one.layers.first().zip(other.layers.first()).filter(|(one, other)| one.kind == other.kind);
        kinds(&inner) != kinds(&other_inner)
            || inner.iter().zip(&other_inner).any(|(one, other)| contradict(one, other))
            || links.is_some_and(|(one, other)| contradict(one, other))
    }

    /// What a layer is if neither a probe of this kind nor a tunnel of this lab sends it.
    fn foreign(&self, layer: &LayerPattern) -> Option<&'static str> {
        let tunnel = self.lab.cluster.network.tunnel.as_ref().map(|tunnel| tunnel.kind);
        match (layer.kind, self.probe) {
            (LayerKind::Udp, _) if matches!(tunnel, Some(TunnelKind::Udp { .. })) => None,
            (LayerKind::Tcp, Probe::Ping { .. }) => Some("TCP segment"),
            (LayerKind::Udp, _) => Some("UDP datagram"),
            (LayerKind::Arp, _) => Some("ARP packet"),
            (LayerKind::Icmpv6 | LayerKind::Ipv6, _) => Some("IPv6 packet"),
            (LayerKind::Vxlan, _) => Some("VXLAN packet"),
            // Where nobody listens or no route leads, ICMP says so of a segment, too.
            (LayerKind::Tcp | LayerKind::Icmp | LayerKind::Ethernet | LayerKind::Vlan | LayerKind::Ipv4 | LayerKind::Payload, _) => None,
        }
    }

    fn link(&self, pattern: &Pattern, span: Range<usize>, problems: &mut Vec<Problem>) {
        let problem = match (self.link, pattern.link) {
            (LinkType::Raw, Some(LinkType::Ethernet)) => {
                Problem::new(span, "this point has no link layer, but the line prints hardware addresses")
                    .hint("tcpdump starts such a line with `ip:`")
            }
            (LinkType::Ethernet, Some(LinkType::Raw)) => Problem::new(span, "this point has a link layer, but the line starts with `ip:`")
                .hint("tcpdump prints hardware addresses there"),
            _ => return,
        };
        problems.push(problem);
    }

    /// An echo is as long as the probe makes it.
    fn length(&self, pattern: &Pattern, place: &impl Fn(&Range<usize>) -> Range<usize>, problems: &mut Vec<Problem>) {
        let Probe::Ping { size, .. } = self.probe else { return };
        // RFC 792: an error is as long as what it quotes.
        if !matches!(icmp_type(pattern), Some(0 | 8)) {
            return;
        }
        let length = (size + ECHO_HEADER) as u64;
        let icmp = pattern.layers.iter().filter(|layer| layer.kind == LayerKind::Icmp);
        for field in icmp.flat_map(|layer| &layer.fields).filter(|field| field.field == Field::IcmpLength) {
            if let Want::Exact(Value::Number(stated)) = field.want
                && stated != length
            {
                let message = format!("this probe's echo is {length} bytes long, not {stated}");
                let hint = stated.checked_sub(ECHO_HEADER as u64).filter(|size| *size >= 16);
                let hint = hint.map_or_else(|| "see the probe's `size`".to_owned(), |size| format!("`size: {size}` in the probe"));
                problems.push(Problem::new(place(&field.span), message).hint(hint));
            }
        }
    }

    /// The innermost addresses are the probe's ends, those of an outer header the nodes'.
    fn ends(&self, pattern: &Pattern, place: &impl Fn(&Range<usize>) -> Range<usize>, problems: &mut Vec<Problem>) {
        let kind = icmp_type(pattern);
        if !matches!(kind, None | Some(0 | 8)) {
            return;
        }
        let from = self.probe.from();
        let (sender, target) = match self.probe {
            Probe::Ping { to, .. } => (self.addresses(from.as_str()), self.addresses(to.as_str())),
            Probe::Curl { .. } => (self.addresses(from.as_str()), self.translated()),
        };
        let headers: Vec<&LayerPattern> = pattern.layers.iter().filter(|layer| layer.kind == LayerKind::Ipv4).collect();
        if pattern.layers.last().is_some_and(|layer| layer.kind == LayerKind::Udp) {
            // The tunnel's datagram, with nothing shown of what is in it.
            return;
        }
        for (index, header) in headers.iter().enumerate() {
            let inner = index + 1 == headers.len();
            for field in &header.fields {
                let allowed: BTreeSet<&String> = match (inner, kind, field.field) {
                    (true, Some(8), Field::IpSource) | (true, Some(0), Field::IpDestination) => sender.iter().collect(),
                    (true, Some(8), Field::IpDestination) | (true, Some(0), Field::IpSource) => target.iter().collect(),
                    (true, None, Field::IpSource | Field::IpDestination) => sender.iter().chain(&target).collect(),
                    _ => continue,
                };
                let Some(symbol) = self.symbol(field).filter(|symbol| self.is_address(symbol)) else { continue };
                if !allowed.contains(&symbol) {
                    let end = if field.field == Field::IpSource { "source" } else { "destination" };
                    let message = format!("no packet of this probe has the {end} `{symbol}` here");
                    problems.push(Problem::new(place(&field.span), message).hint(format!("this scenario's probe: {}", self.probe)));
                }
            }
        }
    }

    /// The symbols of every address that a place sends from.
    fn addresses(&self, place: &str) -> BTreeSet<String> {
        let pod = self.lab.pods.iter().filter(|pod| pod.name.as_str() == place).map(|pod| format!("{}.ip", pod.name));
        let nodes = self.lab.nodes.iter().filter(|node| node.name.as_str() == place);
        let network = &self.lab.cluster.network;
        let tunnel = network.tunnel.as_ref().map(|tunnel| tunnel.device.as_str());
        let cards = nodes.flat_map(|node| {
            let cards = node.nics.iter().map(|nic| nic.name.as_str()).chain(tunnel).chain(network.bridge());
            cards.map(|card| format!("{}.{card}.ip", node.name))
        });
        pod.chain(cards).collect()
    }

    /// The symbols of every address that a request may have besides its sender's: what it asks, who answers, and any node's, for nodes
    /// translate addresses to their own.
    fn translated(&self) -> BTreeSet<String> {
        let (targets, _) = self.lab.targets(self.probe);
        let targets = targets.iter().map(|pod| format!("{}.ip", pod.name));
        let asked = self.lab.destination(self.probe).0.as_str().to_owned();
        let nodes = self.lab.nodes.iter().flat_map(|node| self.addresses(node.name.as_str()));
        targets.chain([asked]).chain(nodes).collect()
    }

    /// What else a line may name is told elsewhere.
    fn is_address(&self, symbol: &str) -> bool {
        self.context.symbols.get(symbol).is_some_and(|known| known.sort == Sort::Ip)
    }

    fn symbol(&self, field: &FieldPattern) -> Option<String> {
        match &field.want {
            Want::Name(symbol) => Some(symbol.as_str().to_owned()),
            Want::Literal(value) => self.context.stands_for(&value.to_string()).map(|symbol| symbol.as_str().to_owned()),
            Want::Exact(_) | Want::Variable(_) => None,
        }
    }
}

/// Small numbers as words, as prose has them.
fn words(count: usize) -> String {
    let known = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    known.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

fn in_words(count: usize, what: &str) -> String {
    let plural = what.strip_suffix('y').map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"));
    format!("{} {}", words(count), if count == 1 { what } else { &plural })
}

/// The type that the line states of its ICMP message (RFC 792: 8 is an echo, 0 its reply).
fn icmp_type(pattern: &Pattern) -> Option<u64> {
    let fields = pattern.layers.iter().filter(|layer| layer.kind == LayerKind::Icmp).flat_map(|layer| &layer.fields);
    fields.filter(|field| field.field == Field::IcmpType).find_map(|field| match field.want {
        Want::Exact(Value::Number(kind)) => Some(kind),
        _ => None,
    })
}
