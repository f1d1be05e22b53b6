//! One thread that carries packets for the tunnel devices of all nodes: between a TUN device and a socket each.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread::{Builder, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, SockaddrIn, recv, sendto};

use super::ferry::{Ferry, Outward};

/// The longest IPv4 packet, in bytes.
const LONGEST: usize = 65_535;

/// How many packets of one descriptor are carried before the next one's turn.
const TURN: usize = 64;

/// One node's tunnel device and what its packets travel by.
pub(super) struct Carrier {
    tun: File,
    socket: OwnedFd,
    ferry: Box<dyn Ferry>,
}

impl Carrier {
    /// Carries between `tun` and `socket`, neither of which blocks, as `ferry` says.
    pub(super) fn new(tun: File, socket: OwnedFd, ferry: Box<dyn Ferry>) -> Self {
        Self { tun, socket, ferry }
    }

    /// Carries what the node's kernel has put into the tunnel device. `false`: the device is gone.
    fn outward(&mut self, buffer: &mut [u8]) -> bool {
        for _ in 0..TURN {
            match self.tun.read(buffer) {
                Ok(length) => match self.ferry.outward(&mut buffer[..length]) {
                    // Lost, as any packet may be: the underlay is down, or its queue full.
                    Outward::Send(bytes, to) => drop(sendto(self.socket.as_raw_fd(), &bytes, &SockaddrIn::from(to), MsgFlags::empty())),
                    Outward::Answer(packet) => drop(self.tun.write(&packet)),
                    Outward::Drop => {}
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Carries what has arrived for the node.
    fn inward(&mut self, buffer: &mut [u8]) {
        for _ in 0..TURN {
            match recv(self.socket.as_raw_fd(), buffer, MsgFlags::empty()) {
                Ok(length) => {
                    if let Some(inner) = self.ferry.inward(&mut buffer[..length]) {
                        // Lost if the device is down, as it would be in a kernel's own tunnel.
                        let _ = self.tun.write(inner);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

/// The thread that carries packets; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct StandIn {
    leash: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Carries for all of `carriers` from now on.
    pub(super) fn start(carriers: Vec<Carrier>) -> io::Result<Self> {
        let (end, leash) = pipe()?;
        let thread = Builder::new().name("tunnels".into()).spawn(move || carry(carriers, &end))?;
        Ok(Self { leash: Some(leash), thread: Some(thread) })
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // The other end of the pipe hears of it.
        self.leash = None;
        if let Some(thread) = self.thread.take() {
            // It panicked: then it has ended too.
            let _ = thread.join();
        }
    }
}

/// Carries until the other end of `end` is closed.
fn carry(mut carriers: Vec<Carrier>, end: &PipeReader) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let ready: Vec<(bool, bool)> = {
            let mut watched = vec![PollFd::new(end.as_fd(), PollFlags::POLLIN)];
            let both = carriers.iter().flat_map(|carrier| [carrier.tun.as_fd(), carrier.socket.as_fd()]);
            watched.extend(both.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)));
            match poll(&mut watched, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                Err(_) => return,
                Ok(_) if watched[0].any().unwrap_or(true) => return,
                Ok(_) => watched[1..].chunks(2).map(|pair| (pair[0].any().unwrap_or(true), pair[1].any().unwrap_or(true))).collect(),
            }
        };
        let mut ready = ready.into_iter();
        carriers.retain_mut(|carrier| {
            let (out, back) = ready.next().unwrap_or_default();
            if back {
                carrier.inward(&mut buffer);
            }
            !out || carrier.outward(&mut buffer)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_when_it_is_let_go() {
        // Joins its thread: would hang if the thread did not hear of it.
        drop(StandIn::start(Vec::new()).unwrap());
    }
}
