//! A recipe's steps, carried out.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::Client;

use super::error::KindError;
use super::machine::Machine;
use super::prepare::Prepared;
use super::recipe::{Step, Within};
use super::{api, rollout};
use crate::fault::in_words;
use crate::wait::{Look, until};

/// A cluster whose nodes run.
#[derive(Clone)]
pub(super) struct Cluster {
    /// Its API.
    pub(super) client: Client,
    /// Its nodes.
    pub(super) machines: Vec<Machine>,
}

/// What a step does, in a few words.
pub(super) fn title(step: &Step) -> String {
    match step {
        Step::Apply(name) => format!("apply {name}"),
        Step::Rollout { of, .. } => format!("{of} rolled out"),
        Step::File { path, .. } => format!("{path} on every node"),
        Step::Device { name, .. } => format!("{name} on every node"),
        Step::NodesReady { .. } => "nodes ready".to_owned(),
        Step::TcpMesh { port, .. } => format!("sessions on port {port} between all nodes"),
        Step::PeerRoutes { device, .. } => format!("routes over {device} between all nodes"),
    }
}

/// Carries out one step.
pub(super) async fn take(cluster: &Cluster, prepared: &Prepared, step: &Step) -> Result<(), KindError> {
    let what = title(step);
    match step {
        Step::Apply(name) => api::apply(&cluster.client, prepared.manifests.get(name).map_or(&[], Vec::as_slice)).await,
        Step::Rollout { of, within } => {
            Ok(until(&what, within.0, api::EVERY, async || rollout::look(&cluster.client, of, cluster.machines.len()).await).await?)
        }
        Step::NodesReady { within } => Ok(until(&what, within.0, api::EVERY, async || match api::nodes(&cluster.client).await {
            Ok(nodes) => rollout::nodes_ready(&nodes),
            Err(error) => Look::NotYet(error.to_string()),
        })
        .await?),
        Step::File { path, within } => poll(cluster, &what, *within, async |machine| has_file(machine, path).await).await,
        Step::Device { name, within } => poll(cluster, &what, *within, async |machine| has_device(machine, name).await).await,
        Step::TcpMesh { port, within } => {
            let addresses = addresses(&api::nodes(&cluster.client).await?);
            poll(cluster, &what, *within, async |machine| has_sessions(machine, *port, &addresses).await).await
        }
        Step::PeerRoutes { device, within } => {
            let addresses = addresses(&api::nodes(&cluster.client).await?);
            poll(cluster, &what, *within, async |machine| has_peer_routes(machine, device, &addresses).await).await
        }
    }
}

/// Waits until every node has what is looked for; a node that lacks it says what it has.
async fn poll(cluster: &Cluster, what: &str, within: Within, has: impl AsyncFn(&Machine) -> Result<(), String>) -> Result<(), KindError> {
    // These looks read a few files of `/proc`.
    let every = Duration::from_millis(50);
    let look = async || {
        let mut complaints = Vec::new();
        for machine in &cluster.machines {
            complaints.extend(has(machine).await.err().map(|why| format!("{} {why}", machine.name)));
        }
        if complaints.is_empty() { Look::Done(()) } else { Look::NotYet(complaints.join("; ")) }
    };
    Ok(until(what, within.0, every, look).await?)
}

async fn has_file(machine: &Machine, path: &str) -> Result<(), String> {
    match machine.has_file(path).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("has no such file".to_owned()),
        Err(error) => Err(in_words(&error)),
    }
}

async fn has_device(machine: &Machine, name: &str) -> Result<(), String> {
    let links = machine.links().await.map_err(|error| in_words(&error))?;
    let devices: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
    if devices.contains(&name) { Ok(()) } else { Err(format!("has only {}", devices.join(", "))) }
}

async fn has_sessions(machine: &Machine, port: u16, addresses: &BTreeMap<String, Ipv4Addr>) -> Result<(), String> {
    let sessions = machine.sessions(port).await.map_err(|error| in_words(&error))?;
    missing(machine, addresses, "session", |address| sessions.contains(&address))
}

async fn has_peer_routes(machine: &Machine, device: &str, addresses: &BTreeMap<String, Ipv4Addr>) -> Result<(), String> {
    let routes = machine.routes().await.map_err(|error| in_words(&error))?;
    let over = |address| routes.iter().any(|route| route.via == Some(address) && route.device.as_deref() == Some(device));
    missing(machine, addresses, "route", over)
}

fn missing(machine: &Machine, addresses: &BTreeMap<String, Ipv4Addr>, thing: &str, has: impl Fn(Ipv4Addr) -> bool) -> Result<(), String> {
    let others = addresses.iter().filter(|(name, _)| **name != machine.name);
    let missing: Vec<&str> = others.filter(|(_, address)| !has(**address)).map(|(name, _)| name.as_str()).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("has no {thing} with {}", missing.join(", "))) }
}

/// The nodes' own addresses, as they told the API.
fn addresses(nodes: &BTreeMap<String, Node>) -> BTreeMap<String, Ipv4Addr> {
    let of = |node: &Node| {
        let addresses = node.status.as_ref()?.addresses.as_ref()?;
        let mut own = addresses.iter().filter(|address| address.type_ == "InternalIP");
        own.find_map(|address| address.address.parse().ok())
    };
    nodes.iter().filter_map(|(name, node)| Some((name.clone(), of(node)?))).collect()
}
