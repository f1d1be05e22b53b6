//! Nothing is left behind, however a run ends.

#![expect(clippy::disallowed_methods, reason = "runs the binary under test, and disturbs it at moments that no condition marks")]

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/needs.rs"]
mod needs;
#[path = "support/netns_able.rs"]
mod netns_able;
#[path = "support/root.rs"]
mod root;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often a run is killed.
const KILLS: u32 = 20;

/// How long a run may take to be gone after a signal.
const GONE: Duration = Duration::from_secs(2);

fn main() -> std::process::ExitCode {
    let able = netns_able::netns_able("calico-ipip");
    let trials: Vec<Trial> = vec![
        trial::trial("killed at twenty moments of a run", "netns", able.clone(), killed),
        trial::trial("interrupted at ten moments of a run", "netns", able.clone(), interrupted),
        trial::trial("two runs at once do not disturb each other", "netns", able.clone(), two_at_once),
        trial::trial("killed and interrupted while a tool hangs", "netns", able.clone(), while_a_tool_hangs),
        trial::trial("tools that hang or print without end cost a run nothing but what they were asked", "netns", able, tools_without_end),
    ];
    // One after another: each compares the host before and after.
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What a run could leave behind on the host: links, named namespaces, mounts.
struct Host(BTreeSet<String>);

impl Host {
    fn now() -> Self {
        let list = |folder: &str| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy())).collect::<Vec<_>>()
        };
        let mounts = std::fs::read_to_string("/proc/self/mounts").expect("/proc is mounted");
        let mounts: Vec<_> = mounts.lines().map(str::to_owned).collect();
        Self([list("/sys/class/net"), list("/run/netns"), mounts].concat().into_iter().collect())
    }
}

/// The pids of all processes whose command line has `word`.
fn processes_with(word: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let pids =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let of_ours = |pid: &String| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.windows(word.len()).any(|window| window == word.as_bytes())
    };
    pids.filter(of_ours).collect()
}

/// Starts a run that is marked by a word in its environment, which its children inherit.
fn start(mark: &str, folder: &str) -> Child {
    command(mark, folder).spawn().expect("cnilab starts")
}

fn command(mark: &str, folder: &str) -> Command {
    let evidence = evidence::evidence_folder(folder);
    let mut command = Command::new(trial::cnilab());
    command
        .current_dir(root::root())
        .args(["run", "calico-ipip", "--evidence", &evidence.display().to_string()])
        .env("CNILAB_TEST_MARK", mark)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// A folder in which `arp` is a shell's script, and a `PATH` that begins with it.
fn tool(script: &str) -> Result<(tempfile::TempDir, String), Failed> {
    let folder = tempfile::tempdir()?;
    let arp = folder.path().join("arp");
    std::fs::write(&arp, format!("#!/bin/sh\n{script}\n"))?;
    std::fs::set_permissions(&arp, std::fs::Permissions::from_mode(0o755))?;
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
    Ok((folder, path))
}

/// A run is ended, gently or not, while a state command hangs, of which it must not leave anything either.
fn while_a_tool_hangs() -> Result<(), Failed> {
    let before = Host::now();
    for (number, signal) in [Signal::SIGKILL, Signal::SIGINT, Signal::SIGTERM].into_iter().enumerate() {
        let mark = format!("CNILAB_TEST_HANGS_{}_{number}", std::process::id());
        let started = format!("started-{number}");
        let (folder, path) = tool("sh -c 'trap \"\" TERM INT; sleep 1000' & touch \"$0.$STARTED\"; exec sleep 1000")?;
        let mut child = command(&mark, "hangs").env("PATH", path).env("STARTED", &started).spawn()?;
        let deadline = Instant::now() + Duration::from_mins(2);
        while !folder.path().join(format!("arp.{started}")).exists() {
            if Instant::now() > deadline {
                return Err("the tool was never started".into());
            }
            std::thread::yield_now();
        }
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal)?;
        let status = child.wait()?;
        if signal != Signal::SIGKILL && status.code() != Some(130) {
            return Err(Failed::from(format!("{signal}: {status}")));
        }
        gone(&mark)?;
    }
    same(&before)
}

/// What cannot be asked is inconclusive, the rest is judged, and the memory that a run takes is bounded.
fn tools_without_end() -> Result<(), Failed> {
    let before = Host::now();
    for (number, (script, why)) in [
        ("exec sleep 1000", "it did not end within 10 s"),
        ("exec yes", "it printed more than 1 MiB"),
        ("exec yes 1>&2", "it printed more than 1 MiB"),
        ("sleep 1000 & exit 0", "it ended, but what it had started did not within 10 s"),
    ]
    .into_iter()
    .enumerate()
    {
        let mark = format!("CNILAB_TEST_ENDLESS_{}_{number}", std::process::id());
        let (_folder, path) = tool(script)?;
        let output = command(&mark, "endless").env("PATH", path).stdout(Stdio::piped()).spawn()?.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.code() != Some(4) || !said.contains(&format!("`arp -n` on pod1: {why}")) {
            return Err(Failed::from(format!("{script}: {}: {said}", output.status)));
        }
        gone(&mark)?;
    }
    same(&before)
}

/// Waits until no process has `mark`; says which have it after two seconds.
fn gone(mark: &str) -> Result<(), Failed> {
    let deadline = Instant::now() + GONE;
    loop {
        let left = processes_with(mark);
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Failed::from(format!("still there after {GONE:?}: processes {}", left.join(" "))));
        }
        std::thread::yield_now();
    }
}

/// How long an undisturbed run takes here; the moments are spread over it.
fn whole_run() -> Duration {
    let began = Instant::now();
    let status = start("CNILAB_TEST_WHOLE", "whole").wait().expect("it was started");
    assert!(status.success(), "an undisturbed run holds: {status}");
    began.elapsed()
}

fn killed() -> Result<(), Failed> {
    let before = Host::now();
    let whole = whole_run();
    for moment in 0..KILLS {
        let mark = format!("CNILAB_TEST_KILL_{}_{moment}", std::process::id());
        let mut child = start(&mark, "killed");
        wait_for(whole * moment / KILLS);
        child.kill().expect("SIGKILL is allowed");
        child.wait().expect("it was started");
        gone(&mark)?;
    }
    same(&before)
}

fn interrupted() -> Result<(), Failed> {
    let before = Host::now();
    let whole = whole_run();
    let mut in_time = 0;
    for moment in 0..10 {
        let mark = format!("CNILAB_TEST_INTERRUPT_{}_{moment}", std::process::id());
        let mut child = start(&mark, "interrupted");
        wait_for(whole * moment / 10);
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        kill(pid, Signal::SIGINT).expect("our own child");
        let asked = Instant::now();
        let status = child.wait().expect("it was started");
        let mut said = String::new();
        let _ = child.stderr.take().expect("piped").read_to_string(&mut said);
        if asked.elapsed() > GONE {
            return Err(Failed::from(format!("took {:?} to end: {said}", asked.elapsed())));
        }
        // Before its handler stands the signal itself ends the process; a run that was faster than the first one is over.
        if status.code() == Some(130) || status.signal() == Some(2) {
            in_time += 1;
        } else if !status.success() {
            return Err(Failed::from(format!("moment {moment}: {status}: {said}")));
        }
        gone(&mark)?;
    }
    if in_time == 0 {
        return Err("no run was interrupted before it was over".into());
    }
    same(&before)
}

fn two_at_once() -> Result<(), Failed> {
    let mut runs: Vec<_> = (0..3).map(|run| start("CNILAB_TEST_TOGETHER", &format!("together-{run}"))).collect();
    for run in &mut runs {
        let status = run.wait().expect("it was started");
        if !status.success() {
            let mut said = String::new();
            let _ = run.stderr.take().expect("piped").read_to_string(&mut said);
            return Err(Failed::from(format!("{status}: {said}")));
        }
    }
    Ok(())
}

/// Lets `time` pass: the moment at which a run is disturbed is what is being varied.
fn wait_for(time: Duration) {
    std::thread::sleep(time);
}

/// Whether the host has nothing that it had not before; what others took away meanwhile is theirs.
fn same(before: &Host) -> Result<(), Failed> {
    let left: Vec<_> = Host::now().0.difference(&before.0).cloned().collect();
    if left.is_empty() { Ok(()) } else { Err(Failed::from(format!("left behind: {left:#?}"))) }
}
