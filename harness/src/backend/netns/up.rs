//! Bringing a lab up: in which order who is asked for what.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use nix::errno::Errno;
use tokio::runtime::Handle;

use super::check::check;
use super::namespace::{Namespace, Role, create, set};
use super::place::{Ground, NetnsPlace};
use super::standin::{Carrier, StandIn};
use super::udp_proxy::ProxyFault;
use super::{build, down, facts, filter, ready, services, survey, tunnel};
use crate::backend::{Backend, Leftovers, UpError};
use crate::name::PlaceName;
use crate::nettool::Server;
use crate::place::{Place, find_program, in_netns};
use crate::site::{Emulated, Needs, NodeSpec, PodSpec, Site, Survey, Topology, TunnelKind};

/// The embedded backend. Works in a process that is [enclosed](super::enclosure), and on a tokio runtime.
#[derive(Clone, Debug)]
pub struct Netns {
    /// How long a lab that is built may take until packets can cross it.
    pub ready_within: Duration,
    /// What proxies in user space are to do wrong.
    pub fault: ProxyFault,
}

impl Default for Netns {
    /// Ten seconds: an idle machine needs milliseconds.
    fn default() -> Self {
        Self { ready_within: Duration::from_secs(10), fault: ProxyFault::default() }
    }
}

impl Netns {
    /// What this backend could do here, asked from a process that is not enclosed. `program` is one that calls
    /// [`first_stage`](super::enclosure::first_stage) when it is started as `program enclosed`.
    pub fn survey_from_outside(program: &Path) -> Survey {
        survey::look_from_outside(program)
    }

    /// The same of a host that was looked at, for a lab that has these needs: its tunnels, and the programs that are run for it.
    pub fn survey_for(survey: Survey, needs: &Needs) -> Survey {
        let tunnels = survey::tunnels(&survey, &needs.tunnels);
        survey.with(tunnels).with(needs.look(find_program))
    }
}

impl Backend for Netns {
    async fn survey(&self) -> Survey {
        survey::look_from_inside()
    }

    async fn up(&self, topology: &Topology) -> Result<Site, UpError> {
        check(topology)?;
        survey::try_capture().map_err(UpError::Capture)?;
        let lab = Lab::create(topology)?;
        lab.wire(topology).await?;
        let (tunnels, carriers) = lab.tunnels(topology, self.fault).await?;
        lab.finish(topology, &tunnels).await?;
        lab.program(topology).await?;
        let emulated = emulated(topology, &carriers);
        let stand_in = if carriers.is_empty() { None } else { Some(start(carriers)?) };

        let all: Vec<&Namespace> = [&lab.fabric].into_iter().chain(&lab.nodes).chain(&lab.pods).collect();
        // Everything but what the kernel made of itself: fallback devices of tunnels that nobody asked for.
        let links = ready::await_links(&all, |link| link.index >= build::OURS, self.ready_within).await?;
        let facts = facts::read(topology, &all[1..], &links[1..], emulated).await?;
        let servers = lab.serve(topology)?;
        Ok(lab.into_site(topology, stand_in, servers, facts))
    }

    async fn down(&self, site: Site) -> Result<(), Leftovers> {
        down::down(site)
    }
}

/// The namespaces of a lab that is being built. Dropped half-way, nothing is left.
struct Lab {
    fabric: Namespace,
    nodes: Vec<Namespace>,
    pods: Vec<Namespace>,
}

impl Lab {
    fn create(topology: &Topology) -> Result<Self, UpError> {
        let mut roles = vec![(PlaceName::new("the fabric"), Role::Fabric)];
        roles.extend(topology.nodes.iter().map(|node| (node.name.clone(), Role::Node)));
        roles.extend(topology.pods.iter().map(|pod| (pod.name.clone(), Role::Pod)));
        let mut nodes = create(&roles, &Handle::current())?;
        let pods = nodes.split_off(1 + topology.nodes.len());
        let fabric = nodes.remove(0);
        Ok(Self { fabric, nodes, pods })
    }

    /// Cards, veths, addresses and switches: all but tunnels and what leads through them.
    async fn wire(&self, topology: &Topology) -> Result<(), UpError> {
        self.fabric.netlink.carry_out(build::fabric(topology, &self.nodes)).await?;
        let nodes = topology.nodes.iter().zip(&self.nodes);
        try_join_all(nodes.clone().map(|(node, namespace)| {
            let pods: Vec<(&PodSpec, BorrowedFd<'_>)> = self.pods_of(node, topology).collect();
            namespace.netlink.carry_out(build::node(node, &pods))
        }))
        .await?;
        try_join_all(topology.pods.iter().zip(&self.pods).map(|(pod, namespace)| namespace.netlink.carry_out(build::pod(pod)))).await?;
        for (node, namespace) in nodes {
            let pods: Vec<&PodSpec> = self.pods_of(node, topology).map(|(pod, _)| pod).collect();
            in_netns(namespace.as_fd(), || switch(node, &pods)).map_err(|source| UpError::Namespaces { count: 1, source })??;
        }
        Ok(())
    }

    fn pods_of<'a>(&'a self, node: &'a NodeSpec, topology: &'a Topology) -> impl Iterator<Item = (&'a PodSpec, BorrowedFd<'a>)> {
        let pods = topology.pods.iter().zip(&self.pods).filter(|(pod, _)| pod.node == node.name);
        pods.map(|(pod, namespace)| (pod, namespace.as_fd()))
    }

    /// Makes the nodes' tunnel devices: each node's device number, and what is to be carried by ourselves.
    async fn tunnels(&self, topology: &Topology, fault: ProxyFault) -> Result<(Vec<Option<u32>>, Vec<Carrier>), UpError> {
        let (mut numbers, mut carriers) = (Vec::new(), Vec::new());
        let mut kernels = None;
        for (node, namespace) in topology.nodes.iter().zip(&self.nodes) {
            let Some(spec) = &node.tunnel else {
                numbers.push(None);
                continue;
            };
            let kernels = match (spec.kind, kernels) {
                (TunnelKind::Udp { .. }, _) => false,
                (TunnelKind::Ipip, Some(known)) => known,
                (TunnelKind::Ipip, None) => *kernels.insert(kernel_has_ipip(node)?),
            };
            numbers.push(Some(if kernels {
                tunnel::make_kernels(node, spec, namespace).await?
            } else {
                let (carrier, number) = tunnel::make_ours(node, spec, namespace, fault)?;
                carriers.push(carrier);
                number
            }));
        }
        Ok((numbers, carriers))
    }

    /// Tunnel devices up, and the CNI's routes.
    async fn finish(&self, topology: &Topology, tunnels: &[Option<u32>]) -> Result<(), UpError> {
        let nodes = topology.nodes.iter().zip(&self.nodes).zip(tunnels);
        try_join_all(nodes.map(|((node, namespace), number)| async move {
            let device = node.tunnel.iter().zip(*number).flat_map(|(spec, number)| tunnel::bring_up(spec, number));
            namespace.netlink.carry_out(device.chain(build::routes(node, *number)?)).await
        }))
        .await?;
        Ok(())
    }

    /// The nodes' packet filters, on topologies that ask for any rules.
    async fn program(&self, topology: &Topology) -> Result<(), UpError> {
        let nodes = topology.nodes.iter().zip(&self.nodes);
        try_join_all(nodes.map(|(node, namespace)| async move {
            let rules = topology.rules.get(&node.name).map(Vec::as_slice).unwrap_or_default();
            let lines = services::rules(&topology.services).into_iter().chain(rules.iter().cloned()).collect();
            filter::program(&node.name, namespace.as_fd(), lines).await
        }))
        .await?;
        Ok(())
    }

    /// Has every pod that is asked answer, as nettool does in the pods of a cluster.
    fn serve(&self, topology: &Topology) -> Result<Vec<Vec<Server>>, UpError> {
        let start = |pod: &PodSpec, namespace: &Namespace| -> Result<Vec<Server>, UpError> {
            let one = |port: &u16| {
                let failed = |source| UpError::Request { place: pod.name.clone(), doing: format!("listen on port {port}"), source };
                let started = in_netns(namespace.as_fd(), || Server::start(*port, build::POD_INTERFACE, &pod.called));
                started.and_then(|started| started).map_err(failed)
            };
            pod.serves.iter().map(one).collect()
        };
        topology.pods.iter().zip(&self.pods).map(|(pod, namespace)| start(pod, namespace)).collect()
    }

    fn into_site(self, topology: &Topology, stand_in: Option<StandIn>, servers: Vec<Vec<Server>>, facts: crate::site::Facts) -> Site {
        let ground = Arc::new(Ground::new(self.fabric.descriptor, stand_in));
        let names = topology.nodes.iter().map(|node| &node.name).chain(topology.pods.iter().map(|pod| &pod.name));
        // Nodes serve nothing.
        let servers = self.nodes.iter().map(|_| Vec::new()).collect::<Vec<_>>().into_iter().chain(servers);
        let places = names.zip(self.nodes.into_iter().chain(self.pods)).zip(servers).map(|((name, namespace), servers)| {
            let place: Box<dyn Place> = Box::new(NetnsPlace::new(name.clone(), namespace.descriptor, servers, ground.clone()));
            (name.clone(), place)
        });
        Site { places: places.collect(), facts }
    }
}

/// Sets a node's switches for its pods' host veths, in the node's own network namespace.
fn switch(node: &NodeSpec, pods: &[&PodSpec]) -> Result<(), UpError> {
    for (switch, value) in pods.iter().flat_map(|pod| build::host_veth_switches(pod)) {
        set(&node.name, &switch, value)?;
    }
    Ok(())
}

/// Whether the kernel carries IP-in-IP by itself.
fn kernel_has_ipip(node: &NodeSpec) -> Result<bool, UpError> {
    let failed = |source| UpError::Request { place: node.name.clone(), doing: "find out whether the kernel has ipip".to_owned(), source };
    match survey::in_scratch(tunnel::try_ipip).and_then(|tried| tried) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn start(carriers: Vec<Carrier>) -> Result<StandIn, UpError> {
    StandIn::start(carriers).map_err(|source| UpError::Namespaces { count: 1, source })
}

/// What is to be said of the tunnel devices that are ours.
fn emulated(topology: &Topology, carriers: &[Carrier]) -> Vec<Emulated> {
    let tunnels = topology.nodes.iter().filter_map(|node| node.tunnel.as_ref());
    let devices: BTreeSet<(&str, &str)> = tunnels.map(|tunnel| (tunnel.device.as_str(), tunnel.kind.name())).collect();
    let ours = |(device, kind): (&str, &str)| Emulated {
        what: kind.to_owned(),
        how: if kind == TunnelKind::Ipip.name() {
            format!("TUN {device} and a raw protocol-4 socket, since this kernel has no ipip")
        } else {
            format!("TUN {device} and a UDP socket; the proxy between them is ours, in place of flanneld's, which works in user space, too")
        },
    };
    let mut emulated: Vec<Emulated> = if carriers.is_empty() { Vec::new() } else { devices.into_iter().map(ours).collect() };
    if !topology.services.is_empty() {
        let other = topology.proxy.as_deref().filter(|mode| *mode != services::MODE);
        let instead = other.map(|mode| format!(", in place of {mode}")).unwrap_or_default();
        let how = format!(
            "its iptables rules, written once in the layout of {}{instead}; nobody watches Services or endpoints",
            services::LAYOUT
        );
        emulated.push(Emulated { what: "kube-proxy".to_owned(), how });
    }
    emulated
}
