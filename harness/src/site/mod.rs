//! Sites: a lab to be built, and a lab that stands, as values.
//!
//! In: what a plan asks for and what a backend found. Out: [`Topology`], [`Site`], [`Facts`], [`Needs`], [`Survey`].
//! Never: builds anything.

mod facts;
mod topology;

mod needs;

pub use facts::{Ability, Emulated, Facts, PointFact, Site, Survey};
pub use needs::{Needs, all_there};
pub use topology::{
    BridgeSpec, Endpoint, Nic, NodeSpec, PeerSpec, PodSpec, RouteSpec, ServiceSpec, Topology, TunnelKind, TunnelSpec, Wiring,
};
