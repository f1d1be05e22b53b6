//! Runs of the binary under test that are disturbed while they last.

#![expect(clippy::disallowed_methods, reason = "runs the binary under test, and asks the system about it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use super::root::root;

/// No phase of a run takes longer.
const PATIENCE: Duration = Duration::from_mins(3);

/// `cnilab`, to be started in the repository.
pub(crate) fn cnilab(args: &[&str]) -> Command {
    let mut command = Command::new(super::trial::cnilab());
    command.current_dir(root()).args(args);
    command
}

/// What a program prints.
pub(crate) fn say(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// A run under way. Dropped, it is killed.
pub(crate) struct Child {
    process: std::process::Child,
    lines: Receiver<String>,
    said: String,
}

impl Child {
    pub(crate) fn start(args: &[&str]) -> Result<Self, Failed> {
        Self::start_as(cnilab(args))
    }

    pub(crate) fn start_as(mut command: Command) -> Result<Self, Failed> {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let stderr = process.stderr.take().ok_or("its standard error is piped")?;
        let (tell, lines) = channel();
        std::thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).all(|line| tell.send(line).is_ok()));
        Ok(Self { process, lines, said: String::new() })
    }

    /// Waits until it says a line with `word`, and returns that.
    pub(crate) fn until(&mut self, word: &str) -> Result<String, Failed> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|_| format!("it never said `{word}`:\n{}", self.said))?;
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(word) {
                return Ok(line);
            }
        }
    }

    /// The name of the cluster that it makes, once that stands.
    pub(crate) fn cluster(&mut self) -> Result<String, Failed> {
        let line = self.until("create the cluster ")?;
        let name = line.split("create the cluster ").nth(1).and_then(|rest| rest.split_whitespace().next());
        Ok(name.ok_or("the line names it")?.to_owned())
    }

    /// Kills it, as nothing that could clean up would survive.
    pub(crate) fn kill(&mut self) -> Result<(), Failed> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Interrupts it, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        say("kill", &["-INT", &self.process.id().to_string()]);
    }

    /// Waits until it ends.
    pub(crate) fn end(&mut self) -> Result<ExitStatus, Failed> {
        let deadline = Instant::now() + 3 * PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                }
                // It has closed its standard error: nobody else has it.
                Err(RecvTimeoutError::Disconnected) => return Ok(self.process.wait()?),
                Err(RecvTimeoutError::Timeout) => return Err(Failed::from(format!("it never ended:\n{}", self.said))),
            }
        }
    }

    /// All that it said on standard error, as far as it was read.
    pub(crate) fn said(&self) -> String {
        self.said.clone()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended already, unless a trial failed half-way: then it takes down what it made, if it still can.
        if matches!(self.process.try_wait(), Ok(None)) {
            self.interrupt();
            let _ = self.end();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until something holds.
pub(crate) fn within(what: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failed> {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > deadline {
            return Err(Failed::from(format!("not within {PATIENCE:?}: {what}")));
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// Whether a process of this host has these words in its command line.
pub(crate) fn runs(words: &str) -> bool {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").contains(words)
    })
}

/// Answers one HTTP request on loopback with `text`; its address.
pub(crate) fn serve_once(text: &'static str) -> Result<String, Failed> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let _ = stream.read(&mut [0; 1024]);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
    });
    Ok(format!("http://{address}/manifest.yaml"))
}
