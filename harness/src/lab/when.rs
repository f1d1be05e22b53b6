//! Where an expectation applies.

use super::at::At;
use super::file::{KubeProxy, WhenFile};
use super::model::When;
use super::problem::Problem;
use super::suggest;

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
    for version in file.cni_at_least.iter().chain(&file.cni_below) {
        let digits = version.strip_prefix('v').unwrap_or(version);
        if !digits.split('.').all(|part| !part.is_empty() && part.len() <= 9 && part.chars().all(|c| c.is_ascii_digit())) {
            problems.push(Problem::new(version.span.clone(), format!("`{}` is not a version", **version)).hint("like `3.33`"));
        }
    }
    if backends.is_empty() && file.kube_proxy.is_none() && file.cni_at_least.is_none() && file.cni_below.is_none() {
        let problem = Problem::new(file.span.clone(), "this `when` has no condition");
        problems.push(problem.hint("conditions: `backend`, `backends`, `kube-proxy`, `cni-at-least`, `cni-below`"));
    }
    if file.because.trim().is_empty() {
        problems.push(Problem::new(file.because.span.clone(), "a `when` says why").hint("why does it not apply elsewhere?"));
    }
    When {
        backends: backends.into_iter().map(|backend| backend.value.clone()).collect(),
        kube_proxy: file.kube_proxy.map(KubeProxy::text),
        cni_at_least: file.cni_at_least.as_ref().map(|version| version.value.clone()),
        cni_below: file.cni_below.as_ref().map(|version| version.value.clone()),
        because: file.because.trim().to_owned(),
    }
}
