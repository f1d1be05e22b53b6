//! cnilab: a documented packet capture is a test.
//!
//! Rooms in the order of the data flow; a room imports from lower floors only (`tests/tidy.rs` holds that).
//! Left of [`evidence`] the world, which may fail; right of it pure functions from values to values.

pub mod fault;
pub mod name;
pub mod packet;
pub mod plain;

pub mod place;
pub mod wait;

pub mod expect;
pub mod site;

pub mod capture;
pub mod lab;

pub mod nettool;

pub mod backend;
pub mod plan;

pub mod probe;

pub mod evidence;

pub mod journey;

pub mod verdict;

pub mod diff;

pub mod event;

pub mod report;

pub mod run;

pub mod cli;
