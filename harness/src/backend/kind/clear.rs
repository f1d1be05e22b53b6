//! Taking a run's objects out of a cluster that stays.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::api::{DeleteParams, ListParams};
use kube::core::DynamicObject;
use kube::discovery::ApiResource;
use kube::{Api, Client};

use super::api;
use super::error::KindError;
use super::pods::RUN;
use crate::fault::in_words;
use crate::wait::{Look, until};

/// Pods of ours end at once; namespaces take their contents along first.
const WITHIN: Duration = Duration::from_mins(1);

/// Deletes everything that runs of ours made in the cluster, and waits until it is gone. Whoever asks holds the cluster's name, so no other
/// run is using any of it.
pub(super) async fn clear(client: &Client) -> Result<(), KindError> {
    let what = "pods, Services and namespaces of earlier runs gone";
    let kinds = [ApiResource::erase::<Service>(&()), ApiResource::erase::<Pod>(&()), ApiResource::erase::<Namespace>(&())];
    Ok(until(what, WITHIN, api::EVERY, async || {
        let mut left = Vec::new();
        for kind in &kinds {
            match of_kind(client, kind).await {
                Ok(names) => left.extend(names),
                Err(error) => return Look::NotYet(in_words(&error)),
            }
        }
        if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("left: {}", left.join(", "))) }
    })
    .await?)
}

/// Deletes our objects of a kind; returns what was still there.
async fn of_kind(client: &Client, kind: &ApiResource) -> Result<Vec<String>, kube::Error> {
    let mut found = Vec::new();
    for object in Api::<DynamicObject>::all_with(client.clone(), kind).list(&ListParams::default().labels(RUN)).await? {
        let name = object.metadata.name.unwrap_or_default();
        found.push(format!("{} {name}", kind.kind));
        if object.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let api = match object.metadata.namespace {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, kind),
            None => Api::all_with(client.clone(), kind),
        };
        match api.delete(&name, &DeleteParams::default()).await {
            // Somebody was quicker.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            deleted => drop(deleted?),
        }
    }
    Ok(found)
}
