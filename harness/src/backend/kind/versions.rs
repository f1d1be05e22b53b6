//! Versions of everything that takes part in a cluster.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use kube::Client;

use super::api;
use super::engine::Engine;
use super::error::KindError;
use super::program::Program;
use super::recipe::ObjectName;

/// Asks all that take part for their versions.
pub(super) async fn versions(
    engine: &Engine,
    client: &Client,
    version_of: &ObjectName,
    nodes: &BTreeMap<String, Node>,
    proxy_mode: Option<String>,
) -> Result<BTreeMap<String, String>, KindError> {
    let mut versions = BTreeMap::from([
        ("cnilab".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("docker".to_owned(), engine.version.clone()),
        ("kind".to_owned(), Program::version().await?),
    ]);
    let mut say = |what: &str, version: Option<String>| {
        versions.extend(version.filter(|version| !version.is_empty()).map(|version| (what.to_owned(), version)));
    };
    // All nodes are of one image, and of one kernel.
    if let Some(info) = nodes.values().next().and_then(|node| node.status.as_ref()?.node_info.as_ref()) {
        say("kernel", Some(info.kernel_version.clone()));
        say("kubernetes", Some(info.kubelet_version.clone()));
        // kubeadm installs kube-proxy in the version of the control plane, which in kind is that of all nodes.
        say("kube-proxy", Some(info.kubelet_version.clone()));
        say("container-runtime", Some(info.container_runtime_version.clone()));
        say("node-os", Some(info.os_image.clone()));
    }
    say("kube-proxy-mode", proxy_mode);
    say("cni", cni(client, version_of).await?);
    Ok(versions)
}

/// The tag of the image that the CNI's agent runs in this cluster.
async fn cni(client: &Client, source: &ObjectName) -> Result<Option<String>, KindError> {
    let image = api::image(client, source).await?;
    Ok(image.as_deref().and_then(tag).map(str::to_owned))
}

/// `v0.28.9` of `ghcr.io:443/flannel-io/flannel:v0.28.9@sha256:…`.
fn tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?.rsplit('/').next()?;
    name.split_once(':').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn a_tag_is_what_stands_behind_the_name() {
        assert_eq!(tag("ghcr.io/flannel-io/flannel:v0.28.9"), Some("v0.28.9"));
        assert_eq!(tag("host:5000/flannel"), None);
        assert_eq!(tag("host:5000/a/b:v1@sha256:00"), Some("v1"));
    }
}
