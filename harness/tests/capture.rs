//! Captures and probes in network namespaces of their own. Every trial is ignored, by name, where user namespaces are refused.
#![expect(
    unsafe_code,
    reason = "TUN devices and promiscuous packet sockets need ioctl and setsockopt, and the library has neither for others"
)]
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed trial")]

#[path = "capture/agents.rs"]
mod agents;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cnilab::capture::{Liveness, Options, Recording, Sabotage, Target, arm};
use cnilab::name::{PlaceName, PointName, Token};
use cnilab::packet::{Frame, LinkType};
use cnilab::place::{Cmd, Output, Place, PlaceError, in_netns};
use cnilab::plan::{BoundProbe, Message};
use cnilab::probe;
use cnilab::site::{Facts, Site};
use futures_util::future::BoxFuture;
use libtest_mimic::{Arguments, Trial};
use nix::sched::{CloneFlags, unshare};
use rtnetlink::{Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // While there is but one thread: a user namespace cannot be entered by more.
    let refused = enclose().err().map(|error| format!("no user namespace: {error}"));
    let no_tun = refused.clone().or_else(|| Some(format!("no /dev/net/tun: {}", open_tun().err()?)));
    let trial = |name: &str, run: fn()| wanting(refused.as_ref(), name, run);
    let trials = vec![
        trial("twenty pings of twenty are seen whole at both ends", || block_on(twenty_pings())),
        trial("a point that is down, without a carrier, or missing is never armed", || block_on(never_armed())),
        trial("a socket closed midway loses its point and no other", || block_on(closed_midway())),
        trial("an interface that goes down loses its point", || block_on(gone_down())),
        trial("a starved ring counts what the kernel dropped", || block_on(starved())),
        trial("somebody else's promiscuous mode is noticed", || block_on(promiscuous())),
        trial("frames are kept up to the snap length", || block_on(snap_length())),
        wanting(no_tun.as_ref(), "a raw link is captured without a link layer", || block_on(raw_link())),
        trial("a probe that cannot leave says why", || block_on(cannot_leave())),
        trial("an ICMP error about the probe is told", || block_on(icmp_error())),
        trial("an un-asserted ping leaves an ICMP error for the probe", || block_on(errors_left())),
        trial("a capture that is dropped ends", || block_on(dropped())),
        trial("agents capture and send where nobody enters", || block_on(agents::capture_and_send())),
        trial("agents end with their input", || block_on(agents::end_with_their_input())),
        trial("eight points are armed and finished in milliseconds", || block_on(eight_points())),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A trial; ignored, and its name says why, if something is missing.
fn wanting(missing: Option<&String>, name: &str, run: fn()) -> Trial {
    let name = missing.map_or_else(|| name.to_owned(), |why| format!("{name} ({why})"));
    let run = move || {
        run();
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(missing.is_some())
}

/// Puts this process into a user and network namespace of its own, as their root.
fn enclose() -> Result<(), String> {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(|error| error.desc().to_owned())?;
    let write = |file: &str, text: String| std::fs::write(format!("/proc/self/{file}"), text).map_err(|error| error.to_string());
    write("setgroups", "deny".into())?;
    write("uid_map", format!("0 {user} 1"))?;
    write("gid_map", format!("0 {group} 1"))
}

struct Netns {
    name: PlaceName,
    netns: OwnedFd,
}

impl Netns {
    fn new(name: &str) -> Self {
        let make = || {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            File::open("/proc/thread-self/ns/net").unwrap().into()
        };
        Self { name: PlaceName::new(name), netns: std::thread::spawn(make).join().unwrap() }
    }

    fn handle(&self) -> Handle {
        let runtime = tokio::runtime::Handle::current();
        let connect = || {
            let _entered = runtime.enter();
            rtnetlink::new_connection().unwrap()
        };
        let (connection, handle, _) = in_netns(self.netns.as_fd(), connect).unwrap();
        tokio::spawn(connection);
        handle
    }

    async fn set(&self, interface: &str, change: impl FnOnce(LinkMessageBuilder<LinkUnspec>) -> LinkMessageBuilder<LinkUnspec>) {
        self.handle().link().set(change(LinkUnspec::new_with_name(interface)).build()).execute().await.unwrap();
    }

    async fn address(&self, interface: &str, address: [u8; 4]) {
        let name = std::ffi::CString::new(interface).unwrap();
        let index = in_netns(self.netns.as_fd(), || nix::net::if_::if_nametoindex(&*name).unwrap()).unwrap();
        self.handle().address().add(index, Ipv4Addr::from(address).into(), 24).execute().await.unwrap();
    }
}

impl Place for Netns {
    fn name(&self) -> &PlaceName {
        &self.name
    }

    fn run<'a>(&'a self, _: &'a Cmd) -> BoxFuture<'a, Result<Output, PlaceError>> {
        unreachable!("nothing here runs commands")
    }

    fn netns(&self) -> Option<BorrowedFd<'_>> {
        Some(self.netns.as_fd())
    }
}

/// Places `a` and `b` with `pairs` veth pairs between them: `v0` on either side, 10.0.0.1 and 10.0.0.2; `v1`, 10.0.1.1 and 10.0.1.2; and so on.
async fn two_places(pairs: u8) -> (Site, Vec<Target>) {
    let (a, b) = (Netns::new("a"), Netns::new("b"));
    let mut targets = Vec::new();
    for number in 0..pairs {
        let name = format!("v{number}");
        let far = LinkUnspec::new_with_name(&name).setns_by_fd(b.netns.as_raw_fd()).build();
        let data = rtnetlink::packet_route::link::InfoData::Veth(rtnetlink::packet_route::link::InfoVeth::Peer(far));
        let pair = LinkVeth::new(&name, &name).set_info_data(data).build();
        a.handle().link().add(pair).execute().await.unwrap();
        for (place, last) in [(&a, 1), (&b, 2)] {
            place.set(&name, LinkMessageBuilder::up).await;
            place.address(&name, [10, 0, number, last]).await;
            targets.push(target(place, &name));
        }
    }
    (site([a, b]), targets)
}

fn site<const N: usize>(places: [Netns; N]) -> Site {
    let boxed = |place: Netns| (place.name.clone(), Box::new(place) as Box<dyn Place>);
    Site { places: places.into_iter().map(boxed).collect::<BTreeMap<_, _>>(), facts: Facts::default() }
}

/// Another hold on a place of the site.
fn again(site: &Site, name: &str) -> Netns {
    let name = PlaceName::new(name);
    let netns = site.places[&name].netns().unwrap().try_clone_to_owned().unwrap();
    Netns { name, netns }
}

fn target(place: &Netns, interface: &str) -> Target {
    Target {
        point: PointName::at(&place.name, interface),
        place: place.name.clone(),
        interface: interface.into(),
        link: LinkType::Ethernet,
    }
}

fn ping(to: [u8; 4], purpose: &str) -> BoundProbe {
    BoundProbe {
        from: PlaceName::new("a"),
        to: to.into(),
        message: Message::Echo { size: 56, count: 1 },
        token: Token::derive("test", purpose),
    }
}

/// How often a token is in a recording.
fn sightings(recording: &Recording, token: Token) -> usize {
    recording.frames.iter().filter(|frame| holds(frame, token)).count()
}

fn holds(frame: &Frame, token: Token) -> bool {
    frame.bytes.windows(16).any(|window| window == token.0)
}

/// Arms, pings `b` once over the first pair, and finishes.
async fn ping_once(site: &Site, targets: &[Target], options: &Options) -> (probe::Outcome, Vec<Recording>) {
    let probe = ping([10, 0, 0, 2], "once");
    assert!(probe::warm_up(site, &probe, Duration::from_secs(2)).await, "the warm-up is answered");
    let armed = arm(site, targets, options).await;
    let outcome = probe::send(site, &probe, &armed).await;
    (outcome, armed.finish().await)
}

fn block_on(trial: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(trial);
}

async fn twenty_pings() {
    let (site, targets) = two_places(1).await;
    assert!(probe::warm_up(&site, &ping([10, 0, 0, 2], "warm"), Duration::from_secs(2)).await);
    for round in 0..20 {
        let probe = ping([10, 0, 0, 2], &format!("round {round}"));
        let armed = arm(&site, &targets, &Options::default()).await;
        let before = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let outcome = probe::send(&site, &probe, &armed).await;
        let (sent, answered) = (outcome.sent_at.unwrap(), outcome.answered_at.unwrap());
        assert!(u128::from(sent) >= before && answered > sent);
        assert_eq!((outcome.answer_ttl, outcome.error), (Some(64), None));
        for recording in armed.finish().await {
            assert_eq!(recording.liveness, Liveness::Alive, "{round}: {}", recording.point);
            assert_eq!((recording.dropped, recording.promiscuous, recording.link), (0, false, LinkType::Ethernet));
            assert_eq!(sightings(&recording, probe.token), 2, "{round}: request and reply at {}", recording.point);
            for frame in recording.frames.iter().filter(|frame| holds(frame, probe.token)) {
                assert_eq!((frame.wire_length, frame.bytes.len()), (98, 98));
                assert!((sent..=answered).contains(&frame.at), "{sent} <= {} <= {answered}", frame.at);
                assert_eq!(frame.bytes[20] & 0x40, if frame.bytes[34] == 8 { 0x40 } else { 0 }, "an echo has DF set, its reply not");
            }
            assert!(recording.frames.iter().all(|frame| frame.bytes[12..14] != [0x88, 0xb5]), "sentinels are left out");
        }
    }
}

async fn never_armed() {
    let (site, mut targets) = two_places(3).await;
    let down = again(&site, "b");
    down.set("v1", LinkMessageBuilder::down).await;
    targets.truncate(4);
    targets.push(target(&down, "nowhere"));
    targets.push(Target { place: PlaceName::new("c"), ..target(&down, "v2") });
    let (_, recordings) = ping_once(&site, &targets, &Options::default()).await;
    let seen: Vec<_> = recordings.iter().map(|recording| &recording.liveness).collect();
    let why = |index: usize| match seen[index] {
        Liveness::NeverArmed(why) => why.as_str(),
        other => panic!("{}: {other:?}", recordings[index].point),
    };
    assert_eq!((seen[0], seen[1]), (&Liveness::Alive, &Liveness::Alive));
    assert_eq!(why(2), "interface v1 is up without a carrier: its other end is not");
    assert_eq!(why(3), "interface v1 is down");
    assert!(why(4).starts_with("cannot look up interface nowhere: No such device"), "{}", why(4));
    assert_eq!(why(5), "the site has no place of that name");
}

async fn closed_midway() {
    let (site, targets) = two_places(1).await;
    let options = Options { sabotage: Some(Sabotage::CloseMidway(targets[0].point.clone())), ..Options::default() };
    let (_, recordings) = ping_once(&site, &targets, &options).await;
    assert!(matches!(&recordings[0].liveness, Liveness::Lost(why) if why.contains("closed before")), "{:?}", recordings[0].liveness);
    assert_eq!(recordings[1].liveness, Liveness::Alive);
}

async fn gone_down() {
    let (site, targets) = two_places(2).await;
    let a = again(&site, "a");
    let armed = arm(&site, &targets, &Options::default()).await;
    a.set("v1", LinkMessageBuilder::down).await;
    // Up again: a capture that only looked at the end would not notice.
    a.set("v1", LinkMessageBuilder::up).await;
    let recordings = armed.finish().await;
    assert_eq!((&recordings[0].liveness, &recordings[1].liveness), (&Liveness::Alive, &Liveness::Alive));
    assert_eq!(recordings[2].liveness, Liveness::Lost("network is down".into()));
}

async fn starved() {
    let (site, targets) = two_places(1).await;
    let options = Options { sabotage: Some(Sabotage::Starve(targets[0].point.clone())), ..Options::default() };
    let (outcome, recordings) = ping_once(&site, &targets, &options).await;
    let token = ping([10, 0, 0, 2], "once").token;
    assert!(outcome.answered_at.is_some());
    assert_eq!(recordings[0].liveness, Liveness::Alive);
    assert!(recordings[0].dropped > 0, "the kernel dropped frames");
    assert_eq!(sightings(&recordings[0], token), 0, "the probe was among them");
    assert_eq!((recordings[1].dropped, sightings(&recordings[1], token)), (0, 2), "the other end is whole");
    assert!(recordings[1].frames.len() < 20, "what flooded it is left out");
}

async fn promiscuous() {
    let (site, targets) = two_places(2).await;
    let netns = site.places[&targets[0].place].netns().unwrap();
    // As tcpdump does it: a membership shows in no flag that user space can read.
    let _somebody = in_netns(netns, || promiscuous_socket("v0")).unwrap();
    let recordings = arm(&site, &targets, &Options::default()).await.finish().await;
    let noticed: Vec<bool> = recordings.iter().map(|recording| recording.promiscuous).collect();
    assert_eq!(noticed, [true, false, false, false], "and our own captures do not count");
}

async fn snap_length() {
    let (site, targets) = two_places(1).await;
    for (snap_length, kept) in [(60, 60), (0, 1042), (256, 256)] {
        let probe = BoundProbe { message: Message::Echo { size: 1000, count: 1 }, ..ping([10, 0, 0, 2], &format!("snap {snap_length}")) };
        let armed = arm(&site, &targets, &Options { snap_length, ..Options::default() }).await;
        assert!(probe::send(&site, &probe, &armed).await.answered_at.is_some());
        for recording in armed.finish().await {
            let longest = recording.frames.iter().max_by_key(|frame| frame.wire_length).unwrap();
            assert_eq!((recording.liveness, recording.snap_length), (Liveness::Alive, snap_length));
            assert_eq!((longest.wire_length, longest.bytes.len()), (1042, kept));
        }
    }
}

async fn raw_link() {
    let place = Netns::new("a");
    let _tun = in_netns(place.netns.as_fd(), || tun("tun0")).unwrap();
    place.set("tun0", LinkMessageBuilder::up).await;
    place.address("tun0", [10, 9, 0, 1]).await;
    let targets = [target(&place, "tun0")];
    let site = site([place]);
    let armed = arm(&site, &targets, &Options::default()).await;
    let probe = ping([10, 9, 0, 2], "raw");
    let outcome = probe::send_within(&site, &probe, &armed, Duration::from_millis(50)).await;
    assert!(outcome.sent_at.is_some() && outcome.answered_at.is_none() && outcome.error.is_none(), "{outcome:?}");
    let [recording] = &armed.finish().await[..] else { panic!("one recording") };
    assert_eq!((&recording.liveness, recording.link), (&Liveness::Alive, LinkType::Raw));
    let frame = recording.frames.iter().find(|frame| holds(frame, probe.token)).unwrap();
    assert_eq!((frame.wire_length, frame.bytes[0], &frame.bytes[12..20]), (84, 0x45, &[10, 9, 0, 1, 10, 9, 0, 2][..]));
    assert!(recording.frames.iter().all(|frame| frame.bytes[9] != 253), "sentinels are left out");
}

async fn cannot_leave() {
    let (site, targets) = two_places(1).await;
    let armed = arm(&site, &targets, &Options::default()).await;
    let outcome = probe::send(&site, &ping([192, 0, 2, 1], "no route"), &armed).await;
    assert_eq!((outcome.sent_at, outcome.error.as_deref()), (None, Some("cannot send to 192.0.2.1: Network is unreachable")));
    let lost = BoundProbe { from: PlaceName::new("c"), ..ping([10, 0, 0, 2], "nowhere") };
    assert_eq!(probe::send(&site, &lost, &armed).await.error.as_deref(), Some("the site has no place called c"));
    assert!(!probe::warm_up(&site, &ping([192, 0, 2, 1], "no route"), Duration::from_millis(50)).await);
    let withheld = probe::withheld(&lost);
    assert_eq!((withheld.sent_at, withheld.error.as_deref()), (None, Some("the probe was withheld on purpose")));
}

async fn icmp_error() {
    let (site, targets) = two_places(1).await;
    let armed = arm(&site, &targets, &Options::default()).await;
    // Its own ICMP errors reach a host by its loopback interface.
    let a = again(&site, "a");
    a.set("lo", LinkMessageBuilder::up).await;
    // Nobody has 10.0.0.9: once three ARP requests are unanswered the kernel says so.
    let began = Instant::now();
    let outcome = probe::send_within(&site, &ping([10, 0, 0, 9], "nobody"), &armed, Duration::from_secs(10)).await;
    assert_eq!((outcome.answered_at, outcome.error.as_deref()), (None, Some("10.0.0.1 says: destination host unreachable")));
    assert!(outcome.sent_at.is_some() && began.elapsed() < Duration::from_secs(9));
}

async fn errors_left() {
    let (site, targets) = two_places(1).await;
    // b forwards, and knows no way to 10.9.0.0/24. It sends as many errors as are asked for, as the places of a lab do.
    for (switch, value) in [("ip_forward", "1"), ("icmp_ratelimit", "0")] {
        in_netns(again(&site, "b").netns.as_fd(), || std::fs::write(format!("/proc/sys/net/ipv4/{switch}"), value)).unwrap().unwrap();
    }
    let (beyond, via) = (Ipv4Addr::new(10, 9, 0, 0), Ipv4Addr::new(10, 0, 0, 2));
    let route = RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(beyond, 24).gateway(via).build();
    again(&site, "a").handle().route().add(route).execute().await.unwrap();
    for round in 0..3 {
        let probe = ping([10, 9, 0, 1], &format!("beyond {round}"));
        assert!(!probe::warm_up(&site, &probe, Duration::from_secs(2)).await);
        let armed = arm(&site, &targets, &Options::default()).await;
        let outcome = probe::send(&site, &probe, &armed).await;
        assert_eq!(outcome.error.as_deref(), Some("10.0.0.2 says: destination net unreachable"), "round {round}");
        assert!(sightings(&armed.finish().await[0], probe.token) > 1, "the probe, and the error that quotes it");
    }
}

async fn dropped() {
    let (site, targets) = two_places(1).await;
    let netns = site.places[&targets[0].place].netns().unwrap();
    let sockets = || in_netns(netns, || std::fs::read_to_string("/proc/thread-self/net/packet").unwrap().lines().count() - 1).unwrap();
    let armed = arm(&site, &targets, &Options::default()).await;
    assert_eq!(sockets(), 2, "one that listens, one for the sentinel");
    drop(armed);
    let until = Instant::now() + Duration::from_secs(5);
    while sockets() > 0 {
        assert!(Instant::now() < until, "the sockets of a capture that was dropped are still open");
        tokio::task::yield_now().await;
    }
}

async fn eight_points() {
    let (site, targets) = two_places(4).await;
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        let start = Instant::now();
        let armed = arm(&site, &targets, &Options::default()).await;
        let arming = start.elapsed();
        let recordings = armed.finish().await;
        let all = start.elapsed();
        assert!(recordings.iter().all(|recording| recording.liveness == Liveness::Alive));
        if all < best.0 {
            best = (all, arming);
        }
    }
    assert!(best.0 < Duration::from_millis(100), "{best:?}");
}

/// A packet socket that has put an interface of this thread's namespace into promiscuous mode.
fn promiscuous_socket(interface: &str) -> OwnedFd {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).unwrap();
    let index = nix::net::if_::if_nametoindex(interface).unwrap().cast_signed();
    let wish =
        libc::packet_mreq { mr_ifindex: index, mr_type: libc::PACKET_MR_PROMISC.try_into().unwrap(), mr_alen: 0, mr_address: [0; 8] };
    let length = size_of_val(&wish).try_into().unwrap();
    // SAFETY: the pointer and the length describe `wish`, which outlives the call.
    let set =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, (&raw const wish).cast(), length) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    socket
}

fn open_tun() -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/net/tun")
}

/// A TUN device without packet information, in this thread's namespace; it lasts as long as the file.
fn tun(name: &str) -> File {
    let file = open_tun().unwrap();
    // SAFETY: a plain struct of integers and arrays, for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI).try_into().unwrap();
    // SAFETY: TUNSETIFF takes an ifreq, which outlives the call.
    let set = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw const request) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    file
}
