//! How far the cluster is with a set of pods, and what holds it up.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{ContainerStatus, Node, Pod};
use kube::api::ListParams;
use kube::{Api, Client};

use super::recipe::ObjectName;
use crate::fault::in_words;
use crate::wait::Look;

/// A set's own account of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    /// The controller has seen the latest change.
    current: bool,
    /// Pods that there are to be.
    wanted: i32,
    /// Pods of the latest template.
    updated: i32,
    /// Pods that are available.
    available: i32,
}

/// Looks whether a `DaemonSet` runs on each of `nodes` nodes, or a `Deployment` is complete.
pub(super) async fn look(client: &Client, of: &ObjectName, nodes: usize) -> Look<()> {
    let namespace = of.namespace.as_deref().unwrap_or("default");
    let (count, selector) = match count(client, namespace, of).await {
        Ok(Some(found)) => found,
        Ok(None) => return Look::NotYet(format!("there is no {of}")),
        Err(error) => return Look::NotYet(in_words(&error)),
    };
    let wanted = if of.kind == "DaemonSet" { i32::try_from(nodes).unwrap_or(i32::MAX) } else { count.wanted };
    if count.current && count.wanted == wanted && count.updated >= wanted && count.available >= wanted {
        return Look::Done(());
    }
    let pods = Api::<Pod>::namespaced(client.clone(), namespace).list(&ListParams::default().labels(&selector)).await;
    let troubles: Vec<Trouble> = pods.map(|pods| pods.items.iter().filter_map(trouble).collect()).unwrap_or_default();
    told(format!("{} of {wanted} available", count.available), &troubles)
}

/// Looks whether all nodes are Ready.
pub(super) fn nodes_ready(nodes: &BTreeMap<String, Node>) -> Look<()> {
    let not_ready = nodes.iter().filter_map(|(name, node)| {
        let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        match conditions.iter().find(|condition| condition.type_ == "Ready") {
            Some(ready) if ready.status == "True" => None,
            Some(ready) => Some(format!("{name}: {}", ready.message.as_deref().unwrap_or("not ready"))),
            None => Some(format!("{name}: nothing known yet")),
        }
    });
    let not_ready: Vec<String> = not_ready.collect();
    if not_ready.is_empty() { Look::Done(()) } else { Look::NotYet(not_ready.join("; ")) }
}

async fn count(client: &Client, namespace: &str, of: &ObjectName) -> Result<Option<(Count, String)>, kube::Error> {
    if of.kind == "Deployment" {
        let found = Api::<Deployment>::namespaced(client.clone(), namespace).get_opt(&of.name).await?;
        return Ok(found.map(|set| {
            let (spec, status) = (set.spec.unwrap_or_default(), set.status.unwrap_or_default());
            let count = Count {
                current: status.observed_generation >= set.metadata.generation,
                wanted: spec.replicas.unwrap_or(1),
                updated: status.updated_replicas.unwrap_or_default(),
                available: status.available_replicas.unwrap_or_default(),
            };
            (count, selector(spec.selector.match_labels))
        }));
    }
    let found = Api::<DaemonSet>::namespaced(client.clone(), namespace).get_opt(&of.name).await?;
    Ok(found.map(|set| {
        let (spec, status) = (set.spec.unwrap_or_default(), set.status.unwrap_or_default());
        let count = Count {
            current: status.observed_generation >= set.metadata.generation,
            wanted: status.desired_number_scheduled,
            updated: status.updated_number_scheduled.unwrap_or_default(),
            available: status.number_available.unwrap_or_default(),
        };
        (count, selector(spec.selector.match_labels))
    }))
}

fn selector(labels: Option<BTreeMap<String, String>>) -> String {
    labels.unwrap_or_default().iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Why a pod does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// In a few words.
    pub(super) why: String,
    /// It will not go away by itself.
    pub(super) lasting: bool,
}

/// A status that names what holds the pods up, or says that it always will.
pub(super) fn told(status: String, troubles: &[Trouble]) -> Look<()> {
    if let Some(lasting) = troubles.iter().find(|trouble| trouble.lasting) {
        return Look::Never(lasting.why.clone());
    }
    let mut words: Vec<&str> = troubles.iter().map(|trouble| trouble.why.as_str()).collect();
    words.truncate(3);
    Look::NotYet(if words.is_empty() { status } else { format!("{status}; {}", words.join("; ")) })
}

/// What keeps a pod from being Ready, if anything does.
pub(super) fn trouble(pod: &Pod) -> Option<Trouble> {
    let status = pod.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    if conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True") {
        return None;
    }
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let node = node.map_or_else(|| "no node yet".to_owned(), |node| format!("on {node}"));
    let mut containers = status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten());
    let (what, lasting) = containers.find_map(container_trouble).unwrap_or_else(|| {
        let failed = conditions.iter().find(|condition| condition.status == "False" && condition.message.is_some());
        let said = failed.and_then(|condition| condition.message.clone()).or(status.message);
        let phase = status.phase.unwrap_or_else(|| "unknown".to_owned());
        // A pod that has ended for good does not come back: one that its node refused, say.
        let over = phase == "Failed";
        (said.map_or(phase.clone(), |said| format!("{phase}, {said}")), over)
    });
    Some(Trouble { why: format!("{name} {node}: {what}"), lasting })
}

fn container_trouble(container: &ContainerStatus) -> Option<(String, bool)> {
    // kubelet (pkg/kubelet/images/types.go): the image may not be pulled, or cannot be named so.
    const LASTING: [&str; 2] = ["ErrImageNeverPull", "InvalidImageName"];
    let state = container.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or("waiting");
        let message = waiting.message.as_deref().map(|message| format!(" ({})", short(message))).unwrap_or_default();
        let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
        let last = last.map(|last| format!(", ended before with status {}", last.exit_code)).unwrap_or_default();
        return Some((format!("{} {reason}{message}{last}", container.name), LASTING.contains(&reason)));
    }
    let ended = state.terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
    Some((format!("{} ended with status {}", container.name, ended.exit_code), false))
}

/// The end of a long message: causes come last, and what comes before is repeated by every layer in between.
fn short(message: &str) -> String {
    const LONGEST: usize = 160;
    let count = message.chars().count();
    if count <= LONGEST { message.to_owned() } else { format!("…{}", message.chars().skip(count - LONGEST).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "agent-x"}, "spec": {"nodeName": "worker", "containers": []}, "status": status,
        }))
        .expect("a pod")
    }

    #[track_caller]
    fn check(status: &Value, why: &str, lasting: bool) {
        assert_eq!(trouble(&pod(status)), Some(Trouble { why: why.to_owned(), lasting }));
    }

    #[test]
    fn trouble_is_told_as_kubelet_tells_it() {
        assert_eq!(trouble(&pod(&json!({"conditions": [{"type": "Ready", "status": "True"}]}))), None);
        let waiting = |reason: &str, message: &str| {
            json!({"phase": "Pending", "containerStatuses": [{"name": "main", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": message}}}]})
        };
        check(&waiting("ImagePullBackOff", "no route"), "agent-x on worker: main ImagePullBackOff (no route)", false);
        check(&waiting("ErrImageNeverPull", "absent"), "agent-x on worker: main ErrImageNeverPull (absent)", true);
        check(&json!({"phase": "Pending"}), "agent-x on worker: Pending", false);
        check(&json!({"phase": "Failed", "message": "Pod was rejected"}), "agent-x on worker: Failed, Pod was rejected", true);
        let unscheduled = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes"}]});
        check(&unscheduled, "agent-x on worker: Pending, 0/3 nodes", false);
    }

    #[test]
    fn a_node_that_is_not_ready_says_why() {
        let node = |status: &str| -> Node {
            let condition = json!({"type": "Ready", "status": status, "message": "cni plugin not initialized"});
            serde_json::from_value(json!({"metadata": {"name": "worker"}, "status": {"conditions": [condition]}})).expect("a node")
        };
        let nodes = |status| BTreeMap::from([("worker".to_owned(), node(status))]);
        assert_eq!(nodes_ready(&nodes("True")), Look::Done(()));
        assert_eq!(nodes_ready(&nodes("False")), Look::NotYet("worker: cni plugin not initialized".to_owned()));
    }
}
