//! What the kernel knows of an interface, in this thread's network namespace.

use std::io;

use rtnetlink::packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{InfoPortKind, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage};
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::problem::CaptureError;
use crate::packet::LinkType;

/// An interface that frames can pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Its index in its namespace.
    pub(super) index: u32,
    /// What its frames start with.
    pub(super) kind: LinkType,
    /// Its own hardware address; zeros if it has none.
    pub(super) mac: [u8; 6],
    /// Whether anybody has put it into promiscuous mode, besides a bridge that it is a port of: that one takes every frame anyhow.
    pub(super) promiscuous: bool,
}

/// Looks an interface up, and says why if nothing can pass it.
pub(super) fn look(interface: &str) -> Result<Link, CaptureError> {
    let message = ask(interface).map_err(|source| CaptureError::Look { interface: interface.to_owned(), source })?;
    let not_up = |state| CaptureError::NotUp { interface: interface.to_owned(), state };
    if !message.header.flags.contains(LinkFlags::Up) {
        return Err(not_up("down"));
    }
    if !message.header.flags.contains(LinkFlags::LowerUp) {
        return Err(not_up("up without a carrier: its other end is not"));
    }
    let kind = kind_of(message.header.link_layer_type)
        .ok_or_else(|| CaptureError::Kind { interface: interface.to_owned(), kind: message.header.link_layer_type.to_string() })?;
    let is_port = |infos: &[LinkInfo]| infos.contains(&LinkInfo::PortKind(InfoPortKind::Bridge));
    let bridges =
        message.attributes.iter().filter(|attribute| matches!(attribute, LinkAttribute::LinkInfo(infos) if is_port(infos))).count();
    let mut link = Link { index: message.header.index, kind, mac: [0; 6], promiscuous: false };
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::Address(address) => link.mac = address.try_into().unwrap_or_default(),
            // The counter, not the flag: the flag that user space is shown leaves out what other captures asked for (net/core/dev.c, dev_get_flags).
            LinkAttribute::Promiscuity(count) => link.promiscuous = count as usize > bridges,
            _ => {}
        }
    }
    Ok(link)
}

/// As libpcap maps them (pcap-linux.c, `map_arphrd_to_dlt`), as far as labs have them.
fn kind_of(layer: LinkLayerType) -> Option<LinkType> {
    match layer {
        LinkLayerType::Ether | LinkLayerType::Loopback => Some(LinkType::Ethernet),
        LinkLayerType::None | LinkLayerType::Tunnel | LinkLayerType::Tunnel6 | LinkLayerType::Sit | LinkLayerType::Rawip => {
            Some(LinkType::Raw)
        }
        _ => None,
    }
}

fn ask(interface: &str) -> io::Result<LinkMessage> {
    let mut question = LinkMessage::default();
    question.attributes.push(LinkAttribute::IfName(interface.to_owned()));
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::GetLink(question));
    request.header.flags = NLM_F_REQUEST;
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);

    let socket = Socket::new(NETLINK_ROUTE)?;
    socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;
    let (answer, _) = socket.recv_from_full()?;
    let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer).map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => Ok(link),
        NetlinkPayload::Error(error) => Err(error.to_io()),
        other => Err(io::Error::other(format!("unexpected netlink answer of type {}", other.message_type()))),
    }
}
