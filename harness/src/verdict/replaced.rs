//! What a lab documents of a kube-proxy mode that its site does not have.

use crate::lab::{Lab, StateExpectation};
use crate::site::Facts;

use super::model::Outcome;

/// What facts call the mode that kube-proxy works in.
const MODE: &str = "kube-proxy-mode";

/// Commands that print packet filters, the sets that they look into, and the kernel's virtual servers.
const COMMANDS: [&str; 6] = ["iptables", "ip6tables", "nft", "ipvsadm", "ipset", "ebtables"];

/// Commands that print nothing that two modes of kube-proxy share.
const ALL_OF_IT: [&str; 2] = ["nft", "ipvsadm"];

/// What lines name that is kube-proxy's: its chains and sets (`pkg/proxy/iptables`, `pkg/proxy/ipvs`), its device, its table of nftables.
const MARKS: [&str; 4] = ["KUBE-", "kube-ipvs", "kube-proxy", "kube-nodeport"];

/// The mode of kube-proxy that a lab is about; `None` without Services, for then no rule of it has a part in anything.
pub(crate) fn wanted(lab: &Lab) -> Option<&str> {
    lab.cluster.kube_proxy.as_deref().filter(|_| !lab.services.is_empty())
}

/// Why an expectation of what kube-proxy does in the mode `wanted` is not asked on a site where it works in another; `None`: it is, or it is of
/// something else.
pub(crate) fn not_here(wanted: Option<&str>, facts: &Facts, expectation: &StateExpectation) -> Option<Outcome> {
    // One that names a mode itself has been decided on.
    let open = expectation.when.as_ref().is_none_or(|when| when.kube_proxy.is_none());
    let wanted = wanted.filter(|_| open && is_of_the_proxy(expectation))?;
    match facts.versions.get(MODE) {
        Some(mode) if mode == wanted => None,
        Some(mode) => Some(Outcome::Skipped(format!("it is about kube-proxy in {wanted} mode, and here it works in {mode} mode"))),
        None => Some(Outcome::Inconclusive(format!("it is about kube-proxy in {wanted} mode, but the site does not tell `{MODE}`"))),
    }
}

fn is_of_the_proxy(expectation: &StateExpectation) -> bool {
    let command = expectation.run.split_whitespace().next().unwrap_or_default();
    let is = |known: &str| command == known || command.strip_prefix(known).is_some_and(|rest| rest.starts_with('-'));
    let lines = || {
        let both = expectation.has.iter().chain(&expectation.lacks);
        both.flat_map(|line| [Some(&line.documented), line.correction.as_ref().map(|correction| &correction.reads)]).flatten()
    };
    let names = |mark: &str| lines().any(|line| line.text.contains(mark));
    ALL_OF_IT.iter().any(|known| is(known))
        || (COMMANDS.iter().any(|known| is(known)) && MARKS.iter().any(|mark| names(mark)))
        || lines().any(|line| line.text.contains("kube-ipvs"))
        || expectation.run.contains("net.ipv4.vs.")
}
