//! One probe across all points.

use crate::name::PointName;

/// One probe across all points, in path order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// One per point that was captured at, the probe seen there or not.
    pub stops: Vec<Stop>,
}

/// What one point saw of the probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Where.
    pub point: PointName,
    /// The index of the point's recording in the scenario's evidence.
    pub recording: usize,
    /// The probe's frames there, in the order they were delivered.
    pub sightings: Vec<Sighting>,
}

/// One frame of the probe at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its index among the recording's frames.
    pub frame: usize,
    /// Which way it went.
    pub leg: Leg,
}

/// Which way a frame of a probe went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// Away from the sender.
    Request,
    /// Back to it.
    Reply,
    /// An error that a router or host sent about it (ICMP unreachable, time exceeded).
    Error,
    /// Nothing in it tells: it holds the token in something that is not taken apart.
    Unknown,
}

impl Leg {
    /// The other way.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Request => Self::Reply,
            Self::Reply => Self::Request,
            other => other,
        }
    }

    /// Whether a frame that goes this way may be one that goes the other's: it is the same way, or one of the two is not known.
    pub(crate) fn may_be(self, other: Self) -> bool {
        self == other || self == Self::Unknown || other == Self::Unknown
    }
}
