//! flannel's `udp` backend: a proxy in user space that puts bare IP packets into UDP datagrams. This one is ours, and does what flannel's does.
//!
//! What that is comes from flannel's pkg/backend/udp (`tun_to_udp`, `udp_to_tun`, `send_net_unreachable`); recordings of a real cluster show the same.
//! It is a hop of its own on each side: it takes one off the TTL when a packet enters and one when it leaves.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::OwnedFd;

use super::ferry::{Ferry, Outward, destination};
use super::standin::Carrier;
use super::sys::open_tun;
use crate::site::PeerSpec;

/// The length of an IPv4 header without options, in bytes.
const HEADER: usize = 20;

/// ICMP's number among the protocols.
const ICMP: u8 = 1;

/// RFC 792: destination unreachable, and of that the code for a network.
const UNREACHABLE: u8 = 3;
const NETWORK: u8 = 0;

/// With how many hops left flannel sends its ICMP errors.
const ERROR_TTL: u8 = 8;

/// What a proxy does wrong on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProxyFault {
    /// It leaves the TTL as it is.
    pub keeps_ttl: bool,
    /// It sends and listens on another port.
    pub port: Option<u16>,
}

/// One node's proxy.
struct UdpProxy {
    /// The tunnel device's address, from which its errors come.
    own: Ipv4Addr,
    port: u16,
    peers: Vec<PeerSpec>,
    keeps_ttl: bool,
}

/// Makes the TUN device `name` in the network namespace that this thread is in, and a UDP socket on `underlay` beside it.
///
/// # Errors
/// What could not be opened, and what the system said.
pub(super) fn open(
    name: &str,
    own: Ipv4Addr,
    underlay: SocketAddrV4,
    peers: &[PeerSpec],
    fault: ProxyFault,
) -> Result<Carrier, (&'static str, io::Error)> {
    let tun = open_tun(name).map_err(|error| ("open /dev/net/tun", error))?;
    let port = fault.port.unwrap_or(underlay.port());
    let socket = UdpSocket::bind(SocketAddrV4::new(*underlay.ip(), port)).map_err(|error| ("open a UDP socket", error))?;
    socket.set_nonblocking(true).map_err(|error| ("open a UDP socket", error))?;
    let proxy = UdpProxy { own, port, peers: peers.to_vec(), keeps_ttl: fault.keeps_ttl };
    Ok(Carrier::new(tun, OwnedFd::from(socket), Box::new(proxy)))
}

impl Ferry for UdpProxy {
    fn outward(&mut self, packet: &mut [u8]) -> Outward {
        let Some(to) = destination(packet) else { return Outward::Drop };
        let Some(peer) = self.peers.iter().find(|peer| peer.block.contains(&to)) else {
            return unreachable(self.own, packet).map_or(Outward::Drop, Outward::Answer);
        };
        let next = SocketAddrV4::new(peer.underlay, self.port);
        if self.hop(packet) { Outward::Send(packet.to_vec(), next) } else { Outward::Drop }
    }

    fn inward<'p>(&mut self, received: &'p mut [u8]) -> Option<&'p [u8]> {
        destination(received)?;
        self.hop(received).then_some(received)
    }
}

impl UdpProxy {
    /// Takes a hop off a packet's TTL. `false`: none is left, and flannel drops such a packet without a word.
    fn hop(&self, packet: &mut [u8]) -> bool {
        if self.keeps_ttl {
            return true;
        }
        let ttl = packet[8].saturating_sub(1);
        packet[8] = ttl;
        // RFC 1624: the TTL is the high byte of its word, so one less of it is 0x0100 more of the sum's complement, end-around.
        let (sum, carry) = u16::from_be_bytes([packet[10], packet[11]]).overflowing_add(0x0100);
        packet[10..12].copy_from_slice(&(sum + u16::from(carry)).to_be_bytes());
        ttl > 0
    }
}

/// The ICMP error from `own` to the sender of `packet`: its network is unreachable; `None` if nobody is to be told (RFC 1122 section
/// 3.2.2: not a source that is no single host, and never about an error).
fn unreachable(own: Ipv4Addr, packet: &[u8]) -> Option<Vec<u8>> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let source = Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(12..16)?).ok()?);
    let is_error = packet[9] == ICMP && packet.get(header).is_some_and(|kind| ![0, 8].contains(kind));
    if header < HEADER || source.is_unspecified() || source.is_multicast() || source.is_broadcast() || is_error {
        return None;
    }
    // RFC 792: the header and the first 64 bits behind it.
    let quoted = packet.get(..(header + 8).min(packet.len()))?;
    let mut error = vec![UNREACHABLE, NETWORK, 0, 0, 0, 0, 0, 0];
    error.extend(quoted);
    let sum = checksum(&error);
    error[2..4].copy_from_slice(&sum.to_be_bytes());

    let length = u16::try_from(HEADER + error.len()).ok()?;
    let mut answer = vec![0x45, 0];
    answer.extend(length.to_be_bytes());
    answer.extend([0, 0, 0, 0, ERROR_TTL, ICMP, 0, 0]);
    answer.extend(own.octets());
    answer.extend(source.octets());
    let sum = checksum(&answer);
    answer[10..12].copy_from_slice(&sum.to_be_bytes());
    answer.extend(error);
    Some(answer)
}

/// RFC 1071; the checksum field is still zero.
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of a pod's echo request as a real node's `flannel0` carried it.
    const ECHO: [u8; 28] = [0x45, 0, 0, 84, 0xfd, 0x0c, 0x40, 0, 63, 1, 0, 0, 10, 244, 2, 2, 10, 244, 1, 2, 8, 0, 0x78, 0x02, 0, 58, 0, 1];

    fn echo(ttl: u8) -> Vec<u8> {
        let mut packet = ECHO.to_vec();
        packet[8] = ttl;
        let sum = checksum(&packet[..20]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet
    }

    fn proxy() -> UdpProxy {
        let peer = PeerSpec { block: "10.244.1.0/24".parse().unwrap(), underlay: Ipv4Addr::new(172, 18, 0, 4) };
        UdpProxy { own: Ipv4Addr::new(10, 244, 2, 0), port: 8285, peers: vec![peer], keeps_ttl: false }
    }

    #[test]
    fn each_way_is_one_hop_and_the_checksum_stays_right() {
        for ttl in 2..=255 {
            let Outward::Send(mut datagram, to) = proxy().outward(&mut echo(ttl)) else { panic!("not sent") };
            assert_eq!((datagram.clone(), to.to_string()), (echo(ttl - 1), "172.18.0.4:8285".to_owned()));
            let inner = proxy().inward(&mut datagram).map(<[u8]>::to_vec);
            assert_eq!(inner, (ttl > 2).then(|| echo(ttl - 2)), "{ttl}");
        }
    }

    #[test]
    fn checksums_wrap_as_they_should() {
        // RFC 1624 section 3: all ids, so that every checksum comes up.
        for id in 0..=u16::MAX {
            let mut packet = echo(64);
            packet[4..6].copy_from_slice(&id.to_be_bytes());
            packet[10..12].fill(0);
            let sum = checksum(&packet[..20]);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            assert!(proxy().hop(&mut packet));
            let words: u32 = packet[..20].chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
            assert_eq!((words & 0xffff) + (words >> 16), 0xffff, "{id}");
        }
    }

    #[test]
    fn what_has_no_hop_left_ends_here() {
        assert_eq!(proxy().outward(&mut echo(1)), Outward::Drop);
        assert_eq!(proxy().inward(&mut echo(1)), None);
    }

    #[test]
    fn what_goes_to_no_peer_is_unreachable() {
        let mut stray = echo(63);
        stray[18] = 7;
        let Outward::Answer(answer) = proxy().outward(&mut stray) else { panic!("no answer") };
        assert_eq!((answer[8], answer[9], answer[20], answer[21]), (8, 1, 3, 0));
        assert_eq!((&answer[12..16], &answer[16..20]), (&[10, 244, 2, 0][..], &[10, 244, 2, 2][..]));
        assert_eq!(answer[28..], stray[..28]);
        for part in [&answer[..20], &answer[20..]] {
            let words: u32 = part.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
            assert_eq!((words & 0xffff) + (words >> 16), 0xffff);
        }
        // Nobody is told of an error about an error, nor is a source that is none, as a capture's closing sentinel has.
        let mut error = stray.clone();
        error[20] = 3;
        assert_eq!(proxy().outward(&mut error), Outward::Drop);
        stray[12..16].fill(0);
        assert_eq!(proxy().outward(&mut stray), Outward::Drop);
    }

    #[test]
    fn what_is_no_ipv4_packet_is_dropped() {
        assert_eq!(proxy().outward(&mut [0x60; 60]), Outward::Drop);
        assert_eq!(proxy().inward(&mut [0x45; 19]), None);
        assert_eq!(proxy().inward(&mut []), None);
    }

    #[test]
    fn a_faulty_one_keeps_the_ttl() {
        let mut faulty = UdpProxy { keeps_ttl: true, ..proxy() };
        assert!(matches!(faulty.outward(&mut echo(63)), Outward::Send(datagram, _) if datagram[8] == 63));
    }
}
