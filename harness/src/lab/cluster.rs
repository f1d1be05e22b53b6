//! The cluster part of a lab file: network, nodes and their cards, checked.

use std::collections::BTreeMap;
use std::ops::Range;

use ipnet::Ipv4Net;

use super::at::At;
use super::file::{ClusterFile, KubeProxy, LabFile, NetworkFile, NicFile, TunnelFile, TunnelKindFile, WiringFile};
use super::model::{Cluster, LabNic, LabNode, LabTunnel, LabWiring, Network};
use super::problem::Problem;
use super::{rules, suggest, value};
use crate::name::PlaceName;
use crate::site::TunnelKind;

impl KubeProxy {
    /// As kube-proxy spells it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Iptables => "iptables",
            Self::Ipvs => "ipvs",
            Self::Nftables => "nftables",
        }
        .to_owned()
    }
}

/// What has been given out once, and where; addresses of one lab are all on one network.
#[derive(Default)]
pub(super) struct Taken(BTreeMap<String, Range<usize>>);

impl Taken {
    /// Notes that `what` is taken at `span`; a second time is a problem.
    pub(super) fn take(&mut self, what: &str, span: &Range<usize>, problems: &mut Vec<Problem>) {
        if let Some(first) = self.0.get(what) {
            let problem = Problem::new(span.clone(), format!("`{what}` is taken")).label("again");
            problems.push(problem.also(first.clone(), "first here").hint("each has one of its own"));
        } else {
            self.0.insert(what.to_owned(), span.clone());
        }
    }
}

/// Checks the cluster.
pub(super) fn cluster(file: &ClusterFile, text: &str, problems: &mut Vec<Problem>) -> Cluster {
    Cluster {
        cni: file.cni.clone(),
        kube_proxy: file.kube_proxy.map(KubeProxy::text),
        recipe: file.recipe.clone(),
        network: network(&file.network, problems),
        rules: file.rules.as_ref().map(|block| rules::rules(block, text, problems)).unwrap_or_default(),
    }
}

fn network(file: &NetworkFile, problems: &mut Vec<Problem>) -> Network {
    let wiring = match &file.wiring {
        WiringFile::Routed(routed) => {
            LabWiring::Routed { gateway: value::ip(&routed.gateway, problems), host_mac: value::mac(&routed.host_mac, problems) }
        }
        WiringFile::Bridged(bridged) => LabWiring::Bridged { bridge: value::interface(&bridged.bridge, problems) },
    };
    // IFNAMSIZ is 16 with its closing zero (linux/if.h); up to 11 digits follow the prefix.
    if !value::is_interface(&file.veth_prefix) || file.veth_prefix.len() > 4 {
        let message = format!("`{}` cannot start a host veth's name", *file.veth_prefix);
        problems.push(Problem::new(file.veth_prefix.span.clone(), message).hint("one to four characters, like `cali`: 11 digits follow"));
    }
    let tunnel = file.tunnel.as_ref().map(|tunnel| LabTunnel {
        device: value::interface(&tunnel.device, problems),
        kind: kind(tunnel, problems),
        mtu: value::mtu(&tunnel.mtu, problems),
        underlay: tunnel.underlay.value.clone(),
    });
    Network {
        pods: value::prefix(&file.pods, problems),
        mtu: value::mtu(&file.mtu, problems),
        wiring,
        veth_prefix: file.veth_prefix.value.clone(),
        tunnel,
        route_protocol: file.route_protocol.as_ref().map_or(value::PROTOCOL_BOOT, |name| value::route_protocol(name, problems)),
    }
}

fn kind(tunnel: &TunnelFile, problems: &mut Vec<Problem>) -> TunnelKind {
    match (tunnel.kind, &tunnel.port) {
        (TunnelKindFile::Ipip, None) => TunnelKind::Ipip,
        (TunnelKindFile::Ipip, Some(port)) => {
            problems.push(Problem::new(port.span.clone(), "a tunnel of the kind `ipip` has no port").hint("take it away"));
            TunnelKind::Ipip
        }
        (TunnelKindFile::Udp, Some(port)) => {
            let number = u16::try_from(port.value).ok().filter(|number| *number != 0);
            if number.is_none() {
                let problem = Problem::new(port.span.clone(), format!("`{}` is not a UDP port", port.value));
                problems.push(problem.hint("between 1 and 65535; flannel's is 8285"));
            }
            TunnelKind::Udp { port: number.unwrap_or(1) }
        }
        (TunnelKindFile::Udp, None) => {
            let problem = Problem::new(tunnel.device.span.clone(), "a tunnel of the kind `udp` needs a `port`");
            problems.push(problem.hint("flannel's is 8285"));
            TunnelKind::Udp { port: 1 }
        }
    }
}

/// Checks the nodes, their cards and their blocks.
pub(super) fn nodes(file: &LabFile, network: &Network, taken: &mut Taken, problems: &mut Vec<Problem>) -> Vec<LabNode> {
    if file.nodes.0.is_empty() {
        problems.push(Problem::new(file.lab.span.clone(), "this lab has no nodes").hint("name at least one under `nodes:`"));
    }
    let mut nodes: Vec<LabNode> = Vec::new();
    let mut blocks: Vec<(Ipv4Net, &At<String>)> = Vec::new();
    for (name, node) in &file.nodes.0 {
        value::name(name, "a node", problems);
        taken.take(name, &name.span, problems);
        let nics = nics(file, &node.nics.0, taken, problems);
        underlay(file, name, &nics, problems);
        let block = block(&node.block, network, &blocks, problems);
        blocks.push((block, &node.block));
        let bridge_mac = node.bridge_mac.as_ref().map(|mac| {
            if let LabWiring::Routed { .. } = network.wiring {
                let problem = Problem::new(mac.span.clone(), "no pod of this lab is on a bridge");
                problems.push(problem.hint("take it away, or wire pods as `bridged`"));
            }
            taken.take(&mac.to_lowercase(), &mac.span, problems);
            value::mac(mac, problems)
        });
        nodes.push(LabNode { name: PlaceName::new(&**name), nics, block, bridge_mac });
    }
    segments(file, &nodes, problems);
    nodes
}

fn nics(file: &LabFile, cards: &[(At<String>, NicFile)], taken: &mut Taken, problems: &mut Vec<Problem>) -> Vec<LabNic> {
    let mut interfaces = Taken::default();
    let mut default_route: Option<&At<String>> = None;
    let mut nics = Vec::new();
    for (name, card) in cards {
        value::name(name, "a network card", problems);
        if let Some(tunnel) = &file.cluster.network.tunnel
            && [&**name, &*card.interface].contains(&&*tunnel.device)
        {
            let problem = Problem::new(name.span.clone(), format!("`{}` is the tunnel device's name", *tunnel.device));
            problems.push(problem.also(tunnel.device.span.clone(), "here").hint("call the card something else"));
        }
        if let WiringFile::Bridged(bridged) = &file.cluster.network.wiring
            && [&**name, &*card.interface].contains(&&*bridged.bridge)
        {
            let problem = Problem::new(name.span.clone(), format!("`{}` is the bridge's name", *bridged.bridge));
            problems.push(problem.also(bridged.bridge.span.clone(), "here").hint("call the card something else"));
        }
        let address = value::interface_address(&card.address, problems);
        if address != value::NO_PREFIX {
            taken.take(&address.addr().to_string(), &card.address.span, problems);
        }
        interfaces.take(&card.interface, &card.interface.span, problems);
        if let Some(mac) = &card.mac {
            taken.take(&mac.to_lowercase(), &mac.span, problems);
        }
        let gateway = card.gateway.as_ref().map(|text| {
            if let Some(first) = default_route.replace(text) {
                let problem = Problem::new(text.span.clone(), "a node has one default route, and this is a second").label("again");
                problems.push(problem.also(first.span.clone(), "first here").hint("keep one `gateway`"));
            }
            let gateway = value::ip(text, problems);
            if !gateway.is_unspecified() && (!address.contains(&gateway) || gateway == address.addr()) {
                let message = format!("the gateway `{gateway}` is not another address of the card's network");
                problems.push(Problem::new(text.span.clone(), message).hint(format!("one of {}", address.trunc())));
            }
            gateway
        });
        nics.push(LabNic {
            name: name.value.clone(),
            interface: value::interface(&card.interface, problems),
            address,
            mac: card.mac.as_ref().map(|mac| value::mac(mac, problems)),
            gateway,
        });
    }
    nics
}

/// The tunnel's outer header needs a card on every node.
fn underlay(file: &LabFile, node: &At<String>, nics: &[LabNic], problems: &mut Vec<Problem>) {
    let Some(tunnel) = &file.cluster.network.tunnel else { return };
    if !nics.iter().any(|nic| nic.name == *tunnel.underlay) {
        let message = format!("`{}` has no network card `{}`, and the tunnel needs it", **node, *tunnel.underlay);
        let hint = suggest::hint(&tunnel.underlay, "its cards", nics.iter().map(|nic| nic.name.as_str()));
        problems.push(Problem::new(tunnel.underlay.span.clone(), message).also(node.span.clone(), "this node").hint(hint));
    }
}

fn block(text: &At<String>, network: &Network, others: &[(Ipv4Net, &At<String>)], problems: &mut Vec<Problem>) -> Ipv4Net {
    let block = value::prefix(text, problems);
    if block == value::NO_PREFIX || network.pods == value::NO_PREFIX {
        return block;
    }
    if !network.pods.contains(&block) {
        let message = format!("the block `{block}` is not in the pods' range `{}`", network.pods);
        problems.push(Problem::new(text.span.clone(), message).hint("a block is cut from `cluster.network.pods`"));
    }
    if block.prefix_len() > 30 {
        let message = format!("the block `{block}` has no room for a pod");
        problems.push(Problem::new(text.span.clone(), message).hint("a /30 or larger: its first address is the tunnel device's"));
    }
    let mut known = others.iter().filter(|(other, _)| *other != value::NO_PREFIX);
    if let Some((other, first)) = known.find(|(other, _)| other.contains(&block) || block.contains(other)) {
        let problem = Problem::new(text.span.clone(), format!("the block `{block}` overlaps `{other}`")).label("this one");
        problems.push(problem.also(first.span.clone(), "and this one").hint("each node has a block of its own"));
    }
    block
}

/// Cards of one name are on one segment: the same prefix, or, where a gateway leads on, another one altogether.
fn segments(file: &LabFile, nodes: &[LabNode], problems: &mut Vec<Problem>) {
    let mut first: BTreeMap<&str, (Ipv4Net, &At<String>)> = BTreeMap::new();
    for (node, (_, node_file)) in nodes.iter().zip(&file.nodes.0) {
        for (nic, (_, nic_file)) in node.nics.iter().zip(&node_file.nics.0) {
            let net = nic.address.trunc();
            if nic.address == value::NO_PREFIX {
                continue;
            }
            let Some((other, other_text)) = first.get(nic.name.as_str()) else {
                first.insert(&nic.name, (net, &nic_file.address));
                continue;
            };
            let apart = !net.contains(other) && !other.contains(&net);
            if net != *other && !(apart && nic.gateway.is_some()) {
                let message = format!("the `{}` cards of this lab are not on one network: `{net}` and `{other}`", nic.name);
                let problem = Problem::new(nic_file.address.span.clone(), message).label("this one");
                let hint = "cards of one name have one prefix, or gateways between their networks";
                problems.push(problem.also(other_text.span.clone(), "and this one").hint(hint));
            }
        }
    }
}
