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
    /// ICMPv6 (RFC 4443).
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

/// A field of a layer. Each belongs to one [`LayerKind`], but for the IP fields, which IPv4 and IPv6 share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the field its name says; the RFC is the layer's")]
pub enum Field {
    EthernetSource,
    EthernetDestination,
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
    ArpLength,
    IpSource,
    IpDestination,
    IpTtl,
    IpTos,
    IpId,
    IpOffset,
    /// A [`Value::Text`] as tcpdump prints it: `DF`, `+`, `none`.
    IpFlags,
    IpProtocol,
    IpLength,
    IcmpType,
    IcmpCode,
    IcmpId,
    IcmpSequence,
    IcmpLength,
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
    TcpLength,
    UdpSourcePort,
    UdpDestinationPort,
    UdpLength,
    VxlanVni,
    VxlanFlags,
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
            Self::Mac([a, b, c, d, e, g]) => write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"),
            Self::Ip(ip) => ip.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}
