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
use crate::wait::{Look, WaitError, until};

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
            Err(error) => Look::NotYet(in_words(&error)),
        })
        .await?),
        Step::File { path, within } => poll(cluster, &what, *within, async |machine| has_file(machine, path).await).await,
        Step::Device { name, within } => poll(cluster, &what, *within, async |machine| has_device(machine, name).await).await,
        Step::TcpMesh { port, within } => {
            let addresses = asked(&what, cluster, &api::nodes(&cluster.client).await?)?;
            poll(cluster, &what, *within, async |machine| has_sessions(machine, *port, &addresses).await).await
        }
        Step::PeerRoutes { device, within } => {
            let addresses = asked(&what, cluster, &api::nodes(&cluster.client).await?)?;
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

/// The nodes between which something is to be; a wait for that among nodes that nobody can be asked about would hold at once, and so is none.
fn asked(what: &str, cluster: &Cluster, nodes: &BTreeMap<String, Node>) -> Result<BTreeMap<String, Ipv4Addr>, WaitError> {
    let machines: Vec<&str> = cluster.machines.iter().map(|machine| machine.name.as_str()).collect();
    addresses(&machines, nodes).map_err(|why| WaitError::Never { what: what.to_owned(), why })
}

/// The addresses of the nodes that are `machines`, as they told the API; or why there is nothing between them.
fn addresses(machines: &[&str], nodes: &BTreeMap<String, Node>) -> Result<BTreeMap<String, Ipv4Addr>, String> {
    let of = |name: &str| {
        let node = nodes.get(name).ok_or_else(|| format!("the API does not know {name}"))?;
        let told = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
        let own: Vec<&str> = told.filter(|address| address.type_ == "InternalIP").map(|address| address.address.as_str()).collect();
        let unicast = |address: &Ipv4Addr| !address.is_unspecified();
        let found = own.iter().find_map(|address| address.parse().ok()).filter(unicast);
        found.ok_or_else(|| {
            format!("{name} has no IPv4 address among its InternalIPs: {}", if own.is_empty() { "none".to_owned() } else { own.join(", ") })
        })
    };
    if let [] | [_] = machines {
        return Err(format!("it takes two nodes, and there is {}", machines.first().unwrap_or(&"none")));
    }
    let (found, missing): (Vec<_>, Vec<_>) =
        machines.iter().map(|name| of(name).map(|address| ((*name).to_owned(), address))).partition(Result::is_ok);
    let missing: Vec<String> = missing.into_iter().filter_map(Result::err).collect();
    if missing.is_empty() { Ok(found.into_iter().flatten().collect()) } else { Err(missing.join("; ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(addresses: &[(&str, &str)]) -> Node {
        let addresses: Vec<_> = addresses.iter().map(|(kind, address)| json!({ "type": kind, "address": address })).collect();
        serde_json::from_value(json!({ "status": { "addresses": addresses } })).expect("a node")
    }

    #[test]
    fn every_node_is_asked_or_the_wait_says_why_not() {
        let two = |addresses: &[(&str, &str)]| {
            BTreeMap::from([("a".to_owned(), node(&[("InternalIP", "10.0.0.1")])), ("b".to_owned(), node(addresses))])
        };
        let found = |machines: &[&str], nodes: &BTreeMap<String, Node>| {
            addresses(machines, nodes).map(|all| all.into_values().map(|one| one.to_string()).collect::<Vec<_>>().join(" "))
        };
        for good in [
            &[("InternalIP", "10.0.0.2")][..],
            &[("InternalIP", "fd00::2"), ("InternalIP", "10.0.0.2")],
            &[("Hostname", "b"), ("InternalIP", "10.0.0.2")],
        ] {
            assert_eq!(found(&["a", "b"], &two(good)), Ok("10.0.0.1 10.0.0.2".to_owned()));
        }
        let none = "b has no IPv4 address among its InternalIPs: ";
        for (bad, told) in [
            (&[][..], "none"),
            (&[("InternalIP", "fd00::2")], "fd00::2"),
            (&[("ExternalIP", "10.0.0.2")], "none"),
            (&[("Hostname", "b"), ("ExternalIP", "192.0.2.1")], "none"),
            (&[("InternalIP", "")], ""),
            (&[("InternalIP", "b.example")], "b.example"),
            (&[("InternalIP", "10.0.0.2/24")], "10.0.0.2/24"),
            (&[("InternalIP", "0.0.0.0")], "0.0.0.0"),
            (&[("InternalIP", "fd00::2"), ("InternalIP", "fd00::3")], "fd00::2, fd00::3"),
        ] {
            assert_eq!(found(&["a", "b"], &two(bad)), Err(format!("{none}{told}")));
        }
        assert_eq!(found(&["a", "c"], &two(&[])), Err("the API does not know c".to_owned()));
        assert_eq!(found(&["b", "c"], &two(&[])), Err(format!("{none}none; the API does not know c")));
        assert_eq!(found(&["a"], &two(&[])), Err("it takes two nodes, and there is a".to_owned()));
        assert_eq!(found(&[], &BTreeMap::new()), Err("it takes two nodes, and there is none".to_owned()));
    }

    #[test]
    fn a_node_without_a_status_is_told() {
        assert_eq!(
            addresses(&["a", "b"], &[("a".to_owned(), Node::default()), ("b".to_owned(), Node::default())].into())
                .map_err(|why| why.matches("no IPv4").count()),
            Err(2)
        );
    }
}
