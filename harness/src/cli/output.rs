//! Data to standard output, talk to standard error; a reader that went away is no fault of ours.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::args::{Format, FormatKind};
use super::exit::Exit;
use crate::fault::in_words;

/// Writes data, as it is, to standard output.
pub(super) fn data(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // A closed pipe (`cnilab show … | head`) ends the output, not the program.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Says a line on standard error.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says what went wrong and every cause of it, each once, on standard error.
pub(super) fn complain(error: &dyn Error) {
    say(&format!("error: {}", in_words(error)));
}

/// Whether what we print may be coloured: standard output and standard error are terminals, and `NO_COLOR` (no-color.org) not set.
pub(super) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes every report that was asked for, each to where it was asked for; without any, the one for people.
pub(super) fn write(formats: &[Format], render: impl Fn(&Format) -> String) -> Result<(), Exit> {
    let default = [Format { kind: FormatKind::Terminal, file: None }];
    for format in if formats.is_empty() { &default } else { formats } {
        let text = render(format);
        match &format.file {
            None => data(&text),
            Some(file) => std::fs::write(file, text).map_err(|error| {
                say(&format!("error: cannot write {}: {error}", file.display()));
                Exit::Fault
            })?,
        }
    }
    Ok(())
}

/// A path as one would type it in the working directory.
pub(super) fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
