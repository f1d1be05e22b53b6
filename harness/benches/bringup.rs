//! How long it takes until a lab stands: this backend, and a script that has `ip -batch` build the same, in one run.
//!
//! `cargo bench -p cnilab --bench bringup`. Ours includes waiting until packets can cross it and reading the facts back; the script's ends with
//! its last command. Both run in the same enclosure, one after the other.

#![expect(clippy::disallowed_methods, reason = "it times another program, and waits outside of what it times")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cnilab::backend::Backend;
use cnilab::backend::netns::{Netns, enclosure};
use cnilab::name::PlaceName;
use cnilab::site::{Nic, NodeSpec, PodSpec, RouteSpec, Topology, TunnelKind, TunnelSpec, Wiring};
use ipnet::Ipv4Net;
use nix::mount::{MsFlags, mount};

/// What is built, and how often.
struct Workload {
    nodes: u8,
    pods_per_node: u8,
    rounds: usize,
}

const WORKLOADS: [Workload; 2] =
    [Workload { nodes: 3, pods_per_node: 2, rounds: 15 }, Workload { nodes: 100, pods_per_node: 10, rounds: 3 }];

const GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["enclosed"] => enclosure::first_stage(),
        ["enclosed", "--inner"] => inner(),
        // `cargo test --benches` only looks whether it starts.
        [.., "--test"] => ExitCode::SUCCESS,
        _ => outer(),
    }
}

/// One enclosure per workload, so that the second does not wait for the first's namespaces.
fn outer() -> ExitCode {
    for number in 0..WORKLOADS.len() {
        let mut outer = enclosure::Outer::spawn(&std::env::current_exe().expect("this program")).expect("enclosed");
        writeln!(outer.take_stdin(), "{number}").expect("it reads");
        let mut said = String::new();
        outer.take_stdout().read_to_string(&mut said).expect("it speaks");
        let _ = write!(std::io::stdout(), "{said}");
        if !outer.wait().is_ok_and(|status| status.success()) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn inner() -> ExitCode {
    enclosure::second_stage().expect("enclosed");
    // Where `ip netns` keeps names: ours alone.
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), None::<&str>).expect("a /run of our own");
    let mut number = String::new();
    std::io::stdin().lock().read_line(&mut number).expect("a line");
    let workload = &WORKLOADS[number.trim().parse::<usize>().expect("a number")];
    let topology = topology(workload);
    let label = format!("{} nodes, {} pods", topology.nodes.len(), topology.pods.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut ours, mut down) = (Vec::new(), Vec::new());
    for _ in 0..workload.rounds {
        let began = Instant::now();
        let site = runtime.block_on(Netns::default().up(&topology)).expect("it comes up");
        ours.push(began.elapsed());
        let began = Instant::now();
        runtime.block_on(Netns::default().down(site)).expect("it goes down");
        down.push(began.elapsed());
        drain();
    }
    let script = Script::of(&topology);
    let peers: Vec<_> = (0..workload.rounds)
        .map(|_| {
            let began = Instant::now();
            script.up();
            let took = began.elapsed();
            script.down();
            drain();
            took
        })
        .collect();
    report(&label, "cnilab", ours);
    report(&label, &format!("ip -batch ({} processes)", script.processes()), peers);
    report(&label, "cnilab down returns", down);
    ExitCode::SUCCESS
}

/// Waits until the kernel has taken all namespaces apart that nobody holds any more, which it does in the background, in order, and under a
/// lock that bringing up needs too: until one more that ends now has taken its end of a veth pair with it.
fn drain() {
    batch(&["-batch", "-"], "netns add drain\nlink add drain0 type veth peer name drain1 netns drain\nnetns del drain\n");
    while fs::read_to_string("/proc/self/net/dev").expect("/proc is mounted").contains("drain0") {
        thread::sleep(Duration::from_millis(5));
    }
}

fn report(label: &str, what: &str, mut times: Vec<Duration>) {
    times.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let (median, least, most) = (times[times.len() / 2], times[0], times[times.len() - 1]);
    let (median, least, most, rounds) = (milliseconds(median), milliseconds(least), milliseconds(most), times.len());
    let line = format!("{label:22} {what:28} median {median:8.1} ms  (least {least:.1}, most {most:.1}, {rounds} rounds)");
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Nodes with one card each on one segment, each with a tunnel device and a route to every other node's block; pods routed to their node.
fn topology(workload: &Workload) -> Topology {
    let card = |node: u8| Ipv4Addr::new(172, 18, 0, 10 + node);
    let block = |node: u8| Ipv4Net::new(Ipv4Addr::new(10, 244, node, 0), 26).expect("a prefix");
    let name = |node: u8| PlaceName::new(format!("node{node}"));
    let node = |node: u8| NodeSpec {
        name: name(node),
        nics: vec![Nic {
            name: "default".to_owned(),
            interface: "eth0".to_owned(),
            address: Ipv4Net::new(card(node), 24).expect("a prefix"),
            mac: None,
            gateway: Some(Ipv4Addr::new(172, 18, 0, 1)),
        }],
        tunnel: Some(TunnelSpec {
            device: "tunl0".to_owned(),
            kind: TunnelKind::Ipip,
            address: block(node).network(),
            mtu: 1480,
            underlay: "default".to_owned(),
            peers: Vec::new(),
        }),
        bridge: None,
        routes: (0..workload.nodes)
            .map(|peer| RouteSpec {
                to: block(peer),
                via: (peer != node).then(|| card(peer)),
                device: (peer != node).then(|| "tunl0".to_owned()),
                protocol: 12,
                onlink: peer != node,
            })
            .collect(),
    };
    let pod = |node: u8, pod: u8| PodSpec {
        name: PlaceName::new(format!("pod{node}-{pod}")),
        called: format!("pod{node}-{pod}"),
        namespace: "default".to_owned(),
        labels: BTreeMap::new(),
        serves: BTreeSet::new(),
        node: name(node),
        address: Ipv4Addr::new(10, 244, node, 1 + pod),
        mac: None,
        mtu: 1480,
        host_interface: format!("cali{node}x{pod}"),
        wiring: Wiring::Routed { gateway: GATEWAY, host_mac: [0xee; 6] },
    };
    Topology {
        nodes: (0..workload.nodes).map(node).collect(),
        pods: (0..workload.nodes).flat_map(|number| (0..workload.pods_per_node).map(move |count| pod(number, count))).collect(),
        constants: BTreeMap::new(),
        proxy: None,
        services: Vec::new(),
        rules: BTreeMap::new(),
    }
}

/// The same topology as input for `ip -batch`: first what makes namespaces, then a batch and a shell line for each of them.
struct Script {
    first: String,
    each: Vec<(String, String, String)>,
    last: String,
}

impl Script {
    fn of(topology: &Topology) -> Self {
        let names = || topology.nodes.iter().map(|node| &node.name).chain(topology.pods.iter().map(|pod| &pod.name));
        let mut first = "netns add fabric\n".to_owned();
        for name in names() {
            let _ = writeln!(first, "netns add {name}");
        }
        let mut fabric = "link add br0 type bridge mcast_snooping 0\nlink set br0 up\n".to_owned();
        let quiet = "for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done".to_owned();
        let mut each = Vec::new();
        for (number, node) in topology.nodes.iter().enumerate() {
            let card = &node.nics[0];
            let _ = writeln!(first, "link add port{number} netns fabric type veth peer name eth0 netns {}", node.name);
            let _ = writeln!(fabric, "link set port{number} master br0 up");
            let mut batch = format!("link set lo up\naddress add {} brd + dev eth0\nlink set eth0 gso_max_segs 1 up\n", card.address);
            let _ = writeln!(batch, "route add default via {}", card.gateway.expect("given above"));
            let mut shell = quiet.clone() + "; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter";
            for pod in topology.pods.iter().filter(|pod| pod.node == node.name) {
                let host = &pod.host_interface;
                let _ = writeln!(
                    first,
                    "link add {host} netns {} mtu 1480 address ee:ee:ee:ee:ee:ee type veth peer name eth0 mtu 1480 netns {}",
                    node.name, pod.name
                );
                let _ = writeln!(batch, "link set {host} gso_max_segs 1 up\nroute add {} dev {host}", pod.address);
                let _ = write!(
                    shell,
                    "; echo 1 >/proc/sys/net/ipv4/conf/{host}/proxy_arp; echo 0 >/proc/sys/net/ipv4/neigh/{host}/proxy_delay"
                );
                let inside = format!(
                    "link set lo up\naddress add {} dev eth0\nlink set eth0 gso_max_segs 1 up\nroute add {GATEWAY} dev eth0\nroute add default via {GATEWAY}\n",
                    pod.address
                );
                each.push((pod.name.to_string(), inside, quiet.clone()));
            }
            let tunnel = node.tunnel.as_ref().expect("given above");
            let _ = writeln!(batch, "tuntap add tunl0 mode tun\naddress add {} dev tunl0\nlink set tunl0 mtu 1480 up", tunnel.address);
            for route in &node.routes {
                let _ = match route.via {
                    Some(via) => writeln!(batch, "route add {} via {via} dev tunl0 onlink proto bird", route.to),
                    None => writeln!(batch, "route add blackhole {} proto bird", route.to),
                };
            }
            each.push((node.name.to_string(), batch, shell));
        }
        each.push(("fabric".to_owned(), fabric, quiet));
        let last = names().fold("netns del fabric\n".to_owned(), |text, name| text + &format!("netns del {name}\n"));
        Self { first, each, last }
    }

    fn processes(&self) -> usize {
        1 + 2 * self.each.len()
    }

    fn up(&self) {
        batch(&["-batch", "-"], &self.first);
        for (namespace, lines, shell) in &self.each {
            let status = Command::new("ip").args(["netns", "exec", namespace, "sh", "-c", shell]).status().expect("ip is installed");
            assert!(status.success(), "{shell}");
            batch(&["-n", namespace, "-batch", "-"], lines);
        }
    }

    fn down(&self) {
        batch(&["-batch", "-"], &self.last);
        assert_eq!(fs::read_dir("/run/netns").expect("made by ip").count(), 0);
    }
}

fn batch(arguments: &[&str], lines: &str) {
    let mut ip = Command::new("ip").args(arguments).stdin(Stdio::piped()).spawn().expect("ip is installed");
    ip.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("it reads");
    assert!(ip.wait().expect("it ends").success(), "{lines}");
}
