//! Whether this host can hold labs in network namespaces.

use cnilab::backend::netns::Netns;

use super::trial::cnilab;

/// Whether the embedded backend can run here.
pub(crate) fn netns_able() -> Result<(), String> {
    Netns::survey_from_outside(cnilab()).able
}
