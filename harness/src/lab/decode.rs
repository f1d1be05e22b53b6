//! What a lab's UDP ports carry, where packets alone do not tell.

use super::model::Lab;
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
