//! IP headers, nested to any depth, and which protocol they carry.

use std::ops::Range;

use super::address::{Endpoint, Port};
use super::pattern::{FieldPattern, Want};
use super::reader::Reader;
use crate::packet::{Field, LayerKind, Value};

/// How deep IP headers of one line may be nested; documents show two.
const DEEPEST: usize = 8;

/// What the parenthesis of `-v` is made of.
const HEADER_PARTS: &str = "tos, ttl, id, offset, flags, proto and length; of IPv6 class, flowlabel, hlim, next-header and payload length";

impl Reader<'_> {
    /// An IP header and what it carries: `[IP ](ttl 63) a > b: …`.
    pub(super) fn internet(&mut self, announced: Option<LayerKind>, depth: usize) -> Option<()> {
        let start = self.at;
        if depth > DEEPEST {
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
        let header = if self.eat("(") { self.header()? } else { Vec::new() };
        self.skip_space();
        let (source, destination) = self.endpoints()?;
        let kind = self.family(announced, [&source, &destination]);
        self.layer(kind);
        for part in header {
            self.field(part.field, part.want, part.span);
        }
        for (field, endpoint) in [(Field::IpSource, &source), (Field::IpDestination, &destination)] {
            if let Some(address) = &endpoint.address {
                self.field(field, address.want.clone(), address.span.clone());
            }
        }
        if self.at_end() {
            self.problem(
                self.text.len()..self.text.len(),
                "the line ends before it says what the packet carries",
                "give the rest of the line",
            );
            return None;
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

    /// What stands in the parenthesis of `-v`, up to its end.
    fn header(&mut self) -> Option<Vec<FieldPattern>> {
        let open = self.at - 1;
        let mut parts = Vec::new();
        loop {
            let key = self.until(&[" ", ",", ")", ":"]);
            self.eat(" ");
            let part = self.header_part(&key);
            if let Some((field, Some(want), span)) = part {
                parts.push(FieldPattern { field, want, span });
            }
            // tcpdump prints no comma before an IPv6 header's length.
            if self.eat(" payload length: ")
                && let Some((number, span)) = self.number("an IP length", 0xffff)
            {
                parts.push(FieldPattern { field: Field::IpLength, want: Want::Exact(Value::Number(number)), span });
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

    /// One part of the parenthesis: the field, what is said of it (nothing, if it is not asserted), and where.
    fn header_part(&mut self, key: &Range<usize>) -> Option<(Field, Option<Want>, Range<usize>)> {
        let exact = |number: u64| Some(Want::Exact(Value::Number(number)));
        match self.slice(key) {
            "tos" | "class" => {
                let (number, span) = self.hexadecimal("a type of service", 0xff)?;
                // tcpdump names the two lowest bits behind it (RFC 3168): `tos 0x2,ECT(0)`.
                for name in [",ECT(0)", ",ECT(1)", ",CE"] {
                    self.eat(name);
                }
                Some((Field::IpTos, exact(number), span))
            }
            "ttl" | "hlim" => self.number("a TTL", 255).map(|(number, span)| (Field::IpTtl, exact(number), span)),
            "id" => {
                let (number, span) = self.number("an IP id", 0xffff)?;
                Some((Field::IpId, (number != 0).then_some(Want::Variable(number)), span))
            }
            "offset" => self.number("a fragment's offset", 0xffff).map(|(number, span)| (Field::IpOffset, exact(number), span)),
            "flags" => {
                self.need("[")?;
                let span = self.until(&["]"]);
                self.need("]")?;
                let text = self.slice(&span).to_owned();
                Some((Field::IpFlags, Some(Want::Exact(Value::Text(text))), span))
            }
            "proto" | "next-header" => {
                self.until(&[" (", ")"]);
                self.need(" (")?;
                let (number, span) = self.number("a protocol", 255)?;
                self.need(")")?;
                Some((Field::IpProtocol, exact(number), span))
            }
            "length" => self.number("an IP length", 0xffff).map(|(number, span)| (Field::IpLength, exact(number), span)),
            // Checksums are never asserted: offloading leaves them unfinished.
            "bad" => {
                self.until(&["!"]);
                self.eat("!");
                None
            }
            "flowlabel" => {
                self.until(&[", ", ")"]);
                None
            }
            _ => {
                self.unknown(key.clone(), "an IP header", HEADER_PARTS);
                None
            }
        }
    }

    /// What an IP packet between these ports carries.
    fn carried(&mut self, mut source: Option<Port>, mut destination: Option<Port>, depth: usize) -> Option<()> {
        self.skip_space();
        self.eat("HBH ");
        if self.eat("[") {
            // The checksum, which -v prints and which is never asserted: `[udp sum ok] `, `[bad icmp6 cksum …] `.
            self.until(&["]"]);
            self.need("] ")?;
        }
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with("Flags [") {
            super::address::settle(&mut source, &mut destination);
            return self.tcp(source, destination);
        }
        if rest.starts_with("UDP, ") || rest.starts_with("VXLAN, ") || rest.starts_with("OTV, ") {
            super::address::settle(&mut source, &mut destination);
            return self.udp(source, destination, depth);
        }
        for port in [source, destination].into_iter().flatten() {
            self.problem(port.span, "there are no ports in such a packet", "only TCP and UDP have ports");
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
