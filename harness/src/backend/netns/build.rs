//! What is asked of each namespace's kernel to build a topology: requests in order, as values.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};

use super::messages::{End, LOOPBACK, Request, bridge, default_route, hairpin, link_route, pod_bridge, spec_route, veth};
use crate::backend::UpError;
use crate::site::{BridgeSpec, NodeSpec, PodSpec, RouteSpec, Topology, Wiring};
use ipnet::Ipv4Net;
use sha1::{Digest, Sha1};

// Devices are numbered by us, so that requests can name them before the kernel has made them. Numbers of tunnels' fallback devices, which
// the kernel makes by itself in every namespace, are far below.

/// The first number that is ours.
pub(super) const OURS: u32 = 16;

/// The number of a node's first card.
const CARD: u32 = OURS;

/// The number of a node's bridge: behind its tunnel device, before its pods.
const POD_BRIDGE: u32 = 95;

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

/// The protocol of routes that the CNI plugin adds, which `ip route` does not print (`RTPROT_BOOT`, linux/rtnetlink.h).
const BOOT: u8 = 3;

/// No queue.
const NO_QUEUE: Option<u32> = Some(0);

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
            let here = End { name: &name, index: port, mac: None, mtu: ETHERNET_MTU, queue: NO_QUEUE };
            let there = End { name: &nic.interface, index, mac: nic.mac, mtu: ETHERNET_MTU, queue: NO_QUEUE };
            requests.push(veth(here, segments.get(&nic.address.trunc()).copied(), there, namespace.as_fd()));
            port += 1;
        }
    }
    requests
}

/// Asked of a node: its cards' addresses and default route, its bridge, and a veth to each of its `pods`.
pub(super) fn node(node: &NodeSpec, pods: &[(&PodSpec, BorrowedFd<'_>)]) -> Vec<Request> {
    let mut requests = vec![Request::up(LOOPBACK, "lo")];
    for (nic, index) in node.nics.iter().zip(CARD..) {
        requests.push(Request::add_address(index, &nic.interface, nic.address));
        requests.push(Request::up(index, &nic.interface));
        requests.extend(nic.gateway.map(|gateway| default_route(gateway, index)));
    }
    if let Some(bridge) = &node.bridge {
        requests.push(pod_bridge(bridge, bridge.mac.unwrap_or_else(|| own_mac(node, bridge)), POD_BRIDGE));
        requests.push(Request::add_address(POD_BRIDGE, &bridge.name, bridge.address));
    }
    for ((pod, namespace), index) in pods.iter().zip(HOST_VETH..) {
        let (host_mac, master, queue) = match pod.wiring {
            Wiring::Routed { host_mac, .. } => (Some(host_mac), None, None),
            Wiring::Bridged { host_mac, .. } => (host_mac, Some(POD_BRIDGE), NO_QUEUE),
        };
        let here = End { name: &pod.host_interface, index, mac: host_mac, mtu: pod.mtu, queue };
        let there = End { name: POD_INTERFACE, index: ETH0, mac: pod.mac, mtu: pod.mtu, queue };
        requests.push(veth(here, master, there, *namespace));
        requests.push(match pod.wiring {
            Wiring::Routed { .. } => link_route(pod.address, index),
            Wiring::Bridged { .. } => hairpin(&pod.host_interface, index),
        });
    }
    requests
}

/// A hardware address for a bridge that is not told one: locally administered (IEEE 802 section 8.2), and always the same for a node.
fn own_mac(node: &NodeSpec, bridge: &BridgeSpec) -> [u8; 6] {
    let digest = Sha1::digest(format!("{} {}", node.name, bridge.name));
    [0x02, digest[0], digest[1], digest[2], digest[3], digest[4]]
}

/// The switches of a node's host veth, below `/proc/sys/net`.
pub(super) fn host_veth_switches(pod: &PodSpec) -> Vec<(String, &'static str)> {
    let name = &pod.host_interface;
    if let Wiring::Bridged { .. } = pod.wiring {
        return Vec::new();
    }
    vec![
        // The pod asks for its gateway, which nobody has, and the node says that it is here.
        (format!("ipv4/conf/{name}/proxy_arp"), "1"),
        // At once, not after up to 0.8 s (arp(7), proxy_delay).
        (format!("ipv4/neigh/{name}/proxy_delay"), "0"),
    ]
}

/// Asked of a pod, once its `eth0` is there.
pub(super) fn pod(pod: &PodSpec) -> Vec<Request> {
    let length = if let Wiring::Bridged { prefix_length, .. } = pod.wiring { prefix_length } else { 32 };
    let address = Ipv4Net::new(pod.address, length).unwrap_or_else(|_| pod.address.into());
    let mut requests =
        vec![Request::up(LOOPBACK, "lo"), Request::add_address(ETH0, POD_INTERFACE, address), Request::up(ETH0, POD_INTERFACE)];
    match pod.wiring {
        Wiring::Routed { gateway, .. } => requests.extend([link_route(gateway, ETH0), default_route(gateway, ETH0)]),
        Wiring::Bridged { gateway, range, .. } => {
            let to_range = RouteSpec { to: range, via: Some(gateway), device: None, protocol: BOOT, onlink: false };
            requests.extend([default_route(gateway, ETH0), spec_route(&to_range, Some(ETH0))]);
        }
    }
    requests
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
