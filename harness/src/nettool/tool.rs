//! What nettool does, as a command line says it.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd as _;
use std::time::{Duration, SystemTime};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::inside::become_inside;
use super::{Outcome, Server, ask, ping};
use crate::capture;
use crate::fault::in_words;
use crate::name::Token;

/// What a client says that holds its connection open.
pub const ANSWERED: &str = "answered";

/// One thing to do in a pod.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum Tool {
    /// Serve, on every address, a page that says which pod answered
    Serve {
        /// The ports
        #[arg(long, value_delimiter = ',', default_values_t = [80])]
        port: Vec<u16>,
        /// The device whose address is told
        #[arg(long, default_value = "eth0")]
        device: String,
    },
    /// Ask a server for its page, once
    Get {
        /// Where it is: 10.244.1.2:80
        address: SocketAddrV4,
        /// Once it has answered say so, and close only when standard input ends
        #[arg(long)]
        hold: bool,
        /// What is said of every probe
        #[command(flatten)]
        how: How,
    },
    /// Send ICMP echo requests, one after another, and await each one's answer
    Ping {
        /// Where to
        address: Ipv4Addr,
        /// The payload's length in bytes
        #[arg(long, default_value_t = 56)]
        size: usize,
        /// How many
        #[arg(long, short, default_value_t = 1)]
        count: u16,
        /// What is said of every probe
        #[command(flatten)]
        how: How,
    },
    /// Capture, as a line on standard input says, until that ends; what is heard is told on standard output
    Capture,
    /// Send the frame that closes a capture by somebody else out of an interface
    Sentinel {
        /// The interface
        interface: String,
        /// The 32 hexadecimal digits by which the capture's frames are known
        #[arg(long, value_parser = token)]
        token: Token,
        /// The number of the point in the capture
        #[arg(long)]
        number: u32,
    },
    /// Run a command in the network namespace of one of this node's containers
    Inside {
        /// The container's id
        container: String,
        /// The command
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

/// What is said of every probe.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct How {
    /// The 32 hexadecimal digits by which its packets are known [default: some]
    #[arg(long, value_parser = token)]
    token: Option<Token>,
    /// Give up after so many milliseconds
    #[arg(long, default_value_t = 1000)]
    within: u64,
    /// Print all that the sender saw, as a line of JSON
    #[arg(long)]
    json: bool,
}

fn token(digits: &str) -> Result<Token, String> {
    Token::of_hex(digits).ok_or_else(|| "it takes 32 hexadecimal digits".to_owned())
}

impl How {
    fn token(&self) -> Token {
        self.token.unwrap_or_else(|| Token::derive(&format!("{:?} {}", SystemTime::now(), std::process::id()), "nettool"))
    }

    fn deadline(&self) -> Duration {
        Duration::from_millis(self.within)
    }

    /// What is printed of an outcome: as JSON whatever it is, for people only what is an answer.
    fn tell(&self, outcome: &Outcome, answer: Option<String>) -> Result<String, NettoolError> {
        if self.json {
            return Ok(format!("{}\n", serde_json::to_string(outcome).expect("an outcome is strings and numbers")));
        }
        let why = outcome.error.clone().unwrap_or_else(|| "no answer in time".to_owned());
        answer.filter(|_| outcome.error.is_none()).ok_or(NettoolError::Probe(why))
    }
}

/// Why nettool could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum NettoolError {
    /// The system refused.
    #[error("cannot {doing}")]
    Refused {
        /// What it was asked to do.
        doing: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A probe was not answered: why.
    #[error("{0}")]
    Probe(String),
}

/// Does it, and returns what there is to be printed. A server runs until SIGTERM or SIGINT.
///
/// # Errors
/// If it cannot be done; a probe without an answer is an error unless it is to be told as JSON.
pub fn run(tool: Tool) -> Result<String, NettoolError> {
    match tool {
        Tool::Serve { port, device } => serve(&port, &device).map(|()| String::new()),
        Tool::Get { address, hold, how } => {
            let asked = ask(address, how.token(), how.deadline());
            if hold && asked.is_answered() {
                await_release().map_err(|source| NettoolError::Refused { doing: "wait to be released".to_owned(), source })?;
            }
            let outcome = asked.close(how.deadline());
            let page = outcome.answer.as_ref().map(|page| format!("{page}\n"));
            how.tell(&outcome, page)
        }
        Tool::Ping { address, size, count, how } => {
            let outcome = ping(address, size, count, how.token(), how.deadline());
            let times = outcome.sent_at.zip(outcome.answered_at);
            let answer = outcome.answer_ttl.zip(times).map(|(ttl, (sent, answered))| {
                let after = Duration::from_nanos(answered.saturating_sub(sent));
                let all = outcome.echoes.filter(|echoes| echoes.count > 1);
                let of = all.map(|echoes| format!(" ({} of {} answered)", echoes.answered, echoes.count)).unwrap_or_default();
                format!("{} bytes from {address}: ttl={ttl} time={:.3} ms{of}\n", size + 8, after.as_secs_f64() * 1000.0)
            });
            how.tell(&outcome, answer)
        }
        Tool::Capture => {
            let refused = |source| NettoolError::Refused { doing: "capture".to_owned(), source };
            // Not the buffered input of `std`: what follows the order is polled for.
            let input = io::stdin().as_fd().try_clone_to_owned().map(File::from).map_err(refused)?;
            capture::attend(input, io::stdout().lock()).map_err(refused)?;
            Ok(String::new())
        }
        Tool::Sentinel { interface, token, number } => {
            capture::send_sentinel(&interface, token, number).map_err(|error| NettoolError::Probe(in_words(&error)))?;
            Ok(String::new())
        }
        Tool::Inside { container, command } => {
            let source = become_inside(&container, &command);
            Err(NettoolError::Refused { doing: format!("run {} in the container {container}", command[0]), source })
        }
    }
}

/// Says that a server has answered, on a line of its own, and waits for the end of standard input.
fn await_release() -> io::Result<()> {
    let mut said = io::stdout().lock();
    writeln!(said, "{ANSWERED}")?;
    said.flush()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)
}

fn serve(ports: &[u16], device: &str) -> Result<(), NettoolError> {
    let refused = |doing: &str| {
        let doing = doing.to_owned();
        move |source| NettoolError::Refused { doing, source }
    };
    // In a pod, the pod's name.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").map_err(refused("read this host's name"))?;
    let start = |port: &u16| Server::start(*port, device, host.trim_end()).map_err(refused(&format!("listen on port {port}")));
    let _servers = ports.iter().map(start).collect::<Result<Vec<_>, _>>()?;
    // A container's first process is not ended by a signal that it does not handle.
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(refused("handle signals"))?;
    signals.forever().next();
    Ok(())
}
