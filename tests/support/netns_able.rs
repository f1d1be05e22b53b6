//! Whether this host can hold labs in network namespaces.

use cnilab::backend::netns::Netns;

use super::needs::needs;
use super::trial::cnilab;

/// Whether a lab can be proven here on the embedded backend, with all that it needs.
pub(crate) fn netns_able(lab: &str) -> Result<(), String> {
    Netns::survey_for(Netns::survey_from_outside(cnilab()), &needs(lab, "netns")).able
}
