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
    /// IPv6's flow label (RFC 6437), where there is one.
    IpFlowLabel,
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
    pub const ALL: [Self; NAMES.len()] = {
        let mut all = [Self::EthernetSource; NAMES.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = NAMES[at].0;
            at += 1;
        }
        all
    };

    /// Its name in words, as findings and trees show it: `Ethernet destination`, `IPv4 TTL`, `ICMP id`. The fields that IPv4 and IPv6
    /// share are named for IPv4, those that ICMP and `ICMPv6` share for ICMP.
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// Its name in a layer of `kind`: what IPv4 and IPv6 share is named for the one it is in, what ICMP and `ICMPv6` share likewise.
    pub fn name_in(self, kind: LayerKind) -> String {
        match (kind, self.name()) {
            (LayerKind::Ipv6, name) => name.replacen("IPv4", "IPv6", 1),
            (LayerKind::Icmpv6, name) => name.replacen("ICMP", "ICMPv6", 1),
            (_, name) => name.to_owned(),
        }
    }
}

/// The fields in the order in which [`Field`] declares them, so that a field is its own index, with their names.
const NAMES: [(Field, &str); 53] = [
    (Field::EthernetSource, "Ethernet source"),
    (Field::EthernetDestination, "Ethernet destination"),
    (Field::EtherType, "Ethernet type"),
    (Field::FrameLength, "frame length"),
    (Field::VlanId, "VLAN id"),
    (Field::VlanPriority, "VLAN priority"),
    (Field::ArpOperation, "ARP operation"),
    (Field::ArpSenderMac, "ARP sender MAC"),
    (Field::ArpSenderIp, "ARP sender IP"),
    (Field::ArpTargetMac, "ARP target MAC"),
    (Field::ArpTargetIp, "ARP target IP"),
    (Field::ArpLength, "ARP length"),
    (Field::IpSource, "IPv4 source"),
    (Field::IpDestination, "IPv4 destination"),
    (Field::IpTtl, "IPv4 TTL"),
    (Field::IpTos, "IPv4 TOS"),
    (Field::IpId, "IPv4 id"),
    (Field::IpOffset, "IPv4 offset"),
    (Field::IpFlags, "IPv4 flags"),
    (Field::IpFlowLabel, "IPv4 flow label"),
    (Field::IpProtocol, "IPv4 protocol"),
    (Field::IpLength, "IPv4 length"),
    (Field::IcmpType, "ICMP type"),
    (Field::IcmpCode, "ICMP code"),
    (Field::IcmpId, "ICMP id"),
    (Field::IcmpSequence, "ICMP seq"),
    (Field::IcmpLength, "ICMP length"),
    (Field::IcmpMtu, "ICMP MTU"),
    (Field::IcmpGateway, "ICMP gateway"),
    (Field::IcmpTarget, "ICMP target"),
    (Field::IcmpQuotedDestination, "ICMP quoted destination"),
    (Field::IcmpQuotedProtocol, "ICMP quoted protocol"),
    (Field::IcmpQuotedPort, "ICMP quoted port"),
    (Field::TcpSourcePort, "TCP source port"),
    (Field::TcpDestinationPort, "TCP destination port"),
    (Field::TcpFlags, "TCP flags"),
    (Field::TcpSequence, "TCP seq"),
    (Field::TcpSequenceEnd, "TCP seq end"),
    (Field::TcpAcknowledgment, "TCP ack"),
    (Field::TcpWindow, "TCP window"),
    (Field::TcpUrgent, "TCP urgent pointer"),
    (Field::TcpOptions, "TCP options"),
    (Field::TcpMss, "TCP MSS"),
    (Field::TcpWindowScale, "TCP window scale"),
    (Field::TcpTimestamp, "TCP TS val"),
    (Field::TcpTimestampEcho, "TCP TS ecr"),
    (Field::TcpLength, "TCP length"),
    (Field::TcpHttp, "HTTP line"),
    (Field::UdpSourcePort, "UDP source port"),
    (Field::UdpDestinationPort, "UDP destination port"),
    (Field::UdpLength, "UDP length"),
    (Field::VxlanVni, "VXLAN VNI"),
    (Field::VxlanFlags, "VXLAN flags"),
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_own_name() {
        for (at, (field, name)) in NAMES.iter().enumerate() {
            assert_eq!(*field as usize, at, "{name} stands in the wrong place");
            assert!(!NAMES[..at].iter().any(|(_, other)| other == name), "{name} is the name of two fields");
        }
        assert_eq!(Field::VxlanFlags as usize, NAMES.len() - 1, "the last field is in the table");
        assert_eq!(Field::IpTtl.name(), "IPv4 TTL");
        assert_eq!(Field::IpTtl.name_in(LayerKind::Ipv6), "IPv6 TTL");
    }
}
