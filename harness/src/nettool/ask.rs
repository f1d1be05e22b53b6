//! An HTTP request, and its answer.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, connect, getsockopt, socket, sockopt};

use super::http::{self, Read};
use super::outcome::{Outcome, now};
use crate::name::Token;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 16;

/// What has come of a request, and the connection, if it has brought the answer: the client is to close it.
#[derive(Debug)]
pub struct Asked {
    to: SocketAddrV4,
    outcome: Outcome,
    answered: Option<TcpStream>,
}

/// One HTTP request and its answer, from this thread's network namespace: connects, asks, and reads the whole answer.
pub fn ask(to: SocketAddrV4, token: Token, deadline: Duration) -> Asked {
    let until = Instant::now() + deadline;
    let mut asked = Asked { to, outcome: Outcome { sent_at: Some(now()), ..Outcome::silent(token) }, answered: None };
    match open(to, until, &mut asked.outcome) {
        Ok(mut stream) => match exchange(&mut stream, to, token, until, &mut asked.outcome) {
            Ok(()) => asked.answered = Some(stream),
            Err(error) => asked.failed(&error),
        },
        Err(error) => asked.outcome.error = Some(format!("cannot connect to {to}: {}", words(&error))),
    }
    asked
}

impl Asked {
    /// Whether there is a connection to be closed.
    pub fn is_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// Closes, and waits until the other end has closed, too.
    pub fn close(mut self, deadline: Duration) -> Outcome {
        if let Some(mut stream) = self.answered.take()
            && let Err(error) = close(&mut stream, Instant::now() + deadline)
        {
            self.failed(&error);
        }
        self.outcome
    }

    fn failed(&mut self, error: &io::Error) {
        self.outcome.error = Some(format!("{} does not answer: {}", self.to, words(error)));
    }
}

fn exchange(stream: &mut TcpStream, to: SocketAddrV4, token: Token, until: Instant, outcome: &mut Outcome) -> io::Result<()> {
    stream.write_all(&http::request(to, token))?;
    let mut bytes = Vec::new();
    while outcome.answer.is_none() {
        if !more(stream, until, &mut bytes)? {
            return Err(io::Error::other("it closed before the answer was whole"));
        }
        match http::read(&bytes) {
            Read::More => {}
            Read::Whole(answer) => (outcome.answered_at, outcome.answer) = (Some(now()), Some(answer)),
            Read::Odd(why) => return Err(io::Error::other(why)),
        }
    }
    Ok(())
}

fn close(stream: &mut TcpStream, until: Instant) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    // The kernel acknowledges the other end's FIN before we learn of it.
    while more(stream, until, &mut Vec::new())? {}
    Ok(())
}

/// Reads what has come; `false` at the end.
fn more(stream: &mut TcpStream, until: Instant, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    let mut part = [0; 4096];
    let length = stream.read(&mut part)?;
    bytes.extend(&part[..length]);
    if bytes.len() > LONGEST {
        return Err(io::Error::other("its answer does not end"));
    }
    Ok(length > 0)
}

/// A connection; the outcome learns from which port, whether it comes about or not.
fn open(to: SocketAddrV4, until: Instant, outcome: &mut Outcome) -> io::Result<TcpStream> {
    let socket: OwnedFd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    let begun = connect(socket.as_raw_fd(), &SockaddrIn::from(to));
    let stream = TcpStream::from(socket);
    if let Ok(SocketAddr::V4(local)) = stream.local_addr() {
        outcome.local = Some(local);
    }
    match begun {
        Ok(()) => {}
        Err(Errno::EINPROGRESS) => connected(&stream, until)?,
        Err(error) => return Err(error.into()),
    }
    fcntl(&stream, FcntlArg::F_SETFL(OFlag::empty()))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Waits until a connection has come about.
fn connected(stream: &TcpStream, until: Instant) -> io::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let wait = PollTimeout::try_from(left + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)], wait) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => break,
            Err(error) => return Err(error.into()),
        }
    }
    match getsockopt(stream, sockopt::SocketError)? {
        0 => Ok(()),
        error => Err(Errno::from_raw(error).into()),
    }
}

/// An error in the words that ping has for its own.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        _ => error.raw_os_error().map_or_else(|| error.to_string(), |number| Errno::from_raw(number).desc().to_owned()),
    }
}
