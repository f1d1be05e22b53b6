//! What nettool does, as a command line says it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Server, get, ping};

/// One thing to do in a pod.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum Tool {
    /// Serve, on every address, a page that says which pod answered
    Serve {
        /// The port
        #[arg(long, default_value_t = 80)]
        port: u16,
        /// The device whose address is told
        #[arg(long, default_value = "eth0")]
        device: String,
    },
    /// Ask a server for its page, and print that
    Get {
        /// Where it is: 10.244.1.2:80
        address: SocketAddr,
        /// Give up after so many milliseconds
        #[arg(long, default_value_t = 5000)]
        within: u64,
    },
    /// Send one ICMP echo request, and await the answer
    Ping {
        /// Where to
        address: Ipv4Addr,
        /// The payload's length in bytes
        #[arg(long, default_value_t = 56)]
        size: usize,
        /// Give up after so many milliseconds
        #[arg(long, default_value_t = 1000)]
        within: u64,
    },
}

/// Why nettool could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing}")]
pub struct NettoolError {
    /// What it was asked to do.
    pub doing: String,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Does it, and returns what there is to be printed. A server runs until SIGTERM or SIGINT.
///
/// # Errors
/// If it cannot be done; a ping without an answer is an error.
pub fn run(tool: Tool) -> Result<String, NettoolError> {
    let failed = |doing: String| move |source| NettoolError { doing, source };
    match tool {
        Tool::Serve { port, device } => {
            let server = Server::bind(port, &device).map_err(failed(format!("listen on port {port}")))?;
            // A container's first process is not ended by a signal that it does not handle.
            let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(failed("handle signals".to_owned()))?;
            std::thread::spawn(move || server.serve());
            signals.forever().next();
            Ok(String::new())
        }
        Tool::Get { address, within } => get(address, Duration::from_millis(within)).map_err(failed(format!("get a page from {address}"))),
        Tool::Ping { address, size, within } => {
            let payload: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
            let echo = ping(address, &payload, Duration::from_millis(within)).map_err(failed(format!("ping {address}")))?;
            let millis = echo.after.as_secs_f64() * 1000.0;
            Ok(format!("{} bytes from {address}: ttl={} time={millis:.3} ms\n", size + 8, echo.ttl))
        }
    }
}
