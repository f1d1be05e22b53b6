//! Echo requests, and what crosses an interface meanwhile.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

use cnilab::place::{Place, in_netns};
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, recvfrom, sendto, setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// The answer to a ping.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) from: Ipv4Addr,
    pub(crate) ttl: u8,
}

/// What a second without an answer is.
pub(crate) const SILENCE: &str = "no answer within a second";

/// Sends one echo request with `size` bytes of payload from `place` and waits for its answer.
pub(crate) fn ping(place: &dyn Place, to: Ipv4Addr, size: usize) -> Result<Answer, String> {
    let pinged = in_netns(place.netns().expect("a namespace"), || {
        let socket = socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Icmp)?;
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(1))?;
        sendto(socket.as_raw_fd(), &request(size), &SockaddrIn::from(SocketAddrV4::new(to, 0)), MsgFlags::empty())?;
        answer(&socket)
    });
    pinged.map_err(|error| error.to_string())?.map_err(|errno| if errno == Errno::EAGAIN { SILENCE.to_owned() } else { errno.to_string() })
}

/// An echo request (RFC 792) with id 1.
fn request(size: usize) -> Vec<u8> {
    let mut message = vec![8, 0, 0, 0, 0, 1, 0, 1];
    message.resize(8 + size, b'c');
    let sum: u32 = message.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let whole = u16::try_from((folded & 0xffff) + (folded >> 16)).expect("folded twice");
    message[2..4].copy_from_slice(&(!whole).to_be_bytes());
    message
}

fn answer(socket: &OwnedFd) -> Result<Answer, Errno> {
    let mut buffer = [0; 2048];
    loop {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        // An echo reply behind an IPv4 header of 20 bytes.
        if length >= 28 && buffer[20] == 0 {
            return Ok(Answer { from: Ipv4Addr::new(buffer[12], buffer[13], buffer[14], buffer[15]), ttl: buffer[8] });
        }
    }
}

/// Hears everything that crosses one interface.
pub(crate) struct Tap {
    socket: OwnedFd,
    index: usize,
}

impl Tap {
    pub(crate) fn open(place: &dyn Place, interface: &str) -> Result<Self, String> {
        let opened = in_netns(place.netns().expect("a namespace"), || {
            let index = if_nametoindex(interface)?;
            let socket =
                socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, SockProtocol::EthAll)?;
            Ok::<_, Errno>(Self { socket, index: index as usize })
        });
        opened.map_err(|error| error.to_string())?.map_err(|errno| errno.to_string())
    }

    /// The IPv4 frames so far, without whatever else there was.
    pub(crate) fn ipv4(&self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok((length, Some(from))) = recvfrom::<LinkAddr>(self.socket.as_raw_fd(), &mut buffer) {
            if from.ifindex() == self.index && buffer[12..14] == [8, 0] {
                frames.push(buffer[..length].to_vec());
            }
        }
        frames
    }
}
