//! From a lab to what it needs built, captured and sent, by name.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;

use crate::lab::{Lab, LabNode, LabPod, LabService, LabWiring, Scenario, host_veth};
use crate::name::{PointName, Symbol};
use crate::packet::Value;
use crate::site::{Nic, NodeSpec, PodSpec, RouteSpec, ServiceSpec, Topology, TunnelSpec, Wiring};

use super::model::{Plan, PlannedScenario};

/// Draws up the plan for a lab.
pub fn draft(lab: Lab) -> Plan {
    let topology = Topology {
        nodes: lab.nodes.iter().map(|node| node_spec(&lab, node)).collect(),
        pods: lab.pods.iter().map(|pod| pod_spec(&lab, pod)).collect(),
        constants: constants(&lab),
        services: lab.services.iter().map(|service| service_spec(&lab, service)).collect(),
        rules: lab.nodes.iter().filter(|_| !lab.cluster.rules.is_empty()).map(|node| (node.name.clone(), rules(&lab, node))).collect(),
    };
    let scenarios = lab.scenarios.iter().map(|scenario| planned(&lab, scenario)).collect();
    Plan { lab, topology, scenarios }
}

/// What is on no interface of a pod or node, so that no backend could read it back.
fn constants(lab: &Lab) -> BTreeMap<Symbol, String> {
    let network = &lab.cluster.network;
    let LabWiring::Routed { gateway, host_mac } = &network.wiring;
    let wiring =
        [("gateway.ip".to_owned(), gateway.to_string()), (format!("{}.mac", network.veth_prefix), Value::Mac(*host_mac).to_string())];
    let services = lab.services.iter().flat_map(|service| {
        let node_port = service.node_port.map(|port| ("node-port", port.to_string()));
        let parts = [("ip", service.cluster_ip.to_string()), ("port", service.port.to_string())].into_iter().chain(node_port);
        parts.map(|(part, value)| (format!("{}.{part}", service.name), value))
    });
    wiring.into_iter().chain(services).map(|(symbol, value)| (Symbol::new(symbol), value)).collect()
}

fn service_spec(lab: &Lab, service: &LabService) -> ServiceSpec {
    let addresses = service.endpoints.iter().filter_map(|name| lab.pod(name)).map(|pod| pod.address);
    ServiceSpec {
        name: service.name.clone(),
        namespace: service.namespace.clone(),
        port_name: service.port_name.clone(),
        cluster_ip: service.cluster_ip,
        port: service.port,
        node_port: service.node_port,
        endpoints: addresses.map(|address| SocketAddrV4::new(address, service.target_port)).collect(),
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
    });
    let peers = lab.nodes.iter().filter(|peer| peer.name != node.name);
    let routes = peers.filter_map(|peer| peer_route(lab, node, peer)).chain([own_block(lab, node)]);
    NodeSpec { name: node.name.clone(), nics: nics.collect(), tunnel, routes: routes.collect() }
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
    let LabWiring::Routed { gateway, host_mac } = network.wiring;
    PodSpec {
        name: pod.name.clone(),
        namespace: pod.namespace.clone(),
        node: pod.node.clone(),
        address: pod.address,
        mac: pod.mac,
        mtu: network.mtu,
        host_interface: host_veth(&network.veth_prefix, pod),
        wiring: Wiring::Routed { gateway, host_mac },
    }
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
