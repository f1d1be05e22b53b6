use std::net::Ipv4Addr;

use super::*;
use crate::packet::LinkType;
use crate::site::{Nic, Wiring};

fn link(index: u32, name: &str, mac: Option<u8>, peer: Option<u32>, address: Option<&str>) -> Link {
    Link {
        index,
        name: name.to_owned(),
        mac: mac.map(|last| format!("02:00:00:00:00:{last:02x}")),
        framing: if mac.is_some() { LinkType::Ethernet } else { LinkType::Raw },
        peer,
        addresses: address.map(|address| address.parse().expect("an address")).into_iter().collect(),
    }
}

fn route(to: &str, via: Option<&str>, device: Option<&str>) -> Route {
    Route { to: to.parse().expect("a prefix"), via: via.map(|via| via.parse().expect("an address")), device: device.map(str::to_owned) }
}

fn node(number: u8) -> SeenNode {
    let nic = Nic {
        name: "default".to_owned(),
        interface: "ens3".to_owned(),
        address: "10.0.0.1/24".parse().expect("an address"),
        mac: None,
        gateway: None,
    };
    SeenNode {
        spec: NodeSpec { name: PlaceName::new(format!("node{number}")), nics: vec![nic], bridge: None, tunnel: None, routes: vec![] },
        name: format!("x-worker{number}"),
        links: vec![
            link(1, "lo", Some(0), None, Some("127.0.0.1/8")),
            link(2, "flannel0", None, None, Some(&format!("10.244.{number}.0/32"))),
            // The other end of a veth of another pod has the number of this pod's by chance.
            link(4, "veth0", Some(40), Some(3), None),
            link(5, "veth1", Some(50), Some(2), None),
            link(9, "eth0", Some(90 + number), Some(10), Some(&format!("172.18.0.{number}/16"))),
        ],
        routes: vec![
            route("0.0.0.0/0", Some("172.18.0.254"), Some("eth0")),
            route("10.244.0.0/16", None, Some("flannel0")),
            route("10.244.77.64/26", None, None),
        ],
        pod_cidr: Some(format!("10.244.{number}.0/24")),
    }
}

fn pod() -> SeenPod {
    SeenPod {
        spec: PodSpec {
            name: PlaceName::new("pod1"),
            called: "web-1".to_owned(),
            labels: BTreeMap::new(),
            serves: [80].into(),
            namespace: "default".to_owned(),
            node: PlaceName::new("node1"),
            address: Ipv4Addr::UNSPECIFIED,
            mac: None,
            mtu: 1472,
            host_interface: "embedded0".to_owned(),
            wiring: Wiring::Routed { gateway: Ipv4Addr::UNSPECIFIED, host_mac: [0; 6] },
        },
        address: Ipv4Addr::new(10, 244, 1, 2),
        links: vec![link(2, "eth0", Some(20), Some(5), Some("10.244.1.2/24"))],
        routes: vec![route("0.0.0.0/0", Some("10.244.1.1"), Some("eth0"))],
    }
}

fn rules(block: BlockRule) -> FactRules {
    FactRules {
        version_of: "DaemonSet/a/b".to_owned().try_into().expect("a name"),
        block,
        devices: vec!["cni0".to_owned(), "flannel0".to_owned()],
        host_veth_mac: Some("cali.mac".to_owned()),
    }
}

fn seen(nodes: Vec<SeenNode>, pods: Vec<SeenPod>) -> Seen {
    let web = Serving { name: "web".to_owned(), address: Ipv4Addr::new(10, 96, 0, 9), port: 80, node_port: Some(32_000) };
    Seen { nodes, pods, services: vec![web], pods_range: Some("10.244.0.0/16".to_owned()), versions: BTreeMap::new() }
}

#[test]
fn facts_stand_under_the_names_of_labs() {
    let facts = facts(&rules(BlockRule::PodCidr), &seen(vec![node(1), node(2)], vec![pod()])).expect("complete");
    let spelt: Vec<String> = facts.values.iter().map(|(symbol, value)| format!("{symbol}={value}")).collect();
    let wanted = "\
cali.mac=02:00:00:00:00:32 cluster.pods=10.244.0.0/16 gateway.ip=10.244.1.1 node1.block=10.244.1.0/24 node1.default.address=172.18.0.1/16 node1.default.broadcast=172.18.255.255 node1.default.gateway=172.18.0.254 node1.default.interface=eth0 \
node1.default.ip=172.18.0.1 node1.default.mac=02:00:00:00:00:5b node1.default.network=172.18.0.0/16 node1.flannel0.address=10.244.1.0/32 node1.flannel0.interface=flannel0 \
node1.flannel0.ip=10.244.1.0 node1.name=x-worker1 node2.block=10.244.2.0/24 node2.default.address=172.18.0.2/16 node2.default.broadcast=172.18.255.255 node2.default.gateway=172.18.0.254 \
node2.default.interface=eth0 node2.default.ip=172.18.0.2 node2.default.mac=02:00:00:00:00:5c node2.default.network=172.18.0.0/16 \
node2.flannel0.address=10.244.2.0/32 node2.flannel0.interface=flannel0 node2.flannel0.ip=10.244.2.0 node2.name=x-worker2 pod1.address=10.244.1.2/24 pod1.broadcast=10.244.1.255 pod1.gateway=10.244.1.1 \
pod1.ip=10.244.1.2 pod1.mac=02:00:00:00:00:14 pod1.name=web-1 pod1.veth=veth1 pod1.veth.mac=02:00:00:00:00:32 web.ip=10.96.0.9 web.node-port=32000 web.port=80";
    assert_eq!(spelt.join(" "), wanted);
    let points: Vec<String> =
        facts.points.iter().map(|(point, fact)| format!("{point}={}/{}/{:?}", fact.place, fact.interface, fact.link)).collect();
    assert_eq!(
        points,
        [
            "node1/default=node1/eth0/Ethernet",
            "node1/flannel0=node1/flannel0/Raw",
            "node1/veth(pod1)=node1/veth1/Ethernet",
            "node2/default=node2/eth0/Ethernet",
            "node2/flannel0=node2/flannel0/Raw",
            "pod1/eth0=pod1/eth0/Ethernet",
        ]
    );
}

#[test]
fn a_block_may_be_the_blackhole_route() {
    let facts = facts(&rules(BlockRule::BlackholeRoute), &seen(vec![node(1)], vec![])).expect("complete");
    assert_eq!(facts.values[&Symbol::new("node1.block")], "10.244.77.64/26");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let check = |node: SeenNode, pod: SeenPod, why: &str| {
        let error = facts(&rules(BlockRule::PodCidr), &seen(vec![node], vec![pod])).expect_err("it does not fit");
        assert!(error.to_string().contains(why), "{error}");
    };
    check(SeenNode { routes: vec![], ..node(1) }, pod(), "has no default route");
    check(SeenNode { links: vec![], ..node(1) }, pod(), "has no device where its default route points");
    check(node(2), pod(), "which the lab does not have");
    check(node(1), SeenPod { address: Ipv4Addr::new(10, 244, 1, 3), ..pod() }, "has not the address 10.244.1.3 on eth0");
    check(node(1), SeenPod { links: vec![], ..pod() }, "has no eth0");
    let other = link(2, "eth0", Some(20), Some(4), Some("10.244.1.2/24"));
    check(node(1), SeenPod { links: vec![other], ..pod() }, "has no veth to x-worker1");
}
