//! Reports: a verdict, or two runs side by side, as people and machines read it, one small file per format.
//!
//! In: a [`RunVerdict`](crate::verdict::RunVerdict) or a [`Diff`](crate::diff::Diff), and an [`About`] with what else is known of a run. Out: text.
//! Never: prints, judges, or looks at frames.

mod about;
mod deviation;
mod diff_json;
mod json;
mod junit;
mod terminal;
mod words;

pub use about::{About, Style, Verbosity};
pub use diff_json::diff_json;
pub use json::json;
pub use junit::junit;
pub use terminal::{terminal, terminal_diff};

#[cfg(test)]
mod diff_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
