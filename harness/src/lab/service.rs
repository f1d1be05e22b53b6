//! The Services of a lab file, checked.

use std::ops::RangeInclusive;

use super::at::At;
use super::cluster::Taken;
use super::file::{LabFile, ServiceFile, ServiceKindFile};
use super::model::{LabPod, LabService, Network};
use super::problem::Problem;
use super::{suggest, value};
use crate::name::PlaceName;

/// Where kube-apiserver takes node ports from unless told otherwise (`--service-node-port-range`).
const NODE_PORTS: RangeInclusive<u32> = 30_000..=32_767;

/// Checks the Services against `pods`.
pub(super) fn services(
    file: &LabFile,
    network: &Network,
    pods: &[LabPod],
    taken: &mut Taken,
    problems: &mut Vec<Problem>,
) -> Vec<LabService> {
    let mut node_ports = Taken::default();
    let services = file.services.0.iter();
    services
        .map(|(name, file)| {
            value::name(name, "a service", problems);
            taken.take(name, &name.span, problems);
            let cluster_ip = value::ip(&file.cluster_ip, problems);
            if !cluster_ip.is_unspecified() {
                taken.take(&cluster_ip.to_string(), &file.cluster_ip.span, problems);
                if network.pods != value::NO_PREFIX && network.pods.contains(&cluster_ip) {
                    let message = format!("`{cluster_ip}` is in the pods' range `{}`", network.pods);
                    problems.push(Problem::new(file.cluster_ip.span.clone(), message).hint("services have a range of their own"));
                }
            }
            if let Some(port_name) = &file.port_name {
                value::name(port_name, "a port", problems);
            }
            let port = value::port(&file.port, problems);
            let namespace = file.namespace.clone().unwrap_or_else(|| "default".to_owned());
            LabService {
                name: name.value.clone(),
                port_name: file.port_name.as_ref().map(|name| name.value.clone()),
                cluster_ip,
                port,
                node_port: node_port(name, file, &mut node_ports, problems),
                target_port: file.target_port.as_ref().map_or(port, |port| value::port(port, problems)),
                endpoints: endpoints(file, &namespace, pods, problems),
                namespace,
            }
        })
        .collect()
}

fn node_port(name: &At<String>, file: &ServiceFile, taken: &mut Taken, problems: &mut Vec<Problem>) -> Option<u16> {
    match (file.kind, &file.node_port) {
        (ServiceKindFile::ClusterIp, None) => None,
        (ServiceKindFile::ClusterIp, Some(port)) => {
            let problem = Problem::new(port.span.clone(), format!("`{}` is no service of type `node-port`", **name));
            problems.push(problem.hint("`type: node-port`, or take the port away"));
            None
        }
        (ServiceKindFile::NodePort, None) => {
            let problem = Problem::new(name.span.clone(), format!("`{}` has no node port", **name));
            problems.push(problem.hint("`node-port: 30000` or another up to 32767"));
            None
        }
        (ServiceKindFile::NodePort, Some(port)) => {
            if NODE_PORTS.contains(&port.value) {
                taken.take(&port.value.to_string(), &port.span, problems);
            } else {
                let problem = Problem::new(port.span.clone(), format!("`{}` is not a node port", port.value));
                problems.push(problem.hint(format!("{} to {}", NODE_PORTS.start(), NODE_PORTS.end())));
            }
            u16::try_from(port.value).ok()
        }
    }
}

fn endpoints(file: &ServiceFile, namespace: &str, pods: &[LabPod], problems: &mut Vec<Problem>) -> Vec<PlaceName> {
    if file.endpoints.is_empty() {
        problems.push(Problem::new(file.endpoints.span.clone(), "nobody answers for this service").hint("name at least one pod"));
    }
    let mut once = Taken::default();
    for endpoint in &file.endpoints.value {
        once.take(endpoint, &endpoint.span, problems);
        let Some(pod) = pods.iter().find(|pod| pod.name.as_str() == **endpoint) else {
            let hint = suggest::hint(endpoint, "pods", pods.iter().map(|pod| pod.name.as_str()));
            problems.push(Problem::new(endpoint.span.clone(), format!("`{}` is not a pod of this lab", **endpoint)).hint(hint));
            continue;
        };
        if pod.namespace != namespace {
            let message = format!("`{}` is in the namespace `{}`, and the service in `{namespace}`", **endpoint, pod.namespace);
            problems.push(Problem::new(endpoint.span.clone(), message).hint("a service selects pods of its own namespace"));
        }
    }
    file.endpoints.iter().map(|endpoint| PlaceName::new(&**endpoint)).collect()
}
