//! Calico, IP-in-IP: the lab `calico-ipip` on every backend that this host has.

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/root.rs"]
mod root;
#[path = "support/run.rs"]
mod run;
#[path = "support/trial.rs"]
mod trial;

use lab::OnKind;

fn main() -> std::process::ExitCode {
    lab::lab_main("calico-ipip", OnKind::Unproven("its lines have not been held against a real Calico yet")).exit_code()
}
