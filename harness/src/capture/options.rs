//! Where to capture, and how.

use std::time::Duration;

use crate::name::{PlaceName, PointName};
use crate::packet::LinkType;

/// A point to capture at.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many bytes of a frame are kept at most; 0: all.
    pub snap_length: u32,
    /// How long [`Armed::finish`](crate::capture::Armed::finish) waits for the closing sentinels.
    pub deadline: Duration,
    /// What to break on purpose.
    pub sabotage: Option<Sabotage>,
}

impl Default for Options {
    fn default() -> Self {
        Self { snap_length: 256, deadline: Duration::from_secs(1), sabotage: None }
    }
}

/// A way to break a capture on purpose, to see that no verdict is built on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Closes that point's socket once the probe was sent, before what is left is read.
    CloseMidway(PointName),
    /// Gives that point the smallest ring there is, floods the interface, and reads nothing until the end: the kernel must drop frames.
    Starve(PointName),
}
