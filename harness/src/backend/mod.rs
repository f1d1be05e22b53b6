//! Backends.

pub mod kind;
