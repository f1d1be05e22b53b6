//! Messages of ICMP, for IPv4 and for IPv6.

use std::ops::Range;

use super::open::Part;
use super::pattern::Want;
use super::reader::Reader;
use crate::packet::{Field, LayerKind, Value};

/// RFC 792 and RFC 1812 section 5.2.7.1: what tcpdump prints in front of an unreachable's address and behind `unreachable - `, and the code.
const UNREACHABLE: [(&str, &str, u64); 14] = [
    ("net", "", 0),
    ("host", "", 1),
    ("", "need to frag", 4),
    ("", "source route failed", 5),
    ("net", "unknown", 6),
    ("host", "unknown", 7),
    ("", "source host isolated", 8),
    ("net", "admin prohibited", 9),
    ("host", "admin prohibited", 10),
    ("net", "tos prohibited", 11),
    ("host", "tos prohibited", 12),
    ("host", "admin prohibited filter", 13),
    ("host", "host precedence violation", 14),
    ("host", "precedence cutoff", 15),
];

/// RFC 4443, RFC 4861, RFC 2710, RFC 3810: the messages for IPv6 by tcpdump's names.
const MESSAGES_V6: [(&str, u64); 9] = [
    ("echo request", 128),
    ("echo reply", 129),
    ("multicast listener report v2", 143),
    ("multicast listener report", 131),
    ("multicast listener done", 132),
    ("router solicitation", 133),
    ("router advertisement", 134),
    ("neighbor solicitation", 135),
    ("neighbor advertisement", 136),
];

/// How the packet that an error quotes begins, be it too short for a header.
const QUOTED: [&str; 3] = ["(tos ", "IP (tos ", "[|ip]"];

fn exact(number: u64) -> Want {
    Want::Exact(Value::Number(number))
}

impl Reader<'_> {
    /// What stands behind `ICMP `.
    pub(super) fn icmp(&mut self) -> Option<()> {
        self.layer(LayerKind::Icmp);
        let start = self.at;
        // RFC 792: types 8 and 0 are echo and its reply, 11 is time exceeded.
        let plain = [
            ("echo request", 8, None),
            ("echo reply", 0, None),
            ("time exceeded in-transit", 11, Some(0)),
            ("ip reassembly time exceeded", 11, Some(1)),
        ];
        match plain.iter().find(|(name, ..)| self.eat(name)) {
            Some((_, number, code)) => self.kind(*number, *code, start..self.at),
            None if self.rest().contains(" unreachable") => self.unreachable()?,
            None => {
                let hint = "understood are echo request, echo reply, the unreachables and time exceeded";
                self.problem(self.next_word(), "this ICMP message is not understood", hint);
                return None;
            }
        }
        self.echo_parts("an ICMP message");
        // What an error quotes, which -v prints behind it, is not asserted.
        if self.layers.last().is_some_and(|layer| layer.fields.iter().any(|part| part.field == Field::IcmpCode)) {
            self.marks_before(&QUOTED);
            self.skip_space();
            if QUOTED.iter().any(|head| self.rest().starts_with(head)) {
                self.quoted();
            }
        }
        Some(())
    }

    /// The packet that an error quotes, and behind it whether the error ends early. A quoted ICMP message that does would say the same of itself.
    fn quoted(&mut self) {
        let quoted = self.rest().trim_end();
        let cut = quoted.strip_suffix(" [|icmp]").filter(|quoted| !quoted.contains("ICMP"));
        let end = self.at + cut.unwrap_or(quoted).len();
        self.open(Part::Quoted, self.at..end);
        self.at = end;
        if cut.is_some() {
            self.marks();
        }
    }

    fn kind(&mut self, number: u64, code: Option<u64>, span: Range<usize>) {
        self.field(Field::IcmpType, exact(number), span.clone());
        if let Some(code) = code {
            self.field(Field::IcmpCode, exact(code), span);
        }
    }

    /// `host 10.0.0.1 unreachable - admin prohibited`, `10.0.0.1 udp port 53 unreachable`.
    fn unreachable(&mut self) -> Option<()> {
        let scope = ["net", "host"].into_iter().find(|scope| self.eat(&format!("{scope} "))).unwrap_or_default();
        let address = self.until(&[" "]);
        if let Some(want) = self.ip_at(&address) {
            self.field(Field::IcmpQuotedDestination, want, address);
        }
        let start = self.at + 1;
        // RFC 790: protocol numbers.
        for (name, protocol) in [(" tcp port ", 6), (" udp port ", 17)] {
            if self.eat(name) {
                self.field(Field::IcmpQuotedProtocol, exact(protocol), start..start + 3);
                self.quoted_port();
                let word = self.at + 1;
                self.need(" unreachable")?;
                self.kind(3, Some(3), word..self.at);
                return Some(());
            }
        }
        if self.eat(" protocol ") {
            self.exact(Field::IcmpQuotedProtocol, "a protocol", 255);
            // RFC 792: code 3 is about a port, which a protocol without ports has none of; tcpdump prints two bytes of it all the same.
            let code = if self.eat(" port ") { 3 } else { 2 };
            if code == 3
                && let Some((_, span)) = self.number("a port", 0xffff)
            {
                self.open(Part::QuotedPort, span);
            }
            let word = self.at + 1;
            self.need(" unreachable")?;
            self.kind(3, Some(code), word..self.at);
            return Some(());
        }
        self.need(" unreachable")?;
        let reason = if self.eat(" - ") { self.until(&[", ", " (mtu"]) } else { self.at..self.at };
        match UNREACHABLE.iter().find(|known| (known.0, known.1) == (scope, self.slice(&reason))) {
            Some((.., code)) => self.kind(3, Some(*code), start..self.at),
            None => self.problem(start..self.at, "this kind of unreachable is not understood", "give the line as tcpdump prints it"),
        }
        if self.eat(" (mtu ") {
            self.exact(Field::IcmpMtu, "an MTU", 0xffff);
            self.need(")")?;
        }
        Some(())
    }

    fn quoted_port(&mut self) {
        let span = self.until(&[" ", ","]);
        let mut port = self.port(span);
        super::address::settle(&mut port, &mut None, self.servers);
        if let Some(port) = port {
            self.field(Field::IcmpQuotedPort, port.want, port.span);
        }
    }

    /// What stands behind `ICMP6, `.
    pub(super) fn icmpv6(&mut self) -> Option<()> {
        self.layer(LayerKind::Icmpv6);
        let start = self.at;
        let Some((_, number)) = MESSAGES_V6.iter().find(|(name, _)| self.eat(name)) else {
            let hint =
                "understood are echo request and reply, router and neighbor solicitation and advertisement, multicast listener report";
            self.problem(self.next_word(), "this ICMPv6 message is not understood", hint);
            return None;
        };
        self.kind(*number, None, start..self.at);
        for about in [", who has ", ", tgt is "] {
            if self.eat(about) {
                let span = self.until(&[", "]);
                if let Some(want) = self.ip_at(&span) {
                    self.field(Field::IcmpTarget, want, span);
                }
            }
        }
        self.echo_parts("an ICMPv6 message");
        // RFC 4861 section 4.6: the options of neighbour discovery, which -v prints behind the message, are not asserted.
        let option = |rest: &str| rest.trim_start().split_once(" option (").is_some_and(|(name, _)| !name.contains([',', '(', ':']));
        if (133..=136).contains(number) && self.rest().starts_with(char::is_whitespace) && option(self.rest()) {
            self.skip_space();
            self.open(Part::Discovery, self.at..self.text.trim_end().len());
            self.at = self.text.len();
        }
        Some(())
    }

    /// `, id 17555, seq 106, length 64`.
    fn echo_parts(&mut self, of: &str) {
        while let Some(key) = self.key() {
            match self.slice(&key) {
                "id" => self.variable(Field::IcmpId, "an ICMP id", 0xffff),
                "seq" => self.variable(Field::IcmpSequence, "an ICMP sequence number", 0xffff),
                "length" => self.exact(Field::IcmpLength, "an ICMP length", 0xffff),
                // RFC 3810: how many groups a report is about differs with what else listens.
                count if count.bytes().all(|digit| digit.is_ascii_digit()) && self.eat("group record(s)") => {
                    self.open(Part::Groups, key.start..self.at);
                }
                _ => self.unknown(key, of, "`id`, `seq` and `length`"),
            }
        }
    }
}
