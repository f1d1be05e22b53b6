//! What the sender of a probe saw.

use serde::{Deserialize, Serialize};

use crate::name::Token;

/// What the sender of a probe saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Outcome {
    /// The token it carried.
    pub token: Token,
    /// When it was handed to the kernel, in nanoseconds since the epoch; `None`: it never left, see `error`.
    pub sent_at: Option<u64>,
    /// When its answer came back, in nanoseconds since the epoch.
    pub answered_at: Option<u64>,
    /// The TTL of the answer, as `ping` prints it.
    pub answer_ttl: Option<u8>,
    /// What went wrong, in words.
    pub error: Option<String>,
}
