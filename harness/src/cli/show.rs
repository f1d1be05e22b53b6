//! `cnilab show`.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::args::Show;
use super::exit::Exit;
use super::output::{Reader, complain, data, say};
use crate::packet::{self, Detail, Hints, Limits, Printer};

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
    let input: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        match File::open(&args.file) {
            Ok(file) => Box::new(file),
            Err(error) => {
                say(&format!("error: cannot open {}: {error}", args.file.display()));
                return Exit::BadInput;
            }
        }
    };
    let capture = match packet::read_capture(input, &Limits::default()) {
        Ok(capture) => capture,
        Err(error) => {
            complain(&error);
            return Exit::BadInput;
        }
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
    data(&text).map_or_else(|exit| exit, |_| Exit::Held)
}
