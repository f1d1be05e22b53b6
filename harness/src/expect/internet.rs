//! IP headers, nested to any depth, and which protocol they carry.

use std::ops::Range;

use super::address::{Endpoint, Port};
use super::open::Part;
use super::pattern::{FieldPattern, Want};
use super::reader::Reader;
use crate::packet::{Field, LayerKind, Value, mark_at, protocol_name};

/// How deep IP headers of one line may be nested; documents show two.
const DEEPEST: usize = 8;

/// What the parenthesis of `-v` is made of.
const HEADER_PARTS: &str =
    "tos, ttl, id, offset, flags, proto, length and options; of IPv6 class, flowlabel, hlim, next-header and payload length";

impl Reader<'_> {
    /// An IP header and what it carries: `[IP ](ttl 63) a > b: …`.
    pub(super) fn internet(&mut self, announced: Option<LayerKind>, depth: usize) -> Option<()> {
        let start = self.at;
        if depth >= DEEPEST {
            self.problem(
                start..self.text.len(),
                "the packets are nested too deeply",
                format!("a line may show {DEEPEST} packets in one another"),
            );
            return None;
        }
        let announced = if self.eat("IP6 ") {
            Some(LayerKind::Ipv6)
        } else if self.eat("IP ") {
            Some(LayerKind::Ipv4)
        } else {
            announced
        };
        self.marks();
        self.skip_space();
        let within = self.at;
        let header = if self.eat("(") { self.header()? } else { Vec::new() };
        let within = within..self.at;
        self.skip_space();
        let (source, destination) = self.endpoints()?;
        let kind = self.family(announced, [&source, &destination]);
        self.of_the_other(&within, kind);
        self.layer(kind);
        for (part, open) in header {
            match open {
                None => self.field(part.field, part.want, part.span),
                Some(open) => self.open_field(open, part.field, part.want, part.span),
            }
        }
        for (field, endpoint) in [(Field::IpSource, &source), (Field::IpDestination, &destination)] {
            if let Some(address) = &endpoint.address {
                self.field(field, address.want.clone(), address.span.clone());
            }
        }
        if self.at_end() {
            return self.nothing_carried();
        }
        self.need(": ")?;
        self.carried(source.port, destination.port, depth)
    }

    /// `a > b`, each perhaps with a port.
    fn endpoints(&mut self) -> Option<(Endpoint, Endpoint)> {
        let source = self.until(&[" > ", " "]);
        if !self.rest().starts_with(" > ") {
            let text = self.slice(&source);
            self.problem(
                source,
                format!("`{text}` is not followed by ` > ` and a second address"),
                "the line must read as tcpdump -enn prints it: a > b: …",
            );
            return None;
        }
        let source = self.endpoint(&source);
        self.need(" > ")?;
        let destination = self.until(&[": ", " "]);
        let colon = destination.end == self.text.len() && self.slice(&destination).ends_with(':');
        let destination = self.endpoint(&(destination.start..destination.end - usize::from(colon)));
        Some((source, destination))
    }

    /// Which IP the header is, by what announces it and by its addresses.
    fn family(&mut self, announced: Option<LayerKind>, endpoints: [&Endpoint; 2]) -> LayerKind {
        let mut kind = announced;
        for address in endpoints.iter().filter_map(|endpoint| endpoint.address.as_ref()) {
            match (kind, address.family()) {
                (Some(kind), Some(family)) if kind != family => {
                    let text = self.slice(&address.span);
                    let expected = if kind == LayerKind::Ipv4 { "an IPv4" } else { "an IPv6" };
                    self.problem(
                        address.span.clone(),
                        format!("`{text}` cannot stand here: the line announces {expected} packet"),
                        "correct the address or what announces it",
                    );
                }
                (None, family) => kind = family,
                _ => {}
            }
        }
        kind.unwrap_or(LayerKind::Ipv4)
    }

    /// No header has what only the other IP's have.
    fn of_the_other(&mut self, header: &Range<usize>, kind: LayerKind) {
        let (other, words): (_, &[&str]) = match kind {
            LayerKind::Ipv4 => ("IPv6", &["class", "flowlabel", "hlim", "next-header", "payload"]),
            _ => ("IPv4", &["tos", "ttl", "id", "offset", "flags", "proto"]),
        };
        let mut at = header.start;
        for word in self.text[header.clone()].split([' ', ',', '(', ')']) {
            if words.contains(&word) {
                self.problem(
                    at..at + word.len(),
                    format!("`{word}` is of {other} headers, and this is none"),
                    "correct the word, or what announces the packet",
                );
            }
            at += word.len() + 1;
        }
    }

    /// What stands in the parenthesis of `-v`, up to its end.
    fn header(&mut self) -> Option<Vec<(FieldPattern, Option<Part>)>> {
        let open = self.at - 1;
        let mut parts = Vec::new();
        loop {
            let key = self.until(&[" ", ",", ")", ":"]);
            self.eat(" ");
            let part = self.header_part(&key);
            parts.extend(part);
            // tcpdump prints no comma before an IPv6 header's length.
            if self.eat(" payload length: ")
                && let Some((number, span)) = self.number("an IP length", 0xffff)
            {
                parts.push((FieldPattern { field: Field::IpLength, want: Want::Exact(Value::Number(number)), span }, None));
            }
            if self.eat(")") {
                return Some(parts);
            }
            if !self.eat(", ") {
                let end = self.until(&[")"]).end;
                self.problem(
                    open..end,
                    "this parenthesis is not closed, or a part of it is not understood",
                    format!("understood are {HEADER_PARTS}"),
                );
                self.eat(")");
                return None;
            }
        }
    }

    /// One part of the parenthesis: the field with what is said of it, and which open part it is, if it is not asserted.
    fn header_part(&mut self, key: &Range<usize>) -> Option<(FieldPattern, Option<Part>)> {
        let exact = |number: u64| Want::Exact(Value::Number(number));
        let part = |field, want, span| Some((FieldPattern { field, want, span }, None));
        match self.slice(key) {
            "tos" | "class" => {
                let (number, span) = self.hexadecimal("a type of service", 0xff)?;
                self.congestion(number, &span);
                part(Field::IpTos, exact(number), span)
            }
            "ttl" | "hlim" => self.number("a TTL", 255).and_then(|(number, span)| part(Field::IpTtl, exact(number), span)),
            "id" => {
                let (number, span) = self.number("an IP id", 0xffff)?;
                let (want, open) = if number == 0 { (exact(0), Some(Part::ZeroId)) } else { (Want::Variable(number), None) };
                Some((FieldPattern { field: Field::IpId, want, span }, open))
            }
            "offset" => self.number("a fragment's offset", 0xffff).and_then(|(number, span)| part(Field::IpOffset, exact(number), span)),
            "flags" => {
                self.need("[")?;
                let span = self.until(&["]"]);
                self.need("]")?;
                let text = self.slice(&span).to_owned();
                let flags: Vec<&str> = text.split(", ").collect();
                let twice = flags.iter().enumerate().any(|(at, flag)| flags[..at].contains(flag));
                if text != "none" && (twice || flags.iter().any(|flag| !["+", "DF", "rsvd"].contains(flag))) {
                    self.problem(span.clone(), format!("`{text}` are no IP flags"), "`none`, `DF`, `+` or `rsvd` as tcpdump prints them");
                }
                part(Field::IpFlags, Want::Exact(Value::Text(text)), span)
            }
            "proto" | "next-header" => self.protocol().and_then(|(number, span)| part(Field::IpProtocol, exact(number), span)),
            "length" => self.number("an IP length", 0xffff).and_then(|(number, span)| part(Field::IpLength, exact(number), span)),
            "flowlabel" => {
                let (number, span) = self.hexadecimal("a flow label", 0xf_ffff)?;
                Some((FieldPattern { field: Field::IpFlowLabel, want: Want::Variable(number), span }, Some(Part::FlowLabel)))
            }
            "options" => {
                self.header_options(key);
                None
            }
            _ => {
                self.header_mark(key);
                None
            }
        }
    }

    /// `options (RA)`, which is a mark; an address in it would be one that no name is looked up for.
    fn header_options(&mut self, key: &Range<usize>) {
        let list = self.until(&[")"]);
        if !self.slice(&list).starts_with('(') || self.slice(&list).contains(['.', ':']) {
            self.problem(list, "these options are not understood", "understood are options without addresses: `options (RA)`");
        }
        self.eat(")");
        self.mark(key.start..self.at);
    }

    /// `bad cksum 0 (->b1e6)!`, or nothing that is understood.
    fn header_mark(&mut self, key: &Range<usize>) {
        match mark_at(&self.text[key.start..]) {
            Some(length) => self.mark(key.start..key.start + length),
            None => self.unknown(key.clone(), "an IP header", HEADER_PARTS),
        }
    }

    /// tcpdump names the two lowest bits behind a type of service (RFC 3168): `tos 0x2,ECT(0)`.
    fn congestion(&mut self, service: u64, span: &Range<usize>) {
        let start = self.at;
        let named = [(",ECT(1)", 1), (",ECT(0)", 2), (",CE", 3)].into_iter().find(|(name, _)| self.eat(name));
        if let Some((_, bits)) = named.filter(|(_, bits)| service & 3 != *bits) {
            let message =
                format!("`{}` contradicts `{}`: {bits} are not its two lowest bits", &self.text[start + 1..self.at], self.slice(span));
            self.problem(start + 1..self.at, message, "correct one of them");
        }
    }

    /// `ICMP (1)`: a name and its number.
    fn protocol(&mut self) -> Option<(u64, Range<usize>)> {
        let name = self.until(&[" (", ")", ","]);
        self.need(" (")?;
        let (number, span) = self.number("a protocol", 255)?;
        self.need(")")?;
        let known = u8::try_from(number).map(protocol_name).unwrap_or_default();
        if !self.slice(&name).eq_ignore_ascii_case(known) {
            let message = format!("`{}` is not the name of protocol {number}", self.slice(&name));
            self.problem(name, message, format!("tcpdump prints `{known} ({number})`"));
        }
        Some((number, span))
    }

    /// The verdict on a checksum that -v prints before what it is of, which is not asserted: offloading leaves checksums unfinished.
    fn checksum(&mut self) -> Option<()> {
        let start = self.at;
        let right = ["[udp sum ok]", "[icmp6 sum ok]", "[no cksum]"].iter().any(|word| self.eat(word));
        if !right {
            self.need("[bad udp cksum 0x")?;
            for end in [" -> 0x", "!]"] {
                let digits = self.until(&[end]);
                if digits.is_empty() || !self.slice(&digits).bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    self.problem(digits, "this is not a checksum", "give the line as tcpdump prints it");
                    return None;
                }
                self.need(end)?;
            }
        }
        self.open(Part::Checksum, start..self.at);
        self.need(" ")
    }

    /// `HBH `, `[bad icmp6 cksum 0x1 -> 0x2!] `, `[|icmp]`; what stands in front of a packet in the packet is that one's own.
    fn read_marks_before_upper(&mut self) {
        if !self.rest().starts_with("truncated-") && !self.rest().starts_with("UDP, bad") {
            self.marks();
        }
        self.skip_space();
    }

    /// What an IP packet between these ports carries.
    fn carried(&mut self, mut source: Option<Port>, mut destination: Option<Port>, depth: usize) -> Option<()> {
        let before = self.marks.len();
        self.read_marks_before_upper();
        let sum = self.at;
        if self.rest().starts_with('[') {
            self.checksum()?;
        }
        let start = self.at;
        let rest = self.rest();
        let is_udp = ["UDP, ", "VXLAN, ", "OTV, ", "truncated-udp"].iter().any(|word| rest.starts_with(word));
        let sum = sum..start;
        let fits = if self.slice(&sum).contains("icmp6") { rest.starts_with("ICMP6, ") } else { is_udp };
        if start > sum.start && !fits {
            let message = format!("`{}` is not of what stands behind it", self.slice(&sum).trim());
            self.problem(
                sum.start..sum.start + self.slice(&sum).trim_end().len(),
                message,
                "tcpdump prints the checksum of UDP and ICMPv6 there",
            );
        }
        if rest.starts_with("Flags [") || is_udp {
            super::address::settle(&mut source, &mut destination, self.servers);
            return if is_udp { self.udp(source, destination, depth) } else { self.tcp(source, destination) };
        }
        for port in [source, destination].into_iter().flatten() {
            self.problem(port.span, "there are no ports in such a packet", "only TCP and UDP have ports");
        }
        if self.marks.len() > before && self.at_end() {
            // What is carried cannot be read: `[|icmp]`.
            return Some(());
        }
        if self.at_end() {
            return self.nothing_carried();
        }
        if self.eat("ICMP ") {
            self.icmp()
        } else if self.eat("ICMP6, ") {
            self.icmpv6()
        } else if rest.starts_with("IP") || rest.starts_with('(') || rest.contains(" > ") {
            self.internet(None, depth + 1)
        } else {
            let hint = "understood are ICMP, ICMP6, TCP (`Flags […]`), `UDP, length N`, VXLAN and a packet in the packet";
            self.problem(start..self.text.trim_end().len(), "what the packet carries is not understood", hint);
            None
        }
    }
}
