//! Places that this process does not enter: the program itself captures and sends there, as in a node whose namespaces are out of reach.

use std::os::fd::AsFd as _;
use std::process::Stdio;
use std::time::Duration;

use cnilab::capture::{Liveness, Options, Target, arm};
use cnilab::name::{PlaceName, Token};
use cnilab::place::{Bounds, Cmd, CommandError, Output, Place, PlaceError, Process, Said, in_netns};
use cnilab::probe;
use cnilab::site::Site;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use super::{Netns, again, ping, sightings, two_places};

/// A place in which processes are started, and nothing else.
struct Remote(Netns);

impl Place for Remote {
    fn name(&self) -> &PlaceName {
        self.0.name()
    }

    fn run<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        self.run_itself(cmd)
    }

    fn netns(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }

    fn start<'a>(&'a self, cmd: &'a Cmd) -> BoxFuture<'a, Result<Process, PlaceError>> {
        let runtime = tokio::runtime::Handle::current();
        let spawn = || {
            let _entered = runtime.enter();
            #[expect(clippy::disallowed_methods, reason = "this place starts processes")]
            let mut command = tokio::process::Command::from(std::process::Command::new(&cmd.program));
            command.args(&cmd.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        };
        let started = in_netns(self.0.netns.as_fd(), spawn).and_then(|child| child).map(|mut child| {
            let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
            let said = stream::select(pieces(stdout, Said::Output), pieces(stderr, Said::Error)).boxed();
            let input = Box::pin(child.stdin.take().expect("piped"));
            let status = async move { Ok(child.wait().await?.code().unwrap_or(-1)) };
            Process { input, said, status: status.boxed() }
        });
        let failed = |source| PlaceError { command: cmd.to_string(), place: self.name().clone(), source: CommandError::Start(source) };
        std::future::ready(started.map_err(failed)).boxed()
    }

    fn program(&self) -> Option<Cmd> {
        Some(Cmd::new(env!("CARGO_BIN_EXE_cnilab"), [""; 0]))
    }
}

fn pieces(from: impl AsyncRead + Unpin + Send + 'static, said: fn(Vec<u8>) -> Said) -> impl stream::Stream<Item = std::io::Result<Said>> {
    stream::unfold(from, move |mut from| async move {
        let mut piece = vec![0; 4096];
        match from.read(&mut piece).await {
            Ok(0) => None,
            Ok(length) => Some((Ok(said(piece[..length].to_vec())), from)),
            Err(error) => Some((Err(error), from)),
        }
    })
}

/// The two places, neither of which this process enters.
async fn remote() -> (Site, Vec<Target>) {
    let (site, targets) = two_places(1).await;
    let places = site.places.keys().map(|name| (name.clone(), Box::new(Remote(again(&site, name.as_str()))) as Box<dyn Place>));
    (Site { places: places.collect(), facts: site.facts.clone() }, targets)
}

/// A ping that agents send is captured by agents at both ends, whole and with their own sentinels left out.
pub(crate) async fn capture_and_send() {
    let (site, mut targets) = remote().await;
    let missing = Target { interface: "nothing".into(), ..targets[0].clone() };
    targets.push(Target { point: cnilab::name::PointName::new("a/nothing"), ..missing });
    let probe = ping([10, 0, 0, 2], "by an agent");
    assert!(probe::warm_up(&site, &probe, Duration::from_secs(5)).await, "the warm-up is answered");
    let armed = arm(&site, &targets, &Options::default()).await;
    assert_eq!(armed.refused().count(), 1, "what is not there is not listened at");
    let outcome = probe::send(&site, &probe, &armed).await;
    assert_eq!((outcome.token, outcome.answer_ttl, outcome.error), (probe.token, Some(64), None));
    let recordings = armed.finish().await;
    for recording in &recordings[..2] {
        assert_eq!((&recording.liveness, recording.dropped), (&Liveness::Alive, 0), "{}", recording.point);
        assert_eq!(sightings(recording, probe.token), 2, "request and reply at {}", recording.point);
        assert!(!recording.frames.iter().any(|frame| frame.bytes[12..14] == [0x88, 0xb5]), "sentinels are left out");
    }
    assert!(matches!(&recordings[2].liveness, Liveness::NeverArmed(why) if why.contains("nothing")), "{:?}", recordings[2].liveness);
}

/// Whoever started an agent is gone: it ends, and says nothing more.
pub(crate) async fn end_with_their_input() {
    let (site, _) = remote().await;
    let place = &site.places[&PlaceName::new("a")];
    let capture = place.program().expect("it is here").with(["nettool", "capture"]);
    let mut agent = place.start(&capture).await.expect("it starts");
    let order = serde_json::json!({ "points": [], "options": Options::default(), "token": Token::derive("test", "agent") });
    agent.input.write_all(format!("{order}\n").as_bytes()).await.expect("it listens");
    assert_eq!(agent.said.next().await.expect("it answers").expect("whole"), Said::Output(b"[]\n".to_vec()));
    let ended = agent.end(Bounds::default()).await.expect("it ends with its input");
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
}
