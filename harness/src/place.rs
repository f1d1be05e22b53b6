//! Places: somewhere commands run.
//!
//! In: a [`Cmd`]. Out: an [`Output`], whatever its exit status.
//! Never: knows a lab, a backend or a packet.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::thread;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use nix::sched::{CloneFlags, setns};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::name::PlaceName;

/// A program and its arguments; never a shell line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cmd {
    /// The program, looked up in `PATH`.
    pub program: String,
    /// Its arguments, in order.
    pub args: Vec<String>,
}

impl Cmd {
    /// A program and its arguments.
    pub fn new(program: impl Into<String>, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { program: program.into(), args: args.into_iter().map(Into::into).collect() }
    }

    /// This command with more arguments behind its own.
    #[must_use]
    pub fn with(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Splits a plain command line at white space; nothing in it is quoted or expanded.
    pub fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        Self { program: words.next().unwrap_or_default(), args: words.collect() }
    }
}

impl std::fmt::Display for Cmd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))
    }
}

/// How a command ended and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 + the signal's number if a signal ended it.
    pub status: i32,
    /// Standard output, read as UTF-8 (what is not UTF-8 replaced).
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// A command that runs in a place. Dropped, its standard input is closed, which is to end it.
pub struct Process {
    /// Its standard input.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// What it says, piece by piece as it comes; ends when it does.
    pub said: BoxStream<'static, io::Result<Said>>,
    /// Its exit status, once it has said all.
    pub status: BoxFuture<'static, io::Result<i32>>,
}

impl Process {
    /// Ends its input, and waits until it has said all.
    ///
    /// # Errors
    /// It is out of reach.
    pub async fn end(self) -> io::Result<Output> {
        let Self { mut input, mut said, status } = self;
        // Half of a connection is not closed by being dropped, and a pipe by nothing else. A command that ends without reading may have closed it already.
        let _ = input.shutdown().await;
        drop(input);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        while let Some(piece) = said.next().await {
            match piece? {
                Said::Output(piece) => stdout.extend(piece),
                Said::Error(piece) => stderr.extend(piece),
            }
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Output { status: status.await?, stdout: text(&stdout), stderr: text(&stderr) })
    }
}

/// A piece of what a command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// On standard output.
    Output(Vec<u8>),
    /// On standard error.
    Error(Vec<u8>),
}

/// Why nothing can be said of a command.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The program could not be started; most often it is not installed.
    #[error("cannot start `{command}` in {place}")]
    Start {
        /// The whole command.
        command: String,
        /// Where it was to run.
        place: PlaceName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The place's network namespace could not be entered.
    #[error("cannot enter the network namespace of {place}")]
    Enter {
        /// Which place.
        place: PlaceName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A place that runs commands: a network namespace, a node container, a pod.
pub trait Place: Send + Sync {
    /// Its name in the lab.
    fn name(&self) -> &PlaceName;

    /// Runs `cmd` to its end; a non-zero exit is an [`Output`], not an error.
    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>>;

    /// Its network namespace, where this process can enter it.
    fn netns(&self) -> Option<BorrowedFd<'_>>;

    /// Starts `cmd` and leaves it running, where a place can do that.
    fn start<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Process, PlaceError>> {
        let source = io::Error::from(io::ErrorKind::Unsupported);
        let error = PlaceError::Start { command: cmd.to_string(), place: self.name().clone(), source };
        Box::pin(std::future::ready(Err(error)))
    }

    /// Runs `cmd` to its end as [`Place::start`] starts it: in the place itself, with its own processes and programs.
    fn run_itself<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        Box::pin(async move {
            let ended = self.start(cmd).await?.end().await;
            ended.map_err(|source| PlaceError::Start { command: cmd.to_string(), place: self.name().clone(), source })
        })
    }

    /// How this very program is called there, if it is there.
    fn program(&self) -> Option<Cmd> {
        None
    }
}

/// Runs `f` to its end on a fresh thread that has entered the network namespace `netns`; this thread stays where it is.
///
/// Sockets that `f` opens and returns stay in that namespace.
///
/// # Errors
/// The thread could not be started, or the namespace not be entered.
pub fn in_netns<T: Send>(netns: BorrowedFd<'_>, f: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let helper = thread::Builder::new().name("in-netns".into()).spawn_scoped(scope, || enter(netns).map(|()| f()))?;
        helper.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// As [`in_netns`], but the runtime goes on meanwhile. The thread is started at the first poll, and runs to its end even if nobody waits for it any more.
pub async fn meanwhile_in_netns<T: Send + 'static>(netns: BorrowedFd<'_>, f: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let netns = netns.try_clone_to_owned()?;
    let (tell, told) = tokio::sync::oneshot::channel();
    // Whoever waited may be gone by then, which is why the result of `send` is of no interest.
    thread::Builder::new().name("in-netns".into()).spawn(move || tell.send(enter(netns.as_fd()).map(|()| f())).is_ok())?;
    told.await.unwrap_or_else(|_| Err(io::Error::other("the thread in the network namespace panicked")))
}

fn enter(netns: BorrowedFd<'_>) -> io::Result<()> {
    Ok(setns(netns, CloneFlags::CLONE_NEWNET)?)
}
