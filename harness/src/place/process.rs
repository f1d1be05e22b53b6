//! Commands that run, and that one can talk to.

use std::io;
use std::pin::Pin;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{Bounds, CommandError, Output};

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
    /// Ends its input, and waits until it has said all, within `bounds`.
    ///
    /// # Errors
    /// [`CommandError::Late`], [`CommandError::TooMuch`], [`CommandError::Lost`]; to end it then is for whoever started it.
    pub async fn end(self, bounds: Bounds) -> Result<Output, CommandError> {
        timeout(bounds.deadline, self.hear(bounds.output)).await.unwrap_or(Err(CommandError::Late(bounds.deadline)))
    }

    async fn hear(self, most: usize) -> Result<Output, CommandError> {
        let Self { mut input, mut said, status } = self;
        // Half of a connection is not closed by being dropped, and a pipe by nothing else. A command that ends without reading may have closed it already.
        let _ = input.shutdown().await;
        drop(input);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        while let Some(piece) = said.next().await {
            match piece.map_err(CommandError::Lost)? {
                Said::Output(piece) => stdout.extend(piece),
                Said::Error(piece) => stderr.extend(piece),
            }
            if stdout.len().max(stderr.len()) > most {
                return Err(CommandError::TooMuch(most));
            }
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Output { status: status.await.map_err(CommandError::Lost)?, stdout: text(&stdout), stderr: text(&stderr) })
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
