//! Opening the files of a folder that is not trusted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Take};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::limit;
use super::problem::EvidenceError;

/// What may still be read of all files together, in bytes.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn new() -> Self {
        Self(limit::TOTAL)
    }

    /// Opens a plain file of at most `limit` bytes; no more than that can be read of it, even if it grows.
    pub(super) fn open(&mut self, path: &Path, limit: u64) -> Result<Take<File>, EvidenceError> {
        // Not followed if it is a symbolic link; not waited for if it is a pipe.
        let opened = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path);
        let not_plain = || EvidenceError::NotPlain { path: path.to_owned(), wanted: "file" };
        let file = opened.map_err(|source| match source.raw_os_error() {
            Some(libc::ELOOP | libc::ENXIO) => not_plain(),
            _ => read_error(path)(source),
        })?;
        let metadata = file.metadata().map_err(read_error(path))?;
        if !metadata.is_file() {
            return Err(not_plain());
        }
        let too_much = |limit| EvidenceError::TooMuch { path: path.to_owned(), limit, what: "bytes" };
        if metadata.len() > limit {
            return Err(too_much(limit));
        }
        self.0 = self.0.checked_sub(metadata.len()).ok_or_else(|| EvidenceError::TooMuch {
            path: path.to_owned(),
            limit: limit::TOTAL,
            what: "bytes, all files before it included",
        })?;
        Ok(file.take(metadata.len()))
    }

    /// Reads a text of at most `limit` bytes.
    pub(super) fn text(&mut self, path: &Path, limit: u64) -> Result<String, EvidenceError> {
        let mut text = String::new();
        self.open(path, limit)?.read_to_string(&mut text).map_err(read_error(path))?;
        Ok(text)
    }
}

/// For `map_err`.
pub(super) fn read_error(path: &Path) -> impl FnOnce(io::Error) -> EvidenceError {
    let path = path.to_owned();
    move |source| EvidenceError::Read { path, source }
}

/// What is in a folder that is no symbolic link, at most `most` of them, in no order; names that start with a dot are unfinished and left out.
pub(super) fn entries(folder: &Path, most: usize, what: &'static str) -> Result<Vec<PathBuf>, EvidenceError> {
    plain_folder(folder)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(read_error(folder))? {
        let path = entry.map_err(read_error(folder))?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        if found.len() == most {
            return Err(EvidenceError::TooMuch { path: folder.to_owned(), limit: most as u64, what });
        }
        found.push(path);
    }
    Ok(found)
}

/// Refuses what is not a folder itself.
pub(super) fn plain_folder(path: &Path) -> Result<(), EvidenceError> {
    let metadata = fs::symlink_metadata(path).map_err(read_error(path))?;
    if metadata.is_dir() { Ok(()) } else { Err(EvidenceError::NotPlain { path: path.to_owned(), wanted: "folder" }) }
}

/// The path of a file beside `from` that `from` names; refuses whatever is more than a name.
pub(super) fn beside(from: &Path, name: &str) -> Result<PathBuf, EvidenceError> {
    let plain = !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    if plain {
        Ok(from.with_file_name(name))
    } else {
        Err(EvidenceError::Name { path: from.to_owned(), name: name.chars().take(300).collect() })
    }
}
