//! Every lab broken on purpose: each mutation must be noticed by the expectation it names.

#[path = "support/needs.rs"]
mod needs;
#[path = "support/netns_able.rs"]
mod netns_able;
#[path = "support/root.rs"]
mod root;
#[path = "support/run.rs"]
mod run;
#[path = "support/trial.rs"]
mod trial;

use cnilab::lab::Victim;
use libtest_mimic::{Arguments, Failed};

fn main() -> std::process::ExitCode {
    let mut trials = Vec::new();
    for lab in ["calico-ipip", "flannel-udp"] {
        let able = netns_able::netns_able(lab);
        for mutation in mutations(lab) {
            let name = format!("{lab} {mutation}");
            trials.push(trial::trial(&name, "netns", able.clone(), move || noticed(lab, &mutation)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The names of a lab's mutations, those aside that only a real cluster can have.
fn mutations(lab: &str) -> Vec<String> {
    let folder = root::root().join("labs").join(lab);
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect("a lab has a lab.yaml and a mutations.yaml");
    let checked = cnilab::lab::load(&folder.join("lab.yaml"), &read("lab.yaml")).expect("the lab passes its checks");
    let mutations = cnilab::lab::mutations(&folder.join("mutations.yaml"), &read("mutations.yaml"), &checked);
    let mutations = mutations.expect("the mutations pass their checks").into_iter();
    mutations.filter(|mutation| mutation.fits(Victim::Namespaces).is_ok()).map(|mutation| mutation.name).collect()
}

fn noticed(lab: &str, mutation: &str) -> Result<(), Failed> {
    let output = run::run(&["mutate", lab, "--only", mutation]);
    if output.status.code() == Some(0) {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(Failed::from(format!("{}\n{stdout}{stderr}", output.status)))
}
