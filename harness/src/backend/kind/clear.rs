//! Taking a run's objects out of a cluster that stays.

use std::io;
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
use super::reach::{CLEARING, FOLDER, remove};
use crate::fault::in_words;
use crate::place::Cmd;
use crate::wait::{Look, until};

/// Takes everything of ours out of a cluster that stays: our agents, the pods, Services and namespaces, and nettool's images. Goes on after a
/// fault, and returns all that may be left.
pub(super) async fn vacate(engine: &Engine, program: &Program) -> Vec<String> {
    // By namespace and name: nobody else's image is under that domain, which does not exist.
    const IMAGES: &str = "all=$(ctr -n k8s.io images ls -q) && echo \"$all\" | grep ^cnilab.local/ | xargs -r ctr -n k8s.io images rm";
    let mut left = Vec::new();
    let nodes = engine.containers(&program.cluster).await.unwrap_or_else(|error| {
        left.push(format!("what may be in the nodes of {} ({})", program.cluster, in_words(&error)));
        Vec::new()
    });
    let cleared = async { clear(&api::connect(&program.kubeconfig).await?).await };
    if let Err(error) = cleared.await {
        left.push(format!("pods and Services labelled {RUN} in the cluster {} ({})", program.cluster, in_words(&error)));
    }
    for node in nodes {
        // Nothing runs in a node that does not; what is on its disk stays there.
        if let Err(error) = engine.process(&node).await {
            left.push(format!("{FOLDER} and images of nettool, if it has them, in the node {node} ({})", in_words(&error)));
            continue;
        }
        if let Err(error) = remove(engine, std::slice::from_ref(&node), &[FOLDER.to_owned()]).await {
            left.push(format!("{FOLDER} in the node {node} ({error})"));
        }
        let removed = async { engine.exec(&node, &Cmd::new("sh", ["-c", IMAGES])).await?.end(CLEARING).await.map_err(io::Error::other) };
        match removed.await {
            Ok(output) if output.status == 0 => {}
            Ok(output) => left.push(format!("images of nettool in the node {node} ({})", output.stderr.trim())),
            Err(error) => left.push(format!("images of nettool in the node {node} ({error})")),
        }
    }
    left
}

/// Pods of ours end at once; namespaces take their contents along first.
const WITHIN: Duration = Duration::from_mins(1);

/// How often is looked before pods are deleted without their nodes' consent: for ten seconds.
const PATIENT: u32 = 50;

/// Deletes everything that runs of ours made in the cluster, and waits until it is gone. Whoever asks holds the cluster's name, so no other
/// run of this user is using any of it.
pub(super) async fn clear(client: &Client) -> Result<(), KindError> {
    let what = "pods, Services and namespaces of earlier runs gone";
    let mut looks = 0;
    let kinds = [ApiResource::erase::<Service>(&()), ApiResource::erase::<Pod>(&()), ApiResource::erase::<Namespace>(&())];
    Ok(until(what, WITHIN, api::EVERY, async || {
        let mut left = Vec::new();
        looks += 1;
        for kind in &kinds {
            match of_kind(client, kind, if looks > PATIENT { Consent::None } else { Consent::Nodes }).await {
                Ok(names) => left.extend(names),
                Err(error) => return Look::NotYet(in_words(&error)),
            }
        }
        if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("left: {}", left.join(", "))) }
    })
    .await?)
}

/// Whose word is awaited before a pod counts as ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    /// Its node's.
    Nodes,
    /// Nobody's: a node that is gone never says that it has ended its pods.
    None,
}

/// Deletes our objects of a kind; returns what was still there.
async fn of_kind(client: &Client, kind: &ApiResource, consent: Consent) -> Result<Vec<String>, kube::Error> {
    let parameters = match consent {
        Consent::Nodes => DeleteParams::default(),
        Consent::None => DeleteParams::default().grace_period(0),
    };
    let mut found = Vec::new();
    for object in Api::<DynamicObject>::all_with(client.clone(), kind).list(&ListParams::default().labels(RUN)).await? {
        let name = object.metadata.name.unwrap_or_default();
        found.push(format!("{} {name}", kind.kind));
        if object.metadata.deletion_timestamp.is_some() && consent == Consent::Nodes {
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
