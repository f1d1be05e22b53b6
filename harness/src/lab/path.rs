//! Points of a lab, and the way a probe takes through them.

use std::collections::BTreeMap;

use super::model::{Lab, LabNode, LabPod, Probe};
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
        let Probe::Ping { from, to, .. } = probe;
        let Some(target) = self.pod(to) else { return Vec::new() };
        let mut points = Vec::new();
        let start = if let Some(sender) = self.pod(from) {
            points.extend([PointName::at(from, "eth0"), host_end(sender)]);
            &sender.node
        } else {
            from
        };
        if *start != target.node {
            let here = self.way_out(start, self.pod(from).is_some());
            let there = self.way_out(&target.node, true);
            points.extend(here);
            points.extend(there.into_iter().rev());
        } else if self.pod(from).is_none() {
            // What a node itself sends enters its bridge from above.
            points.extend(self.cluster.network.bridge().map(|bridge| PointName::at(from, bridge)));
        }
        points.extend([host_end(target), PointName::at(to, "eth0")]);
        points
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
