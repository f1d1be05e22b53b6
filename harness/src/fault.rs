//! Faults: an error and what lies behind it, for people.
//!
//! In: any error. Out: one line, and whose doing it is.
//! Never: decides what becomes of it.

use serde::{Deserialize, Serialize};

/// Whose doing it is that something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "whose")]
pub enum Blame {
    /// This host lacks something, or refuses it: nothing is wrong with the harness.
    Host {
        /// What would help, if that is known.
        remedy: Option<String>,
    },
    /// What the user gave cannot be used.
    Input,
    /// The harness's own.
    Harness,
}

/// An error and its causes in one line; a cause that the line has already is not said again, since some libraries repeat theirs.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let words = source.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn causes_stand_behind_what_they_caused_and_only_once() {
        let error = Layer("cannot start: no such file", Some(Box::new(Layer("no such file", Some(Box::new(Layer("really", None)))))));
        assert_eq!(in_words(&error), "cannot start: no such file: really");
    }
}
