//! What holds of a cluster that stands, as facts.

use std::collections::BTreeMap;
use std::fmt::Display;

use ipnet::Ipv4Net;

use super::error::KindError;
use super::links::Link;
use super::recipe::{BlockRule, FactRules};
use super::services::Serving;
use super::tables::Route;
use crate::name::{PlaceName, PointName, Symbol};
use crate::site::{Facts, NodeSpec, PodSpec, PointFact};

/// A node, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenNode {
    /// What the lab wanted of it.
    pub(super) spec: NodeSpec,
    /// What the cluster calls it.
    pub(super) name: String,
    /// Its devices.
    pub(super) links: Vec<Link>,
    /// Its main routing table.
    pub(super) routes: Vec<Route>,
    /// The block that the cluster gave it.
    pub(super) pod_cidr: Option<String>,
}

/// A pod, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenPod {
    /// What the lab wanted of it.
    pub(super) spec: PodSpec,
    /// The address that the cluster says it has.
    pub(super) address: std::net::Ipv4Addr,
    /// Its devices.
    pub(super) links: Vec<Link>,
    /// Its main routing table.
    pub(super) routes: Vec<Route>,
}

/// A cluster, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) nodes: Vec<SeenNode>,
    pub(super) pods: Vec<SeenPod>,
    pub(super) services: Vec<Serving>,
    /// Where pod addresses come from, if kube-proxy knows.
    pub(super) pods_range: Option<String>,
    pub(super) versions: BTreeMap<String, String>,
}

/// The device that a pod has by the rules of Kubernetes' container runtimes.
const POD_DEVICE: &str = "eth0";

/// Puts what was found under the names that labs use.
///
/// # Errors
/// If a node has no way out, or a pod's namespace is not what the cluster says of the pod.
pub(super) fn facts(rules: &FactRules, seen: &Seen) -> Result<Facts, KindError> {
    let Seen { nodes, pods, services, pods_range, versions } = seen;
    let mut book = Book(Facts { backend: "kind".to_owned(), versions: versions.clone(), ..Facts::default() });
    if let Some(range) = pods_range {
        book.say("cluster.pods", range);
    }
    for service in services {
        book.say(&format!("{}.ip", service.name), &service.address);
        book.say(&format!("{}.port", service.name), &service.port);
        if let Some(port) = service.node_port {
            book.say(&format!("{}.node-port", service.name), &port);
        }
    }
    for node in nodes {
        book.node(rules, node)?;
    }
    let mut host_macs = Vec::new();
    for pod in pods {
        let node = nodes.iter().find(|node| node.spec.name == pod.spec.node);
        let node =
            node.ok_or_else(|| KindError::Unfit(format!("{} is to run on {}, which the lab does not have", pod.spec.name, pod.spec.node)))?;
        host_macs.extend(book.pod(pod, node)?);
    }
    host_macs.dedup();
    if let (Some(symbol), [mac]) = (&rules.host_veth_mac, host_macs.as_slice()) {
        book.say(symbol, mac);
    }
    // The address that every pod's default route points to, if it is one and the same.
    let mut gateways: Vec<_> = pods.iter().filter_map(|pod| default_route(&pod.routes)?.via).collect();
    gateways.dedup();
    if let [gateway] = gateways.as_slice() {
        book.say("gateway.ip", gateway);
    }
    Ok(book.0)
}

/// Facts being written down.
struct Book(Facts);

impl Book {
    fn say(&mut self, symbol: &str, value: &dyn Display) {
        self.0.values.insert(Symbol::new(symbol), value.to_string());
    }

    fn point(&mut self, place: &PlaceName, interface: &str, at: &PlaceName, link: &Link) {
        let fact = PointFact { place: at.clone(), interface: link.name.clone(), link: link.framing };
        self.0.points.insert(PointName::at(place, interface), fact);
    }

    /// What is said of every device: its name, its addresses.
    fn device(&mut self, prefix: &str, link: &Link) {
        self.say(&format!("{prefix}.interface"), &link.name);
        if let Some(mac) = &link.mac {
            self.say(&format!("{prefix}.mac"), mac);
        }
        if let Some(address) = link.addresses.first() {
            self.say(&format!("{prefix}.ip"), &address.addr());
            self.say(&format!("{prefix}.address"), address);
            // RFC 3021: a prefix of 31 bits and more has no broadcast address.
            if address.prefix_len() < 31 {
                self.say(&format!("{prefix}.broadcast"), &address.broadcast());
            }
        }
    }

    fn node(&mut self, rules: &FactRules, node: &SeenNode) -> Result<(), KindError> {
        let name = &node.spec.name;
        let unfit = |why: &str| KindError::Unfit(format!("{name} ({}) {why}", node.name));
        let way_out = default_route(&node.routes).ok_or_else(|| unfit("has no default route"))?;
        let link = node.links.iter().find(|link| Some(&link.name) == way_out.device.as_ref());
        let link = link.ok_or_else(|| unfit("has no device where its default route points"))?;
        self.say(&format!("{name}.name"), &node.name);
        // A node of kind has one card, which is all of the lab's at once.
        for nic in &node.spec.nics {
            let prefix = format!("{name}.{}", nic.name);
            self.device(&prefix, link);
            self.point(name, &nic.name, name, link);
            if let Some(address) = link.addresses.first() {
                self.say(&format!("{prefix}.network"), &address.trunc());
            }
            if let Some(gateway) = way_out.via {
                self.say(&format!("{prefix}.gateway"), &gateway);
            }
        }
        let tunnel = node.spec.tunnel.as_ref().map(|tunnel| &tunnel.device);
        for device in rules.devices.iter().chain(tunnel) {
            // A bridge comes with a node's first pod: not every node has one.
            if let Some(link) = node.links.iter().find(|link| link.name == *device) {
                self.device(&format!("{name}.{device}"), link);
                self.point(name, device, name, link);
            }
        }
        if let Some(block) = block(rules.block, node) {
            self.say(&format!("{name}.block"), &block);
        }
        Ok(())
    }

    /// Also tells the hardware address of the pod's veth's end in the node.
    fn pod(&mut self, pod: &SeenPod, node: &SeenNode) -> Result<Option<String>, KindError> {
        let name = &pod.spec.name;
        let unfit = |why: String| KindError::Unfit(format!("{name} {why}"));
        let own = pod.links.iter().find(|link| link.name == POD_DEVICE).ok_or_else(|| unfit(format!("has no {POD_DEVICE}")))?;
        let address = own.addresses.iter().find(|net| net.addr() == pod.address);
        let address = address.ok_or_else(|| unfit(format!("has not the address {} on {POD_DEVICE}: {:?}", pod.address, own.addresses)))?;
        // The two ends of a veth name each other by number. Names of host veths are the CNI's own affair.
        let host = node.links.iter().find(|link| Some(link.index) == own.peer && link.peer == Some(own.index));
        let host =
            host.ok_or_else(|| unfit(format!("has no veth to {}: nothing there is the other end of its {POD_DEVICE}", node.name)))?;
        self.say(&format!("{name}.name"), &pod.spec.called);
        self.say(&format!("{name}.ip"), &pod.address);
        self.say(&format!("{name}.address"), address);
        // RFC 3021.
        if address.prefix_len() < 31 {
            self.say(&format!("{name}.broadcast"), &address.broadcast());
        }
        if let Some(mac) = &own.mac {
            self.say(&format!("{name}.mac"), mac);
        }
        if let Some(gateway) = default_route(&pod.routes).and_then(|route| route.via) {
            self.say(&format!("{name}.gateway"), &gateway);
        }
        self.say(&format!("{name}.veth"), &host.name);
        self.point(name, POD_DEVICE, name, own);
        self.point(&node.spec.name, &format!("veth({name})"), &node.spec.name, host);
        if let Some(mac) = &host.mac {
            self.say(&format!("{name}.veth.mac"), mac);
        }
        Ok(host.mac.clone())
    }
}

fn default_route(routes: &[Route]) -> Option<&Route> {
    routes.iter().find(|route| route.to.prefix_len() == 0)
}

fn block(rule: BlockRule, node: &SeenNode) -> Option<String> {
    match rule {
        BlockRule::PodCidr => node.pod_cidr.clone(),
        BlockRule::BlackholeRoute => node.routes.iter().find(|route| route.device.is_none()).map(|route| Ipv4Net::to_string(&route.to)),
    }
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
