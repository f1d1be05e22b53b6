//! Answering HTTP requests from the namespaces of pods, segment by segment.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::socket;

use super::http;
use super::outq::unacknowledged;
use super::problem::ProbeError;
use crate::name::Token;
use crate::place::meanwhile_in_netns;
use crate::plan::Server;
use crate::site::Site;

/// How long a server has patience with a client.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest request that is read, in bytes.
const LONGEST: usize = 4096;

/// Servers that listen; dropped, they are gone.
pub(super) struct Servers {
    threads: Vec<(TcpListener, Option<JoinHandle<()>>)>,
    served: Receiver<String>,
}

impl Servers {
    /// Has each of `servers` listen in its place.
    pub(super) async fn listen(on: &Site, servers: &[Server]) -> Result<Self, ProbeError> {
        let (tell, served) = channel();
        let mut all = Self { threads: Vec::new(), served };
        for server in servers {
            let place = on.places.get(&server.place).ok_or_else(|| ProbeError::NoPlace(server.place.clone()))?;
            let netns = place.netns().ok_or_else(|| ProbeError::NoNamespace(server.place.clone()))?;
            let at = (server.address.addr(), server.port);
            let failed = |source| ProbeError::Listen { place: server.place.clone(), port: server.port, source };
            let entered = meanwhile_in_netns(netns, move || TcpListener::bind(at)).await;
            let listener = entered.map_err(|source| ProbeError::Enter { place: server.place.clone(), source })?.map_err(failed)?;
            let (ours, told, who) = (listener.try_clone().map_err(failed)?, tell.clone(), server.clone());
            let serve = move || {
                while let Ok((client, _)) = listener.accept() {
                    serve(client, &who, &told);
                }
            };
            let thread = thread::Builder::new().name("http-server".into()).spawn(serve).map_err(failed)?;
            all.threads.push((ours, Some(thread)));
        }
        Ok(all)
    }

    /// Waits until the exchange of `token` is over for the server, too, its last segment acknowledged; whether it was before `until`.
    pub(super) fn through(&self, token: Token, until: Instant) -> bool {
        let digits = token.hex();
        loop {
            match self.served.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(served) if served == digits => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (listener, thread) in &mut self.threads {
            // Wakes whoever waits in accept(2), with EINVAL (net/ipv4/inet_connection_sock.c, inet_csk_accept).
            let _ = socket::shutdown(listener.as_raw_fd(), socket::Shutdown::Both);
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

/// Answers one request; a client that goes away is no reason to complain.
fn serve(mut client: TcpStream, server: &Server, tell: &Sender<String>) {
    if let Ok(Some(token)) = exchange(&mut client, server) {
        // Nobody may be interested any more.
        let _ = tell.send(token);
    }
}

/// Reads a request, answers it in two segments, and waits for the client to close. The kernel acknowledges each segment of the client's
/// before we have seen it; that the first of ours is acknowledged is waited for, or the two acknowledgments might be one. Returns the
/// request's token.
fn exchange(client: &mut TcpStream, server: &Server) -> io::Result<Option<String>> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_nodelay(true)?;
    let (mut request, mut byte) = (Vec::new(), [0; 512]);
    while !http::is_whole(&request) {
        match client.read(&mut byte)? {
            0 => return Ok(None),
            length => request.extend(&byte[..length]),
        }
        if request.len() > LONGEST {
            return Ok(None);
        }
    }
    let (head, body) = http::answer(server);
    client.write_all(&head)?;
    acknowledged(client)?;
    client.write_all(&body)?;
    while client.read(&mut byte)? > 0 {}
    client.shutdown(Shutdown::Write)?;
    acknowledged(client)?;
    Ok(http::token(&request).map(str::to_owned))
}

/// Waits until all that was sent is acknowledged. Nothing tells of that, so it is looked for; it takes a round trip.
fn acknowledged(client: &TcpStream) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    while unacknowledged(client)? > 0 {
        if Instant::now() > until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::yield_now();
    }
    Ok(())
}
