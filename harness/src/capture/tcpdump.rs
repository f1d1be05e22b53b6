//! Captures by `tcpdump` in the place itself, and what of it can be believed.
//!
//! It listens once it says so, hands every packet over at once (`--immediate-mode`, `-U`), and is ended by its own pid as soon as the input of
//! the shell around it ends, so that none outlives the run. It is believed only if it wrote the closing sentinel down that was sent after the
//! probe, ended well, captured as many packets as the kernel counted for it, and the kernel dropped none.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::options::{Options, Target};
use super::problem::CaptureError;
use super::recording::{Liveness, Recording};
use super::sentinel::{self, Purpose};
use crate::fault::in_words;
use crate::name::Token;
use crate::packet::{Frame, Limits, read_capture};
use crate::place::{Cmd, Place, Process, Said};

/// How long it may take to start, and to end once it was told to.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a sentinel that was not written down is sent again.
const AGAIN: Duration = Duration::from_millis(200);

/// What the shell is told: the interface's name and the snap length are arguments, not a part of what it reads. It waits for tcpdump, and
/// what waits for the end of the input holds none of its outputs open.
const SHELL: &str = "exec 3<&0; tcpdump -p -n -U --immediate-mode --time-stamp-precision=nano -s \"$1\" -i \"$2\" -w - & dump=$!; \
    { cat <&3; kill -TERM $dump; } >/dev/null 2>&1 & wait $dump";

/// A `tcpdump` that listens.
pub(super) struct Tcpdump {
    process: Process,
    number: u32,
    target: Target,
    token: Token,
    options: Options,
    promiscuous: bool,
    /// The capture file, as far as it has come, and what is said besides.
    file: Vec<u8>,
    said: String,
}

impl Tcpdump {
    /// Has `tcpdump` listen at a point, never promiscuous.
    pub(super) async fn arm(
        place: &dyn Place,
        (number, target): (u32, Target),
        options: &Options,
        token: Token,
    ) -> Result<Self, CaptureError> {
        let promiscuous = Link::look(place, &target.interface).await?.is_promiscuous();
        // tcpdump's own MAXIMUM_SNAPLEN for all; never so few bytes that a sentinel is not known.
        let snap_length = if options.snap_length == 0 { 262_144 } else { options.snap_length.max(sentinel::KEPT_AT_LEAST) };
        let command = Cmd::new("sh", ["-c", SHELL, "sh", &snap_length.to_string(), &target.interface]);
        let process = place.start(&command).await.map_err(|error| trouble(in_words(&error)))?;
        let (file, said, options) = (Vec::new(), String::new(), options.clone());
        let mut tcpdump = Self { process, number, target, token, options, promiscuous, file, said };
        let listens = timeout(PATIENCE, tcpdump.until_it_listens()).await;
        listens.map_err(|_| trouble(format!("did not listen within {PATIENCE:?}")))??;
        Ok(tcpdump)
    }

    async fn until_it_listens(&mut self) -> Result<(), CaptureError> {
        while !self.said.contains("listening on") {
            if !self.more().await? {
                return Err(self.ended_early());
            }
        }
        Ok(())
    }

    fn ended_early(&self) -> CaptureError {
        trouble(format!("ended early: {}", self.said.lines().last().unwrap_or_default()))
    }

    /// Takes in what comes next; `false` at the end.
    async fn more(&mut self) -> Result<bool, CaptureError> {
        match self.process.said.next().await {
            Some(Ok(Said::Output(piece))) => self.file.extend(piece),
            Some(Ok(Said::Error(piece))) => self.said.push_str(&String::from_utf8_lossy(&piece)),
            Some(Err(error)) => return Err(trouble(format!("is out of reach: {error}"))),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Ends it, and says what it captured and how far that can be believed.
    pub(super) async fn finish(mut self, place: &dyn Place) -> (u32, Recording) {
        let closed = self.close(place).await;
        let ended = timeout(PATIENCE, self.end()).await.unwrap_or_else(|_| Err(trouble(format!("did not end within {PATIENCE:?}"))));
        let read = read_capture(self.file.as_slice(), &Limits::default());
        let (link, frames, read) = match read {
            Ok(capture) => {
                let link = capture.interfaces.first().map_or(self.target.link, |interface| interface.link);
                (link, capture.frames.into_iter().map(|(_, frame)| frame).collect(), Ok(()))
            }
            Err(error) => (self.target.link, Vec::new(), Err(trouble(format!("wrote what cannot be read: {}", in_words(&error))))),
        };
        let counts = Counts::of(&self.said);
        let proven = closed.and(ended).and(read).map_err(|error| in_words(&error)).and_then(|()| counts.prove(frames.len()));
        let number = self.number;
        (number, self.recording(link, frames, counts.dropped, proven.err().map_or(Liveness::Alive, Liveness::Lost)))
    }

    fn recording(self, link: crate::packet::LinkType, mut frames: Vec<Frame>, dropped: u64, liveness: Liveness) -> Recording {
        frames.retain(|frame| sentinel::recognize(&frame.bytes, self.token).is_none());
        let snap_length = self.options.snap_length;
        if snap_length != 0 {
            for frame in &mut frames {
                frame.bytes.truncate(snap_length as usize);
            }
        }
        Recording { link, frames, dropped, promiscuous: self.promiscuous, ..Recording::empty(self.target, snap_length, liveness) }
    }

    /// Sends the point's sentinel until it is written down.
    async fn close(&mut self, place: &dyn Place) -> Result<(), CaptureError> {
        let program = place.program().ok_or(CaptureError::NoNamespace)?;
        let (token, number) = (self.token.hex(), self.number.to_string());
        let send = program.with(["nettool", "sentinel", &self.target.interface, "--token", &token, "--number", &number]);
        let until = Instant::now() + PATIENCE;
        loop {
            let done = place.run(&send).await.map_err(|error| trouble(in_words(&error)))?;
            if let Ok(written) = timeout_at(until.min(Instant::now() + AGAIN), self.until_the_sentinel()).await {
                return written;
            }
            if Instant::now() >= until {
                let refused = done.stderr.trim().trim_start_matches("error: ");
                return Err(trouble(
                    format!("did not write the closing sentinel down within {PATIENCE:?} {refused}").trim_end().to_owned(),
                ));
            }
        }
    }

    async fn until_the_sentinel(&mut self) -> Result<(), CaptureError> {
        let mark = sentinel::mark(self.token, Purpose::Close, self.number);
        let mut looked = 0;
        while !self.file[looked..].windows(mark.len()).any(|window| window == mark) {
            // Its beginning may have come already.
            looked = self.file.len().saturating_sub(mark.len());
            if !self.more().await? {
                return Err(self.ended_early());
            }
        }
        Ok(())
    }

    /// Ends the input of the shell, which ends tcpdump, and waits until both are through.
    async fn end(&mut self) -> Result<(), CaptureError> {
        self.process.input.shutdown().await.map_err(|error| trouble(format!("is out of reach: {error}")))?;
        while self.more().await? {}
        let status = (&mut self.process.status).await.map_err(|error| trouble(format!("is out of reach: {error}")))?;
        if status == 0 { Ok(()) } else { Err(trouble(format!("ended with status {status}"))) }
    }
}

/// What `tcpdump` counts at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    captured: Option<u64>,
    received: Option<u64>,
    dropped: u64,
}

impl Counts {
    /// Reads `2 packets captured`, `2 packets received by filter`, `0 packets dropped by kernel`.
    fn of(said: &str) -> Self {
        let count = |what: &str| {
            let of =
                |line: &str| line.strip_suffix(what)?.trim_end_matches("packets").trim_end_matches("packet").trim().parse::<u64>().ok();
            said.lines().find_map(|line| of(line.trim()))
        };
        let dropped = [count(" dropped by kernel"), count(" dropped by interface")].into_iter().flatten().sum();
        Self { captured: count(" captured"), received: count(" received by filter"), dropped }
    }

    /// Why what was captured may not be all there was; `Ok`: it is.
    fn prove(self, frames: usize) -> Result<(), String> {
        match (self.captured, self.received) {
            (Some(captured), Some(received)) if captured == received && usize::try_from(captured) == Ok(frames) => Ok(()),
            (Some(captured), Some(received)) => {
                Err(format!("tcpdump captured {captured} packets of {received} that the kernel counted, and handed over {frames}"))
            }
            _ => Err("tcpdump did not say how many packets it captured".to_owned()),
        }
    }
}

/// What `ip` tells of an interface.
#[derive(Deserialize)]
struct Link {
    flags: Vec<String>,
    promiscuity: u32,
    linkinfo: Option<Info>,
}

/// What it tells of an interface's kind.
#[derive(Deserialize)]
struct Info {
    info_slave_kind: Option<String>,
}

impl Link {
    /// Looks an interface up where it is, and says why if nothing can pass it.
    async fn look(place: &dyn Place, interface: &str) -> Result<Self, CaptureError> {
        let command = Cmd::new("ip", ["-j", "-d", "link", "show", "dev", interface]);
        let output = place.run(&command).await.map_err(|error| trouble(in_words(&error)))?;
        let links: Vec<Self> = serde_json::from_str(&output.stdout).unwrap_or_default();
        let unknown = || CaptureError::Elsewhere { what: "`ip`", why: format!("does not show {interface}: {}", output.stderr.trim()) };
        let link = links.into_iter().next().ok_or_else(unknown)?;
        let has = |flag: &str| link.flags.iter().any(|own| own == flag);
        // tcpdump listens at an interface without a carrier as at any other.
        let state = match (has("UP"), has("LOWER_UP")) {
            (false, _) => "down",
            (true, false) => "up without a carrier: its other end is not",
            (true, true) => return Ok(link),
        };
        Err(CaptureError::NotUp { interface: interface.to_owned(), state })
    }

    /// Whether somebody has put it into promiscuous mode, besides a bridge that it is a port of.
    fn is_promiscuous(&self) -> bool {
        let port = self.linkinfo.as_ref().and_then(|info| info.info_slave_kind.as_deref()) == Some("bridge");
        self.promiscuity > u32::from(port)
    }
}

fn trouble(why: String) -> CaptureError {
    CaptureError::Elsewhere { what: "tcpdump", why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 256 bytes\n\
        2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n";

    #[test]
    fn a_port_of_a_bridge_is_promiscuous_by_nobodys_doing() {
        let link = |text: &str| serde_json::from_str::<Link>(text).unwrap().is_promiscuous();
        assert!(!link(r#"{"flags":["UP","LOWER_UP"],"promiscuity":1,"linkinfo":{"info_kind":"veth","info_slave_kind":"bridge"}}"#));
        assert!(link(r#"{"flags":["UP","LOWER_UP"],"promiscuity":1,"linkinfo":{"info_kind":"bridge"}}"#));
        assert!(!link(r#"{"flags":["UP"],"promiscuity":0}"#));
    }

    #[test]
    fn tcpdump_is_believed_only_if_its_counts_agree() {
        assert_eq!(Counts::of(SAID), Counts { captured: Some(2), received: Some(2), dropped: 0 });
        assert_eq!(Counts::of(SAID).prove(2), Ok(()));
        assert!(Counts::of(SAID).prove(1).is_err(), "a packet is missing from the file");
        let behind = SAID.replace("2 packets captured", "1 packet captured");
        assert!(Counts::of(&behind).prove(1).is_err_and(|why| why.contains("1 packets of 2")), "{behind}");
        assert!(Counts::of("").prove(0).is_err(), "it was killed");
        assert_eq!(Counts::of("3 packets dropped by kernel\n1 packet dropped by interface\n").dropped, 4);
    }
}
