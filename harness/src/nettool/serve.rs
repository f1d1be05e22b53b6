//! A web server whose every answer says which pod gave it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::ifaddrs::getifaddrs;

use super::http_date::http_date;

/// No request's head is longer.
const LONGEST_HEAD: usize = 8 * 1024;
/// A client that is silent for so long is gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    device: String,
    since: u64,
}

impl Server {
    /// Listens on `port` of every address; `device` is the one whose address is told. Port 0: any that is free.
    ///
    /// # Errors
    /// If the port is taken, or not for this user.
    pub fn bind(port: u16, device: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
        Ok(Self { listener, device: device.to_owned(), since: now() })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves for ever, one thread a client.
    ///
    /// # Errors
    /// If no more clients can be accepted.
    pub fn serve(&self) -> io::Result<()> {
        std::thread::scope(|scope| {
            loop {
                let (stream, _) = self.listener.accept()?;
                // What goes wrong with one client is that client's affair.
                scope.spawn(move || self.client(stream).ok());
            }
        })
    }

    /// Answers one client's requests until it goes.
    fn client(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        // The head and the body are to leave in a segment each, as they do in the documents.
        stream.set_nodelay(true)?;
        let mut request = Vec::new();
        loop {
            let end = loop {
                if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
                    break end + 4;
                }
                let mut chunk = [0; 1024];
                let read = stream.read(&mut chunk)?;
                if read == 0 || request.len() + read > LONGEST_HEAD {
                    return Ok(());
                }
                request.extend_from_slice(&chunk[..read]);
            };
            request.drain(..end);
            let body = answer(&hostname()?, &self.device, &address_of(&self.device)?);
            stream.write_all(head(body.len(), self.since, now()).as_bytes())?;
            stream.write_all(body.as_bytes())?;
        }
    }
}

/// The line that the pod `name` answers with: `PodName: cni-qqj89 | PodIP: eth0 10.244.1.2/24`.
pub fn answer(name: &str, device: &str, address: &str) -> String {
    format!("PodName: {name} | PodIP: {device} {address}\n")
}

/// The head of an answer: the lines, in length and in order, that nginx gives a small file, so that it is 236 bytes for a body of 47 as
/// in the document flannel-udp.
fn head(length: usize, since: u64, now: u64) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nServer: nettool-http\r\nDate: {}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Last-Modified: {}\r\nConnection: keep-alive\r\nETag: \"{since:08x}-{length:x}\"\r\nAccept-Ranges: bytes\r\n\r\n",
        http_date(now),
        http_date(since)
    )
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

/// What the kernel calls this machine; in a pod, the pod's name.
fn hostname() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/hostname")?.trim_end().to_owned())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nettool::get;

    #[test]
    fn the_head_and_the_body_have_the_documented_lengths() {
        let body = answer("cni-qqj89", "eth0", "10.244.1.2/24");
        assert_eq!(body, "PodName: cni-qqj89 | PodIP: eth0 10.244.1.2/24\n");
        assert_eq!((body.len(), head(body.len(), 1_718_174_693, 1_718_174_693).len()), (47, 236));
    }

    #[test]
    fn a_client_is_told_who_answered() {
        let server = Server::bind(0, "lo").expect("a port");
        let port = server.address().expect("bound").port();
        std::thread::spawn(move || server.serve());
        let answer = get((Ipv4Addr::LOCALHOST, port).into(), Duration::from_secs(5)).expect("an answer");
        let name = hostname().expect("readable");
        assert_eq!(answer, format!("PodName: {name} | PodIP: lo 127.0.0.1/8\n"));
    }

    #[test]
    fn two_requests_of_one_client_are_both_answered() {
        let server = Server::bind(0, "lo").expect("a port");
        let port = server.address().expect("bound").port();
        std::thread::spawn(move || server.serve());
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("listening");
        stream.write_all(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n").expect("writable");
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        let mut all = String::new();
        stream.read_to_string(&mut all).expect("readable");
        assert_eq!(all.matches("PodName: ").count(), 2, "{all}");
    }
}
