//! Sending a probe from the network namespace of its place, and waiting for the answer.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto, socket};

use super::ask::ask;
use super::echo::{Answer, Echo};
use super::outcome::Outcome;
use super::problem::ProbeError;
use super::serve::Servers;
use crate::capture::Armed;
use crate::name::Token;
use crate::place::meanwhile_in_netns;
use crate::plan::{BoundProbe, Message, Server};
use crate::site::Site;

/// How long [`send`] waits for an answer.
pub const DEADLINE: Duration = Duration::from_secs(1);
/// How often [`warm_up`] pings.
const EVERY: Duration = Duration::from_millis(20);
/// The longest IPv4 packet (RFC 791 section 3.1).
const LONGEST: usize = 65_535;

/// Sends the probe once, while every point of `armed` listens, and waits for its answer until [`DEADLINE`].
pub async fn send(on: &Site, probe: &BoundProbe, armed: &Armed) -> Outcome {
    send_within(on, probe, armed, DEADLINE).await
}

/// As [`send`], with another deadline. What goes wrong is told in the outcome.
pub async fn send_within(on: &Site, probe: &BoundProbe, _listening: &Armed, deadline: Duration) -> Outcome {
    let (to, token) = (probe.to, probe.token);
    let sent = match &probe.message {
        Message::Echo { size } => {
            let size = *size;
            in_place(on, probe, move || exchange(to, size, token, deadline)).await
        }
        Message::Get { port, servers } => get(on, probe, SocketAddrV4::new(to, *port), servers, token, deadline).await,
    };
    sent.unwrap_or_else(|error| failed(token, error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))))
}

/// Sends pings that nothing is asserted of, every 20 ms, until one is answered, or one request; whether there was an answer before the deadline.
///
/// They carry another token than the probe, and so another ICMP identifier: neighbours are known afterwards, but the probe is a new flow.
pub async fn warm_up(on: &Site, probe: &BoundProbe, deadline: Duration) -> bool {
    let (to, token) = (probe.to, Token::derive(&format!("{:?}", probe.token), "warm-up"));
    match &probe.message {
        Message::Echo { size } => {
            let size = *size;
            in_place(on, probe, move || knock(to, size, token, deadline)).await.unwrap_or(false)
        }
        Message::Get { port, servers } => {
            let asked = get(on, probe, SocketAddrV4::new(to, *port), servers, token, deadline).await;
            asked.is_ok_and(|outcome| outcome.answer.is_some())
        }
    }
}

/// An HTTP request, with somebody there to answer it, until it is over for both ends.
async fn get(
    on: &Site,
    probe: &BoundProbe,
    to: SocketAddrV4,
    servers: &[Server],
    token: Token,
    deadline: Duration,
) -> Result<Outcome, ProbeError> {
    let servers = Servers::listen(on, servers).await?;
    in_place(on, probe, move || {
        let until = Instant::now() + deadline;
        let outcome = ask(to, token, deadline);
        if outcome.answer.is_some() && outcome.error.is_none() {
            servers.through(token, until);
        }
        outcome
    })
    .await
}

/// The outcome of a probe that was kept back on purpose, to see that no verdict is built on it.
pub fn withheld(probe: &BoundProbe) -> Outcome {
    failed(probe.token, "the probe was withheld on purpose".into())
}

fn failed(token: Token, error: String) -> Outcome {
    Outcome { error: Some(error), ..Outcome::silent(token) }
}

async fn in_place<T: Send + 'static>(on: &Site, probe: &BoundProbe, f: impl FnOnce() -> T + Send + 'static) -> Result<T, ProbeError> {
    let place = on.places.get(&probe.from).ok_or_else(|| ProbeError::NoPlace(probe.from.clone()))?;
    let netns = place.netns().ok_or_else(|| ProbeError::NoNamespace(probe.from.clone()))?;
    meanwhile_in_netns(netns, f).await.map_err(|source| ProbeError::Enter { place: probe.from.clone(), source })
}

/// One echo and its answer, in this thread's network namespace.
fn exchange(to: Ipv4Addr, size: usize, token: Token, deadline: Duration) -> Outcome {
    let socket = match icmp_socket() {
        Ok(socket) => socket,
        Err(error) => return failed(token, format!("cannot open a raw ICMP socket: {}", error.desc())),
    };
    let echo = Echo::new(token, 1);
    let (sent_at, until) = (now(), Instant::now() + deadline);
    if let Err(error) = send_to(&socket, to, &echo.message(size)) {
        return failed(token, format!("cannot send to {to}: {}", error.desc()));
    }
    let mut outcome = Outcome { sent_at: Some(sent_at), ..Outcome::silent(token) };
    match await_answer(&socket, until, |packet| echo.answer(packet)) {
        Ok(Some(Answer::Reply { ttl })) => (outcome.answered_at, outcome.answer_ttl) = (Some(now()), Some(ttl)),
        Ok(Some(Answer::Error(error))) => outcome.error = Some(error),
        Ok(None) => {}
        Err(error) => outcome.error = Some(format!("cannot receive: {}", error.desc())),
    }
    outcome
}

/// Echoes until one is answered. A route or neighbour that is missing may come yet, so errors are no reason to give up.
fn knock(to: Ipv4Addr, size: usize, token: Token, deadline: Duration) -> bool {
    let Ok(socket) = icmp_socket() else { return false };
    let until = Instant::now() + deadline;
    let mut echoes = Vec::new();
    while Instant::now() < until {
        let echo = Echo::new(token, u16::try_from(echoes.len() + 1).unwrap_or(u16::MAX));
        echoes.push(echo);
        let _ = send_to(&socket, to, &echo.message(size));
        let reply = |packet: &[u8]| {
            let answers = echoes.iter().rev().find_map(|echo| echo.answer(packet));
            answers.filter(|answer| matches!(answer, Answer::Reply { .. }))
        };
        if await_answer(&socket, until.min(Instant::now() + EVERY), reply).is_ok_and(|answer| answer.is_some()) {
            return true;
        }
    }
    false
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

/// Nanoseconds since the epoch.
pub(super) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
