//! The network devices of a namespace, as the kernel tells them over netlink.

use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use futures_util::TryStreamExt as _;
use ipnet::Ipv4Net;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{LinkAttribute, LinkLayerType, LinkMessage};

use crate::packet::LinkType;
use crate::place::in_netns;

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Its number in its namespace.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: String,
    /// Its hardware address, if it has a link layer.
    pub(super) mac: Option<[u8; 6]>,
    /// What its frames begin with.
    pub(super) framing: LinkType,
    /// The number of the device at its other end, in that one's namespace (`IFLA_LINK`).
    pub(super) peer: Option<u32>,
    /// Its IPv4 addresses with their prefixes.
    pub(super) addresses: Vec<Ipv4Net>,
}

/// Every device of a network namespace.
///
/// # Errors
/// If the namespace cannot be entered, or the kernel refuses to tell.
pub(super) fn links(netns: BorrowedFd<'_>) -> io::Result<Vec<Link>> {
    in_netns(netns, || tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(dump()))?
}

async fn dump() -> io::Result<Vec<Link>> {
    let (connection, handle, _) = rtnetlink::new_connection()?;
    let connection = tokio::spawn(connection);
    let links: Vec<LinkMessage> = handle.link().get().execute().try_collect().await.map_err(io::Error::other)?;
    let addresses: Vec<AddressMessage> = handle.address().get().execute().try_collect().await.map_err(io::Error::other)?;
    connection.abort();
    Ok(links.iter().map(|link| read(link, &addresses)).collect())
}

fn read(message: &LinkMessage, addresses: &[AddressMessage]) -> Link {
    let index = message.header.index;
    // A loopback's frames have an Ethernet header too (drivers/net/loopback.c).
    let ethernet = matches!(message.header.link_layer_type, LinkLayerType::Ether | LinkLayerType::Loopback);
    let mut link = Link {
        index,
        name: String::new(),
        mac: None,
        framing: if ethernet { LinkType::Ethernet } else { LinkType::Raw },
        peer: None,
        addresses: Vec::new(),
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Address(bytes) if ethernet => link.mac = bytes.as_slice().try_into().ok(),
            LinkAttribute::Link(peer) if *peer != 0 => link.peer = Some(*peer),
            _ => {}
        }
    }
    for message in addresses.iter().filter(|message| message.header.index == index && message.header.family == AddressFamily::Inet) {
        // Where both are given, IFA_LOCAL is the device's own and IFA_ADDRESS the other end's.
        let local = message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Local(IpAddr::V4(address)) => Some(*address),
            _ => None,
        });
        link.addresses.extend(local.and_then(|address| Ipv4Net::new(address, message.header.prefix_len).ok()));
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_namespace_has_a_loopback() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let links = runtime.block_on(dump()).expect("told");
        let loopback = links.iter().find(|link| link.name == "lo").expect("there is one");
        assert_eq!((loopback.index, loopback.framing, loopback.peer), (1, LinkType::Ethernet, None));
        assert!(loopback.addresses.contains(&"127.0.0.1/8".parse().expect("an address")), "{loopback:?}");
    }
}
