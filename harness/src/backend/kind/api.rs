//! The cluster's API, as far as bringing it up needs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{DynamicObject, GroupVersionKind};
use kube::discovery::{ApiResource, Scope, pinned_kind};
use kube::{Api, Client, Config};

use super::error::KindError;
use super::manifest;
use super::pods::RUN;
use super::recipe::ObjectName;
use crate::fault::in_words;
use crate::wait::{Look, until};

/// By which the cluster tells our changes from those of others.
const MANAGER: &str = "cnilab";
/// From one look to the next: a look costs the API a few milliseconds.
pub(super) const EVERY: Duration = Duration::from_millis(200);
/// A CRD that was just made is served by then, and so is a namespace's first service account.
const SOON: Duration = Duration::from_secs(30);

/// A connection to the cluster of this kubeconfig file, and no other.
pub(super) async fn connect(kubeconfig: &Path) -> Result<Client, KindError> {
    let unusable = |why: String| KindError::Unfit(format!("the kubeconfig {} that kind wrote cannot be used: {why}", kubeconfig.display()));
    let read = Kubeconfig::read_from(kubeconfig).map_err(|error| unusable(in_words(&error)))?;
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.map_err(|error| unusable(in_words(&error)))?;
    Client::try_from(config).map_err(KindError::api("be spoken to"))
}

/// Makes the objects what they say, in their order; each that is not there is created.
pub(super) async fn apply(client: &Client, objects: &[DynamicObject]) -> Result<(), KindError> {
    let mut known: BTreeMap<(String, String), (ApiResource, bool)> = BTreeMap::new();
    for object in objects {
        let types = object.types.clone().unwrap_or_default();
        let key = (types.api_version.clone(), types.kind.clone());
        if !known.contains_key(&key) {
            known.insert(key.clone(), served(client, &key).await?);
        }
        let (resource, namespaced) = &known[&key];
        let api: Api<DynamicObject> = if *namespaced {
            Api::namespaced_with(client.clone(), object.metadata.namespace.as_deref().unwrap_or("default"), resource)
        } else {
            Api::all_with(client.clone(), resource)
        };
        let name = manifest::name(object);
        let parameters = PatchParams::apply(MANAGER).force();
        until(&format!("{name} accepted"), SOON, EVERY, async || match api.patch(&name.name, &parameters, &Patch::Apply(object)).await {
            Ok(_) => Look::Done(()),
            // What another object brings may come a moment later: a CRD's kind, a namespace, a namespace's service account.
            Err(kube::Error::Api(status)) if [403, 404, 409].contains(&status.code) => Look::NotYet(status.message),
            Err(kube::Error::Api(status)) if status.code < 500 => Look::Never(status.message),
            Err(error) => Look::NotYet(in_words(&error)),
        })
        .await?;
    }
    Ok(())
}

/// Creates the objects, in their order; none of them may be there already, but for namespaces, which are used as they are.
pub(super) async fn create(client: &Client, objects: &[DynamicObject]) -> Result<(), KindError> {
    for object in objects {
        let name = manifest::name(object);
        let types = object.types.clone().unwrap_or_default();
        let (resource, namespaced) = served(client, &(types.api_version, types.kind)).await?;
        let api: Api<DynamicObject> = match &object.metadata.namespace {
            Some(namespace) if namespaced => Api::namespaced_with(client.clone(), namespace, &resource),
            _ => Api::all_with(client.clone(), &resource),
        };
        let what = format!("{name} created");
        let created = until(&what, SOON, EVERY, async || match api.create(&PostParams::default(), object).await {
            Ok(_) => Look::Done(true),
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => is_it(&api, object).await,
            // A namespace, or its service account, may come a moment later.
            Err(kube::Error::Api(status)) if [403, 404].contains(&status.code) => Look::NotYet(status.message),
            Err(kube::Error::Api(status)) if status.code < 500 && ![409, 429].contains(&status.code) => Look::Never(status.message),
            Err(error) => Look::NotYet(in_words(&error)),
        });
        if !created.await? && name.kind != "Namespace" {
            return Err(KindError::Asked(format!("there is a {name} in the cluster already, and it is not this lab's")));
        }
    }
    Ok(())
}

/// Whether what is there is this object, made by a request whose answer never came.
async fn is_it(api: &Api<DynamicObject>, object: &DynamicObject) -> Look<bool> {
    let run = |object: &DynamicObject| object.metadata.labels.as_ref().and_then(|labels| labels.get(RUN).cloned());
    match api.get(&object.metadata.name.clone().unwrap_or_default()).await {
        Ok(there) => Look::Done(run(&there).is_some() && run(&there) == run(object)),
        Err(error) => Look::NotYet(in_words(&error)),
    }
}

/// How the cluster serves a kind, and whether its objects are in namespaces.
async fn served(client: &Client, (version, kind): &(String, String)) -> Result<(ApiResource, bool), KindError> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let wanted = GroupVersionKind::gvk(group, version, kind);
    let what = format!("{kind} served");
    let found = until(&what, SOON, EVERY, async || match pinned_kind(client, &wanted).await {
        Ok((resource, capabilities)) => Look::Done((resource, capabilities.scope == Scope::Namespaced)),
        Err(error) => Look::NotYet(in_words(&error)),
    });
    Ok(found.await?)
}

/// Every node of the cluster, by name.
pub(super) async fn nodes(client: &Client) -> Result<BTreeMap<String, Node>, KindError> {
    let list = Api::<Node>::all(client.clone()).list(&ListParams::default()).await.map_err(KindError::api("list its nodes"))?;
    Ok(list.items.into_iter().map(|node| (node.metadata.name.clone().unwrap_or_default(), node)).collect())
}

/// The image of the first container of a DaemonSet's or Deployment's pods, if there is such an object.
pub(super) async fn image(client: &Client, of: &ObjectName) -> Result<Option<String>, KindError> {
    let kind = if of.kind == "Deployment" { ApiResource::erase::<Deployment>(&()) } else { ApiResource::erase::<DaemonSet>(&()) };
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), of.namespace.as_deref().unwrap_or("default"), &kind);
    let found = api.get_opt(&of.name).await.map_err(KindError::api(format!("show {of}")))?;
    Ok(found.and_then(|found| found.data.pointer("/spec/template/spec/containers/0/image")?.as_str().map(str::to_owned)))
}

/// How kube-proxy was told to work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxy {
    /// `iptables`, `ipvs`.
    pub(super) mode: Option<String>,
    /// Where pod addresses come from.
    pub(super) pods: Option<String>,
}

/// How kube-proxy was told to work, from its configuration as kubeadm writes it.
pub(super) async fn proxy(client: &Client) -> Result<Proxy, KindError> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), "kube-system");
    let found = api.get_opt("kube-proxy").await.map_err(KindError::api("show kube-proxy's configuration"))?;
    Ok(proxy_in(&found.and_then(|found| found.data?.remove("config.conf")).unwrap_or_default()))
}

/// `mode: iptables`; an empty mode is the default, which is iptables on Linux.
fn proxy_in(text: &str) -> Proxy {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().trim_matches('"').to_owned());
    let mode = value("mode:").map(|mode| if mode.is_empty() { "iptables".to_owned() } else { mode });
    Proxy { mode, pods: value("clusterCIDR:").filter(|range| !range.is_empty()) }
}

#[cfg(test)]
mod tests {
    use super::{Proxy, proxy_in};

    #[test]
    fn the_proxy_mode_is_the_top_level_one() {
        let proxy = |mode: &str, pods: &str| {
            let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Proxy { mode: told(mode), pods: told(pods) }
        };
        assert_eq!(proxy_in("clusterCIDR: 10.244.0.0/16\nipvs:\n  mode: x\nmode: ipvs\n"), proxy("ipvs", "10.244.0.0/16"));
        assert_eq!(proxy_in("clusterCIDR: \"\"\nmode: \"\"\n"), proxy("iptables", ""));
        assert_eq!(proxy_in(""), Proxy::default());
    }
}
