//! The stand-in for a kernel without `ipip`: which node a packet goes to is asked of the kernel's own routes.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute};

use super::ferry::{Ferry, Outward, destination};
use super::ipip::{PROTOCOL, decapsulate, encapsulate};
use super::messages::Request;
use super::netlink::Asker;
use super::standin::Carrier;
use super::sys::{open_tun, raw_socket};

/// One node's IP-in-IP.
struct IpipFerry {
    routes: Asker,
    /// The outer header's next id.
    id: u16,
}

/// Makes the TUN device `name` in the network namespace that this thread is in, and a raw socket beside it.
///
/// # Errors
/// What could not be opened, and what the system said.
pub(super) fn open(name: &str) -> Result<Carrier, (&'static str, io::Error)> {
    let tun = open_tun(name).map_err(|error| ("open /dev/net/tun", error))?;
    let raw = raw_socket(PROTOCOL).map_err(|error| ("open a raw socket", error))?;
    let routes = Asker::open().map_err(|error| ("open a netlink socket", error))?;
    Ok(Carrier::new(tun, raw, Box::new(IpipFerry { routes, id: 1 })))
}

impl IpipFerry {
    /// Asked for each packet, so that a route that changes changes what is on the wire.
    fn gateway(&mut self, destination: Ipv4Addr) -> Option<Ipv4Addr> {
        match self.routes.ask(&Request::route_to(destination)) {
            Ok(Some(RouteNetlinkMessage::NewRoute(route))) => route.attributes.iter().find_map(|attribute| match attribute {
                RouteAttribute::Gateway(RouteAddress::Inet(gateway)) => Some(*gateway),
                _ => None,
            }),
            _ => None,
        }
    }

    /// The packet as it leaves, and the gateway of the node's own route to its destination. What has none, or is not IPv4, ends here, as
    /// it would in `ipip`.
    fn wrap(&mut self, inner: &[u8]) -> Option<(Vec<u8>, Ipv4Addr)> {
        let gateway = self.gateway(destination(inner)?)?;
        let packet = encapsulate(inner, gateway, self.id)?;
        // Zero would be filled in by the kernel.
        self.id = self.id.checked_add(1).unwrap_or(1);
        Some((packet, gateway))
    }
}

impl Ferry for IpipFerry {
    fn outward(&mut self, packet: &mut [u8]) -> Outward {
        self.wrap(packet).map_or(Outward::Drop, |(packet, gateway)| Outward::Send(packet, SocketAddrV4::new(gateway, 0)))
    }

    fn inward<'p>(&mut self, received: &'p mut [u8]) -> Option<&'p [u8]> {
        decapsulate(received)
    }
}
