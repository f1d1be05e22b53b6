//! What a backend is asked to build.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};

use ipnet::Ipv4Net;
use serde::Serialize;

use crate::name::{PlaceName, Symbol};

/// Nodes, pods and what lies between them. Says what exists and how it is wired, not which CNI does so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// The nodes, in the lab's order.
    pub nodes: Vec<NodeSpec>,
    /// The pods, in the lab's order.
    pub pods: Vec<PodSpec>,
    /// What symbols stand for that are on no interface, and so cannot be read back from the site: `gateway.ip`, `cali.mac`.
    pub constants: BTreeMap<Symbol, String>,
    /// The mode of kube-proxy that the lab is about, as kube-proxy spells it, if it says.
    pub proxy: Option<String>,
    /// The Services, in the lab's order: every node translates their addresses.
    pub services: Vec<ServiceSpec>,
    /// What the CNI's agent adds to a node's packet filter: lines of `iptables-save`, tables and all.
    pub rules: BTreeMap<PlaceName, Vec<String>>,
}

/// A Service of one TCP port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// Its Kubernetes namespace.
    pub namespace: String,
    /// What its port is called, if it has a name.
    pub port_name: Option<String>,
    /// The address that stands for it in the cluster; on no interface.
    pub cluster_ip: Ipv4Addr,
    /// Its port at that address.
    pub port: u16,
    /// Its port at the nodes' own addresses, if it has one.
    pub node_port: Option<u16>,
    /// Who answers.
    pub endpoints: Vec<Endpoint>,
    /// Where pod addresses come from (kube-proxy's `--cluster-cidr`): what comes from elsewhere is masqueraded.
    pub pods: Ipv4Net,
}

/// A pod that answers for a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// The pod.
    pub pod: PlaceName,
    /// Where it listens, on the embedded backend; a cluster gives pods other addresses.
    pub at: SocketAddrV4,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeSpec {
    /// Its name in the lab.
    pub name: PlaceName,
    /// Its network cards, in order: a kernel picks source addresses by that order.
    pub nics: Vec<Nic>,
    /// The bridge that its pods' veths are ports of, where there is one.
    pub bridge: Option<BridgeSpec>,
    /// The device that carries pod traffic to other nodes, where there is one.
    pub tunnel: Option<TunnelSpec>,
    /// The routes that the CNI's agent adds, besides those of the pods' own host veths.
    pub routes: Vec<RouteSpec>,
}

/// A network card of a node. Cards whose addresses share a prefix are on the same Ethernet segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nic {
    /// What the lab calls it: `default`, `underlay`.
    pub name: String,
    /// What the node calls it: `ens3`.
    pub interface: String,
    /// Its address and prefix.
    pub address: Ipv4Net,
    /// Its hardware address; the kernel's choice if absent.
    pub mac: Option<[u8; 6]>,
    /// Where the node's default route points, if it leaves by this card.
    pub gateway: Option<Ipv4Addr>,
}

/// A bridge of a node's pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BridgeSpec {
    /// Its name: `cni0`.
    pub name: String,
    /// Its own address and prefix: the pods' gateway.
    pub address: Ipv4Net,
    /// Its own hardware address; one that follows from the node's name if absent.
    pub mac: Option<[u8; 6]>,
    /// Its MTU, in bytes.
    pub mtu: u32,
}

/// A tunnel device of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TunnelSpec {
    /// Its name: `tunl0`, `flannel0`.
    pub device: String,
    /// What it does with a packet.
    pub kind: TunnelKind,
    /// Its address, a /32.
    pub address: Ipv4Addr,
    /// Its MTU, in bytes.
    pub mtu: u32,
    /// The network card (by the lab's name) whose address its outer header carries.
    pub underlay: String,
    /// The other nodes: what a proxy looks destinations up in. The kernel's own tunnels go by routes instead.
    pub peers: Vec<PeerSpec>,
}

/// Another node, as a tunnel knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerSpec {
    /// Where its pods' addresses come from.
    pub block: Ipv4Net,
    /// Its address on the underlay.
    pub underlay: Ipv4Addr,
}

/// How a tunnel device carries a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TunnelKind {
    /// IP-in-IP (RFC 2003), any remote: the outer destination is the route's gateway.
    Ipip,
    /// Bare IP packets in UDP datagrams, put there by a proxy in user space that the device, a TUN device, leads to (flannel's `udp`).
    Udp {
        /// The port of both ends.
        port: u16,
    },
}

impl TunnelKind {
    /// In a word: `ipip`, as `ip -d link` calls it, `udp`, as flannel does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ipip => "ipip",
            Self::Udp { .. } => "udp",
        }
    }
}

/// A route in a node's main table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteSpec {
    /// Where to.
    pub to: Ipv4Net,
    /// The gateway, if any; without one the route has the global scope all the same, as agents add it.
    pub via: Option<Ipv4Addr>,
    /// The device; `None` makes it a blackhole route.
    pub device: Option<String>,
    /// Who added it, as a number of `/etc/iproute2/rt_protos` (bird is 12).
    pub protocol: u8,
    /// The gateway is to be taken as reachable on the device, whatever its prefix says.
    pub onlink: bool,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodSpec {
    /// Its name in the lab.
    pub name: PlaceName,
    /// What Kubernetes calls it.
    pub called: String,
    /// Its Kubernetes namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The ports at which it answers HTTP requests.
    pub serves: BTreeSet<u16>,
    /// The node it runs on.
    pub node: PlaceName,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its hardware address; the kernel's choice if absent.
    pub mac: Option<[u8; 6]>,
    /// Its MTU and its host veth's, in bytes.
    pub mtu: u32,
    /// The name of its veth's end in the node.
    pub host_interface: String,
    /// How its veth is attached.
    pub wiring: Wiring,
}

/// How a pod's veth is attached to its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wiring {
    /// Point to point: the node routes the pod's /32 to the veth and answers ARP for `gateway` (`proxy_arp`).
    Routed {
        /// The address of the pod's default route, on no interface at all: 169.254.1.1.
        gateway: Ipv4Addr,
        /// The hardware address of the veth's end in the node.
        host_mac: [u8; 6],
    },
    /// On the node's bridge, in one Ethernet segment with all its pods.
    Bridged {
        /// The bridge's name.
        bridge: String,
        /// Its address: the gateway of the pod's routes.
        gateway: Ipv4Addr,
        /// How long the prefix of the pod's address is.
        prefix_length: u8,
        /// Where all pods' addresses come from: routed by the gateway, besides the default route.
        range: Ipv4Net,
        /// The hardware address of the veth's end in the node; the kernel's choice if absent.
        host_mac: Option<[u8; 6]>,
    },
}
