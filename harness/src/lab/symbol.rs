//! Symbols: what documented literals can stand for in a lab. All are known before the lab is up; their values only where the file gives them.

use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest, Sha1};

use super::model::{Lab, LabNode, LabPod, LabService, LabWiring, Network};
use crate::name::Symbol;

/// What kind of thing a symbol stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Ip,
    Mac,
    Interface,
    Prefix,
    Port,
    Name,
}

impl Sort {
    /// With its article, for messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ip => "an IP address",
            Self::Mac => "a hardware address",
            Self::Interface => "an interface's name",
            Self::Prefix => "a prefix",
            Self::Port => "a port",
            Self::Name => "a pod's name",
        }
    }
}

/// A symbol's sort, and its value on the embedded backend where the file gives or implies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) sort: Sort,
    pub(super) value: Option<String>,
}

/// Every symbol of a lab.
pub(super) type Symbols = BTreeMap<String, Known>;

impl Lab {
    /// Every symbol that this lab's lines may use, with its value on the embedded backend where the file gives or implies it.
    pub fn symbols(&self) -> BTreeMap<Symbol, Option<String>> {
        symbols(&self.cluster.network, &self.nodes, &self.pods, &self.services)
            .into_iter()
            .map(|(name, known)| (Symbol::new(name), known.value))
            .collect()
    }
}

impl Lab {
    /// The symbols that stand for ports.
    pub fn ports(&self) -> BTreeSet<Symbol> {
        let all = symbols(&self.cluster.network, &self.nodes, &self.pods, &self.services);
        all.into_iter().filter(|(_, known)| known.sort == Sort::Port).map(|(name, _)| Symbol::new(name)).collect()
    }
}

/// Every symbol of a lab of these parts.
pub(super) fn symbols(network: &Network, nodes: &[LabNode], pods: &[LabPod], services: &[LabService]) -> Symbols {
    let mut symbols = Symbols::new();
    let mut add = |name: String, sort: Sort, value: Option<String>| {
        symbols.insert(name, Known { sort, value });
    };
    add("cluster.pods".to_owned(), Sort::Prefix, Some(network.pods.to_string()));
    if let LabWiring::Routed { gateway, host_mac } = &network.wiring {
        add("gateway.ip".to_owned(), Sort::Ip, Some(gateway.to_string()));
        add(format!("{}.mac", network.veth_prefix), Sort::Mac, Some(spell_mac(*host_mac)));
    }
    for pod in pods {
        let block = nodes.iter().find(|node| node.name == pod.node).map(|node| node.block.prefix_len());
        let length = if network.bridge().is_some() { block } else { Some(32) };
        add(format!("{}.address", pod.name), Sort::Prefix, length.map(|length| format!("{}/{length}", pod.address)));
        if network.bridge().is_some() {
            add(format!("{}.veth.mac", pod.name), Sort::Mac, pod.veth_mac.map(spell_mac));
        }
        add(format!("{}.ip", pod.name), Sort::Ip, Some(pod.address.to_string()));
        add(format!("{}.name", pod.name), Sort::Name, Some(pod.called.clone()));
        add(format!("{}.mac", pod.name), Sort::Mac, pod.mac.map(spell_mac));
        add(format!("{}.veth", pod.name), Sort::Interface, Some(network.host_veth(pod)));
    }
    for service in services {
        add(format!("{}.ip", service.name), Sort::Ip, Some(service.cluster_ip.to_string()));
        add(format!("{}.port", service.name), Sort::Port, Some(service.port.to_string()));
        if let Some(port) = service.node_port {
            add(format!("{}.node-port", service.name), Sort::Port, Some(port.to_string()));
        }
    }
    for node in nodes {
        add(format!("{}.block", node.name), Sort::Prefix, Some(node.block.to_string()));
        if let Some(tunnel) = &network.tunnel {
            add(format!("{}.{}.ip", node.name, tunnel.device), Sort::Ip, Some(node.block.network().to_string()));
            add(format!("{}.{}.address", node.name, tunnel.device), Sort::Prefix, Some(format!("{}/32", node.block.network())));
        }
        if let Some(bridge) = network.bridge().filter(|_| pods.iter().any(|pod| pod.node == node.name)) {
            let prefix = format!("{}.{bridge}", node.name);
            add(format!("{prefix}.ip"), Sort::Ip, Some(node.bridge_address().addr().to_string()));
            add(format!("{prefix}.mac"), Sort::Mac, node.bridge_mac.map(spell_mac));
            add(format!("{prefix}.address"), Sort::Prefix, Some(node.bridge_address().to_string()));
            add(format!("{prefix}.broadcast"), Sort::Ip, Some(node.bridge_address().broadcast().to_string()));
        }
        for nic in &node.nics {
            let prefix = format!("{}.{}", node.name, nic.name);
            add(format!("{prefix}.ip"), Sort::Ip, Some(nic.address.addr().to_string()));
            add(format!("{prefix}.mac"), Sort::Mac, nic.mac.map(spell_mac));
            add(format!("{prefix}.interface"), Sort::Interface, Some(nic.interface.clone()));
            add(format!("{prefix}.network"), Sort::Prefix, Some(nic.address.trunc().to_string()));
            add(format!("{prefix}.address"), Sort::Prefix, Some(nic.address.to_string()));
            add(format!("{prefix}.broadcast"), Sort::Ip, Some(nic.address.broadcast().to_string()));
            if let Some(gateway) = nic.gateway {
                add(format!("{prefix}.gateway"), Sort::Ip, Some(gateway.to_string()));
            }
        }
    }
    symbols
}

impl Network {
    /// The name of a pod's veth in its node on the embedded backend. Point to point it is as Calico derives it; on a bridge the first 8
    /// of the same digits stand for those that the CNI plugin `bridge` draws by lot.
    pub fn host_veth(&self, pod: &LabPod) -> String {
        let mut name = host_veth(&self.veth_prefix, pod);
        if self.bridge().is_some() {
            name.truncate(self.veth_prefix.len() + BY_LOT);
        }
        name
    }
}

/// How many hex digits the CNI plugin `bridge` draws for a host veth (`RandomVethName` in its pkg/ip).
pub(super) const BY_LOT: usize = 8;

/// The name of a pod's veth in its node, as Calico derives it: the prefix and the first 11 hex digits of sha1("namespace.pod")
/// (`VethNameForWorkload` in calico's libcalico-go/lib/backend/k8s/conversion).
fn host_veth(prefix: &str, pod: &LabPod) -> String {
    let digest = Sha1::digest(format!("{}.{}", pod.namespace, pod.name));
    // Eleven digits are five bytes and a half; the eight first bytes are a number that holds them.
    let head = digest.iter().take(8).fold(0_u64, |head, byte| head << 8 | u64::from(*byte));
    format!("{prefix}{:011x}", head >> 20)
}

/// As tools print it.
pub(super) fn spell_mac(mac: [u8; 6]) -> String {
    crate::packet::Value::Mac(mac).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PlaceName;

    #[test]
    fn host_veths_are_named_as_calico_names_them() {
        for (namespace, pod, veth) in
            [("default", "pod1", "calice0906292e2"), ("default", "pod2", "calibd2348b4f67"), ("test", "pod1", "cali17fddc925b9")]
        {
            let pod = LabPod {
                name: PlaceName::new(pod),
                namespace: namespace.to_owned(),
                called: pod.to_owned(),
                node: PlaceName::new("node1"),
                labels: BTreeMap::new(),
                address: std::net::Ipv4Addr::UNSPECIFIED,
                mac: None,
                veth_mac: None,
            };
            assert_eq!(host_veth("cali", &pod), veth);
        }
    }
}
