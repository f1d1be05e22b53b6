//! Progress on standard error: a line that is rewritten on a terminal, nothing but plain lines elsewhere.

use std::io::{IsTerminal, Write};

use super::output::say;
use crate::event::Event;
use crate::plain;

/// Shows what a run is at.
#[derive(Debug)]
pub(super) struct Progress {
    quiet: bool,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, terminal: std::io::stderr().is_terminal() }
    }

    /// Shows `event`; `pid` is the process that the lab lives and dies with.
    pub(super) fn show(&mut self, event: &Event, pid: u32) {
        match event {
            Event::Note { text } => self.line(&format!("note: {text}")),
            Event::Kept { places } => {
                self.clear();
                let holder = innermost(pid);
                say("the lab stays up until Ctrl-C; to enter a place, as root:");
                for (place, descriptor) in places {
                    let place = plain::pad(place.as_str(), 12);
                    say(&format!(
                        "  {place} nsenter -t {holder} --user --mount --preserve-credentials --net=/proc/{holder}/fd/{descriptor} bash"
                    ));
                }
            }
            _ if self.quiet => {}
            Event::Began { phase } => {
                if self.terminal {
                    rewrite(&format!("  … {}", plain::line(phase)));
                }
            }
            Event::Done { phase, micros } => self.line(&format!("  {phase} ({})", spell(*micros))),
            Event::Failed { .. } => self.clear(),
        }
    }

    fn line(&mut self, line: &str) {
        self.clear();
        say(line);
    }

    fn clear(&self) {
        if self.terminal {
            rewrite("");
        }
    }
}

/// Puts `text` in place of the terminal's last line.
fn rewrite(text: &str) {
    // Carriage return, then "erase to end of line" (ECMA-48 8.3.41).
    let _ = write!(std::io::stderr().lock(), "\r\x1b[K{text}");
}

/// A number of microseconds as people say it: `12.3 ms`, `24.1 s`.
#[expect(clippy::cast_precision_loss, reason = "for people, to a tenth")]
fn spell(micros: u64) -> String {
    let millis = micros as f64 / 1000.0;
    if millis < 1000.0 { format!("{millis:.1} ms") } else { format!("{:.1} s", millis / 1000.0) }
}

/// The last of the only children of `pid`: the process inside the namespaces, as seen from here.
fn innermost(pid: u32) -> u32 {
    let child = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok();
    child.and_then(|text| text.split_whitespace().next()?.parse().ok()).map_or(pid, innermost)
}
