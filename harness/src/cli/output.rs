//! Data to standard output, talk to standard error. Whatever we say passes here, and what others wrote steers no terminal.

use std::error::Error;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::args::{Format, FormatKind};
use super::exit::Exit;
use super::open;
use crate::fault::in_words;
use crate::plain;

/// Who data is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Takes more.
    Listens,
    /// Went away (`cnilab show … | head`): that ends the output, and is no fault of ours.
    Gone,
}

/// Writes text to standard output, with all spelt out that would steer a terminal.
pub(super) fn data(text: &str) -> Result<Reader, Exit> {
    as_it_is(&plain::text(text))
}

/// Writes what is in a format of its own to standard output, as it is.
pub(super) fn as_it_is(text: &str) -> Result<Reader, Exit> {
    let mut stdout = io::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// What became of writing to standard output; that it failed has been said.
fn written(result: io::Result<()>) -> Result<Reader, Exit> {
    match result {
        Ok(()) => Ok(Reader::Listens),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => {
            say(&format!("error: cannot write to standard output: {error}"));
            Err(Exit::Fault)
        }
    }
}

/// Says a line on standard error, with all spelt out that would steer a terminal.
pub(super) fn say(line: &str) {
    say_painted(&plain::text(line));
}

/// Says a line in colours of our own on standard error; what others wrote in it has been spelt out.
pub(super) fn say_painted(line: &str) {
    // If nobody can be told, nobody can be told that.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Says what went wrong and every cause of it, each once, on standard error.
pub(super) fn complain(error: &dyn Error) {
    say(&format!("error: {}", in_words(error)));
}

/// Prints what clap has to say: `--help` and `--version` are data; a wrong argument is talk.
pub(super) fn usage(said: &clap::Error) -> Exit {
    let text = said.render().to_string();
    if said.use_stderr() {
        if plain::text(&text) == text {
            // In colours, where there are any.
            let _ = said.print();
        } else {
            say(text.trim_end());
        }
        return Exit::BadInput;
    }
    written(said.print()).map_or_else(|exit| exit, |_| Exit::Held)
}

/// Says which report could not be written to where it was asked for, before it is known what it says.
pub(super) fn can_write(formats: &[Format]) -> Result<(), Exit> {
    let files: Vec<_> = formats.iter().filter_map(|format| format.file.as_deref()).collect();
    for (index, file) in files.iter().enumerate() {
        let twice = files[..index].contains(file) && !file.starts_with("/dev");
        let found = if twice { Err(format!("two reports are to go to {}", file.display())) } else { open::can_write(file) };
        found.map_err(|message| {
            say(&format!("error: {message}"));
            Exit::BadInput
        })?;
    }
    Ok(())
}

/// Whether what we print may be coloured: standard output and standard error are terminals, and `NO_COLOR` (no-color.org) not set.
pub(super) fn colour() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes every report that was asked for, each to where it was asked for; without any, the one for people. One that cannot be written keeps none of the
/// others back.
pub(super) fn write(formats: &[Format], render: impl Fn(&Format) -> String) -> Result<(), Exit> {
    let default = [Format { kind: FormatKind::Terminal, file: None }];
    let mut all = Ok(());
    for format in if formats.is_empty() { &default } else { formats } {
        let text = render(format);
        let one = match &format.file {
            None => as_it_is(&text).map(|_| ()),
            Some(file) => std::fs::write(file, text).map_err(|error| {
                say(&format!("error: cannot write {}: {error}", file.display()));
                Exit::Fault
            }),
        };
        all = all.and(one);
    }
    all
}

/// A path as one would type it in the working directory.
pub(super) fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
