//! What is there after a lab's process was killed.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cnilab::backend::netns::enclosure::Outer;
use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::standing::up;
use crate::this_program;

/// How often it is killed.
const KILLS: u32 = 30;

/// How long it may take until everything is gone.
const GONE: Duration = Duration::from_secs(2);

/// By which processes of one start are told from all others: children inherit it.
const MARK: &str = "CNILAB_NETNS_TEST_MARK";

/// The outer process of a lab that is held until this process ends.
pub(crate) fn hold() -> ExitCode {
    let mut outer = Outer::spawn(&this_program()).expect("enclosed");
    let mut stdin = outer.take_stdin();
    writeln!(stdin, "hold").expect("it reads");
    let mut byte = [0];
    let told = outer.take_stdout().read(&mut byte);
    // Passed on: the lab is up.
    let _ = std::io::stdout().write_all(&byte).and_then(|()| std::io::stdout().flush());
    drop(told);
    let _ = outer.wait();
    drop(stdin);
    ExitCode::FAILURE
}

/// The enclosed side of [`hold`].
pub(crate) async fn held() -> Result<(), String> {
    let _site = up().await?;
    let _ = std::io::stdout().write_all(b"u").and_then(|()| std::io::stdout().flush());
    std::future::pending().await
}

/// What a lab could leave on the host.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    devices: Vec<String>,
    named: Vec<String>,
    mounts: String,
}

impl Host {
    fn now() -> Self {
        let list = |folder| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        Self {
            devices: list("/sys/class/net"),
            named: list("/run/netns"),
            mounts: fs::read_to_string("/proc/self/mounts").unwrap_or_default(),
        }
    }
}

/// The processes that have `mark`. A namespace is held by a process or by a mount, and there is no third.
fn marked(mark: &str) -> Vec<String> {
    let word = format!("{MARK}={mark}");
    let pids = fs::read_dir("/proc").expect("/proc is mounted").flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let has = |pid: &String| {
        fs::read(format!("/proc/{pid}/environ")).is_ok_and(|text| text.split(|byte| *byte == 0).any(|line| line == word.as_bytes()))
    };
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit())).filter(has).collect()
}

/// Waits until `left` finds nothing any more; otherwise ends what it finds, so that the failure leaves nothing either, and tells of it.
fn gone(left: impl Fn() -> Vec<String>) -> Result<(), Failed> {
    let deadline = Instant::now() + GONE;
    loop {
        let pids = left();
        if pids.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            for pid in pids.iter().filter_map(|pid| pid.parse().ok()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            return Err(Failed::from(format!("still there after {GONE:?}: processes {}", pids.join(" "))));
        }
        thread::yield_now();
    }
}

/// A [`hold`] that is killed when it is dropped, and waited for.
struct Held(Child);

impl Held {
    #[expect(clippy::disallowed_methods, reason = "it is to be killed, which no place lets us do")]
    fn start(mark: &str) -> Self {
        let mut command = Command::new(this_program());
        command.arg("hold").env(MARK, mark).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().expect("this program starts"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no condition to wait for: any moment will do")]
pub(crate) fn killed() -> Result<(), Failed> {
    let before = Host::now();
    let mark = |moment: &str| format!("{}-{moment}", std::process::id());
    let began = Instant::now();
    let mut whole = Held::start(&mark("whole"));
    whole.0.stdout.take().expect("piped").read_exact(&mut [0])?;
    let until_up = began.elapsed();
    // Otherwise nothing below would be told apart from everything.
    let processes = marked(&mark("whole"));
    if processes.len() != 3 {
        return Err(Failed::from(format!("a lab is three processes, but there are {processes:?}")));
    }
    drop(whole);
    gone(|| marked(&mark("whole")))?;
    for moment in 0..KILLS {
        let mark = mark(&moment.to_string());
        let held = Held::start(&mark);
        thread::sleep(until_up * moment / (KILLS - 5));
        drop(held);
        gone(|| marked(&mark))?;
    }
    let after = Host::now();
    if after == before { Ok(()) } else { Err(Failed::from(format!("before: {before:#?}\nafter: {after:#?}"))) }
}

pub(crate) fn dropped() -> Result<(), Failed> {
    let mut outer = Outer::spawn(&this_program())?;
    let mut stdin = outer.take_stdin();
    writeln!(stdin, "hold")?;
    outer.take_stdout().read_exact(&mut [0])?;
    let first = outer.pid();
    let second = fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
    let both = [first.to_string(), second.trim().to_owned()];
    let there = || both.iter().filter(|pid| fs::metadata(format!("/proc/{pid}/exe")).is_ok()).cloned().collect::<Vec<_>>();
    if there().len() != 2 {
        return Err(Failed::from(format!("two processes are enclosed, but there are {:?}", there())));
    }
    drop(outer);
    gone(there)
}
