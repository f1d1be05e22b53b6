//! A lab that has been checked.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;

use crate::expect::{Pattern, StateLine};
use crate::name::{PlaceName, PointName, Symbol};
use crate::site::TunnelKind;

use super::when::When;

/// One lab file, checked: every name in it resolves, every documented line parses.
#[derive(Clone, Debug)]
pub struct Lab {
    /// Its name: `calico-ipip`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The write-up its lines come from, by name.
    pub document: Option<String>,
    /// What cluster it wants.
    pub cluster: Cluster,
    /// Its nodes, in the file's order.
    pub nodes: Vec<LabNode>,
    /// Its pods, in the file's order.
    pub pods: Vec<LabPod>,
    /// Its Services, in the file's order.
    pub services: Vec<LabService>,
    /// What each literal of its documented lines stands for, the lab's own table; scenarios add theirs.
    pub names: BTreeMap<String, Symbol>,
    /// Its scenarios, in the file's order.
    pub scenarios: Vec<Scenario>,
    /// Where it was read from, and its text.
    pub source: Source,
}

/// A file and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As it was named.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// A place in a file: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// The cluster a lab wants.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The CNI's name, for people and recipes; no code matches on it.
    pub cni: String,
    /// The kube-proxy mode: `iptables`, `ipvs`.
    pub kube_proxy: Option<String>,
    /// The folder of the recipe by which a real cluster gets this CNI.
    pub recipe: Option<String>,
    /// How the CNI wires pods: what the embedded backend builds.
    pub network: Network,
    /// What the CNI's agent adds to every node's packet filter, as `iptables-save` prints it; `{block}` is the node's own.
    pub rules: Vec<String>,
}

/// A Service of one TCP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabService {
    /// Its name: symbols like `serversvc.ip` start with it.
    pub name: String,
    /// Its Kubernetes namespace; its endpoints are in the same.
    pub namespace: String,
    /// What its port is called, if it has a name.
    pub port_name: Option<String>,
    /// The address the embedded backend gives it.
    pub cluster_ip: Ipv4Addr,
    /// Its port at that address.
    pub port: u16,
    /// Its port at the nodes' own addresses, for a Service of type `NodePort`.
    pub node_port: Option<u16>,
    /// The port at which its endpoints listen.
    pub target_port: u16,
    /// The pods that answer.
    pub endpoints: Vec<PlaceName>,
}

/// How a CNI wires pods and carries their packets.
#[derive(Clone, Debug)]
pub struct Network {
    /// Where pod addresses come from.
    pub pods: Ipv4Net,
    /// The pods' MTU, in bytes.
    pub mtu: u32,
    /// How a pod's veth is attached to its node.
    pub wiring: LabWiring,
    /// What the names of host veths start with: `cali`. The rest is derived from namespace and pod.
    pub veth_prefix: String,
    /// What carries packets to other nodes, if it is not the network card itself.
    pub tunnel: Option<LabTunnel>,
    /// The routing protocol that the CNI's routes name, as a number of `/etc/iproute2/rt_protos`.
    pub route_protocol: u8,
}

/// How a pod's veth is attached to its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabWiring {
    /// Point to point, with proxy ARP for the gateway.
    Routed {
        /// 169.254.1.1.
        gateway: Ipv4Addr,
        /// The hardware address of every host veth: `ee:ee:ee:ee:ee:ee`.
        host_mac: [u8; 6],
    },
    /// On a bridge that every node has.
    Bridged {
        /// Its name: `cni0`.
        bridge: String,
    },
}

/// A tunnel device that every node has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabTunnel {
    /// Its name: `tunl0`.
    pub device: String,
    /// What it does with a packet.
    pub kind: TunnelKind,
    /// Its MTU, in bytes.
    pub mtu: u32,
    /// The network card, by the lab's name, whose addresses the outer header carries.
    pub underlay: String,
}

/// A node of a lab.
#[derive(Clone, Debug)]
pub struct LabNode {
    /// Its name.
    pub name: PlaceName,
    /// Its network cards, in the file's order.
    pub nics: Vec<LabNic>,
    /// Where its pods' addresses come from; its first address is the tunnel device's, its second the bridge's, if there is one.
    pub block: Ipv4Net,
    /// The hardware address of its bridge on the embedded backend.
    pub bridge_mac: Option<[u8; 6]>,
}

impl LabNode {
    /// The address and prefix of its bridge, where pods are on one: behind the block's first address, which is the tunnel device's.
    pub fn bridge_address(&self) -> Ipv4Net {
        let first = Ipv4Addr::from_bits(self.block.network().to_bits().saturating_add(1));
        Ipv4Net::new(first, self.block.prefix_len()).unwrap_or(self.block)
    }
}

impl Network {
    /// The name of every node's bridge, if pods are on one.
    pub fn bridge(&self) -> Option<&str> {
        match &self.wiring {
            LabWiring::Bridged { bridge } => Some(bridge),
            LabWiring::Routed { .. } => None,
        }
    }
}

/// A network card of a node.
#[derive(Clone, Debug)]
pub struct LabNic {
    /// What the lab calls it: `default`, `underlay`.
    pub name: String,
    /// What the embedded backend's node calls it: `ens10`.
    pub interface: String,
    /// Its address there.
    pub address: Ipv4Net,
    /// Its hardware address there.
    pub mac: Option<[u8; 6]>,
    /// Where the default route points, on the card that has it.
    pub gateway: Option<Ipv4Addr>,
}

/// A pod of a lab.
#[derive(Clone, Debug)]
pub struct LabPod {
    /// Its name.
    pub name: PlaceName,
    /// Its Kubernetes namespace; `default` unless the file says otherwise.
    pub namespace: String,
    /// What Kubernetes calls it, on the embedded backend.
    pub called: String,
    /// The node it runs on.
    pub node: PlaceName,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The address the embedded backend gives it: the file's, or the next free one of the node's block.
    pub address: Ipv4Addr,
    /// The hardware address the embedded backend gives it.
    pub mac: Option<[u8; 6]>,
    /// The hardware address the embedded backend gives its veth's end in the node, where pods are on a bridge.
    pub veth_mac: Option<[u8; 6]>,
}

/// One probe, and what was documented of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, unique in the lab.
    pub name: String,
    /// What is sent; a scenario without one only looks at state.
    pub probe: Option<Probe>,
    /// The names that hold here: the lab's and its own.
    pub names: BTreeMap<String, Symbol>,
    /// What is expected at which point, in path order.
    pub expect: Vec<Expectation>,
    /// What the answer to the probe says, line by line.
    pub answers: Vec<DocumentedLine<StateLine>>,
    /// What is expected of commands' output once the probe is through.
    pub state: Vec<StateExpectation>,
}

/// The pings or the one request that a scenario sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// ICMP echo requests, one after another.
    Ping {
        /// The place that sends it: a pod or a node.
        from: PlaceName,
        /// The place it goes to: a pod.
        to: PlaceName,
        /// The payload's length in bytes, our token included; 56 is what `ping` sends.
        size: usize,
        /// How many.
        count: u16,
    },
    /// One HTTP request.
    Curl {
        /// The place that sends it: a pod or a node.
        from: PlaceName,
        /// What it asks.
        to: CurlTarget,
    },
}

/// What an HTTP request asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurlTarget {
    /// A Service at its own address.
    Service(String),
    /// A Service at its port of a node, at the address of the node's first card.
    NodePort {
        /// Which Service.
        service: String,
        /// Which node.
        node: PlaceName,
    },
    /// A pod.
    Pod {
        /// Which.
        pod: PlaceName,
        /// At which port.
        port: u16,
    },
}

impl Probe {
    /// How many echo requests it sends, or how often it asks.
    pub fn count(&self) -> u16 {
        match self {
            Self::Ping { count, .. } => *count,
            Self::Curl { .. } => 1,
        }
    }

    /// The place that sends it.
    pub fn from(&self) -> &PlaceName {
        match self {
            Self::Ping { from, .. } | Self::Curl { from, .. } => from,
        }
    }
}

impl std::fmt::Display for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ping { from, to, count: 1, .. } => write!(f, "{from} pings {to}"),
            Self::Ping { from, to, count, .. } => write!(f, "{from} pings {to} {count} times"),
            Self::Curl { from, to: CurlTarget::Service(service) } => write!(f, "{from} asks {service}"),
            Self::Curl { from, to: CurlTarget::NodePort { service, node } } => write!(f, "{from} asks {service} at {node}"),
            Self::Curl { from, to: CurlTarget::Pod { pod, port } } => write!(f, "{from} asks {pod}, port {port}"),
        }
    }
}

/// What is expected at one point.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Where.
    pub at: PointName,
    /// What.
    pub claim: Claim,
    /// Whether the lines are all there is of the probe.
    pub extent: Extent,
    /// Why, where the document does not say it itself.
    pub because: Option<String>,
    /// Where it applies; everywhere if absent.
    pub when: Option<When>,
    /// Where it stands in the lab file.
    pub position: Position,
}

/// What an expectation claims of the probe at its point.
#[derive(Clone, Debug)]
pub enum Claim {
    /// The probe's packets there are these, in this order, and no others.
    Lines(Vec<DocumentedLine<Pattern>>),
    /// The probe is not seen there at all.
    None,
}

/// How much of what a point sees of a probe is documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it, but for segments that TCP sends again and acknowledgements of its own, which are a matter of time.
    #[default]
    Whole,
    /// All of it, each segment once.
    Once,
    /// Some of it: other packets of the probe may be there, too.
    Excerpt,
}

/// A line as it was documented.
#[derive(Clone, Debug)]
pub struct DocumentedLine<P> {
    /// As the document prints it.
    pub documented: Line<P>,
    /// What holds instead, where the document is wrong.
    pub correction: Option<Correction<P>>,
    /// Where it stands in the lab file.
    pub position: Position,
}

impl<P> DocumentedLine<P> {
    /// The line that is judged: what the lab reads in the document's stead, or the document's own.
    pub fn judged(&self) -> &Line<P> {
        self.correction.as_ref().map_or(&self.documented, |correction| &correction.reads)
    }
}

/// A line and what it says.
#[derive(Clone, Debug)]
pub struct Line<P> {
    /// As it is spelt.
    pub text: String,
    /// What it says.
    pub pattern: P,
}

/// What holds in place of a documented line.
#[derive(Clone, Debug)]
pub struct Correction<P> {
    /// The line that is judged.
    pub reads: Line<P>,
    /// Why the documented one is wrong.
    pub because: String,
}

/// What is expected of a command's output.
#[derive(Clone, Debug)]
pub struct StateExpectation {
    /// Where the command runs.
    pub on: PlaceName,
    /// The command, one of a fixed list; `{…}` placeholders are filled in before it runs.
    pub run: String,
    /// Lines that its output must have.
    pub has: Vec<DocumentedLine<StateLine>>,
    /// Lines that its output must not have.
    pub lacks: Vec<DocumentedLine<StateLine>>,
    /// Why, where the document does not say it itself.
    pub because: Option<String>,
    /// Where it applies; everywhere if absent.
    pub when: Option<When>,
    /// Where it stands in the lab file.
    pub position: Position,
}
