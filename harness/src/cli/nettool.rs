//! `cnilab nettool`.

use super::exit::Exit;
use super::output::{complain, data};
use crate::nettool::{Tool, run};

/// Does what is asked for in a pod.
pub(super) fn nettool(tool: Tool) -> Exit {
    match run(tool) {
        Ok(text) => {
            data(&text);
            Exit::Held
        }
        Err(error) => {
            complain(&error);
            Exit::Broken
        }
    }
}
