//! The one field table: which fields a layer has, and what their values are.

use std::fmt;
use std::net::IpAddr;

/// The kinds of layer that a frame can be a stack of, in any nesting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// Ethernet II (IEEE 802.3 clause 3).
    Ethernet,
    /// One VLAN tag (IEEE 802.1Q).
    Vlan,
    /// ARP for IPv4 over Ethernet (RFC 826).
    Arp,
    /// IPv4 (RFC 791).
    Ipv4,
    /// IPv6 (RFC 8200).
    Ipv6,
    /// ICMP (RFC 792).
    Icmp,
    /// `ICMPv6` (RFC 4443).
    Icmpv6,
    /// TCP (RFC 9293).
    Tcp,
    /// UDP (RFC 768).
    Udp,
    /// VXLAN (RFC 7348).
    Vxlan,
    /// Bytes that no other layer claims.
    Payload,
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ethernet => "Ethernet",
            Self::Vlan => "VLAN",
            Self::Arp => "ARP",
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::Icmp => "ICMP",
            Self::Icmpv6 => "ICMPv6",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Vxlan => "VXLAN",
            Self::Payload => "payload",
        })
    }
}

/// A field of a layer. Each belongs to one [`LayerKind`], but for the IP fields, which IPv4 and IPv6 share, and the ICMP fields likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the field its name says; the RFC is the layer's")]
pub enum Field {
    EthernetSource,
    EthernetDestination,
    /// Ethernet's, or that behind a VLAN tag.
    EtherType,
    /// The frame's length on the wire, in bytes, link layer included: tcpdump's first `length`.
    FrameLength,
    VlanId,
    VlanPriority,
    ArpOperation,
    ArpSenderMac,
    ArpSenderIp,
    ArpTargetMac,
    ArpTargetIp,
    /// Of the message, padding included, as tcpdump prints it.
    ArpLength,
    IpSource,
    IpDestination,
    IpTtl,
    IpTos,
    IpId,
    IpOffset,
    /// A [`Value::Text`] as tcpdump prints it: `DF`, `+`, `none`.
    IpFlags,
    /// The protocol number; of IPv6 the header's own next-header field, whatever extension headers follow.
    IpProtocol,
    /// IPv4's total length, IPv6's payload length, as `tcpdump -v` prints them.
    IpLength,
    IcmpType,
    IcmpCode,
    IcmpId,
    IcmpSequence,
    /// Of the whole message, header included, as tcpdump prints it: 64 for a ping of 56 bytes.
    IcmpLength,
    /// The MTU that an ICMP fragmentation-needed or an `ICMPv6` packet-too-big tells.
    IcmpMtu,
    /// The better first hop that a redirect tells.
    IcmpGateway,
    /// The address that a neighbor solicitation or advertisement is about.
    IcmpTarget,
    /// Where the packet was going that an error quotes.
    IcmpQuotedDestination,
    IcmpQuotedProtocol,
    /// The destination port of a quoted TCP or UDP packet.
    IcmpQuotedPort,
    TcpSourcePort,
    TcpDestinationPort,
    /// A [`Value::Text`] as tcpdump prints it: `S.`, `P.`, `none`.
    TcpFlags,
    TcpSequence,
    /// The sequence number behind the segment's last byte: what stands behind the colon in `seq 1:81`.
    TcpSequenceEnd,
    TcpAcknowledgment,
    TcpWindow,
    TcpUrgent,
    /// A [`Value::Text`]: the options' names in order as tcpdump prints them without their numbers, `mss,sackOK,TS,nop,wscale`.
    TcpOptions,
    TcpMss,
    TcpWindowScale,
    TcpTimestamp,
    TcpTimestampEcho,
    /// Of the data behind the header, as tcpdump prints it.
    TcpLength,
    /// A [`Value::Text`]: the first line of an HTTP request or response, where tcpdump prints one.
    TcpHttp,
    UdpSourcePort,
    UdpDestinationPort,
    /// Of the data behind the header, as tcpdump prints it.
    UdpLength,
    VxlanVni,
    VxlanFlags,
}

impl Field {
    /// Every field, in the order of the layers.
    pub const ALL: [Self; 52] = [
        Self::EthernetSource,
        Self::EthernetDestination,
        Self::EtherType,
        Self::FrameLength,
        Self::VlanId,
        Self::VlanPriority,
        Self::ArpOperation,
        Self::ArpSenderMac,
        Self::ArpSenderIp,
        Self::ArpTargetMac,
        Self::ArpTargetIp,
        Self::ArpLength,
        Self::IpSource,
        Self::IpDestination,
        Self::IpTtl,
        Self::IpTos,
        Self::IpId,
        Self::IpOffset,
        Self::IpFlags,
        Self::IpProtocol,
        Self::IpLength,
        Self::IcmpType,
        Self::IcmpCode,
        Self::IcmpId,
        Self::IcmpSequence,
        Self::IcmpLength,
        Self::IcmpMtu,
        Self::IcmpGateway,
        Self::IcmpTarget,
        Self::IcmpQuotedDestination,
        Self::IcmpQuotedProtocol,
        Self::IcmpQuotedPort,
        Self::TcpSourcePort,
        Self::TcpDestinationPort,
        Self::TcpFlags,
        Self::TcpSequence,
        Self::TcpSequenceEnd,
        Self::TcpAcknowledgment,
        Self::TcpWindow,
        Self::TcpUrgent,
        Self::TcpOptions,
        Self::TcpMss,
        Self::TcpWindowScale,
        Self::TcpTimestamp,
        Self::TcpTimestampEcho,
        Self::TcpLength,
        Self::TcpHttp,
        Self::UdpSourcePort,
        Self::UdpDestinationPort,
        Self::UdpLength,
        Self::VxlanVni,
        Self::VxlanFlags,
    ];

    /// Its name in words, as findings and trees show it: `Ethernet destination`, `IPv4 TTL`, `ICMP id`. The fields that IPv4 and IPv6
    /// share are named for IPv4, those that ICMP and `ICMPv6` share for ICMP.
    pub fn name(self) -> &'static str {
        match self {
            Self::EthernetSource => "Ethernet source",
            Self::EthernetDestination => "Ethernet destination",
            Self::EtherType => "Ethernet type",
            Self::FrameLength => "frame length",
            Self::VlanId => "VLAN id",
            Self::VlanPriority => "VLAN priority",
            Self::ArpOperation => "ARP operation",
            Self::ArpSenderMac => "ARP sender MAC",
            Self::ArpSenderIp => "ARP sender IP",
            Self::ArpTargetMac => "ARP target MAC",
            Self::ArpTargetIp => "ARP target IP",
            Self::ArpLength => "ARP length",
            Self::IpSource => "IPv4 source",
            Self::IpDestination => "IPv4 destination",
            Self::IpTtl => "IPv4 TTL",
            Self::IpTos => "IPv4 TOS",
            Self::IpId => "IPv4 id",
            Self::IpOffset => "IPv4 offset",
            Self::IpFlags => "IPv4 flags",
            Self::IpProtocol => "IPv4 protocol",
            Self::IpLength => "IPv4 length",
            Self::IcmpType => "ICMP type",
            Self::IcmpCode => "ICMP code",
            Self::IcmpId => "ICMP id",
            Self::IcmpSequence => "ICMP seq",
            Self::IcmpLength => "ICMP length",
            Self::IcmpMtu => "ICMP MTU",
            Self::IcmpGateway => "ICMP gateway",
            Self::IcmpTarget => "ICMP target",
            Self::IcmpQuotedDestination => "ICMP quoted destination",
            Self::IcmpQuotedProtocol => "ICMP quoted protocol",
            Self::IcmpQuotedPort => "ICMP quoted port",
            Self::TcpSourcePort => "TCP source port",
            Self::TcpDestinationPort => "TCP destination port",
            Self::TcpFlags => "TCP flags",
            Self::TcpSequence => "TCP seq",
            Self::TcpSequenceEnd => "TCP seq end",
            Self::TcpAcknowledgment => "TCP ack",
            Self::TcpWindow => "TCP window",
            Self::TcpUrgent => "TCP urgent pointer",
            Self::TcpOptions => "TCP options",
            Self::TcpMss => "TCP MSS",
            Self::TcpWindowScale => "TCP window scale",
            Self::TcpTimestamp => "TCP TS val",
            Self::TcpTimestampEcho => "TCP TS ecr",
            Self::TcpLength => "TCP length",
            Self::TcpHttp => "HTTP line",
            Self::UdpSourcePort => "UDP source port",
            Self::UdpDestinationPort => "UDP destination port",
            Self::UdpLength => "UDP length",
            Self::VxlanVni => "VXLAN VNI",
            Self::VxlanFlags => "VXLAN flags",
        }
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A hardware address.
    Mac([u8; 6]),
    /// An IP address.
    Ip(IpAddr),
    /// Any number: a length, a port, a sequence number.
    Number(u64),
    /// What tcpdump spells in words.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac([first, rest @ ..]) => {
                write!(f, "{first:02x}")?;
                rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
            }
            Self::Ip(ip) => ip.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}
