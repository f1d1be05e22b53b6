//! Where to capture, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::name::{PlaceName, PointName};
use crate::packet::LinkType;

/// A point to capture at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As the lab spells it.
    pub point: PointName,
    /// The place whose network namespace has the interface.
    pub place: PlaceName,
    /// The interface there.
    pub interface: String,
    /// The link type it is known by; the recording holds the one that the kernel reports once the capture is open.
    pub link: LinkType,
}

/// How to capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// How many bytes of a frame are kept at most; 0: all.
    pub snap_length: u32,
    /// How long [`Armed::finish`](crate::capture::Armed::finish) waits for the closing sentinels.
    pub deadline: Duration,
    /// What captures.
    pub engine: Engine,
    /// What to break on purpose.
    pub sabotage: Option<Sabotage>,
}

/// What captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Packet sockets of our own: opened by this process where it can enter a place, by this very program as an agent there otherwise.
    #[default]
    Sockets,
    /// `tcpdump` in the place.
    Tcpdump,
}

impl Default for Options {
    fn default() -> Self {
        Self { snap_length: 256, deadline: Duration::from_secs(1), engine: Engine::default(), sabotage: None }
    }
}

/// A way to break a capture on purpose, to see that no verdict is built on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sabotage {
    /// Closes that point's socket once the probe was sent, before what is left is read.
    CloseMidway(PointName),
    /// Gives that point the smallest ring there is, floods the interface, and reads nothing until the end: the kernel must drop frames.
    Starve(PointName),
}
