//! A plan, before and after the site is known.

use std::net::Ipv4Addr;

use crate::lab::Lab;
use crate::name::{PlaceName, PointName, Symbol, Token};
use crate::packet::LinkType;
use crate::place::Cmd;
use crate::site::Topology;

/// What a lab needs, by name.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The lab it was drawn up for.
    pub lab: Lab,
    /// What to build.
    pub topology: Topology,
    /// One per scenario of the lab, in its order.
    pub scenarios: Vec<PlannedScenario>,
}

/// What a scenario needs, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedScenario {
    /// Where to capture: every interface on the probe's way in path order, then points off it that something is expected of.
    pub points: Vec<PointName>,
    /// Every symbol its expectations use.
    pub symbols: Vec<Symbol>,
}

/// What to do on a site that stands: names replaced by what they stand for.
#[derive(Clone, Debug)]
pub struct BoundPlan {
    /// One per scenario of the plan, in its order.
    pub scenarios: Vec<BoundScenario>,
}

/// A scenario that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundScenario {
    /// Its name.
    pub name: String,
    /// Where to capture, in path order.
    pub points: Vec<BoundPoint>,
    /// What to send, if anything.
    pub probe: Option<BoundProbe>,
    /// Which commands to run afterwards.
    pub state: Vec<BoundState>,
}

/// A point that can be captured at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundPoint {
    /// As the lab spells it.
    pub name: PointName,
    /// The place whose network namespace has the interface.
    pub place: PlaceName,
    /// The interface there.
    pub interface: String,
    /// Its link type.
    pub link: LinkType,
}

/// A probe that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundProbe {
    /// The place that sends it.
    pub from: PlaceName,
    /// Where it goes.
    pub to: Ipv4Addr,
    /// What it says there.
    pub message: Message,
    /// By which its packets are found again.
    pub token: Token,
}

/// What a probe says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// ICMP echoes.
    Echo {
        /// The payload's length in bytes, at least 16: it starts with the token.
        size: usize,
        /// How many, one after another.
        count: u16,
    },
    /// An HTTP request.
    Get {
        /// The port that is asked.
        port: u16,
        /// Who may answer.
        servers: Vec<Listening>,
    },
}

/// A pod that answers HTTP requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The pod.
    pub place: PlaceName,
    /// The port at which it listens.
    pub port: u16,
}

/// A command to run for its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundState {
    /// Where.
    pub on: PlaceName,
    /// As the lab spells it; the key under which evidence keeps the output.
    pub run: String,
    /// What is run.
    pub command: Cmd,
}
