//! TCP and UDP, and what UDP carries.

use std::ops::Range;

use super::address::Port;
use super::open::Part;
use super::pattern::{FieldPattern, Want};
use super::reader::Reader;
use crate::packet::{Field, LayerKind, Value, is_tcp_option, mark_at};

/// From here on a sequence number is taken for an absolute one. Relative numbers count the bytes of a conversation, and documented ones
/// are short; an absolute one starts anywhere in 32 bits and so is below this in one case of 256.
const ABSOLUTE: u64 = 1 << 24;

/// Letters that tcpdump prints for TCP flags (RFC 9293 section 3.1, RFC 3168).
const FLAGS: &str = "FSRP.UEW";

/// How what tcpdump prints of a segment's data begins; but for the first line of HTTP without -v it is not asserted.
const APPLICATIONS: [&str; 7] = ["HTTP", "BGP", "FTP", "SMTP", "SSH", "RTSP", "WHOIS"];

/// The TCP options that are a name and nothing else.
const BARE_OPTIONS: [&str; 3] = ["nop", "eol", "sackOK"];

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
        // In the order in which tcpdump prints them.
        let places: Option<Vec<usize>> = flags.chars().map(|letter| FLAGS.find(letter)).collect();
        if flags != "none" && !places.is_some_and(|places| !places.is_empty() && places.is_sorted_by(|one, next| one < next)) {
            let hint = "letters of FSRP.UEW in this order, as tcpdump prints them, or `none`";
            self.problem(span.clone(), format!("`{flags}` are no TCP flags"), hint);
        }
        self.need("]")?;
        self.marks();
        let [handshake, acknowledges, is_urgent] = ['S', '.', 'U'].map(|flag| flags.contains(flag));
        self.field(Field::TcpFlags, Want::Exact(Value::Text(flags)), span);
        while let Some(key) = self.key() {
            let needed = match self.slice(&key) {
                "ack" if !acknowledges => Some('.'),
                "urg" if !is_urgent => Some('U'),
                _ => None,
            };
            if let Some(flag) = needed {
                let message = format!("`{}` is printed only of a segment whose flags have `{flag}`", self.slice(&key));
                self.problem(key.clone(), message, "the line must read as tcpdump prints it");
            }
            match self.slice(&key) {
                // Windows depend on memory and timing.
                "cksum" => self.checksum_of_segment()?,
                "win" => self.open_number(Part::Window, Field::TcpWindow, "a TCP window", u64::from(u32::MAX)),
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

    /// `0x1e30 (incorrect -> 0x2bd4)`: checksums are unfinished where the card is to compute them.
    fn checksum_of_segment(&mut self) -> Option<()> {
        let start = self.at;
        self.hexadecimal("a checksum", 0xffff)?;
        if !self.eat(" (correct)") {
            self.need(" (incorrect -> ")?;
            self.hexadecimal("a checksum", 0xffff)?;
            self.need(")")?;
        }
        if self.open.iter().any(|open| open.part == Part::Checksum && open.layer + 1 == self.layers.len()) {
            self.problem(start..self.at, "a checksum is given twice", "give it once");
        }
        self.open(Part::Checksum, start..self.at);
        Some(())
    }

    /// What tcpdump prints of the data: of HTTP the first line, which is exact; the rest is not asserted.
    fn application(&mut self) {
        let Some(name) = APPLICATIONS.iter().find(|name| self.rest().starts_with(&format!(": {name}"))) else { return };
        let start = self.at + ": ".len();
        let is_empty = |known: &FieldPattern| known.field == Field::TcpLength && known.want == exact(0);
        if self.layers.last().is_some_and(|layer| layer.fields.iter().any(is_empty)) {
            self.problem(
                start..start + name.len(),
                format!("`{name}` needs data, and the length is 0"),
                "give the length that tcpdump prints",
            );
        }
        let behind = &self.rest()[": ".len() + name.len()..];
        let line = start + name.len() + ": ".len()..self.text.trim_end().len();
        if *name == "HTTP" && behind.starts_with(": ") && !line.is_empty() {
            let text = self.slice(&line).to_owned();
            self.field(Field::TcpHttp, Want::Exact(Value::Text(text)), line);
        } else if behind.trim().is_empty() || [": ", ", length: "].iter().any(|head| behind.starts_with(head)) {
            self.open(Part::Application, start..self.text.trim_end().len());
        } else {
            return;
        }
        self.at = self.text.len();
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
        loop {
            let name = self.until(&[" ", ",", "]"]);
            // An experiment is an option of one kind, and its number is what it holds (RFC 6994).
            let is_experiment = self.slice(&name).starts_with("exp-");
            names.push(if is_experiment { "exp".to_owned() } else { self.slice(&name).to_owned() });
            if is_experiment {
                self.open(Part::OptionValues, name.start + "exp".len()..name.end);
            }
            self.option(&name, handshake)?;
            if self.rest().starts_with(']') {
                break;
            }
            if !self.eat(",") {
                self.problem(start - 1..self.at, "these options are not closed", "options stand in brackets, separated by commas");
                return None;
            }
        }
        self.field(Field::TcpOptions, Want::Exact(Value::Text(names.join(","))), start..self.at);
        self.need("]")
    }

    /// What stands behind an option's name.
    fn option(&mut self, name: &Range<usize>, handshake: bool) -> Option<()> {
        match self.slice(name) {
            "mss" => {
                self.need(" ")?;
                self.exact(Field::TcpMss, "an MSS", 0xffff);
            }
            // A window scale follows from the kernel's memory settings, as the window does.
            "wscale" => {
                self.need(" ")?;
                self.open_number(Part::WindowScale, Field::TcpWindowScale, "a window scale", 255);
            }
            "TS" => self.timestamps(handshake)?,
            bare if BARE_OPTIONS.contains(&bare) => {}
            other if is_tcp_option(other) => {
                // What is cut off or bad there says so in brackets of its own.
                let value = self.until(&[",", "]", "["]);
                let found = ["(invalid)", "invalid sack"].iter().find_map(|mark| Some((self.slice(&value).find(mark)?, mark.len())));
                if let Some((offset, length)) = found {
                    self.mark(value.start + offset..value.start + offset + length);
                    self.at = value.end;
                } else if !value.is_empty() {
                    self.open(Part::OptionValues, value.start + 1..value.end);
                }
            }
            other => {
                let message = format!("`{other}` is not a TCP option");
                self.problem(name.clone(), message, "options stand in brackets as tcpdump prints them: [mss 1460,sackOK,nop,wscale 7]");
                return None;
            }
        }
        Some(())
    }

    /// ` val 3911662959 ecr 0`. Behind the handshake they are a clock's: which segments share a value is a matter of timing.
    fn timestamps(&mut self, handshake: bool) -> Option<()> {
        for (word, field) in [(" val ", Field::TcpTimestamp), (" ecr ", Field::TcpTimestampEcho)] {
            self.need(word)?;
            let Some((number, span)) = self.number("a time stamp", u64::from(u32::MAX)) else { continue };
            // RFC 7323 section 3.2: 0 where there is nothing to echo yet.
            let want = if number == 0 { exact(0) } else { Want::Variable(number) };
            if handshake {
                self.field(field, want, span);
            } else {
                self.open_field(Part::Timestamps, field, want, span);
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
            return self.vxlan("), overlay ", depth);
        }
        if let Some(length) = mark_at(self.rest()) {
            self.mark(self.at..self.at + length);
            return Some(());
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
        let word = self.until(&["]"]);
        self.need("] (")?;
        if let Some((flags, span)) = self.hexadecimal("VXLAN flags", 0xff) {
            // RFC 7348 section 5: the bit that says that there is an identifier.
            let fits = if flags & 0x08 == 0 { &["invalid", "."][..] } else { &["I"][..] };
            if !fits.contains(&self.slice(&word)) {
                let message = format!("`[{}]` contradicts `{}`", self.slice(&word), self.slice(&span));
                self.problem(word, message, "correct one of them");
            }
            self.field(Field::VxlanFlags, exact(flags), span);
        }
        self.need(before_identifier)?;
        if before_identifier.ends_with("overlay ") {
            if let Some((_, span)) = self.number("an overlay", 0xff_ffff) {
                self.open(Part::Overlay, span);
            }
            self.need(", instance ")?;
        }
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
