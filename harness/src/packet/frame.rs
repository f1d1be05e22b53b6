//! A captured frame, as it was on the wire.

use serde::{Deserialize, Serialize};

/// What the first byte of a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkType {
    /// An Ethernet header: veth, bridge, NIC. `LINKTYPE_ETHERNET`, 1.
    Ethernet,
    /// No link layer, the frame starts with an IP header: `tunl0`, `flannel0`. `LINKTYPE_RAW`, 101.
    Raw,
}

/// One frame at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When the kernel saw it, in nanoseconds since the epoch.
    pub at: u64,
    /// Its length on the wire, in bytes; `bytes` may hold fewer.
    pub wire_length: u32,
    /// What was kept of it: at most the snap length.
    pub bytes: Vec<u8>,
}
