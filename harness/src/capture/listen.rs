//! The one thread that serves all points of a capture.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt};

use super::block;
use super::link::Link;
use super::options::{Options, Sabotage, Target};
use super::problem::{CaptureError, failed};
use super::recording::{Liveness, Recording};
use super::ring::{Ring, Sender, Size};
use super::sentinel::{self, Purpose};
use crate::name::Token;
use crate::packet::Frame;

/// How often a sentinel that has not come in is sent again; the ring may have been full just then.
const AGAIN: Duration = Duration::from_millis(25);
/// How many bytes of frames one capture holds for all its points; what goes beyond is counted as dropped.
const ROOM: usize = 24 << 20;
/// Rings that hold a few hundred frames of the default snap length, or whole frames of 64 KiB (a block must hold the longest frame).
const ORDINARY: Size = Size { blocks: 8, block: 32 << 10 };
const WHOLE: Size = Size { blocks: 8, block: 128 << 10 };
/// The smallest ring: blocks of one page.
const TINY: Size = Size { blocks: 2, block: 4096 };

/// A point that listens.
pub(super) struct Listener {
    target: Target,
    number: u32,
    link: Link,
    /// `None` once it is closed.
    ring: Option<Ring>,
    sender: Sender,
    starved: bool,
    heard: Heard,
    lost: Option<String>,
}

/// What a point has heard so far.
#[derive(Default)]
struct Heard {
    frames: Vec<Frame>,
    dropped: u64,
    closing: bool,
}

/// What all points of a capture have in common.
pub(super) struct Common {
    pub(super) token: Token,
    pub(super) options: Options,
    /// How many bytes of frames may still be held.
    room: usize,
}

impl Common {
    pub(super) fn new(options: &Options) -> Self {
        Self::of(options, sentinel::token())
    }

    /// As part of a capture whose sentinels are known by `token`.
    pub(super) fn of(options: &Options, token: Token) -> Self {
        Self { token, options: options.clone(), room: ROOM }
    }

    /// How many bytes of a frame the kernel hands over; never so few that a sentinel is not known.
    fn keep(options: &Options) -> u32 {
        if options.snap_length == 0 { u32::MAX } else { options.snap_length.max(sentinel::KEPT_AT_LEAST) }
    }
}

impl Listener {
    /// Listens on a point's interface; this thread must be in its network namespace.
    pub(super) fn open(target: Target, number: u32, options: &Options, token: Token) -> Result<Self, CaptureError> {
        let link = super::link::look(&target.interface)?;
        let starved = matches!(&options.sabotage, Some(Sabotage::Starve(point)) if *point == target.point);
        let size = if starved {
            TINY
        } else if options.snap_length == 0 {
            WHOLE
        } else {
            ORDINARY
        };
        let sender = Sender::open()?;
        let ring = Ring::listen(link.index, Common::keep(options), size)?;
        let listener = Self { target, number, link, ring: Some(ring), sender, starved, heard: Heard::default(), lost: None };
        if starved {
            // Each takes up more than its own sixty bytes, so they cannot all fit.
            (0..size.blocks * size.block / 60).for_each(|_| drop(listener.send(token, Purpose::Flood)));
        }
        Ok(listener)
    }

    fn send(&self, token: Token, purpose: Purpose) -> std::io::Result<()> {
        send(&self.sender, &self.link, token, purpose, self.number)
    }

    /// Takes in what the kernel has handed over.
    fn drain(&mut self, common: &mut Common) {
        let Some(ring) = &mut self.ring else { return };
        let mut sound = true;
        ring.drain(|bytes| sound &= block::frames(bytes, |frame| self.heard.take(frame, self.number, common)));
        if !sound {
            self.lost = Some("the kernel handed over a block that contradicts itself".into());
        }
    }

    /// Asks the kernel what is wrong with a socket that poll reported an error of.
    fn failed(&mut self) {
        let error = self.ring.as_ref().and_then(|ring| getsockopt(ring, sockopt::SocketError).ok()).filter(|error| *error != 0);
        // Most often ENETDOWN: the interface went down, and what would have passed meanwhile is unknown, even if it is up again.
        let why =
            error.map_or_else(|| "its capture socket failed".into(), |error| nix::errno::Errno::from_raw(error).desc().to_lowercase());
        self.lost.get_or_insert(why);
    }

    fn send_sentinel(&mut self, common: &Common) {
        if let Err(error) = self.send(common.token, Purpose::Close)
            && !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::ENOBUFS))
        {
            self.lost.get_or_insert(format!("its closing sentinel cannot be sent: {error}"));
        }
    }

    fn is_done(&self) -> bool {
        self.heard.closing || self.lost.is_some() || self.ring.is_none()
    }

    fn recording(&mut self, options: &Options) -> Recording {
        let mut heard = std::mem::take(&mut self.heard);
        let counted = self.ring.as_ref().map(Ring::dropped);
        let liveness = match (counted, self.lost.take()) {
            (_, Some(why)) => Liveness::Lost(why),
            (None, None) => Liveness::Lost("its capture socket was closed before the closing sentinel came".into()),
            (Some(Err(error)), None) => Liveness::Lost(format!("the kernel does not say how many frames it dropped: {error}")),
            (Some(Ok(dropped)), None) => {
                heard.dropped += dropped;
                if heard.closing {
                    Liveness::Alive
                } else {
                    Liveness::Lost(format!("its closing sentinel was not delivered within {:?}", options.deadline))
                }
            }
        };
        Recording {
            point: self.target.point.clone(),
            place: self.target.place.clone(),
            interface: self.target.interface.clone(),
            link: self.link.kind,
            snap_length: options.snap_length,
            frames: heard.frames,
            dropped: heard.dropped,
            liveness,
            promiscuous: self.link.promiscuous,
        }
    }
}

fn send(sender: &Sender, link: &Link, token: Token, purpose: Purpose, number: u32) -> std::io::Result<()> {
    sender.send(&sentinel::frame(link, token, purpose, number), link.index, sentinel::ethertype(link.kind))
}

/// Sends the closing sentinel of the point numbered `number` out of an interface of this thread's network namespace, for a capture that
/// somebody else makes there.
///
/// # Errors
/// Nothing can pass the interface, or the kernel refuses the frame.
pub fn send_sentinel(interface: &str, token: Token, number: u32) -> Result<(), CaptureError> {
    let link = super::link::look(interface)?;
    send(&Sender::open()?, &link, token, Purpose::Close, number).map_err(failed("send a closing sentinel"))
}

impl Heard {
    fn take(&mut self, mut frame: Frame, number: u32, common: &mut Common) {
        if let Some(ours) = sentinel::recognize(&frame.bytes, common.token) {
            self.closing |= ours == (Some(Purpose::Close), number);
            return;
        }
        if common.options.snap_length != 0 {
            frame.bytes.truncate(common.options.snap_length as usize);
        }
        let cost = frame.bytes.len() + size_of::<Frame>();
        match common.room.checked_sub(cost) {
            Some(left) => {
                common.room = left;
                self.frames.push(frame);
            }
            None => self.dropped += 1,
        }
    }
}

/// Serves all points until a byte comes in from `orders`, then closes the capture and says what was heard. `None`: `orders` was closed, nobody wants to know.
pub(super) fn serve(listeners: &mut [Listener], common: &mut Common, mut orders: impl Read + AsFd) -> Option<Vec<(u32, Recording)>> {
    loop {
        let ordered = attend(listeners, common, Some(orders.as_fd()), None, |listener| !listener.starved);
        if ordered {
            match orders.read(&mut [0]) {
                Ok(1) => break,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                _ => return None,
            }
        }
    }
    close(listeners, common);
    Some(listeners.iter_mut().map(|listener| (listener.number, listener.recording(&common.options))).collect())
}

/// Sends every point its sentinel and reads until all are in, or the deadline has passed.
fn close(listeners: &mut [Listener], common: &mut Common) {
    if let Some(Sabotage::CloseMidway(point)) = &common.options.sabotage {
        listeners.iter_mut().filter(|listener| listener.target.point == *point).for_each(|listener| listener.ring = None);
    }
    for listener in &mut *listeners {
        listener.drain(common);
    }
    let until = Instant::now() + common.options.deadline;
    let mut send_at = Instant::now();
    while listeners.iter().any(|listener| !listener.is_done()) {
        let now = Instant::now();
        if now >= until {
            return;
        }
        if now >= send_at {
            send_at = now + AGAIN;
            listeners.iter_mut().filter(|listener| !listener.is_done()).for_each(|listener| listener.send_sentinel(common));
        }
        attend(listeners, common, None, Some(until.min(send_at)), |listener| !listener.is_done());
    }
}

/// Waits for the rings of those points, or for orders; takes in what there is. Whether there are orders.
fn attend(
    listeners: &mut [Listener],
    common: &mut Common,
    orders: Option<BorrowedFd<'_>>,
    until: Option<Instant>,
    which: impl Fn(&Listener) -> bool,
) -> bool {
    let timeout = until.map_or(PollTimeout::NONE, |until| {
        // Rounded up, or the last millisecond would be spent polling in a loop.
        let left = until.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
    });
    let attended: Vec<usize> = (0..listeners.len()).filter(|&index| listeners[index].lost.is_none() && which(&listeners[index])).collect();
    let fds = attended.iter().filter_map(|&index| listeners[index].ring.as_ref()).map(AsFd::as_fd).chain(orders);
    let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    // An error here can only be an interruption: then nothing is reported, and the caller comes again.
    let ready: Vec<PollFlags> = match poll(&mut fds, timeout) {
        Ok(_) => fds.iter().map(|fd| fd.revents().unwrap_or(PollFlags::empty())).collect(),
        Err(_) => return false,
    };
    for (&index, ready) in attended.iter().zip(&ready) {
        if !ready.is_empty() {
            listeners[index].drain(common);
        }
        if ready.intersects(PollFlags::POLLERR | PollFlags::POLLNVAL) {
            listeners[index].failed();
        }
    }
    orders.is_some() && ready.last().is_some_and(|ready| !ready.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_counts_as_dropped() {
        let mut common = Common { room: 500, ..Common::new(&Options::default()) };
        let mut heard = Heard::default();
        for _ in 0..5 {
            heard.take(Frame { at: 0, wire_length: 100, bytes: vec![0; 100] }, 0, &mut common);
        }
        assert_eq!((heard.frames.len(), heard.dropped), (3, 2));
    }

    #[test]
    fn only_its_own_closing_sentinel_proves_a_point_alive() {
        let mut common = Common::new(&Options::default());
        let link = Link { index: 1, kind: crate::packet::LinkType::Ethernet, mac: [0; 6], promiscuous: false };
        let mut heard = Heard::default();
        for (purpose, number, closing) in [(Purpose::Close, 2, false), (Purpose::Flood, 1, false), (Purpose::Close, 1, true)] {
            let bytes = sentinel::frame(&link, common.token, purpose, number);
            heard.take(Frame { at: 0, wire_length: 60, bytes }, 1, &mut common);
            assert_eq!((heard.closing, heard.frames.len()), (closing, 0), "{purpose:?} {number}");
        }
    }
}
