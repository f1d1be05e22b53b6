//! From a lab to what it needs built, captured and sent, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddrV4;

use crate::lab::{CurlTarget, Lab, LabNode, LabPod, LabService, LabWiring, Probe, Scenario};
use crate::name::{PointName, Symbol};
use crate::packet::Value;
use crate::site::{
    BridgeSpec, Endpoint, Nic, NodeSpec, PeerSpec, PodSpec, RouteSpec, ServiceSpec, Topology, TunnelKind, TunnelSpec, Wiring,
};

use super::model::{Plan, PlannedScenario};

/// Draws up the plan for a lab.
pub fn draft(lab: Lab) -> Plan {
    let topology = Topology {
        nodes: lab.nodes.iter().map(|node| node_spec(&lab, node)).collect(),
        pods: lab.pods.iter().map(|pod| pod_spec(&lab, pod)).collect(),
        constants: constants(&lab),
        proxy: lab.cluster.kube_proxy.clone(),
        services: lab.services.iter().map(|service| service_spec(&lab, service)).collect(),
        rules: lab.nodes.iter().filter(|_| !lab.cluster.rules.is_empty()).map(|node| (node.name.clone(), rules(&lab, node))).collect(),
    };
    let scenarios = lab.scenarios.iter().map(|scenario| planned(&lab, scenario)).collect();
    Plan { lab, topology, scenarios }
}

/// What is on no interface of a pod or node, so that no backend could read it back.
fn constants(lab: &Lab) -> BTreeMap<Symbol, String> {
    let network = &lab.cluster.network;
    let mut constants = vec![("cluster.pods".to_owned(), network.pods.to_string())];
    if let LabWiring::Routed { gateway, host_mac } = &network.wiring {
        constants.push(("gateway.ip".to_owned(), gateway.to_string()));
        constants.push((format!("{}.mac", network.veth_prefix), Value::Mac(*host_mac).to_string()));
    }
    // A bridge comes with a node's first pod; without one, no device of the node has its block.
    let bare = lab.nodes.iter().filter(|node| network.bridge().is_some() && lab.bridge(node).is_none());
    constants.extend(bare.map(|node| (format!("{}.block", node.name), node.block.to_string())));
    constants.into_iter().map(|(symbol, value)| (Symbol::new(symbol), value)).collect()
}

fn service_spec(lab: &Lab, service: &LabService) -> ServiceSpec {
    let endpoint = |pod: &LabPod| Endpoint { pod: pod.name.clone(), at: SocketAddrV4::new(pod.address, service.target_port) };
    ServiceSpec {
        name: service.name.clone(),
        namespace: service.namespace.clone(),
        port_name: service.port_name.clone(),
        cluster_ip: service.cluster_ip,
        port: service.port,
        node_port: service.node_port,
        endpoints: service.endpoints.iter().filter_map(|name| lab.pod(name)).map(endpoint).collect(),
        pods: lab.cluster.network.pods,
    }
}

/// The rules of the CNI's agent on a node.
fn rules(lab: &Lab, node: &LabNode) -> Vec<String> {
    lab.cluster.rules.iter().map(|line| line.replace("{block}", &node.block.to_string())).collect()
}

fn node_spec(lab: &Lab, node: &LabNode) -> NodeSpec {
    let nics = node.nics.iter().map(|nic| Nic {
        name: nic.name.clone(),
        interface: nic.interface.clone(),
        address: nic.address,
        mac: nic.mac,
        gateway: nic.gateway,
    });
    let tunnel = lab.cluster.network.tunnel.as_ref().map(|tunnel| TunnelSpec {
        device: tunnel.device.clone(),
        kind: tunnel.kind,
        address: node.block.network(),
        mtu: tunnel.mtu,
        underlay: tunnel.underlay.clone(),
        peers: peers(lab, node).filter_map(|peer| peer_spec(peer, &tunnel.underlay)).collect(),
    });
    let bridge = lab.bridge(node).map(|name| BridgeSpec {
        name: name.to_owned(),
        address: node.bridge_address(),
        mac: node.bridge_mac,
        mtu: lab.cluster.network.mtu,
    });
    NodeSpec { name: node.name.clone(), nics: nics.collect(), bridge, tunnel, routes: routes(lab, node) }
}

fn peers<'a>(lab: &'a Lab, node: &'a LabNode) -> impl Iterator<Item = &'a LabNode> {
    lab.nodes.iter().filter(|peer| peer.name != node.name)
}

fn peer_spec(peer: &LabNode, underlay: &str) -> Option<PeerSpec> {
    let card = peer.nics.iter().find(|nic| nic.name == underlay)?;
    Some(PeerSpec { block: peer.block, underlay: card.address.addr() })
}

/// What leads to pods: to a proxy one route for all of them, to peers otherwise one each.
fn routes(lab: &Lab, node: &LabNode) -> Vec<RouteSpec> {
    let network = &lab.cluster.network;
    match &network.tunnel {
        Some(tunnel) if matches!(tunnel.kind, TunnelKind::Udp { .. }) => vec![RouteSpec {
            to: network.pods,
            via: None,
            device: Some(tunnel.device.clone()),
            protocol: network.route_protocol,
            onlink: false,
        }],
        _ => {
            // On a bridge the block is on the link: what is sent to a pod that is not there ends there.
            let own = network.bridge().is_none().then(|| own_block(lab, node));
            peers(lab, node).filter_map(|peer| peer_route(lab, node, peer)).chain(own).collect()
        }
    }
}

/// The way to another node's pods: through the tunnel if there is one, by the card otherwise.
fn peer_route(lab: &Lab, node: &LabNode, peer: &LabNode) -> Option<RouteSpec> {
    let carrier = lab.carrier()?;
    let card = |of: &LabNode| of.nics.iter().find(|nic| nic.name == carrier).cloned();
    let tunnel = lab.cluster.network.tunnel.as_ref();
    Some(RouteSpec {
        to: peer.block,
        via: Some(card(peer)?.address.addr()),
        device: Some(tunnel.map_or(card(node)?.interface, |tunnel| tunnel.device.clone())),
        protocol: lab.cluster.network.route_protocol,
        // The peer's address is on the underlay; the tunnel device itself has only a /32.
        onlink: tunnel.is_some(),
    })
}

/// What is sent to a pod that is not there must not leave by the default route.
fn own_block(lab: &Lab, node: &LabNode) -> RouteSpec {
    RouteSpec { to: node.block, via: None, device: None, protocol: lab.cluster.network.route_protocol, onlink: false }
}

fn pod_spec(lab: &Lab, pod: &LabPod) -> PodSpec {
    let network = &lab.cluster.network;
    let node = lab.node(&pod.node);
    let wiring = match (&network.wiring, node.map(LabNode::bridge_address)) {
        (LabWiring::Routed { gateway, host_mac }, _) => Wiring::Routed { gateway: *gateway, host_mac: *host_mac },
        (LabWiring::Bridged { bridge }, address) => Wiring::Bridged {
            bridge: bridge.clone(),
            gateway: address.map_or(pod.address, |address| address.addr()),
            prefix_length: address.map_or(32, |address| address.prefix_len()),
            range: network.pods,
            host_mac: pod.veth_mac,
        },
    };
    PodSpec {
        name: pod.name.clone(),
        called: pod.called.clone(),
        namespace: pod.namespace.clone(),
        labels: pod.labels.clone(),
        serves: serves(lab, pod),
        node: pod.node.clone(),
        address: pod.address,
        mac: pod.mac,
        mtu: network.mtu,
        host_interface: network.host_veth(pod),
        wiring,
    }
}

/// The ports at which somebody may ask a pod.
fn serves(lab: &Lab, pod: &LabPod) -> BTreeSet<u16> {
    let of_services = lab.services.iter().filter(|service| service.endpoints.contains(&pod.name)).map(|service| service.target_port);
    let asked = lab.scenarios.iter().filter_map(|scenario| match &scenario.probe {
        Some(Probe::Curl { to: CurlTarget::Pod { pod: asked, port }, .. }) if *asked == pod.name => Some(*port),
        _ => None,
    });
    of_services.chain(asked).collect()
}

fn planned(lab: &Lab, scenario: &Scenario) -> PlannedScenario {
    let mut points: Vec<PointName> = scenario.probe.as_ref().map(|probe| lab.path(probe)).unwrap_or_default();
    for expectation in &scenario.expect {
        if !points.contains(&expectation.at) {
            points.push(expectation.at.clone());
        }
    }
    let mut symbols = scenario.symbols();
    if let Some((address, port)) = scenario.probe.as_ref().map(|probe| lab.destination(probe)) {
        symbols.extend([address].into_iter().chain(port));
    }
    PlannedScenario { points, symbols: symbols.into_iter().collect() }
}
