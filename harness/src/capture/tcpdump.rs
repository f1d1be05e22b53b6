//! Captures by `tcpdump` in the place itself, and what of it can be believed.
//!
//! It listens once it says so, hands every packet over at once (`--immediate-mode`, `-U`), and is ended by its own pid. It is believed only if
//! it ended well, captured as many packets as the kernel counted for it, and the kernel dropped none.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::time::timeout;

use super::options::{Options, Target};
use super::problem::CaptureError;
use super::recording::{Liveness, Recording};
use crate::fault::in_words;
use crate::packet::{Limits, read_capture};
use crate::place::{Cmd, Place, Process, Said};

/// How long it may take to start, and to end once it was told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// A `tcpdump` that listens.
pub(super) struct Tcpdump {
    process: Process,
    number: u32,
    target: Target,
    pid: u32,
    snap_length: u32,
    promiscuous: bool,
    /// The capture file, as far as it has come, and what is said besides.
    file: Vec<u8>,
    said: String,
}

impl Tcpdump {
    /// Has `tcpdump` listen at a point, never promiscuous.
    pub(super) async fn arm(place: &dyn Place, number: u32, target: Target, options: &Options) -> Result<Self, CaptureError> {
        let promiscuous = Link::look(place, &target.interface).await?.is_promiscuous();
        let snap_length = if options.snap_length == 0 { 262_144 } else { options.snap_length };
        // The shell tells its pid and becomes tcpdump; the interface's name is an argument, not a part of what the shell reads.
        let line = "echo $$ >&2; exec tcpdump -p -n -U --immediate-mode --time-stamp-precision=nano -s \"$1\" -i \"$2\" -w -";
        let command = Cmd::new("sh", ["-c", line, "sh", &snap_length.to_string(), &target.interface]);
        let process = place.start(&command).await.map_err(|error| trouble(in_words(&error)))?;
        let mut tcpdump =
            Self { process, number, target, pid: 0, snap_length: options.snap_length, promiscuous, file: Vec::new(), said: String::new() };
        let listens = timeout(PATIENCE, tcpdump.until_it_listens()).await;
        listens.map_err(|_| trouble(format!("did not listen within {PATIENCE:?}")))??;
        tcpdump.pid =
            tcpdump.said.lines().next().and_then(|pid| pid.trim().parse().ok()).ok_or_else(|| trouble("tells no pid".to_owned()))?;
        Ok(tcpdump)
    }

    async fn until_it_listens(&mut self) -> Result<(), CaptureError> {
        while !self.said.contains("listening on") {
            if !self.more().await? {
                return Err(trouble(format!("ended early: {}", self.said.lines().last().unwrap_or_default())));
            }
        }
        Ok(())
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
        let (link, mut frames, lost) = match timeout(PATIENCE, self.end(place)).await {
            Err(_) => (self.target.link, Vec::new(), Some(format!("tcpdump did not end within {PATIENCE:?}"))),
            Ok(Err(error)) => (self.target.link, Vec::new(), Some(in_words(&error))),
            Ok(Ok(())) => match read_capture(self.file.as_slice(), &Limits::default()) {
                Ok(capture) => {
                    let link = capture.interfaces.first().map_or(self.target.link, |interface| interface.link);
                    (link, capture.frames.into_iter().map(|(_, frame)| frame).collect(), None)
                }
                Err(error) => (self.target.link, Vec::new(), Some(format!("what tcpdump wrote cannot be read: {error}"))),
            },
        };
        let counts = Counts::of(&self.said);
        let liveness = lost.or_else(|| counts.doubt(frames.len())).map_or(Liveness::Alive, Liveness::Lost);
        frames.shrink_to_fit();
        let Target { point, place, interface, .. } = self.target;
        let (snap_length, promiscuous) = (self.snap_length, self.promiscuous);
        (self.number, Recording { point, place, interface, link, snap_length, frames, dropped: counts.dropped, liveness, promiscuous })
    }

    /// Interrupts it by its own pid, and waits until it is through.
    async fn end(&mut self, place: &dyn Place) -> Result<(), CaptureError> {
        let interrupt = Cmd::new("sh", ["-c", "kill -INT \"$1\"", "sh", &self.pid.to_string()]);
        // As tcpdump was started: where a place is entered from here, commands that are run in it are this host's, and so are their pids.
        let interrupted = place.run_itself(&interrupt).await.map_err(|error| trouble(in_words(&error)))?;
        while self.more().await? {}
        if interrupted.status != 0 {
            return Err(trouble(format!("had ended before: {}", self.said.lines().last().unwrap_or_default())));
        }
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

    /// Why what was captured may not be all there was.
    fn doubt(self, frames: usize) -> Option<String> {
        match (self.captured, self.received) {
            (Some(captured), Some(received)) if captured == received && usize::try_from(captured) == Ok(frames) => None,
            (Some(captured), Some(received)) => {
                Some(format!("tcpdump captured {captured} packets of {received} that the kernel counted, and handed over {frames}"))
            }
            _ => Some("tcpdump did not say how many packets it captured".to_owned()),
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
        // tcpdump listens at an interface that is down as at any other.
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

    const SAID: &str = "4242\ntcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 256 bytes\n\
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
        assert_eq!(Counts::of(SAID).doubt(2), None);
        assert!(Counts::of(SAID).doubt(1).is_some(), "a packet is missing from the file");
        let behind = SAID.replace("2 packets captured", "1 packet captured");
        assert!(Counts::of(&behind).doubt(1).is_some_and(|why| why.contains("1 packets of 2")), "{behind}");
        assert!(Counts::of("4242\n").doubt(0).is_some(), "it was killed");
        assert_eq!(Counts::of("3 packets dropped by kernel\n1 packet dropped by interface\n").dropped, 4);
    }
}
