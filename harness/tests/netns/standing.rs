//! What stands once a lab is up.

use std::collections::BTreeMap;

use cnilab::backend::netns::Netns;
use cnilab::backend::{Backend, UpError};
use cnilab::name::{PlaceName, PointName};
use cnilab::packet::LinkType;
use cnilab::place::Cmd;
use cnilab::site::{PointFact, Site, Topology};

use crate::expect_eq;
use crate::topology::calico_ipip;

pub(crate) async fn up() -> Result<Site, String> {
    up_with(&calico_ipip()).await
}

pub(crate) async fn up_with(topology: &Topology) -> Result<Site, String> {
    Netns::default().up(topology).await.map_err(|error| format!("{error}: {:?}", std::error::Error::source(&error)))
}

/// What `line` prints in `place`.
pub(crate) async fn say(site: &Site, place: &str, line: &str) -> Result<String, String> {
    let ran = site.places[&PlaceName::new(place)].run(&Cmd::parse(line)).await.map_err(|error| error.to_string())?;
    if ran.status == 0 { Ok(ran.stdout) } else { Err(format!("`{line}` in {place}: {ran:?}")) }
}

pub(crate) async fn routes() -> Result<(), String> {
    let site = up().await?;
    for (place, line, wanted) in [
        (
            "node1",
            "ip route",
            "default via 172.18.22.1 dev ens3 \n\
             10.244.146.192/26 via 192.168.100.112 dev tunl0 proto bird onlink \n\
             blackhole 10.244.153.192/26 proto bird \n\
             10.244.153.201 dev calibd2348b4f67 scope link \n\
             10.244.153.204 dev calice0906292e2 scope link \n\
             172.18.22.0/24 dev ens3 proto kernel scope link src 172.18.22.111 \n\
             192.168.100.0/24 dev ens10 proto kernel scope link src 192.168.100.111 \n",
        ),
        ("pod1", "ip route", "default via 169.254.1.1 dev eth0 \n169.254.1.1 dev eth0 scope link \n"),
        ("node1", "sysctl -n net.ipv4.ip_forward net.ipv4.conf.all.rp_filter", "1\n0\n"),
        ("node1", "sysctl -n net.ipv4.conf.calice0906292e2.proxy_arp net.ipv4.neigh.calice0906292e2.proxy_delay", "1\n0\n"),
        ("node1", "sysctl -n net.ipv4.conf.ens3.proxy_arp net.ipv4.conf.calice0906292e2.rp_filter", "0\n0\n"),
        ("pod3", "ip -6 address show dev eth0", ""),
    ] {
        expect_eq(&say(&site, place, line).await?.as_str(), &wanted).map_err(|error| format!("`{line}` in {place}: {error}"))?;
    }
    for (place, line, word) in [
        ("pod1", "ip -d link show eth0", "mtu 1480"),
        ("pod1", "ip -d link show eth0", "gso_max_segs 1 "),
        ("node1", "ip -d link show calice0906292e2", "link/ether ee:ee:ee:ee:ee:ee"),
        ("node1", "ip -d link show calice0906292e2", "gso_max_segs 1 "),
        ("node1", "ip address show tunl0", "inet 10.244.153.192/32 scope global tunl0"),
        ("node1", "ip address show tunl0", "mtu 1480"),
        ("node1", "ip address show ens10", "inet 192.168.100.111/24 brd 192.168.100.255 scope global ens10"),
        ("node1", "ip address show ens3", "mtu 1500"),
        // What the node itself sends to its pods has the address of the default route's card.
        ("node1", "ip route get 10.244.153.204", "src 172.18.22.111"),
        ("node1", "ip route get 10.244.146.205", "src 10.244.153.192"),
    ] {
        let said = say(&site, place, line).await?;
        if !said.contains(word) {
            return Err(format!("`{line}` in {place} does not say `{word}`:\n{said}"));
        }
    }
    Netns::default().down(site).await.map_err(|error| error.to_string())
}

/// The facts of the documented lab, but for the MACs that it leaves to the kernel.
const VALUES: &str = "\
    cali.mac ee:ee:ee:ee:ee:ee
    node1.block 10.244.153.192/26
    node1.default.address 172.18.22.111/24
    node1.default.broadcast 172.18.22.255
    node1.default.gateway 172.18.22.1
    node1.default.interface ens3
    node1.default.ip 172.18.22.111
    node1.default.network 172.18.22.0/24
    node1.tunl0.address 10.244.153.192/32
    node1.tunl0.ip 10.244.153.192
    node1.underlay.address 192.168.100.111/24
    node1.underlay.broadcast 192.168.100.255
    node1.underlay.interface ens10
    node1.underlay.ip 192.168.100.111
    node1.underlay.mac 52:54:00:dc:c7:b4
    node1.underlay.network 192.168.100.0/24
    node2.block 10.244.146.192/26
    node2.default.address 172.18.22.112/24
    node2.default.broadcast 172.18.22.255
    node2.default.gateway 172.18.22.1
    node2.default.interface ens3
    node2.default.ip 172.18.22.112
    node2.default.network 172.18.22.0/24
    node2.tunl0.address 10.244.146.192/32
    node2.tunl0.ip 10.244.146.192
    node2.underlay.address 192.168.100.112/24
    node2.underlay.broadcast 192.168.100.255
    node2.underlay.interface ens10
    node2.underlay.ip 192.168.100.112
    node2.underlay.mac 52:54:00:d3:bf:21
    node2.underlay.network 192.168.100.0/24
    pod1.address 10.244.153.204/32
    pod1.ip 10.244.153.204
    pod1.mac 32:21:45:c4:c5:d5
    pod1.name pod1
    pod1.veth calice0906292e2
    pod1.veth.mac ee:ee:ee:ee:ee:ee
    pod2.address 10.244.153.201/32
    pod2.ip 10.244.153.201
    pod2.mac f2:d4:17:63:9d:3d
    pod2.name pod2
    pod2.veth calibd2348b4f67
    pod2.veth.mac ee:ee:ee:ee:ee:ee
    pod3.address 10.244.146.205/32
    pod3.ip 10.244.146.205
    pod3.mac 4e:11:e1:74:9d:6c
    pod3.name pod3
    pod3.veth cali118af4ccd16
    pod3.veth.mac ee:ee:ee:ee:ee:ee";

pub(crate) async fn facts() -> Result<(), String> {
    let site = up().await?;
    // As asked for would not do: the kernel is asked, so a change shows where facts are read again. MACs that were not asked for are its own.
    let mut values: BTreeMap<String, String> = site.facts.values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    for (node, place) in [("node1", "node1"), ("node2", "node2")] {
        let mac = values.remove(&format!("{node}.default.mac")).ok_or("no MAC of the default card")?;
        let said = say(&site, place, "ip link show ens3").await?;
        if !said.contains(&mac) {
            return Err(format!("{node}.default.mac is {mac}, but:\n{said}"));
        }
    }
    let wanted: BTreeMap<_, _> =
        VALUES.lines().filter_map(|line| line.trim().split_once(' ')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    expect_eq(&values, &wanted)?;
    let points: Vec<String> = site.facts.points.keys().map(ToString::to_string).collect();
    expect_eq(
        &points.join(" ").as_str(),
        &"node1/default node1/tunl0 node1/underlay node1/veth(pod1) node1/veth(pod2) node2/default node2/tunl0 node2/underlay node2/veth(pod3) \
          pod1/eth0 pod2/eth0 pod3/eth0",
    )?;
    let fact = |place: &str, interface: &str, link| PointFact { place: PlaceName::new(place), interface: interface.to_owned(), link };
    for (point, wanted) in [
        ("node1/tunl0", fact("node1", "tunl0", LinkType::Raw)),
        ("node1/veth(pod1)", fact("node1", "calice0906292e2", LinkType::Ethernet)),
        ("node2/underlay", fact("node2", "ens10", LinkType::Ethernet)),
        ("pod3/eth0", fact("pod3", "eth0", LinkType::Ethernet)),
    ] {
        expect_eq(&site.facts.points[&PointName::new(point)], &wanted)?;
    }
    // A stand-in is told of where there is one, and only there.
    let survey = Netns::default().survey().await;
    let kernels = survey.abilities.iter().any(|ability| ability.what == "ipip" && ability.found.is_ok());
    let told: Vec<_> = site.facts.emulated.iter().map(|emulated| emulated.what.as_str()).collect();
    expect_eq(&told, &if kernels { vec![] } else { vec!["ipip"] })?;
    expect_eq(&site.facts.versions.keys().cloned().collect::<Vec<_>>(), &vec!["cnilab".to_owned(), "kernel".to_owned()])
}

pub(crate) async fn contradictions() -> Result<(), String> {
    let mut topology = calico_ipip();
    topology.pods[0].node = PlaceName::new("node3");
    "calibd2348b4f67x".clone_into(&mut topology.pods[1].host_interface);
    "storage".clone_into(&mut topology.nodes[1].tunnel.as_mut().expect("a tunnel").underlay);
    match Netns::default().up(&topology).await {
        Err(UpError::Topology(told)) => expect_eq(
            &told.as_str(),
            &"`calibd2348b4f67x` of node1 cannot be a device's name: 1 to 15 bytes; \
              the tunnel tunl0 of node2 runs over storage, which the node does not have; pod1 runs on node3, which there is not",
        ),
        Err(other) => Err(format!("another error: {other}")),
        Ok(_) => Err("it was built".to_owned()),
    }
}
