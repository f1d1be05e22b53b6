//! Expectations: documented lines as patterns.
//!
//! In: a line as a document printed it. Out: a [`Pattern`] or a [`StateLine`], every part with its span.
//! Never: knows a lab, or what a name stands for.

mod pattern;

pub use pattern::{FieldPattern, LayerPattern, LineProblem, Pattern, StateLine, StateToken, Want, Word};
