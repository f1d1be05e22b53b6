//! What a plan needs of the host, besides what its backend always needs.

use super::Plan;
use crate::lab::{When, command};
use crate::site::Needs;

/// The tunnels and programs that these scenarios of a lab need on a backend: `netns`, or one whose places are entered from this host.
pub fn needs(plan: &Plan, backend: &str, scenarios: &[String]) -> Needs {
    let mut needs = Needs::default();
    let applies =
        |when: Option<&When>| when.is_none_or(|when| when.backends.is_empty() || when.backends.iter().any(|name| name == backend));
    let chosen = plan.lab.scenarios.iter().filter(|scenario| scenarios.contains(&scenario.name));
    for state in chosen.flat_map(|scenario| &scenario.state).filter(|state| applies(state.when.as_ref())) {
        if let Some(command) = command(&state.run) {
            needs.program(&command.program, &state.run);
        }
    }
    // A cluster has what its CNI and kube-proxy need.
    if backend == "netns" {
        if !plan.topology.services.is_empty() || !plan.topology.rules.is_empty() {
            needs.program("iptables-restore", "iptables-restore");
        }
        for tunnel in plan.topology.nodes.iter().filter_map(|node| node.tunnel.as_ref()) {
            if !needs.tunnels.contains(&tunnel.kind) {
                needs.tunnels.push(tunnel.kind);
            }
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::site::TunnelKind;

    fn plan(lab: &str) -> Plan {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../labs").join(lab).join("lab.yaml");
        let text = std::fs::read_to_string(&file).expect("it is there");
        crate::plan::draft(crate::lab::load(&file, &text).expect("it passes its checks"))
    }

    fn programs(lab: &str, backend: &str, scenario: Option<&str>) -> Vec<String> {
        let plan = plan(lab);
        let all = plan.lab.scenarios.iter().map(|scenario| scenario.name.clone());
        let chosen: Vec<String> = all.filter(|name| scenario.is_none_or(|wanted| wanted == name)).collect();
        needs(&plan, backend, &chosen).programs.into_keys().collect()
    }

    #[test]
    fn a_lab_needs_what_its_state_commands_and_services_run() {
        assert_eq!(programs("calico-ipip", "netns", None), ["arp", "ip", "sysctl"]);
        assert_eq!(programs("flannel-udp", "netns", None), ["arp", "brctl", "conntrack", "ip", "iptables-restore", "iptables-save"]);
        assert_eq!(programs("flannel-udp", "kind", None), ["arp", "brctl", "conntrack", "ip", "iptables-save"]);
    }

    #[test]
    fn what_is_not_asked_needs_nothing() {
        let same_node = programs("flannel-udp", "netns", Some("pod to pod on the same node"));
        assert!(!same_node.contains(&"conntrack".to_owned()) && same_node.contains(&"iptables-restore".to_owned()), "{same_node:?}");
        assert_eq!(programs("flannel-udp", "kind", Some("no such scenario")), Vec::<String>::new());
        assert_eq!(programs("flannel-udp", "cluster", Some("no such scenario")), Vec::<String>::new());
    }

    #[test]
    fn tunnels_are_the_embedded_backend_s() {
        let tunnels = |lab, backend| needs(&plan(lab), backend, &[]).tunnels;
        assert_eq!(tunnels("calico-ipip", "netns"), [TunnelKind::Ipip]);
        assert_eq!(tunnels("flannel-udp", "netns"), [TunnelKind::Udp { port: 8285 }]);
        assert_eq!(tunnels("calico-ipip", "kind"), []);
    }
}
