//! What is known of a lab that stands, read back from its kernel: as things are, not as they were asked for.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use ipnet::Ipv4Net;

use super::build::POD_INTERFACE;
use super::live::{Link, Route, addresses, routes};
use super::namespace::Namespace;
use super::services;
use crate::backend::UpError;
use crate::name::{PlaceName, PointName, Symbol};
use crate::packet::LinkType;
use crate::site::{Emulated, Facts, NodeSpec, PodSpec, PointFact, ServiceSpec, Topology};

/// A place's namespace as it stands.
struct Found<'a> {
    place: &'a PlaceName,
    links: &'a [Link],
    addresses: Vec<(u32, Ipv4Net)>,
    routes: Vec<Route>,
}

/// Reads the facts of a topology: `places` are its nodes' and then its pods' namespaces, `links` their devices.
pub(super) async fn read(
    topology: &Topology,
    places: &[&Namespace],
    links: &[Vec<Link>],
    emulated: Vec<Emulated>,
) -> Result<Facts, UpError> {
    let names = topology.nodes.iter().map(|node| &node.name).chain(topology.pods.iter().map(|pod| &pod.name));
    let nodes = topology.nodes.len();
    let found = names.zip(places.iter().zip(links)).enumerate().map(|(number, (place, (namespace, links)))| async move {
        let addresses = addresses(&namespace.netlink).await?;
        // Nothing is told of a pod's routes.
        let routes = if number < nodes { routes(&namespace.netlink).await? } else { Vec::new() };
        Ok::<_, UpError>(Found { place, links, addresses, routes })
    });
    let found = try_join_all(found).await?;
    let mut facts =
        Facts { backend: "netns".to_owned(), values: topology.constants.clone(), points: BTreeMap::new(), emulated, versions: versions() };
    if !topology.services.is_empty() {
        facts.versions.insert("kube-proxy-mode".to_owned(), services::MODE.to_owned());
        facts.versions.insert("kube-proxy".to_owned(), services::LAYOUT.to_owned());
    }
    let (of_nodes, of_pods) = found.split_at(nodes);
    for (node, found) in topology.nodes.iter().zip(of_nodes) {
        node_facts(node, found, &mut facts);
    }
    for (pod, found) in topology.pods.iter().zip(of_pods) {
        pod_facts(pod, found, of_nodes.iter().find(|node| *node.place == pod.node), &mut facts);
    }
    topology.services.iter().for_each(|service| service_facts(service, &mut facts));
    Ok(facts)
}

fn node_facts(node: &NodeSpec, found: &Found<'_>, facts: &mut Facts) {
    for nic in &node.nics {
        let Some(link) = found.link(&nic.interface) else { continue };
        let prefix = format!("{}.{}", node.name, nic.name);
        let address = found.address(link);
        put(facts, format!("{prefix}.interface"), Some(link.name.clone()));
        device_facts(&prefix, link, address, facts);
        put(facts, format!("{prefix}.network"), address.map(|address| address.trunc().to_string()));
        let gateway = found.routes.iter().find_map(|route| match route {
            Route::Default { gateway, index } if *index == link.index => Some(gateway.to_string()),
            _ => None,
        });
        put(facts, format!("{prefix}.gateway"), gateway);
        point(facts, PointName::at(&node.name, &nic.name), &node.name, link, LinkType::Ethernet);
    }
    if let Some(link) = node.tunnel.as_ref().and_then(|tunnel| found.link(&tunnel.device)) {
        device_facts(&format!("{}.{}", node.name, link.name), link, found.address(link), facts);
        // Neither a TUN device nor `ipip` has a link layer.
        point(facts, PointName::at(&node.name, &link.name), &node.name, link, LinkType::Raw);
    }
    let mut block = found.routes.iter().find_map(|route| if let Route::Blackhole(block) = route { Some(*block) } else { None });
    if let Some(link) = node.bridge.as_ref().and_then(|bridge| found.link(&bridge.name)) {
        let address = found.address(link);
        device_facts(&format!("{}.{}", node.name, link.name), link, address, facts);
        point(facts, PointName::at(&node.name, &link.name), &node.name, link, LinkType::Ethernet);
        // The block is the bridge's own segment.
        block = address.map(|address| address.trunc());
    }
    put(facts, format!("{}.block", node.name), block.map(|block| block.to_string()));
}

/// What is said of every device: its addresses, of hardware and otherwise, and the broadcast address of its segment if it has one.
fn device_facts(prefix: &str, link: &Link, address: Option<Ipv4Net>, facts: &mut Facts) {
    put(facts, format!("{prefix}.mac"), link.mac.map(spell));
    put(facts, format!("{prefix}.ip"), address.map(|address| address.addr().to_string()));
    put(facts, format!("{prefix}.address"), address.map(|address| address.to_string()));
    let segment = address.filter(|address| address.prefix_len() < 31);
    put(facts, format!("{prefix}.broadcast"), segment.map(|segment| segment.broadcast().to_string()));
}

fn service_facts(service: &ServiceSpec, facts: &mut Facts) {
    put(facts, format!("{}.ip", service.name), Some(service.cluster_ip.to_string()));
    put(facts, format!("{}.port", service.name), Some(service.port.to_string()));
    put(facts, format!("{}.node-port", service.name), service.node_port.map(|port| port.to_string()));
}

fn pod_facts(pod: &PodSpec, found: &Found<'_>, node: Option<&Found<'_>>, facts: &mut Facts) {
    put(facts, format!("{}.name", pod.name), Some(pod.called.clone()));
    if let Some(link) = found.link(POD_INTERFACE) {
        device_facts(pod.name.as_str(), link, found.address(link), facts);
        point(facts, PointName::at(&pod.name, POD_INTERFACE), &pod.name, link, LinkType::Ethernet);
    }
    if let Some(link) = node.and_then(|node| node.link(&pod.host_interface)) {
        put(facts, format!("{}.veth", pod.name), Some(link.name.clone()));
        put(facts, format!("{}.veth.mac", pod.name), link.mac.map(spell));
        point(facts, PointName::at(&pod.node, &format!("veth({})", pod.name)), &pod.node, link, LinkType::Ethernet);
    }
}

impl Found<'_> {
    fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    fn address(&self, link: &Link) -> Option<Ipv4Net> {
        self.addresses.iter().find(|(index, _)| *index == link.index).map(|(_, address)| *address)
    }
}

fn put(facts: &mut Facts, symbol: String, value: Option<String>) {
    facts.values.extend(value.map(|value| (Symbol::new(symbol), value)));
}

fn point(facts: &mut Facts, name: PointName, place: &PlaceName, link: &Link, kind: LinkType) {
    facts.points.insert(name, PointFact { place: place.clone(), interface: link.name.clone(), link: kind });
}

/// A hardware address as tools print it.
fn spell(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

fn versions() -> BTreeMap<String, String> {
    let mut versions = BTreeMap::from([("cnilab".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    if let Ok(system) = nix::sys::utsname::uname() {
        versions.insert("kernel".to_owned(), system.release().to_string_lossy().into_owned());
    }
    versions
}
