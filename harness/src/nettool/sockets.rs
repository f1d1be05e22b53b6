//! TCP sockets of a network namespace, as `/proc/net/tcp` lists them.

use std::net::{Ipv4Addr, SocketAddrV4};

/// A TCP socket (`get_tcp4_sock` in `net/ipv4/tcp_ipv4.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its own end.
    pub own: SocketAddrV4,
    /// The other end; unspecified while it listens.
    pub other: SocketAddrV4,
    /// `TCP_ESTABLISHED` and so on, as numbered in `include/net/tcp_states.h`.
    pub state: u8,
}

/// `TCP_ESTABLISHED`, `TCP_TIME_WAIT`, `TCP_LISTEN`.
const ESTABLISHED: u8 = 1;
const TIME_WAIT: u8 = 6;
const LISTEN: u8 = 10;

impl Connection {
    /// Whether it stands, both ways.
    pub fn is_established(&self) -> bool {
        self.state == ESTABLISHED
    }

    /// Whether one of its ends still waits for a segment of the other.
    pub fn is_under_way(&self) -> bool {
        ![TIME_WAIT, LISTEN].contains(&self.state)
    }
}

/// Every socket in the text of a `/proc/net/tcp`.
pub fn connections(text: &str) -> Vec<Connection> {
    text.lines().skip(1).filter_map(connection).collect()
}

/// Whether anybody listens on `port`.
pub fn is_served(connections: &[Connection], port: u16) -> bool {
    connections.iter().any(|connection| connection.state == LISTEN && connection.own.port() == port)
}

fn connection(line: &str) -> Option<Connection> {
    // sl local_address rem_address st …
    let mut fields = line.split_whitespace().skip(1);
    let (own, other) = (end(fields.next()?)?, end(fields.next()?)?);
    Some(Connection { own, other, state: u8::from_str_radix(fields.next()?, 16).ok()? })
}

fn end(text: &str) -> Option<SocketAddrV4> {
    let (host, port) = text.split_once(':')?;
    // The kernel prints an address as the number that its four bytes are in memory.
    let host = u32::from_str_radix(host, 16).ok()?;
    Some(SocketAddrV4::new(Ipv4Addr::from(host.to_ne_bytes()), u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_read_with_their_states() {
        let text = "  sl  local_address rem_address   st tx_queue\n\
   0: 00000000:00B3 00000000:0000 0A 00000000:00000000\n\
   1: 020012AC:00B3 030012AC:D431 01 00000000:00000000\n\
   2: 020012AC:9C41 050012AC:00B3 09 00000000:00000000\n\
   3: 020012AC:9C42 060012AC:0050 06 00000000:00000000\n";
        let all = connections(text);
        assert!(is_served(&all, 179) && !is_served(&all, 80));
        let spelt: Vec<String> = all.iter().map(|one| format!("{} {}", one.own, one.other)).collect();
        assert_eq!(spelt[1..3], ["172.18.0.2:179 172.18.0.3:54321", "172.18.0.2:40001 172.18.0.5:179"]);
        assert_eq!(all.iter().map(Connection::is_established).collect::<Vec<_>>(), [false, true, false, false]);
        assert_eq!(all.iter().map(Connection::is_under_way).collect::<Vec<_>>(), [false, true, true, false]);
        assert_eq!(connections("sl\n 0: x y z\n"), []);
    }
}
