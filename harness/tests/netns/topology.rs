//! The documented lab: two nodes with two cards each, three pods, IP-in-IP between nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use cnilab::name::{PlaceName, Symbol};
use cnilab::site::{Nic, NodeSpec, PodSpec, RouteSpec, Topology, TunnelKind, TunnelSpec, Wiring};

/// `bird` in iproute2's `rt_protos`.
const BIRD: u8 = 12;

pub(crate) fn calico_ipip() -> Topology {
    Topology {
        nodes: vec![
            node("node1", 111, [0x52, 0x54, 0, 0xdc, 0xc7, 0xb4], "10.244.153.192/26", 112, "10.244.146.192/26"),
            node("node2", 112, [0x52, 0x54, 0, 0xd3, 0xbf, 0x21], "10.244.146.192/26", 111, "10.244.153.192/26"),
        ],
        pods: vec![
            pod("pod1", "node1", [10, 244, 153, 204], [0x32, 0x21, 0x45, 0xc4, 0xc5, 0xd5], "calice0906292e2"),
            pod("pod2", "node1", [10, 244, 153, 201], [0xf2, 0xd4, 0x17, 0x63, 0x9d, 0x3d], "calibd2348b4f67"),
            pod("pod3", "node2", [10, 244, 146, 205], [0x4e, 0x11, 0xe1, 0x74, 0x9d, 0x6c], "cali118af4ccd16"),
        ],
        constants: BTreeMap::from([(Symbol::new("cali.mac"), "ee:ee:ee:ee:ee:ee".to_owned())]),
        proxy: None,
        services: Vec::new(),
        rules: BTreeMap::new(),
    }
}

/// With a third node, which has no pods and knows the way to those of the others.
pub(crate) fn with_node3() -> Topology {
    let mut topology = calico_ipip();
    let mut node3 = node("node3", 113, [0x52, 0x54, 0, 0, 0, 3], "10.244.1.0/26", 111, "10.244.153.192/26");
    node3.routes.push(to_peer(112, "10.244.146.192/26"));
    topology.nodes.push(node3);
    topology
}

fn to_peer(peer: u8, block: &str) -> RouteSpec {
    RouteSpec {
        to: block.parse().expect("a prefix"),
        via: Some(Ipv4Addr::new(192, 168, 100, peer)),
        device: Some("tunl0".to_owned()),
        protocol: BIRD,
        onlink: true,
    }
}

fn node(name: &str, host: u8, mac: [u8; 6], block: &str, peer: u8, peer_block: &str) -> NodeSpec {
    let block: ipnet::Ipv4Net = block.parse().expect("a prefix");
    let blackhole = RouteSpec { to: block, via: None, device: None, protocol: BIRD, onlink: false };
    NodeSpec {
        name: PlaceName::new(name),
        nics: vec![
            Nic {
                name: "default".to_owned(),
                interface: "ens3".to_owned(),
                address: format!("172.18.22.{host}/24").parse().expect("an address"),
                mac: None,
                gateway: Some(Ipv4Addr::new(172, 18, 22, 1)),
            },
            Nic {
                name: "underlay".to_owned(),
                interface: "ens10".to_owned(),
                address: format!("192.168.100.{host}/24").parse().expect("an address"),
                mac: Some(mac),
                gateway: None,
            },
        ],
        bridge: None,
        tunnel: Some(TunnelSpec {
            device: "tunl0".to_owned(),
            kind: TunnelKind::Ipip,
            address: block.network(),
            mtu: 1480,
            underlay: "underlay".to_owned(),
            peers: Vec::new(),
        }),
        routes: vec![to_peer(peer, peer_block), blackhole],
    }
}

fn pod(name: &str, node: &str, address: [u8; 4], mac: [u8; 6], host_interface: &str) -> PodSpec {
    PodSpec {
        name: PlaceName::new(name),
        called: name.to_owned(),
        namespace: "default".to_owned(),
        labels: BTreeMap::new(),
        serves: BTreeSet::new(),
        node: PlaceName::new(node),
        address: address.into(),
        mac: Some(mac),
        mtu: 1480,
        host_interface: host_interface.to_owned(),
        wiring: Wiring::Routed { gateway: Ipv4Addr::new(169, 254, 1, 1), host_mac: [0xee; 6] },
    }
}
