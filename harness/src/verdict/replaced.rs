//! What a lab documents of a kube-proxy mode that its site does not have.

use crate::expect::{PartToken, StateLine, StateToken, host_of};
use crate::lab::{Lab, Line, Scenario, StateExpectation};
use crate::name::Symbol;
use crate::site::Facts;

use super::model::Outcome;

/// What facts call the mode that kube-proxy works in.
const MODE: &str = "kube-proxy-mode";

/// Commands that print packet filters, the sets that they look into, and the kernel's virtual servers.
const COMMANDS: [&str; 6] = ["iptables", "ip6tables", "nft", "ipvsadm", "ipset", "ebtables"];

/// Commands that print nothing that two modes of kube-proxy share.
const ALL_OF_IT: [&str; 2] = ["nft", "ipvsadm"];

/// What lines name that is kube-proxy's: its chains and sets (`pkg/proxy/iptables`, `pkg/proxy/ipvs`), its device, its table of nftables,
/// and what it does to a Service's packets.
const MARKS: [&str; 5] = ["KUBE-", "kube-ipvs", "kube-proxy", "kube-nodeport", "DNAT"];

/// The kube-proxy that a lab is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxy<'a> {
    /// The mode that it works in.
    mode: &'a str,
    lab: &'a Lab,
    scenario: &'a Scenario,
}

/// The kube-proxy that a scenario is about; `None` without Services, for then no rule of it has a part in anything.
pub(crate) fn wanted<'a>(lab: &'a Lab, scenario: &'a Scenario) -> Option<Proxy<'a>> {
    let mode = lab.cluster.kube_proxy.as_deref().filter(|_| !lab.services.is_empty())?;
    Some(Proxy { mode, lab, scenario })
}

/// Why an expectation of what kube-proxy does in the mode `wanted` is not asked on a site where it works in another; `None`: it is, or it is of
/// something else.
pub(crate) fn not_here(wanted: Option<Proxy<'_>>, facts: &Facts, expectation: &StateExpectation) -> Option<Outcome> {
    // One that names a mode itself has been decided on.
    let open = expectation.when.as_ref().is_none_or(|when| when.kube_proxy.is_none());
    let wanted = wanted.filter(|proxy| open && proxy.made(expectation))?.mode;
    match facts.versions.get(MODE) {
        Some(mode) if mode == wanted => None,
        Some(mode) => Some(Outcome::Skipped(format!("it is about kube-proxy in {wanted} mode, and here it works in {mode} mode"))),
        None => Some(Outcome::Inconclusive(format!("it is about kube-proxy in {wanted} mode, but the site does not tell `{MODE}`"))),
    }
}

impl Proxy<'_> {
    /// Whether an expectation is of something that it makes.
    fn made(self, expectation: &StateExpectation) -> bool {
        let command = expectation.run.split_whitespace().next().unwrap_or_default();
        let is = |known: &str| command == known || command.strip_prefix(known).is_some_and(|rest| rest.starts_with('-'));
        let lines = || {
            let both = expectation.has.iter().chain(&expectation.lacks);
            both.flat_map(|line| [Some(&line.documented), line.correction.as_ref().map(|correction| &correction.reads)]).flatten()
        };
        let names = |mark: &str| lines().any(|line| line.text.contains(mark));
        let filters = COMMANDS.iter().any(|known| is(known));
        ALL_OF_IT.iter().any(|known| is(known))
            || (filters && MARKS.iter().any(|mark| names(mark)))
            // A connection has a Service's address in any mode, and so has what pods say.
            || ((filters || is("ip")) && lines().any(|line| self.names_a_service(line)))
            || names("kube-ipvs")
            || expectation.run.contains("net.ipv4.vs.")
    }

    /// Whether a line has what stands for a Service's address or port.
    fn names_a_service(self, line: &Line<StateLine>) -> bool {
        let is_services = |symbol: &Symbol| {
            self.lab
                .services
                .iter()
                .any(|service| symbol.as_str().strip_prefix(service.name.as_str()).is_some_and(|rest| rest.starts_with('.')))
        };
        let table = |word: &str| self.scenario.names.get(word).is_some_and(is_services);
        let parts =
            line.pattern.words.iter().filter_map(|word| if let StateToken::Parts(parts) = &word.token { Some(parts) } else { None });
        parts.flatten().any(|part| match &part.token {
            PartToken::Name(symbol) => is_services(symbol),
            PartToken::Literal(text) => table(text) || host_of(text).is_some_and(|(address, _)| table(address)),
            PartToken::Word(text) | PartToken::Text(text) | PartToken::Unclear(text) => table(text),
        })
    }
}
