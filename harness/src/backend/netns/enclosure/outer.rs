//! The process outside: starts the enclosed one, maps its ids, and is what it dies with.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use nix::unistd::{Gid, Uid};

use super::EnclosureError;
use super::handshake::{Order, Told, hear};
use crate::site::Survey;

/// An enclosed process, seen from outside. It is killed when this is dropped, and when the *thread* that spawned it ends.
#[derive(Debug)]
pub struct Outer {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
}

impl Outer {
    /// Starts `program enclosed` and returns once it is pid 1 in namespaces of its own, with its standard input and output free for the
    /// caller's use. Its standard error is ours.
    ///
    /// Call it on a thread that outlives the lab, such as the main thread: the death signal goes by threads (`PR_SET_PDEATHSIG`, prctl(2)).
    ///
    /// # Errors
    /// The program cannot be started, or this host refuses it its namespaces; then with what would help.
    pub fn spawn(program: &Path) -> Result<Self, EnclosureError> {
        let mut outer = Self::first(program)?;
        outer.order(Order::Enter)?;
        match hear(outer.stdout())? {
            Told::Armed => outer.order(Order::Enter)?,
            other => return Err(EnclosureError::OutOfTurn { told: format!("{other:?}") }),
        }
        Ok(outer)
    }

    /// Has `program enclosed` look what this host can do, in namespaces of its own that end with it.
    ///
    /// # Errors
    /// As [`Outer::spawn`].
    pub fn survey(program: &Path) -> Result<Survey, EnclosureError> {
        let mut outer = Self::first(program)?;
        outer.order(Order::Survey)?;
        match hear(outer.stdout())? {
            Told::Surveyed(survey) => Ok(survey),
            other => Err(EnclosureError::OutOfTurn { told: format!("{other:?}") }),
        }
    }

    /// The pid of the process that everything enclosed dies with, as seen from here.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The enclosed process's standard input.
    ///
    /// # Panics
    /// It was taken before.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("the enclosed process's standard input is taken once")
    }

    /// The enclosed process's standard output.
    ///
    /// # Panics
    /// It was taken before.
    pub fn take_stdout(&mut self) -> ChildStdout {
        self.stdout.take().expect("the enclosed process's standard output is taken once")
    }

    /// Waits until the enclosed process has ended, and all that it had started with it. Closes its standard input first, if it is still here.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.stdin = None;
        self.child.wait()
    }

    /// Starts the first stage and gives it its ids.
    #[expect(clippy::disallowed_methods, reason = "this backend starts itself again, in namespaces of its own")]
    fn first(program: &Path) -> Result<Self, EnclosureError> {
        let mut child = Command::new(program)
            .arg("enclosed")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C on the terminal is for the outer process, which decides what becomes of the lab.
            .process_group(0)
            .spawn()
            .map_err(|source| EnclosureError::Start { program: program.to_owned(), source })?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut outer = Self { child, stdin, stdout };
        match hear(outer.stdout())? {
            Told::Unshared { user_namespace: true } => map_ids(outer.pid()).map_err(EnclosureError::Map)?,
            Told::Unshared { user_namespace: false } => {}
            other => return Err(EnclosureError::OutOfTurn { told: format!("{other:?}") }),
        }
        Ok(outer)
    }

    fn stdout(&mut self) -> &mut ChildStdout {
        self.stdout.as_mut().expect("piped, and not taken before the handshake is over")
    }

    fn order(&mut self, order: Order) -> Result<(), EnclosureError> {
        let stdin = self.stdin.as_mut().expect("piped, and not taken before the handshake is over");
        stdin.write_all(&[order as u8]).map_err(|_| EnclosureError::Ended)
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        // Already gone and reaped: nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Maps ids into the user namespace of `pid`, whose creator we are: as root every id that we have to itself, so that files keep their
/// owners; otherwise our own id to root's (`user_namespaces`(7)).
fn map_ids(pid: u32) -> io::Result<()> {
    let write = |file: &str, text: &str| fs::write(format!("/proc/{pid}/{file}"), text);
    if Uid::effective().is_root() {
        let whole = identity(&fs::read_to_string("/proc/self/uid_map")?);
        let groups = identity(&fs::read_to_string("/proc/self/gid_map")?);
        // Root without CAP_SETUID, as in some containers, may map what an ordinary user may.
        if write("gid_map", &groups).and_then(|()| write("uid_map", &whole)).is_ok() {
            return Ok(());
        }
    }
    // Without this an ordinary user's group cannot be mapped at all: it could drop a group that denies it something.
    write("setgroups", "deny")?;
    write("gid_map", &format!("0 {} 1\n", Gid::effective()))?;
    write("uid_map", &format!("0 {} 1\n", Uid::effective()))
}

/// The map that maps every id of `map` (lines of "inside outside count") to itself.
fn identity(map: &str) -> String {
    let lines = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace();
        let (inside, count) = (numbers.next()?, numbers.nth(1)?);
        Some(format!("{inside} {inside} {count}\n"))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn every_id_that_we_have_is_mapped_to_itself() {
        assert_eq!(identity("         0          0 4294967295\n"), "0 0 4294967295\n");
        assert_eq!(identity("         0       1000          1\n         1     100000      65536\n"), "0 0 1\n1 1 65536\n");
    }
}
