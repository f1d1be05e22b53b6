//! flannel-udp on clusters of kind, beyond what holds there: other ways to capture, the lab broken on purpose, and everything that can go wrong.

#[path = "support/child.rs"]
mod child;
#[path = "support/docker.rs"]
mod docker;
#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/kind_able.rs"]
mod kind_able;
#[path = "support/long.rs"]
mod long;
#[path = "support/needs.rs"]
mod needs;
#[path = "support/root.rs"]
mod root;
#[path = "support/run.rs"]
mod run;
#[path = "support/shared.rs"]
mod shared;
#[path = "support/supervise.rs"]
mod supervise;
#[path = "support/trial.rs"]
mod trial;

use child::Child;
use docker::{Proxy, containers, docker};
use evidence::evidence_folder;
use libtest_mimic::{Arguments, Failed, Trial};
use run::run;
use serde_json::Value;
use shared::on_shared;

type Done = Result<(), Failed>;
type Named = (&'static str, fn(&str) -> Done);
type Quick = (&'static str, fn() -> Done);

const LAB: &str = "flannel-udp";
/// The shortest scenario.
const ONE: &str = "pod to pod on the same node";

fn main() -> std::process::ExitCode {
    supervise::supervised(|| {
        let able = kind_able::kind_able(LAB);
        let quick: [Quick; 3] = [
            ("no daemon: this host cannot", no_daemon),
            ("no image: this host cannot, and nothing is made", no_image),
            ("another manifest than the recipe's is bad input", other_manifest),
        ];
        let quick = quick.into_iter().map(|(name, run)| Trial::test(name, run));
        let trials: [Named; 13] = [
            ("a cluster is made, used and kept", |_| Ok(())),
            ("two runs at once do not disturb each other", two_at_once),
            ("tcpdump in the nodes sees what the document shows", tcpdump),
            ("agents in the nodes see what the document shows", agents),
            ("a cluster is used by one run at a time", one_at_a_time),
            ("every mutation that can be taken back is noticed", mutations),
            ("a mutation that is interrupted is taken back", interrupted_mutation),
            ("agents end with a run that is killed", killed_agents),
            ("tcpdump ends with a run that is killed", killed_tcpdump),
            ("pods that cannot start are named, and go", bad_pods),
            ("a node that stops during a scenario proves nothing", stopped_node),
            ("a run killed in a scenario or while it deletes is swept", killed),
            ("a daemon that goes away leaves what is named, and swept", daemon_gone),
        ];
        let trials = trials.into_iter().map(|(name, run)| long::long(name, "kind", able.clone(), move || on_shared(name, make, run)));
        // One after another: most use the same cluster, and one stops a node of it.
        let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
        libtest_mimic::run(&arguments, quick.chain(trials).collect()).exit_code()
    })
}

/// A cluster that stands until all trials are over.
fn make() -> Result<String, Failed> {
    let evidence = evidence_folder("kind-kept").display().to_string();
    let said = ends_in(0, &evidence, &["--keep", "--scenario", ONE])?;
    let name = said.split("--reuse ").nth(1).and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
    name.ok_or_else(|| Failed::from(format!("it is not said which cluster was kept:\n{said}")))
}

/// A run of the lab with these options; what it said, if it did not end like this.
fn ends(code: i32, name: &str, options: &[&str]) -> Result<String, Failed> {
    ends_in(code, &evidence_folder(name).display().to_string(), options)
}

fn ends_in(code: i32, evidence: &str, options: &[&str]) -> Result<String, Failed> {
    let output = run(&[&["run", LAB, "--backend", "kind", "--evidence", evidence], options].concat());
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(code) {
        Ok(format!("{stdout}{stderr}"))
    } else {
        Err(Failed::from(format!("{}\n{stdout}{stderr}evidence: {evidence}", output.status)))
    }
}

#[track_caller]
fn contains(text: &str, word: &str) -> Done {
    if text.contains(word) { Ok(()) } else { Err(Failed::from(format!("`{word}` is not said:\n{text}"))) }
}

fn no_daemon() -> Done {
    let evidence = evidence_folder("no-daemon").display().to_string();
    let output =
        child::cnilab(&["run", LAB, "--backend", "kind", "--evidence", &evidence]).env("DOCKER_HOST", "unix:///nonexistent").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    contains(&said, "hint: see that `docker info` works")?;
    if output.status.code() == Some(3) { Ok(()) } else { Err(Failed::from(format!("{}\n{said}", output.status))) }
}

/// Neither a store, nor an archive, nor a registry (there is none at the discard port) has the node image, and that is found out before anything is made.
fn no_image() -> Done {
    let evidence = ["no-image", "no-image-offline"].map(|name| evidence_folder(name).display().to_string());
    let empty = tempfile::tempdir()?;
    let image = "127.0.0.1:9/no/such:1";
    let before = claims();
    let options = ["run", LAB, "--backend", "kind", "--node-image", image, "--evidence"];
    let folder = empty.path().display().to_string();
    for output in [run(&[&options[..], &[&evidence[0]]].concat()), run(&[&options[..], &[&evidence[1], "--offline-dir", &folder]].concat())]
    {
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(3) {
            return Err(Failed::from(format!("{}\n{said}", output.status)));
        }
        // Without a daemon that is all that there is to say; with one, the image is named.
        contains(&said, if docker(&["version", "-f", "{{.Server.Version}}"]).is_empty() { "a Docker daemon" } else { image })?;
    }
    if claims() == before { Ok(()) } else { Err("a cluster's name is claimed".into()) }
}

/// The clusters that are noted as ours.
fn claims() -> usize {
    let state = std::env::var("XDG_STATE_HOME").unwrap_or_default();
    std::fs::read_dir(std::path::Path::new(&state).join("cnilab/clusters")).map_or(0, Iterator::count)
}

/// A lab whose recipe takes its manifest from a server that has another one.
fn other_manifest() -> Done {
    let folder = tempfile::tempdir()?;
    for (from, to) in
        [("labs/flannel-udp/lab.yaml", "labs/x/lab.yaml"), ("kind-configs/flannel-udp/kind.yaml", "kind-configs/flannel-udp/kind.yaml")]
    {
        let to = folder.path().join(to);
        std::fs::create_dir_all(to.parent().ok_or("a folder")?)?;
        std::fs::copy(root::root().join(from), to)?;
    }
    let recipe = std::fs::read_to_string(root::root().join("kind-configs/flannel-udp/recipe.yaml"))?;
    let url = child::serve_once("kind: Other\n")?;
    let source = format!("{{download: {{url: \"{url}\", sha256: {}}}}}", "0".repeat(64));
    std::fs::write(folder.path().join("kind-configs/flannel-udp/recipe.yaml"), recipe.replace("{file: kube-flannel.yaml}", &source))?;
    let lab = folder.path().join("labs/x/lab.yaml").display().to_string();
    let evidence = folder.path().join("evidence").display().to_string();
    let output = run(&["run", &lab, "--backend", "kind", "--cni-version", "v0.19.2", "--evidence", &evidence]);
    let said = String::from_utf8_lossy(&output.stderr);
    contains(&said, "has the SHA-256 ")?;
    if output.status.code() == Some(2) { Ok(()) } else { Err(Failed::from(format!("{}\n{said}", output.status))) }
}

fn two_at_once(_: &str) -> Done {
    let start = |name: &str| {
        let evidence = evidence_folder(name).display().to_string();
        Child::start(&["run", LAB, "--backend", "kind", "--evidence", &evidence])
    };
    let mut both = [start("kind-one")?, start("kind-other")?];
    for child in &mut both {
        let cluster = child.cluster()?;
        if !child.end()?.success() {
            return Err(Failed::from(child.said()));
        }
        let left = containers(&cluster);
        if !left.is_empty() {
            return Err(Failed::from(format!("left: {left:?}")));
        }
    }
    Ok(())
}

fn tcpdump(cluster: &str) -> Done {
    ends(0, "kind-tcpdump", &["--reuse", cluster, "--capture", "tcpdump"]).map(drop)
}

/// What an agent's node has no program for is inconclusive, and nothing else is.
fn agents(cluster: &str) -> Done {
    let evidence = evidence_folder("kind-agent").display().to_string();
    let output =
        run(&["run", LAB, "--backend", "kind", "--reuse", cluster, "--capture", "agent", "--format", "json", "--evidence", &evidence]);
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut held = 0;
    for expectation in list(&report["scenarios"]).iter().flat_map(|scenario| list(&scenario["expectations"])) {
        let outcome = expectation["outcome"].as_str().unwrap_or_default();
        let lacks = || expectation["why"].as_str().is_some_and(|why| why.contains("` is not there"));
        match outcome {
            "held" => held += 1,
            "skipped" => {}
            "inconclusive" if expectation["kind"] == "state" && lacks() => {}
            _ => return Err(Failed::from(format!("{expectation}"))),
        }
    }
    if held < 60 { Err(Failed::from(format!("only {held} expectations held"))) } else { nothing_of_ours(cluster) }
}

/// No process and no file of ours is in the cluster's nodes.
fn nothing_of_ours(cluster: &str) -> Done {
    let mut found = docker::processes(cluster, "cnilab-agent");
    found.extend(
        containers(cluster).iter().map(|node| docker(&["exec", node, "ls", "-d", "/opt/cnilab-agent"])).filter(|path| !path.is_empty()),
    );
    if found.is_empty() { Ok(()) } else { Err(Failed::from(found.join("\n"))) }
}

fn one_at_a_time(cluster: &str) -> Done {
    let evidence = evidence_folder("kind-first").display().to_string();
    let mut first = Child::start(&["run", LAB, "--backend", "kind", "--reuse", cluster, "--evidence", &evidence])?;
    first.until("read the recipe")?;
    first.until("nodes ready")?;
    let said = ends(2, "kind-second", &["--reuse", cluster])?;
    contains(&said, &format!("another run uses the cluster {cluster}"))?;
    if first.end()?.success() { Ok(()) } else { Err("the first run was disturbed".into()) }
}

fn mutations(cluster: &str) -> Done {
    let output = run(&["mutate", LAB, "--backend", "kind", "--reuse", cluster]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let noticed = stdout.lines().filter(|line| line.starts_with("noticed ")).count();
    if output.status.success() && noticed >= 15 {
        Ok(())
    } else {
        Err(Failed::from(format!("{}, {noticed} noticed\n{stdout}{stderr}", output.status)))
    }
}

/// A cluster that was broken on purpose when the run was interrupted holds what the document shows again.
fn interrupted_mutation(cluster: &str) -> Done {
    const FAR: &str = "pod to pod on another node";
    let evidence = evidence_folder("kind-interrupted").display().to_string();
    let options = ["--reuse", cluster, "--scenario", FAR];
    let mutation = ["--mutate", "far-flanneld-stopped", "--evidence", &evidence];
    let mut child = Child::start(&[&["run", LAB, "--backend", "kind"], &options[..], &mutation].concat())?;
    child.until("break it on purpose")?;
    child.interrupt();
    let status = child.end()?;
    contains(&child.said(), "take back: far-flanneld-stopped")?;
    if status.code() != Some(130) {
        return Err(Failed::from(format!("{status}\n{}", child.said())));
    }
    ends(0, "kind-after-interrupted", &options).map(drop)
}

fn killed_agents(cluster: &str) -> Done {
    captures_end(cluster, "agent", "cnilab-agent")
}

fn killed_tcpdump(cluster: &str) -> Done {
    captures_end(cluster, "tcpdump", "tcpdump")
}

/// Kills a run while these captures are at work, and looks whether they go with it.
fn captures_end(cluster: &str, capture: &str, process: &str) -> Done {
    let evidence = evidence_folder(&format!("kind-killed-{capture}")).display().to_string();
    let mut child = Child::start(&["run", LAB, "--backend", "kind", "--reuse", cluster, "--capture", capture, "--evidence", &evidence])?;
    child.until("learn facts")?;
    child::within("it captures", || !docker::processes(cluster, process).is_empty())?;
    child.kill()?;
    child::within("all that captured ended", || docker::processes(cluster, process).is_empty())?;
    // The next run finds pods of another, and takes them away.
    ends(0, &format!("kind-after-killed-{capture}"), &["--reuse", cluster, "--scenario", ONE]).map(drop)?;
    nothing_of_ours(cluster)
}

fn bad_pods(cluster: &str) -> Done {
    let said = ends(5, "kind-bad-pods", &["--reuse", cluster, "--pod-image", "cnilab.local/no-such-pod:v0", "--scenario", ONE])?;
    contains(&said, "3 pods ready: not within 90s; last seen: 0 of 3 ready")?;
    contains(&said, "no-such-pod")?;
    let pods = docker(&[
        "exec",
        &format!("{cluster}-control-plane"),
        "kubectl",
        "--kubeconfig",
        "/etc/kubernetes/admin.conf",
        "get",
        "pods",
        "-A",
        "-l",
        "cnilab.run",
        "-o",
        "name",
    ]);
    if pods.is_empty() { Ok(()) } else { Err(Failed::from(format!("left: {pods}"))) }
}

/// Nothing that the stopped node was to show is held, and what cannot be taken out of it is named.
fn stopped_node(cluster: &str) -> Done {
    let evidence = evidence_folder("kind-stopped").display().to_string();
    let mut child = Child::start(&["run", LAB, "--backend", "kind", "--reuse", cluster, "--evidence", &evidence])?;
    child.until(ONE)?;
    docker(&["kill", &format!("{cluster}-worker")]);
    let status = child.end()?;
    let said = child.said();
    contains(
        &said,
        &format!("left something behind: /opt/cnilab-agent and images of nettool, if it has them, in the node {cluster}-worker "),
    )?;
    if status.code() != Some(5) {
        return Err(Failed::from(format!("{status}\n{said}")));
    }
    let judged = run(&["judge", &evidence, "--format", "json"]);
    let report: Value = serde_json::from_slice(&judged.stdout)?;
    let last = report["scenarios"].as_array().and_then(|all| all.last()).ok_or("no scenario")?;
    let of_that_node = |held: &Value| held["subject"].as_str().is_some_and(|at| at.starts_with("worker/") || at.starts_with("qqj89/"));
    let expectations = last["expectations"].as_array().ok_or("no expectation")?;
    let mut seen = expectations.iter().filter(|expectation| of_that_node(expectation)).peekable();
    seen.peek().ok_or("nothing is expected of the node")?;
    match seen.find(|expectation| expectation["outcome"] == "held") {
        Some(held) => Err(Failed::from(format!("held without a node: {held}"))),
        None if last["outcome"] == "held" => Err(Failed::from(format!("held without a node: {last}"))),
        None => Ok(()),
    }
}

fn killed(_: &str) -> Done {
    for (moment, name) in [("learn facts", "kind-killed-in-scenario"), (ONE, "kind-killed-in-deletion")] {
        let evidence = evidence_folder(name).display().to_string();
        let mut child = Child::start(&["run", LAB, "--backend", "kind", "--scenario", ONE, "--evidence", &evidence])?;
        let cluster = child.cluster()?;
        child.until(moment)?;
        if moment == ONE {
            child::within("the deletion is under way", || child::runs(&format!("delete cluster --name {cluster}")))?;
        }
        child.kill()?;
        swept(&cluster)?;
        if moment == ONE {
            // All that was to be recorded was: it can be judged.
            let judged = run(&["judge", &evidence]);
            if !judged.status.success() {
                return Err(Failed::from(String::from_utf8_lossy(&judged.stdout).into_owned()));
            }
        }
    }
    Ok(())
}

/// Sweeps, and looks whether anything of the cluster is left.
fn swept(cluster: &str) -> Done {
    let output = run(&["sweep"]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(Failed::from(format!("{}\n{said}", output.status)));
    }
    // A `kind` that outlived the run may still be at it.
    child::within("nothing of the cluster is left", || containers(cluster).is_empty())?;
    Ok(())
}

fn daemon_gone(_: &str) -> Done {
    let proxy = Proxy::start()?;
    let evidence = evidence_folder("kind-daemon-gone").display().to_string();
    let mut command = child::cnilab(&["run", LAB, "--backend", "kind", "--scenario", ONE, "--evidence", &evidence]);
    command.env("DOCKER_HOST", proxy.address());
    let mut child = Child::start_as(command)?;
    let cluster = child.cluster()?;
    child.until("learn facts")?;
    proxy.stop();
    let status = child.end()?;
    let said = child.said();
    contains(&said, &format!("left something behind: cluster {cluster}"))?;
    if status.code() != Some(5) {
        return Err(Failed::from(format!("{status}\n{said}")));
    }
    swept(&cluster)
}
