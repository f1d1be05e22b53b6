//! The process that holds an embedded lab.

use std::io::{BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::process::ExitCode;

use super::record::{Asker, Linger, record};
use super::teller::{Phases, Teller};
use super::{Breakage, Request, RunError};
use crate::backend::netns::{Netns, enclosure};
use crate::event::Event;
use crate::fault::in_words;
use crate::site::Site;

/// The process that holds an embedded lab: takes a [`Request`] on standard input and tells [`Event`]s on standard output.
pub fn enclosed(inner: bool) -> ExitCode {
    if !inner {
        return enclosure::first_stage();
    }
    let carried_out = carry_out();
    if let Err(error) = &carried_out {
        tell(&Event::Failed { text: in_words(error), blame: error.blame() });
    }
    ExitCode::from(u8::from(carried_out.is_err()))
}

fn carry_out() -> Result<(), RunError> {
    enclosure::second_stage().map_err(RunError::Enclose)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(RunError::Talk)?;
    let request: Request = serde_json::from_str(&line).map_err(|error| RunError::Talk(error.into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Talk)?;
    let mut sink = tell;
    let fault = request.breakage.as_ref().map(Breakage::proxy_fault).unwrap_or_default();
    let netns = Netns { fault, ..Netns::default() };
    let requests = std::slice::from_ref(&request);
    runtime.block_on(record(requests, &netns, &mut Teller::new(&mut sink, Phases::default()), &mut Outer))
}

/// The outer process, which asks for one run and kills this process to interrupt it.
struct Outer;

impl Asker for Outer {
    /// Leaves the lab up until standard input ends.
    fn keep(&self, site: &Site) -> Linger {
        let places = site.places.iter().filter_map(|(name, place)| Some((name.clone(), place.netns()?.as_raw_fd()))).collect();
        tell(&Event::Kept { places });
        // Whatever the outer process writes, only the end of its input counts.
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        Linger::No
    }

    fn told(&mut self, _: &Request, done: Result<(), RunError>) -> Result<(), RunError> {
        done
    }

    fn interrupted(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// Writes an event as a line; without a reader there is nobody to tell.
fn tell(event: &Event) {
    let mut stdout = std::io::stdout().lock();
    let line = serde_json::to_string(event).expect("an event is strings and numbers");
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
