//! Arming: a capture that listens at every point it can.

use std::io::{self, PipeWriter, Write};
use std::thread;

use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::listen::{Common, Listener, serve};
use super::options::{Options, Target};
use super::problem::{CaptureError, failed};
use super::recording::{Liveness, Recording};
use crate::name::{PointName, Token};
use crate::place::meanwhile_in_netns;
use crate::site::Site;

/// How many points are opened at the same time, each on a thread of its own: a ring costs a grace period of the kernel, and those can be shared.
const TOGETHER: usize = 64;

/// A capture that listens: the proof that a probe may be sent. Dropping it ends the capture unread.
#[derive(Debug)]
pub struct Armed {
    /// One per point, in order: what is known of it, and why it does not listen if it does not.
    points: Vec<(Target, Option<String>)>,
    snap_length: u32,
    serving: Option<Serving>,
}

/// The thread that captures.
#[derive(Debug)]
struct Serving {
    /// A byte here closes the capture; its end abandons it.
    orders: PipeWriter,
    heard: oneshot::Receiver<Vec<Recording>>,
}

/// Listens at every one of `points`, and returns once all of them do that can; a point that cannot ends as [`Liveness::NeverArmed`].
pub async fn arm(site: &Site, points: &[Target], options: &Options) -> Armed {
    let common = Common::new(options);
    let numbered: Vec<(u32, &Target)> = (0..).zip(points).collect();
    let (mut listeners, mut armed) = (Vec::new(), Vec::new());
    for some in numbered.chunks(TOGETHER) {
        let opened = join_all(some.iter().map(|(number, target)| open(site, target, *number, options, common.token))).await;
        for (opened, (_, target)) in opened.into_iter().zip(some) {
            let refused = opened.map(|listener| listeners.push(listener)).err();
            armed.push(((*target).clone(), refused.map(|error| error.in_words())));
        }
    }
    let serving = start(listeners, common).map_err(failed("start the thread that captures"));
    if let Err(error) = &serving {
        for (_, refused) in &mut armed {
            refused.get_or_insert_with(|| error.in_words());
        }
    }
    Armed { points: armed, snap_length: options.snap_length, serving: serving.ok() }
}

impl Armed {
    /// The points that do not listen, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&PointName, &str)> {
        self.points.iter().filter_map(|(target, refused)| Some((&target.point, refused.as_deref()?)))
    }

    /// Closes the capture: sends a sentinel out of every interface, reads until each has been delivered where it was sent, and returns one recording per point,
    /// in the order in which they were given. A sentinel that has not come in by the deadline makes its point [`Liveness::Lost`].
    ///
    /// All that the probe caused at a point must have happened before: a ring keeps its order, so what lies before the sentinel is complete.
    pub async fn finish(self) -> Vec<Recording> {
        let mut heard = match self.serving {
            Some(serving) => serving.finish().await.into_iter().peekable(),
            None => Vec::new().into_iter().peekable(),
        };
        let recording = |(target, refused): (Target, Option<String>)| {
            let listened = heard.next_if(|recording| refused.is_none() && recording.point == target.point);
            listened.unwrap_or_else(|| silent(target, self.snap_length, refused))
        };
        self.points.into_iter().map(recording).collect()
    }
}

impl Serving {
    /// What was heard; nothing, if the thread has come to grief.
    async fn finish(mut self) -> Vec<Recording> {
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

/// The recording of a point that has none.
fn silent(target: Target, snap_length: u32, refused: Option<String>) -> Recording {
    Recording {
        point: target.point,
        place: target.place,
        interface: target.interface,
        link: target.link,
        snap_length,
        frames: Vec::new(),
        dropped: 0,
        liveness: refused.map_or_else(|| Liveness::Lost("the thread that captures ended early".into()), Liveness::NeverArmed),
        promiscuous: false,
    }
}
