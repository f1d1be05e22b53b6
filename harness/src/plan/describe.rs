//! A plan in words: what would be built, captured, sent and asserted.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::lab::{Claim, Lab, Probe, Scenario, route_protocol_name};
use crate::name::{PlaceName, PointName, Symbol};
use crate::plain::{columns, pad};
use crate::site::{NodeSpec, PodSpec, RouteSpec, TunnelKind, Wiring};

use super::model::{Plan, PlannedScenario};

/// The plan in plain text, with addresses as the embedded backend would give them.
pub fn describe(plan: &Plan) -> String {
    let mut out = format!("{}: {}\n\nbuild\n", plan.lab.name, plan.lab.title);
    for node in &plan.topology.nodes {
        describe_node(node, &mut out);
        for pod in plan.topology.pods.iter().filter(|pod| pod.node == node.name) {
            describe_pod(pod, &mut out);
        }
    }
    for (index, (scenario, planned)) in plan.lab.scenarios.iter().zip(&plan.scenarios).enumerate() {
        line(&mut out, &format!("\nscenario {}: {}", index + 1, scenario.name));
        describe_scenario(&plan.lab, scenario, planned, &mut out);
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", text.trim_end());
}

fn describe_node(node: &NodeSpec, out: &mut String) {
    line(out, &format!("  {}", node.name));
    for nic in &node.nics {
        let mac = nic.mac.map_or(String::new(), |mac| format!(" {}", spell(mac)));
        let gateway = nic.gateway.map_or(String::new(), |gateway| format!(", default route via {gateway}"));
        line(out, &format!("    card    {} {}{mac} ({}{gateway})", nic.interface, nic.address, nic.name));
    }
    if let Some(bridge) = &node.bridge {
        let mac = bridge.mac.map_or(String::new(), |mac| format!(" {}", spell(mac)));
        line(out, &format!("    bridge  {} {}{mac}, mtu {}", bridge.name, bridge.address, bridge.mtu));
    }
    if let Some(tunnel) = &node.tunnel {
        let port = if let TunnelKind::Udp { port } = tunnel.kind { format!(", udp port {port}") } else { String::new() };
        line(out, &format!("    tunnel  {} {}/32 over {}{port}, mtu {}", tunnel.device, tunnel.address, tunnel.underlay, tunnel.mtu));
    }
    for route in &node.routes {
        line(out, &format!("    route   {}", spell_route(route)));
    }
}

fn spell_route(route: &RouteSpec) -> String {
    let protocol = route_protocol_name(route.protocol);
    let onlink = if route.onlink { " onlink" } else { "" };
    match (&route.device, route.via) {
        (None, _) => format!("blackhole {} proto {protocol}", route.to),
        (Some(device), Some(via)) => format!("{} via {via} dev {device} proto {protocol}{onlink}", route.to),
        (Some(device), None) => format!("{} dev {device} proto {protocol}{onlink}", route.to),
    }
}

fn describe_pod(pod: &PodSpec, out: &mut String) {
    let mac = pod.mac.map_or(String::new(), |mac| format!(" {}", spell(mac)));
    let length = if let Wiring::Bridged { prefix_length, .. } = pod.wiring { prefix_length } else { 32 };
    line(out, &format!("    pod     {} eth0 {}/{length}{mac}, mtu {}, host end {}", pod.name, pod.address, pod.mtu, pod.host_interface));
}

fn describe_scenario(lab: &Lab, scenario: &Scenario, planned: &PlannedScenario, out: &mut String) {
    if let Some(probe) = &scenario.probe {
        let symbols = lab.symbols();
        let (address, port) = lab.destination(probe);
        let value = |symbol: &Symbol| symbols.get(symbol).cloned().flatten();
        let port = port.as_ref().and_then(value).map(|port| format!(":{port}")).unwrap_or_default();
        let address = value(&address).map(|address| format!(" ({address}{port})")).unwrap_or_default();
        let size = if let Probe::Ping { size, .. } = probe { format!(", {size} bytes") } else { String::new() };
        line(out, &format!("  probe    {probe}{address}{size}"));
    }
    let width = planned.points.iter().map(|point| columns(point.as_str())).max().unwrap_or_default();
    let interfaces: Vec<String> = planned.points.iter().map(|point| interface(lab, point)).collect();
    let narrow = interfaces.iter().map(|interface| columns(interface)).max().unwrap_or_default();
    for (point, interface) in planned.points.iter().zip(&interfaces) {
        line(out, &format!("  capture  {}  {}  {}", pad(point.as_str(), width), pad(interface, narrow), asserted(scenario, point)));
    }
    for state in &scenario.state {
        let lines = state.has.iter().map(|line| ("has", line)).chain(state.lacks.iter().map(|line| ("lacks", line)));
        for (word, documented) in lines {
            let judged = documented.correction.as_ref().map_or(&documented.documented.text, |correction| &correction.reads.text);
            let corrected = if documented.correction.is_some() { " (corrected)" } else { "" };
            line(out, &format!("  state    {}: {} {word} `{judged}`{corrected}", state.on, state.run));
        }
        let open: Vec<String> = state.open_parts().iter().map(ToString::to_string).collect();
        if !open.is_empty() {
            line(out, &format!("           printed, not asserted: {}", open.join(", ")));
        }
    }
}

/// The interface behind a point, as the embedded backend names it.
fn interface(lab: &Lab, point: &PointName) -> String {
    let name = point.interface();
    if let Some(pod) = name.strip_prefix("veth(").and_then(|name| name.strip_suffix(')')) {
        let pod = lab.pod(&PlaceName::new(pod));
        return pod.map(|pod| lab.cluster.network.host_veth(pod)).unwrap_or_default();
    }
    let node = lab.node(&point.place());
    let nic = node.and_then(|node| node.nics.iter().find(|nic| nic.name == name));
    nic.map_or_else(|| name.to_owned(), |nic| nic.interface.clone())
}

fn asserted(scenario: &Scenario, point: &PointName) -> String {
    let mut lines = 0;
    let mut corrected = 0;
    let mut open = BTreeSet::new();
    for expectation in scenario.expect.iter().filter(|expectation| expectation.at == *point) {
        match &expectation.claim {
            Claim::None => return "is not seen".to_owned(),
            Claim::Lines(documented) => {
                lines += documented.len();
                open.extend(expectation.claim.open_parts());
                corrected += documented.iter().filter(|line| line.correction.is_some()).count();
            }
        }
    }
    let open: Vec<String> = open.iter().map(ToString::to_string).collect();
    let open = if open.is_empty() { String::new() } else { format!("; printed, not asserted: {}", open.join(", ")) };
    match (lines, corrected) {
        (0, _) => "nothing is asserted".to_owned(),
        (lines, 0) => format!("{lines} lines{open}"),
        (lines, corrected) => format!("{lines} lines, {corrected} corrected{open}"),
    }
}

fn spell(mac: [u8; 6]) -> String {
    crate::packet::Value::Mac(mac).to_string()
}
