//! The kind backend: a real cluster in Docker, made by the user's own `kind`, with a real CNI from a recipe.
//!
//! In: a topology and a recipe folder. Out: a site of the cluster's nodes and pods.
//! Never: knows a CNI by name, pulls an image of ours, or touches a cluster that it did not make.

mod backend;
mod options;
mod survey;

mod recipe;
mod manifest;
mod fetch;
mod prepare;

mod build;
mod engine;
mod program;
mod machine;
mod tables;
mod links;

mod elf;
mod archive;
mod load;

mod api;
mod rollout;
mod steps;
mod pods;

mod facts;
mod place;
mod versions;

mod error;

pub use backend::{BuildError, Kind};
pub use error::{KindError, RecipeError};
pub use options::{Options, Phase, Progress, Share, Watch};
pub use prepare::Choices;
