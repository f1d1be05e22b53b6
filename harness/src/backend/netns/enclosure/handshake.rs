//! What the stages and the outer process say to each other before the pipes are the caller's.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::EnclosureError;
use super::error::remedy;
use crate::site::Survey;

/// What a stage says: one line of JSON on its standard output.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Told {
    /// The first stage has its namespaces; its ids are to be mapped if it has a user namespace of its own.
    Unshared { user_namespace: bool },
    /// The second stage dies with the first from now on.
    Armed,
    /// What this host can do.
    Surveyed(Survey),
    /// A step was refused, with the number of the error.
    Refused { step: String, errno: i32 },
}

/// What a stage is told: one byte on its standard input. The end of file means that nobody waits for it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Order {
    /// Go on to what the process is for.
    Enter = b'e',
    /// Look what this host can do, tell, and end.
    Survey = b's',
}

/// Says `told` on standard output.
pub(super) fn tell(told: &Told) -> io::Result<()> {
    let mut line = serde_json::to_string(told)?;
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

/// Waits to be told what to do. Reads one byte and no more: what follows is for the next stage, or for the caller.
pub(super) fn obey() -> Result<Order, EnclosureError> {
    let mut byte = [0];
    loop {
        match nix::unistd::read(io::stdin().as_fd(), &mut byte) {
            Ok(1) if byte[0] == Order::Enter as u8 => return Ok(Order::Enter),
            Ok(1) if byte[0] == Order::Survey as u8 => return Ok(Order::Survey),
            Err(Errno::EINTR) => {}
            _ => return Err(EnclosureError::Orphaned),
        }
    }
}

/// Hears what a stage says. Reads no further than the end of the line: what follows is the caller's.
pub(super) fn hear(stdout: &mut impl Read) -> Result<Told, EnclosureError> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        match stdout.read(&mut byte) {
            Ok(1) if byte[0] == b'\n' => break,
            Ok(1) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return Err(EnclosureError::Ended),
        }
    }
    match serde_json::from_slice(&line) {
        Ok(Told::Refused { step, errno }) => {
            Err(EnclosureError::Refused { step, remedy: remedy(Errno::from_raw(errno)), source: io::Error::from_raw_os_error(errno) })
        }
        Ok(told) => Ok(told),
        Err(_) => Err(EnclosureError::OutOfTurn { told: String::from_utf8_lossy(&line).into_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_heard_than_was_said() {
        let mut pipe: &[u8] = b"\"Armed\"\n{\"event\":\"began\"}\n";
        assert!(matches!(hear(&mut pipe), Ok(Told::Armed)));
        assert_eq!(pipe, b"{\"event\":\"began\"}\n");
    }

    #[test]
    fn a_refusal_is_an_error_with_its_cause_and_a_remedy() {
        let mut pipe: &[u8] = b"{\"Refused\":{\"step\":\"create a user namespace\",\"errno\":1}}\n";
        let Err(EnclosureError::Refused { step, source, remedy }) = hear(&mut pipe) else { panic!("not refused") };
        assert_eq!((step.as_str(), source.raw_os_error()), ("create a user namespace", Some(1)));
        assert!(!remedy.is_empty());
    }

    #[test]
    fn what_is_no_word_of_ours_is_shown() {
        let mut pipe: &[u8] = b"usage: other-program\n";
        assert_eq!(hear(&mut pipe).unwrap_err().to_string(), "the enclosed process told `usage: other-program` out of turn");
        assert!(matches!(hear(&mut pipe), Err(EnclosureError::Ended)));
    }
}
