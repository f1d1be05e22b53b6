//! One ICMP echo.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto, setsockopt, socket};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// An answer to an echo request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The TTL of the answer as it arrived.
    pub ttl: u8,
    /// From the request to its answer.
    pub after: Duration,
}

// RFC 792, "Echo or Echo Reply Message".
const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// Sends one echo request with `payload` to `to`, and awaits its answer.
///
/// # Errors
/// If a raw socket is not for this user (`CAP_NET_RAW`), the request cannot be sent, or nothing answers within `patience` (`TimedOut`).
pub fn ping(to: Ipv4Addr, payload: &[u8], patience: Duration) -> io::Result<Echo> {
    let socket = socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Icmp)?;
    let id = u16::try_from(std::process::id() & 0xffff).unwrap_or_default();
    let request = message(ECHO_REQUEST, id, 1, payload);
    let sent = Instant::now();
    sendto(
        socket.as_raw_fd(),
        &request,
        &SockaddrIn::new(to.octets()[0], to.octets()[1], to.octets()[2], to.octets()[3], 0),
        MsgFlags::empty(),
    )?;
    // An IPv4 packet is no longer.
    let mut packet = vec![0; 65_535];
    loop {
        let left = patience.saturating_sub(sent.elapsed());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // A timeout of 0 would mean none.
        let micros = i64::try_from(left.as_micros()).unwrap_or(i64::MAX).max(1);
        setsockopt(&socket, ReceiveTimeout, &TimeVal::microseconds(micros))?;
        let length = match recv(socket.as_raw_fd(), &mut packet, MsgFlags::empty()) {
            Ok(length) => length,
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        if let Some(ttl) = answers(&packet[..length], to, &request[4..]) {
            return Ok(Echo { ttl, after: sent.elapsed() });
        }
    }
}

/// The TTL of an IPv4 packet if it is the reply of `from` to the request of which `rest` is all behind the checksum.
fn answers(packet: &[u8], from: Ipv4Addr, rest: &[u8]) -> Option<u8> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let reply = packet.get(header..)?;
    let same = packet.get(12..16)? == from.octets() && *reply.first()? == ECHO_REPLY && reply.get(4..)? == rest;
    same.then(|| packet.get(8).copied())?
}

fn message(kind: u8, id: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0];
    bytes.extend(id.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(payload);
    let sum = checksum(&bytes);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// RFC 1071: the complement of the sum, in ones' complement, of all 16-bit words.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for word in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([word[0], word.get(1).copied().unwrap_or(0)]));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum & 0xffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_checks_to_zero() {
        for payload in [&b""[..], b"a", b"abcdef", &[0xff; 57]] {
            assert_eq!(checksum(&message(ECHO_REQUEST, 0x1234, 1, payload)), 0);
        }
    }

    #[test]
    fn only_the_reply_to_this_request_answers() {
        let from = Ipv4Addr::new(10, 0, 0, 2);
        let packet = |kind, id| {
            let mut packet = vec![0; 20];
            (packet[0], packet[8]) = (0x45, 60);
            packet[12..16].copy_from_slice(&from.octets());
            packet.extend(message(kind, id, 1, b"token"));
            packet
        };
        let request = message(ECHO_REQUEST, 7, 1, b"token");
        let rest = &request[4..];
        assert_eq!(answers(&packet(ECHO_REPLY, 7), from, rest), Some(60));
        assert_eq!(answers(&packet(ECHO_REPLY, 8), from, rest), None);
        assert_eq!(answers(&packet(ECHO_REQUEST, 7), from, rest), None);
        assert_eq!(answers(&packet(ECHO_REPLY, 7), Ipv4Addr::new(10, 0, 0, 3), rest), None);
        assert_eq!(answers(&packet(ECHO_REPLY, 7)[..24], from, rest), None);
        assert_eq!(answers(&[], from, rest), None);
    }
}
