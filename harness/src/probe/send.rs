//! Sending a probe from its place, and waiting for the answer.

use std::net::SocketAddrV4;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::problem::ProbeError;
use crate::capture::Armed;
use crate::fault::in_words;
use crate::name::Token;
use crate::nettool::{ANSWERED, Connection, NEXT_ERROR, Outcome, ask, connections, knock, ping};
use crate::place::{Bounds, Cmd, CommandError, Place, PlaceError, Said, meanwhile_in_netns};
use crate::plan::{BoundProbe, Listening, Message};
use crate::site::Site;
use crate::wait::{Look, until};

/// How long [`send`] waits for an answer: a little less than TCP waits for that to its first segment before it sends it again (`TCP_TIMEOUT_INIT`,
/// `include/net/tcp.h`), or a capture would have it once or twice.
pub const DEADLINE: Duration = Duration::from_millis(950);
/// From one look at a connection to the next, where it is not over at once.
const SOON: Duration = Duration::from_millis(5);
/// How many un-asserted pings an agent sends.
const PINGS: u32 = 2;
/// How long an agent waits for the answers to all pings of a probe: a place ends whatever takes longer than ten seconds.
const ALL: Duration = Duration::from_secs(8);

/// Sends the probe once, while every point of `armed` listens, and waits for its answer until [`DEADLINE`]; several pings for each one's.
pub async fn send(on: &Site, probe: &BoundProbe, armed: &Armed<'_>) -> Outcome {
    send_within(on, probe, armed, DEADLINE).await
}

/// As [`send`], with another deadline. What goes wrong is told in the outcome.
pub async fn send_within(on: &Site, probe: &BoundProbe, _listening: &Armed<'_>, deadline: Duration) -> Outcome {
    let sent = once(on, probe, deadline).await;
    sent.unwrap_or_else(|error| Outcome::failed(probe.token, in_words(&error)))
}

/// Sends pings that nothing is asserted of, one after another, until one is answered, or one request; whether there was an answer before the
/// deadline.
///
/// They carry another token than the probe, and so another ICMP identifier: neighbours are known afterwards, but the probe is a new flow. Kernels send few ICMP
/// errors to a host: without an answer this ends only once they may send another, which is then the probe's.
pub async fn warm_up(on: &Site, probe: &BoundProbe, deadline: Duration) -> bool {
    let token = Token::derive(&format!("{:?}", probe.token), "warm-up");
    let (to, here) = (probe.to, on.places.get(&probe.from).and_then(|place| place.netns()));
    let (tries, message) = match (&probe.message, here) {
        (Message::Echo { .. }, Some(netns)) => {
            return meanwhile_in_netns(netns, move || knock(to, token, deadline)).await.unwrap_or(false);
        }
        (Message::Echo { .. }, None) => (PINGS, Message::Echo { size: 0, count: 1 }),
        (Message::Get { .. }, _) => (1, probe.message.clone()),
    };
    let probe = BoundProbe { message, token, ..probe.clone() };
    for _ in 0..tries {
        if once(on, &probe, deadline / tries).await.is_ok_and(|outcome| outcome.answered_at.is_some()) {
            return true;
        }
        // A kernel does not tell what it may send, so here time is all that there is to wait for.
        let _ = until("the next ICMP error", NEXT_ERROR, NEXT_ERROR, async || Look::<()>::NotYet(String::new())).await;
    }
    false
}

/// Sends the probe once, and waits for its answer; for that of a server also until its connection is over.
async fn once(on: &Site, probe: &BoundProbe, deadline: Duration) -> Result<Outcome, ProbeError> {
    let place = on.places.get(&probe.from).ok_or_else(|| ProbeError::NoPlace(probe.from.clone()))?;
    let enter = |source| ProbeError::Enter { place: probe.from.clone(), source };
    let (to, token) = (probe.to, probe.token);
    let outcome = match (place.netns(), &probe.message) {
        (Some(netns), &Message::Echo { size, count }) => {
            meanwhile_in_netns(netns, move || ping(to, size, count, token, deadline)).await.map_err(enter)?
        }
        (Some(netns), Message::Get { port, servers }) => {
            let to = SocketAddrV4::new(to, *port);
            let asked = meanwhile_in_netns(netns, move || ask(to, token, deadline)).await.map_err(enter)?;
            if asked.is_answered() {
                none_of(on, servers, deadline, Connection::is_held).await;
            }
            meanwhile_in_netns(netns, move || asked.close(deadline)).await.map_err(enter)?
        }
        (None, _) => by_agent(on, &**place, probe, deadline).await?,
    };
    if let Message::Get { servers, .. } = &probe.message
        && outcome.answer.is_some()
        && outcome.error.is_none()
    {
        // The client's last acknowledgment has passed every point then.
        none_of(on, servers, deadline, Connection::is_under_way).await;
    }
    Ok(outcome)
}

/// Has this very program send it, in a place that this process cannot enter.
async fn by_agent(on: &Site, place: &dyn Place, probe: &BoundProbe, deadline: Duration) -> Result<Outcome, ProbeError> {
    let failed = |source| ProbeError::Agent { place: probe.from.clone(), source };
    let program = place.program().ok_or_else(|| ProbeError::NoNamespace(probe.from.clone()))?.with(["nettool"]);
    let command = match &probe.message {
        Message::Echo { size, count } => {
            program.with(["ping", &probe.to.to_string(), "--size", &size.to_string(), "--count", &count.to_string()])
        }
        Message::Get { port, .. } => program.with(["get", "--hold", &SocketAddrV4::new(probe.to, *port).to_string()]),
    };
    let each = match &probe.message {
        Message::Echo { count, .. } => deadline.min(ALL / u32::from(*count).max(1)),
        Message::Get { .. } => deadline,
    };
    let command = command.with(["--json", "--token", &probe.token.hex(), "--within", &each.as_millis().to_string()]);
    let mut said = Vec::new();
    let output = match &probe.message {
        Message::Echo { .. } => place.run(&command).await.map_err(failed)?,
        Message::Get { servers, .. } => {
            let told = |source| failed(PlaceError { command: command.to_string(), place: place.name().clone(), source });
            let bounds = Bounds::default();
            let mut process = place.start(&command).await.map_err(failed)?;
            let first = timeout(bounds.deadline, process.said.next()).await.map_err(|_| told(CommandError::Late(bounds.deadline)))?;
            if let Some(Said::Output(piece)) = first.transpose().map_err(|source| told(CommandError::Lost(source)))? {
                said = piece;
                none_of(on, servers, deadline, Connection::is_held).await;
            }
            process.end(bounds).await.map_err(told)?
        }
    };
    let said = format!("{}{}", String::from_utf8_lossy(&said), output.stdout);
    let outcome = said.strip_prefix(ANSWERED).unwrap_or(&said);
    serde_json::from_str(outcome)
        .map_err(|_| ProbeError::Odd { place: probe.from.clone(), said: format!("{said}{}", output.stderr).trim().to_owned() })
}

/// Waits until no connection of a server `is` so any more, by looking at the servers' sockets. A server that cannot be looked at, or whose connection stays as it
/// is, is not waited for longer than `deadline`; what is missing then is missing in the captures, and what is too much is in them.
async fn none_of(on: &Site, servers: &[Listening], deadline: Duration, is: fn(&Connection) -> bool) {
    let table = Cmd::parse("cat /proc/self/net/tcp");
    let look = async || {
        for server in servers {
            let Some(place) = on.places.get(&server.place) else { continue };
            let Ok(output) = place.run(&table).await else { return Look::Never(format!("{} cannot be looked at", server.place)) };
            if output.status != 0 {
                return Look::NotYet(output.stderr);
            }
            let all = connections(&output.stdout);
            if let Some(one) = all.iter().find(|one| one.own.port() == server.port && is(one)) {
                return Look::NotYet(format!("{} still talks to {}", server.place, one.other));
            }
        }
        Look::Done(())
    };
    let _ = until("the connection to be over", deadline, SOON, look).await;
}

/// The outcome of a probe that was kept back on purpose, to see that no verdict is built on it.
pub fn withheld(probe: &BoundProbe) -> Outcome {
    Outcome::failed(probe.token, "the probe was withheld on purpose".into())
}
