//! Captures by a process in the place itself, where this one cannot enter: our own agent.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::agent::{Answer, Heard, Order};
use super::options::{Options, Target};
use super::problem::CaptureError;
use super::recording::{Liveness, Recording};
use crate::fault::in_words;
use crate::name::Token;
use crate::place::{Place, Process, Said};

/// How long an agent may take to start, and to tell what it heard, besides what it waits for itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest line that an agent is believed, in bytes.
const LONGEST: usize = 128 << 20;

/// An agent that captures.
pub(super) struct Agent {
    process: Process,
    /// What it said behind the last line, and what it complained of.
    said: Vec<u8>,
    complained: Vec<u8>,
    /// The points at which it listens.
    listening: Vec<(u32, Target)>,
    options: Options,
}

impl Agent {
    /// Has an agent in `place` listen at `points`; tells why it does not at some.
    pub(super) async fn arm(
        place: &dyn Place,
        points: Vec<(u32, Target)>,
        options: &Options,
        token: Token,
    ) -> Result<(Self, Vec<Option<String>>), CaptureError> {
        let program = place.program().ok_or(CaptureError::NoNamespace)?.with(["nettool", "capture"]);
        let process = place.start(&program).await.map_err(|error| trouble(in_words(&error)))?;
        let mut agent = Self { process, said: Vec::new(), complained: Vec::new(), listening: Vec::new(), options: options.clone() };
        agent.tell(&Order { points: points.clone(), options: options.clone(), token }).await?;
        let Answer(refused) = agent.hear(PATIENCE).await?;
        agent.listening = points.into_iter().zip(&refused).filter(|(_, refused)| refused.is_none()).map(|(point, _)| point).collect();
        Ok((agent, refused))
    }

    /// Closes the capture; one recording for each point, by its number. If the agent has come to grief, all its points are lost.
    pub(super) async fn finish(mut self) -> Vec<(u32, Recording)> {
        let points = std::mem::take(&mut self.listening);
        let snap_length = self.options.snap_length;
        let (heard, why) = match self.heard().await {
            Ok(heard) => (heard, "our agent told of fewer points than it listened at".to_owned()),
            Err(error) => (Vec::new(), in_words(&error)),
        };
        let heard = heard.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let recording = |((number, target), heard): ((u32, Target), Option<Heard>)| {
            let told = heard.and_then(|heard| heard.recording(target.clone(), snap_length));
            (number, told.unwrap_or_else(|| Recording::empty(target, snap_length, Liveness::Lost(why.clone()))))
        };
        points.into_iter().zip(heard).map(recording).collect()
    }

    async fn heard(&mut self) -> Result<Vec<Heard>, CaptureError> {
        self.tell(&()).await?;
        self.hear(PATIENCE + self.options.deadline).await
    }

    async fn tell(&mut self, what: &impl Serialize) -> Result<(), CaptureError> {
        let mut line = serde_json::to_vec(what).expect("an order is strings and numbers");
        line.push(b'\n');
        let input = &mut self.process.input;
        let told = async {
            input.write_all(&line).await?;
            input.flush().await
        };
        told.await.map_err(|error| trouble(format!("does not listen: {error}")))
    }

    /// The next line that it says, as what it is to be.
    async fn hear<T: DeserializeOwned>(&mut self, within: Duration) -> Result<T, CaptureError> {
        let line = timeout(within, self.line()).await.map_err(|_| trouble(format!("says nothing within {within:?}")))??;
        serde_json::from_slice(&line).map_err(|error| trouble(format!("says what is no answer: {error}")))
    }

    async fn line(&mut self) -> Result<Vec<u8>, CaptureError> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.said[looked..].iter().position(|byte| *byte == b'\n') {
                let rest = self.said.split_off(looked + end + 1);
                return Ok(std::mem::replace(&mut self.said, rest));
            }
            looked = self.said.len();
            match self.process.said.next().await {
                Some(Ok(Said::Output(piece))) if self.said.len() + piece.len() <= LONGEST => self.said.extend(piece),
                Some(Ok(Said::Output(_))) => return Err(trouble("does not come to an end".to_owned())),
                Some(Ok(Said::Error(piece))) => self.complained.extend(piece),
                Some(Err(error)) => return Err(trouble(format!("is out of reach: {error}"))),
                None => return Err(trouble(format!("ended early: {}", String::from_utf8_lossy(&self.complained).trim()))),
            }
        }
    }
}

fn trouble(why: String) -> CaptureError {
    CaptureError::Elsewhere { what: "our agent", why }
}
