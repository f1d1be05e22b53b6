//! What is not to be had is said with its remedy, by the exit code that is for it, and before anything is built.

#![expect(clippy::disallowed_methods, reason = "runs the binary under test, in worlds that lack something")]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/netns_able.rs"]
mod netns_able;
#[path = "support/root.rs"]
mod root;
#[path = "support/trial.rs"]
mod trial;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> std::process::ExitCode {
    let able = netns_able::netns_able("calico-ipip");
    let poorer = able.clone().and_then(|()| poorer_able());
    let trials: Vec<Trial> = vec![
        trial::trial("an evidence folder that cannot be used is bad input", "netns", able.clone(), evidence_folders),
        trial::trial("a report that cannot be written is bad input, before the run", "netns", able.clone(), reports),
        trial::trial("files that are none are bad input", "netns", able, files),
        Trial::test("a lab that is not there is told with what may be meant", missing_labs),
        Trial::test("without Docker no cluster is named and nothing is left", without_docker),
        trial::trial("what a poorer host refuses is said with its remedy", "netns", poorer.clone(), poorer_hosts),
        trial::trial("run and doctor say the same of a program that is missing", "netns", poorer, missing_programs),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What a run says, and how it exits.
fn said(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs `cnilab`; it must exit with `code` and say `word`.
fn exits(args: &[&str], code: i32, word: &str) -> Result<Output, Failed> {
    let output = Command::new(trial::cnilab()).current_dir(root::root()).args(args).output()?;
    demand(output, &args.join(" "), code, word)
}

fn demand(output: Output, what: &str, code: i32, word: &str) -> Result<Output, Failed> {
    let said = said(&output);
    if output.status.code() == Some(code) && said.contains(word) && !said.contains("panicked") {
        Ok(output)
    } else {
        Err(Failed::from(format!("{what}: not {code} with `{word}`: {said}")))
    }
}

/// A folder with things in it that are of no use.
fn things() -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), "x")?;
    fs::write(path("empty"), "")?;
    fs::create_dir(path("folder"))?;
    fs::create_dir_all(path("full/of/things"))?;
    symlink("nowhere", path("dangling"))?;
    symlink("loop", path("loop"))?;
    symlink("file", path("to-file"))?;
    nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRWXU)?;
    drop(std::os::unix::net::UnixListener::bind(path("socket"))?);
    fs::write(path("binary"), b"\xff\x00\x01")?;
    fs::File::create(path("large"))?.set_len(1 << 30)?;
    fs::create_dir(path("mine"))?;
    fs::set_permissions(path("mine"), fs::Permissions::from_mode(0o500))?;
    Ok(folder)
}

fn evidence_folders() -> Result<(), Failed> {
    let folder = things()?;
    for (name, word) in [
        ("file", "is not a plain folder"),
        ("to-file", "is not a plain folder"),
        ("pipe", "is not a plain folder"),
        ("socket", "is not a plain folder"),
        ("full", "is not empty"),
        ("dangling", "leads nowhere"),
        ("dangling/below", "cannot use the evidence folder"),
        ("loop", "leads nowhere"),
        ("file/below", "Not a directory"),
        ("/dev/null", "is not a plain folder"),
        ("/proc/evidence", "cannot use the evidence folder"),
        ("/sys/kernel/evidence", "cannot use the evidence folder"),
    ] {
        let evidence = folder.path().join(name).display().to_string();
        let output = exits(&["run", "calico-ipip", "--evidence", &evidence], 2, word)?;
        if said(&output).contains("bring up") {
            return Err(Failed::from(format!("{name}: a lab was built first")));
        }
    }
    Ok(())
}

fn reports() -> Result<(), Failed> {
    let folder = things()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let evidence = path("evidence");
    for (report, word) in [
        ("missing/report", "there is no folder"),
        ("folder", "is a folder"),
        ("file/report", "Not a directory"),
        ("dangling", "leads nowhere"),
        ("loop/report", "symbolic links"),
        ("/proc/report", "cannot write"),
    ] {
        for kind in ["json", "junit", "terminal"] {
            let format = format!("{kind}={}", folder.path().join(report).display());
            exits(&["run", "calico-ipip", "--evidence", &evidence, "--format", &format], 2, word)?;
            exits(&["judge", &path("folder"), "--format", &format], 2, word)?;
        }
    }
    let twice = format!("json={}", path("report"));
    exits(&["run", "calico-ipip", "--evidence", &evidence, "--format", &twice, "--format", &twice], 2, "two reports")?;
    if Path::new(&evidence).exists() { Err("something was recorded".into()) } else { Ok(()) }
}

fn files() -> Result<(), Failed> {
    let folder = things()?;
    for (name, word) in [
        ("folder", "a folder"),
        ("pipe", "is a pipe"),
        ("socket", "is a socket"),
        ("loop", "circle"),
        ("dangling", "leads nowhere"),
        ("/dev/zero", "is a device"),
        ("/dev/null", "is a device"),
        ("missing", "missing"),
        ("file/below", "Not a directory"),
        ("empty", "empty"),
        ("binary", "binary"),
        ("large", "large"),
    ] {
        let path = folder.path().join(name).display().to_string();
        let empty = if name == "empty" { "holds nothing" } else { word };
        for (command, word) in [("check", empty), ("plan", empty), ("run", empty), ("show", word)] {
            // A file of bytes that are no text, and one of a thousand million zeros, are no capture either.
            exits(&[command, &path], 2, word)?;
        }
        if !["folder"].contains(&name) {
            for command in ["judge", "report"] {
                exits(&[command, &path], 2, if word.starts_with("is a ") { word } else { name.trim_start_matches('/') })?;
            }
        }
    }
    Ok(())
}

fn missing_labs() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let lab = fs::read_to_string(root::root().join("labs/calico-ipip/lab.yaml"))?;
    fs::write(folder.path().join("mine.yaml"), lab)?;
    // The first are asked for where there is no folder of labs, the others in this repository.
    let (nowhere, here) = (folder.path(), root::root());
    for (command, named, place, word) in [
        ("plan", "nope.yaml", nowhere, "cannot read nope.yaml: there is no such file"),
        ("run", "labs/nope", nowhere, "cannot read labs/nope: there is no such file"),
        ("plan", "nope", nowhere, "there is no file `nope`, and no `labs` folder here or above"),
        ("mutate", "mine.yaml", nowhere, "hint: that file says how to break the lab on purpose"),
        ("check", "nope.yml", here, "cannot read nope.yml: there is no such file"),
        ("plan", "./nope", here, "cannot read ./nope: there is no such file"),
        ("plan", "nope", here, "hint: there are calico-ipip, flannel-udp"),
        ("check", "calico-ipp", here, "hint: did you mean `calico-ipip`?"),
        ("run", "calico_ipip", here, "hint: did you mean `calico-ipip`?"),
        ("mutate", "flanel-udp", here, "hint: did you mean `flannel-udp`?"),
        ("plan", "flannel-udp.yaml", here, "cannot read flannel-udp.yaml: there is no such file"),
    ] {
        let output = Command::new(trial::cnilab()).current_dir(place).args([command, named]).output()?;
        demand(output, &format!("{command} {named}"), 2, word)?;
    }
    Ok(())
}

fn without_docker() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let evidence = folder.path().join("evidence").display().to_string();
    let mut cnilab = Command::new(trial::cnilab());
    cnilab.current_dir(root::root()).args(["run", "flannel-udp", "--backend", "kind", "--evidence", &evidence]);
    let output = demand(cnilab.env("DOCKER_HOST", "unix:///nonexistent").output()?, "no Docker", 3, "hint: ")?;
    if said(&output).contains("cluster cnilab-") || fs::read_dir(folder.path())?.next().is_some() {
        return Err(format!("a cluster is named, or something is left: {}", said(&output)).into());
    }
    Ok(())
}

/// Root of a user namespace of its own may have no other: so the kernel refuses an enclosure what capabilities it lacks.
const POORER: &str = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";

/// A host on which `limit` is a shell's line that takes something away, and then runs what it is given.
fn poorer(limit: &str, args: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", limit, "sh"]);
    command.arg(trial::cnilab()).args(args).current_dir(root::root()).output()
}

fn poorer_able() -> Result<(), String> {
    for (program, package) in [("unshare", "util-linux"), ("setpriv", "util-linux")] {
        Command::new(program).arg("--version").output().map_err(|error| format!("{program} (of {package}): {error}"))?;
    }
    let output = poorer(POORER, &["list"]).map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(format!("no user namespace to try it in: {}", said(&output))) }
}

fn poorer_hosts() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let evidence = folder.path().join("evidence").display().to_string();
    let without = |capability: &str| POORER.replace("exec", &format!("exec setpriv --bounding-set -{capability}"));
    let none_of = |kind: &str| format!("echo 0 > /proc/sys/user/max_{kind}_namespaces && exec \"$@\"");
    for (limit, word) in [
        (without("sys_admin"), "hint: sysctl -w user.max_user_namespaces"),
        (without("net_admin"), "hint: run as root; in a container, with CAP_SYS_ADMIN, CAP_NET_ADMIN"),
        (without("net_raw"), "hint: CAP_NET_RAW"),
        (none_of("net"), "hint: sysctl -w user.max_net_namespaces"),
        (none_of("pid"), "hint: sysctl -w user.max_pid_namespaces"),
        (none_of("mnt"), "hint: sysctl -w user.max_mnt_namespaces"),
        (none_of("ipc"), "hint: sysctl -w user.max_ipc_namespaces"),
        (none_of("uts"), "hint: sysctl -w user.max_uts_namespaces"),
        ("echo 3 > /proc/sys/user/max_net_namespaces && exec \"$@\"".to_owned(), "hint: allow more namespaces"),
        ("ulimit -n 12 && exec \"$@\"".to_owned(), "hint: allow more open files"),
    ] {
        let output = poorer(&limit, &["run", "calico-ipip", "--evidence", &evidence])?;
        demand(output, &limit, 3, word)?;
        let _ = fs::remove_dir_all(&evidence);
    }
    Ok(())
}

/// Takes every program away in turn that a lab runs, and looks what is said before anything is made.
fn missing_programs() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let evidence = folder.path().join("evidence").display().to_string();
    for (lab, program, package) in [
        ("calico-ipip", "arp", "net-tools"),
        ("calico-ipip", "ip", "iproute2"),
        ("calico-ipip", "sysctl", "procps"),
        ("flannel-udp", "arp", "net-tools"),
        ("flannel-udp", "brctl", "bridge-utils"),
        ("flannel-udp", "conntrack", "conntrack"),
        ("flannel-udp", "ip", "iproute2"),
        ("flannel-udp", "iptables-restore", "iptables"),
        ("flannel-udp", "iptables-save", "iptables"),
    ] {
        let file = format!("PATH=$PATH:/usr/sbin:/sbin; file=$(readlink -f \"$(command -v {program})\")");
        // A device is no program. Where it is not installed, there is nothing to take away.
        let limit = format!("{file}; [ -z \"$file\" ] || mount --bind /dev/null \"$file\"; exec \"$@\"");
        let word = format!("{program}: not in PATH");
        for args in [&["run", lab, "--evidence", &evidence][..], &["doctor", lab, "--backend", "netns"]] {
            let output = demand(poorer(&limit, args)?, &format!("{lab} without {program}"), 3, &format!("apt-get install {package}"))?;
            // doctor puts them in a table.
            let named = said(&output).lines().any(|line| line.contains(&word) || line.contains(&format!("no  {program} ")));
            if !named || Path::new(&evidence).exists() {
                return Err(Failed::from(format!("{program} is not named, or something was recorded: {}", said(&output))));
            }
        }
    }
    Ok(())
}
