//! The kind backend: a real cluster in Docker, made by the user's own `kind`, with a real CNI from a recipe.
//!
//! In: a topology and a recipe folder. Out: a site of the cluster's nodes and pods.
//! Never: knows a CNI by name, pulls an image of ours, or touches a cluster that it did not make.

mod archive;
mod elf;
mod error;
mod fetch;
mod manifest;
mod prepare;
mod recipe;

pub use archive::{Image, pack};
pub use error::{KindError, RecipeError};
pub use prepare::{Choices, Prepared, prepare};
pub use recipe::Recipe;
