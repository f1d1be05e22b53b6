//! flannel, UDP: the lab `flannel-udp` on every backend that this host has.

mod support;

fn main() -> std::process::ExitCode {
    support::lab_main("flannel-udp").exit_code()
}
