//! Where an expectation applies.

use super::at::At;
use super::file::{KubeProxy, WhenFile};
use super::problem::Problem;
use super::suggest;

/// Where an expectation applies. All that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Only on these backends, if any are named.
    pub backends: Vec<String>,
    /// Only in this kube-proxy mode.
    pub kube_proxy: Option<String>,
    /// Only in these versions.
    pub versions: Vec<VersionBound>,
    /// Why it does not apply elsewhere.
    pub because: String,
}

/// An end of a range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionBound {
    /// This version (`3.33`) or a later one.
    AtLeast(Versioned, String),
    /// A version before this one.
    Below(Versioned, String),
}

/// What has a version that expectations may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioned {
    /// The CNI's agent.
    Cni,
    /// kube-proxy.
    KubeProxy,
}

impl Versioned {
    /// What facts call it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Cni => "cni",
            Self::KubeProxy => "kube-proxy",
        }
    }
}

impl std::fmt::Display for Versioned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cni => "the CNI",
            Self::KubeProxy => "kube-proxy",
        })
    }
}

/// The backends that there are or will be.
const BACKENDS: [&str; 3] = ["netns", "kind", "cluster"];

/// Checks a `when`.
pub(super) fn when(file: &At<WhenFile>, problems: &mut Vec<Problem>) -> When {
    let backends: Vec<&At<String>> = file.backend.iter().chain(&file.backends).collect();
    for backend in &backends {
        if !BACKENDS.contains(&backend.as_str()) {
            let problem = Problem::new(backend.span.clone(), format!("`{}` is not a backend", ***backend));
            problems.push(problem.hint(suggest::hint(backend, "backends", BACKENDS)));
        }
    }
    if let (Some(one), Some(first)) = (&file.backend, file.backends.first()) {
        let problem = Problem::new(one.span.clone(), "`backend` and `backends` are given both").also(first.span.clone(), "here, too");
        problems.push(problem.hint("keep one of the two"));
    }
    let versions = versions(file, problems);
    if backends.is_empty() && file.kube_proxy.is_none() && versions.is_empty() {
        let problem = Problem::new(file.span.clone(), "this `when` has no condition");
        problems.push(problem.hint(
            "conditions: `backend`, `backends`, `kube-proxy`, `cni-at-least`, `cni-below`, `kube-proxy-at-least`, `kube-proxy-below`",
        ));
    }
    if file.because.trim().is_empty() {
        problems.push(Problem::new(file.because.span.clone(), "a `when` says why").hint("why does it not apply elsewhere?"));
    }
    When {
        backends: backends.into_iter().map(|backend| backend.value.clone()).collect(),
        kube_proxy: file.kube_proxy.map(KubeProxy::text),
        versions,
        because: file.because.trim().to_owned(),
    }
}

fn versions(file: &WhenFile, problems: &mut Vec<Problem>) -> Vec<VersionBound> {
    type Bound = fn(Versioned, String) -> VersionBound;
    let all: [(&Option<At<String>>, Versioned, Bound); 4] = [
        (&file.cni_at_least, Versioned::Cni, VersionBound::AtLeast),
        (&file.cni_below, Versioned::Cni, VersionBound::Below),
        (&file.kube_proxy_at_least, Versioned::KubeProxy, VersionBound::AtLeast),
        (&file.kube_proxy_below, Versioned::KubeProxy, VersionBound::Below),
    ];
    let mut bounds = Vec::new();
    for (version, of, bound) in all {
        let Some(version) = version else { continue };
        let digits = version.strip_prefix('v').unwrap_or(version);
        if !digits.split('.').all(|part| !part.is_empty() && part.len() <= 9 && part.chars().all(|c| c.is_ascii_digit())) {
            problems.push(Problem::new(version.span.clone(), format!("`{}` is not a version", **version)).hint("like `3.33`"));
        }
        bounds.push(bound(of, version.value.clone()));
    }
    bounds
}
