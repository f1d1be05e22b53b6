//! What a recipe file may say. What differs between CNIs is data here; no code knows one by name.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// How a kind cluster gets its CNI: the file `recipe.yaml` beside a `kind.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Recipe {
    /// One line for people.
    pub(super) title: String,
    /// Which of the cluster's nodes stand for the lab's, in the lab's order, as kind names them behind the cluster's name: `worker2`.
    pub(super) nodes: Vec<String>,
    /// The node image, unless another is asked for.
    pub(super) node_image: String,
    /// The CNI's version, unless another is asked for.
    pub(super) version: String,
    /// The versions there are, each with its manifests.
    pub(super) versions: BTreeMap<String, Version>,
    /// What to change in the manifests, whatever the version.
    #[serde(default)]
    pub(super) patches: Vec<Patch>,
    /// CNI plugins that every node must have in `/opt/cni/bin`; those that it lacks are brought along from the host.
    #[serde(default)]
    pub(super) plugins: Vec<String>,
    /// Files that every node loses before pods are started in a cluster that is used again: what the CNI remembers of earlier pods, so that new
    /// ones get the addresses that they would get in a fresh cluster.
    #[serde(default)]
    pub(super) forget: Vec<String>,
    /// What to do, in this order, until pods can be started.
    pub(super) steps: Vec<Step>,
    /// How to find out what holds of the cluster.
    pub(super) facts: FactRules,
}

/// One version of a CNI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Version {
    /// Its manifests by the names that steps call them.
    pub(super) manifests: BTreeMap<String, Source>,
    /// Images that stand in for those that the manifests name.
    #[serde(default)]
    pub(super) images: BTreeMap<String, String>,
}

/// Where a manifest comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Source {
    /// A file beside the recipe.
    File(String),
    /// A file of another project, known by its hash; any local file with that hash will do.
    Download {
        /// Where it is published.
        url: String,
        /// Its SHA-256, in hexadecimal.
        sha256: String,
    },
}

/// A change to an object of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Patch {
    /// Sets environment variables of one container; replaces what the manifest says of them.
    Env {
        /// The object that has the pod template.
        of: ObjectName,
        /// The container's name.
        container: String,
        /// The variables.
        set: BTreeMap<String, String>,
    },
    /// Replaces entries of a `ConfigMap`.
    Data {
        /// The `ConfigMap`.
        of: ObjectName,
        /// The entries.
        set: BTreeMap<String, String>,
    },
}

impl Patch {
    /// The object that it changes.
    pub(super) fn object(&self) -> &ObjectName {
        match self {
            Self::Env { of, .. } | Self::Data { of, .. } => of,
        }
    }
}

/// One thing to do or to await.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Step {
    /// Applies the manifest of that name.
    Apply(String),
    /// Awaits that a Deployment has all its pods, or a DaemonSet one on every node, all up to date and available.
    Rollout {
        /// Which.
        of: ObjectName,
        /// Gives up after so long.
        within: Within,
    },
    /// Awaits a file on every node.
    File {
        /// Its path in the node.
        path: String,
        /// Gives up after so long.
        within: Within,
    },
    /// Awaits a network device on every node.
    Device {
        /// Its name.
        name: String,
        /// Gives up after so long.
        within: Within,
    },
    /// Awaits that every node is Ready.
    NodesReady {
        /// Gives up after so long.
        within: Within,
    },
    /// Awaits an established TCP connection on a port between every two nodes: sessions of a routing protocol.
    TcpMesh {
        /// The port at either end.
        port: u16,
        /// Gives up after so long.
        within: Within,
    },
    /// Awaits, on every node, a route by each other node's address over a device.
    PeerRoutes {
        /// The device.
        device: String,
        /// Gives up after so long.
        within: Within,
    },
}

/// How to find out what holds of a cluster with this CNI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FactRules {
    /// The object whose first container's image tag is the CNI's version.
    pub(super) version_of: ObjectName,
    /// Where a node's pods get their addresses from.
    pub(super) block: BlockRule,
    /// Devices that the CNI makes on a node: its tunnel device, its bridge.
    pub(super) devices: Vec<String>,
    /// The symbol of the one hardware address that all host veths have, where they have one: `cali.mac`.
    pub(super) host_veth_mac: Option<String>,
}

/// Where to read a node's block of pod addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BlockRule {
    /// The node's `spec.podCIDR`.
    PodCidr,
    /// The blackhole route in the node's main table.
    BlackholeRoute,
}

/// An object of the cluster: `DaemonSet/kube-system/kube-proxy`, `Namespace/kube-flannel`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ObjectName {
    /// Its kind.
    pub(super) kind: String,
    /// Its namespace, if it is in one.
    pub(super) namespace: Option<String>,
    /// Its name.
    pub(super) name: String,
}

impl TryFrom<String> for ObjectName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some((*namespace).to_owned()), name),
            _ => return Err(format!("`{text}` is not `Kind/namespace/name`")),
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(format!("`{text}` is not `Kind/namespace/name`: a part is empty"));
        }
        Ok(Self { kind: (*kind).to_owned(), namespace, name: (*name).to_owned() })
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// How long to wait: `90s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Within(pub(super) Duration);

impl TryFrom<String> for Within {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let seconds = text.strip_suffix('s').and_then(|digits| digits.parse().ok()).filter(|seconds| *seconds > 0);
        seconds.map(Duration::from_secs).map(Self).ok_or_else(|| format!("`{text}` is not a time in seconds, like `90s`"))
    }
}
