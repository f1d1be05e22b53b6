//! TCP and UDP, and what UDP carries.

use std::ops::Range;

use super::address::Port;
use super::pattern::Want;
use super::reader::Reader;
use crate::packet::{Field, LayerKind, Value};

/// From here on a sequence number is taken for an absolute one. Relative numbers count the bytes of a conversation, and documented ones
/// are short; an absolute one starts anywhere in 32 bits and so is below this in one case of 256.
const ABSOLUTE: u64 = 1 << 24;

/// Letters that tcpdump prints for TCP flags (RFC 9293 section 3.1, RFC 3168).
const FLAGS: &str = "FSRP.UEW";

/// How what tcpdump prints of a segment's data begins; but for the first line of HTTP without -v it is not asserted.
const APPLICATIONS: [&str; 7] = [": HTTP", ": BGP", ": FTP: ", ": SMTP: ", ": SSH: ", ": RTSP: ", ": WHOIS: "];

/// What a TCP line is made of.
const TCP_PARTS: &str = "cksum, seq, ack, win, urg, options and length";

fn exact(number: u64) -> Want {
    Want::Exact(Value::Number(number))
}

impl Reader<'_> {
    fn ports(&mut self, kind: LayerKind, source: Option<Port>, destination: Option<Port>) {
        self.layer(kind);
        let fields = if kind == LayerKind::Tcp {
            [Field::TcpSourcePort, Field::TcpDestinationPort]
        } else {
            [Field::UdpSourcePort, Field::UdpDestinationPort]
        };
        for (field, port) in fields.into_iter().zip([source, destination]) {
            if let Some(port) = port {
                self.field(field, port.want, port.span);
            }
        }
    }

    /// `Flags [S], seq 1:81, ack 1, win 504, options […], length 80: HTTP: …`.
    pub(super) fn tcp(&mut self, source: Option<Port>, destination: Option<Port>) -> Option<()> {
        self.ports(LayerKind::Tcp, source, destination);
        self.need("Flags [")?;
        let span = self.until(&["]"]);
        let flags = self.slice(&span).to_owned();
        if flags != "none" && (flags.is_empty() || !flags.chars().all(|letter| FLAGS.contains(letter))) {
            self.problem(span.clone(), format!("`{flags}` are no TCP flags"), "letters of FSRP.UEW as tcpdump prints them, or `none`");
        }
        self.need("]")?;
        let handshake = flags.contains('S');
        self.field(Field::TcpFlags, Want::Exact(Value::Text(flags)), span);
        while let Some(key) = self.key() {
            match self.slice(&key) {
                // Checksums are unfinished where the card is to compute them; windows depend on memory and timing.
                "cksum" => drop(self.until(&[", "])),
                "win" => drop(self.number("a TCP window", u64::from(u32::MAX))),
                "seq" => self.sequence(handshake),
                "ack" => self.stream_position(Field::TcpAcknowledgment, "an acknowledgment number", handshake),
                "urg" => self.exact(Field::TcpUrgent, "an urgent pointer", 0xffff),
                "options" => self.options(handshake)?,
                "length" => self.exact(Field::TcpLength, "a TCP length", 0xffff),
                _ => self.unknown(key, "a TCP line", TCP_PARTS),
            }
        }
        self.application();
        Some(())
    }

    /// What tcpdump prints of the data: of HTTP the first line, which is exact; the rest is not asserted.
    fn application(&mut self) {
        if self.eat(": HTTP: ") {
            let span = self.at..self.text.trim_end().len().max(self.at);
            let text = self.slice(&span).to_owned();
            self.at = self.text.len();
            if !text.is_empty() {
                self.field(Field::TcpHttp, Want::Exact(Value::Text(text)), span);
            }
        } else if APPLICATIONS.iter().any(|name| self.rest().starts_with(name)) {
            self.at = self.text.len();
        }
    }

    /// `seq 1:81` or `seq 4133783852`.
    fn sequence(&mut self, handshake: bool) {
        self.stream_position(Field::TcpSequence, "a sequence number", handshake);
        if self.rest().starts_with(':') && self.rest()[1..].starts_with(|digit: char| digit.is_ascii_digit()) {
            self.at += 1;
            self.stream_position(Field::TcpSequenceEnd, "a sequence number", handshake);
        }
    }

    /// A number of the stream: absolute in a handshake, relative and therefore exact behind it.
    fn stream_position(&mut self, field: Field, what: &str, handshake: bool) {
        if let Some((number, span)) = self.number(what, u64::from(u32::MAX)) {
            let want = if handshake || number >= ABSOLUTE { Want::Variable(number) } else { exact(number) };
            self.field(field, want, span);
        }
    }

    /// `[mss 1440,sackOK,TS val 3911662959 ecr 0,nop,wscale 7]`.
    fn options(&mut self, handshake: bool) -> Option<()> {
        self.need("[")?;
        let start = self.at;
        let mut names = Vec::new();
        while !self.rest().starts_with(']') {
            let name = self.until(&[" ", ",", "]"]);
            names.push(self.slice(&name).to_owned());
            match self.slice(&name) {
                "mss" if self.eat(" ") => self.exact(Field::TcpMss, "an MSS", 0xffff),
                "TS" => self.timestamps(handshake)?,
                // A window scale follows from the kernel's memory settings, as the window does.
                "wscale" if self.eat(" ") => drop(self.number("a window scale", 255)),
                _ => drop(self.until(&[",", "]"])),
            }
            if !self.eat(",") && !self.rest().starts_with(']') {
                self.problem(start - 1..self.at, "these options are not closed", "options stand in brackets, separated by commas");
                return None;
            }
        }
        self.field(Field::TcpOptions, Want::Exact(Value::Text(names.join(","))), start..self.at);
        self.need("]")
    }

    /// ` val 3911662959 ecr 0`. Behind the handshake they are a clock's: which segments share a value is a matter of timing.
    fn timestamps(&mut self, handshake: bool) -> Option<()> {
        for (word, field) in [(" val ", Field::TcpTimestamp), (" ecr ", Field::TcpTimestampEcho)] {
            self.need(word)?;
            if let Some((number, span)) = self.number("a time stamp", u64::from(u32::MAX))
                && handshake
            {
                // RFC 7323 section 3.2: 0 where there is nothing to echo yet.
                self.field(field, if number == 0 { exact(0) } else { Want::Variable(number) }, span);
            }
        }
        Some(())
    }

    /// `UDP, length 84`, perhaps with the packet it carries behind `: `; or VXLAN with its frame.
    pub(super) fn udp(&mut self, source: Option<Port>, destination: Option<Port>, depth: usize) -> Option<()> {
        self.ports(LayerKind::Udp, source, destination);
        if self.eat("VXLAN, ") {
            return self.vxlan("), vni ", depth);
        }
        // tcpdump takes port 8472 for OTV, whose header has the same bits in the same places.
        if self.eat("OTV, ") {
            return self.vxlan("), overlay 0, instance ", depth);
        }
        self.need("UDP, length")?;
        self.eat(" ");
        self.exact(Field::UdpLength, "a UDP length", 0xffff);
        if self.eat(": ") {
            return self.internet(None, depth + 1);
        }
        Some(())
    }

    /// `flags [I] (0x08), vni 1`, and the frame.
    fn vxlan(&mut self, before_identifier: &str, depth: usize) -> Option<()> {
        self.layer(LayerKind::Vxlan);
        self.need("flags [")?;
        self.until(&["]"]);
        self.need("] (")?;
        if let Some((flags, span)) = self.hexadecimal("VXLAN flags", 0xff) {
            self.field(Field::VxlanFlags, exact(flags), span);
        }
        self.need(before_identifier)?;
        self.exact(Field::VxlanVni, "a VXLAN network identifier", 0xff_ffff);
        self.eat(":");
        self.skip_space();
        if depth > 3 {
            let rest: Range<usize> = self.at..self.text.len();
            self.problem(rest, "the packets are nested too deeply", "a line may show four frames in one another");
            return None;
        }
        self.ethernet(depth + 1)
    }
}
