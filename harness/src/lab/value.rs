//! Addresses, prefixes and other single values of a lab file.
//!
//! A value that cannot be read is reported once and replaced by one that says nothing ([`Ipv4Addr::UNSPECIFIED`]), so that the rest of
//! the file is still looked at; a file with a problem never becomes a lab.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::at::At;
use super::problem::Problem;

/// The prefix that stands for one that could not be read.
pub(super) const NO_PREFIX: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

/// The smallest MTU an IPv4 host may have (RFC 791, section 3.2).
const MTU_MIN: u32 = 68;

/// The largest length an IPv4 header can state (RFC 791, section 3.1).
const MTU_MAX: u32 = 65_535;

/// Reads `192.168.100.111`.
pub(super) fn ip(text: &At<String>, problems: &mut Vec<Problem>) -> Ipv4Addr {
    text.parse().unwrap_or_else(|_| {
        problems.push(Problem::new(text.span.clone(), format!("`{}` is not an IPv4 address", text.value)).hint("like `192.168.100.111`"));
        Ipv4Addr::UNSPECIFIED
    })
}

/// Reads `192.168.100.111/24`: an address and the prefix it is in.
pub(super) fn interface_address(text: &At<String>, problems: &mut Vec<Problem>) -> Ipv4Net {
    text.parse().unwrap_or_else(|_| {
        let hint =
            if text.parse::<Ipv4Addr>().is_ok() { format!("like `{}/24`", text.value) } else { "like `192.168.100.111/24`".to_owned() };
        let message = format!("`{}` is not an address with a prefix length", text.value);
        problems.push(Problem::new(text.span.clone(), message).hint(hint));
        NO_PREFIX
    })
}

/// Reads `10.244.0.0/16`: a prefix and nothing behind it.
pub(super) fn prefix(text: &At<String>, problems: &mut Vec<Problem>) -> Ipv4Net {
    let Ok(net) = text.parse::<Ipv4Net>() else {
        problems.push(Problem::new(text.span.clone(), format!("`{}` is not a prefix", text.value)).hint("like `10.244.0.0/16`"));
        return NO_PREFIX;
    };
    if net != net.trunc() {
        let message = format!("`{}` has bits set behind its {} bit prefix", text.value, net.prefix_len());
        problems.push(Problem::new(text.span.clone(), message).hint(format!("`{}`", net.trunc())));
    }
    net.trunc()
}

/// Reads `52:54:00:dc:c7:b4`.
pub(super) fn mac(text: &At<String>, problems: &mut Vec<Problem>) -> [u8; 6] {
    let Some(mac) = parse_mac(text) else {
        let problem = Problem::new(text.span.clone(), format!("`{}` is not a hardware address", text.value));
        problems.push(problem.hint("like `\"52:54:00:dc:c7:b4\"`, in quotes"));
        return [0; 6];
    };
    // IEEE 802, section 8.2: the lowest bit of the first octet marks a group of stations.
    if mac[0] & 1 == 1 || mac == [0; 6] {
        let message = format!("`{}` cannot be an interface's own address", text.value);
        problems.push(Problem::new(text.span.clone(), message).hint("the first octet of one is even, and it is not all zero"));
        return [0; 6];
    }
    mac
}

/// Six octets of two hex digits each, in either case.
pub(super) fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut octets = text.split(':');
    let mut mac = [0; 6];
    for byte in &mut mac {
        let octet = octets.next().filter(|octet| octet.len() == 2 && octet.chars().all(|c| c.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(octet, 16).ok()?;
    }
    octets.next().is_none().then_some(mac)
}

/// Checks an MTU.
pub(super) fn mtu(bytes: &At<u32>, problems: &mut Vec<Problem>) -> u32 {
    if !(MTU_MIN..=MTU_MAX).contains(&bytes.value) {
        let words = if bytes.value < MTU_MIN { "small" } else { "large" };
        let message = format!("an MTU of {} is too {words} for IPv4", bytes.value);
        problems.push(Problem::new(bytes.span.clone(), message).hint(format!("between {MTU_MIN} and {MTU_MAX}")));
    }
    bytes.value
}

/// Checks a port.
pub(super) fn port(number: &At<u32>, problems: &mut Vec<Problem>) -> u16 {
    u16::try_from(number.value).ok().filter(|port| *port > 0).unwrap_or_else(|| {
        let problem = Problem::new(number.span.clone(), format!("`{}` is not a port", number.value));
        problems.push(problem.hint(format!("1 to {}", u16::MAX)));
        1
    })
}

/// Checks the name of an interface as the kernel does (`dev_valid_name` in net/core/dev.c).
pub(super) fn interface(name: &At<String>, problems: &mut Vec<Problem>) -> String {
    if !is_interface(name) {
        let message = format!("`{}` cannot be an interface's name", name.value);
        problems.push(Problem::new(name.span.clone(), message).hint("at most 15 characters, no white space, `/` or `:`"));
    }
    name.value.clone()
}

/// Whether the kernel would take `name` for an interface.
pub(super) fn is_interface(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
    !name.is_empty() && name.len() <= 15 && name != "." && name != ".." && !name.contains(odd)
}

/// Checks the name of a node, a pod, a network card or a lab: it stands in symbols, points and paths.
pub(super) fn name(name: &At<String>, what: &str, problems: &mut Vec<Problem>) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 63 || !name.chars().all(plain) || name.starts_with('-') || name.ends_with('-') {
        let problem = Problem::new(name.span.clone(), format!("`{}` cannot be {what}'s name", name.value));
        problems.push(problem.hint("small letters, digits and hyphens between them, at most 63"));
    }
}

/// The number of a routing protocol, as `/etc/iproute2/rt_protos` (iproute2 6.1) names them.
pub(super) fn route_protocol(name: &At<String>, problems: &mut Vec<Problem>) -> u8 {
    let known = PROTOCOLS.iter().find(|(known, _)| *known == name.value);
    known.map_or_else(
        || {
            let names = PROTOCOLS.iter().map(|(name, _)| *name);
            let problem = Problem::new(name.span.clone(), format!("`{}` is not a routing protocol", name.value));
            problems.push(problem.hint(super::suggest::hint(name, "known ones", names)));
            0
        },
        |(_, number)| *number,
    )
}

/// What `ip route` prints for a routing protocol's number; the number itself for one it has no name for.
pub fn route_protocol_name(number: u8) -> String {
    PROTOCOLS.iter().find(|(_, known)| *known == number).map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// What `ip route add` itself writes (`RTPROT_BOOT` in linux/rtnetlink.h).
pub(super) const PROTOCOL_BOOT: u8 = 3;

const PROTOCOLS: [(&str, u8); 15] = [
    ("kernel", 2),
    ("boot", PROTOCOL_BOOT),
    ("static", 4),
    ("gated", 8),
    ("ra", 9),
    ("zebra", 11),
    ("bird", 12),
    ("dhcp", 16),
    ("keepalived", 18),
    ("babel", 42),
    ("bgp", 186),
    ("isis", 187),
    ("ospf", 188),
    ("rip", 189),
    ("eigrp", 192),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T>(value: T) -> At<T> {
        At { value, span: 0..1 }
    }

    #[test]
    fn hardware_addresses_have_six_octets_of_two_digits() {
        assert_eq!(parse_mac("52:54:00:DC:c7:b4"), Some([0x52, 0x54, 0, 0xdc, 0xc7, 0xb4]));
        for wrong in ["52:54:00:dc:c7", "52:54:00:dc:c7:b4:00", "52:54:0:dc:c7:b4", "52:54:00:dc:c7:bg", "+2:54:00:dc:c7:b4"] {
            assert_eq!(parse_mac(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_unreadable_value_is_reported_once() {
        let mut problems = Vec::new();
        ip(&at("10.0.0".into()), &mut problems);
        prefix(&at("10.0.0.1/24".into()), &mut problems);
        mac(&at("01:00:5e:00:00:01".into()), &mut problems);
        mtu(&at(60), &mut problems);
        route_protocol(&at("brid".into()), &mut problems);
        let hints: Vec<_> = problems.iter().map(|problem| problem.hint.clone().unwrap_or_default()).collect();
        assert_eq!(problems.len(), 5);
        assert_eq!(hints[1], "`10.0.0.0/24`");
        assert_eq!(hints[4], "did you mean `bird`?");
    }
}
