//! Reports: a verdict as people and machines read it, one small file per format.
//!
//! In: a [`RunVerdict`](crate::verdict::RunVerdict), and an [`About`] with what else is known of the run. Out: text.
//! Never: prints, judges, or looks at frames.

mod about;
mod json;
mod junit;
mod terminal;
mod words;

pub use about::{About, Style, Verbosity};
pub use json::json;
pub use junit::junit;
pub use terminal::terminal;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
