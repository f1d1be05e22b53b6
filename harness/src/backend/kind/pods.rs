//! The lab's pods: bare pods, each on the node that the lab says, so that nothing but the lab decides where they are.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::core::DynamicObject;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::error::KindError;
use super::machine::{Machine, sockets};
use super::place::KindPlace;
use super::rollout::{told, trouble};
use super::steps::Cluster;
use super::{api, archive, services, tables};
use crate::fault::in_words;
use crate::name::PlaceName;
use crate::nettool::is_served;
use crate::site::{PodSpec, Topology};
use crate::wait::{Look, until};

/// The label that everything of a run carries, with the run's name.
pub(super) const RUN: &str = "cnilab.run";
/// Where nettool serves.
const PORT: u16 = 80;
/// An image that is in the node and a CNI that works make a pod in a second or two.
const WITHIN: Duration = Duration::from_secs(90);

/// What the pods are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PodImage {
    /// nettool, which is in the nodes already.
    Nettool(String),
    /// An image that the user named, with whatever it runs.
    Users(String),
}

/// A pod that runs.
#[derive(Clone, Debug)]
pub(super) struct Running {
    /// Its name in the lab, and in the cluster.
    pub(super) name: PlaceName,
    /// Its address, as the API tells it.
    pub(super) address: Ipv4Addr,
    /// The pod as a place.
    pub(super) place: KindPlace,
}

/// Creates the pods and Services; `nodes` tells the cluster's name of each of the lab's nodes.
pub(super) async fn create(
    client: &Client,
    topology: &Topology,
    nodes: &BTreeMap<PlaceName, String>,
    image: &PodImage,
    run: &str,
) -> Result<(), KindError> {
    let mut objects: Vec<Value> = Vec::new();
    for pod in &topology.pods {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": pod.namespace, "labels": { RUN: run } } });
        if pod.namespace != "default" && !objects.contains(&namespace) {
            objects.push(namespace);
        }
    }
    objects.extend(topology.pods.iter().map(|pod| {
        let selected = services::labels(pod, &topology.services).map(|label| (label, "endpoint".to_owned()));
        object(pod, selected.collect(), &nodes[&pod.node], image, run)
    }));
    objects.extend(topology.services.iter().map(|service| services::object(service, run)));
    let objects: Result<Vec<DynamicObject>, _> = objects.into_iter().map(serde_json::from_value).collect();
    api::create(client, &objects.expect("these objects have a kind and a name")).await
}

fn object(pod: &PodSpec, selected: BTreeMap<String, String>, node: &str, image: &PodImage, run: &str) -> Value {
    let container = match image {
        // Nobody can pull it, and nobody is to try.
        PodImage::Nettool(image) => {
            let ports = ports(pod).map(|port| format!("--port={port}"));
            let command: Vec<String> = [archive::PROGRAM, "nettool", "serve"].map(str::to_owned).into_iter().chain(ports).collect();
            json!({ "name": "nettool", "image": image, "imagePullPolicy": "Never", "command": command })
        }
        PodImage::Users(image) => json!({ "name": "pod", "image": image, "imagePullPolicy": "IfNotPresent" }),
    };
    let own = [(RUN, run), ("app.kubernetes.io/managed-by", "cnilab")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let labels: BTreeMap<String, String> = pod.labels.clone().into_iter().chain(selected).chain(own).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": pod.called, "namespace": pod.namespace, "labels": labels },
        "spec": {
            "nodeName": node,
            // A lab may put a pod on the control plane.
            "tolerations": [{ "operator": "Exists" }],
            // Not 0, with which the cluster would call a pod gone before its node has taken its network down. nettool ends at once.
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": false,
            "containers": [container],
        },
    })
}

/// The ports at which nettool serves in a pod; one of its own choosing if nobody is to ask there.
fn ports(pod: &PodSpec) -> impl Iterator<Item = u16> {
    let other = pod.serves.is_empty().then_some(PORT);
    pod.serves.iter().copied().chain(other)
}

/// Waits until all pods are Ready, and nettool in them serves.
pub(super) async fn ready(
    cluster: &Cluster,
    pods: &[PodSpec],
    nodes: &BTreeMap<PlaceName, String>,
    image: &PodImage,
    run: &str,
) -> Result<Vec<Running>, KindError> {
    let api = Api::<Pod>::all(cluster.client.clone());
    let of_run = ListParams::default().labels(&format!("{RUN}={run}"));
    let what = format!("{} pods ready", pods.len());
    let found = until(&what, WITHIN, api::EVERY, async || match api.list(&of_run).await {
        Ok(list) => look(&list.items, pods, async |seen, pod| place(seen, pod, cluster, nodes, image).await).await,
        Err(error) => Look::NotYet(in_words(&error)),
    });
    Ok(found.await?)
}

async fn look(seen: &[Pod], pods: &[PodSpec], find: impl AsyncFn(&Pod, &PodSpec) -> Result<Running, String>) -> Look<Vec<Running>> {
    let troubles: Vec<_> = seen.iter().filter_map(trouble).collect();
    let mut running = Vec::new();
    let mut missing = Vec::new();
    for pod in pods {
        let of_spec = |seen: &&Pod| {
            seen.metadata.name.as_deref() == Some(pod.called.as_str()) && seen.metadata.namespace.as_deref() == Some(pod.namespace.as_str())
        };
        let found = match seen.iter().filter(|seen| trouble(seen).is_none()).find(of_spec) {
            Some(seen) => find(seen, pod).await,
            None => Err("not ready".to_owned()),
        };
        match found {
            Ok(found) => running.push(found),
            Err(why) => missing.push(format!("{}: {why}", pod.name)),
        }
    }
    if missing.is_empty() {
        return Look::Done(running);
    }
    match told(format!("{} of {} ready", running.len(), pods.len()), &troubles) {
        Look::NotYet(status) if troubles.is_empty() => Look::NotYet(format!("{status}; {}", missing.join("; "))),
        Look::NotYet(status) => Look::NotYet(status),
        Look::Never(why) => Look::Never(why),
        Look::Done(()) => Look::NotYet(missing.join("; ")),
    }
}

/// Finds a pod that is Ready in its node.
async fn place(
    seen: &Pod,
    pod: &PodSpec,
    cluster: &Cluster,
    nodes: &BTreeMap<PlaceName, String>,
    image: &PodImage,
) -> Result<Running, String> {
    let status = seen.status.as_ref().ok_or("no status")?;
    let address = status.pod_ip.as_deref().and_then(|ip| ip.parse().ok()).ok_or("no IPv4 address")?;
    let container = status.container_statuses.iter().flatten().next().and_then(|container| container.container_id.as_deref());
    // `containerd://…`: what runs it, and its id there.
    let id = container.and_then(|id| id.split_once("://")).ok_or("no container")?.1;
    let machine = cluster.machines.iter().find(|machine| Some(&machine.name) == nodes.get(&pod.node)).ok_or("its node is not there")?;
    let place = machine.pod(&pod.name, id).map_err(|error| error.to_string())?.ok_or("no process of this host is in its container")?;
    if matches!(image, PodImage::Nettool(_)) {
        let sockets = sockets(&place).await.map_err(|error| in_words(&error))?;
        if let Some(port) = ports(pod).find(|port| !is_served(&sockets, *port)) {
            return Err(format!("nothing listens on port {port}"));
        }
    }
    Ok(Running { name: pod.name.clone(), address, place })
}

/// Waits until every node has a route to every pod that is more than its default route.
pub(super) async fn reachable(machines: &[Machine], pods: &[Running]) -> Result<(), KindError> {
    let look = async || -> Result<Vec<String>, KindError> {
        let mut missing = Vec::new();
        for machine in machines {
            let routes = machine.routes().await?;
            let leads =
                |pod: &Running| tables::best(&routes, pod.address).is_some_and(|route| route.to.prefix_len() > 0 && route.device.is_some());
            missing.extend(pods.iter().filter(|pod| !leads(pod)).map(|pod| format!("{} has none to {}", machine.name, pod.name)));
        }
        Ok(missing)
    };
    Ok(until("a route from every node to every pod", WITHIN, Duration::from_millis(50), async || match look().await {
        Ok(missing) if missing.is_empty() => Look::Done(()),
        Ok(missing) => Look::NotYet(missing.join("; ")),
        Err(error) => Look::NotYet(in_words(&error)),
    })
    .await?)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::site::Wiring;

    fn spec() -> PodSpec {
        PodSpec {
            name: PlaceName::new("pod1"),
            called: "web-1".to_owned(),
            namespace: "test".to_owned(),
            labels: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
            serves: [80, 8080].into(),
            node: PlaceName::new("node1"),
            address: Ipv4Addr::UNSPECIFIED,
            mac: None,
            mtu: 1500,
            host_interface: String::new(),
            wiring: Wiring::Routed { gateway: Ipv4Addr::new(169, 254, 1, 1), host_mac: [0xee; 6] },
        }
    }

    #[test]
    fn a_pod_is_pinned_and_never_pulled() {
        let image = PodImage::Nettool("cnilab.local/nettool:1".to_owned());
        let selected = BTreeMap::from([("service.cnilab/web".to_owned(), "endpoint".to_owned())]);
        let pod: Pod = serde_json::from_value(object(&spec(), selected, "x-worker", &image, "r1")).expect("a pod");
        let inner = pod.spec.expect("it has one");
        assert_eq!((inner.node_name.as_deref(), inner.containers[0].image_pull_policy.as_deref()), (Some("x-worker"), Some("Never")));
        assert_eq!(inner.containers[0].command.as_ref().expect("one")[3..], ["--port=80", "--port=8080"]);
        assert_eq!(pod.metadata.name.as_deref(), Some("web-1"));
        let labels = pod.metadata.labels.expect("some");
        assert_eq!((&*labels[RUN], &*labels["app"], &*labels["service.cnilab/web"]), ("r1", "web", "endpoint"));
    }

    #[test]
    fn a_pod_that_is_not_there_is_named() {
        let pods = [spec()];
        let found = look(&[], &pods, async |_, _| Err("nobody is to be found".to_owned()));
        let Some(Look::NotYet(status)) = found.now_or_never() else { panic!("it is not there") };
        assert_eq!(status, "0 of 1 ready; pod1: not ready");
    }
}
