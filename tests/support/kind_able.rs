//! Whether this host can hold clusters of kind.

use std::collections::BTreeMap;

use cnilab::backend::kind::{Choices, Servers};
use cnilab::run::{ClusterChoices, survey_on_kind};

use super::needs::needs;
use super::root::root;

/// Whether a cluster of kind can be made here for `lab`.
pub(crate) fn kind_able(lab: &str) -> Result<(), String> {
    let recipe_choices = Choices { version: None, images: images(), offline: std::env::var_os("CNILAB_OFFLINE_DIR").map(Into::into) };
    let recipe = root().join("kind-configs").join(lab);
    let needs = needs(lab, "kind");
    survey_on_kind(&ClusterChoices { recipe, recipe_choices, servers: Servers::Asked, needs, ..ClusterChoices::default() }).able
}

/// The images that `CNILAB_SET_IMAGE` puts in place of others, as the binary under test reads it.
fn images() -> BTreeMap<String, String> {
    let list = std::env::var("CNILAB_SET_IMAGE").unwrap_or_default();
    list.split(',').filter_map(|pair| pair.split_once('=')).map(|(old, new)| (old.to_owned(), new.to_owned())).collect()
}
