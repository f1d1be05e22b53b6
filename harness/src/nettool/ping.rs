//! Pings, from this thread's network namespace.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto, socket};

use super::echo::{Answer, Echo};
use super::outcome::{Echoes, Outcome, now};
use crate::name::Token;

/// How long after its first ping [`knock`] sends its second; after that one it takes twice as long, and so on.
const AGAIN: Duration = Duration::from_millis(20);
/// After how long a kernel that has sent all the ICMP errors it may will send another to the same host: `icmp_ratelimit` of `net/ipv4/icmp.c`, `error_cost` of
/// `net/ipv4/route.c`, both a second by default, and a little.
pub const NEXT_ERROR: Duration = Duration::from_millis(1100);
/// How many errors [`knock`] takes for the last word: what was missing for the first may have come since.
const LAST_WORD: usize = 2;
/// The longest IPv4 packet (RFC 791 section 3.1).
const LONGEST: usize = 65_535;

/// Sends `count` echo requests with `size` bytes of payload each, numbered from 1, as `ping -c` does, but the next as soon as the one before is
/// answered or `deadline` is over.
pub fn ping(to: Ipv4Addr, size: usize, count: u16, token: Token, deadline: Duration) -> Outcome {
    let socket = match icmp_socket() {
        Ok(socket) => socket,
        Err(error) => return Outcome::failed(token, format!("cannot open a raw ICMP socket: {}", error.desc())),
    };
    let mut outcome = Outcome::silent(token);
    let mut echoes = Echoes { count, sent: 0, answered: 0 };
    for sequence in 1..=count {
        let echo = Echo::new(token, sequence);
        let (sent_at, until) = (now(), Instant::now() + deadline);
        if let Err(error) = send_to(&socket, to, &echo.message(size)) {
            outcome.error.get_or_insert(format!("cannot send to {to}: {}", error.desc()));
            continue;
        }
        outcome.sent_at.get_or_insert(sent_at);
        echoes.sent += 1;
        match await_answer(&socket, until, |packet| echo.answer(packet)) {
            Ok(Some(Answer::Reply { ttl })) => {
                (outcome.answered_at, outcome.answer_ttl) = (Some(now()), Some(ttl));
                echoes.answered += 1;
            }
            Ok(Some(Answer::Error(error))) => drop(outcome.error.get_or_insert(error)),
            Ok(None) => {}
            Err(error) => drop(outcome.error.get_or_insert(format!("cannot receive: {}", error.desc()))),
        }
    }
    Outcome { echoes: Some(echoes), ..outcome }
}

/// Sends echo requests until one is answered; whether one was. They are as short as can be, so that none meets an MTU and changes what the kernel knows of a
/// path. A route or neighbour that is missing may come yet, so an error is no reason to give up, but kernels send few of them, and some of
/// those are somebody else's: after each, and before this returns without an answer, nothing is sent for as long as one takes to be allowed again.
pub fn knock(to: Ipv4Addr, token: Token, deadline: Duration) -> bool {
    let Ok(socket) = icmp_socket() else { return false };
    let until = Instant::now() + deadline;
    let (mut echoes, mut errors, mut pause) = (Vec::new(), 0, AGAIN);
    let is_reply = |answer: &Answer| matches!(answer, Answer::Reply { .. });
    loop {
        let echo = Echo::new(token, u16::try_from(echoes.len() + 1).unwrap_or(u16::MAX));
        echoes.push(echo);
        let sent = Instant::now();
        let _ = send_to(&socket, to, &echo.message(0));
        let any = |packet: &[u8]| echoes.iter().rev().find_map(|echo| echo.answer(packet));
        let replied_by = |until| matches!(await_answer(&socket, until, |packet| any(packet).filter(is_reply)), Ok(Some(_)));
        match await_answer(&socket, sent + pause, any) {
            Ok(Some(Answer::Reply { .. })) => return true,
            Ok(Some(Answer::Error(_))) => {
                errors += 1;
                if replied_by(Instant::now() + NEXT_ERROR) {
                    return true;
                }
            }
            _ => pause *= 2,
        }
        if errors == LAST_WORD {
            return false;
        }
        if Instant::now() + NEXT_ERROR > until {
            return replied_by(until.max(sent + NEXT_ERROR));
        }
    }
}

fn icmp_socket() -> nix::Result<OwnedFd> {
    socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, SockProtocol::Icmp)
}

/// The kernel chooses the source address and, as for `ping`, sets DF (`net/ipv4/ip_output.c`; path MTU discovery is on unless a sysctl says otherwise).
fn send_to(socket: &OwnedFd, to: Ipv4Addr, message: &[u8]) -> nix::Result<()> {
    sendto(socket.as_raw_fd(), message, &SockaddrIn::from(SocketAddrV4::new(to, 0)), MsgFlags::empty()).map(drop)
}

/// Hands packets to `answers` until it makes something of one, or it is time to stop.
fn await_answer(socket: &OwnedFd, until: Instant, answers: impl Fn(&[u8]) -> Option<Answer>) -> nix::Result<Option<Answer>> {
    let mut packet = vec![0; LONGEST];
    loop {
        match recv(socket.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(length) => match answers(&packet[..length]) {
                Some(answer) => return Ok(Some(answer)),
                None => continue,
            },
            Err(Errno::EAGAIN) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error),
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        // Rounded up, or the last millisecond would be spent polling in a loop. An interruption only means to look again.
        let left = PollTimeout::try_from(left + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)], left);
    }
}
