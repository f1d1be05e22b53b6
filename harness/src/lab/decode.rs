//! What a lab's ports are, where packets alone do not tell: what those of UDP carry, and which are servers'.

use std::collections::BTreeSet;

use super::model::{CurlTarget, Lab, LabService, LabTunnel, Probe, Scenario};
use crate::packet::{Carries, Hints};
use crate::site::TunnelKind;

impl Lab {
    /// How this lab's packets are taken apart: datagrams of its own tunnel further than tcpdump does, which knows nothing of it. It is what
    /// `cnilab show --decode udp/8285=ip` says of a tunnel of the kind `udp` on port 8285.
    pub fn hints(&self) -> Hints {
        let mut hints = Hints::default();
        if let Some(TunnelKind::Udp { port }) = self.cluster.network.tunnel.as_ref().map(|tunnel| tunnel.kind) {
            hints.add(port, Carries::Ip);
        }
        hints
    }
}

impl Lab {
    /// The ports at which this lab's servers and tunnels listen: a documented line never has one of them by chance.
    pub fn server_ports(&self) -> BTreeSet<u16> {
        let probed = self.scenarios.iter().filter_map(|Scenario { probe, .. }| match probe {
            Some(Probe::Curl { to: CurlTarget::Pod { port, .. }, .. }) => Some(*port),
            _ => None,
        });
        server_ports(self.cluster.network.tunnel.as_ref(), &self.services, probed)
    }
}

/// The ports of these parts of a lab, `probed` those at which its probes ask pods.
pub(super) fn server_ports(tunnel: Option<&LabTunnel>, services: &[LabService], probed: impl Iterator<Item = u16>) -> BTreeSet<u16> {
    let tunnel = tunnel.and_then(|tunnel| if let TunnelKind::Udp { port } = tunnel.kind { Some(port) } else { None });
    let services = services.iter().flat_map(|service| [Some(service.port), Some(service.target_port), service.node_port]);
    services.flatten().chain(tunnel).chain(probed).collect()
}
