//! A capture in a place that only a process in it can reach: what is said to that process, and what it says.
//!
//! One line of JSON each way: the order; which points do not listen and why. Then, after a byte, what was heard. The process ends when its
//! standard input does, so that none is left behind by whoever started it.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use serde::{Deserialize, Serialize};

use super::listen::{Common, Listener, serve};
use super::options::{Options, Target};
use super::recording::{Liveness, Recording};
use crate::fault::in_words;
use crate::name::Token;
use crate::packet::{Frame, LinkType};

/// What a process is to capture.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The points, each with its number among all of the capture's.
    pub(super) points: Vec<(u32, Target)>,
    pub(super) options: Options,
    /// By which the sentinels of the whole capture are known, wherever they turn up.
    pub(super) token: Token,
}

/// Why each point does not listen; `None`: it does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer(pub(super) Vec<Option<String>>);

/// What was heard at one point.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Heard {
    link: LinkType,
    dropped: u64,
    liveness: Liveness,
    promiscuous: bool,
    frames: Vec<HeardFrame>,
}

/// A frame: when, how long on the wire, and its bytes in hexadecimal digits.
#[derive(Debug, Serialize, Deserialize)]
struct HeardFrame(u64, u32, String);

impl Heard {
    fn of(recording: &Recording) -> Self {
        Self {
            link: recording.link,
            dropped: recording.dropped,
            liveness: recording.liveness.clone(),
            promiscuous: recording.promiscuous,
            frames: recording.frames.iter().map(|frame| HeardFrame(frame.at, frame.wire_length, hex(&frame.bytes))).collect(),
        }
    }

    /// The recording of `target`; `None` if a frame's bytes are not that.
    pub(super) fn recording(self, target: Target, snap_length: u32) -> Option<Recording> {
        let frame = |HeardFrame(at, wire_length, digits): HeardFrame| Some(Frame { at, wire_length, bytes: bytes(&digits)? });
        Some(Recording {
            point: target.point,
            place: target.place,
            interface: target.interface,
            link: self.link,
            snap_length,
            frames: self.frames.into_iter().map(frame).collect::<Option<_>>()?,
            dropped: self.dropped,
            liveness: self.liveness,
            promiscuous: self.promiscuous,
        })
    }
}

/// Captures as it is told on `input`, in this process's network namespace, and tells on `output` what it hears.
///
/// # Errors
/// If the order is none, or nobody listens to what is told.
pub fn attend(mut input: impl Read + AsFd, mut output: impl Write) -> io::Result<()> {
    let order: Order = serde_json::from_str(&line(&mut input)?)?;
    let mut common = Common::of(&order.options, order.token);
    let (mut listeners, mut refused) = (Vec::new(), Vec::new());
    for (number, target) in order.points {
        let opened = Listener::open(target, number, &order.options, order.token);
        refused.push(opened.map(|listener| listeners.push(listener)).err().map(|error| in_words(&error)));
    }
    tell(&mut output, &Answer(refused))?;
    match serve(&mut listeners, &mut common, input) {
        Some(recordings) => tell(&mut output, &recordings.iter().map(|(_, recording)| Heard::of(recording)).collect::<Vec<_>>()),
        None => Ok(()),
    }
}

fn tell(output: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

/// A line and no byte more: what follows is for somebody else.
fn line(input: &mut impl Read) -> io::Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while input.read(&mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    String::from_utf8(line).map_err(io::Error::other)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::craft;

    #[test]
    fn what_is_heard_comes_across_whole() {
        let mut recording = craft::recording("node1/tunl0", LinkType::Raw, vec![vec![0, 1, 254, 255], vec![]]);
        recording.liveness = Liveness::Lost("network is down".to_owned());
        let told = serde_json::to_string(&Heard::of(&recording)).unwrap();
        let heard: Heard = serde_json::from_str(&told).unwrap();
        let target = Target {
            point: recording.point.clone(),
            place: recording.place.clone(),
            interface: recording.interface.clone(),
            link: LinkType::Ethernet,
        };
        assert_eq!(heard.recording(target, 256), Some(recording));
        assert_eq!((bytes("0g"), bytes("012")), (None, None));
    }

    #[test]
    fn a_line_is_read_and_not_a_byte_more() {
        let mut input = &b"one\ntwo"[..];
        assert_eq!((line(&mut input).unwrap(), input), ("one".to_owned(), &b"two"[..]));
    }
}
