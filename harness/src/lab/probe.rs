//! The probe of a scenario, checked.

use super::at::At;
use super::file::{CurlFile, ProbeFile};
use super::model::{CurlTarget, Lab, Probe};
use super::problem::Problem;
use super::{suggest, value};
use crate::name::{PlaceName, Symbol};

/// What `ping` sends unless told otherwise, in bytes.
const PING_SIZE: u32 = 56;

/// More pings say nothing that these do not, and each is waited for.
pub(super) const PINGS_MAX: u16 = 100;

/// A token is 16 bytes, and the payload starts with it.
const SIZE_MIN: usize = 16;

/// The headers of an echo: IPv4 without options, 20 bytes (RFC 791), and ICMP, 8 (RFC 792).
const HEADERS: usize = 28;

/// Checks what a scenario sends; `None` if it cannot be sent.
pub(super) fn probe(file: &At<ProbeFile>, lab: &Lab, problems: &mut Vec<Problem>) -> Option<Probe> {
    let before = problems.len();
    let places = || lab.pods.iter().map(|pod| &pod.name).chain(lab.nodes.iter().map(|node| &node.name)).map(PlaceName::as_str);
    if !places().any(|place| place == *file.from) {
        let message = format!("`{}` is not a pod or node of this lab", *file.from);
        problems.push(Problem::new(file.from.span.clone(), message).hint(suggest::hint(&file.from, "places", places())));
    }
    let from = PlaceName::new(&*file.from);
    let probe = match (&file.ping, &file.curl) {
        (Some(to), None) => ping(file, from, to, lab, problems),
        (None, Some(target)) => {
            for (key, given) in [("size", &file.size), ("count", &file.count)] {
                if let Some(given) = given {
                    problems.push(Problem::new(given.span.clone(), format!("a `curl` has no `{key}`")).hint("take it away"));
                }
            }
            Probe::Curl { from, to: curl(target, lab, problems)? }
        }
        (Some(_), Some(target)) => {
            let problem = Problem::new(target.span.clone(), "a probe is a `ping` or a `curl`, not both");
            problems.push(problem.hint("make two scenarios of it"));
            return None;
        }
        (None, None) => {
            let problem = Problem::new(file.span.clone(), "this probe sends nothing");
            problems.push(problem.hint("give it a `ping` or a `curl`"));
            return None;
        }
    };
    (problems.len() == before).then_some(probe)
}

fn ping(file: &ProbeFile, from: PlaceName, to: &At<String>, lab: &Lab, problems: &mut Vec<Problem>) -> Probe {
    is_pod(to, lab, problems);
    if *file.from == **to {
        let problem = Problem::new(to.span.clone(), format!("`{}` pings itself", *file.from));
        problems.push(problem.hint("such a packet passes no point but the loopback"));
    }
    let size = file.size.as_ref().map_or(PING_SIZE, |size| size.value) as usize;
    if let Some(given) = &file.size {
        check_size(given, size, lab, problems);
    }
    let count = file.count.as_ref().map_or(Some(1), |count| check_count(count, problems));
    Probe::Ping { from, to: PlaceName::new(&**to), size, count: count.unwrap_or(1) }
}

fn is_pod(name: &At<String>, lab: &Lab, problems: &mut Vec<Problem>) {
    let pods = || lab.pods.iter().map(|pod| pod.name.as_str());
    if !pods().any(|pod| pod == **name) {
        let message = format!("`{}` is not a pod of this lab", **name);
        problems.push(Problem::new(name.span.clone(), message).hint(suggest::hint(name, "pods", pods())));
    }
}

fn check_count(given: &At<u32>, problems: &mut Vec<Problem>) -> Option<u16> {
    let count = u16::try_from(given.value).ok().filter(|count| (1..=PINGS_MAX).contains(count));
    if count.is_none() {
        problems
            .push(Problem::new(given.span.clone(), format!("a probe cannot send {} pings", given.value)).hint(format!("1 to {PINGS_MAX}")));
    }
    count
}

fn check_size(given: &At<u32>, size: usize, lab: &Lab, problems: &mut Vec<Problem>) {
    let network = &lab.cluster.network;
    let mtu = network.tunnel.iter().map(|tunnel| tunnel.mtu).chain([network.mtu]).min().unwrap_or_default() as usize;
    if size < SIZE_MIN {
        let message = format!("a payload of {size} bytes has no room for the token by which the probe is found again");
        problems.push(Problem::new(given.span.clone(), message).hint(format!("at least {SIZE_MIN}")));
    } else if size + HEADERS > mtu {
        let message = format!("an echo with {size} bytes of payload does not fit the MTU of {mtu}");
        problems.push(Problem::new(given.span.clone(), message).hint(format!("at most {}", mtu.saturating_sub(HEADERS))));
    }
}

fn curl(file: &At<CurlFile>, lab: &Lab, problems: &mut Vec<Problem>) -> Option<CurlTarget> {
    match (&file.service, &file.node, &file.pod, &file.port) {
        (Some(service), node, None, None) => asked_service(service, node.as_ref(), lab, problems),
        (None, None, Some(pod), Some(port)) => {
            is_pod(pod, lab, problems);
            Some(CurlTarget::Pod { pod: PlaceName::new(&**pod), port: value::port(port, problems) })
        }
        _ => {
            let problem = Problem::new(file.span.clone(), "this is not something that can be asked");
            problems.push(problem.hint("`{service: …}`, `{service: …, node: …}` or `{pod: …, port: …}`"));
            None
        }
    }
}

fn asked_service(name: &At<String>, node: Option<&At<String>>, lab: &Lab, problems: &mut Vec<Problem>) -> Option<CurlTarget> {
    let Some(service) = lab.service(name) else {
        let hint = suggest::hint(name, "services", lab.services.iter().map(|service| service.name.as_str()));
        problems.push(Problem::new(name.span.clone(), format!("`{}` is not a service of this lab", **name)).hint(hint));
        return None;
    };
    let Some(node) = node else { return Some(CurlTarget::Service(service.name.clone())) };
    if lab.node(&PlaceName::new(&**node)).is_none() {
        let hint = suggest::hint(node, "nodes", lab.nodes.iter().map(|node| node.name.as_str()));
        problems.push(Problem::new(node.span.clone(), format!("`{}` is not a node of this lab", **node)).hint(hint));
    }
    if service.node_port.is_none() {
        let problem = Problem::new(node.span.clone(), format!("`{}` has no port at a node", service.name));
        problems.push(problem.hint("make it a service of type `node-port`, or ask it without `node`"));
    }
    Some(CurlTarget::NodePort { service: service.name.clone(), node: PlaceName::new(&**node) })
}

impl Lab {
    /// The symbols of the address and, if it is not a number of the lab's own, the port that a probe is sent to.
    pub fn destination(&self, probe: &Probe) -> (Symbol, Option<Symbol>) {
        match probe {
            Probe::Ping { to: pod, .. } | Probe::Curl { to: CurlTarget::Pod { pod, .. }, .. } => (Symbol::new(format!("{pod}.ip")), None),
            Probe::Curl { to: CurlTarget::Service(service), .. } => {
                (Symbol::new(format!("{service}.ip")), Some(Symbol::new(format!("{service}.port"))))
            }
            Probe::Curl { to: CurlTarget::NodePort { service, node }, .. } => {
                let card = self.node(node).and_then(|node| node.nics.first()).map_or("", |card| &card.name);
                (Symbol::new(format!("{node}.{card}.ip")), Some(Symbol::new(format!("{service}.node-port"))))
            }
        }
    }
}
