//! Taking a run's objects out of a cluster that stays.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::api::{DeleteParams, ListParams};
use kube::core::DynamicObject;
use kube::discovery::ApiResource;
use kube::{Api, Client};

use super::api;
use super::engine::Engine;
use super::error::KindError;
use super::pods::RUN;
use super::program::Program;
use super::reach::{FOLDER, remove};
use crate::fault::in_words;
use crate::place::Cmd;
use crate::wait::{Look, until};

/// Takes everything of ours out of a cluster that stays: our agents, the pods, Services and namespaces, and nettool's images.
///
/// # Errors
/// The first thing that could not be taken out.
pub(super) async fn vacate(engine: &Engine, program: &Program) -> Result<(), KindError> {
    // By namespace and name: nobody else's image is under that domain, which does not exist.
    const IMAGES: &str = "ctr -n k8s.io images ls -q | grep ^cnilab.local/ | xargs -r ctr -n k8s.io images rm";
    let nodes = engine.containers(&program.cluster).await?;
    let mut running = Vec::new();
    for node in nodes {
        // Nothing runs in a node that does not, and nothing can be asked of it.
        if engine.process(&node).await.is_ok() {
            running.push(node);
        }
    }
    remove(engine, &running, &[FOLDER.to_owned()]).await.map_err(KindError::host("take our agent out of the nodes"))?;
    clear(&api::connect(&program.kubeconfig).await?).await?;
    for node in &running {
        let removed = async { engine.exec(node, &Cmd::new("sh", ["-c", IMAGES])).await?.end().await };
        removed.await.map_err(KindError::host(format!("take nettool's images out of {node}")))?;
    }
    Ok(())
}

/// Pods of ours end at once; namespaces take their contents along first.
const WITHIN: Duration = Duration::from_mins(1);

/// How often is looked before pods are deleted without their nodes' consent: for ten seconds.
const PATIENT: u32 = 50;

/// Deletes everything that runs of ours made in the cluster, and waits until it is gone. Whoever asks holds the cluster's name, so no other
/// run is using any of it.
pub(super) async fn clear(client: &Client) -> Result<(), KindError> {
    let what = "pods, Services and namespaces of earlier runs gone";
    let mut looks = 0;
    let kinds = [ApiResource::erase::<Service>(&()), ApiResource::erase::<Pod>(&()), ApiResource::erase::<Namespace>(&())];
    Ok(until(what, WITHIN, api::EVERY, async || {
        let mut left = Vec::new();
        looks += 1;
        for kind in &kinds {
            match of_kind(client, kind, looks > PATIENT).await {
                Ok(names) => left.extend(names),
                Err(error) => return Look::NotYet(in_words(&error)),
            }
        }
        if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("left: {}", left.join(", "))) }
    })
    .await?)
}

/// Deletes our objects of a kind; returns what was still there.
async fn of_kind(client: &Client, kind: &ApiResource, by_force: bool) -> Result<Vec<String>, kube::Error> {
    // A node that is gone never says that it has ended its pods.
    let parameters = if by_force { DeleteParams::default().grace_period(0) } else { DeleteParams::default() };
    let mut found = Vec::new();
    for object in Api::<DynamicObject>::all_with(client.clone(), kind).list(&ListParams::default().labels(RUN)).await? {
        let name = object.metadata.name.unwrap_or_default();
        found.push(format!("{} {name}", kind.kind));
        if object.metadata.deletion_timestamp.is_some() && !by_force {
            continue;
        }
        let api = match object.metadata.namespace {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, kind),
            None => Api::all_with(client.clone(), kind),
        };
        match api.delete(&name, &parameters).await {
            // Somebody was quicker.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            deleted => drop(deleted?),
        }
    }
    Ok(found)
}
