//! Whether a topology can be built at all.

use std::collections::BTreeSet;

use crate::backend::UpError;
use crate::site::{Topology, Wiring};

/// The longest name of a device, in bytes (`IFNAMSIZ` with its end, linux/if.h).
const LONGEST_NAME: usize = 15;

/// Finds what a topology contradicts itself in, before anything is built.
///
/// # Errors
/// All that was found, in one line.
pub(super) fn check(topology: &Topology) -> Result<(), UpError> {
    let mut found = Vec::new();
    let mut places = BTreeSet::new();
    for name in topology.nodes.iter().map(|node| &node.name).chain(topology.pods.iter().map(|pod| &pod.name)) {
        if !places.insert(name) {
            found.push(format!("there are two places called {name}"));
        }
    }
    for node in &topology.nodes {
        let pods = topology.pods.iter().filter(|pod| pod.node == node.name).map(|pod| &pod.host_interface);
        let tunnel = node.tunnel.iter().map(|tunnel| &tunnel.device);
        let mut devices = BTreeSet::new();
        let bridge = node.bridge.iter().map(|bridge| &bridge.name);
        for device in node.nics.iter().map(|nic| &nic.interface).chain(bridge).chain(tunnel).chain(pods) {
            if !devices.insert(device) {
                found.push(format!("{} has two devices called {device}", node.name));
            }
            if device.is_empty() || device.len() > LONGEST_NAME {
                found.push(format!("`{device}` of {} cannot be a device's name: 1 to {LONGEST_NAME} bytes", node.name));
            }
        }
        if let Some(tunnel) = &node.tunnel
            && !node.nics.iter().any(|nic| nic.name == tunnel.underlay)
        {
            let (device, underlay) = (&tunnel.device, &tunnel.underlay);
            found.push(format!("the tunnel {device} of {} runs over {underlay}, which the node does not have", node.name));
        }
    }
    for pod in &topology.pods {
        let node = topology.nodes.iter().find(|node| node.name == pod.node);
        if let (Wiring::Bridged { bridge, .. }, Some(node)) = (&pod.wiring, node)
            && node.bridge.as_ref().is_none_or(|there| there.name != *bridge)
        {
            found.push(format!("{} is to be on the bridge {bridge}, which {} does not have", pod.name, pod.node));
        }
        if !topology.nodes.iter().any(|node| node.name == pod.node) {
            found.push(format!("{} runs on {}, which there is not", pod.name, pod.node));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(UpError::Topology(found.join("; "))) }
}
