//! What is documented of one mode of kube-proxy, on a site where it works in another.

use super::world::*;
use crate::lab::{LabService, StateExpectation};
use crate::name::Symbol;

const RULE: &str = "-A KUBE-SERVICES -j KUBE-NODEPORTS";

/// A world with a Service, in a lab about kube-proxy in the mode `wanted`, on a site where it works in the mode `real`, of whose command `run` a line is
/// expected that is there.
fn world(wanted: Option<&str>, real: Option<&str>, run: &str, line: &str) -> World {
    let mut world = World::new();
    world.plan.lab.cluster.kube_proxy = wanted.map(str::to_owned);
    world.plan.lab.services = vec![LabService {
        name: "svc".to_owned(),
        namespace: "default".to_owned(),
        port_name: None,
        cluster_ip: [10, 96, 0, 9].into(),
        port: 80,
        node_port: None,
        target_port: 80,
        endpoints: Vec::new(),
    }];
    if let Some(mode) = real {
        world.evidence.facts.versions.insert("kube-proxy-mode".to_owned(), mode.to_owned());
    }
    world.planned().names.insert("10.96.0.9".to_owned(), Symbol::new("svc.ip"));
    world.planned().state = vec![StateExpectation { run: run.to_owned(), ..state(&[line], &[]) }];
    let mut text = printed(&format!("{line}\n"));
    (text.run, text.command) = (run.to_owned(), run.to_owned());
    world.recorded().state = vec![text];
    world
}

#[test]
fn what_another_mode_replaces_is_not_judged_as_if_it_were_there() {
    let (ipvs, nft, iptables) = (Some("ipvs"), Some("nftables"), Some("iptables"));
    let skipped = |wanted, real| format!("skipped: it is about kube-proxy in {wanted} mode, and here it works in {real} mode");
    let cases = [
        (iptables, iptables, "iptables-save", RULE, "held".to_owned()),
        (ipvs, ipvs, "iptables-save", RULE, "held".to_owned()),
        (ipvs, iptables, "iptables-save", RULE, skipped("ipvs", "iptables")),
        (nft, iptables, "iptables-save", RULE, skipped("nftables", "iptables")),
        (iptables, ipvs, "iptables-save", RULE, skipped("iptables", "ipvs")),
        (ipvs, iptables, "iptables -t nat -S", "-N KUBE-MARK-MASQ", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ip6tables-save", ":KUBE-FIREWALL - [0:0]", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ipset list", "Name: KUBE-CLUSTER-IP", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ipvsadm -Ln", "TCP x rr", skipped("ipvs", "iptables")),
        (nft, iptables, "nft list ruleset", "chain services", skipped("nftables", "iptables")),
        (ipvs, iptables, "ip addr", "inet x scope global kube-ipvs0", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ip link", "9: kube-ipvs0: mtu 1500", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ipset list", "{svc.ip},tcp:{svc.port}", skipped("ipvs", "iptables")),
        (ipvs, iptables, "iptables -t nat -S", "-A X -j DNAT --to-destination 1", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ip addr", "inet {svc.ip}/32 scope global *", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ip route show table local", "local {svc.ip} dev *", skipped("ipvs", "iptables")),
        (ipvs, iptables, "ip addr", "inet 10.96.0.9 scope", skipped("ipvs", "iptables")),
        // What has nothing to do with kube-proxy is judged as ever.
        (ipvs, iptables, "iptables-save", "-A FLANNEL-FWD -j ACCEPT", "held".to_owned()),
        (ipvs, iptables, "ipset list", "Name: cali40masq", "held".to_owned()),
        (ipvs, iptables, "ip route", "default dev ens3", "held".to_owned()),
        (ipvs, iptables, "conntrack -L", "tcp 6 TIME_WAIT", "held".to_owned()),
        (None, iptables, "iptables-save", RULE, "held".to_owned()),
        (
            ipvs,
            None,
            "iptables-save",
            RULE,
            "inconclusive: it is about kube-proxy in ipvs mode, but the site does not tell `kube-proxy-mode`".to_owned(),
        ),
    ];
    for (wanted, real, run, line, outcome) in cases {
        assert_eq!(spell(&world(wanted, real, run, line).at(4).outcome), outcome, "{wanted:?} {real:?} {run}: {line}");
    }
}

#[test]
fn a_line_that_must_not_be_there_is_no_exception() {
    let mut world = world(Some("ipvs"), Some("iptables"), "iptables-save", "-A FLANNEL-FWD -j ACCEPT");
    let mut lacking = state(&[], &["-A KUBE-SVC-XYZ -j ACCEPT"]);
    lacking.run = "iptables-save".to_owned();
    world.planned().state = vec![lacking];
    assert!(spell(&world.at(4).outcome).starts_with("skipped: "));
    world.evidence.facts.versions.insert("kube-proxy-mode".to_owned(), "ipvs".to_owned());
    assert_eq!(spell(&world.at(4).outcome), "held");
}

#[test]
fn without_services_the_mode_has_no_part_in_anything() {
    let mut world = world(Some("ipvs"), Some("iptables"), "iptables-save", RULE);
    world.plan.lab.services.clear();
    assert_eq!(spell(&world.at(4).outcome), "held");
}
