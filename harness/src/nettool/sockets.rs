//! TCP sockets of a network namespace, as `/proc/net/tcp` lists them.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::silence::HELD;

/// A TCP socket (`get_tcp4_sock` in `net/ipv4/tcp_ipv4.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its own end.
    pub own: SocketAddrV4,
    /// The other end; unspecified while it listens.
    pub other: SocketAddrV4,
    /// `TCP_ESTABLISHED` and so on, as numbered in `include/net/tcp_states.h`.
    pub state: u8,
    /// In how many hundredths of a second it will probe the other end, if its keepalive timer runs.
    pub keepalive: Option<u32>,
}

/// `TCP_ESTABLISHED`, `TCP_TIME_WAIT`, `TCP_LISTEN`.
const ESTABLISHED: u8 = 1;
const TIME_WAIT: u8 = 6;
const LISTEN: u8 = 10;
/// What `/proc/net/tcp` says of a socket of whose timers the keepalive timer alone runs.
const KEEPALIVE: &str = "02";
/// `USER_HZ` (`include/asm-generic/param.h`): the kernel tells times in hundredths of a second.
const SECOND: u32 = 100;

impl Connection {
    /// Whether it stands, both ways.
    pub fn is_established(&self) -> bool {
        self.state == ESTABLISHED
    }

    /// Whether one of its ends still waits for a segment of the other.
    pub fn is_under_way(&self) -> bool {
        ![TIME_WAIT, LISTEN].contains(&self.state)
    }

    /// Whether it is one of our server's, which asks its client not to close yet, see `silence.rs`. A server that is not ours asks nobody for that.
    pub fn is_held(&self) -> bool {
        self.keepalive.is_some_and(|left| left > (HELD - 3600) * SECOND)
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
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when …
    let mut fields = line.split_whitespace().skip(1);
    let (own, other) = (end(fields.next()?)?, end(fields.next()?)?);
    let state = u8::from_str_radix(fields.next()?, 16).ok()?;
    let timer = fields.nth(1).and_then(|timer| timer.split_once(':')).filter(|(kind, _)| *kind == KEEPALIVE);
    Some(Connection { own, other, state, keepalive: timer.and_then(|(_, when)| u32::from_str_radix(when, 16).ok()) })
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

    #[test]
    fn only_a_connection_of_our_server_is_held() {
        let held = |state: &str, timer: &str| {
            let text =
                format!("sl\n 1: 0200090A:0050 0100090A:E43A {state} 00000000:00000000 {timer} 00000000 0 0 36976 3 0 20 4 31 12 -1\n");
            connections(&text)[0].is_held()
        };
        // As Linux 6.18 printed it 0.2 s after the handshake, and what it may say later.
        for timer in ["02:0031FF88", "02:0031FFFC", "02:00300000"] {
            assert!(held("01", timer), "{timer}");
        }
        // Released; retransmitting; others' keepalive: nginx and sshd two hours, Go fifteen seconds; a listener; nonsense.
        for timer in ["00:00000000", "01:0031FF88", "02:000AFC80", "02:000005DC", "04:0031FF88", "03:00001770", "02", "", "02:x"] {
            assert!(!held("01", timer), "{timer}");
        }
        assert!(!held("0A", "00:00000000"));
    }
}
