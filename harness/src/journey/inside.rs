//! The innermost packet of a frame, also in a tunnel that the dissector does not know.

use crate::packet::{Field, Frame, Hints, Layer, LayerKind, LinkType, Stack, Value, dissect};

/// How many tunnels in one another are looked into beyond what the dissector knows.
const DEEPEST: usize = 4;

/// Bytes of an IPv4 header without options (RFC 791 section 3.1) and of an IPv6 header (RFC 8200 section 3).
const IPV4: usize = 20;
const IPV6: usize = 40;

/// What an IPv6 header announces if it is one: extension headers, tunnels, TCP, UDP, ICMPv6 (IANA protocol numbers).
const ANNOUNCED: [u8; 10] = [0, 4, 6, 17, 41, 43, 44, 47, 58, 60];

/// A frame taken apart.
pub(super) struct Taken<'a> {
    outer: Stack<'a>,
    inside: Option<Stack<'a>>,
}

impl<'a> Taken<'a> {
    pub(super) fn of(frame: &'a Frame, link: LinkType, hints: &Hints) -> Self {
        let outer = dissect(&frame.bytes, frame.wire_length, link, hints);
        let inside = packet_inside(&outer, hints);
        Self { outer, inside }
    }

    /// The layers that hold the message.
    pub(super) fn innermost(&self) -> &Stack<'a> {
        self.inside.as_ref().unwrap_or(&self.outer)
    }

    /// All layers.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer<'a>> {
        self.outer.layers().iter().chain(self.inside.iter().flat_map(Stack::layers))
    }
}

/// The innermost IP packet of a frame whose layers are `outer`; `None`: those layers themselves hold it.
///
/// Where the layers end in bytes that no layer claims, an IP header is looked for in them, whatever stands before it. It is one if its lengths
/// fit and, for IPv4, its checksum is right, which offloading leaves to nobody; an IPv6 header has none, so its packet must fill what is left.
pub(crate) fn packet_inside<'a>(outer: &Stack<'a>, hints: &Hints) -> Option<Stack<'a>> {
    let mut found: Option<Stack<'a>> = None;
    for _ in 0..DEEPEST {
        let Some(next) = one_deeper(found.as_ref().unwrap_or(outer), hints) else { break };
        found = Some(next);
    }
    found
}

fn one_deeper<'a>(stack: &Stack<'a>, hints: &Hints) -> Option<Stack<'a>> {
    let last = stack.layers().last().filter(|last| may_hide_a_packet(last))?;
    let payload = stack.payload();
    let left = usize::try_from(last.length()).ok()?.checked_sub(last.header().len())?;
    // What the first fragment holds goes on in the next.
    let whole = !stack.layers().iter().any(Layer::is_fragment);
    (0..payload.len()).find_map(|at| {
        let length = packet_length(&payload[at..], left.checked_sub(at)?, whole)?;
        Some(dissect(&payload[at..], length, LinkType::Raw, hints))
    })
}

/// Whether the bytes behind a layer may be a packet of a tunnel.
fn may_hide_a_packet(last: &Layer<'_>) -> bool {
    match last.kind() {
        LayerKind::Ipv4 | LayerKind::Ipv6 => !matches!(last.get(Field::IpOffset), Some(Value::Number(1..))),
        LayerKind::Ethernet | LayerKind::Vlan | LayerKind::Udp | LayerKind::Vxlan | LayerKind::Payload => true,
        LayerKind::Arp | LayerKind::Icmp | LayerKind::Icmpv6 | LayerKind::Tcp => false,
    }
}

/// The length of the IP packet that starts with `bytes`, of which there are `left` on the wire; `None`: none starts there. All `left` bytes are
/// there unless the packet is not `whole`.
fn packet_length(bytes: &[u8], left: usize, whole: bool) -> Option<u32> {
    let first = *bytes.first()?;
    let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let length = match first >> 4 {
        4 => {
            let header = bytes.get(..usize::from(first & 0x0f) * 4).filter(|header| header.len() >= IPV4)?;
            let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
            // RFC 1071: the sum over a header with its checksum is all ones.
            ((sum & 0xffff) + (sum >> 16) == 0xffff).then_some(())?;
            Some(usize::from(word(2)?)).filter(|length| *length >= header.len() && (!whole || *length <= left))?
        }
        6 => {
            let announced = bytes.get(..IPV6)?[6];
            let length = IPV6 + usize::from(word(4)?);
            (ANNOUNCED.contains(&announced) && (length == left || (!whole && length > left))).then_some(length)?
        }
        _ => return None,
    };
    u32::try_from(length).ok()
}
