//! Sending a probe from its place, and waiting for the answer.

use std::net::SocketAddrV4;
use std::time::Duration;

use super::problem::ProbeError;
use crate::capture::Armed;
use crate::fault::in_words;
use crate::name::Token;
use crate::nettool::{Outcome, ask, connections, knock, ping};
use crate::place::{Cmd, Place, meanwhile_in_netns};
use crate::plan::{BoundProbe, Listening, Message};
use crate::site::Site;
use crate::wait::{Look, until};

/// How long [`send`] waits for an answer.
pub const DEADLINE: Duration = Duration::from_secs(1);
/// From one look at a connection to the next, where it is not over at once.
const SOON: Duration = Duration::from_millis(5);
/// How long an agent waits for the answer to one un-asserted ping.
const EVERY: Duration = Duration::from_millis(100);
/// How long an agent waits for the answers to all pings of a probe: a place ends whatever takes longer than ten seconds.
const ALL: Duration = Duration::from_secs(8);

/// Sends the probe once, while every point of `armed` listens, and waits for its answer until [`DEADLINE`]; several pings for each one's.
pub async fn send(on: &Site, probe: &BoundProbe, armed: &Armed<'_>) -> Outcome {
    send_within(on, probe, armed, DEADLINE).await
}

/// As [`send`], with another deadline. What goes wrong is told in the outcome.
pub async fn send_within(on: &Site, probe: &BoundProbe, _listening: &Armed<'_>, deadline: Duration) -> Outcome {
    let sent = once(on, probe, probe.token, deadline).await;
    sent.unwrap_or_else(|error| Outcome::failed(probe.token, in_words(&error)))
}

/// Sends pings that nothing is asserted of, one after another, until one is answered, or one request; whether there was an answer before the
/// deadline.
///
/// They carry another token than the probe, and so another ICMP identifier: neighbours are known afterwards, but the probe is a new flow.
pub async fn warm_up(on: &Site, probe: &BoundProbe, deadline: Duration) -> bool {
    let token = Token::derive(&format!("{:?}", probe.token), "warm-up");
    let Message::Echo { size, .. } = probe.message else {
        return once(on, probe, token, deadline).await.is_ok_and(|outcome| outcome.answer.is_some());
    };
    let (to, here) = (probe.to, on.places.get(&probe.from).and_then(|place| place.netns()));
    if let Some(netns) = here {
        return meanwhile_in_netns(netns, move || knock(to, size, token, deadline)).await.unwrap_or(false);
    }
    let one = BoundProbe { message: Message::Echo { size, count: 1 }, ..probe.clone() };
    let look = async || match once(on, &one, token, EVERY).await {
        Ok(outcome) if outcome.answered_at.is_some() => Look::Done(()),
        Ok(outcome) => Look::NotYet(outcome.error.unwrap_or_default()),
        Err(error) => Look::NotYet(in_words(&error)),
    };
    until("an answer", deadline, EVERY, look).await.is_ok()
}

/// Sends the probe once, with that token, and waits for its answer; for that of a server also until its connection is over.
async fn once(on: &Site, probe: &BoundProbe, token: Token, deadline: Duration) -> Result<Outcome, ProbeError> {
    let place = on.places.get(&probe.from).ok_or_else(|| ProbeError::NoPlace(probe.from.clone()))?;
    let (to, message) = (probe.to, probe.message.clone());
    let outcome = match place.netns() {
        Some(netns) => {
            let send = move || match message {
                Message::Echo { size, count } => ping(to, size, count, token, deadline),
                Message::Get { port, .. } => ask(SocketAddrV4::new(to, port), token, deadline),
            };
            meanwhile_in_netns(netns, send).await.map_err(|source| ProbeError::Enter { place: probe.from.clone(), source })?
        }
        None => by_agent(&**place, probe, token, deadline).await?,
    };
    if let Message::Get { servers, .. } = &probe.message
        && outcome.answer.is_some()
        && outcome.error.is_none()
    {
        over(on, servers, deadline).await;
    }
    Ok(outcome)
}

/// Has this very program send it, in a place that this process cannot enter.
async fn by_agent(place: &dyn Place, probe: &BoundProbe, token: Token, deadline: Duration) -> Result<Outcome, ProbeError> {
    let program = place.program().ok_or_else(|| ProbeError::NoNamespace(probe.from.clone()))?.with(["nettool"]);
    let command = match &probe.message {
        Message::Echo { size, count } => {
            program.with(["ping", &probe.to.to_string(), "--size", &size.to_string(), "--count", &count.to_string()])
        }
        Message::Get { port, .. } => program.with(["get", &SocketAddrV4::new(probe.to, *port).to_string()]),
    };
    let each = match &probe.message {
        Message::Echo { count, .. } => deadline.min(ALL / u32::from(*count).max(1)),
        Message::Get { .. } => deadline,
    };
    let command = command.with(["--json", "--token", &token.hex(), "--within", &each.as_millis().to_string()]);
    let output = place.run(&command).await.map_err(|source| ProbeError::Agent { place: probe.from.clone(), source })?;
    serde_json::from_str(&output.stdout)
        .map_err(|_| ProbeError::Odd { place: probe.from.clone(), said: format!("{}{}", output.stdout, output.stderr).trim().to_owned() })
}

/// Waits until no connection of a server is under way any more: the client's last acknowledgment has passed every point then. A server that
/// cannot be looked at, or does not come to an end, is not waited for longer than `deadline`; what is missing then is missing in the captures.
async fn over(on: &Site, servers: &[Listening], deadline: Duration) {
    let table = Cmd::parse("cat /proc/self/net/tcp");
    let look = async || {
        for server in servers {
            let Some(place) = on.places.get(&server.place) else { continue };
            let Ok(output) = place.run(&table).await else { return Look::Never(format!("{} cannot be looked at", server.place)) };
            if output.status != 0 {
                return Look::NotYet(output.stderr);
            }
            let all = connections(&output.stdout);
            if let Some(one) = all.iter().find(|one| one.own.port() == server.port && one.is_under_way()) {
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
