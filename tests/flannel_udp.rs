//! flannel, UDP: the lab `flannel-udp` on every backend that this host has.

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/kind_able.rs"]
mod kind_able;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/long.rs"]
mod long;
#[path = "support/needs.rs"]
mod needs;
#[path = "support/netns_able.rs"]
mod netns_able;
#[path = "support/root.rs"]
mod root;
#[path = "support/run.rs"]
mod run;
#[path = "support/supervise.rs"]
mod supervise;
#[path = "support/trial.rs"]
mod trial;

fn main() -> std::process::ExitCode {
    supervise::supervised(|| lab::lab_main("flannel-udp", None).exit_code())
}
