//! The lab's Services, and the wait until every node translates their addresses.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::api;
use super::error::KindError;
use super::machine::Machine;
use super::pods::RUN;
use crate::fault::in_words;
use crate::site::{PodSpec, ServiceSpec};
use crate::wait::{Look, until};

/// kube-proxy programs a node within a second of a change (`--iptables-min-sync-period`), and endpoints come a moment after their pods.
const WITHIN: Duration = Duration::from_mins(1);
/// A Service as the cluster has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Serving {
    /// Its name.
    pub(super) name: String,
    /// The address that the cluster gave it.
    pub(super) address: Ipv4Addr,
    /// Its port there.
    pub(super) port: u16,
    /// Its port at the nodes' own addresses, if it has one.
    pub(super) node_port: Option<u16>,
}

/// The labels by which the Services of `all` select a pod.
pub(super) fn labels<'a>(pod: &'a PodSpec, all: &'a [ServiceSpec]) -> impl Iterator<Item = String> {
    all.iter().filter(|service| service.endpoints.iter().any(|endpoint| endpoint.pod == pod.name)).map(label)
}

/// A label of our own: which pods of a document's labels answer is the lab's to say.
fn label(service: &ServiceSpec) -> String {
    format!("service.cnilab/{}", service.name)
}

/// The object that asks for a Service; the cluster chooses its address.
pub(super) fn object(service: &ServiceSpec, run: &str) -> Value {
    // All endpoints listen at the same port.
    let target = service.endpoints.first().map_or(service.port, |endpoint| endpoint.at.port());
    let mut port = json!({ "port": service.port, "targetPort": target });
    if let Some(name) = &service.port_name {
        port["name"] = json!(name);
    }
    if let Some(node_port) = service.node_port {
        port["nodePort"] = json!(node_port);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": service.name, "namespace": service.namespace, "labels": { RUN: run, "app.kubernetes.io/managed-by": "cnilab" },
        },
        "spec": {
            "type": if service.node_port.is_some() { "NodePort" } else { "ClusterIP" },
            "selector": { label(service): "endpoint" },
            "ports": [port],
        },
    })
}

/// Waits until each Service answers on every node.
pub(super) async fn ready(client: &Client, machines: &[Machine], services: &[ServiceSpec]) -> Result<Vec<Serving>, KindError> {
    let mut found = Vec::new();
    for service in services {
        let api = Api::<Service>::namespaced(client.clone(), &service.namespace);
        let what = format!("the Service {} answers on every node", service.name);
        found.push(
            until(&what, WITHIN, api::EVERY, async || match api.get(&service.name).await {
                Ok(seen) => look(&seen, service, machines).await,
                Err(error) => Look::NotYet(in_words(&error)),
            })
            .await?,
        );
    }
    Ok(found)
}

async fn look(seen: &Service, service: &ServiceSpec, machines: &[Machine]) -> Look<Serving> {
    let address = seen.spec.as_ref().and_then(|spec| spec.cluster_ip.as_ref()?.parse().ok());
    let Some(address) = address else { return Look::NotYet("it has no address".to_owned()) };
    for machine in machines {
        let to = SocketAddrV4::new(address, service.port);
        if let Err(why) = machine.asks(to).await {
            return Look::NotYet(format!("{}: {why}", machine.name));
        }
    }
    let port = seen.spec.as_ref().and_then(|spec| spec.ports.as_ref()?.first());
    let node_port = port.and_then(|port| u16::try_from(port.node_port?).ok());
    Look::Done(Serving { name: service.name.clone(), address, port: service.port, node_port })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PlaceName;
    use crate::site::Endpoint;

    #[test]
    fn a_service_selects_its_endpoints_by_a_label_of_its_own() {
        let spec = ServiceSpec {
            name: "web".to_owned(),
            namespace: "default".to_owned(),
            port_name: Some("cni".to_owned()),
            cluster_ip: Ipv4Addr::UNSPECIFIED,
            port: 80,
            node_port: Some(32_000),
            endpoints: vec![Endpoint { pod: PlaceName::new("a"), at: "10.244.1.2:8080".parse().expect("an address") }],
            pods: "10.244.0.0/16".parse().expect("a prefix"),
        };
        let service: Service = serde_json::from_value(object(&spec, "r1")).expect("a Service");
        let inner = service.spec.expect("it has one");
        assert_eq!(inner.type_.as_deref(), Some("NodePort"));
        assert_eq!(
            inner.selector.expect("some").into_iter().collect::<Vec<_>>(),
            [("service.cnilab/web".to_owned(), "endpoint".to_owned())]
        );
        let port = &inner.ports.expect("some")[0];
        assert_eq!((port.name.as_deref(), port.port, port.node_port), (Some("cni"), 80, Some(32_000)));
        assert_eq!(port.target_port, Some(k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(8080)));
    }
}
