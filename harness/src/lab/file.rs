//! The lab file, as its author writes it. The JSON schema is made from these types; what they say is all that editors know.

use schemars::JsonSchema;
use serde::Deserialize;

use super::at::{At, Table};

/// A lab: one cluster, its pods, and the scenarios whose captures a document printed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LabFile {
    /// The lab's name: small letters, digits and hyphens.
    pub(super) lab: At<String>,
    /// One line for people.
    pub(super) title: At<String>,
    /// The write-up that the lines come from, by name.
    pub(super) document: Option<String>,
    /// The cluster that the lab wants.
    pub(super) cluster: ClusterFile,
    /// The nodes, by name.
    pub(super) nodes: Table<NodeFile>,
    /// The pods, by name.
    #[serde(default)]
    pub(super) pods: Table<PodFile>,
    /// The Services, by name.
    #[serde(default)]
    pub(super) services: Table<ServiceFile>,
    /// What each literal of the documented lines stands for: `10.244.153.204: pod1.ip`.
    #[serde(default)]
    pub(super) names: Table<At<String>>,
    /// The scenarios, in the order in which they are carried out.
    pub(super) scenarios: At<Vec<ScenarioFile>>,
}

/// The cluster that a lab wants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ClusterFile {
    /// The CNI's name, for people and recipes.
    pub(super) cni: String,
    /// The kube-proxy mode.
    pub(super) kube_proxy: Option<KubeProxy>,
    /// The folder of the recipe by which a real cluster gets this CNI.
    pub(super) recipe: Option<String>,
    /// How the CNI wires pods.
    pub(super) network: NetworkFile,
    /// What the CNI's agent adds to every node's packet filter, as `iptables-save` prints it; `{block}` is the node's own block.
    pub(super) rules: Option<At<String>>,
}

/// A Service of one TCP port.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ServiceFile {
    /// Its Kubernetes namespace, its endpoints' too; `default` unless given.
    pub(super) namespace: Option<String>,
    /// Where it can be asked.
    #[serde(rename = "type")]
    pub(super) kind: ServiceKindFile,
    /// Its address on the embedded backend.
    pub(super) cluster_ip: At<String>,
    /// Its port at that address.
    pub(super) port: At<u32>,
    /// What that port is called, if it has a name.
    pub(super) port_name: Option<At<String>>,
    /// Its port at the nodes' own addresses, 30000 to 32767.
    pub(super) node_port: Option<At<u32>>,
    /// The port at which its endpoints listen; `port` unless given.
    pub(super) target_port: Option<At<u32>>,
    /// The pods that answer.
    pub(super) endpoints: At<Vec<At<String>>>,
}

/// Where a Service can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ServiceKindFile {
    /// At an address of its own, inside the cluster.
    ClusterIp,
    /// At a port of every node, too.
    NodePort,
}

/// A mode of kube-proxy.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KubeProxy {
    /// Rules of iptables.
    Iptables,
    /// Virtual servers of the kernel.
    Ipvs,
    /// Rules of nftables.
    Nftables,
}

/// How a CNI wires pods and carries their packets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NetworkFile {
    /// Where pod addresses come from, a prefix: `10.244.0.0/16`.
    pub(super) pods: At<String>,
    /// The pods' MTU, in bytes.
    pub(super) mtu: At<u32>,
    /// How a pod's veth is attached to its node.
    pub(super) wiring: WiringFile,
    /// What the names of host veths start with, `cali`. The rest are the first 11 hex digits of sha1("namespace.pod"); on a bridge, where a
    /// real CNI draws them by lot, the first 8.
    pub(super) veth_prefix: At<String>,
    /// What carries packets to other nodes; without it the network card itself does.
    pub(super) tunnel: Option<TunnelFile>,
    /// The routing protocol that the CNI's routes name, as `ip route` prints it (`bird`); `boot` unless given.
    pub(super) route_protocol: Option<At<String>>,
}

/// How a pod's veth is attached to its node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum WiringFile {
    /// Point to point: the node routes each pod's address to its veth and answers ARP for the gateway.
    #[serde(rename_all = "kebab-case")]
    Routed(RoutedFile),
    /// On a bridge of the node, whose own address is the first of the node's block behind the tunnel device's.
    #[serde(rename_all = "kebab-case")]
    Bridged(BridgedFile),
}

/// A wiring by a bridge.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BridgedFile {
    /// The bridge's name: `cni0`.
    pub(super) bridge: At<String>,
}

/// A point-to-point wiring.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RoutedFile {
    /// The address of the pods' default route: `169.254.1.1`.
    pub(super) gateway: At<String>,
    /// The hardware address of every host veth: `ee:ee:ee:ee:ee:ee`.
    pub(super) host_mac: At<String>,
}

/// A tunnel device that every node has. Its address is the first of the node's block.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TunnelFile {
    /// Its name: `tunl0`.
    pub(super) device: At<String>,
    /// What it does with a packet.
    pub(super) kind: TunnelKindFile,
    /// The UDP port of both ends, if it is of the kind `udp`: 8285.
    pub(super) port: Option<At<u32>>,
    /// Its MTU, in bytes.
    pub(super) mtu: At<u32>,
    /// The network card whose addresses the outer header carries, by the lab's name.
    pub(super) underlay: At<String>,
}

/// What a tunnel device does with a packet.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TunnelKindFile {
    /// IP-in-IP (RFC 2003).
    Ipip,
    /// Bare IP packets in UDP datagrams, by a proxy in user space.
    Udp,
}

/// A node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NodeFile {
    /// Its network cards, by the lab's name, in order.
    pub(super) nics: Table<NicFile>,
    /// Where its pods' addresses come from, a prefix.
    pub(super) block: At<String>,
    /// The hardware address of its bridge on the embedded backend, where pods are on one.
    pub(super) bridge_mac: Option<At<String>>,
}

/// A network card of a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NicFile {
    /// What the node calls it: `ens10`.
    pub(super) interface: At<String>,
    /// Its address and prefix length: `192.168.100.111/24`.
    pub(super) address: At<String>,
    /// Its hardware address.
    pub(super) mac: Option<At<String>>,
    /// Where the node's default route points, on the card that has it.
    pub(super) gateway: Option<At<String>>,
}

/// A pod.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PodFile {
    /// The node it runs on.
    pub(super) node: At<String>,
    /// Its Kubernetes namespace; `default` unless given.
    pub(super) namespace: Option<String>,
    /// What Kubernetes calls it, on the embedded backend: `cni-qqj89`; as the lab does unless given.
    pub(super) called: Option<At<String>>,
    /// Its address on the embedded backend; the next free one of its node's block unless given.
    pub(super) address: Option<At<String>>,
    /// Its hardware address on the embedded backend.
    pub(super) mac: Option<At<String>>,
    /// The hardware address of its veth's end in the node on the embedded backend, where pods are on a bridge.
    pub(super) veth_mac: Option<At<String>>,
    /// Its labels.
    #[serde(default)]
    pub(super) labels: Table<String>,
}

/// One probe, and what was documented of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ScenarioFile {
    /// Its name, one of a kind in the lab.
    pub(super) name: At<String>,
    /// What is sent; a scenario without one only looks at state.
    pub(super) probe: Option<At<ProbeFile>>,
    /// What literals of this scenario's lines stand for, besides the lab's own table.
    #[serde(default)]
    pub(super) names: Table<At<String>>,
    /// What is seen of the probe, point by point.
    #[serde(default)]
    pub(super) expect: Vec<ExpectFile>,
    /// What the answer to a `curl` says, line by line.
    pub(super) answers: Option<At<String>>,
    /// What commands print once the probe is through.
    #[serde(default)]
    pub(super) state: Vec<StateFile>,
}

/// ICMP echo requests, or one HTTP request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ProbeFile {
    /// The pod or node that sends it.
    pub(super) from: At<String>,
    /// The pod that is sent an echo request.
    pub(super) ping: Option<At<String>>,
    /// The echo's payload in bytes; 56 unless given, as `ping` sends.
    pub(super) size: Option<At<u32>>,
    /// How many echo requests, one after another, as `ping -c` sends them; one unless given, 100 at most.
    pub(super) count: Option<At<u32>>,
    /// What is sent an HTTP request.
    pub(super) curl: Option<At<CurlFile>>,
}

/// What is sent an HTTP request: a `service`, alone or at a `node`, or a `pod` at a `port`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CurlFile {
    /// The Service.
    pub(super) service: Option<At<String>>,
    /// The node at whose address and node port the Service is asked; at its own address unless given.
    pub(super) node: Option<At<String>>,
    /// The pod.
    pub(super) pod: Option<At<String>>,
    /// The pod's port.
    pub(super) port: Option<At<u32>>,
}

/// What is seen of the probe at one point: `lines`, or `none: true`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ExpectFile {
    /// Where: `pod1/eth0`, `node1/veth(pod1)`, `node1/tunl0`, `node1/underlay`.
    pub(super) at: At<String>,
    /// The probe's packets there as tcpdump prints them, one a line, and no others unless it is an `excerpt`.
    pub(super) lines: Option<At<String>>,
    /// The lines are some of the probe's packets there; others may be there, too.
    pub(super) excerpt: Option<At<bool>>,
    /// Each segment is sent once: what TCP sends again or acknowledges on its own, for want of time, is not doubted but wrong.
    pub(super) once: Option<At<bool>>,
    /// What the lines print and do not assert of themselves, and are to assert here: `win`, `wscale`, `ts`, `flowlabel`, `id`.
    #[serde(default)]
    pub(super) assert: Vec<At<String>>,
    /// The probe is not seen there.
    pub(super) none: Option<At<bool>>,
    /// What holds in place of lines that the document has wrong.
    #[serde(default)]
    pub(super) corrections: Vec<CorrectionFile>,
    /// Why, where the document does not say it itself.
    pub(super) because: Option<String>,
    /// Where it applies; everywhere unless given.
    pub(super) when: Option<At<WhenFile>>,
}

/// What holds in place of a documented line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CorrectionFile {
    /// The line, exactly as it stands among the documented ones.
    pub(super) documented: At<String>,
    /// What holds instead.
    pub(super) reads: At<String>,
    /// Why the documented line is wrong.
    pub(super) because: At<String>,
}

/// What a command prints.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct StateFile {
    /// The node or pod where it runs.
    pub(super) on: At<String>,
    /// The command, one of a fixed list: `ip route`.
    pub(super) run: At<String>,
    /// Lines that it prints.
    pub(super) has: Option<At<String>>,
    /// Lines that it does not print.
    pub(super) lacks: Option<At<String>>,
    /// What holds in place of lines that the document has wrong.
    #[serde(default)]
    pub(super) corrections: Vec<CorrectionFile>,
    /// Why, where the document does not say it itself.
    pub(super) because: Option<String>,
    /// Where it applies; everywhere unless given.
    pub(super) when: Option<At<WhenFile>>,
}

/// Where an expectation applies: all that is given must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WhenFile {
    /// Only on this backend.
    pub(super) backend: Option<At<String>>,
    /// Only on these backends.
    #[serde(default)]
    pub(super) backends: Vec<At<String>>,
    /// Only in this kube-proxy mode.
    pub(super) kube_proxy: Option<KubeProxy>,
    /// Only from this version of the CNI on.
    pub(super) cni_at_least: Option<At<String>>,
    /// Only below this version of the CNI.
    pub(super) cni_below: Option<At<String>>,
    /// Only from this version of kube-proxy on.
    pub(super) kube_proxy_at_least: Option<At<String>>,
    /// Only below this version of kube-proxy.
    pub(super) kube_proxy_below: Option<At<String>>,
    /// Why it does not apply elsewhere.
    pub(super) because: At<String>,
}
