//! Frames made of other frames: cut short, and with bytes changed.

use cnilab::packet::{Field, Hints, Layer, LayerKind, LinkType, Value, dissect};

use crate::build::{Frame, Random};

/// What a frame holds behind its Ethernet header, if that is IP.
pub(crate) fn without_link(frame: &Frame) -> Option<Frame> {
    matches!(frame.bytes.get(12..14)?, [0x08, 0x00] | [0x86, 0xdd]).then(|| Frame::whole(frame.bytes[14..].to_vec()))
}

/// Every frame, as ever shorter snap lengths leave it.
pub(crate) fn cut(frames: &[Frame], link: LinkType) -> Vec<Frame> {
    let mut random = Random(0x000c_a7c4);
    let mut cut = Vec::new();
    for frame in frames {
        let length = frame.bytes.len();
        // The headers of two nested packets are where a cut shows.
        let most = length.min(130);
        if frames.len() < 400 || random.below(4) == 0 {
            cut.extend((1..most).map(|snap| frame.snapped(snap)));
        } else {
            cut.extend((0..12).map(|_| frame.snapped(1 + random.below(most))));
        }
    }
    cut.into_iter().filter(|frame| is_claimed(frame, link)).collect()
}

/// Frames with a few bytes changed, often those that say how long something is, and now and then also cut short.
pub(crate) fn changed(frames: &[Frame], link: LinkType, seed: u64) -> Vec<Frame> {
    let mut random = Random(seed);
    let mut changed = Vec::new();
    while changed.len() < 12_000 {
        let mut frame = frames[random.below(frames.len())].clone();
        for _ in 0..=random.below(3) {
            let most = if random.below(3) == 0 { frame.bytes.len() } else { frame.bytes.len().min(80) };
            let at = random.below(most.max(1));
            if let Some(byte) = frame.bytes.get_mut(at) {
                *byte = match random.below(4) {
                    0 => random.byte() % 16,
                    1 => byte.wrapping_add(1),
                    2 => *byte ^ (1 << random.below(8)),
                    _ => random.byte(),
                };
            }
        }
        if random.below(4) == 0 && !frame.bytes.is_empty() {
            frame = frame.snapped(1 + random.below(frame.bytes.len()));
        }
        if is_claimed(&frame, link) {
            changed.push(frame);
        }
    }
    changed
}

/// Whether all that tcpdump would print of a frame is claimed: it knows many more protocols, and shows of them more than lengths.
fn is_claimed(frame: &Frame, link: LinkType) -> bool {
    let stack = dissect(&frame.bytes, frame.wire_length, link, &Hints::default());
    if holds_odd_options(&frame.bytes, &stack) {
        return false;
    }
    let Some(last) = stack.layers().last() else { return true };
    let number = |field| match last.get(field) {
        Some(Value::Number(number)) => number,
        _ => u64::MAX,
    };
    if stack.stop().is_some_and(|stop| matches!(stop.layer, LayerKind::Tcp | LayerKind::Udp)) {
        // The ports may be there although the layer is not, and so may options.
        let rest = stack.payload();
        return rest.len() < 4 || (known_ports(rest) && !rest.iter().skip(20).any(|byte| matches!(byte, 19 | 30)));
    }
    match last.kind() {
        LayerKind::Ethernet | LayerKind::Vlan => matches!(
            number(Field::EtherType),
            0x05dd..=0x05f0 | 0x0800 | 0x0806 | 0x1234 | 0x4321 | 0x8035 | 0x86dd | 0x8100 | 0x88a8 | 0x9100 | 0x9200
        ),
        LayerKind::Ipv4 => {
            matches!(number(Field::IpProtocol), 0 | 1 | 2 | 3 | 4 | 5 | 6 | 10 | 17 | 41 | 58 | 59 | 77 | 143 | 150..=255)
                && !igmp_of_others(last, stack.payload())
        }
        LayerKind::Ipv6 => ipv6_is_claimed(last),
        LayerKind::Tcp => claimed_ports(last) && !has_unclaimed_option(last),
        LayerKind::Udp => claimed_ports(last),
        LayerKind::Arp => last.header().get(..2) != Some(&[0, 19]) && last.header().get(..2) != Some(&[0, 15]),
        LayerKind::Icmp => quoted_is_claimed(&stack, number(Field::IcmpType)),
        LayerKind::Icmpv6 => !matches!(number(Field::IcmpType), 138..=140 | 144..=147 | 155),
        LayerKind::Vxlan | LayerKind::Payload => true,
    }
}

/// DVMRP, PIM and mtrace in IGMP, and times of a minute and more.
fn igmp_of_others(ip: &Layer<'_>, payload: &[u8]) -> bool {
    ip.get(Field::IpProtocol) == Some(Value::Number(2))
        && (matches!(payload.first(), Some(0x13 | 0x14 | 0x1e | 0x1f)) || payload.get(1).is_some_and(|time| *time >= 128))
}

fn ipv6_is_claimed(layer: &Layer<'_>) -> bool {
    let header = layer.header();
    let (mut at, mut next) = (40, header[6]);
    while at < header.len() {
        (at, next) = (at + if next == 44 { 8 } else { (usize::from(header[at + 1]) + 1) * 8 }, header[at]);
    }
    matches!(next, 0 | 1 | 2 | 4 | 6 | 17 | 41 | 43 | 44 | 58 | 59 | 60 | 77 | 143 | 150..=255)
}

/// Jumbograms and home addresses of IPv6, and lists of domain names in `ICMPv6`, are left to tcpdump: frames that may hold one.
fn holds_odd_options(bytes: &[u8], stack: &cnilab::packet::Stack<'_>) -> bool {
    let ipv6 = stack.layers().iter().map(Layer::kind).chain(stack.stop().map(|stop| stop.layer)).any(|kind| kind == LayerKind::Ipv6);
    let behind = bytes.get(40..).unwrap_or_default();
    ipv6 && (behind.iter().any(|byte| matches!(byte, 0xc2 | 0xc9)) || behind.windows(2).any(|pair| pair == [31, 3]))
}

fn claimed_ports(layer: &Layer<'_>) -> bool {
    known_ports(layer.header())
}

/// The ports that the generators use, and those that nobody has a printer for.
fn known_ports(header: &[u8]) -> bool {
    let port = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    [port(0), port(2)].iter().all(|port| match port {
        80
        | 8080
        | 554
        | 8554
        | 21
        | 22
        | 25
        | 43
        | 81
        | 4789
        | 8472
        | 8285
        | 1000
        | 9000..=9083
        | 9999
        | 30000
        | 38610..=38612
        | 40000..=40003 => true,
        49152 | 30490 => false,
        port => *port >= 20000,
    })
}

/// Multipath TCP and MD5 signatures are left to tcpdump.
fn has_unclaimed_option(tcp: &Layer<'_>) -> bool {
    match tcp.get(Field::TcpOptions) {
        Some(Value::Text(names)) => {
            names.contains("mptcp") || names.contains("md5") || tcp.header()[20..].iter().any(|byte| matches!(byte, 19 | 30))
        }
        _ => false,
    }
}

/// Whether the packet that an ICMP error quotes, printed by `-v`, is claimed too.
fn quoted_is_claimed(stack: &cnilab::packet::Stack<'_>, kind: u64) -> bool {
    if !matches!(kind, 3 | 4 | 5 | 11 | 12) {
        return true;
    }
    let payload = stack.payload();
    let quoted = Frame {
        bytes: payload.to_vec(),
        wire_length: payload.get(2..4).map_or(0, |length| u32::from(u16::from_be_bytes([length[0], length[1]]))),
    };
    quoted.bytes.len() < 20 || quoted.bytes[0] >> 4 != 4 || quoted.wire_length < 20 || is_claimed(&quoted, LinkType::Raw)
}
