//! Points of a lab, and the way a probe takes through them.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{CurlTarget, Lab, LabNode, LabPod, LabService, Probe};
use crate::name::{PlaceName, PointName};
use crate::packet::LinkType;

impl Lab {
    /// The node of that name.
    pub fn node(&self, name: &PlaceName) -> Option<&LabNode> {
        self.nodes.iter().find(|node| node.name == *name)
    }

    /// The pod of that name.
    pub fn pod(&self, name: &PlaceName) -> Option<&LabPod> {
        self.pods.iter().find(|pod| pod.name == *name)
    }

    /// The name of a node's bridge, if it has one: it comes with the node's first pod.
    pub fn bridge(&self, node: &LabNode) -> Option<&str> {
        self.cluster.network.bridge().filter(|_| self.pods.iter().any(|pod| pod.node == node.name))
    }

    /// The network card, by the lab's name, by which nodes reach each other: the tunnel's underlay, or the first card there is.
    pub fn carrier(&self) -> Option<&str> {
        let tunnel = self.cluster.network.tunnel.as_ref().map(|tunnel| tunnel.underlay.as_str());
        tunnel.or_else(|| Some(self.nodes.first()?.nics.first()?.name.as_str()))
    }

    /// Every point of this lab, with the link type that its interface has.
    pub fn points(&self) -> BTreeMap<PointName, LinkType> {
        let mut points = BTreeMap::new();
        for pod in &self.pods {
            points.insert(PointName::at(&pod.name, "eth0"), LinkType::Ethernet);
            points.insert(host_end(pod), LinkType::Ethernet);
        }
        for node in &self.nodes {
            for nic in &node.nics {
                points.insert(PointName::at(&node.name, &nic.name), LinkType::Ethernet);
            }
            if let Some(bridge) = self.bridge(node) {
                points.insert(PointName::at(&node.name, bridge), LinkType::Ethernet);
            }
            // ARPHRD_TUNNEL: a tunnel device of IP packets has no link layer.
            if let Some(tunnel) = &self.cluster.network.tunnel {
                points.insert(PointName::at(&node.name, &tunnel.device), LinkType::Raw);
            }
        }
        points
    }

    /// Every point on the way of `probe`, in the order in which its request passes them.
    pub fn path(&self, probe: &Probe) -> Vec<PointName> {
        let (targets, by_way_of) = self.targets(probe);
        if targets.is_empty() {
            return Vec::new();
        }
        let mut points = Vec::new();
        let from = probe.from();
        let mut start = from;
        let mut of_pod = false;
        // What a node itself sends enters its bridge from above, and so does what it sends on after translating addresses.
        let bridge = |node: &PlaceName| self.cluster.network.bridge().map(|bridge| PointName::at(node, bridge));
        let asks_node = matches!(probe, Probe::Curl { to: CurlTarget::Service(_) | CurlTarget::NodePort { .. }, .. });
        if let Some(sender) = self.pod(from) {
            points.extend([PointName::at(from, "eth0"), host_end(sender)]);
            start = &sender.node;
            points.extend(bridge(start).filter(|_| asks_node));
            of_pod = true;
        }
        // A node port is asked at a node's own address, to which no tunnel leads.
        if let Some(node) = by_way_of.filter(|node| *node != start) {
            points.extend([start, node].into_iter().filter_map(|node| self.first_card(node)));
            start = node;
            of_pod = false;
        }
        for target in targets {
            if *start != target.node {
                points.extend(self.way_out(start, of_pod));
                points.extend(self.way_out(&target.node, true).into_iter().rev());
            } else if asks_node || !of_pod {
                points.extend(bridge(start));
            }
            points.extend([host_end(target), PointName::at(&target.name, "eth0")]);
        }
        let mut seen = BTreeSet::new();
        points.retain(|point| seen.insert(point.clone()));
        points
    }

    /// The pods that a probe may reach, and the node at whose address it asks for them.
    pub fn targets<'a>(&'a self, probe: &'a Probe) -> (Vec<&'a LabPod>, Option<&'a PlaceName>) {
        let endpoints = |service: &String| self.service(service).map(|service| service.endpoints.as_slice()).unwrap_or_default();
        let (names, node) = match probe {
            Probe::Ping { to: pod, .. } | Probe::Curl { to: CurlTarget::Pod { pod, .. }, .. } => (std::slice::from_ref(pod), None),
            Probe::Curl { to: CurlTarget::Service(service), .. } => (endpoints(service), None),
            Probe::Curl { to: CurlTarget::NodePort { service, node }, .. } => (endpoints(service), Some(node)),
        };
        (names.iter().filter_map(|name| self.pod(name)).collect(), node)
    }

    /// The Service of that name.
    pub fn service(&self, name: &str) -> Option<&LabService> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The card whose address is a node's own: its first.
    fn first_card(&self, node: &PlaceName) -> Option<PointName> {
        Some(PointName::at(node, &self.node(node)?.nics.first()?.name))
    }

    /// What a packet of a pod, or for one, passes between its host veth and the other nodes; what a node itself sends is none of its bridge's.
    fn way_out(&self, node: &PlaceName, of_pod: bool) -> Vec<PointName> {
        let bridge = self.cluster.network.bridge().filter(|_| of_pod);
        let tunnel = self.cluster.network.tunnel.as_ref().map(|tunnel| tunnel.device.as_str());
        bridge.into_iter().chain(tunnel).chain(self.carrier()).map(|interface| PointName::at(node, interface)).collect()
    }
}

/// The host end of a pod's veth.
pub(super) fn host_end(pod: &LabPod) -> PointName {
    PointName::at(&pod.node, &format!("veth({})", pod.name))
}
