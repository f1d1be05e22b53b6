//! Sites: a lab to be built, and a lab that stands, as values.
//!
//! In: what a plan asks for and what a backend found. Out: [`Topology`], [`Site`], [`Facts`], [`Survey`].
//! Never: builds anything.

mod facts;
mod topology;

pub use facts::{Ability, Emulated, Facts, PointFact, Site, Survey};
pub use topology::{
    BridgeSpec, Endpoint, Nic, NodeSpec, PeerSpec, PodSpec, RouteSpec, ServiceSpec, Topology, TunnelKind, TunnelSpec, Wiring,
};
