//! Calico, IP-in-IP: the lab `calico-ipip` on every backend that this host has.

mod support;

fn main() -> std::process::ExitCode {
    support::lab_main("calico-ipip").exit_code()
}
