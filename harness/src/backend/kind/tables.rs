//! Tables under `/proc/net`, as the kernel prints them.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// A row of `/proc/net/route` (`fib_route_seq_show` in `net/ipv4/fib_trie.c`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// Where to.
    pub(super) to: Ipv4Net,
    /// The gateway, if any.
    pub(super) via: Option<Ipv4Addr>,
    /// The device; none for a route that drops.
    pub(super) device: Option<String>,
}

/// The routes of the main table.
pub(super) fn routes(text: &str) -> Vec<Route> {
    text.lines().skip(1).filter_map(route).collect()
}

fn route(line: &str) -> Option<Route> {
    // Iface Destination Gateway Flags RefCnt Use Metric Mask …
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [device, to, via, _, _, _, _, mask, ..] = fields.as_slice() else { return None };
    let to = Ipv4Net::with_netmask(address(to)?, address(mask)?).ok()?;
    let via = address(via).filter(|via| !via.is_unspecified());
    Some(Route { to, via, device: Some((*device).to_owned()).filter(|device| device != "*") })
}

/// The route that a packet to `to` takes.
pub(super) fn best(routes: &[Route], to: Ipv4Addr) -> Option<&Route> {
    // The kernel prints routes to one prefix by their metric, and `max_by_key` takes the last: look from behind.
    routes.iter().rev().filter(|route| route.to.contains(&to)).max_by_key(|route| route.to.prefix_len())
}

/// The kernel prints an address as the number that its four bytes are in memory.
fn address(hex: &str) -> Option<Ipv4Addr> {
    u32::from_str_radix(hex, 16).ok().map(|number| Ipv4Addr::from(number.to_ne_bytes()))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
flannel0\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
cni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
*\tC099F40A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0
";

    #[test]
    fn routes_are_those_of_ip_route() {
        let routes = routes(ROUTES);
        let spelt: Vec<String> = routes.iter().map(|route| format!("{} {:?} {:?}", route.to, route.via, route.device)).collect();
        assert_eq!(
            spelt,
            [
                "0.0.0.0/0 Some(172.18.0.1) Some(\"eth0\")",
                "10.244.0.0/16 None Some(\"flannel0\")",
                "10.244.1.0/24 None Some(\"cni0\")",
                "10.244.153.192/26 None None",
            ]
        );
        let by = |to: [u8; 4]| best(&routes, to.into()).and_then(|route| route.device.as_deref());
        assert_eq!(by([10, 244, 1, 2]), Some("cni0"));
        assert_eq!(by([10, 244, 2, 2]), Some("flannel0"));
        assert_eq!(by([1, 1, 1, 1]), Some("eth0"));
        assert_eq!(by([10, 244, 153, 200]), None);
    }
}
