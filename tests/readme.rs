//! The README's own lab: whoever copies it from there has one that passes its check and holds.

#[path = "support/evidence.rs"]
mod evidence;
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

use std::fs;

use cnilab::lab;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> std::process::ExitCode {
    let trials = vec![
        Trial::test("the README's lab passes its check", || check().map(drop)),
        trial::trial("the README's lab holds", "netns", netns_able::netns_able("calico-ipip"), holds),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The YAML that the README shows, below the cluster, nodes and pods of the lab that it names.
fn example() -> Result<String, Failed> {
    let readme = fs::read_to_string(root::root().join("README.md"))?;
    let blocks: Vec<&str> = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [example] = blocks[..] else { return Err(format!("README.md shows {} blocks of YAML, not one", blocks.len()).into()) };
    let lab = fs::read_to_string(root::root().join("labs/calico-ipip/lab.yaml"))?;
    let (head, _) = lab.split_once("\nnames:\n").ok_or("calico-ipip has no `names`")?;
    Ok(format!("{head}\n{example}"))
}

fn check() -> Result<lab::Lab, Failed> {
    let lab = lab::load("lab.yaml".as_ref(), &example()?).map_err(|problems| problems.to_string())?;
    if lab.scenarios.len() == 1 { Ok(lab) } else { Err("it is not one scenario".into()) }
}

fn holds() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("lab.yaml");
    fs::write(&file, example()?)?;
    let evidence = evidence::evidence_folder("readme").display().to_string();
    let output = run::run(&["run", &file.display().to_string(), "--evidence", &evidence]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // Three lines of packets, one of state, and that there is nothing at a point.
    if output.status.code() == Some(0) && said.contains("5 lines (5 held)") { Ok(()) } else { Err(said.into()) }
}
