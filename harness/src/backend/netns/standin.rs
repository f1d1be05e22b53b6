//! The stand-in for a kernel without `ipip`: between a TUN device and a raw socket on every node, one thread for all of them.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread::{Builder, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, SockaddrIn, recv, sendto};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute};

use super::ipip::{PROTOCOL, decapsulate, encapsulate};
use super::messages::Request;
use super::netlink::Asker;
use super::sys::{open_tun, raw_socket};

/// The longest IPv4 packet, in bytes.
const LONGEST: usize = 65_535;

/// How many packets of one descriptor are carried before the next one's turn.
const TURN: usize = 64;

/// One node's tunnel device and what its packets travel by.
pub(super) struct Carrier {
    tun: File,
    raw: OwnedFd,
    routes: Asker,
    /// The outer header's next id.
    id: u16,
}

impl Carrier {
    /// Makes the TUN device `name` in the network namespace that this thread is in.
    ///
    /// # Errors
    /// What could not be opened, and what the system said.
    pub(super) fn open(name: &str) -> Result<Self, (&'static str, io::Error)> {
        let tun = open_tun(name).map_err(|error| ("open /dev/net/tun", error))?;
        let raw = raw_socket(PROTOCOL).map_err(|error| ("open a raw socket", error))?;
        let routes = Asker::open().map_err(|error| ("open a netlink socket", error))?;
        Ok(Self { tun, raw, routes, id: 1 })
    }

    /// Carries what the node's kernel has put into the tunnel device. `false`: the device is gone.
    fn outward(&mut self, buffer: &mut [u8]) -> bool {
        for _ in 0..TURN {
            match self.tun.read(buffer) {
                Ok(length) => self.send(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Sends `inner` to the gateway of the node's own route to it. What has none, or is not IPv4, ends here, as it would in `ipip`.
    fn send(&mut self, inner: &[u8]) {
        let Some(destination) = destination(inner) else { return };
        let Some(gateway) = self.gateway(destination) else { return };
        let Some(packet) = encapsulate(inner, gateway, self.id) else { return };
        // Zero would be filled in by the kernel.
        self.id = self.id.checked_add(1).unwrap_or(1);
        // Lost, as any packet may be: the underlay is down, or its queue full.
        let _ = sendto(self.raw.as_raw_fd(), &packet, &SockaddrIn::from(SocketAddrV4::new(gateway, 0)), MsgFlags::empty());
    }

    /// Asked for each packet, so that a route that changes changes what is on the wire.
    fn gateway(&mut self, destination: Ipv4Addr) -> Option<Ipv4Addr> {
        match self.routes.ask(&Request::route_to(destination)) {
            Ok(Some(RouteNetlinkMessage::NewRoute(route))) => route.attributes.iter().find_map(|attribute| match attribute {
                RouteAttribute::Gateway(RouteAddress::Inet(gateway)) => Some(*gateway),
                _ => None,
            }),
            _ => None,
        }
    }

    /// Carries what has arrived for the node.
    fn inward(&mut self, buffer: &mut [u8]) {
        for _ in 0..TURN {
            match recv(self.raw.as_raw_fd(), buffer, MsgFlags::empty()) {
                Ok(length) => {
                    if let Some(inner) = decapsulate(&mut buffer[..length]) {
                        // Lost if the device is down, as it would be in `ipip`.
                        let _ = self.tun.write(inner);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

fn destination(packet: &[u8]) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    (packet[0] >> 4 == 4).then(|| Ipv4Addr::from(octets))
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
        let thread = Builder::new().name("ipip".into()).spawn(move || carry(carriers, &end))?;
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
            let both = carriers.iter().flat_map(|carrier| [carrier.tun.as_fd(), carrier.raw.as_fd()]);
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
    fn only_ipv4_has_a_destination() {
        let mut packet = [0; 20];
        packet[0] = 0x45;
        packet[16..].copy_from_slice(&[10, 244, 146, 205]);
        assert_eq!(destination(&packet), Some(Ipv4Addr::new(10, 244, 146, 205)));
        assert_eq!(destination(&packet[..19]), None);
        packet[0] = 0x60;
        assert_eq!(destination(&packet), None);
    }

    #[test]
    fn it_ends_when_it_is_let_go() {
        // Joins its thread: would hang if the thread did not hear of it.
        drop(StandIn::start(Vec::new()).unwrap());
    }
}
