//! Our fields against tshark's.

use cnilab::packet::{Carries, Detail, Field, Frame, Hints, Interface, LayerKind, LinkType, Printer, Stack, Value, dissect, write_pcapng};
use libtest_mimic::Failed;

use crate::build::pcap;
use crate::corpus::Corpus;
use crate::oracle;

/// A field of ours, by its layer, and tshark's name of it.
const FIELDS: [(LayerKind, Field, &str); 32] = [
    (LayerKind::Ethernet, Field::EthernetSource, "eth.src"),
    (LayerKind::Ethernet, Field::EthernetDestination, "eth.dst"),
    (LayerKind::Ethernet, Field::EtherType, "eth.type"),
    (LayerKind::Vlan, Field::VlanId, "vlan.id"),
    (LayerKind::Vlan, Field::VlanPriority, "vlan.priority"),
    (LayerKind::Arp, Field::ArpOperation, "arp.opcode"),
    (LayerKind::Arp, Field::ArpSenderMac, "arp.src.hw_mac"),
    (LayerKind::Arp, Field::ArpSenderIp, "arp.src.proto_ipv4"),
    (LayerKind::Arp, Field::ArpTargetIp, "arp.dst.proto_ipv4"),
    (LayerKind::Ipv4, Field::IpSource, "ip.src"),
    (LayerKind::Ipv4, Field::IpDestination, "ip.dst"),
    (LayerKind::Ipv4, Field::IpTtl, "ip.ttl"),
    (LayerKind::Ipv4, Field::IpId, "ip.id"),
    (LayerKind::Ipv4, Field::IpProtocol, "ip.proto"),
    (LayerKind::Ipv4, Field::IpLength, "ip.len"),
    (LayerKind::Ipv6, Field::IpSource, "ipv6.src"),
    (LayerKind::Ipv6, Field::IpDestination, "ipv6.dst"),
    (LayerKind::Ipv6, Field::IpTtl, "ipv6.hlim"),
    (LayerKind::Ipv6, Field::IpLength, "ipv6.plen"),
    (LayerKind::Icmp, Field::IcmpType, "icmp.type"),
    (LayerKind::Icmp, Field::IcmpCode, "icmp.code"),
    (LayerKind::Icmpv6, Field::IcmpType, "icmpv6.type"),
    (LayerKind::Icmpv6, Field::IcmpCode, "icmpv6.code"),
    (LayerKind::Tcp, Field::TcpSourcePort, "tcp.srcport"),
    (LayerKind::Tcp, Field::TcpDestinationPort, "tcp.dstport"),
    (LayerKind::Tcp, Field::TcpSequence, "tcp.seq_raw"),
    (LayerKind::Tcp, Field::TcpLength, "tcp.len"),
    (LayerKind::Tcp, Field::TcpWindow, "tcp.window_size_value"),
    (LayerKind::Tcp, Field::TcpMss, "tcp.options.mss_val"),
    (LayerKind::Udp, Field::UdpSourcePort, "udp.srcport"),
    (LayerKind::Udp, Field::UdpDestinationPort, "udp.dstport"),
    (LayerKind::Vxlan, Field::VxlanVni, "vxlan.vni"),
];

/// Compares field by field.
pub(crate) fn compare(corpus: &Corpus) -> Result<(), Failed> {
    let mut arguments = vec!["-n", "-r", "-", "-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=;"];
    arguments.extend(["-d", "udp.port==8285,ip", "-d", "udp.port==8472,vxlan"]);
    arguments.extend(["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-e", "frame.len"]);
    for (_, _, name) in &FIELDS {
        arguments.extend(["-e", name]);
    }
    let text = oracle::run("tshark", &arguments, &pcap(corpus.link, &corpus.frames))?;
    let mut hints = Hints::default();
    hints.add(8285, Carries::Ip);
    let mut differences = Vec::new();
    let (mut compared, mut left_out) = (0, 0);
    for (index, (frame, line)) in corpus.frames.iter().zip(text.lines()).enumerate() {
        let stack = dissect(&frame.bytes, frame.wire_length, corpus.link, &hints);
        if !means_the_same(&stack, corpus.link) {
            left_out += 1;
            continue;
        }
        let mut columns = line.split('|');
        if columns.next() != Some(&frame.wire_length.to_string()) {
            differences.push(format!("frame {}: frame.len, tshark says {line}", index + 1));
        }
        for ((kind, field, name), theirs) in FIELDS.iter().zip(columns) {
            let ours: Vec<String> = stack
                .layers()
                .iter()
                .filter(|layer| layer.kind() == *kind)
                .filter_map(|layer| layer.get(*field))
                .map(|value| value.to_string())
                .collect();
            let theirs: Vec<String> = theirs.split(';').filter(|text| !text.is_empty()).map(number).collect();
            compared += ours.len();
            // tshark goes on into the packets that ICMP errors quote.
            if !theirs.starts_with(&ours) {
                differences.push(format!("frame {}: {name}: ours {ours:?}, tshark's {theirs:?}", index + 1));
            }
        }
    }
    if compared < corpus.frames.len() - left_out || left_out == corpus.frames.len() {
        differences.push(format!("only {compared} fields were compared in {} frames", corpus.frames.len()));
    }
    oracle::verdict(&differences, corpus.frames.len())
}

/// Whether both mean the same by a frame's fields. Left out is what is broken or cut off, which each reads as far as it sees fit; IPv4
/// options and IPv6 routes, where tshark's destination is the last one; fragments, whose TCP length it does not tell; Ethernet types below 1536, tags of
/// other types than 802.1Q's and ARP for other hardware, for which it has fields of other names.
fn means_the_same(stack: &Stack<'_>, link: LinkType) -> bool {
    let text = Printer::new(Detail::Verbose).line(stack, link).text;
    let broken = ["[|", "invalid", "bad-", "bad hdr", "bad length", "bad opt", "truncated", "wrong link", "RT6", "options (", "> IPv"];
    let has = |kind, field, test: &dyn Fn(&Value) -> bool| {
        stack.layers().iter().any(|layer| layer.kind() == kind && layer.get(field).is_some_and(|value| test(&value)))
    };
    let among =
        |numbers: std::ops::RangeInclusive<u64>| move |value: &Value| matches!(value, Value::Number(number) if numbers.contains(number));
    let fragment = has(LayerKind::Ipv4, Field::IpFlags, &|flags| flags.to_string().contains('+'));
    stack.stop().is_none()
        && !fragment
        && !broken.iter().any(|word| text.contains(word))
        && !has(LayerKind::Ethernet, Field::EtherType, &among(0..=1535))
        && !has(LayerKind::Ethernet, Field::EtherType, &among(0x88a8..=0x88a8))
        && !has(LayerKind::Ethernet, Field::EtherType, &among(0x9100..=0x9200))
        && !stack.layers().iter().any(|layer| layer.kind() == LayerKind::Arp && layer.header()[..2] != [0, 1])
        && !has(LayerKind::Arp, Field::ArpOperation, &among(5..=0xffff))
}

/// A value of tshark's, numbers in decimal.
fn number(text: &str) -> String {
    text.strip_prefix("0x")
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .map_or_else(|| text.to_owned(), |number| number.to_string())
}

/// A file with two interfaces of different link types keeps their names and every nanosecond.
pub(crate) fn reads_our_pcapng() -> Result<(), Failed> {
    let interface = |name: &str, link| Interface {
        name: name.to_owned(),
        description: format!("{name}, as the lab calls it"),
        link,
        snap_length: 256,
        dropped: Some(2),
    };
    let interfaces = [interface("node1/veth(pod1)", LinkType::Ethernet), interface("node1/tunl0", LinkType::Raw)];
    let packet = crate::build::ip4(1).with(&crate::build::echo(8, 1, 2, 56));
    let frames = [
        (0, Frame { at: 1_700_000_000_123_456_789, wire_length: 98, bytes: crate::build::ethernet(0x0800, &packet) }),
        (1, Frame { at: 1_700_000_000_123_456_790, wire_length: 84, bytes: packet }),
    ];
    let mut file = Vec::new();
    write_pcapng(&mut file, &interfaces, &frames, "cnilab")?;
    let fields = ["frame.interface_name", "frame.interface_description", "frame.time_epoch", "frame.len", "ip.src"];
    let arguments: Vec<&str> =
        ["-n", "-r", "-", "-T", "fields", "-E", "separator=|"].into_iter().chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let text = oracle::run("tshark", &arguments, &file)?;
    let expected = "\
node1/veth(pod1)|node1/veth(pod1), as the lab calls it|1700000000.123456789|98|10.244.153.204
node1/tunl0|node1/tunl0, as the lab calls it|1700000000.123456790|84|10.244.153.204
";
    if text == expected { Ok(()) } else { Err(format!("tshark prints\n{text}").into()) }
}
