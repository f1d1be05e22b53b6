use std::path::Path;

use super::*;
use crate::lab;
use crate::name::{PlaceName, PointName, Symbol, Token};
use crate::packet::LinkType;
use crate::site::{Facts, PointFact};

const LAB: &str = include_str!("../../../labs/calico-ipip/lab.yaml");

fn plan() -> Plan {
    draft(lab::load(Path::new("lab.yaml"), LAB).unwrap_or_else(|problems| panic!("{problems}")))
}

const BRIDGED: &str = include_str!("../../../labs/flannel-udp/lab.yaml");

fn bridged() -> Plan {
    draft(lab::load(Path::new("lab.yaml"), BRIDGED).unwrap_or_else(|problems| panic!("{problems}")))
}

#[test]
fn on_a_bridge_the_node_has_one_route_and_pods_the_blocks_prefix() {
    let plan = bridged();
    let text = describe(&plan);
    for line in [
        "bridge  cni0 10.244.2.1/24 3e:da:8b:79:9e:87, mtu 1472",
        "tunnel  flannel0 10.244.2.0/32 over default, udp port 8285, mtu 1472",
        "route   10.244.0.0/16 dev flannel0 proto boot",
        "pod     net eth0 10.244.2.3/24 9a:ad:9f:04:e2:ca, mtu 1472",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("blackhole"), "{text}");
    let bridges: Vec<bool> = plan.topology.nodes.iter().map(|node| node.bridge.is_some()).collect();
    assert_eq!(bridges, [false, true, true], "a bridge comes with the first pod");
    assert_eq!(plan.topology.constants[&Symbol::new("control-plane.block")], "10.244.0.0/24");
}

#[test]
fn a_proxy_knows_the_other_nodes_blocks() {
    let plan = bridged();
    let tunnel = plan.topology.nodes[2].tunnel.as_ref().unwrap();
    let peers: Vec<_> = tunnel.peers.iter().map(|peer| format!("{} {}", peer.block, peer.underlay)).collect();
    assert_eq!(peers, ["10.244.0.0/24 172.18.0.2", "10.244.1.0/24 172.18.0.4"]);
    assert_eq!(plan.lab.hints().carries(8285, 8285), Some(crate::packet::Carries::Ip));
}

#[test]
fn a_bridge_is_on_the_way_to_other_nodes_and_off_it_on_the_same() {
    let plan = bridged();
    let names = |points: &[PointName]| points.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&plan.scenarios[0].points)[..4], ["net/eth0", "worker2/veth(net)", "worker2/veth(hs7kn)", "hs7kn/eth0"]);
    assert_eq!(
        names(&plan.scenarios[1].points)[..10],
        [
            "net/eth0",
            "worker2/veth(net)",
            "worker2/cni0",
            "worker2/flannel0",
            "worker2/default",
            "worker/default",
            "worker/flannel0",
            "worker/cni0",
            "worker/veth(qqj89)",
            "qqj89/eth0"
        ]
    );
    let veth = &plan.topology.pods[1].host_interface;
    assert!(veth.len() == 12 && veth.starts_with("veth"), "{veth}");
}

/// What a site would say that is exactly as the lab file wants it.
fn facts(plan: &Plan) -> Facts {
    let values = plan.lab.symbols().into_iter().map(|(symbol, value)| (symbol, value.unwrap_or_else(|| "02:00:00:00:00:09".to_owned())));
    let points = plan.lab.points().into_iter().map(|(name, link)| {
        let fact = PointFact { place: name.place(), interface: name.interface().replace(['(', ')'], ""), link };
        (name, fact)
    });
    Facts { backend: "netns".to_owned(), values: values.collect(), points: points.collect(), ..Facts::default() }
}

#[test]
fn nodes_get_the_routes_that_the_document_prints() {
    let plan = plan();
    let text = describe(&plan);
    for route in [
        "10.244.146.192/26 via 192.168.100.112 dev tunl0 proto bird onlink",
        "blackhole 10.244.153.192/26 proto bird",
        "10.244.153.192/26 via 192.168.100.111 dev tunl0 proto bird onlink",
        "blackhole 10.244.146.192/26 proto bird",
    ] {
        assert!(text.contains(route), "{route} is not in\n{text}");
    }
    assert_eq!(plan.topology.nodes[0].routes.len(), 2);
}

#[test]
fn tunnels_have_the_first_address_of_the_block_and_pods_their_derived_veths() {
    let plan = plan();
    let tunnels: Vec<_> = plan.topology.nodes.iter().map(|node| node.tunnel.as_ref().unwrap().address.to_string()).collect();
    assert_eq!(tunnels, ["10.244.153.192", "10.244.146.192"]);
    let veths: Vec<_> = plan.topology.pods.iter().map(|pod| pod.host_interface.as_str()).collect();
    assert_eq!(&veths[..2], ["calice0906292e2", "calibd2348b4f67"]);
}

#[test]
fn points_are_in_path_order_and_those_off_the_path_come_last() {
    let names = |points: &[PointName]| points.iter().map(ToString::to_string).collect::<Vec<_>>();
    let plan = plan();
    assert_eq!(
        names(&plan.scenarios[0].points),
        ["pod1/eth0", "node1/veth(pod1)", "node1/veth(pod2)", "pod2/eth0", "node1/tunl0", "node1/underlay", "node1/default"]
    );
    assert_eq!(
        names(&plan.scenarios[3].points)[..6],
        ["node1/tunl0", "node1/underlay", "node2/underlay", "node2/tunl0", "node2/veth(pod3)", "pod3/eth0"]
    );
}

#[test]
fn a_plan_binds_to_a_site_that_knows_everything() {
    let plan = plan();
    let bound = plan.bind(&facts(&plan), "run-1").unwrap();
    let scenario = &bound.scenarios[1];
    let probe = scenario.probe.as_ref().unwrap();
    assert_eq!(probe.to.to_string(), "10.244.146.205");
    assert_eq!(probe.token, Token::derive("run-1", "pod to pod on another node"));
    assert_eq!(scenario.points[2].link, LinkType::Raw);
    assert_eq!(scenario.points[2].place, PlaceName::new("node1"));
    let sysctl = bound.scenarios[0].state.iter().find(|state| state.run.starts_with("sysctl")).unwrap();
    assert_eq!(sysctl.command.to_string(), "sysctl net.ipv4.conf.calice0906292e2.proxy_arp");
    // `ip route` is expected of twice on node1, and run once.
    assert_eq!(scenario.state.iter().filter(|state| state.on.as_str() == "node1" && state.run == "ip route").count(), 1);
}

#[test]
fn a_site_that_lacks_something_is_told_what() {
    let plan = plan();
    let mut lacking = facts(&plan);
    lacking.points.remove(&PointName::new("node2/tunl0"));
    assert_eq!(plan.bind(&lacking, "r").unwrap_err(), BindError::Points(vec![PointName::new("node2/tunl0")]));

    let mut lacking = facts(&plan);
    lacking.values.remove(&Symbol::new("cali.mac"));
    lacking.values.remove(&Symbol::new("pod3.mac"));
    assert_eq!(plan.bind(&lacking, "r").unwrap_err().to_string(), "the site does not say what cali.mac, pod3.mac stand for");
}

#[test]
fn what_a_site_says_is_not_run_unless_it_is_on_the_list() {
    let plan = plan();
    let mut odd = facts(&plan);
    odd.values.insert(Symbol::new("pod1.veth"), "x -w net.ipv4.ip_forward=0".to_owned());
    assert!(matches!(plan.bind(&odd, "r"), Err(BindError::Command { .. })));
}

#[test]
fn a_scenario_needs_values_for_all_that_it_names() {
    let plan = plan();
    let symbols: Vec<&str> = plan.scenarios[2].symbols.iter().map(Symbol::as_str).collect();
    assert_eq!(
        symbols,
        ["cali.mac", "node1.default.gateway", "node1.default.interface", "node1.default.ip", "pod1.ip", "pod1.mac", "pod1.veth"]
    );
}

#[test]
fn without_a_tunnel_the_card_carries() {
    let text = LAB.replace("    tunnel: {device: tunl0, kind: ipip, mtu: 1480, underlay: underlay}\n", "");
    let text = format!(
        "{}scenarios:\n- name: routes\n  state:\n  - {{on: node1, run: ip route, has: \"{{node2.block}} via {{node2.default.ip}} dev ens3 proto bird\"}}\n",
        &text[..text.find("names:").unwrap()]
    );
    let plan = draft(lab::load(Path::new("lab.yaml"), &text).unwrap_or_else(|problems| panic!("{problems}")));
    let route = &plan.topology.nodes[0].routes[0];
    assert_eq!((route.device.as_deref(), route.onlink), (Some("ens3"), false));
}
