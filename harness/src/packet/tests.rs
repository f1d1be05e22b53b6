//! Frames taken apart: what layers say, why a walk ends, and that nothing in a frame can make it panic.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{Carries, Detail, Field, Hints, LayerKind, Limit, LinkType, Printer, Stop, Value, dissect, tree};

/// A cross-node ping on the underlay, as Calico's IP-in-IP sends it: Ethernet, IPv4, IPv4, ICMP.
const IPIP: [u8; 50] = [
    0x52, 0x54, 0x00, 0xd3, 0xbf, 0x21, 0x52, 0x54, 0x00, 0xdc, 0xc7, 0xb4, 0x08, 0x00, // Ethernet
    0x45, 0x00, 0x00, 0x68, 0xa5, 0x96, 0x40, 0x00, 0x3f, 0x04, 0x4b, 0xcb, 192, 168, 100, 111, 192, 168, 100, 112, // outer
    0x45, 0x00, 0x00, 0x54, 0x8d, 0x08, 0x40, 0x00, 0x3f, 0x01, 0x6c, 0x1f, 10, 244, 153, 204, // inner, cut off before its end
];

fn ipip() -> Vec<u8> {
    let mut frame = IPIP.to_vec();
    frame.extend([10, 244, 146, 205]);
    frame.extend([8, 0, 0, 0, 0x44, 0x93, 0x01, 0x17]);
    frame.extend(0..56);
    frame
}

fn kinds(frame: &[u8], wire_length: u32, link: LinkType, hints: &Hints) -> Vec<LayerKind> {
    dissect(frame, wire_length, link, hints).layers().iter().map(super::Layer::kind).collect()
}

#[test]
fn a_tunnel_is_a_stack_of_its_layers() {
    let frame = ipip();
    let stack = dissect(&frame, 118, LinkType::Ethernet, &Hints::default());
    let kinds: Vec<LayerKind> = stack.layers().iter().map(super::Layer::kind).collect();
    assert_eq!(kinds, [LayerKind::Ethernet, LayerKind::Ipv4, LayerKind::Ipv4, LayerKind::Icmp]);
    let [ethernet, outer, inner, icmp] = stack.layers() else { panic!("four layers") };
    assert_eq!(ethernet.get(Field::FrameLength), Some(Value::Number(118)));
    assert_eq!(ethernet.get(Field::EthernetSource).map(|mac| mac.to_string()).as_deref(), Some("52:54:00:dc:c7:b4"));
    assert_eq!(outer.get(Field::IpDestination), Some(Value::Ip(IpAddr::from([192, 168, 100, 112]))));
    assert_eq!(outer.get(Field::IpProtocol), Some(Value::Number(4)));
    assert_eq!(outer.get(Field::IpFlags), Some(Value::Text("DF".to_owned())));
    assert_eq!(inner.get(Field::IpLength), Some(Value::Number(84)));
    assert_eq!(icmp.get(Field::IcmpLength), Some(Value::Number(64)));
    assert_eq!(icmp.get(Field::IcmpId), Some(Value::Number(17555)));
    assert_eq!(icmp.get(Field::TcpFlags), None);
    assert_eq!(stack.payload().len(), 56);
    assert_eq!(stack.stop(), None);
}

#[test]
fn a_hint_opens_a_port() {
    let inner = &ipip()[34..];
    let mut packet = vec![0x45, 0, 0, 112, 0, 0, 0, 0, 64, 17, 0, 0, 172, 18, 0, 4, 172, 18, 0, 2, 0x20, 0x5d, 0x20, 0x5d, 0, 92, 0, 0];
    packet.extend(inner);
    let mut hints = Hints::default();
    assert_eq!(kinds(&packet, 112, LinkType::Raw, &hints), [LayerKind::Ipv4, LayerKind::Udp]);
    let plain = Printer::new(Detail::Brief).line(&dissect(&packet, 112, LinkType::Raw, &hints), LinkType::Raw).text;
    assert_eq!(plain, "ip: 172.18.0.4.8285 > 172.18.0.2.8285: UDP, length 84");
    hints.add(8285, Carries::Ip);
    assert_eq!(kinds(&packet, 112, LinkType::Raw, &hints), [LayerKind::Ipv4, LayerKind::Udp, LayerKind::Ipv4, LayerKind::Icmp]);
    let opened = Printer::new(Detail::Brief).line(&dissect(&packet, 112, LinkType::Raw, &hints), LinkType::Raw).text;
    assert_eq!(opened, format!("{plain}: 10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 279, length 64"));
}

#[test]
fn the_stop_says_which_header_lied() {
    let frame = ipip();
    let stop = |change: fn(&mut Vec<u8>), wire_length: u32| {
        let mut frame = frame.clone();
        change(&mut frame);
        let stack = dissect(&frame, wire_length, LinkType::Ethernet, &Hints::default());
        let stop = *stack.stop().expect("the walk ends early");
        (stop.to_string(), stop)
    };
    for (change, wire_length, message, expected) in [
        (
            (|frame| frame.truncate(50)) as fn(&mut Vec<u8>),
            118,
            "IPv4 needs 20 bytes, 16 were captured",
            Stop { layer: LayerKind::Ipv4, needed: 20, had: 16, limit: Limit::Snap },
        ),
        (
            |frame| frame.truncate(50),
            50,
            "IPv4 needs 20 bytes, the frame ends after 16",
            Stop { layer: LayerKind::Ipv4, needed: 20, had: 16, limit: Limit::Frame },
        ),
        (
            |frame| frame[17] = 30,
            118,
            "IPv4 needs 20 bytes, the IPv4 header leaves it 10",
            Stop { layer: LayerKind::Ipv4, needed: 20, had: 10, limit: Limit::Header(LayerKind::Ipv4) },
        ),
        (
            |frame| frame[34] = 0x43,
            118,
            "IPv4 needs 20 bytes, its own header says 12",
            Stop { layer: LayerKind::Ipv4, needed: 20, had: 12, limit: Limit::Own },
        ),
        (
            |frame| frame[34] = 0x65,
            118,
            "IPv4 has version 4, the header says 6",
            Stop { layer: LayerKind::Ipv4, needed: 4, had: 6, limit: Limit::Version },
        ),
    ] {
        let (text, found) = stop(change, wire_length);
        assert_eq!((text.as_str(), found), (message, expected));
    }
}

#[test]
fn a_frame_of_endless_tunnels_ends() {
    let mut packet = Vec::new();
    for left in (0_u16..60).rev() {
        let [high, low] = ((60 - left) * 20).to_be_bytes();
        packet.splice(0..0, [0x45, 0, high, low, 0, 0, 0, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    }
    let stack = dissect(&packet, 1200, LinkType::Raw, &Hints::default());
    assert_eq!(stack.layers().len(), 16);
    assert_eq!(stack.stop().map(Stop::to_string).as_deref(), Some("IPv4 is layer 17, at most 16 are taken apart"));
}

#[test]
fn packets_made_to_exhaust_the_printer_do_not() {
    let nested = |protocol: u8, between: &[u8]| {
        let part = 20 + between.len();
        let mut packet = Vec::new();
        for left in 0..65_000 / part {
            let [high, low] = u16::try_from(65_000 / part * part - left * part).expect("16 bits").to_be_bytes();
            packet.extend([0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            packet.extend(between);
        }
        packet
    };
    for packet in [nested(4, b""), nested(1, &[3, 1, 0, 0, 0, 0, 0, 0])] {
        let stack = dissect(&packet, 65_000, LinkType::Raw, &Hints::default());
        for detail in [Detail::Brief, Detail::Verbose] {
            assert!(Printer::new(detail).line(&stack, LinkType::Raw).text.len() < 200_000);
        }
    }
}

#[test]
fn a_tree_shows_every_layer_under_the_one_around_it() {
    let mut frame = ipip();
    frame[24] = 0;
    frame.truncate(90);
    let text = tree(&dissect(&frame, 118, LinkType::Ethernet, &Hints::default()));
    let expected = "\
Ethernet, 14 bytes of 118
  source 52:54:00:dc:c7:b4
  destination 52:54:00:d3:bf:21
  type 2048
  frame length 118
  IPv4, 20 bytes of 104
    source 192.168.100.111
    destination 192.168.100.112
    TTL 63
    TOS 0
    id 42390
    offset 0
    flags DF
    protocol 4
    length 104
    checksum wrong
    IPv4, 20 bytes of 84
      source 10.244.153.204
      destination 10.244.146.205
      TTL 63
      TOS 0
      id 36104
      offset 0
      flags DF
      protocol 1
      length 84
      ICMP, 8 bytes of 64
        type 8
        code 0
        id 17555
        seq 279
        length 64
        payload, 28 bytes
";
    assert_eq!(text, expected);
}

#[test]
fn spans_mark_fields_where_they_stand() {
    let frame = ipip();
    let stack = dissect(&frame, 118, LinkType::Ethernet, &Hints::default());
    let printed = Printer::new(Detail::Brief).line(&stack, LinkType::Ethernet);
    assert_eq!(
        printed.text,
        "52:54:00:dc:c7:b4 > 52:54:00:d3:bf:21, ethertype IPv4 (0x0800), length 118: 192.168.100.111 > 192.168.100.112: \
         10.244.153.204 > 10.244.146.205: ICMP echo request, id 17555, seq 279, length 64"
    );
    let marked = |layer, field| {
        let (_, _, span) = printed.spans.iter().find(|(at, found, _)| (*at, *found) == (layer, field)).expect("a span");
        &printed.text[span.clone()]
    };
    assert_eq!(marked(0, Field::EthernetSource), "52:54:00:dc:c7:b4");
    assert_eq!(marked(0, Field::EtherType), "IPv4 (0x0800)");
    assert_eq!(marked(1, Field::IpSource), "192.168.100.111");
    assert_eq!(marked(2, Field::IpSource), "10.244.153.204");
    assert_eq!(marked(3, Field::IcmpType), "echo request");
    assert_eq!(marked(3, Field::IcmpSequence), "279");
    assert_eq!(marked(3, Field::IcmpLength), "64");
}

/// Bytes that often start like a frame, with lengths that often fit.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let v4 = (prop_oneof![Just(0x45_u8), 0x40_u8..0x50], 0_u16..200, prop_oneof![Just(0_u16), any::<u16>()], protocols(), any::<u64>())
        .prop_map(|(first, length, fragment, protocol, addresses)| {
            let mut header = vec![first, 0];
            header.extend(length.to_be_bytes());
            header.extend([0, 1]);
            header.extend(fragment.to_be_bytes());
            header.extend([63, protocol, 0, 0]);
            header.extend(addresses.to_be_bytes());
            header
        });
    let v6 = (0_u16..200, protocols(), prop::array::uniform32(any::<u8>())).prop_map(|(length, next, addresses)| {
        let mut header = vec![0x60, 0, 0, 0];
        header.extend(length.to_be_bytes());
        header.extend([next, 63]);
        header.extend(addresses);
        header
    });
    let ports = prop_oneof![Just(4789_u16), Just(8285), Just(8472), Just(80), any::<u16>()];
    let udp = (ports.clone(), ports, 0_u16..200)
        .prop_map(|(source, destination, length)| [source.to_be_bytes(), destination.to_be_bytes(), length.to_be_bytes(), [0, 0]].concat());
    let ethernet = prop_oneof![Just(0x0800_u16), Just(0x86dd), Just(0x0806), Just(0x8100), any::<u16>()]
        .prop_map(|ethertype| [&[2; 12][..], &ethertype.to_be_bytes()].concat());
    let part = prop_oneof![v4, v6, udp, ethernet, prop::collection::vec(any::<u8>(), 0..60)];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn protocols() -> impl Strategy<Value = u8> {
    prop_oneof![prop::sample::select(vec![0_u8, 1, 2, 4, 6, 17, 41, 43, 44, 58, 60, 143]), any::<u8>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_frame_makes_anything_panic(bytes in frames(), more in 0_u32..300, less in 0_u32..40, raw in any::<bool>()) {
        let link = if raw { LinkType::Raw } else { LinkType::Ethernet };
        let mut hints = Hints::default();
        hints.add(8285, Carries::Ip);
        let wire_length = (u32::try_from(bytes.len()).expect("short") + more).saturating_sub(less);
        let stack = dissect(&bytes, wire_length, link, &hints);
        for layer in stack.layers() {
            for field in Field::ALL {
                let _ = layer.get(field);
            }
        }
        let _ = (tree(&stack), stack.stop().map(ToString::to_string));
        for detail in [Detail::Brief, Detail::Verbose] {
            let printed = Printer::new(detail).line(&stack, link);
            for (_, _, span) in printed.spans {
                prop_assert!(printed.text.get(span).is_some());
            }
        }
    }

    /// What is not marked is asserted by no line, so no complaint may be printed without a mark.
    #[test]
    fn whatever_tcpdump_complains_of_is_marked(bytes in frames(), more in 0_u32..300, raw in any::<bool>()) {
        let link = if raw { LinkType::Raw } else { LinkType::Ethernet };
        let wire_length = u32::try_from(bytes.len()).expect("short") + more;
        let printed = Printer::new(Detail::Brief).line(&dissect(&bytes, wire_length, link, &Hints::default()), link);
        let mut rest = printed.text.clone();
        for mark in printed.marks.iter().rev() {
            prop_assert!(printed.text.get(mark.span.clone()).is_some_and(|text| !text.is_empty() && text.trim() == text));
            rest.replace_range(mark.span.clone(), "");
        }
        let complaints = ["(invalid)", "missing!", "truncated-", "[bad ", "bad length", "bad-hlen", "bad-len", "[invalid ", "version error", "[remaining caplen"];
        let cut = ["ether", "vlan", "arp", "ip", "ip6", "icmp", "icmp6", "igmp", "tcp", "udp", "vxlan", "otv", "frag6", "hbhopt", "dstopt", "rt6"];
        let cut = cut.map(|protocol| format!("[|{protocol}]"));
        for word in complaints.into_iter().chain(cut.iter().map(String::as_str)) {
            prop_assert!(!rest.contains(word), "`{word}` in {}", printed.text);
        }
    }

    #[test]
    fn layers_and_payload_stand_one_behind_the_other(bytes in frames(), more in 0_u32..300, raw in any::<bool>()) {
        let link = if raw { LinkType::Raw } else { LinkType::Ethernet };
        let wire_length = u32::try_from(bytes.len()).expect("short") + more;
        let stack = dissect(&bytes, wire_length, link, &Hints::default());
        let mut at = 0;
        for layer in stack.layers() {
            let header = layer.header();
            prop_assert_eq!(header, &bytes[at..at + header.len()]);
            prop_assert!(!header.is_empty());
            at += header.len();
        }
        prop_assert_eq!(stack.payload(), &bytes[at..at + stack.payload().len()]);
        prop_assert!(stack.stop().is_none_or(|stop| stop.limit == Limit::Version || stop.needed > stop.had));
    }
}
