//! Labs by name or path.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::open::{cannot_read, is_not, read_plain};
use super::output::{colour, say, say_painted};
use crate::lab::{self, Lab, Problems};

/// The largest lab file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The `labs` folder: `CNILAB_LABS`, or the nearest one from the working directory upwards.
pub(super) fn labs_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("CNILAB_LABS").filter(|folder| !folder.is_empty()) {
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
    let there = match std::fs::metadata(named) {
        Ok(metadata) if metadata.is_file() => return Ok(named.to_owned()),
        Ok(metadata) if metadata.is_dir() && inside(named).symlink_metadata().is_ok() => return Ok(inside(named)),
        Ok(metadata) if metadata.is_dir() => format!("{} is a folder without a lab.yaml", named.display()),
        Ok(metadata) => is_not(named, metadata.file_type(), "a lab file"),
        Err(error) if error.kind() == ErrorKind::NotFound && !named.is_symlink() => String::new(),
        Err(error) => cannot_read(named, &error),
    };
    let folder = labs_folder();
    if let Some(file) = folder.as_deref().map(|folder| inside(&folder.join(named))).filter(|file| file.symlink_metadata().is_ok()) {
        return Ok(file);
    }
    Err(if there.is_empty() { not_there(named, folder.as_deref()) } else { there })
}

/// Why there is no lab file of that name, and what may have been meant.
fn not_there(named: &Path, folder: Option<&Path>) -> String {
    let is_yaml = named.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let is_path = is_yaml || named.components().count() > 1 || named.to_str().is_some_and(|text| text.ends_with('/'));
    let known = folder.map(names).unwrap_or_default();
    let last = named.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let hint = match lab::closest(last, known.iter().map(String::as_str)) {
        Some(meant) => format!("\nhint: did you mean `{meant}`?"),
        None if known.is_empty() => String::new(),
        None => format!("\nhint: there are {}", known.join(", ")),
    };
    let named = named.display();
    match folder {
        _ if is_path => format!("cannot read {named}: there is no such file{hint}"),
        None => format!("there is no file `{named}`, and no `labs` folder here or above\nhint: give a path, or set CNILAB_LABS"),
        Some(folder) => format!("there is no lab `{named}`: there is no file of that name, and {} has none{hint}", folder.display()),
    }
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

/// The text of a file that a user wrote, bounded; what is wrong with it has been said.
pub(super) fn read_text(file: &Path) -> Result<String, Exit> {
    let bytes = read_plain(file, LARGEST).map_err(bad)?;
    lab::text(file, &bytes).map_err(|problems| {
        say_problems(&problems);
        Exit::BadInput
    })
}

/// Says what of the user's input cannot be used.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn bad(message: String) -> Exit {
    say(&format!("error: {message}"));
    Exit::BadInput
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
    let file = lab_file(named).map_err(bad)?;
    let text = read_text(&file)?;
    lab::load(&file, &text).map_err(|problems| {
        say_problems(&problems);
        Exit::BadInput
    })
}
