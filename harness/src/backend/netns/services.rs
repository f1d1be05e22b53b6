//! Services as kube-proxy programs them in its iptables mode, in the layout of Kubernetes 1.23 and before, which the documents show
//! (`pkg/proxy/iptables/proxier.go` there).

use sha2::{Digest, Sha256};

use crate::site::{Endpoint, ServiceSpec};

/// The version of kube-proxy whose layout the rules have.
pub(super) const LAYOUT: &str = "v1.23";

/// The mode of kube-proxy whose rules they are.
pub(super) const MODE: &str = "iptables";

/// The alphabet of base32 (RFC 4648 section 6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How many characters of a hash a chain's name has.
const HASH: usize = 16;

/// The lines that `iptables-restore` needs for `services`; none if there are none.
pub(super) fn rules(services: &[ServiceSpec]) -> Vec<String> {
    if services.is_empty() {
        return Vec::new();
    }
    let mut nat: Vec<String> = BASE_NAT.lines().map(str::to_owned).collect();
    let chains = services.iter().flat_map(|service| [service_chain(service)].into_iter().chain(endpoint_chains(service)));
    nat.extend(chains.map(|chain| format!(":{chain} - [0:0]")));
    nat.extend(CALLS_NAT.lines().map(str::to_owned));
    for service in services {
        one(service, &mut nat);
    }
    nat.push(format!("-A KUBE-SERVICES -m comment --comment \"{LAST}\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"));
    nat.push("COMMIT".to_owned());
    nat.into_iter().chain(FILTER.lines().map(str::to_owned)).collect()
}

/// Why the rule for node ports comes last, in kube-proxy's own words.
const LAST: &str = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";

const BASE_NAT: &str = "*nat
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]";

const CALLS_NAT: &str = r#"-I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully"#;

const FILTER: &str = r#"*filter
:KUBE-FORWARD - [0:0]
-I FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT"#;

/// The rules of one Service.
fn one(service: &ServiceSpec, nat: &mut Vec<String>) {
    let (name, chain) = (port_name(service), service_chain(service));
    let comment = format!("-m comment --comment \"{name}\"");
    let cluster = format!("-d {}/32 -p tcp -m comment --comment \"{name} cluster IP\" -m tcp --dport {}", service.cluster_ip, service.port);
    nat.push(format!("-A KUBE-SERVICES {cluster} -j {chain}"));
    if let Some(port) = service.node_port {
        nat.push(format!("-A KUBE-NODEPORTS -p tcp {comment} -m tcp --dport {port} -j {chain}"));
    }
    nat.push(format!("-A {chain} ! -s {} {cluster} -j KUBE-MARK-MASQ", service.pods));
    if let Some(port) = service.node_port {
        nat.push(format!("-A {chain} -p tcp {comment} -m tcp --dport {port} -j KUBE-MARK-MASQ"));
    }
    let chains = endpoint_chains(service);
    for (index, endpoint_chain) in chains.iter().enumerate() {
        // Of those that are left each is as likely as the others; the last is taken if none was.
        let left = chains.len() - index;
        let chance = if left == 1 { String::new() } else { format!(" -m statistic --mode random --probability {}", chance(left)) };
        nat.push(format!("-A {chain} {comment}{chance} -j {endpoint_chain}"));
    }
    for (endpoint, chain) in service.endpoints.iter().zip(&chains) {
        nat.push(format!("-A {chain} -s {}/32 {comment} -j KUBE-MARK-MASQ", endpoint.at.ip()));
        nat.push(format!("-A {chain} -p tcp {comment} -m tcp -j DNAT --to-destination {}", endpoint.at));
    }
}

/// One in so many, with ten decimals, as kube-proxy writes it.
fn chance(of: usize) -> String {
    let of = u64::try_from(of).unwrap_or(u64::MAX);
    // Rounded to the nearest.
    format!("0.{:010}", (10_000_000_000 + of / 2) / of)
}

/// `default/serversvc:cni`, or without the port's name if it has none (`ServicePortName` in `pkg/proxy/types.go`).
fn port_name(service: &ServiceSpec) -> String {
    let port = service.port_name.as_ref().map(|name| format!(":{name}")).unwrap_or_default();
    format!("{}/{}{port}", service.namespace, service.name)
}

/// `servicePortChainName`.
fn service_chain(service: &ServiceSpec) -> String {
    format!("KUBE-SVC-{}", hash(&format!("{}tcp", port_name(service))))
}

/// `servicePortEndpointChainName`, of each endpoint.
fn endpoint_chains(service: &ServiceSpec) -> Vec<String> {
    let chain = |endpoint: &Endpoint| format!("KUBE-SEP-{}", hash(&format!("{}tcp{}", port_name(service), endpoint.at)));
    service.endpoints.iter().map(chain).collect()
}

/// The first 16 characters of the base32 of a SHA-256.
fn hash(text: &str) -> String {
    // Eight characters are five bytes.
    Sha256::digest(text).chunks(5).take(HASH / 8).flat_map(base32).collect()
}

/// Eight characters of five bytes.
fn base32(bytes: &[u8]) -> impl Iterator<Item = char> + use<> {
    let group = bytes.iter().fold(0_u64, |group, byte| group << 8 | u64::from(*byte));
    (0..8).rev().map(move |place| char::from(BASE32[usize::from(u8::try_from(group >> (place * 5) & 31).unwrap_or(0))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PlaceName;

    fn service(namespace: &str, name: &str, port_name: Option<&str>, endpoints: &[&str]) -> ServiceSpec {
        ServiceSpec {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            port_name: port_name.map(str::to_owned),
            cluster_ip: "10.96.45.119".parse().unwrap(),
            port: 80,
            node_port: Some(32_000),
            endpoints: endpoints.iter().map(|at| Endpoint { pod: PlaceName::new("pod"), at: at.parse().unwrap() }).collect(),
            pods: "10.244.0.0/16".parse().unwrap(),
        }
    }

    #[test]
    fn chains_are_named_as_kube_proxy_names_them() {
        assert_eq!(service_chain(&service("default", "serversvc", Some("cni"), &[])), "KUBE-SVC-CU7F3MNN62CF4ANP");
        let unnamed = service("test", "pod2-service", None, &["10.244.166.159:80"]);
        assert_eq!(service_chain(&unnamed), "KUBE-SVC-OCJIUORDHIMMVHOI");
        assert_eq!(endpoint_chains(&unnamed), ["KUBE-SEP-X4R67US2PCZJVEDY"]);
    }

    #[test]
    fn every_endpoint_is_as_likely_as_the_others() {
        let lines = rules(&[service("default", "web", None, &["10.244.1.2:80", "10.244.1.3:80", "10.244.2.2:80"])]);
        let chances: Vec<&str> = lines.iter().filter_map(|line| line.split("--probability ").nth(1)?.split(' ').next()).collect();
        assert_eq!(chances, ["0.3333333333", "0.5000000000"]);
    }

    #[test]
    fn without_services_nothing_is_programmed() {
        assert_eq!(rules(&[]), Vec::<String>::new());
        assert!(!rules(&[service("a", "b", None, &["10.0.0.1:80"])]).iter().any(|line| line.contains("--probability")));
    }
}
