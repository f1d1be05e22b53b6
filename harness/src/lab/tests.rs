//! Lab files that say what cannot be, kind by kind: each row is a scenario of one small lab, and a word of what is said of it; `-` is nothing.

use std::path::Path;

use super::load;

/// A lab of pods behind Calico's veths or on a bridge.
fn lab(bridged: bool, names: &str, scenario: &str) -> String {
    let wiring = if bridged { "{bridged: {bridge: cni0}}" } else { "{routed: {gateway: 169.254.1.1, host-mac: \"ee:ee:ee:ee:ee:ee\"}}" };
    let prefix = if bridged { "veth" } else { "cali" };
    format!(
        "lab: x\ntitle: x\ncluster:\n  cni: x\n  network: {{pods: 10.42.0.0/16, mtu: 1500, wiring: {wiring}, veth-prefix: {prefix}}}\nnodes:\n  \
         alpha: {{block: 10.42.0.0/24, nics: {{default: {{interface: eth0, address: 192.168.56.11/24}}, wide: {{interface: ens9, address: 10.9.0.1/24}}}}}}\n  \
         beta: {{block: 10.42.1.0/24, nics: {{default: {{interface: eth0, address: 192.168.56.12/24}}}}}}\npods:\n  a: {{node: alpha, address: 10.42.0.7}}\n  \
         b: {{node: beta, address: 10.42.1.9}}\nnames: {{{names}}}\nscenarios:\n- name: s\n{scenario}"
    )
}

/// What is said of it has this in it, or nothing is said.
fn check(text: &str, expected: &str) {
    match (load(Path::new("x.yaml"), text), expected) {
        (Ok(_), "-") => {}
        (Ok(_), expected) => panic!("nothing is said, not {expected}:\n{text}"),
        (Err(problems), expected) => assert!(problems.to_string().contains(expected), "{expected}: {problems}"),
    }
}

#[test]
fn lines_that_show_more_of_a_ping_than_is_sent_are_told() {
    let (q, p) = ("IP 10.42.0.7 > 10.42.1.9: ICMP echo request", "IP 10.42.1.9 > 10.42.0.7: ICMP echo reply");
    let line = |short: &str| match short.split_once(' ') {
        Some(("Q", rest)) => format!("{q}, {rest}"),
        Some(("P", rest)) => format!("{p}, {rest}"),
        None if short == "Q" => q.to_owned(),
        None if short == "P" => p.to_owned(),
        _ => short.to_owned(),
    };
    let ttl = |ttl: u8| format!("IP (ttl {ttl}) 10.42.1.9 > 10.42.0.7: ICMP echo reply, id 7, seq 1, length 64");
    let (high, low) = (ttl(64), ttl(63));
    let rows: [(u8, &[&str], &str); 19] = [
        (1, &["Q id 7, seq 1", "P id 7, seq 1"], "-"),
        (1, &["Q id 7, seq 1", "P id 7, seq 1", "P id 7, seq 1"], "these lines hold two replies; this probe sends one"),
        (1, &["Q id 7, seq 1", "P id 7, seq 1", "P id 7, seq 1", "P id 7, seq 1"], "these lines hold three replies; this probe sends one"),
        (1, &["Q id 7, seq 1", "Q id 7, seq 1", "P id 7, seq 1"], "these lines hold two requests; this probe sends one"),
        (1, &["P id 7, seq 1", "Q id 7, seq 1", "P id 7, seq 1"], "these lines hold two replies"),
        (1, &["Q", "P", "P"], "these lines hold two replies; this probe sends one"),
        (1, &["Q", "Q", "P"], "these lines hold two requests"),
        (1, &["Q", "Q"], "these lines hold two requests"),
        (1, &["P", "P id 7, seq 1, length 64"], "these lines hold two replies"),
        (1, &["Q id 7, seq 1", "P id 7, seq 1", "P id 7, seq 1, length 64"], "these lines hold two replies"),
        (
            1,
            &["Q id 7, seq 1", "P id 7, seq 1", "IP {b.ip} > {a.ip}: ICMP echo reply, id 7, seq 1, length 64"],
            "these lines hold two replies",
        ),
        (1, &["P id 7, seq 1, length 64", &high], "these lines hold two replies"),
        // A packet that comes by twice is not the same the second time.
        (1, &[&high, &low], "-"),
        (2, &["Q id 7, seq 1", "P id 7, seq 1", "Q id 7, seq 2", "P id 7, seq 2"], "-"),
        (
            2,
            &["Q id 7, seq 1", "P id 7, seq 1", "Q id 7, seq 2", "P id 7, seq 2", "P id 7, seq 2"],
            "these lines hold three replies; this probe sends two",
        ),
        (2, &["Q id 7, seq 1", "P id 7, seq 1", "P id 7, seq 1"], "these lines hold the reply of one echo twice"),
        (2, &["Q id 7, seq 1", "Q id 7, seq 1", "P id 7, seq 1"], "these lines hold the request of one echo twice"),
        (2, &["Q", "P", "Q", "P"], "-"),
        (3, &["Q id 7, seq 5", "P id 7, seq 5"], "-"),
    ];
    for (count, lines, expected) in rows {
        for extent in ["", "\n    excerpt: true"] {
            let spelt: Vec<String> = lines.iter().map(|short| format!("      {}\n", line(short))).collect();
            let scenario = format!(
                "  probe: {{from: a, ping: b, count: {count}}}\n  expect:\n  - at: a/eth0{extent}\n    lines: |\n{}",
                spelt.concat()
            );
            let literals = [("10.42.0.7", "a.ip"), ("10.42.1.9", "b.ip")];
            let used = literals.iter().filter(|(literal, _)| spelt.concat().contains(literal));
            let names: Vec<String> = used.map(|(literal, symbol)| format!("{literal}: {symbol}")).collect();
            check(&lab(true, &names.join(", "), &scenario), expected);
        }
    }
}

#[test]
fn a_made_up_interface_in_a_command_is_told() {
    const UNKNOWN: &str = "nothing says what `";
    const UNLISTED: &str = "is not one of the commands";
    for (bridged, names, run, expected) in [
        (true, "", "sysctl net.ipv4.conf.veth12345678.forwarding", UNKNOWN),
        (true, "", "sysctl net.ipv4.conf.veth1a2b.rp_filter", UNKNOWN),
        (true, "", "sysctl net.ipv4.conf.vethdeadbeef.proxy_arp", UNKNOWN),
        (true, "", "brctl showmacs veth12345678", UNKNOWN),
        (true, "", "sysctl net/ipv4/conf/veth12345678/forwarding", UNLISTED),
        (true, "", "ip link show veth12345678", UNLISTED),
        (true, "", "ip addr show dev veth12345678", UNLISTED),
        (true, "veth12345678: a.veth", "sysctl net.ipv4.conf.veth12345678.forwarding", "-"),
        (true, "veth12345678: b.veth", "sysctl net.ipv4.conf.veth87654321.forwarding", "nothing says what `veth87654321`"),
        (true, "", "sysctl net.ipv4.conf.{a.veth}.forwarding", "-"),
        (true, "", "sysctl net.ipv4.conf.eth0.forwarding", "-"),
        (true, "", "sysctl net.ipv4.conf.all.rp_filter", "-"),
        (true, "", "brctl showmacs cni0", "-"),
        (false, "", "sysctl net.ipv4.conf.cali00c0ffee123.proxy_arp", UNKNOWN),
        (false, "", "sysctl net.ipv4.conf.cali12345678901.rp_filter", UNKNOWN),
        (false, "cali00c0ffee123: b.veth", "sysctl net.ipv4.conf.cali00c0ffee123.proxy_arp", "-"),
        (false, "", "sysctl net.ipv4.conf.{b.veth}.proxy_arp", "-"),
        (false, "", "sysctl net.ipv4.conf.default.forwarding", "-"),
    ] {
        let scenario = format!("  state:\n  - {{on: alpha, run: \"{run}\", has: \"* = 1\"}}\n");
        check(&lab(bridged, names, &scenario), expected);
    }
}

#[test]
fn what_calico_derives_from_a_pod_may_stand_in_a_command() {
    let lab_of = |veth: &str| {
        lab(false, "", &format!("  state:\n  - {{on: alpha, run: \"sysctl net.ipv4.conf.{veth}.proxy_arp\", has: \"* = 1\"}}\n"))
    };
    let own = load(Path::new("x.yaml"), &lab_of("{a.veth}")).unwrap_or_else(|problems| panic!("{problems}"));
    let derived = own.symbols()[&crate::name::Symbol::new("a.veth")].clone().expect("Calico's names are derived");
    check(&lab_of(&derived), "-");
}

#[test]
fn an_interface_of_a_card_is_told_as_its_point() {
    for (at, expected) in [
        ("alpha/eth0", "eth0 is the card `default` here: `alpha/default`"),
        ("beta/eth0", "eth0 is the card `default` here: `beta/default`"),
        ("alpha/ens9", "ens9 is the card `wide` here: `alpha/wide`"),
        ("beta/ens9", "points there: `beta/cni0`, `beta/default`, `beta/veth(b)`"),
        ("alpha/cni1", "did you mean `alpha/cni0`?"),
        ("beta/veth(a)", "did you mean `alpha/veth(a)`?"),
        ("alpha/default", "-"),
        ("a/eth0", "-"),
        ("a/eth1", "did you mean `a/eth0`?"),
        ("gamma/eth0", "is not a point of this lab"),
        ("eth0", "is not a point of this lab"),
    ] {
        check(&lab(true, "", &format!("  probe: {{from: a, ping: b}}\n  expect:\n  - {{at: {at}, none: true}}\n")), expected);
    }
}

#[test]
fn an_unused_name_is_told_with_all_other_problems() {
    const UNUSED: &str = "stands in no documented line";
    let request = "IP 10.42.0.7 > 10.42.1.9: ICMP echo request";
    for (names, line, expected) in [
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip", request.to_owned(), "-"),
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip, 192.168.56.11: alpha.default.ip", request.to_owned(), UNUSED),
        // With a line that cannot be read.
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip, 192.168.56.11: alpha.default.ip", format!("{request}, length"), UNUSED),
        ("10.42.0.7: a.ip, 192.168.56.12: beta.default.ip", request.to_owned(), UNUSED),
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip, \"02:00:00:00:00:AA\": a.mac", format!("{request} {{x"), UNUSED),
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip, 10.42.1.0/24: beta.block", format!("{request} requset"), UNUSED),
    ] {
        let scenario = format!("  probe: {{from: a, ping: b}}\n  expect:\n  - {{at: a/eth0, lines: \"{line}\"}}\n");
        check(&lab(true, names, &scenario), expected);
    }
    // What a line that cannot be read may use is not said to be unused.
    for (names, line) in [
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip", format!("{request}, length")),
        ("10.42.0.7: a.ip, 10.42.1.9: b.ip, \"02:00:00:00:00:AA\": a.mac", format!("{request} 02:00:00:00:00:aa")),
    ] {
        let scenario = format!("  probe: {{from: a, ping: b}}\n  expect:\n  - {{at: a/eth0, lines: \"{line}\"}}\n");
        let problems = load(Path::new("x.yaml"), &lab(true, names, &scenario)).expect_err("the line cannot be read").to_string();
        assert!(!problems.contains(UNUSED), "{problems}");
    }
}
