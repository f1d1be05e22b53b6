//! Arming: a capture that listens at every point it can.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, PipeWriter, Write};
use std::thread;

use futures_util::future::{join, join_all};
use tokio::sync::oneshot;

use super::elsewhere::Agent;
use super::listen::{Common, Listener, serve};
use super::options::{Engine, Options, Target};
use super::problem::{CaptureError, failed};
use super::recording::{Liveness, Recording};
use super::tcpdump::Tcpdump;
use crate::fault::in_words;
use crate::name::{PlaceName, PointName, Token};
use crate::place::{Place, meanwhile_in_netns};
use crate::site::Site;

/// How many points are opened at the same time, each on a thread of its own: a ring costs a grace period of the kernel, and those can be shared.
const TOGETHER: usize = 64;

/// A capture that listens: the proof that a probe may be sent. Dropping it ends the capture unread.
#[derive(Debug)]
pub struct Armed<'s> {
    /// One per point, in order: what is known of it, and why it does not listen if it does not.
    points: Vec<(Target, Option<String>)>,
    snap_length: u32,
    serving: Option<Serving>,
    elsewhere: Vec<Elsewhere<'s>>,
}

/// The thread that captures.
#[derive(Debug)]
struct Serving {
    /// A byte here closes the capture; its end abandons it.
    orders: PipeWriter,
    heard: oneshot::Receiver<Vec<(u32, Recording)>>,
}

/// A process that captures in its place.
enum Elsewhere<'s> {
    Agent(Agent),
    Tcpdump(Tcpdump, &'s dyn Place),
}

impl fmt::Debug for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agent(_) => "Agent",
            Self::Tcpdump(..) => "Tcpdump",
        })
    }
}

impl Elsewhere<'_> {
    async fn finish(self) -> Vec<(u32, Recording)> {
        match self {
            Self::Agent(agent) => agent.finish().await,
            Self::Tcpdump(tcpdump, place) => vec![tcpdump.finish(place).await],
        }
    }
}

/// Listens at every one of `points`, and returns once all of them do that can; a point that cannot ends as [`Liveness::NeverArmed`].
///
/// A place that this process can enter has its sockets opened from here; another is asked to run this very program, which is to be there.
pub async fn arm<'s>(site: &'s Site, points: &[Target], options: &Options) -> Armed<'s> {
    let common = Common::new(options);
    let mut armed: Vec<(Target, Option<String>)> = points.iter().map(|target| (target.clone(), None)).collect();
    let (mut here, mut there) = (Vec::new(), BTreeMap::<&PlaceName, Vec<(u32, Target)>>::new());
    for (number, target) in (0..).zip(points) {
        let enters = site.places.get(&target.place).is_none_or(|place| place.netns().is_some());
        if enters && options.engine == Engine::Sockets {
            here.push((number, target));
        } else {
            there.entry(&target.place).or_default().push((number, target.clone()));
        }
    }
    let mut listeners = Vec::new();
    for some in here.chunks(TOGETHER) {
        let opened = join_all(some.iter().map(|(number, target)| open(site, target, *number, options, common.token))).await;
        for (opened, (number, _)) in opened.into_iter().zip(some) {
            armed[*number as usize].1 = opened.map(|listener| listeners.push(listener)).err().map(|error| in_words(&error));
        }
    }
    let mut elsewhere = Vec::new();
    for (process, refused) in
        join_all(there.into_iter().map(|(place, points)| send_there(site, place, points, options, common.token))).await
    {
        elsewhere.extend(process);
        for (number, why) in refused {
            armed[number as usize].1 = Some(why);
        }
    }
    let serving =
        if here.is_empty() { Ok(None) } else { start(listeners, common).map(Some).map_err(failed("start the thread that captures")) };
    if let Err(error) = &serving {
        for (number, _) in &here {
            armed[*number as usize].1.get_or_insert_with(|| in_words(error));
        }
    }
    Armed { points: armed, snap_length: options.snap_length, serving: serving.ok().flatten(), elsewhere }
}

/// Has processes in a place listen at its points: those that do, and why some points are not listened at, by their numbers.
async fn send_there<'s>(
    site: &'s Site,
    place: &PlaceName,
    points: Vec<(u32, Target)>,
    options: &Options,
    token: Token,
) -> (Vec<Elsewhere<'s>>, Vec<(u32, String)>) {
    let numbers: Vec<u32> = points.iter().map(|(number, _)| *number).collect();
    let all = |error: &CaptureError| numbers.iter().map(|number| (*number, in_words(error))).collect();
    let Some(place) = site.places.get(place) else { return (Vec::new(), all(&CaptureError::NoPlace)) };
    if options.engine == Engine::Tcpdump {
        let armed = join_all(points.into_iter().map(|(number, target)| async move {
            let tcpdump = Tcpdump::arm(&**place, (number, target), options, token).await;
            tcpdump.map(|tcpdump| Elsewhere::Tcpdump(tcpdump, &**place)).map_err(|error| (number, in_words(&error)))
        }));
        let (listening, refused): (Vec<_>, Vec<_>) = armed.await.into_iter().partition(Result::is_ok);
        return (listening.into_iter().flatten().collect(), refused.into_iter().filter_map(Result::err).collect());
    }
    match Agent::arm(&**place, points, options, token).await {
        Ok((agent, refused)) => {
            let refused = numbers.iter().zip(refused).filter_map(|(number, why)| Some((*number, why?)));
            (vec![Elsewhere::Agent(agent)], refused.collect())
        }
        Err(error) => (Vec::new(), all(&error)),
    }
}

impl Armed<'_> {
    /// The points that do not listen, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&PointName, &str)> {
        self.points.iter().filter_map(|(target, refused)| Some((&target.point, refused.as_deref()?)))
    }

    /// Closes the capture: sends a sentinel out of every interface, reads until each has been delivered where it was sent, and returns one recording per point,
    /// in the order in which they were given. A sentinel that has not come in by the deadline makes its point [`Liveness::Lost`].
    ///
    /// All that the probe caused at a point must have happened before: a ring keeps its order, so what lies before the sentinel is complete.
    pub async fn finish(self) -> Vec<Recording> {
        let here = async {
            match self.serving {
                Some(serving) => serving.finish().await,
                None => Vec::new(),
            }
        };
        let (here, there) = join(here, join_all(self.elsewhere.into_iter().map(Elsewhere::finish))).await;
        let mut heard: BTreeMap<u32, Recording> = here.into_iter().chain(there.into_iter().flatten()).collect();
        let recordings = (0..).zip(self.points).map(|(number, (target, refused))| {
            let listened = heard.remove(&number).filter(|_| refused.is_none());
            let why = || refused.map_or_else(|| Liveness::Lost("the thread that captures ended early".into()), Liveness::NeverArmed);
            listened.unwrap_or_else(|| Recording::empty(target, self.snap_length, why()))
        });
        recordings.collect()
    }
}

impl Serving {
    /// What was heard; nothing, if the thread has come to grief.
    async fn finish(mut self) -> Vec<(u32, Recording)> {
        if self.orders.write_all(&[1]).is_err() {
            return Vec::new();
        }
        self.heard.await.unwrap_or_default()
    }
}

/// Opens one point from within its network namespace.
async fn open(site: &Site, target: &Target, number: u32, options: &Options, token: Token) -> Result<Listener, CaptureError> {
    let place = site.places.get(&target.place).ok_or(CaptureError::NoPlace)?;
    let netns = place.netns().ok_or(CaptureError::NoNamespace)?;
    let (target, options) = (target.clone(), options.clone());
    meanwhile_in_netns(netns, move || Listener::open(target, number, &options, token)).await.map_err(CaptureError::Enter)?
}

/// Starts the thread that captures.
fn start(mut listeners: Vec<Listener>, mut common: Common) -> io::Result<Serving> {
    let (taken, orders) = io::pipe()?;
    let (tell, heard) = oneshot::channel();
    thread::Builder::new().name("capture".into()).spawn(move || {
        if let Some(recordings) = serve(&mut listeners, &mut common, taken) {
            // Nobody may be waiting any more; then nobody is told.
            drop(tell.send(recordings));
        }
        close(listeners);
    })?;
    Ok(Serving { orders, heard })
}

/// Closes all sockets at the same time, because each takes the kernel some grace periods, as much as the whole capture before, and a process that ends with
/// them open closes one after the other.
fn close(listeners: Vec<Listener>) {
    thread::scope(|scope| {
        for listener in listeners {
            // Where no thread can be had, the listener is closed in place, as a part of the closure that is dropped.
            drop(thread::Builder::new().name("close".into()).spawn_scoped(scope, || drop(listener)));
        }
    });
}
