//! What stands in a namespace, as its kernel tells it.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressAttribute;
use rtnetlink::packet_route::link::{
    BridgePortState, InfoBridgePort, InfoKind, InfoPortData, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, State,
};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteType};

use super::messages::Request;
use super::netlink::Netlink;
use crate::backend::UpError;

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) index: u32,
    pub(super) mac: Option<[u8; 6]>,
    /// Why no packet can cross it yet; `None` if one can.
    pub(super) blocked: Option<String>,
}

/// A route of the main table, so far as facts come from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// What goes nowhere else leaves by this gateway and device.
    Default { gateway: Ipv4Addr, index: u32 },
    /// What goes there is thrown away.
    Blackhole(Ipv4Net),
}

/// The devices of a namespace.
pub(super) async fn links(netlink: &Netlink) -> Result<Vec<Link>, UpError> {
    let told = netlink.list(Request::links()).await?;
    Ok(told
        .into_iter()
        .filter_map(|message| if let RouteNetlinkMessage::NewLink(link) = message { Some(read_link(&link)) } else { None })
        .collect())
}

/// One device. Since Linux 6.8 asking for a single one makes the kernel catch up with its carrier (`linkwatch_sync_dev` in `rtnl_getlink`,
/// net/core/rtnetlink.c), which it otherwise does when it has time.
pub(super) async fn link(netlink: &Netlink, index: u32) -> Result<Option<Link>, UpError> {
    let told = netlink.list(Request::link(index)).await?;
    Ok(told.into_iter().find_map(|message| if let RouteNetlinkMessage::NewLink(link) = message { Some(read_link(&link)) } else { None }))
}

/// The IPv4 addresses of a namespace, each with its device's number.
pub(super) async fn addresses(netlink: &Netlink) -> Result<Vec<(u32, Ipv4Net)>, UpError> {
    let told = netlink.list(Request::addresses()).await?;
    let address = |message| {
        let RouteNetlinkMessage::NewAddress(message) = message else { return None };
        let local = message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Local(IpAddr::V4(local)) => Some(*local),
            _ => None,
        })?;
        Some((message.header.index, Ipv4Net::new(local, message.header.prefix_len).ok()?))
    };
    Ok(told.into_iter().filter_map(address).collect())
}

/// The routes of a namespace that facts come from.
pub(super) async fn routes(netlink: &Netlink) -> Result<Vec<Route>, UpError> {
    let told = netlink.list(Request::routes()).await?;
    Ok(told
        .iter()
        .filter_map(|message| if let RouteNetlinkMessage::NewRoute(route) = message { read_route(route) } else { None })
        .collect())
}

fn read_link(message: &LinkMessage) -> Link {
    let mut link = Link { name: String::new(), index: message.header.index, mac: None, blocked: None };
    let (mut state, mut port, mut has_carrier) = (State::Unknown, None, false);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Address(mac) => link.mac = mac.as_slice().try_into().ok(),
            LinkAttribute::OperState(found) => state = *found,
            LinkAttribute::LinkInfo(infos) => {
                port = infos.iter().find_map(read_port);
                has_carrier = infos.iter().any(|info| matches!(info, LinkInfo::Kind(InfoKind::Veth | InfoKind::Bridge)));
            }
            _ => {}
        }
    }
    link.blocked = if !message.header.flags.contains(LinkFlags::Up) {
        Some("is down".to_owned())
    } else if state != State::Up && (has_carrier || state != State::Unknown) {
        // What has no carrier to lose, as TUN and tunnel devices and `lo`, may stay at "unknown" (RFC 2863 section 3.1.12). A veth is at
        // "unknown" until the kernel has looked at its carrier, and sends nothing before.
        Some(format!("is in state {state:?}"))
    } else {
        port.filter(|port| *port != BridgePortState::Forwarding).map(|port| format!("is a bridge port in state {port:?}"))
    };
    link
}

fn read_port(info: &LinkInfo) -> Option<BridgePortState> {
    let LinkInfo::PortData(InfoPortData::BridgePort(port)) = info else { return None };
    port.iter().find_map(|info| if let InfoBridgePort::State(state) = info { Some(*state) } else { None })
}

fn read_route(route: &RouteMessage) -> Option<Route> {
    let (mut to, mut gateway, mut index) = (None, None, None);
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Destination(RouteAddress::Inet(address)) => to = Some(*address),
            RouteAttribute::Gateway(RouteAddress::Inet(address)) => gateway = Some(*address),
            RouteAttribute::Oif(number) => index = Some(*number),
            _ => {}
        }
    }
    if route.header.kind == RouteType::BlackHole {
        return Some(Route::Blackhole(Ipv4Net::new(to?, route.header.destination_prefix_length).ok()?));
    }
    (route.header.destination_prefix_length == 0).then_some(())?;
    Some(Route::Default { gateway: gateway?, index: index? })
}
