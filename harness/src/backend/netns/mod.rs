//! The embedded backend: nodes and pods are network namespaces of one process.
//!
//! In: a topology. Out: a site whose places are held by file descriptors alone, so that it cannot outlive the process.
//! Never: starts `ip`, names a namespace under `/run/netns`, or touches the host's own network.

mod build;
mod check;
mod down;
pub mod enclosure;
mod facts;
mod ferry;
mod filter;
mod ipip;
mod ipip_ferry;
mod live;
mod messages;
mod namespace;
mod netlink;
mod place;
mod ready;
mod services;
mod standin;
mod survey;
mod sys;
mod tunnel;
mod udp_proxy;
mod up;

pub use udp_proxy::ProxyFault;
pub use up::Netns;
