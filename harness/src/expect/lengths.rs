//! Lengths that cannot be: what the headers of a line say of one another.

use super::pattern::{LayerPattern, LineProblem, Want};
use crate::packet::{Field, LayerKind, Value};

/// The least and the most bytes that something can have.
type Bounds = (u64, u64);

/// No upper bound.
const OPEN: u64 = u64::MAX;

/// Shorter frames are padded to this by network cards (IEEE 802.3 section 3.2.8: 64 bytes with the check sequence, which captures lack).
const SHORTEST_FRAME: u64 = 60;

/// What contradicts itself in the lengths, protocols and sequence numbers of `layers`; `text` is the line they were read from.
pub(super) fn check(layers: &[LayerPattern], text: &str) -> Vec<LineProblem> {
    let mut walk = Walk { text, problems: Vec::new(), parts: Vec::new() };
    let mut inside: Option<Bounds> = None;
    for (index, layer) in layers.iter().enumerate().rev() {
        inside = Some(walk.layer(layer, layers.get(index + 1).map(|layer| layer.kind), inside));
    }
    walk.problems.reverse();
    walk.problems
}

struct Walk<'a> {
    text: &'a str,
    problems: Vec<LineProblem>,
    /// What the bytes so far are made of, innermost first.
    parts: Vec<String>,
}

impl Walk<'_> {
    /// The bounds of a layer with all that is inside it.
    fn layer(&mut self, layer: &LayerPattern, next: Option<LayerKind>, inside: Option<Bounds>) -> Bounds {
        let carried = inside.unwrap_or((0, OPEN));
        match layer.kind {
            LayerKind::Icmp | LayerKind::Icmpv6 => self.stated(layer, Field::IcmpLength, (8, OPEN), "ICMP"),
            LayerKind::Tcp => self.tcp(layer),
            LayerKind::Udp => {
                let data = self.stated(layer, Field::UdpLength, carried, "UDP data");
                self.header(data, (8, 8), "UDP")
            }
            LayerKind::Vxlan => self.header(carried, (8, 8), "VXLAN"),
            LayerKind::Ipv4 => {
                self.protocol(layer, next);
                // Options are rare, and tcpdump prints them only with -v: headers have 20 bytes.
                let own = self.header(carried, (20, 20), "IPv4");
                self.stated(layer, Field::IpLength, own, "IPv4")
            }
            LayerKind::Ipv6 => {
                // Extension headers may lie between, which the line only hints at.
                let data = self.stated(layer, Field::IpLength, (carried.0, OPEN), "IPv6 data");
                self.header(data, (40, 40), "IPv6")
            }
            LayerKind::Arp => self.stated(layer, Field::ArpLength, (28, OPEN), "ARP"),
            LayerKind::Vlan => self.header(carried, (4, 4), "VLAN tag"),
            LayerKind::Ethernet => {
                let own = self.header(carried, (14, 14), "Ethernet");
                let padded = number(layer, Field::FrameLength) == Some(SHORTEST_FRAME) && own.0 < SHORTEST_FRAME;
                if padded { (SHORTEST_FRAME, SHORTEST_FRAME) } else { self.stated(layer, Field::FrameLength, own, "frame") }
            }
            LayerKind::Payload => carried,
        }
    }

    /// `inside` with a header of `bytes` in front.
    fn header(&mut self, inside: Bounds, bytes: Bounds, name: &str) -> Bounds {
        self.parts.push(format!("{} ({name})", spell(bytes)));
        (inside.0.saturating_add(bytes.0), inside.1.saturating_add(bytes.1))
    }

    /// The length that the line states, if it does; complains if it is not within `bounds`.
    fn stated(&mut self, layer: &LayerPattern, field: Field, bounds: Bounds, name: &str) -> Bounds {
        let Some(part) = layer.fields.iter().find(|part| part.field == field) else { return bounds };
        let Want::Exact(Value::Number(length)) = part.want else { return bounds };
        if length < bounds.0 || length > bounds.1 {
            let made_of: Vec<&str> = self.parts.iter().rev().map(String::as_str).collect();
            let (why, hint) = if made_of.is_empty() {
                (format!("{name} has {} bytes", spell(bounds)), "the number is misprinted".to_owned())
            } else {
                (format!("what is inside makes it {}", spell(bounds)), format!("it is made of {}", made_of.join(" + ")))
            };
            let message = format!("`length {length}` cannot be: {why}");
            self.problems.push(LineProblem { span: part.span.clone(), message, hint: Some(hint) });
            // Either may be the misprinted one: what stands further out is held against both.
            return (length.min(bounds.0), length.max(bounds.1));
        }
        self.parts = vec![format!("{length} ({name})")];
        (length, length)
    }

    /// A segment: header, options, data; and `seq` against `length`.
    fn tcp(&mut self, layer: &LayerPattern) -> Bounds {
        let data = self.stated(layer, Field::TcpLength, (0, OPEN), "TCP data");
        self.span_of_sequence(layer);
        let header = match layer.fields.iter().find(|part| part.field == Field::TcpOptions) {
            Some(part) => option_bytes(self.text.get(part.span.clone()).unwrap_or_default()),
            None => (20, 60),
        };
        self.header(data, header, "TCP with its options")
    }

    /// `seq 1:81` says that there are 80 bytes.
    fn span_of_sequence(&mut self, layer: &LayerPattern) {
        let [Some(first), Some(last), Some(length)] =
            [Field::TcpSequence, Field::TcpSequenceEnd, Field::TcpLength].map(|field| number(layer, field))
        else {
            return;
        };
        // Sequence numbers wrap at 32 bits (RFC 9293 section 3.4).
        let bytes = last.wrapping_sub(first) & u64::from(u32::MAX);
        if bytes != length
            && let Some(part) = layer.fields.iter().find(|part| part.field == Field::TcpSequenceEnd)
        {
            self.problems.push(LineProblem {
                span: part.span.clone(),
                message: format!("`seq {first}:{last}` has {bytes} bytes, but `length {length}` stands behind it"),
                hint: Some("one of the numbers is misprinted".to_owned()),
            });
        }
    }

    /// `proto ICMP (1)` against what follows.
    fn protocol(&mut self, layer: &LayerPattern, next: Option<LayerKind>) {
        let carries = match next {
            Some(LayerKind::Icmp) => 1,
            Some(LayerKind::Ipv4) => 4,
            Some(LayerKind::Tcp) => 6,
            Some(LayerKind::Udp) => 17,
            Some(LayerKind::Ipv6) => 41,
            _ => return,
        };
        let stated = layer.fields.iter().find(|part| part.field == Field::IpProtocol);
        if let Some(part) = stated
            && part.want != Want::Exact(Value::Number(carries))
        {
            let number = self.text.get(part.span.clone()).unwrap_or_default();
            self.problems.push(LineProblem {
                span: part.span.clone(),
                message: format!("protocol {number} cannot be: the line shows a packet of protocol {carries}"),
                hint: Some("the parenthesis and what follows it must be of the same packet".to_owned()),
            });
        }
    }
}

/// The number that a layer states of a field.
fn number(layer: &LayerPattern, field: Field) -> Option<u64> {
    match layer.fields.iter().find(|part| part.field == field)?.want {
        Want::Exact(Value::Number(number)) | Want::Variable(number) => Some(number),
        _ => None,
    }
}

/// Bytes of a TCP header with these options (IANA TCP option kind numbers; RFC 9293 section 3.1: padded to words of four bytes).
fn option_bytes(options: &str) -> Bounds {
    let mut bytes = 20;
    for option in options.split(',') {
        let mut words = option.split(' ');
        bytes += match words.next().unwrap_or_default() {
            "" => 0,
            "nop" | "eol" => 1,
            "sackOK" => 2,
            "wscale" => 3,
            "mss" => 4,
            "TS" => 10,
            "sack" => 2 + 8 * words.next().and_then(|blocks| blocks.parse::<u64>().ok()).unwrap_or(1).min(4),
            _ => return (20, 60),
        };
    }
    let padded = bytes.div_ceil(4) * 4;
    (padded, padded)
}

/// `98`, `34 to 74`, `at least 28`.
fn spell(bounds: Bounds) -> String {
    match bounds {
        (least, most) if least == most => least.to_string(),
        (least, most) if most == OPEN => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    }
}
