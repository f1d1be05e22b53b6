//! Which of the connections that `conntrack -L` lists are the probe's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::point::Scene;
use super::seen;
use crate::expect::state_words;
use crate::packet::{Field, Layer, LayerKind, Value};

/// An address, and what tells its ends apart there: a port, or the id of an echo.
type End = (IpAddr, u64);

/// Who sent the probe's packets to whom, at any point.
#[derive(Default)]
pub(super) struct Flows(BTreeSet<(Protocol, [End; 2])>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Protocol {
    Echo,
    Tcp,
    Udp,
}

/// What is known of an entry.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// A packet of the probe went from one of its sources to that destination.
    Probe,
    /// Packets of the probe went between the same addresses, and to or from the same port, but not of this connection: it was there before, as that of
    /// an un-asserted probe is.
    Another,
    /// No packet of the probe was like it.
    Unknown,
}

impl Flows {
    /// Those that were seen.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let stops =
            scene.journey.stops.iter().filter_map(|stop| Some(seen::at(stop, scene.recordings.get(stop.recording)?, scene.hints).0));
        Self(stops.flatten().filter_map(|seen| flow(&seen.layers().collect::<Vec<_>>())).collect())
    }

    /// Whose an entry is. A line that is no entry is nobody's.
    pub(super) fn owner(&self, entry: &str) -> Owner {
        let directions = directions(entry);
        if directions.iter().any(|direction| self.0.contains(direction)) {
            return Owner::Probe;
        }
        let is_near = |(protocol, [from, to]): &(Protocol, [End; 2])| {
            self.0.iter().any(|(other, [source, destination])| {
                let addresses = (source.0, destination.0) == (from.0, to.0);
                protocol == other && addresses && (*protocol == Protocol::Echo || source.1 == from.1 || destination.1 == to.1)
            })
        };
        if directions.iter().any(is_near) { Owner::Another } else { Owner::Unknown }
    }
}

/// Between whom the innermost packet goes.
fn flow(layers: &[&Layer<'_>]) -> Option<(Protocol, [End; 2])> {
    let upper =
        layers.iter().rposition(|layer| matches!(layer.kind(), LayerKind::Tcp | LayerKind::Udp | LayerKind::Icmp | LayerKind::Icmpv6))?;
    let (ip, upper) = (layers.get(upper.checked_sub(1)?)?, layers[upper]);
    let (protocol, numbers) = match upper.kind() {
        LayerKind::Tcp => (Protocol::Tcp, [Field::TcpSourcePort, Field::TcpDestinationPort]),
        LayerKind::Udp => (Protocol::Udp, [Field::UdpSourcePort, Field::UdpDestinationPort]),
        _ => (Protocol::Echo, [Field::IcmpId; 2]),
    };
    let end = |address, number| match (ip.get(address)?, upper.get(number)?) {
        (Value::Ip(address), Value::Number(number)) => Some((address, number)),
        _ => None,
    };
    Some((protocol, [end(Field::IpSource, numbers[0])?, end(Field::IpDestination, numbers[1])?]))
}

/// Both directions of an entry, as far as they are told.
fn directions(entry: &str) -> Vec<(Protocol, [End; 2])> {
    let words: Vec<&str> = state_words(entry).into_iter().map(|span| &entry[span]).collect();
    let protocol = words.iter().take_while(|word| !word.ends_with('=')).find_map(|word| match *word {
        "icmp" | "icmpv6" => Some(Protocol::Echo),
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    });
    let Some(protocol) = protocol else { return Vec::new() };
    let numbers = if protocol == Protocol::Echo { ["id=", "id="] } else { ["sport=", "dport="] };
    let starts: Vec<usize> = words.iter().enumerate().filter(|(_, word)| **word == "src=").map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([words.len()]);
    let told = starts.iter().zip(ends).filter_map(|(start, end)| {
        let told = &words[*start..end];
        let value = |key: &str| told.iter().position(|word| *word == key).and_then(|at| told.get(at + 1));
        let end = |address: &str, number: &str| Some((value(address)?.parse().ok()?, value(number)?.parse().ok()?));
        Some((protocol, [end("src=", numbers[0])?, end("dst=", numbers[1])?]))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(address: &str, number: u64) -> End {
        (address.parse().expect("an address"), number)
    }

    #[test]
    fn a_connection_is_the_probes_if_a_packet_of_it_is() {
        let (client, service, pod) = (end("10.0.1.2", 40_000), end("10.96.0.9", 80), end("10.0.2.3", 8080));
        let node = end("172.18.0.3", 1234);
        let ping = [end("fd00::1", 7), end("fd00::2", 7)];
        let asked = [end("10.0.1.2", 40_000), end("10.0.1.2", 53)];
        let flows = [(Protocol::Tcp, [client, service]), (Protocol::Tcp, [node, pod]), (Protocol::Udp, asked), (Protocol::Echo, ping)];
        let flows =
            Flows(flows.into_iter().flat_map(|(protocol, [one, other])| [(protocol, [one, other]), (protocol, [other, one])]).collect());
        for (entry, owner) in [
            (
                "tcp 6 118 TIME_WAIT src=10.0.1.2 dst=10.96.0.9 sport=40000 dport=80 src=10.0.2.3 dst=172.18.0.3 sport=8080 dport=1234 [ASSURED]",
                Owner::Probe,
            ),
            (
                "ipv4 2 tcp 6 118 TIME_WAIT src=10.0.1.2 dst=10.96.0.9 sport=40000 dport=80 [UNREPLIED] src=10.9.9.9 dst=10.0.1.2 sport=80 dport=40000",
                Owner::Probe,
            ),
            (
                "tcp 6 118 TIME_WAIT src=10.9.9.9 dst=10.0.2.3 sport=5 dport=8080 src=10.0.2.3 dst=172.18.0.3 sport=8080 dport=1234",
                Owner::Probe,
            ),
            (
                "tcp 6 118 TIME_WAIT src=10.0.1.2 dst=10.96.0.9 sport=40001 dport=80 src=10.0.2.3 dst=172.18.0.3 sport=8080 dport=1235",
                Owner::Another,
            ),
            (
                "tcp 6 118 TIME_WAIT src=10.9.9.9 dst=10.0.2.3 sport=5 dport=8080 src=10.0.2.3 dst=172.18.0.3 sport=8080 dport=1235",
                Owner::Another,
            ),
            ("tcp 6 118 TIME_WAIT src=10.0.1.2 dst=10.96.0.9 sport=40001 dport=53", Owner::Unknown),
            ("udp 17 118 src=10.0.1.2 dst=10.96.0.9 sport=40001 dport=80", Owner::Unknown),
            ("udp 17 28 src=10.0.1.2 dst=10.0.1.2 sport=40000 dport=53 src=10.0.1.2 dst=10.0.1.2 sport=53 dport=40000", Owner::Probe),
            ("udp 17 28 src=10.0.1.2 dst=10.0.1.2 sport=40001 dport=53 src=10.0.1.2 dst=10.0.1.2 sport=53 dport=40001", Owner::Another),
            ("tcp 6 28 src=10.0.1.2 dst=10.0.1.2 sport=40000 dport=53", Owner::Unknown),
            ("tcp 6 118 TIME_WAIT src=10.0.1.9 dst=10.96.0.9 sport=40000 dport=80", Owner::Unknown),
            ("icmpv6 58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=7 src=fd00::2 dst=fd00::1 type=129 code=0 id=7", Owner::Probe),
            ("icmpv6 58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=8 src=fd00::2 dst=fd00::1 type=129 code=0 id=8", Owner::Another),
            ("icmpv6 58 29 src=fd00::1 dst=fd00::3 type=128 code=0 id=7", Owner::Unknown),
            ("tcp 6 118 src=10.0.1.2 dst=10.96.0.9", Owner::Unknown),
            ("tcp src=x dst= sport=", Owner::Unknown),
            ("10.0.1.2 dev eth0 src 10.0.1.2", Owner::Unknown),
        ] {
            assert_eq!(flows.owner(entry), owner, "{entry}");
        }
    }
}
