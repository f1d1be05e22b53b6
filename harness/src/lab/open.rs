//! What the lines of expectations print and do not assert.

use std::collections::BTreeSet;

use super::model::{Claim, StateExpectation};
use crate::expect::{Part, StateToken, Volatile};

impl Claim {
    /// What the judged lines print and do not assert.
    pub fn open_parts(&self) -> BTreeSet<Part> {
        match self {
            Self::Lines(lines) => lines.iter().flat_map(|line| &line.judged().pattern.open).map(|open| open.part).collect(),
            Self::None => BTreeSet::new(),
        }
    }
}

impl StateExpectation {
    /// What the judged lines print and do not assert, for a kernel chooses it.
    pub fn open_parts(&self) -> BTreeSet<Volatile> {
        let words = self.has.iter().chain(&self.lacks).flat_map(|line| &line.judged().pattern.words);
        words.filter_map(|word| if let StateToken::Volatile(kind) = word.token { Some(kind) } else { None }).collect()
    }
}
