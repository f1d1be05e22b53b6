//! What is asked of each namespace's kernel to build a topology: requests in order, as values.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};

use super::messages::{End, LOOPBACK, Request, bridge, default_route, link_route, spec_route, veth};
use crate::backend::UpError;
use crate::site::{NodeSpec, PodSpec, RouteSpec, Topology, Wiring};
use ipnet::Ipv4Net;

// Devices are numbered by us, so that requests can name them before the kernel has made them. Numbers of tunnels' fallback devices, which
// the kernel makes by itself in every namespace, are far below.

/// The first number that is ours.
pub(super) const OURS: u32 = 16;

/// The number of a node's first card.
const CARD: u32 = OURS;

/// The number of a node's first host veth.
const HOST_VETH: u32 = 101;

/// The number of a pod's `eth0`; none of its peers has it.
const ETH0: u32 = OURS;

/// The number of the fabric's first bridge.
const BRIDGE: u32 = OURS;

/// The number of the fabric's first veth.
const PORT: u32 = 1001;

/// The MTU of a network card, in bytes (RFC 894).
const ETHERNET_MTU: u32 = 1500;

/// What a pod calls its interface.
pub(super) const POD_INTERFACE: &str = "eth0";

/// The Ethernet segments of a topology in order: the prefixes that network cards share.
fn segments(topology: &Topology) -> BTreeMap<Ipv4Net, u32> {
    let mut segments = BTreeMap::new();
    for nic in topology.nodes.iter().flat_map(|node| &node.nics) {
        let next = BRIDGE + u32::try_from(segments.len()).unwrap_or(u32::MAX);
        segments.entry(nic.address.trunc()).or_insert(next);
    }
    segments
}

/// Asked of the fabric: a bridge per segment, and a veth to every card. `nodes` are the nodes' namespaces, in the topology's order.
///
/// The cards are made before everything else that a node gets, in order: for a packet of its own to one of its pods a node takes the address
/// of its first device that has one (`inet_select_addr`, net/ipv4/devinet.c), which is to be the default route's card.
pub(super) fn fabric(topology: &Topology, nodes: &[impl AsFd]) -> Vec<Request> {
    let segments = segments(topology);
    let mut requests: Vec<_> = segments.values().map(|index| bridge(&format!("segment{index}"), *index)).collect();
    let mut port = PORT;
    for (node, namespace) in topology.nodes.iter().zip(nodes) {
        for (nic, index) in node.nics.iter().zip(CARD..) {
            let name = format!("port{port}");
            let here = End { name: &name, index: port, mac: None, mtu: ETHERNET_MTU };
            let there = End { name: &nic.interface, index, mac: nic.mac, mtu: ETHERNET_MTU };
            requests.push(veth(here, segments.get(&nic.address.trunc()).copied(), there, namespace.as_fd()));
            port += 1;
        }
    }
    requests
}

/// Asked of a node: its cards' addresses and default route, and a veth to each of its `pods`.
pub(super) fn node(node: &NodeSpec, pods: &[(&PodSpec, BorrowedFd<'_>)]) -> Vec<Request> {
    let mut requests = vec![Request::up(LOOPBACK, "lo")];
    for (nic, index) in node.nics.iter().zip(CARD..) {
        requests.push(Request::add_address(index, &nic.interface, nic.address));
        requests.push(Request::up(index, &nic.interface));
        requests.extend(nic.gateway.map(|gateway| default_route(gateway, index)));
    }
    for ((pod, namespace), index) in pods.iter().zip(HOST_VETH..) {
        let Wiring::Routed { host_mac, .. } = pod.wiring;
        let here = End { name: &pod.host_interface, index, mac: Some(host_mac), mtu: pod.mtu };
        let there = End { name: POD_INTERFACE, index: ETH0, mac: pod.mac, mtu: pod.mtu };
        requests.push(veth(here, None, there, *namespace));
        requests.push(link_route(pod.address, index));
    }
    requests
}

/// The switches of a node's host veth, below `/proc/sys/net`.
pub(super) fn host_veth_switches(pod: &PodSpec) -> [(String, &'static str); 2] {
    let name = &pod.host_interface;
    let Wiring::Routed { .. } = pod.wiring;
    [
        // The pod asks for its gateway, which nobody has, and the node says that it is here.
        (format!("ipv4/conf/{name}/proxy_arp"), "1"),
        // At once, not after up to 0.8 s (arp(7), proxy_delay).
        (format!("ipv4/neigh/{name}/proxy_delay"), "0"),
    ]
}

/// Asked of a pod, once its `eth0` is there.
pub(super) fn pod(pod: &PodSpec) -> [Request; 5] {
    let Wiring::Routed { gateway, .. } = pod.wiring;
    [
        Request::up(LOOPBACK, "lo"),
        Request::add_address(ETH0, POD_INTERFACE, pod.address.into()),
        Request::up(ETH0, POD_INTERFACE),
        link_route(gateway, ETH0),
        default_route(gateway, ETH0),
    ]
}

/// Asked of a node at the end: the routes that name a device by name, and those that name none. `tunnel` is its tunnel device's number.
pub(super) fn routes(node: &NodeSpec, tunnel: Option<u32>) -> Result<Vec<Request>, UpError> {
    let number = |route: &RouteSpec, device: &String| {
        let card = node.nics.iter().zip(CARD..).find(|(nic, _)| nic.interface == *device).map(|(_, index)| index);
        let of_tunnel = node.tunnel.as_ref().filter(|spec| spec.device == *device).and(tunnel);
        let missing =
            || UpError::Topology(format!("the route to {} of {} leaves by {device}, which the node does not have", route.to, node.name));
        card.or(of_tunnel).ok_or_else(missing)
    };
    let request = |route: &RouteSpec| {
        let index = route.device.as_ref().map(|device| number(route, device)).transpose()?;
        Ok(spec_route(route, index))
    };
    node.routes.iter().map(request).collect()
}
