//! A connection that is kept silent: the kernel goes on with it, but nothing that it sends leaves the host.
//!
//! Documents show servers that acknowledge a client's FIN with their own FIN. The kernel lets a server 40 ms for that (`TCP_ATO_MIN`; `tcp_fin` in
//! `net/ipv4/tcp_input.c` has the acknowledgment delayed, `tcp_delack_timer_handler` in `net/ipv4/tcp_timer.c` sends it), no option makes it longer, and on a
//! busy host a server may not be given a processor for 40 ms. A FIN that is sent before the client's, and held back by a closed window, is no way out: then
//! `tcp_fin` acknowledges at once. So the acknowledgment goes where nobody sees it, until the FIN that carries it, too, can be sent.
#![expect(unsafe_code, reason = "neither std nor nix sets IP options")]

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{setsockopt, sockopt};

/// RFC 791 section 3.1: a strict source route whose first hop is 127.0.0.1, and the end of the options. With it the kernel routes what a socket sends to the
/// loopback device (`__ip_queue_xmit` in `net/ipv4/ip_output.c`), where it is dropped since nobody accepts source routes there
/// (`ip_rcv_options` in `net/ipv4/ip_input.c`, `accept_source_route`). No privilege is needed.
const TO_NOBODY: [u8; 8] = [0x89, 7, 4, 127, 0, 0, 1, 0];

/// How long the listening socket has its connections wait before they probe their client, in seconds: the longest there is (`MAX_TCP_KEEPIDLE`,
/// `include/net/tcp.h`). Nobody else wants that, so it marks connections of ours that are not to be closed by the client yet, see
/// [`Connection::is_held`](super::Connection::is_held).
pub(super) const HELD: u32 = 32_767;

/// Has every connection that comes about at a listening socket held until it is released.
pub(super) fn hold(socket: &TcpListener) -> io::Result<()> {
    setsockopt(socket, sockopt::TcpKeepIdle, &HELD)?;
    Ok(setsockopt(socket, sockopt::KeepAlive, &true)?)
}

/// While this is there, nothing that the kernel sends by a connection leaves the host.
pub(super) struct Silence<'c>(&'c TcpStream);

impl<'c> Silence<'c> {
    /// Silences a connection of which all that was sent is acknowledged, and releases it: from here on the client may close.
    pub(super) fn begin(connection: &'c TcpStream) -> io::Result<Self> {
        let silence = Self(connection);
        options(connection, &TO_NOBODY)?;
        forget_route(connection)?;
        setsockopt(connection, sockopt::KeepAlive, &false)?;
        Ok(silence)
    }
}

impl Drop for Silence<'_> {
    /// An acknowledgment that is still to be sent is sent while nobody hears it, or the timer might send it between these steps.
    fn drop(&mut self) {
        let _ = acknowledge(self.0);
        let _ = options(self.0, &[]);
        let _ = forget_route(self.0);
    }
}

/// Has the kernel look for a route again (`sk_setsockopt` in `net/core/sock.c`): it keeps the one that it found first.
fn forget_route(socket: &TcpStream) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::DontRoute, &false)?)
}

/// Sends an acknowledgment that is delayed (`__tcp_sock_set_quickack` in `net/ipv4/tcp.c`).
fn acknowledge(socket: &TcpStream) -> io::Result<()> {
    set(socket, libc::IPPROTO_TCP, libc::TCP_QUICKACK, &1_i32.to_ne_bytes())
}

fn options(socket: &TcpStream, options: &[u8]) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_OPTIONS, options)
}

fn set(socket: &TcpStream, level: libc::c_int, option: libc::c_int, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the length describe `value`, which outlives the call; the kernel copies it.
    let set = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, value.as_ptr().cast(), length) };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::Shutdown;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::nettool::outq::unacknowledged;

    /// A client, and its server's socket.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        hold(&listener).expect("an option");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
        client.set_read_timeout(Some(Duration::from_secs(10))).expect("an option");
        (client, listener.accept().expect("it has connected").0)
    }

    /// The client closes, and its server's kernel, which has seen that, is made to acknowledge it.
    fn close(client: &TcpStream, mut server: &TcpStream) {
        client.shutdown(Shutdown::Write).expect("connected");
        assert_eq!(server.read(&mut [0]).expect("it is closed"), 0);
        acknowledge(server).expect("an option");
    }

    #[test]
    fn a_silent_servers_own_fin_is_the_first_to_acknowledge_the_clients() {
        let (mut client, server) = pair();
        let silence = Silence::begin(&server).expect("an option");
        close(&client, &server);
        assert_eq!(unacknowledged(&client).expect("a TCP socket"), 1, "the client's FIN");
        drop(silence);
        assert_eq!(unacknowledged(&client).expect("a TCP socket"), 1, "nor does the end of the silence acknowledge it");
        server.shutdown(Shutdown::Write).expect("connected");
        assert_eq!(client.read(&mut [0]).expect("the server is heard again"), 0);
    }

    #[test]
    fn a_server_that_is_not_silent_acknowledges() {
        let (client, server) = pair();
        close(&client, &server);
        let until = Instant::now() + Duration::from_secs(10);
        while unacknowledged(&client).expect("a TCP socket") > 0 {
            assert!(Instant::now() < until, "the client's FIN is not acknowledged");
            thread::yield_now();
        }
    }
}
