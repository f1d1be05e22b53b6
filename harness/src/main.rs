//! The `cnilab` command.

fn main() -> std::process::ExitCode {
    cnilab::cli::main()
}
