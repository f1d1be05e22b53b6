//! `cnilab show`.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::args::Show;
use super::exit::Exit;
use super::find::bad;
use super::open::{cannot_read, open_plain};
use super::output::{Reader, data, say};
use crate::fault::in_words;
use crate::packet::{self, CodecError, Detail, Hints, Limits, Printer};

/// Prints a capture.
pub(super) fn show(args: &Show) -> Exit {
    let mut hints = Hints::default();
    for decode in &args.decode {
        match Hints::parse(decode) {
            Ok((port, carries)) => hints.add(port, carries),
            Err(error) => {
                say(&format!("error: --decode {decode}: {error}"));
                return Exit::BadInput;
            }
        }
    }
    let file = args.file.display();
    let input = match open(&args.file) {
        Ok(input) => input,
        Err(message) => return bad(message),
    };
    let (capture, cut) = match packet::read_capture(input, &Limits::default()) {
        Ok(capture) => (capture, None),
        Err(CodecError::Truncated { at: 0, .. }) => return bad(format!("{file} is empty")),
        // What is there of it is worth something: a capture that was not closed ends so.
        Err(CodecError::Truncated { at, what, before }) => (*before, Some(format!("{file} ends at byte {at}, in the middle of {what}"))),
        Err(error) => return bad(format!("{file}: {}", in_words(&error))),
    };
    let mut printer = Printer::new(if args.verbose { Detail::Verbose } else { Detail::Brief });
    let mut text = String::new();
    for (interface, frame) in &capture.frames {
        let link = capture.interfaces[*interface].link;
        let stack = packet::dissect(&frame.bytes, frame.wire_length, link, &hints);
        if args.tree {
            text.push_str(&packet::tree(&stack));
        } else {
            let _ = writeln!(text, "{}", printer.line(&stack, link).text);
        }
        if text.len() > 1 << 16 {
            match data(&text) {
                Ok(Reader::Listens) => text.clear(),
                Ok(Reader::Gone) => return Exit::Held,
                Err(exit) => return exit,
            }
        }
    }
    match data(&text) {
        Ok(_) => cut.map_or(Exit::Held, bad),
        Err(exit) => exit,
    }
}

/// Standard input, a descriptor that was handed over (`<(…)` in a shell), or a plain file.
fn open(path: &Path) -> Result<Box<dyn Read>, String> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let handed_over = ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|place| path.starts_with(place));
    let opened = if handed_over { File::open(path).map_err(|error| cannot_read(path, &error)) } else { open_plain(path) };
    Ok(Box::new(opened?))
}
