//! Labs: one file each, read, checked and turned into values.
//!
//! In: the text of a lab file. Out: a [`Lab`], or every problem it has, each with file, line and column.
//! Never: touches a host, or knows what a name will stand for.

mod model;

pub use model::{
    Claim, Cluster, Correction, DocumentedLine, Expectation, Lab, LabNic, LabNode, LabPod, LabTunnel, LabWiring, Line, Network, Position,
    Probe, Scenario, Source, StateExpectation, When,
};
