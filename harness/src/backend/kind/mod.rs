//! The kind backend: a real cluster in Docker, made by the user's own `kind`, with a real CNI from a recipe.
//!
//! In: a topology and a recipe folder. Out: a site of the cluster's nodes and pods.
//! Never: knows a CNI by name, pulls an image of ours, or touches a cluster that it neither made nor was given.

mod backend;
mod claim;
mod options;
mod stock;
mod survey;
mod sweep;

mod fetch;
mod manifest;
mod prepare;
mod recipe;

mod build;
mod engine;
mod links;
mod machine;
mod program;
mod reach;
mod tables;

mod archive;
mod elf;
mod load;

mod api;
mod pods;
mod rollout;
mod services;
mod steps;

mod clear;
mod facts;
mod place;
mod versions;

mod error;

pub use backend::{BuildError, Kind};
pub use error::{KindError, RecipeError};
pub use options::{Capture, Options, Phase, Progress, Servers, Share, Watch};
pub use prepare::Choices;
pub use survey::may_enter;
pub use sweep::{Stray, Why, strays, sweep};
