//! Packets of two runs, field by field.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Names;
use crate::expect::client_ports;
use crate::journey::Leg;
use crate::packet::{Detail, Field, Layer, LayerKind, Value};
use crate::verdict::align::OTHER_SHAPE;
use crate::verdict::compare::alike;
use crate::verdict::seen::Seen;
use crate::verdict::spelling::{LENGTHS, Spelling};

/// A packet as far as it is compared.
pub(super) struct Packet<'s, 'a> {
    pub(super) seen: &'s Seen<'a>,
    /// What its layers are, outermost first.
    pub(super) kinds: Vec<LayerKind>,
    layers: Vec<Fields>,
}

/// The fields of one layer that have a meaning.
struct Fields {
    values: BTreeMap<Field, Value>,
    /// Positions in a stream, relative to its start where that was seen, and lengths, as they are where addresses are spelt as in the second run.
    following: BTreeMap<Field, Value>,
    /// The ports that differ from run to run.
    client: Vec<Field>,
}

/// How two values of a field relate.
pub(super) enum Relation {
    /// They say the same.
    Same,
    /// Two numbers that differ from run to run, each of which must stand for the other.
    Numbers([u64; 2]),
    /// They differ, or one of the packets has none.
    Other,
}

/// A field of two packets.
pub(super) struct Held {
    pub(super) field: Field,
    /// Its layer's index in either packet.
    pub(super) layers: [usize; 2],
    pub(super) relation: Relation,
}

impl<'s, 'a> Packet<'s, 'a> {
    /// A packet, of which `spelling` tells what follows from how the second run's site spells its addresses.
    pub(super) fn of(seen: &'s Seen<'a>, spelling: &Spelling) -> Self {
        let layers: Vec<&Layer<'a>> = seen.stack.layers().iter().filter(|layer| layer.kind() != LayerKind::Payload).collect();
        Self {
            seen,
            kinds: layers.iter().map(|layer| layer.kind()).collect(),
            layers: layers.iter().enumerate().map(|(index, layer)| Fields::of(seen, index, layer, spelling)).collect(),
        }
    }

    /// How far the two are from being the same packet; `None`: they go different ways.
    pub(super) fn cost(&self, other: &Self, names: &Names<'_>) -> Option<usize> {
        if !self.seen.leg.may_be(other.seen.leg) {
            return None;
        }
        let differ = held([self, other], names).filter(|held| matches!(held.relation, Relation::Other)).count();
        let shape = if self.kinds == other.kinds { 0 } else { OTHER_SHAPE };
        Some(differ + shape)
    }

    /// Whether another packet of the same run goes the same way between the same addresses in the same layers.
    pub(super) fn is_in_flow_with(&self, other: &Self) -> bool {
        self.seen.leg == other.seen.leg && self.kinds == other.kinds && self.addresses().eq(other.addresses())
    }

    /// Whether a packet of the other run does: the same addresses by name.
    pub(super) fn has_the_flow_of(&self, other: &Self, names: &Names<'_>) -> bool {
        let same = |((field, one), (_, other))| names.same(field, [one, other]);
        self.seen.leg == other.seen.leg && self.kinds == other.kinds && self.addresses().zip(other.addresses()).all(same)
    }

    /// The addresses of its IP headers, outermost first.
    fn addresses(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.layers.iter().flat_map(|layer| {
            [Field::IpSource, Field::IpDestination].into_iter().filter_map(move |field| Some((field, layer.values.get(&field)?)))
        })
    }

    /// How many IP headers stand below this layer.
    pub(super) fn headers_below(&self, layer: usize) -> usize {
        self.kinds[layer + 1..].iter().filter(|kind| matches!(kind, LayerKind::Ipv4 | LayerKind::Ipv6)).count()
    }

    /// Whether it has this field.
    pub(super) fn has(&self, layer: usize, field: Field) -> bool {
        self.layers[layer].values.contains_key(&field)
    }

    /// The value of a field as it is printed, or, where it is not, as it is.
    pub(super) fn spell(&self, detail: Detail, layer: usize, field: Field) -> String {
        let printed = self.seen.span(detail, layer, field).and_then(|span| self.seen.printed(detail).text.get(span));
        let value = || self.layers[layer].values.get(&field).map(Value::to_string);
        printed.map(str::to_owned).or_else(value).unwrap_or_else(|| "nothing".to_owned())
    }
}

impl Fields {
    fn of(seen: &Seen<'_>, index: usize, layer: &Layer<'_>, spelling: &Spelling) -> Self {
        let values: BTreeMap<Field, Value> = Field::ALL.into_iter().filter_map(|field| Some((field, layer.get(field)?))).collect();
        let positions = [Field::TcpSequence, Field::TcpSequenceEnd, Field::TcpAcknowledgment].into_iter();
        let relative = positions.filter_map(|field| Some((field, seen.value(index, field)?)));
        let relative = relative.filter(|(field, value)| values.get(field) != Some(value));
        let lengths = LENGTHS.into_iter().filter_map(|field| Some((field, values.get(&field)?.clone())));
        let follow = |(field, value): (Field, Value)| match value {
            Value::Number(number) => (field, Value::Number(spelling.on_the_other(seen, field, number))),
            value => (field, value),
        };
        let following = relative.chain(lengths).map(follow).collect();
        Self { client: clients(&values, seen.leg), values, following }
    }

    fn is_handshake(&self) -> bool {
        matches!(self.values.get(&Field::TcpFlags), Some(Value::Text(flags)) if flags.contains('S'))
    }
}

/// Which ports of a layer are a client's: of the probe's connection the way tells, of a tunnel's datagrams the numbers do.
fn clients(values: &BTreeMap<Field, Value>, leg: Leg) -> Vec<Field> {
    let of_udp = |fields: [Field; 2]| match fields.map(|field| values.get(&field)) {
        [Some(Value::Number(source)), Some(Value::Number(destination))] => client_ports(*source, *destination),
        _ => [false, false],
    };
    let tcp = match leg {
        Leg::Request => vec![Field::TcpSourcePort],
        Leg::Reply => vec![Field::TcpDestinationPort],
        Leg::Error | Leg::Unknown => Vec::new(),
    };
    let udp = [Field::UdpSourcePort, Field::UdpDestinationPort];
    let udp = udp.into_iter().zip(of_udp(udp)).filter(|(_, client)| *client).map(|(field, _)| field);
    tcp.into_iter().chain(udp).collect()
}

/// Every field that either of two packets has in layers that belong together.
pub(super) fn held<'p>(packets: [&'p Packet<'_, '_>; 2], names: &'p Names<'_>) -> impl Iterator<Item = Held> + 'p {
    alike(&packets[0].kinds, &packets[1].kinds).into_iter().flat_map(move |(one, other)| {
        let layers = [&packets[0].layers[one], &packets[1].layers[other]];
        let fields: BTreeSet<Field> = layers.iter().flat_map(|layer| layer.values.keys().copied()).collect();
        fields.into_iter().map(move |field| Held { field, layers: [one, other], relation: relation(field, layers, names) })
    })
}

fn relation(field: Field, layers: [&Fields; 2], names: &Names<'_>) -> Relation {
    let [Some(one), Some(other)] = layers.map(|layer| layer.values.get(&field)) else { return Relation::Other };
    let values = [one, other];
    match field {
        Field::IcmpId | Field::IcmpSequence | Field::IpFlowLabel => numbers(values),
        Field::IpId => none_given(values).unwrap_or_else(|| numbers(values)),
        Field::TcpTimestamp | Field::TcpTimestampEcho => none_given(values).unwrap_or_else(|| {
            // Behind the handshake they are a clock's, which may tick between two packets or not.
            if layers.iter().all(|layer| layer.is_handshake()) { numbers(values) } else { Relation::Same }
        }),
        Field::TcpSequence | Field::TcpSequenceEnd | Field::TcpAcknowledgment => {
            let [one, other] = layers.map(|layer| layer.following.get(&field));
            if one.zip(other).is_some_and(|(one, other)| one != other) { Relation::Other } else { numbers(values) }
        }
        Field::TcpSourcePort | Field::TcpDestinationPort | Field::UdpSourcePort | Field::UdpDestinationPort
            if layers.iter().all(|layer| layer.client.contains(&field)) =>
        {
            numbers(values)
        }
        _ => {
            let values = [0, 1].map(|side| layers[side].following.get(&field).unwrap_or(values[side]));
            if names.same(field, values) { Relation::Same } else { Relation::Other }
        }
    }
}

fn numbers(values: [&Value; 2]) -> Relation {
    if let [Value::Number(one), Value::Number(other)] = values { Relation::Numbers([*one, *other]) } else { Relation::Other }
}

/// Two numbers one of which is 0, where that says that there is none: an IP id that no socket drew (`ip_select_ident_segs`, include/net/ip.h),
/// an echo of nothing (RFC 7323 section 3.2). `None`: neither is.
fn none_given(values: [&Value; 2]) -> Option<Relation> {
    match values {
        [Value::Number(0), Value::Number(0)] => Some(Relation::Same),
        [Value::Number(0), _] | [_, Value::Number(0)] => Some(Relation::Other),
        _ => None,
    }
}
