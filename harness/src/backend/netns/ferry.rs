//! What carries packets between a node's TUN device and its underlay.

use std::net::SocketAddrV4;

/// What becomes of a packet that a node's kernel has put into the tunnel device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outward {
    /// These bytes leave by the socket.
    Send(Vec<u8>, SocketAddrV4),
    /// This packet goes back into the device: an answer to the sender.
    Answer(Vec<u8>),
    /// It ends here.
    Drop,
}

/// One node's way of carrying packets.
pub(super) trait Ferry: Send {
    /// A packet that the node's kernel has put into the tunnel device.
    fn outward(&mut self, packet: &mut [u8]) -> Outward;

    /// What the socket has received, and the packet in it that goes into the tunnel device, if any does.
    fn inward<'p>(&mut self, received: &'p mut [u8]) -> Option<&'p [u8]>;
}

/// Where an IPv4 packet goes; `None` if it is none.
pub(super) fn destination(packet: &[u8]) -> Option<std::net::Ipv4Addr> {
    let octets: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    (packet[0] >> 4 == 4).then(|| octets.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ipv4_has_a_destination() {
        let mut packet = [0; 20];
        packet[0] = 0x45;
        packet[16..].copy_from_slice(&[10, 244, 146, 205]);
        assert_eq!(destination(&packet), Some([10, 244, 146, 205].into()));
        assert_eq!(destination(&packet[..19]), None);
        packet[0] = 0x60;
        assert_eq!(destination(&packet), None);
    }
}
