//! Requests to the kernel, as values: what is asked for, and how an error would call it.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd};

use ipnet::Ipv4Net;
use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{InfoBridge, InfoBridgePort, InfoData, InfoVeth, LinkAttribute, LinkMessage};
use rtnetlink::packet_route::route::{RouteMessage, RouteProtocol, RouteScope, RouteType};
use rtnetlink::{AddressMessageBuilder, LinkBridge, LinkBridgePort, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};

use crate::site::{BridgeSpec, RouteSpec};

/// `lo` has this number in every network namespace (`LOOPBACK_IFINDEX`, `net/net_namespace.h`).
pub(super) const LOOPBACK: u32 = 1;

/// Keeps every packet at the size it has on a wire: one segment an skb, so that none is cut up behind a capture.
pub(super) const ONE_SEGMENT: LinkAttribute = LinkAttribute::GsoMaxSegs(1);

/// A request to the kernel.
#[derive(Debug)]
pub(super) struct Request {
    /// The message.
    pub(super) message: RouteNetlinkMessage,
    /// Its netlink flags.
    pub(super) flags: u16,
    /// What it does, as an error would say it: `cannot … in node1`.
    pub(super) doing: String,
}

impl Request {
    fn new(message: RouteNetlinkMessage, flags: u16, doing: impl Display) -> Self {
        Self { message, flags: NLM_F_REQUEST | flags, doing: doing.to_string() }
    }

    fn create(message: RouteNetlinkMessage, doing: impl Display) -> Self {
        Self::new(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, doing)
    }

    /// Makes a device.
    pub(super) fn add_link(message: LinkMessage, doing: impl Display) -> Self {
        Self::create(RouteNetlinkMessage::NewLink(message), doing)
    }

    /// Changes a device.
    pub(super) fn set_link(message: LinkMessage, doing: impl Display) -> Self {
        Self::new(RouteNetlinkMessage::SetLink(message), NLM_F_ACK, doing)
    }

    /// Changes what a device is by its kind, or as a port of another (`ip link set … type …`): only this message does.
    pub(super) fn change_link(message: LinkMessage, doing: impl Display) -> Self {
        Self::new(RouteNetlinkMessage::NewLink(message), NLM_F_ACK, doing)
    }

    /// Brings a device up.
    pub(super) fn up(index: u32, name: &str) -> Self {
        Self::set_link(LinkUnspec::new_with_index(index).up().build(), format_args!("bring {name} up"))
    }

    /// Gives a device an address.
    pub(super) fn add_address(index: u32, name: &str, address: Ipv4Net) -> Self {
        let message = AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(address.addr(), address.prefix_len()).build();
        Self::create(RouteNetlinkMessage::NewAddress(message), format_args!("give {name} the address {address}"))
    }

    /// Adds a route to the main table.
    pub(super) fn add_route(message: RouteMessage, doing: impl Display) -> Self {
        Self::create(RouteNetlinkMessage::NewRoute(message), doing)
    }

    /// All devices.
    pub(super) fn links() -> Self {
        Self::new(RouteNetlinkMessage::GetLink(LinkMessage::default()), NLM_F_DUMP, "list devices")
    }

    /// One device.
    pub(super) fn link(index: u32) -> Self {
        let message = LinkUnspec::new_with_index(index).build();
        Self::new(RouteNetlinkMessage::GetLink(message), 0, format_args!("look at device {index}"))
    }

    /// All IPv4 addresses.
    pub(super) fn addresses() -> Self {
        let message = AddressMessageBuilder::<Ipv4Addr>::new().build();
        Self::new(RouteNetlinkMessage::GetAddress(message), NLM_F_DUMP, "list addresses")
    }

    /// All IPv4 routes of all tables.
    pub(super) fn routes() -> Self {
        let message = RouteMessageBuilder::<Ipv4Addr>::new().build();
        Self::new(RouteNetlinkMessage::GetRoute(message), NLM_F_DUMP, "list routes")
    }

    /// The route that the kernel would take to `to`.
    pub(super) fn route_to(to: Ipv4Addr) -> Self {
        let message = RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(to, 32).build();
        Self::new(RouteNetlinkMessage::GetRoute(message), 0, "look a route up")
    }
}

/// One end of a veth pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    pub(super) name: &'a str,
    pub(super) index: u32,
    pub(super) mac: Option<[u8; 6]>,
    pub(super) mtu: u32,
    /// The length of its queue, if it is not to be the kernel's; the CNI plugin `bridge` and container runtimes ask for none, which `ip` shows by
    /// leaving `qlen` out.
    pub(super) queue: Option<u32>,
}

impl End<'_> {
    fn describe<T>(&self, builder: LinkMessageBuilder<T>) -> LinkMessageBuilder<T> {
        let builder = builder.index(self.index).mtu(self.mtu).append_extra_attribute(ONE_SEGMENT);
        let builder = self.queue.map(LinkAttribute::TxQueueLen).into_iter().fold(builder, LinkMessageBuilder::append_extra_attribute);
        match self.mac {
            Some(mac) => builder.address(mac.to_vec()),
            None => builder,
        }
    }
}

/// A veth pair: one end here, up, and on the bridge `master` if there is one; the other in `namespace`, down.
///
/// The ends need different numbers: the kernel takes the carrier of a device that has its peer's for news that can wait a second
/// (`linkwatch_urgent_event`, `net/core/link_watch.c`). And the far end cannot be made up: it would be opened before it has a peer.
pub(super) fn veth(here: End<'_>, master: Option<u32>, there: End<'_>, namespace: BorrowedFd<'_>) -> Request {
    debug_assert_ne!(here.index, there.index);
    let far = there.describe(LinkMessageBuilder::<LinkUnspec>::default()).name(there.name).setns_by_fd(namespace.as_raw_fd()).build();
    let near = here.describe(LinkVeth::new(here.name, there.name)).set_info_data(InfoData::Veth(InfoVeth::Peer(far))).up();
    let near = master.into_iter().fold(near, LinkMessageBuilder::controller);
    Request::add_link(near.build(), format_args!("make the veth pair {} and {}", here.name, there.name))
}

/// A bridge, up, that forwards from the start and speaks no multicast of its own.
pub(super) fn bridge(name: &str, index: u32) -> Request {
    let quiet = InfoData::Bridge(vec![InfoBridge::MulticastSnooping(false)]);
    Request::add_link(LinkBridge::new(name).index(index).set_info_data(quiet).build(), format_args!("make the bridge {name}"))
}

/// A node's bridge for its pods, up, with the hardware address `mac` of its own, so that it does not take that of a port.
///
/// It speaks no multicast either: a CNI's bridge does, but what it says of groups is none of a document's captures.
pub(super) fn pod_bridge(spec: &BridgeSpec, mac: [u8; 6], index: u32) -> Request {
    let quiet = InfoData::Bridge(vec![InfoBridge::MulticastSnooping(false)]);
    let builder = LinkBridge::new(&spec.name).index(index).address(mac.to_vec()).mtu(spec.mtu);
    let builder = builder.append_extra_attribute(ONE_SEGMENT).set_info_data(quiet);
    Request::add_link(builder.build(), format_args!("make the bridge {}", spec.name))
}

/// Lets a bridge send out of the port `index` what has come in by it (`hairpinMode` of the CNI plugin `bridge`).
pub(super) fn hairpin(name: &str, index: u32) -> Request {
    let port = LinkBridgePort::new(index).append_info_data(InfoBridgePort::HairpinMode(true)).build();
    Request::change_link(port, format_args!("let {name} send back what has come in by it"))
}

/// The default route by `gateway`.
pub(super) fn default_route(gateway: Ipv4Addr, index: u32) -> Request {
    // `boot`, as `ip route add` sets it, which `ip route` does not print.
    let message = RouteMessageBuilder::<Ipv4Addr>::new().gateway(gateway).output_interface(index).protocol(RouteProtocol::Boot).build();
    Request::add_route(message, format_args!("add the default route by {gateway}"))
}

/// A route to one address that is on the link itself.
pub(super) fn link_route(to: Ipv4Addr, index: u32) -> Request {
    let builder = RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(to, 32).output_interface(index);
    Request::add_route(builder.scope(RouteScope::Link).protocol(RouteProtocol::Boot).build(), format_args!("add the route to {to}"))
}

/// A route as the topology asks for it, by the device number `index` if it names a device.
pub(super) fn spec_route(spec: &RouteSpec, index: Option<u32>) -> Request {
    let mut builder = RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(spec.to.network(), spec.to.prefix_len());
    builder = builder.protocol(RouteProtocol::from(spec.protocol));
    builder = match (index, spec.via) {
        (None, _) => builder.kind(RouteType::BlackHole),
        // Without a gateway, too, of the global scope, which is what agents leave it at; `ip route add` would make it `link`.
        (Some(index), _) => builder.output_interface(index),
    };
    builder = spec.via.into_iter().fold(builder, RouteMessageBuilder::<Ipv4Addr>::gateway);
    if spec.onlink {
        builder = builder.onlink();
    }
    Request::add_route(builder.build(), format_args!("add the route to {}", spec.to))
}
