//! `cnilab nettool`.

use super::exit::Exit;
use super::output::{as_it_is, complain};
use crate::nettool::{Tool, run};

/// Does what is asked for in a pod.
pub(super) fn nettool(tool: Tool) -> Exit {
    match run(tool) {
        Ok(text) => as_it_is(&text).map_or_else(|exit| exit, |_| Exit::Held),
        Err(error) => {
            complain(&error);
            Exit::Broken
        }
    }
}
