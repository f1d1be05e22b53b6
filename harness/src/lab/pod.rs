//! The pods of a lab file, checked; those without an address get one.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::at::At;
use super::cluster::Taken;
use super::file::{LabFile, PodFile, WiringFile};
use super::model::{LabNode, LabPod};
use super::problem::Problem;
use super::{suggest, value};
use crate::name::PlaceName;

/// Checks the pods against `nodes`.
pub(super) fn pods(file: &LabFile, nodes: &[LabNode], taken: &mut Taken, problems: &mut Vec<Problem>) -> Vec<LabPod> {
    let bridged = matches!(file.cluster.network.wiring, WiringFile::Bridged(_));
    let mut used: BTreeSet<Ipv4Addr> = nodes.iter().filter(|_| bridged).map(|node| node.bridge_address().addr()).collect();
    let mut given: Vec<Option<Ipv4Addr>> = Vec::new();
    for (name, pod) in &file.pods.0 {
        value::name(name, "a pod", problems);
        taken.take(name, &name.span, problems);
        if let Some(called) = &pod.called {
            value::name(called, "a pod", problems);
        }
        let node = node(pod, nodes, problems);
        let address = pod.address.as_ref().map(|text| address(text, node, bridged, taken, problems));
        used.extend(address);
        given.push(address);
        if let (Some(mac), WiringFile::Routed(_)) = (&pod.veth_mac, &file.cluster.network.wiring) {
            let problem = Problem::new(mac.span.clone(), "the host veths of this lab all have the wiring's `host-mac`");
            problems.push(problem.hint("take it away, or wire pods as `bridged`"));
        }
        for mac in pod.mac.iter().chain(&pod.veth_mac) {
            taken.take(&mac.to_lowercase(), &mac.span, problems);
        }
    }
    file.pods.0.iter().zip(given).map(|((name, pod), address)| self::pod(name, pod, nodes, address, &mut used, problems)).collect()
}

fn pod(
    name: &At<String>,
    file: &PodFile,
    nodes: &[LabNode],
    address: Option<Ipv4Addr>,
    used: &mut BTreeSet<Ipv4Addr>,
    problems: &mut Vec<Problem>,
) -> LabPod {
    let node = nodes.iter().find(|node| node.name.as_str() == *file.node);
    let address = address.or_else(|| node.and_then(|node| next_free(node, used))).unwrap_or_else(|| {
        if let Some(node) = node {
            let message = format!("the block `{}` of {} has no address left for `{}`", node.block, node.name, **name);
            problems.push(Problem::new(name.span.clone(), message).hint("give the node a larger block"));
        }
        Ipv4Addr::UNSPECIFIED
    });
    used.insert(address);
    LabPod {
        name: PlaceName::new(&**name),
        called: file.called.as_ref().map_or_else(|| name.value.clone(), |called| called.value.clone()),
        namespace: file.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        node: PlaceName::new(&*file.node),
        labels: file.labels.0.iter().map(|(key, label)| (key.value.clone(), label.clone())).collect(),
        address,
        mac: file.mac.as_ref().map(|mac| value::mac(mac, problems)),
        veth_mac: file.veth_mac.as_ref().map(|mac| value::mac(mac, problems)),
    }
}

fn node<'a>(pod: &PodFile, nodes: &'a [LabNode], problems: &mut Vec<Problem>) -> Option<&'a LabNode> {
    let node = nodes.iter().find(|node| node.name.as_str() == *pod.node);
    if node.is_none() {
        let hint = suggest::hint(&pod.node, "this lab's nodes", nodes.iter().map(|node| node.name.as_str()));
        problems.push(Problem::new(pod.node.span.clone(), format!("`{}` is not a node of this lab", *pod.node)).hint(hint));
    }
    node
}

fn address(text: &At<String>, node: Option<&LabNode>, bridged: bool, taken: &mut Taken, problems: &mut Vec<Problem>) -> Ipv4Addr {
    let address = value::ip(text, problems);
    if address.is_unspecified() {
        return address;
    }
    taken.take(&address.to_string(), &text.span, problems);
    let Some(node) = node.filter(|node| node.block != value::NO_PREFIX) else { return address };
    if !node.block.contains(&address) {
        let message = format!("`{address}` is not in the block `{}` of {}", node.block, node.name);
        problems
            .push(Problem::new(text.span.clone(), message).hint("move the pod to the node that has its block, or change one of the two"));
    } else if address == node.block.network() {
        let message = format!("`{address}` is the first address of its block, which is the tunnel device's");
        problems.push(Problem::new(text.span.clone(), message).hint("take a later one"));
    } else if bridged && address == node.bridge_address().addr() {
        let message = format!("`{address}` is the second address of its block, which is the bridge's");
        problems.push(Problem::new(text.span.clone(), message).hint("take a later one"));
    }
    address
}

/// The lowest address of the node's block that nobody has; the first is the tunnel device's.
fn next_free(node: &LabNode, used: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
    node.block.hosts().find(|address| *address != node.block.network() && !used.contains(address))
}
