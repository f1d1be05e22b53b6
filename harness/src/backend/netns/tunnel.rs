//! Tunnel devices: the kernel's own where it has them, ours otherwise.

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use rtnetlink::packet_route::link::LinkAttribute;
use rtnetlink::{LinkIpIp, LinkUnspec};

use super::live::Link;
use super::messages::{ONE_SEGMENT, Request};
use super::namespace::Namespace;
use super::netlink::ask;
use super::standin::Carrier;
use super::udp_proxy::ProxyFault;
use super::{ipip_ferry, udp_proxy};
use crate::backend::UpError;
use crate::place::in_netns;
use crate::site::{NodeSpec, TunnelKind, TunnelSpec};

/// The number of a tunnel device of the kernel's: behind a node's cards, before its pods.
const TUNNEL: u32 = 90;

/// What a fallback device is called once the name it had is ours.
const FALLBACK: &str = "fallback0";

/// Whether the kernel has `ipip`, tried out in the network namespace that this thread is in, where a device is left. Where `ipip` is a module
/// this loads it.
///
/// # Errors
/// What the kernel said; `EOPNOTSUPP` if it does not have it.
pub(super) fn try_ipip() -> io::Result<()> {
    // With a local address it does not clash with a fallback device, which has none.
    let message = LinkIpIp::new("ipip-try").local(std::net::Ipv4Addr::LOCALHOST).build();
    ask(&Request::add_link(message, "make a tunnel device")).map(|_| ())
}

/// Makes a node's tunnel device of the kernel's own kind, and tells its number.
///
/// Since the module was loaded every new namespace has had a device of its own, `tunl0`, with no address at either end. Calico uses that
/// device; but here it is older than the node's cards, and so the kernel would take its address for packets that the node itself sends to
/// its pods, where the document has the card's. So it gives its name up to a device that is younger, and has the underlay's address: unlike
/// Calico's it carries nothing between other addresses of the nodes.
pub(super) async fn make_kernels(node: &NodeSpec, spec: &TunnelSpec, namespace: &Namespace) -> Result<u32, UpError> {
    let taken = super::live::links(&namespace.netlink).await?.into_iter().find(|link: &Link| link.name == spec.device);
    let mut device = LinkIpIp::new(&spec.device).index(TUNNEL);
    let mut requests = Vec::new();
    if let Some(fallback) = taken {
        let rename = LinkUnspec::new_with_index(fallback.index).append_extra_attribute(LinkAttribute::IfName(FALLBACK.to_owned()));
        requests.push(Request::set_link(rename.build(), format_args!("rename the fallback device {}", spec.device)));
        // Two devices without any address would be the same tunnel.
        device = device.local(underlay(node, spec)?);
    }
    requests.push(Request::add_link(device.ttl(0).pmtudisc(false).build(), format_args!("make the tunnel device {}", spec.device)));
    namespace.netlink.carry_out(requests).await?;
    Ok(TUNNEL)
}

/// Makes a node's tunnel device as a TUN device, and tells its number. `fault` is what a proxy is to do wrong.
pub(super) fn make_ours(node: &NodeSpec, spec: &TunnelSpec, namespace: &Namespace, fault: ProxyFault) -> Result<(Carrier, u32), UpError> {
    let underlay = underlay(node, spec)?;
    let failed = |(step, source): (&'static str, io::Error)| UpError::Tunnel {
        node: node.name.clone(),
        device: spec.device.clone(),
        step,
        remedy: remedy(&source),
        source,
    };
    let made = in_netns(namespace.as_fd(), || {
        let carrier = match spec.kind {
            TunnelKind::Ipip => ipip_ferry::open(&spec.device)?,
            TunnelKind::Udp { port } => udp_proxy::open(&spec.device, spec.address, SocketAddrV4::new(underlay, port), &spec.peers, fault)?,
        };
        let index = if_nametoindex(spec.device.as_str()).map_err(|error| ("find the device", error.into()))?;
        Ok((carrier, index))
    });
    made.map_err(|error| failed(("enter the node's network namespace", error)))?.map_err(failed)
}

/// What lets us open TUN devices.
pub(super) fn remedy(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EACCES) => Some("run as root, or chmod 0666 /dev/net/tun"),
        Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => Some("modprobe tun; in a container, pass the device /dev/net/tun in"),
        _ => None,
    }
}

/// Brings a tunnel device up, with its address.
pub(super) fn bring_up(spec: &TunnelSpec, index: u32) -> [Request; 3] {
    let settings = LinkUnspec::new_with_index(index).mtu(spec.mtu).append_extra_attribute(ONE_SEGMENT).build();
    [
        Request::set_link(settings, format_args!("set the MTU of {}", spec.device)),
        Request::add_address(index, &spec.device, spec.address.into()),
        Request::up(index, &spec.device),
    ]
}

/// The address that a tunnel's outer header carries.
fn underlay(node: &NodeSpec, spec: &TunnelSpec) -> Result<std::net::Ipv4Addr, UpError> {
    let card = node.nics.iter().find(|nic| nic.name == spec.underlay);
    let missing = || {
        UpError::Topology(format!("the tunnel {} of {} runs over {}, which the node does not have", spec.device, node.name, spec.underlay))
    };
    Ok(card.ok_or_else(missing)?.address.addr())
}
