//! Lines of commands' output.

use super::world::*;

fn told(world: &World) -> Vec<String> {
    world.told().into_iter().filter(|told| told != SKIPPED).collect()
}

#[test]
fn a_word_that_differs_is_told_with_its_place() {
    let mut world = World::new();
    let route = world.output("ip route");
    *route = route.replace("tunl0", "vxlan0");
    assert_eq!(told(&world), ["ip route, {node2.block} via {node2.underlay.ip} dev tunl0 proto bird onlink: word 5: tunl0 | vxlan0"]);
    assert_eq!(world.diff().unwrap().exit_code(), 1);
    let diff = world.diff().unwrap();
    let pair = &diff.scenarios[PING].parts[4].pairs[0];
    assert_eq!(pair.texts[1].as_ref().unwrap().get(pair.differences[0].spans[1].clone().unwrap()), Some("vxlan0"));
    assert_eq!((pair.lab_line.is_some(), pair.fields), (true, 8));
}

#[test]
fn a_line_that_one_run_lacks_differs() {
    let mut world = World::new();
    *world.output("ip addr") = "nothing alike\n".to_owned();
    assert_eq!(told(&world), ["ip addr, 3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP: line: there | not there"]);
    // The closest line is shown word by word, as in a verdict.
    let mut world = World::new();
    *world.output("ip route") = "default via 172.18.22.1 dev ens3\n".to_owned();
    assert!(told(&world)[0].ends_with("word 1: 10.244.146.192/26 | default"), "{:#?}", told(&world));
    // One that is there although the lab says that it must not be.
    let mut world = World::new();
    world.output("ip route").push_str("blackhole 10.244.7.0/26 proto bird\n");
    assert_eq!(told(&world), ["ip route, blackhole {node2.block} proto bird: line: not there | there"]);
}

#[test]
fn a_line_that_holds_in_one_run_only_differs_whatever_explains_its_words() {
    let ports = "1 33:33:00:00:00:01 yes 0.00\n      2 33:33:00:00:00:02 no 50.98\n      1 33:33:00:00:00:03 no 50.98";
    let has = format!("  - on: node1\n    run: brctl showmacs cni0\n    has: |\n      {ports}\n");
    let mut world = World::with("  - on: node1\n    run: ip addr\n    has: \"3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP\"\n", &has);
    let of = |ports: [u8; 3]| {
        let [one, two, three] = ports;
        printed(
            "brctl showmacs cni0",
            &format!("{one} 33:33:00:00:00:01 yes 0.00\n{two} 33:33:00:00:00:02 no 50.98\n{three} 33:33:00:00:00:03 no 50.98\n"),
        )
    };
    let mut with = |ports| {
        world.runs[0].scenarios[PING].state[1] = of([1, 2, 1]);
        world.runs[1].scenarios[PING].state[1] = of(ports);
        (world.diff().unwrap().exit_code(), told(&world))
    };
    assert_eq!(with([4, 7, 4]).0, 0);
    // The third address was learned behind the second port.
    let (exit, told) = with([4, 7, 7]);
    assert_eq!((exit, told.len()), (1, 4), "{told:#?}");
    assert!(told[3].ends_with("line: holds | does not hold: 1 word differs"), "{told:#?}");
}

#[test]
fn a_line_that_neither_run_has_is_no_difference() {
    let mut world = World::new();
    for run in &mut world.runs {
        run.scenarios[PING].state[0].stdout = "default via 172.18.22.1 dev ens3\n".to_owned();
    }
    assert_eq!(told(&world), Vec::<String>::new());
    // With nothing like it in either output there is nothing to compare.
    for run in &mut world.runs {
        run.scenarios[PING].state[0].stdout = "local\n".to_owned();
    }
    assert!(told(&world)[0].ends_with("unknown: no line is like it"), "{:#?}", told(&world));
    assert_eq!(world.diff().unwrap().exit_code(), 4);
}

#[test]
fn a_command_that_failed_says_nothing() {
    let mut world = World::new();
    let text = &mut world.other(PING).state[1];
    (text.status, text.stderr) = (Some(1), "no such thing\n".to_owned());
    let why = "`ip addr` on node1 failed with exit status 1: no such thing";
    assert_eq!(told(&world), [format!("ip addr, 3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP: unknown: {why}")]);
    assert_eq!(world.diff().unwrap().exit_code(), 4);
}

#[test]
fn a_clients_port_is_the_one_of_its_packets() {
    let mut world = World::new();
    let entry = &mut world.other(CURL).state[0].stdout;
    *entry = entry.replace("51515", "40001");
    let told = told(&world);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].ends_with("line: there | not there"), "{told:#?}");
}

#[test]
fn an_equal_word_of_another_name_differs_only_if_it_is_an_address() {
    // The second run's tunnel leads to what the first calls node2, which is nobody there.
    let mut world = World::new();
    let route = world.output("ip route");
    *route = route.replace(OTHER.node2, ONE.node2);
    assert_eq!(
        told(&world),
        ["ip route, {node2.block} via {node2.underlay.ip} dev tunl0 proto bird onlink: word 3: 192.168.100.112 | 192.168.100.112"]
    );
    let mut world = World::new();
    world.runs[0].facts.values.insert(crate::name::Symbol::new("node1.default.interface"), "ens3".to_owned());
    world.runs[1].facts.values.insert(crate::name::Symbol::new("node1.default.interface"), "eth7".to_owned());
    assert_eq!(told(&world), Vec::<String>::new());
}

#[test]
fn addresses_and_interfaces_within_a_word_are_compared_by_name() {
    let has = "  - on: node1\n    run: iptables-save\n    has: |\n      -A cali-tw-{pod1.veth} -s {pod1.ip}/32 -j DNAT --to-destination {pod3.ip}:80\n";
    let old = "  - on: node1\n    run: ip addr\n    has: \"3: ens3@if5: <UP> mtu 1500 qdisc noqueue state UP\"\n";
    let line = |veth: &str, site: &Site, port: u16| {
        printed("iptables-save", &format!("-A cali-tw-{veth} -s {}/32 -j DNAT --to-destination {}:{port}\n", site.pod1, site.pod3))
    };
    let mut world = World::with(old, has);
    for (run, veth) in ["calice0906292e2", "cali17fddc925b9"].into_iter().enumerate() {
        world.runs[run].facts.values.insert(crate::name::Symbol::new("pod1.veth"), veth.to_owned());
    }
    world.runs[0].scenarios[PING].state[1] = line("calice0906292e2", &ONE, 80);
    for (other, is_same) in [
        (line("cali17fddc925b9", &OTHER, 80), true),
        (line("cali0000000000a", &OTHER, 80), false),
        (line("cali17fddc925b9", &OTHER, 81), false),
        (line("cali17fddc925b9", &ONE, 80), false),
    ] {
        world.runs[1].scenarios[PING].state[1] = other.clone();
        let told: Vec<String> = told(&world).into_iter().filter(|told| told.starts_with("iptables-save")).collect();
        assert_eq!(told.is_empty(), is_same, "{told:#?}\n{}", other.stdout);
    }
}
