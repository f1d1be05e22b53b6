//! A line of a capture: its time stamp and link layer.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use super::lengths;
use super::open::Part;
use super::pattern::{LineProblem, Pattern, Want};
use super::reader::Reader;
use crate::packet::{Field, LayerKind, LinkType, Value};

/// How tcpdump names the types it prints behind `ethertype` (IEEE 802 numbers), and which layer follows.
const ETHERTYPES: [(&str, u64, LayerKind); 4] = [
    ("IPv4", 0x0800, LayerKind::Ipv4),
    ("ARP", 0x0806, LayerKind::Arp),
    ("IPv6", 0x86dd, LayerKind::Ipv6),
    ("802.1Q", 0x8100, LayerKind::Vlan),
];

/// Reads a line as tcpdump prints it, verbatim or with `{placeholders}` where an address or a port may stand.
///
/// Understood are Ethernet with 802.1Q, ARP, IPv4, IPv6, ICMP of both, TCP, UDP, VXLAN, and IP in IP to any depth in both spellings; with or
/// without the link layer (`-e`), with or without the parenthesis of `-v` or any of its parts (`(ttl 63)`). What a line does not
/// mention is not asserted, but for marks: that tcpdump does not complain of a packet is asserted by every line without such a complaint.
/// Not asserted are the time stamp, and what the pattern lists as open, among them: TCP windows and window scales, which the kernel's memory and timing decide;
/// checksums, which offloading leaves unfinished; an IPv4 id of 0, which a kernel may or may not give a packet that must not be
/// fragmented; TCP time stamps behind the handshake, which are a clock's; and what was cut off in print, where an ellipsis says so.
///
/// What is an address of the document's own cluster is a [`Want::Literal`]; broadcast, multicast and unspecified addresses are exact, as
/// they are the same in every cluster. ICMP ids and sequence numbers, IPv4 ids, TCP time stamps and the absolute sequence numbers of a TCP handshake
/// are [`Want::Variable`]s; the relative sequence numbers behind it are sums of lengths, hence exact. Of two ports the server's is exact and the
/// client's a variable.
///
/// # Errors
/// Everything that is wrong with the line, at once, each with its place and a hint. Lengths that contradict each other are an error.
///
/// ```
/// use cnilab::expect::{Want, packet_line};
/// use cnilab::packet::{Field, LayerKind, LinkType};
///
/// let pattern = packet_line("20:24:42.016898 ip: {pod1.ip} > {pod3.ip}: ICMP echo request, id 17555, seq 220, length 64").unwrap();
/// assert_eq!(pattern.link, Some(LinkType::Raw));
/// assert_eq!(pattern.layers[1].kind, LayerKind::Icmp);
/// assert!(pattern.layers[1].fields.iter().any(|part| part.field == Field::IcmpSequence && part.want == Want::Variable(220)));
///
/// let problems = packet_line("a6:00:00:00:00:01 > a6:00:00:00:00:02, ethertype IPv4 (0x0800), length 99: 10.0.0.1 > 10.0.0.2: ICMP echo reply, length 64");
/// assert_eq!(problems.unwrap_err()[0].message, "`length 99` cannot be: what is inside makes it 98");
/// ```
pub fn packet_line(text: &str) -> Result<Pattern, Vec<LineProblem>> {
    packet_line_of(text, &BTreeSet::new())
}

/// The same where some ports are known to be servers': such a port is exact wherever it stands.
///
/// # Errors
/// As [`packet_line`].
pub fn packet_line_of(text: &str, servers: &BTreeSet<u16>) -> Result<Pattern, Vec<LineProblem>> {
    let mut reader = Reader::new(text, time_stamp(text), servers);
    let mut link = None;
    let _ = reader.line(&mut link);
    // Of a packet that tcpdump complains of, lengths may well contradict each other.
    if reader.problems.is_empty() && reader.marks.is_empty() {
        reader.problems = lengths::check(&reader.layers, text);
    }
    let Reader { layers, marks, open, problems, .. } = reader;
    if problems.is_empty() { Ok(Pattern { link, layers, marks, open }) } else { Err(problems) }
}

/// How many bytes the time stamp at the head of a line takes, white space around it included: `20:22:47.858674 `, with a date before it or
/// without, or as seconds since the epoch.
///
/// ```
/// assert_eq!(cnilab::expect::time_stamp("20:24:42.016898 ip: 10.0.0.1 > 10.0.0.2: …"), 16);
/// ```
pub fn time_stamp(text: &str) -> usize {
    let mut at = text.len() - text.trim_start().len();
    for is_part in [is_date, is_time] {
        let word = text[at..].split_whitespace().next().unwrap_or_default();
        if is_part(word) {
            at += word.len();
            at += text[at..].len() - text[at..].trim_start().len();
        }
    }
    at
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let fits = |(part, (length, range)): (&&str, (usize, RangeInclusive<u16>))| part.len() == length && number_in(part, &range);
    parts.len() == 3 && parts.iter().zip([(4, 0..=9999), (2, 1..=12), (2, 1..=31)]).all(fits)
}

fn is_time(word: &str) -> bool {
    let (clock, fraction) = word.split_once('.').unwrap_or((word, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    // A minute may have a leap second.
    let clock_fits = (parts.len() == 3
        && parts.iter().zip([0..=23, 0..=59, 0..=60]).all(|(part, range)| part.len() <= 2 && number_in(part, &range)))
        || (parts.len() == 1 && word.contains('.') && parts[0].len() >= 9 && digits(parts[0]));
    clock_fits && digits(fraction)
}

fn number_in(text: &str, range: &RangeInclusive<u16>) -> bool {
    digits(text) && text.parse().is_ok_and(|number| range.contains(&number))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Reader<'_> {
    /// The whole line behind its time stamp; `link` becomes the link type it shows.
    fn line(&mut self, link: &mut Option<LinkType>) -> Option<()> {
        if self.at_end() {
            self.problem(self.at..self.text.len(), "there is nothing in this line", "give the line as tcpdump prints it");
            return None;
        }
        if self.eat("ip: ") {
            *link = Some(LinkType::Raw);
            self.internet(None, 0)?;
        } else if self.eat("ip6: ") {
            *link = Some(LinkType::Raw);
            self.internet(Some(LayerKind::Ipv6), 0)?;
        } else if self.shows_ethernet() {
            *link = Some(LinkType::Ethernet);
            self.ethernet(0)?;
        } else if self.eat("ARP, ") {
            self.arp()?;
        } else {
            self.internet(None, 0)?;
        }
        self.finish();
        Some(())
    }

    /// The line prints hardware addresses: it names a type, or starts with such an address.
    fn shows_ethernet(&self) -> bool {
        let rest = self.rest();
        let head = &rest[..rest.find(": ").unwrap_or(rest.len())];
        head.contains(", ethertype") || head.split(' ').next().is_some_and(|word| super::address::mac(word).is_some())
    }

    /// `a > b, ethertype IPv4 (0x0800), length 98: …`.
    pub(super) fn ethernet(&mut self, depth: usize) -> Option<()> {
        self.layer(LayerKind::Ethernet);
        let source = self.until(&[" > ", ","]);
        self.hardware(Field::EthernetSource, source);
        self.need(" > ")?;
        let destination = self.until(&[", "]);
        self.hardware(Field::EthernetDestination, destination);
        self.need(", ethertype ")?;
        let next = self.ethertype()?;
        self.need(", length")?;
        self.eat(" ");
        self.exact(Field::FrameLength, "a frame's length", u64::from(u32::MAX));
        if self.at_end() {
            return self.nothing_carried();
        }
        self.need(": ")?;
        self.behind_ethernet(next, depth)
    }

    fn behind_ethernet(&mut self, next: LayerKind, depth: usize) -> Option<()> {
        match next {
            LayerKind::Arp => self.arp(),
            LayerKind::Vlan => self.vlan(depth),
            other => self.internet(Some(other), depth),
        }
    }

    /// One hardware address, without the vendor that tcpdump prints in parentheses without `-nn`.
    fn hardware(&mut self, field: Field, span: Range<usize>) {
        let bare = self.slice(&span).find(" (oui ").map_or(span.end, |oui| span.start + oui);
        if bare < span.end {
            let vendor = bare + 1..span.end;
            if !self.slice(&vendor).ends_with(')') {
                self.problem(vendor.clone(), "this vendor's name is not closed", "give the line as tcpdump prints it");
            }
            self.open(Part::Vendor, vendor);
        }
        let span = span.start..bare;
        if let Some(want) = self.mac_at(&span) {
            self.field(field, want, span);
        }
    }

    /// `IPv4 (0x0800)`, or `IPv4` alone as older versions print it behind a VLAN tag.
    fn ethertype(&mut self) -> Option<LayerKind> {
        let name = self.until(&[" (0x", ","]);
        let known = ETHERTYPES.iter().find(|(known, ..)| *known == self.slice(&name));
        let mut span = name.clone();
        if self.eat(" (") {
            let (number, number_span) = self.hexadecimal("an Ethernet type", 0xffff)?;
            self.need(")")?;
            if known.is_some_and(|(_, known, _)| *known != number) {
                self.problem(number_span, "the type's name and its number contradict each other", "correct one of them");
            } else {
                span.end = self.at;
            }
        }
        let Some((_, number, kind)) = known else {
            let text = self.slice(&name);
            self.problem(name, format!("the Ethernet type `{text}` is not understood"), "understood are IPv4, ARP, IPv6 and 802.1Q");
            return None;
        };
        self.field(Field::EtherType, Want::Exact(Value::Number(*number)), span);
        Some(*kind)
    }

    /// `vlan 100, p 0, ethertype IPv4 (0x0800), …`.
    fn vlan(&mut self, depth: usize) -> Option<()> {
        self.layer(LayerKind::Vlan);
        self.need("vlan ")?;
        self.exact(Field::VlanId, "a VLAN id", 0xfff);
        self.need(", p ")?;
        self.exact(Field::VlanPriority, "a VLAN priority", 7);
        if self.eat(", DEI") {
            self.mark(self.at - "DEI".len()..self.at);
        }
        self.need(", ethertype ")?;
        let next = self.ethertype()?;
        self.need(", ")?;
        if next == LayerKind::Vlan && depth >= 3 {
            self.problem(self.at..self.text.len(), "the tags are nested too deeply", "a line may show four layers of tags");
            return None;
        }
        self.behind_ethernet(next, depth + 1)
    }

    /// `Request who-has 10.0.0.1 tell 10.0.0.2, length 28`, `Reply 10.0.0.1 is-at aa:…, length 28`.
    fn arp(&mut self) -> Option<()> {
        self.layer(LayerKind::Arp);
        // What is constant where it is printed says nothing.
        self.eat("Ethernet (len 6), IPv4 (len 4), ");
        let operation = self.at;
        if self.eat("Request who-has ") {
            self.field(Field::ArpOperation, Want::Exact(Value::Number(1)), operation..operation + "Request".len());
            let target = self.until(&[" "]);
            self.internet_address(Field::ArpTargetIp, target);
            if self.eat(" (") {
                let mac = self.until(&[")"]);
                self.hardware(Field::ArpTargetMac, mac);
                self.need(")")?;
            }
            self.need(" tell ")?;
            let sender = self.until(&[", ", " "]);
            self.internet_address(Field::ArpSenderIp, sender);
        } else if self.eat("Reply ") {
            self.field(Field::ArpOperation, Want::Exact(Value::Number(2)), operation..operation + "Reply".len());
            let sender = self.until(&[" "]);
            self.internet_address(Field::ArpSenderIp, sender);
            self.need(" is-at ")?;
            let mac = self.until(&[", ", " ("]);
            self.hardware(Field::ArpSenderMac, mac);
        } else {
            self.problem(
                self.next_word(),
                "this ARP message is not understood",
                "understood are `Request who-has A tell B` and `Reply A is-at M`",
            );
            return None;
        }
        while let Some(key) = self.key() {
            match self.slice(&key) {
                "length" => self.exact(Field::ArpLength, "an ARP length", 0xffff),
                _ => self.unknown(key, "an ARP message", "`length`"),
            }
        }
        Some(())
    }

    /// The line ends where it should say what is carried.
    pub(super) fn nothing_carried(&mut self) -> Option<()> {
        let end = self.text.len();
        self.problem(end..end, "the line ends before it says what the packet carries", "give the rest of the line");
        None
    }

    fn internet_address(&mut self, field: Field, span: Range<usize>) {
        if let Some(want) = self.ip_at(&span) {
            self.field(field, want, span);
        }
    }

    /// Nothing may be left, but for the remark of older versions that IP was carried in IP.
    fn finish(&mut self) {
        let nested = self.layers.windows(2).filter(|pair| pair.iter().all(|layer| layer.kind == LayerKind::Ipv4)).count();
        for _ in 0..nested {
            self.eat(" (ipip-proto-4)");
        }
        self.marks();
        let rest = self.rest().trim();
        if rest == "…" || rest == "..." {
            self.at = self.text.trim_end().len();
            self.is_cut_off(rest);
        }
        if !self.at_end() {
            self.skip_space();
            self.problem(
                self.at..self.text.trim_end().len(),
                "the rest of the line is not understood",
                "one line shows one packet, as tcpdump prints it",
            );
        }
    }
}
