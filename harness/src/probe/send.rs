//! Sending a probe from its place, and waiting for the answer.

use std::error::Error;
use std::net::SocketAddrV4;
use std::time::Duration;

use super::problem::ProbeError;
use crate::capture::Armed;
use crate::name::Token;
use crate::nettool::{Outcome, ask, connections, knock, ping};
use crate::place::{Cmd, meanwhile_in_netns};
use crate::plan::{BoundProbe, Listening, Message};
use crate::site::Site;
use crate::wait::{Look, until};

/// How long [`send`] waits for an answer.
pub const DEADLINE: Duration = Duration::from_secs(1);
/// From one look at a connection to the next, where it is not over at once.
const EVERY: Duration = Duration::from_millis(5);

/// Sends the probe once, while every point of `armed` listens, and waits for its answer until [`DEADLINE`].
pub async fn send(on: &Site, probe: &BoundProbe, armed: &Armed) -> Outcome {
    send_within(on, probe, armed, DEADLINE).await
}

/// As [`send`], with another deadline. What goes wrong is told in the outcome.
pub async fn send_within(on: &Site, probe: &BoundProbe, _listening: &Armed, deadline: Duration) -> Outcome {
    let (to, token) = (probe.to, probe.token);
    let sent = match &probe.message {
        Message::Echo { size } => {
            let size = *size;
            in_place(on, probe, move || ping(to, size, token, deadline)).await
        }
        Message::Get { port, servers } => {
            let port = *port;
            let asked = in_place(on, probe, move || ask(SocketAddrV4::new(to, port), token, deadline)).await;
            if asked.as_ref().is_ok_and(|outcome| outcome.answer.is_some() && outcome.error.is_none()) {
                over(on, servers, deadline).await;
            }
            asked
        }
    };
    let in_words = |error: ProbeError| error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    sent.unwrap_or_else(|error| Outcome::failed(token, in_words(error)))
}

/// Sends pings that nothing is asserted of, every 20 ms, until one is answered, or one request; whether there was an answer before the deadline.
///
/// They carry another token than the probe, and so another ICMP identifier: neighbours are known afterwards, but the probe is a new flow.
pub async fn warm_up(on: &Site, probe: &BoundProbe, deadline: Duration) -> bool {
    let (to, token) = (probe.to, Token::derive(&format!("{:?}", probe.token), "warm-up"));
    match &probe.message {
        Message::Echo { size } => {
            let size = *size;
            in_place(on, probe, move || knock(to, size, token, deadline)).await.unwrap_or(false)
        }
        Message::Get { port, servers } => {
            let port = *port;
            let asked = in_place(on, probe, move || ask(SocketAddrV4::new(to, port), token, deadline)).await;
            let answered = asked.is_ok_and(|outcome| outcome.answer.is_some());
            if answered {
                over(on, servers, deadline).await;
            }
            answered
        }
    }
}

/// Waits until no connection of a server is under way any more: the client's last acknowledgment has passed every point then. A server that
/// cannot be looked at, or does not come to an end, is not waited for longer than `deadline`; what is missing then is missing in the captures.
async fn over(on: &Site, servers: &[Listening], deadline: Duration) {
    let table = Cmd::parse("cat /proc/self/net/tcp");
    let look = async || {
        for server in servers {
            let Some(place) = on.places.get(&server.place) else { continue };
            let Ok(output) = place.run(&table).await else { return Look::Never(format!("{} cannot be looked at", server.place)) };
            let all = connections(&output.stdout);
            if let Some(one) = all.iter().find(|one| one.own.port() == server.port && one.is_under_way()) {
                return Look::NotYet(format!("{} still talks to {}", server.place, one.other));
            }
        }
        Look::Done(())
    };
    let _ = until("the connection to be over", deadline, EVERY, look).await;
}

/// The outcome of a probe that was kept back on purpose, to see that no verdict is built on it.
pub fn withheld(probe: &BoundProbe) -> Outcome {
    Outcome::failed(probe.token, "the probe was withheld on purpose".into())
}

async fn in_place<T: Send + 'static>(on: &Site, probe: &BoundProbe, f: impl FnOnce() -> T + Send + 'static) -> Result<T, ProbeError> {
    let place = on.places.get(&probe.from).ok_or_else(|| ProbeError::NoPlace(probe.from.clone()))?;
    let netns = place.netns().ok_or_else(|| ProbeError::NoNamespace(probe.from.clone()))?;
    meanwhile_in_netns(netns, f).await.map_err(|source| ProbeError::Enter { place: probe.from.clone(), source })
}
