//! Addresses and ports as lines spell them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use super::pattern::Want;
use super::reader::Reader;
use crate::packet::{LayerKind, Value};

/// Service names that tcpdump prints for ports without `-nn` (the IANA service name registry, of which labs meet these).
const SERVICES: [(&str, u16); 16] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("http", 80),
    ("ntp", 123),
    ("bgp", 179),
    ("https", 443),
    ("mysql", 3306),
    ("postgresql", 5432),
    ("vxlan", 4789),
    ("http-alt", 8080),
    ("otv", 8472),
];

/// Ports from 1024 on that servers listen on in clusters, besides node ports: the API server, kubelet, kube-proxy, etcd, Typha,
/// flannel's udp and vxlan backends, VXLAN, databases and the usual second HTTP ports.
const SERVER_PORTS: [u16; 20] =
    [2379, 2380, 3000, 3306, 4789, 5000, 5201, 5432, 5473, 6379, 6443, 8000, 8080, 8081, 8285, 8443, 8472, 9090, 9098, 10250];

/// An address and perhaps a port.
pub(super) struct Endpoint {
    /// `None`: it could not be read, which has been said.
    pub(super) address: Option<Address>,
    pub(super) port: Option<Port>,
}

/// An IP address, or a placeholder for one.
pub(super) struct Address {
    pub(super) want: Want,
    pub(super) span: Range<usize>,
}

/// A port, or a placeholder for one.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) want: Want,
    pub(super) span: Range<usize>,
}

impl Address {
    /// The layer it belongs to; `None`: a placeholder does not tell.
    pub(super) fn family(&self) -> Option<LayerKind> {
        match &self.want {
            Want::Exact(Value::Ip(ip)) | Want::Literal(Value::Ip(ip)) => Some(if ip.is_ipv4() { LayerKind::Ipv4 } else { LayerKind::Ipv6 }),
            _ => None,
        }
    }
}

/// Whether an address means the same in every cluster, so that it needs no name: unspecified, loopback, multicast, broadcast.
pub(super) fn is_universal(ip: IpAddr) -> bool {
    // RFC 1112 section 4: 240.0.0.0/4 is no host's; what looks like such an address is the broadcast address or a netmask.
    let never_a_host = matches!(ip, IpAddr::V4(v4) if v4.octets()[0] >= 240);
    ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || never_a_host
}

/// Reads a hardware address as tools print it, `32:21:45:c4:c5:d5`.
///
/// ```
/// assert_eq!(cnilab::expect::mac("ee:ee:ee:ee:ee:0a"), Some([0xee, 0xee, 0xee, 0xee, 0xee, 0x0a]));
/// assert_eq!(cnilab::expect::mac("ee:ee"), None);
/// ```
pub fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

/// What a hardware address of a line says: one of the cluster's own, or one that means the same everywhere.
pub(super) fn mac_want(mac: [u8; 6]) -> Want {
    // IEEE 802 section 8.2: the lowest bit of the first byte marks group addresses, the broadcast address among them.
    if mac == [0; 6] || mac[0] & 1 == 1 { Want::Exact(Value::Mac(mac)) } else { Want::Literal(Value::Mac(mac)) }
}

/// What an IP address of a line says.
fn ip_want(ip: IpAddr) -> Want {
    if is_universal(ip) { Want::Exact(Value::Ip(ip)) } else { Want::Literal(Value::Ip(ip)) }
}

impl Reader<'_> {
    /// What the hardware address at `span` says, names that tcpdump prints without `-nn` included.
    pub(super) fn mac_at(&mut self, span: &Range<usize>) -> Option<Want> {
        let text = self.slice(span);
        if text.starts_with('{') {
            return self.placeholder_or_problem(span, "a hardware address");
        }
        if text == "Broadcast" {
            return Some(Want::Exact(Value::Mac([0xff; 6])));
        }
        let found = mac(text);
        if found.is_none() {
            self.problem(
                span.clone(),
                format!("`{text}` is not a hardware address"),
                "six pairs of hexadecimal digits, or a placeholder like {pod1.mac}",
            );
        }
        found.map(mac_want)
    }

    /// The IP address at `span`, without a port.
    pub(super) fn ip_at(&mut self, span: &Range<usize>) -> Option<Want> {
        let text = self.slice(span);
        if text.starts_with('{') {
            return self.placeholder_or_problem(span, "an IP address");
        }
        let found = text.parse::<IpAddr>().ok();
        if found.is_none() {
            self.not_an_address(span);
        }
        found.map(ip_want)
    }

    fn placeholder_or_problem(&mut self, span: &Range<usize>, what: &str) -> Option<Want> {
        if self.slice(span).ends_with('}') {
            return self.placeholder(span).map(Want::Name);
        }
        let text = self.slice(span);
        self.problem(
            span.clone(),
            format!("`{text}` is neither a placeholder nor {what}"),
            "a placeholder is a name in braces, like {pod1.ip}",
        );
        None
    }

    fn not_an_address(&mut self, span: &Range<usize>) {
        let text = self.slice(span);
        let hint = if text.chars().any(|letter| letter.is_ascii_alphabetic()) && !text.contains(':') {
            "host names cannot be judged: give the address as tcpdump -nn prints it, or a placeholder like {pod1.ip}"
        } else {
            "an IPv4 or IPv6 address, perhaps with .port behind it, or a placeholder like {pod1.ip}"
        };
        self.problem(span.clone(), format!("`{text}` is not an IP address"), hint);
    }

    /// The address and port at `span`: `10.0.0.1`, `10.0.0.1.80`, `10.0.0.1.http`, `fe80::1.53`, `{pod1.ip}.{web.port}`.
    pub(super) fn endpoint(&mut self, span: &Range<usize>) -> Endpoint {
        let text = self.slice(span);
        let cut = if text.starts_with('{') {
            text.find("}.").map(|brace| brace + 1)
        } else if text.contains("::") || text.matches(':').count() > 1 {
            text.rfind('.').filter(|dot| text[..*dot].parse::<Ipv6Addr>().is_ok())
        } else {
            (text.parse::<IpAddr>().is_err()).then(|| text.match_indices('.').nth(3).map(|(dot, _)| dot)).flatten()
        };
        let cut = cut.map(|cut| span.start + cut);
        let address_span = span.start..cut.unwrap_or(span.end);
        let address = self.ip_at(&address_span).map(|want| Address { want, span: address_span });
        let port = cut.and_then(|cut| self.port(cut + 1..span.end));
        Endpoint { address, port }
    }

    /// The port at `span`: a number, a service name or a placeholder.
    pub(super) fn port(&mut self, span: Range<usize>) -> Option<Port> {
        let text = self.slice(&span);
        if text.starts_with('{') {
            let want = self.placeholder_or_problem(&span, "a port")?;
            return Some(Port { want, span });
        }
        let named = SERVICES.iter().find(|(name, _)| *name == text).map(|(_, port)| *port);
        let number = || text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let Some(port) = named.or_else(number) else {
            self.problem(span, format!("`{text}` is not a port"), "a number up to 65535, as tcpdump -nn prints it");
            return None;
        };
        Some(Port { want: Want::Exact(Value::Number(port.into())), span })
    }
}

/// Decides which ports of a line are asserted and which differ from run to run.
///
/// A port is more likely a server's the lower it stands in this order: below 1024; known servers' ports and node ports
/// (30000-32767); below 32768; the kernel's own range for clients from 32768 on (`ip_local_port_range`). Of two ports the more
/// likely one is the server's and exact, the other a variable: masquerading picks any port from 1024 on. Equal ports, and two that
/// are both in one of the first two classes, are both exact. Two that are both in one of the last two are both variables. A
/// placeholder is in the first class: it is a port of the lab's; a port alone is taken as if the other were in the third class. Those of `servers` are in the first class.
pub(super) fn settle(source: &mut Option<Port>, destination: &mut Option<Port>, servers: &BTreeSet<u16>) {
    let class = |port: &Option<Port>| port.as_ref().map_or(2, |port| rank(&port.want, servers));
    let (from, to) = (class(source), class(destination));
    if source.as_ref().map(|port| &port.want) == destination.as_ref().map(|port| &port.want) {
        return;
    }
    for (port, own, other) in [(source, from, to), (destination, to, from)] {
        let Some(Port { want, .. }) = port else { continue };
        if let Want::Exact(Value::Number(number)) = want
            && (own > other || (own == other && own >= 2))
        {
            *want = Want::Variable(*number);
        }
    }
}

/// Which of the two ports of a packet, source and destination, differ from run to run, by the same order.
///
/// ```
/// assert_eq!(cnilab::expect::client_ports(38_346, 32_000), [true, false]);
/// assert_eq!(cnilab::expect::client_ports(8285, 8285), [false, false]);
/// ```
pub fn client_ports(source: u64, destination: u64) -> [bool; 2] {
    let port = |number| Some(Port { want: Want::Exact(Value::Number(number)), span: 0..0 });
    let (mut source, mut destination) = (port(source), port(destination));
    settle(&mut source, &mut destination, &BTreeSet::new());
    [source, destination].map(|port| port.is_some_and(|port| matches!(port.want, Want::Variable(_))))
}

/// How far a port is from being a server's.
fn rank(want: &Want, servers: &BTreeSet<u16>) -> u8 {
    let Want::Exact(Value::Number(number)) = want else { return 0 };
    match u16::try_from(*number) {
        Ok(port) if servers.contains(&port) => 0,
        Ok(..1024) => 0,
        Ok(30_000..=32_767) => 1,
        Ok(port) if SERVER_PORTS.contains(&port) => 1,
        Ok(..32_768) => 2,
        _ => 3,
    }
}
