//! A web server whose every answer says which pod gave it, segment by segment as documents show it.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::Utc;
use nix::ifaddrs::getifaddrs;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket;

use super::http;
use super::outq::unacknowledged;
use super::silence::{Silence, hold};

/// How long a server has patience with a client: as long as a client with a server.
const PATIENCE: Duration = Duration::from_secs(10);

/// From one look at what is not acknowledged to the next, in milliseconds.
const SOON: u8 = 1;

/// The longest request that is read, in bytes.
const LONGEST: usize = 4096;

/// A server that listens, on a thread of its own; dropped, it is gone.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `port` of every address of this thread's network namespace, and answers that it is the pod `called`, with the address of
    /// `device`. Port 0: any that is free.
    ///
    /// # Errors
    /// If the port is taken, or not for this user.
    pub fn start(port: u16, device: &str, called: &str) -> io::Result<Self> {
        let page = http::page_of(called, device, &address_of(device)?);
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
        hold(&listener)?;
        let accepting = listener.try_clone()?;
        let serve = move || {
            thread::scope(|scope| {
                while let Ok((client, _)) = accepting.accept() {
                    // What goes wrong with one client is that client's affair.
                    scope.spawn(|| exchange(client, &page).ok());
                }
            });
        };
        let thread = thread::Builder::new().name("http-server".into()).spawn(serve)?;
        Ok(Self { listener, thread: Some(thread) })
    }

    /// The port at which it listens.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Wakes whoever waits in accept(2), with EINVAL (net/ipv4/inet_connection_sock.c, inet_csk_accept).
        let _ = socket::shutdown(self.listener.as_raw_fd(), socket::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads a request, answers it in two segments, and waits for the client to close: twelve segments in all, whenever this thread runs.
///
/// * The kernel acknowledges the client's first data at once, before we see it (`tcp_event_data_recv` in `net/ipv4/tcp_input.c`), and the client's kernel so
///   each part of the answer.
/// * Without `TCP_NODELAY` the second part of the answer stays in the kernel until the first is acknowledged (`tcp_nagle_test` in
///   `net/ipv4/tcp_output.c`): two segments, two acknowledgments.
/// * The client's FIN is acknowledged by ours alone, see [`Silence`]. The client is told when it may close by its server's socket being released.
/// * Nothing is sent again for as long as `net.ipv4.tcp_rto_min_us` says, which is long in namespaces of ours.
fn exchange(mut client: TcpStream, page: &str) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let (mut request, mut bytes) = (Vec::new(), [0; 512]);
    while !http::is_whole(&request) {
        match client.read(&mut bytes)? {
            0 => return Ok(()),
            length => request.extend(&bytes[..length]),
        }
        if request.len() > LONGEST {
            return Ok(());
        }
    }
    let (head, body) = http::answer(page, Utc::now());
    client.write_all(&head)?;
    client.write_all(&body)?;
    acknowledged(&client)?;
    let silence = Silence::begin(&client)?;
    while (&client).read(&mut bytes)? > 0 {}
    drop(silence);
    client.shutdown(Shutdown::Write)
}

/// Waits until all that was sent is acknowledged. Nothing tells of that, so it is looked for; it takes two round trips.
fn acknowledged(client: &TcpStream) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    while unacknowledged(client)? > 0 {
        if Instant::now() > until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // Nothing but the connection's end is waited for, so that this takes no time of a processor.
        poll(&mut [PollFd::new(client.as_fd(), PollFlags::empty())], SOON)?;
    }
    Ok(())
}

/// The first IPv4 address of a device and its prefix length: `10.244.1.2/24`; `-` if it has none.
fn address_of(device: &str) -> io::Result<String> {
    for interface in getifaddrs()?.filter(|interface| interface.interface_name == device) {
        let address = interface.address.as_ref().and_then(|address| address.as_sockaddr_in());
        let mask = interface.netmask.as_ref().and_then(|mask| mask.as_sockaddr_in());
        if let (Some(address), Some(mask)) = (address, mask) {
            return Ok(format!("{}/{}", address.ip(), u32::from(mask.ip()).count_ones()));
        }
    }
    Ok("-".to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV4;

    use super::*;
    use crate::name::Token;
    use crate::nettool::ask;

    #[test]
    fn a_client_is_told_who_answered_and_the_port_is_free_afterwards() {
        let server = Server::start(0, "lo", "cni-qqj89").expect("a port");
        let port = server.port().expect("bound");
        for run in ["one", "two"] {
            let asked = ask(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), Token::derive(run, "test"), PATIENCE);
            let outcome = asked.close(PATIENCE);
            assert_eq!((outcome.answer.as_deref(), outcome.error), (Some("PodName: cni-qqj89 | PodIP: lo 127.0.0.1/8"), None));
        }
        drop(server);
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
