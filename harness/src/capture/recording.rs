//! What was captured at one point.

use serde::{Deserialize, Serialize};

use super::options::Target;
use crate::name::{PlaceName, PointName};
use crate::packet::{Frame, LinkType};

/// All that was captured at one point, and how far it can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// As the lab spells it.
    pub point: PointName,
    /// The place whose network namespace has the interface.
    pub place: PlaceName,
    /// The interface there.
    pub interface: String,
    /// Its link type.
    pub link: LinkType,
    /// How many bytes of a frame were kept at most; 0: all.
    pub snap_length: u32,
    /// The frames, in the order the kernel delivered them; the sentinel's are left out.
    pub frames: Vec<Frame>,
    /// How many frames the kernel dropped for want of room (`PACKET_STATISTICS`), and how many we had no room for ourselves.
    pub dropped: u64,
    /// How the capture ended.
    pub liveness: Liveness,
    /// Somebody else had put the interface into promiscuous mode when the capture began.
    pub promiscuous: bool,
}

impl Recording {
    /// Of a point at which nothing was heard.
    pub(super) fn empty(target: Target, snap_length: u32, liveness: Liveness) -> Self {
        let Target { point, place, interface, link } = target;
        Self { point, place, interface, link, snap_length, frames: Vec::new(), dropped: 0, liveness, promiscuous: false }
    }
}

/// Whether a capture was alive from before the probe until after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// It listened before the probe was sent and delivered the sentinel that was sent after it.
    Alive,
    /// It could not be opened, or the interface was not up: why.
    NeverArmed(String),
    /// It listened, but did not deliver the closing sentinel within the deadline, or failed on the way: why.
    Lost(String),
}
