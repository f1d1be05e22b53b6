//! The kind backend against a real cluster. Each trial is left out by name, with the reason, where this host cannot hold one or nobody asked
//! for it; where `CNILAB_REQUIRE` names `kind`, it is run, or fails.
//!
//! `CNILAB_SET_IMAGE` replaces images (`old=new,old=new`), `CNILAB_NODE_IMAGE` the node image.

#![expect(clippy::print_stderr, reason = "a trial tells how far it is")]

#[path = "../../../tests/support/long.rs"]
mod long;
#[path = "../../../tests/support/supervise.rs"]
mod supervise;
#[path = "../../../tests/support/trial.rs"]
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use cnilab::backend::kind::{Capture, Choices, Kind, Options, Progress, Servers, Share, Stray, Watch, Why, strays, sweep};
use cnilab::backend::{Backend, UpError};
use cnilab::name::{PlaceName, Symbol, Token};
use cnilab::nettool;
use cnilab::place::in_netns;
use cnilab::site::{Needs, Nic, NodeSpec, PodSpec, Site, Topology, Wiring};
use cnilab::wait::{Look, until};
use libtest_mimic::{Arguments, Completion, Failed};

type Done = Result<(), Failed>;
type Named = (&'static str, fn() -> Done);

const HOST_GW: &str = "the_published_flannel_makes_routes_as_host_gw";
const VXLAN: &str = "the_published_flannel_makes_tunnels_as_vxlan";

fn main() -> ExitCode {
    if let Some(folder) = std::env::var_os(CHILD) {
        child(Path::new(&folder));
        return ExitCode::SUCCESS;
    }
    supervise::supervised(all)
}

fn all() -> ExitCode {
    let trials: [Named; 8] = [
        ("flannel_udp_is_built_used_and_taken_away", whole_life),
        ("a_lab_too_large_builds_nothing", too_large),
        ("a_missing_node_image_leaves_nothing", missing_node_image),
        ("a_cni_that_never_gets_ready_leaves_its_logs_and_nothing_else", never_ready),
        ("an_abandoned_bring_up_can_be_deleted", abandoned),
        ("what_a_killed_run_left_is_swept", killed),
        (HOST_GW, || published("flannel-host-gw", "v0.27.4")),
        (VXLAN, || published("flannel-vxlan", "v0.27.4")),
    ];
    let why_not = run(async { Kind::new(options("survey", Path::new("/nonexistent"))).survey().await }).able.err();
    let able = why_not.map_or(Ok(()), Err);
    let offline = std::env::var_os("CNILAB_OFFLINE_DIR").is_some();
    let unpublished = |name| [HOST_GW, VXLAN].contains(&name) && !offline;
    let trials = trials.into_iter().map(|(name, test)| {
        if unpublished(name) {
            return trial::skipped(name, "kind", "CNILAB_OFFLINE_DIR is not set");
        }
        long::long(name, "kind", able.clone(), move || as_far_as_the_first(name, test))
    });
    // One cluster at a time: they are heavy.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Runs a trial; where the first that ran could not make a cluster, the others say so and no more.
fn as_far_as_the_first(name: &'static str, test: fn() -> Done) -> Result<Completion, Failed> {
    static FIRST: OnceLock<(&str, bool)> = OnceLock::new();
    if let Some((first, false)) = FIRST.get() {
        return Ok(Completion::ignored_with(format!("the cluster could not be made, see `{first}`")));
    }
    let done = test();
    let _ = FIRST.set((name, done.is_ok()));
    done.map(|()| Completion::Completed)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn options(run: &str, folder: &Path) -> Options {
    let images = std::env::var("CNILAB_SET_IMAGE").unwrap_or_default();
    let images = images.split(',').filter_map(|pair| pair.split_once('=')).map(|(old, new)| (old.to_owned(), new.to_owned())).collect();
    let began = Instant::now();
    Options {
        lab: "flannel-udp".to_owned(),
        run: format!("{run}-{}", std::process::id()),
        recipe: Path::new(env!("CARGO_MANIFEST_DIR")).join("../kind-configs/flannel-udp"),
        choices: Choices { images, ..Choices::default() },
        reuse: None,
        node_image: std::env::var("CNILAB_NODE_IMAGE").ok(),
        pod_image: None,
        capture: Capture::default(),
        servers: Servers::Asked,
        needs: Needs::default(),
        plugin_folders: Options::usual_plugin_folders(),
        program: trial::cnilab().to_owned(),
        folder: folder.to_owned(),
        logs: folder.join("logs"),
        watch: Watch::new(move |progress| {
            let at = began.elapsed().as_secs_f64();
            match progress {
                Progress::Began(what) => eprintln!("{at:6.2}   … {what}"),
                Progress::Done(phase) => eprintln!("{at:6.2}   ✓ {} ({:.2} s)", phase.what, phase.took.as_secs_f64()),
                Progress::Note(text) => eprintln!("{at:6.2}   · {text}"),
            }
        }),
    }
}

/// Two nodes, and pods on both: pod1 and pod3 on the first, pod2 on the second.
fn topology() -> Topology {
    let node = |number: u8| NodeSpec {
        name: PlaceName::new(format!("node{number}")),
        nics: vec![Nic {
            name: "default".to_owned(),
            interface: "eth0".to_owned(),
            address: format!("172.18.0.{number}/16").parse().expect("an address"),
            mac: None,
            gateway: None,
        }],
        bridge: None,
        tunnel: None,
        routes: Vec::new(),
    };
    let pod = |name: &str, node: &str| PodSpec {
        name: PlaceName::new(name),
        called: name.to_owned(),
        namespace: "default".to_owned(),
        labels: BTreeMap::new(),
        serves: BTreeSet::new(),
        node: PlaceName::new(node),
        address: Ipv4Addr::UNSPECIFIED,
        mac: None,
        mtu: 1472,
        host_interface: String::new(),
        wiring: Wiring::Routed { gateway: Ipv4Addr::UNSPECIFIED, host_mac: [0; 6] },
    };
    Topology {
        nodes: vec![node(1), node(2)],
        pods: vec![pod("pod1", "node1"), pod("pod2", "node2"), pod("pod3", "node1")],
        constants: BTreeMap::new(),
        proxy: None,
        services: Vec::new(),
        rules: BTreeMap::new(),
    }
}

/// What Docker itself says of a cluster's containers; empty if there is none.
fn containers(cluster: &str) -> String {
    docker(&format!("ps -aq --filter label=io.x-k8s.kind.cluster={cluster}"))
}

fn docker(args: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the test asks Docker itself, not our client of it")]
    let output = std::process::Command::new("docker").args(args.split(' ')).output().expect("docker runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The recipe of flannel-udp with something else in it.
fn other_recipe(folder: &Path, old: &str, new: &str) -> Result<PathBuf, Failed> {
    let (plain, other) = (options("", folder).recipe, folder.join("recipe"));
    std::fs::create_dir(&other)?;
    for file in ["kind.yaml", "kube-flannel.yaml"] {
        std::fs::copy(plain.join(file), other.join(file))?;
    }
    let text = std::fs::read_to_string(plain.join("recipe.yaml"))?;
    check("the recipe has what is to be changed", &text.contains(old), &true)?;
    std::fs::write(other.join("recipe.yaml"), text.replace(old, new))?;
    Ok(other)
}

fn whole_life() -> Done {
    let folder = tempfile::tempdir()?;
    let mut options = options("life", folder.path());
    // No node has this plugin, so it is brought along; no CNI calls it.
    options.recipe = other_recipe(folder.path(), "plugins: [", "plugins: [cnilab-trial, ")?;
    std::fs::write(folder.path().join("cnilab-trial"), "#!/bin/sh\necho brought along\n")?;
    options.plugin_folders.push(folder.path().to_owned());
    let labelled = format!("kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o name -l cnilab.run={}", options.run);
    let kind = Kind::new(options);
    let began = Instant::now();
    run(async {
        let site = kind.up(&topology()).await.map_err(spell)?;
        let up = began.elapsed();
        // Two kernels and two proxies decrement it on the way back.
        let used = cross(&site, 60);
        let in_node = |node: &str, command: &str| docker(&format!("exec {}-{node} {command}", kind.cluster()));
        let brought = ["control-plane", "worker", "worker2"].map(|node| in_node(node, "/opt/cni/bin/cnilab-trial"));
        let labelled = in_node("control-plane", &labelled).lines().count();
        let others: Duration = overlapping(&kind);
        eprintln!("up in {:.2} s, of which our own share {:.2} s", up.as_secs_f64(), (up.saturating_sub(others)).as_secs_f64());
        for phase in kind.phases() {
            eprintln!("  {:6.2} s {:?} {}", phase.took.as_secs_f64(), phase.share, phase.what);
        }
        let left = kind.down(site).await.err();
        used?;
        check("the plugin", &brought, &["brought along"; 3].map(str::to_owned))?;
        check("nodes labelled by the run", &labelled, &3)?;
        check("nothing is left", &left, &None)?;
        check("docker agrees", &containers(&kind.cluster()), &String::new())?;
        if up.saturating_sub(others) > Duration::from_secs(10) {
            Err("our own share of the bring-up is more than 10 s".into())
        } else {
            Ok(())
        }
    })
}

/// The time of others; what they do at once with each other counts once.
fn overlapping(kind: &Kind) -> Duration {
    kind.phases().iter().filter(|phase| phase.share == Share::Others && phase.what != "load images").map(|phase| phase.took).sum()
}

fn too_large() -> Done {
    let folder = tempfile::tempdir()?;
    let kind = Kind::new(options("large", folder.path()));
    let mut topology = topology();
    topology.nodes = (0..4).map(|_| topology.nodes[0].clone()).collect();
    let error = run(kind.up(&topology)).err().ok_or("it was built")?;
    check(
        "the reason",
        &spell(error),
        &"the lab was not brought up, and no cluster was made: the lab has 4 nodes, and the recipe flannel, UDP backend offers 3"
            .to_owned(),
    )?;
    check("docker agrees", &containers(&kind.cluster()), &String::new())
}

fn missing_node_image() -> Done {
    let folder = tempfile::tempdir()?;
    let image = "cnilab.local/no-such-node:v0";
    let kind = Kind::new(Options { node_image: Some(image.to_owned()), ..options("noimage", folder.path()) });
    let survey = run(kind.survey());
    check("the survey says so", &survey.able.is_err_and(|why| why.contains(image) && why.contains("docker pull")), &true)?;
    let error = run(kind.up(&topology())).err().ok_or("it was built")?;
    check("the image is named", &spell(error).contains(image), &true)?;
    check("docker agrees", &containers(&kind.cluster()), &String::new())
}

fn never_ready() -> Done {
    let folder = tempfile::tempdir()?;
    let recipe = other_recipe(folder.path(), "ds, within: 180s", "ds, within: 8s")?;
    let manifest = recipe.join("kube-flannel.yaml");
    let text = std::fs::read_to_string(&manifest)?;
    let command = "        command: [/opt/bin/flanneld";
    check("the manifest has what is to be changed", &text.matches(command).count(), &1)?;
    std::fs::write(
        &manifest,
        text.replace(command, &format!("        readinessProbe: {{exec: {{command: [/no/such/probe]}}}}\n{command}")),
    )?;
    let kind = Kind::new(Options { recipe, ..options("never", folder.path()) });
    let error = run(kind.up(&topology())).err().ok_or("it was built")?;
    let UpError::Cluster(built) = &error else { return Err(format!("{error}").into()) };
    let logs = built.logs.clone().ok_or("no logs were kept")?;
    let told = spell(error);
    eprintln!("{told}");
    for word in ["DaemonSet/kube-flannel/kube-flannel-ds rolled out: not within 8s; last seen: 0 of 3 available", "kube-flannel-ds-"] {
        check(word, &told.contains(word), &true)?;
    }
    check("logs are there", &std::fs::read_dir(logs)?.next().is_some(), &true)?;
    check("docker agrees", &containers(&kind.cluster()), &String::new())
}

fn abandoned() -> Done {
    // While containers are being made, and while Kubernetes is.
    for after in [600, 1_500, 10_000] {
        let folder = tempfile::tempdir()?;
        let kind = Kind::new(options(&format!("gone{after}"), folder.path()));
        run(async {
            let topology = topology();
            let up = kind.up(&topology);
            let in_time = tokio::time::timeout(Duration::from_millis(after), up).await.is_ok();
            check("it is abandoned half-way", &in_time, &false)?;
            check("nothing is left", &kind.delete().await, &Vec::new())
        })?;
        check("docker agrees", &containers(&kind.cluster()), &String::new())?;
    }
    Ok(())
}

/// This very program, asked to bring a cluster up and to do no more, says so by this variable.
const CHILD: &str = "CNILAB_TRIAL_FOLDER";

fn killed() -> Done {
    let folder = tempfile::tempdir()?;
    #[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed")]
    let mut child = std::process::Command::new(std::env::current_exe()?).env(CHILD, folder.path()).spawn()?;
    let cluster = Options { run: format!("killed-{}", child.id()), ..options("", folder.path()) }.cluster();
    run(async {
        let what = "two containers of the cluster";
        until(what, Duration::from_secs(30), Duration::from_millis(200), async || match containers(&cluster).lines().count() {
            0 | 1 => Look::NotYet("fewer".to_owned()),
            _ => Look::Done(()),
        })
        .await?;
        let stray = |strays: &[Stray]| strays.iter().find(|stray| stray.cluster == cluster).map(|stray| stray.why.clone());
        check("a cluster in use is no stray", &stray(&strays().await?), &None)?;
        check("a cluster in use is not swept", &sweep(&cluster).await.is_err(), &true)?;
        child.kill()?;
        child.wait()?;
        check("it is abandoned now", &stray(&strays().await?), &Some(Why::Abandoned))?;
        sweep(&cluster).await?;
        check("it is swept", &stray(&strays().await?), &None)
    })?;
    check("docker agrees", &containers(&cluster), &String::new())
}

fn child(folder: &Path) {
    let kind = Kind::new(options("killed", folder));
    let up = run(kind.up(&topology()));
    eprintln!("it came to its end: {:?}", up.err());
}

/// Other recipes with the manifests that their authors publish; a folder of those is in `CNILAB_OFFLINE_DIR`.
fn published(lab: &str, version: &str) -> Done {
    let folder = tempfile::tempdir()?;
    let plain = options(lab, folder.path());
    let offline = std::env::var_os("CNILAB_OFFLINE_DIR").map(PathBuf::from);
    let choices = Choices { version: Some(version.to_owned()), offline, ..plain.choices.clone() };
    let kind = Kind::new(Options { recipe: plain.recipe.with_file_name(lab), choices, ..plain });
    run(async {
        let site = kind.up(&topology()).await.map_err(spell)?;
        // Each kernel on the way decrements it; there is no proxy.
        let used = cross(&site, 62);
        let left = kind.down(site).await.err();
        used?;
        check("nothing is left", &left, &None)
    })
}

/// A ping from one node's pod to the other's, whose answer comes with that TTL, after one that need not be answered.
fn cross(site: &Site, ttl: u8) -> Done {
    let fact = |symbol: &str| site.facts.values.get(&Symbol::new(symbol)).ok_or_else(|| format!("no fact {symbol}"));
    let to: Ipv4Addr = fact("pod2.ip")?.parse()?;
    let pod1 = site.places.get(&PlaceName::new("pod1")).ok_or("no pod1")?.netns().ok_or("pod1 cannot be entered")?;
    let token = Token::derive("trial", "ping");
    let outcome = in_netns(pod1, || {
        nettool::knock(to, token, Duration::from_secs(5));
        nettool::ping(to, 56, 1, token, Duration::from_secs(2))
    })?;
    check("ttl from the other node", &outcome.answer_ttl, &Some(ttl))
}

/// An error with its causes.
fn spell(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn check<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Done {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, not {wanted:?}").into()) }
}
