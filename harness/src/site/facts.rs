//! What a backend found: a lab that stands, and a host that could hold one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::{PlaceName, PointName, Symbol};
use crate::packet::LinkType;
use crate::place::Place;

/// A lab that stands.
pub struct Site {
    /// Its nodes and pods, by name.
    pub places: BTreeMap<PlaceName, Box<dyn Place>>,
    /// What is known of it; frozen once the lab is ready.
    pub facts: Facts,
}

/// What is known of a running lab. Frozen in evidence; all that the right side ever learns of the world besides frames.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// `netns`, `kind`, `cluster`.
    pub backend: String,
    /// What each symbol stands for, as tools print it: `pod1.ip` → `10.244.153.204`, `node1.block` → `10.244.153.192/26`.
    pub values: BTreeMap<Symbol, String>,
    /// Where each point is.
    pub points: BTreeMap<PointName, PointFact>,
    /// Which parts are stand-ins of ours.
    pub emulated: Vec<Emulated>,
    /// Versions of what took part: `kernel`, `cni`, `kube-proxy`, `cnilab`.
    pub versions: BTreeMap<String, String>,
}

/// Where a point is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointFact {
    /// The place whose network namespace has the interface.
    pub place: PlaceName,
    /// The interface's name there: `calice0906292e2`.
    pub interface: String,
    /// Its link type.
    pub link: LinkType,
}

/// A stand-in of ours for something that this host lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulated {
    /// What is emulated: `ipip`.
    pub what: String,
    /// How, and why: one sentence without a full stop.
    pub how: String,
}

/// What a backend could do here and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// `netns`, `kind`, `cluster`.
    pub backend: String,
    /// Whether a lab can be brought up at all; `Err` says why not and what would remedy it.
    pub able: Result<(), String>,
    /// What was looked at, one line each.
    pub abilities: Vec<Ability>,
}

/// One thing a host can or cannot do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ability {
    /// What: `user namespace`, `ipip`, `/dev/net/tun`.
    pub what: String,
    /// Whether, and in a few words how it was found.
    pub found: Result<String, String>,
    /// What follows or what to do where it is missing.
    pub remedy: Option<String>,
}
