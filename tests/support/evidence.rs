//! Where tests keep evidence.

use std::path::{Path, PathBuf};

/// A folder for evidence below the build's own temporary folder, fresh.
pub(crate) fn evidence_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evidence").join(format!("{name}-{}", std::process::id()));
    // Most often there is none.
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
