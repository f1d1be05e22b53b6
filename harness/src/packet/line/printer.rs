//! The walk over a stack that prints it.

use std::ops::Range;

use super::conversation::Conversations;
use super::mark::Mark;
use super::out::{Flow, Out, mark};
use super::upper::Carrier;
use super::{arp, ethernet, icmp, icmpv6, ipv4, ipv6, tcp, udp};
use crate::packet::bytes::Cut;
use crate::packet::codec::Capture;
use crate::packet::dissect::{dissect, dissect_from};
use crate::packet::field::{Field, LayerKind};
use crate::packet::frame::LinkType;
use crate::packet::hints::Hints;
use crate::packet::layer::{Layer, Limit, Stack};

/// How much of a packet is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// As `tcpdump -enn`.
    Brief,
    /// As `tcpdump -ennv`: TTL, id, flags and checksums too, over several lines.
    Verbose,
}

/// Prints packets as tcpdump 4.99.3 does, without the time stamp.
///
/// Keeps the TCP conversations of the packets it has printed, so that sequence numbers are relative as tcpdump's are: one printer per
/// capture, its packets in order. What tcpdump makes of application protocols on their well-known ports is printed for HTTP, FTP,
/// SMTP, whois, RTSP, SSH and (briefly) BGP; of others only the length.
pub struct Printer {
    detail: Detail,
    pub(super) conversations: Conversations,
}

/// A printed packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// The text; several lines where tcpdump prints several.
    pub text: String,
    /// Where in the text fields stand, in bytes: (index of the layer, field, where). TCP sequence and acknowledgment numbers stand there
    /// relative to their conversation, while [`Layer::get`] tells the header's own.
    pub spans: Vec<(usize, Field, Range<usize>)>,
    /// What it complains of, and what is rare, in the order of the text.
    pub marks: Vec<Mark>,
    /// Positions in a stream that only `-vv` prints, relative to their conversation.
    pub untold: Vec<(usize, Field, u32)>,
}

/// How many packets within packets are printed, sixteen tunnels or one quoted packet each; tcpdump knows no such limit.
const WITHIN_MAX: u32 = 64;

/// The lines of a whole capture, one text per frame, in the order of the file.
///
/// ```no_run
/// use cnilab::packet::{Detail, Hints, Limits, lines, read_capture};
///
/// let capture = read_capture(std::fs::File::open("node1.pcapng")?, &Limits::default())?;
/// for line in lines(&capture, &Hints::default(), Detail::Brief) {
///     println!("{line}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lines<'a>(capture: &'a Capture, hints: &'a Hints, detail: Detail) -> impl Iterator<Item = String> + 'a {
    let mut printer = Printer::new(detail);
    capture.frames.iter().map(move |(interface, frame)| {
        let link = capture.interfaces.get(*interface).map_or(LinkType::Ethernet, |interface| interface.link);
        printer.line(&dissect(&frame.bytes, frame.wire_length, link, hints), link).text
    })
}

impl Printer {
    /// A printer that has seen no packet yet.
    pub fn new(detail: Detail) -> Self {
        Self { detail, conversations: Conversations::default() }
    }

    /// Prints one packet.
    pub fn line(&mut self, stack: &Stack<'_>, link: LinkType) -> Printed {
        let mut out = Out {
            text: String::with_capacity(160),
            spans: Vec::new(),
            marks: Vec::new(),
            untold: Vec::new(),
            verbose: self.detail == Detail::Verbose,
            protocol: "",
            within: 0,
        };
        if !impossible(&mut out, stack) {
            if link == LinkType::Raw {
                out.put("ip: ");
            }
            if self.layers(&mut out, stack, link).is_err() {
                out.cut();
            }
        }
        Printed { text: out.text, spans: out.spans, marks: out.marks, untold: out.untold }
    }

    /// Prints the layers one behind the other.
    fn layers(&mut self, out: &mut Out, stack: &Stack<'_>, link: LinkType) -> Result<(), Cut> {
        if link == LinkType::Raw {
            match stack.all().next().and_then(|layer| layer.data.first()) {
                Some(first) if !matches!(first >> 4, 4 | 6) => {
                    mark!(out, "unknown ip {}", first >> 4);
                    return Ok(());
                }
                _ => {}
            }
        }
        self.behind(out, stack, None, None)
    }

    /// Prints the layers behind `previous` in `carrier`.
    fn behind<'a>(
        &mut self,
        out: &mut Out,
        stack: &Stack<'a>,
        mut previous: Option<Layer<'a>>,
        mut carrier: Option<Carrier<'a>>,
    ) -> Result<(), Cut> {
        let too_deep = stack.stop().is_some_and(|stop| stop.limit == Limit::Depth);
        let mut layers = stack.all().enumerate().peekable();
        while let Some((index, layer)) = layers.next() {
            let next = layers.peek().map(|(_, next)| next.kind);
            if too_deep && next.is_none() {
                // What is deeper than a stack holds is printed all the same, but no span can tell of its layers.
                let deeper = dissect_from(layer.kind, layer.data, layer.length, &Hints::default());
                return self.within(out, |printer, out| printer.behind(out, &deeper, previous, carrier));
            }
            let at = At { index, layer, previous, next };
            if self.one(out, &at, &mut carrier)? == Flow::End {
                break;
            }
            previous = Some(*layer);
        }
        Ok(())
    }

    /// Prints one layer.
    fn one<'a>(&mut self, out: &mut Out, at: &At<'_, 'a>, carrier: &mut Option<Carrier<'a>>) -> Result<Flow, Cut> {
        match at.layer.kind {
            LayerKind::Ethernet => ethernet::print(out, at),
            LayerKind::Vlan => ethernet::print_tag(out, at),
            LayerKind::Arp => arp::print(out, at),
            LayerKind::Ipv4 => ipv4::print(out, at, carrier),
            LayerKind::Ipv6 => ipv6::print(out, at, carrier),
            LayerKind::Icmp => icmp::print(self, out, at, carrier.as_ref()),
            LayerKind::Icmpv6 => icmpv6::print(out, at, carrier.as_ref()),
            LayerKind::Tcp => tcp::print(self, out, at, carrier.as_ref()),
            LayerKind::Udp => udp::print(out, at, carrier.as_ref()),
            LayerKind::Vxlan => udp::print_vxlan(out, at),
            LayerKind::Payload => Ok(Flow::End),
        }
    }

    /// Prints the IPv4 packet that an ICMP error quotes: `data` of it, by its own header `length` bytes.
    pub(super) fn quoted(&mut self, out: &mut Out, data: &[u8], length: u32) -> Result<(), Cut> {
        let stack = dissect_from(LayerKind::Ipv4, data, length, &Hints::default());
        self.within(out, |printer, out| printer.behind(out, &stack, None, None))
    }

    /// Prints something that is not part of the stack, to a depth that no packet but one made to exhaust memory reaches.
    fn within(&mut self, out: &mut Out, print: impl FnOnce(&mut Self, &mut Out) -> Result<(), Cut>) -> Result<(), Cut> {
        if out.within == WITHIN_MAX {
            return Err(Cut);
        }
        out.within += 1;
        // Where that ends early, so does the line, and its end is none of the stack's.
        print(self, out)?;
        out.within -= 1;
        Ok(())
    }
}

/// Where the walk is.
pub(super) struct At<'s, 'a> {
    /// The layer's index in the stack.
    pub(super) index: usize,
    /// The layer; if it is the stack's broken one, with all the bytes there are and no header length.
    pub(super) layer: &'s Layer<'a>,
    /// The layer around it.
    pub(super) previous: Option<Layer<'a>>,
    /// What is printed behind it.
    pub(super) next: Option<LayerKind>,
}

/// What tcpdump says of a record whose lengths cannot be (`print.c`, `pretty_print_packet`).
fn impossible(out: &mut Out, stack: &Stack<'_>) -> bool {
    let (captured, wire) = (stack.captured, stack.wire_length);
    let mut complaints = Vec::new();
    if captured == 0 {
        complaints.push(" caplen==0".to_owned());
    }
    if wire == 0 {
        complaints.push(" len==0".to_owned());
    } else if (wire as usize) < captured {
        complaints.push(format!(" len({wire}) < caplen({captured})"));
    }
    if complaints.is_empty() {
        return false;
    }
    mark!(out, "[Invalid header:{}]", complaints.join(","));
    true
}
