//! Labs by name or path.

use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::output::{colour, say, say_painted};
use crate::lab::{self, Lab, Problems};

/// The largest lab file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The `labs` folder: `CNILAB_LABS`, or the nearest one from the working directory upwards.
pub(super) fn labs_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("CNILAB_LABS") {
        return Some(folder.into());
    }
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().map(|folder| folder.join("labs")).find(|folder| folder.is_dir())?;
    // Shown to people and kept in evidence: relative where it can be.
    Some(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}

/// The file of the lab that was named: a path, a folder with a `lab.yaml`, or a name under `labs/`.
pub(super) fn lab_file(named: &Path) -> Result<PathBuf, String> {
    let inside = |folder: &Path| folder.join("lab.yaml");
    if named.is_file() {
        return Ok(named.to_owned());
    }
    if inside(named).is_file() {
        return Ok(inside(named));
    }
    let folder = labs_folder().ok_or("there is no `labs` folder here or above; give a path, or set CNILAB_LABS")?;
    let file = inside(&folder.join(named));
    if file.is_file() {
        return Ok(file);
    }
    let known = names(&folder);
    let hint = if known.is_empty() { String::new() } else { format!("\nhint: there are {}", known.join(", ")) };
    Err(format!("there is no lab `{}`, neither as a path nor under {}{hint}", named.display(), folder.display()))
}

/// The names of the labs under `folder`, sorted.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("lab.yaml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The text of a file that a user wrote, bounded.
pub(super) fn read_text(file: &Path) -> Result<String, String> {
    let length = std::fs::metadata(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?.len();
    if length > LARGEST {
        return Err(format!("{} has {length} bytes; at most {LARGEST} are read", file.display()));
    }
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    String::from_utf8(bytes).map_err(|error| format!("{}: byte {} is not UTF-8", file.display(), error.utf8_error().valid_up_to()))
}

/// Says what is wrong with a file.
pub(super) fn say_problems(problems: &Problems) {
    if colour() {
        say_painted(&problems.in_colour());
    } else {
        say(&problems.to_string());
    }
}

/// The checked lab that was named; what is wrong with it has been said.
pub(super) fn load(named: &Path) -> Result<Lab, Exit> {
    let bad = |message: String| {
        say(&format!("error: {message}"));
        Exit::BadInput
    };
    let file = lab_file(named).map_err(bad)?;
    let text = read_text(&file).map_err(bad)?;
    lab::load(&file, &text).map_err(|problems| {
        say_problems(&problems);
        Exit::BadInput
    })
}
