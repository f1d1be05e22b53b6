//! Labs: one file each, read, checked and turned into values.
//!
//! In: the text of a lab file. Out: a [`Lab`], or every problem it has, each with file, line and column.
//! Never: touches a host, or knows what a name will stand for.

mod model;

mod at;
mod file;
mod suggest;

mod problem;
mod shape;
mod text;
mod tree;

mod cluster;
mod command;
mod decode;
mod path;
mod placeholder;
mod pod;
mod rules;
mod service;
mod symbol;
mod value;

mod assert;
mod exercise;
mod lines;
mod load;
mod names;
mod open;
mod probe;
mod scenario;
mod uses;
mod when;

mod mutation;

pub use command::{command, fill_command};
pub use load::{load, schema};
pub use model::{
    Claim, Cluster, Correction, CurlTarget, DocumentedLine, Expectation, Extent, Lab, LabNic, LabNode, LabPod, LabService, LabTunnel,
    LabWiring, Line, Network, Position, Probe, Scenario, Source, StateExpectation,
};
pub use mutation::{Break, Broken, Consequence, HarnessFault, Mutation, Step, Victim, Within, matches_glob, mutations};
pub use problem::{Problem, Problems};
pub use suggest::closest;
pub use text::text;
pub use value::route_protocol_name;
pub use when::{VersionBound, Versioned, When};

#[cfg(test)]
mod tests;
