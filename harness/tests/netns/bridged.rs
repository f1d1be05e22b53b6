//! Pods on bridges, and a proxy between nodes: the lab `flannel-udp`.

use std::net::Ipv4Addr;
use std::path::Path;

use cnilab::backend::Backend;
use cnilab::backend::netns::{Netns, ProxyFault};
use cnilab::name::{PlaceName, PointName};
use cnilab::packet::LinkType;
use cnilab::site::Site;
use cnilab::{lab, plan};

use crate::echo::{Answer, Tap, ping};
use crate::expect_eq;
use crate::standing::say;

const LAB: &str = include_str!("../../../labs/flannel-udp/lab.yaml");

const HS7KN: Ipv4Addr = Ipv4Addr::new(10, 244, 2, 2);
const QQJ89: Ipv4Addr = Ipv4Addr::new(10, 244, 1, 2);

/// The longest payload of an echo that fits an MTU of 1472 bytes.
const LONGEST: usize = 1472 - 28;

async fn up(fault: ProxyFault) -> Result<Site, String> {
    let lab = lab::load(Path::new("lab.yaml"), LAB).map_err(|problems| problems.to_string())?;
    let topology = plan::draft(lab).topology;
    Netns { fault, ..Netns::default() }.up(&topology).await.map_err(|error| format!("{error}: {:?}", std::error::Error::source(&error)))
}

pub(crate) async fn stands() -> Result<(), String> {
    let site = up(ProxyFault::default()).await?;
    let ports = say(&site, "worker2", "ip -d link show master cni0").await?;
    expect_eq(&ports.matches("hairpin on").count(), &2)?;
    expect_eq(&ports.matches("state forwarding").count(), &2)?;
    let bridge = say(&site, "worker2", "ip -d link show cni0").await?;
    for word in ["link/ether 3e:da:8b:79:9e:87 ", "promiscuity 0 ", "mcast_snooping 0 ", "stp_state 0 ", "mtu 1472 "] {
        expect_eq(&(word, bridge.contains(word)), &(word, true))?;
    }
    // A node without a pod has no bridge, and says all the same where its pods would be.
    expect_eq(&say(&site, "control-plane", "ip link").await?.contains("cni0"), &false)?;
    let facts = &site.facts;
    let told = |symbol: &str| facts.values.get(&cnilab::name::Symbol::new(symbol)).map(String::as_str);
    for (symbol, value) in [
        ("control-plane.block", "10.244.0.0/24"),
        ("worker2.block", "10.244.2.0/24"),
        ("worker2.cni0.ip", "10.244.2.1"),
        ("worker2.cni0.address", "10.244.2.1/24"),
        ("worker2.cni0.broadcast", "10.244.2.255"),
        ("worker2.flannel0.address", "10.244.2.0/32"),
        ("net.address", "10.244.2.3/24"),
        ("net.veth.mac", "be:65:c8:d4:8a:fa"),
    ] {
        expect_eq(&(symbol, told(symbol)), &(symbol, Some(value)))?;
    }
    for (point, link) in [("worker2/cni0", LinkType::Ethernet), ("worker2/flannel0", LinkType::Raw)] {
        expect_eq(&(point, facts.points.get(&PointName::new(point)).map(|fact| fact.link)), &(point, Some(link)))?;
    }
    Ok(())
}

/// What each hop takes off, the proxies' included; and what a node itself sends.
pub(crate) async fn pings() -> Result<(), String> {
    let site = up(ProxyFault::default()).await?;
    let place = |name: &str| &*site.places[&PlaceName::new(name)];
    for (from, to, ttl, source) in [
        ("net", HS7KN, 64, [10, 244, 2, 3]),
        ("net", QQJ89, 60, [10, 244, 2, 3]),
        ("worker2", HS7KN, 64, [10, 244, 2, 1]),
        ("worker2", QQJ89, 61, [10, 244, 2, 0]),
    ] {
        let tap = Tap::open(place(if to == HS7KN { "hs7kn" } else { "qqj89" }), "eth0")?;
        expect_eq(&(from, ping(place(from), to, 56)?), &(from, Answer { from: to, ttl }))?;
        expect_eq(&tap.ipv4()[0][26..30], &source[..])?;
    }
    let wire = Tap::open(place("worker2"), "eth0")?;
    expect_eq(&ping(place("net"), QQJ89, LONGEST)?, &Answer { from: QQJ89, ttl: 60 })?;
    expect_eq(&wire.ipv4().iter().map(Vec::len).collect::<Vec<_>>(), &vec![1514, 1514])
}

/// Faults are those of proxies on both sides: they understand each other.
pub(crate) async fn faults() -> Result<(), String> {
    for (fault, ttl, port) in
        [(ProxyFault { keeps_ttl: true, port: None }, 62, 8285_u16), (ProxyFault { keeps_ttl: false, port: Some(8286) }, 60, 8286)]
    {
        let site = up(fault).await?;
        let wire = Tap::open(&*site.places[&PlaceName::new("worker")], "eth0")?;
        expect_eq(&ping(&*site.places[&PlaceName::new("net")], QQJ89, 56)?, &Answer { from: QQJ89, ttl })?;
        let frames = wire.ipv4();
        expect_eq(&frames.iter().map(Vec::len).collect::<Vec<_>>(), &vec![126, 126])?;
        expect_eq(&frames[0][34..38], &[port.to_be_bytes(), port.to_be_bytes()].concat()[..])?;
    }
    Ok(())
}
