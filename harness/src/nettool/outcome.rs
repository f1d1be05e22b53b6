//! What the sender of a probe saw.

use std::net::SocketAddrV4;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::name::Token;

/// What the sender of a probe saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Outcome {
    /// The token it carried.
    pub token: Token,
    /// When it was handed to the kernel, in nanoseconds since the epoch; `None`: it never left, see `error`. Of several pings, the first that left.
    pub sent_at: Option<u64>,
    /// When its answer came back, in nanoseconds since the epoch. Of several pings, the last answer.
    pub answered_at: Option<u64>,
    /// The TTL of the answer, as `ping` prints it.
    pub answer_ttl: Option<u8>,
    /// What the answer to an HTTP request says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The sender's end of an HTTP request's connection, as the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddrV4>,
    /// How many echoes there were; `None` of a request, and in evidence of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echoes: Option<Echoes>,
    /// What went wrong first, in words.
    pub error: Option<String>,
}

/// How many echo requests a probe was to send, and what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Echoes {
    /// How many were to be sent.
    pub count: u16,
    /// How many were handed to the kernel.
    pub sent: u16,
    /// How many were answered, each in its time.
    pub answered: u16,
}

impl Outcome {
    /// Of a probe of which nothing is known yet.
    pub fn silent(token: Token) -> Self {
        Self { token, sent_at: None, answered_at: None, answer_ttl: None, answer: None, local: None, echoes: None, error: None }
    }

    /// Of a probe that never left: why.
    pub fn failed(token: Token, error: String) -> Self {
        Self { error: Some(error), ..Self::silent(token) }
    }
}

/// Nanoseconds since the epoch.
pub(super) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
