//! What a lab of the repository needs of this host.

use cnilab::plan;
use cnilab::site::Needs;

use super::root::root;

/// The programs and tunnels that all scenarios of a lab need.
pub(crate) fn needs(lab: &str, backend: &str) -> Needs {
    let file = root().join("labs").join(lab).join("lab.yaml");
    let text = std::fs::read_to_string(&file).expect("a lab has a lab.yaml");
    let plan = plan::draft(cnilab::lab::load(&file, &text).expect("the lab passes its checks"));
    let all: Vec<String> = plan.lab.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    plan::needs(&plan, backend, &all)
}
