//! How nodes and pods are reached: entered from this host, or through an agent in the node.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::error::KindError;
use super::options::{Capture, Options, Progress};
use super::place::KindPlace;
use super::{archive, survey};
use crate::name::PlaceName;
use crate::place::{Bounds, Cmd};

/// Where our program stands in a node that has it.
pub(super) const FOLDER: &str = "/opt/cnilab-agent";

/// How nodes and pods are reached.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    engine: Engine,
    /// Their network namespaces are entered from this host, where our program is called like this.
    pub(super) enters: Option<Cmd>,
    /// How our program is called in the nodes, if it is there.
    in_node: Option<Cmd>,
}

/// A container that runs, and its first process as Docker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    /// Its name.
    pub(super) name: String,
    /// Its id.
    pub(super) id: String,
    /// The process.
    pub(super) pid: u32,
}

impl Reach {
    /// Finds out how `nodes` can be reached, as far as the user has not decided that, and puts our program there if it is needed.
    pub(super) async fn find(engine: &Engine, options: &Options, nodes: &[Container]) -> Result<Self, KindError> {
        let may = survey::may_enter().map_err(|lacks| format!("this process {lacks}"));
        let can = may.and_then(|()| nodes.iter().try_for_each(is_here));
        let enters = match (options.capture, can) {
            (Capture::Agent, _) => None,
            (Capture::Sockets | Capture::Tcpdump, Ok(())) => Some(Cmd::new(options.program.to_string_lossy(), [""; 0])),
            (Capture::Sockets | Capture::Tcpdump, Err(why)) => {
                options.watch.tell(Progress::Note(format!("agents in the nodes do what is to be done there, since {why}")));
                None
            }
        };
        let in_node = if enters.is_none() || options.capture == Capture::Tcpdump {
            Some(bring(engine, &options.program, nodes).await?)
        } else {
            None
        };
        Ok(Self { engine: engine.clone(), enters, in_node })
    }

    /// The place that is this node, or the pod with this container in it.
    pub(super) fn place(&self, name: PlaceName, node: &str, pod: Option<&str>, netns: Option<OwnedFd>) -> io::Result<KindPlace> {
        let program = self.enters.as_ref().or(self.in_node.as_ref()).ok_or_else(|| io::Error::other("our program is nowhere"))?;
        Ok(KindPlace {
            name,
            netns: netns.map(Arc::new),
            engine: self.engine.clone(),
            node: node.to_owned(),
            pod: pod.map(str::to_owned),
            program: program.clone(),
            in_node: self.in_node.clone(),
        })
    }
}

/// Whether a container's process is one of this host: where Docker runs elsewhere, another one may have its number.
fn is_here(node: &Container) -> Result<(), String> {
    let cgroups = std::fs::read_to_string(format!("/proc/{}/cgroup", node.pid)).unwrap_or_default();
    let here = !node.id.is_empty() && cgroups.contains(&node.id);
    if here {
        Ok(())
    } else {
        Err(format!("process {} of this host, as which Docker knows {}, is not in that container", node.pid, node.name))
    }
}

/// Puts our program and what it needs to run into the nodes; tells how it is called there.
async fn bring(engine: &Engine, program: &Path, nodes: &[Container]) -> Result<Cmd, KindError> {
    let doing = format!("pack {}", program.display());
    let (tape, command) = archive::agent(program, FOLDER).map_err(KindError::host(doing))?;
    let tape: Arc<[u8]> = tape.into();
    for node in nodes {
        engine.upload(&node.name, "/", &tape).await?;
    }
    Ok(command)
}

/// Removes files and folders of nodes; those that are not there are no fault.
pub(super) async fn remove(engine: &Engine, nodes: &[String], paths: &[String]) -> io::Result<()> {
    on_each(engine, nodes, &Cmd::new("rm", ["-rf", "--"]).with(paths)).await
}

/// Makes nodes forget pods that are gone: what `paths` remember of them, and who had which address. The kernel believes for half a minute that an
/// address is still where it was (`base_reachable_time_ms`, `ip-sysctl.rst`), and the next run's pods get the same ones.
pub(super) async fn forget(engine: &Engine, nodes: &[String], paths: &[String]) -> io::Result<()> {
    remove(engine, nodes, paths).await?;
    on_each(engine, nodes, &Cmd::new("ip", ["neighbour", "flush", "all"])).await
}

/// What clears up in a node that answers at all is over by then.
pub(super) const CLEARING: Bounds = Bounds { deadline: Duration::from_secs(30), output: 1 << 20 };

/// Runs a command in each of these nodes.
async fn on_each(engine: &Engine, nodes: &[String], command: &Cmd) -> io::Result<()> {
    for node in nodes {
        let output = engine.exec(node, command).await?.end(CLEARING).await.map_err(io::Error::other)?;
        if output.status != 0 {
            return Err(io::Error::other(format!("{node}: {}", output.stderr.trim())));
        }
    }
    Ok(())
}
