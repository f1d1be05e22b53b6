//! What is asked of this backend.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::prepare::Choices;
use crate::site::Needs;

/// What is asked of this backend.
#[derive(Clone, Debug)]
pub struct Options {
    /// The lab's name; part of the cluster's.
    pub lab: String,
    /// The run's name, which no other run has; part of the cluster's, and on everything that is made.
    pub run: String,
    /// The folder that has `recipe.yaml` and `kind.yaml`.
    pub recipe: PathBuf,
    /// What the user chose about the recipe.
    pub choices: Choices,
    /// A cluster that stands already, by its name: nothing is created but the lab's pods and Services, and nothing else is taken away.
    pub reuse: Option<String>,
    /// The node image; the recipe's if absent.
    pub node_image: Option<String>,
    /// An image for the pods in place of nettool.
    pub pod_image: Option<String>,
    /// What captures in nodes and pods.
    pub capture: Capture,
    /// Whether a survey asks servers on the network what they have; a bring-up always does.
    pub servers: Servers,
    /// What the lab runs on this host, where nodes are entered from here.
    pub needs: Needs,
    /// Where CNI plugins of this host are looked for, in this order.
    pub plugin_folders: Vec<PathBuf>,
    /// The program that nettool is: this very one, usually `/proc/self/exe`.
    pub program: PathBuf,
    /// An existing folder of this run's own, for the kubeconfig file and what is needed until the cluster stands.
    pub folder: PathBuf,
    /// Where the cluster's logs go should bring-up fail; need not exist.
    pub logs: PathBuf,
    /// Who is told of progress.
    pub watch: Watch,
}

impl Options {
    /// Where CNI plugins are usually found: the CNI's own folder, then that of Debian's `containernetworking-plugins`.
    pub fn usual_plugin_folders() -> Vec<PathBuf> {
        ["/opt/cni/bin", "/usr/lib/cni"].map(PathBuf::from).to_vec()
    }

    /// What kind is told of the cluster to make.
    pub(super) fn kind_config(&self) -> PathBuf {
        self.folder.join("kind.json")
    }

    /// nettool's image, until it is in the nodes.
    pub(super) fn archive(&self) -> PathBuf {
        self.folder.join("nettool.tar")
    }

    /// Removes what is of no use once the cluster stands.
    pub(super) fn remove_scratch(&self) {
        for file in [self.kind_config(), self.archive()] {
            // Most often one of them was never written, or is gone already.
            let _ = std::fs::remove_file(file);
        }
    }

    /// The cluster's name: that of the one to be used again, or `cnilab-<lab>-<run>`, cut so that its nodes can be host names.
    pub fn cluster(&self) -> String {
        // RFC 1123 section 2.1: 63 characters at most; `-control-plane2` is the longest that kind puts behind.
        const LONGEST: usize = 63 - "-control-plane2".len();
        if let Some(cluster) = &self.reuse {
            return cluster.clone();
        }
        let clean =
            |text: &str| -> String { text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect() };
        let run = clean(&self.run);
        let mut lab = clean(&self.lab);
        // The run tells clusters apart, so the lab's name gives way.
        lab.truncate(LONGEST.saturating_sub("cnilab--".len() + run.len()));
        let mut name = format!("cnilab-{lab}-{run}");
        name.truncate(LONGEST);
        name.trim_end_matches('-').to_owned()
    }
}

/// What captures in nodes and pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Capture {
    /// Sockets of this process where it can enter the nodes' network namespaces (root, a Docker of this host), agents elsewhere.
    #[default]
    Sockets,
    /// This program, as an agent in the nodes; it sends the probes and looks at state, too.
    Agent,
    /// tcpdump in the nodes, which must have it.
    Tcpdump,
}

/// Whether registries and publishers are asked whether they have what this host lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Servers {
    /// They are left alone, and what they would be asked for is taken for granted.
    #[default]
    LeftAlone,
    /// They are asked.
    Asked,
}

/// Whose time a phase took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Ours.
    Own,
    /// That of `kind create`, of the CNI becoming ready, of images being loaded.
    Others,
}

/// Progress of a bring-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A phase began.
    Began(String),
    /// A phase is over.
    Done(Phase),
    /// Something worth a line.
    Note(String),
}

/// One phase of a bring-up and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What was done.
    pub what: String,
    /// For how long.
    pub took: Duration,
    /// Whose time it was.
    pub share: Share,
}

/// Somebody who is told of progress.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(Progress) + Send + Sync>);

impl Watch {
    /// Tells `told`.
    pub fn new(told: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    /// Tells them.
    pub(super) fn tell(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// The phases of a bring-up, timed.
#[derive(Debug, Default)]
pub(super) struct Clock(Mutex<Vec<Phase>>);

impl Clock {
    /// Carries out a phase, tells of it and takes its time. Phases that are done at once are told of one by one.
    pub(super) async fn phase<T, E>(
        &self,
        watch: &Watch,
        share: Share,
        what: &str,
        doing: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        watch.tell(Progress::Began(what.to_owned()));
        let began = Instant::now();
        let done = doing.await?;
        let took = began.elapsed();
        let phase = Phase { what: what.to_owned(), took, share };
        self.lock().push(phase.clone());
        watch.tell(Progress::Done(phase));
        Ok(done)
    }

    /// All phases that came to their end.
    pub(super) fn phases(&self) -> Vec<Phase> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Phase>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_s_name_can_be_a_host_s() {
        let options = |lab: &str, run: &str| Options {
            lab: lab.to_owned(),
            run: run.to_owned(),
            recipe: PathBuf::new(),
            choices: Choices::default(),
            reuse: None,
            node_image: None,
            pod_image: None,
            capture: Capture::default(),
            servers: Servers::default(),
            needs: Needs::default(),
            plugin_folders: Vec::new(),
            program: PathBuf::new(),
            folder: PathBuf::new(),
            logs: PathBuf::new(),
            watch: Watch::new(drop),
        };
        assert_eq!(options("flannel-udp", "r1").cluster(), "cnilab-flannel-udp-r1");
        assert_eq!(options("My Lab", "A_1").cluster(), "cnilab-my-lab-a-1");
        let long = options(&"l".repeat(90), "20261123-1").cluster();
        assert!(long.len() == 48 && long.ends_with("-20261123-1"), "{long}");
    }
}
