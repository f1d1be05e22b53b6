//! The kind backend itself.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::archive::PROGRAM;
use super::build::Build;
use super::claim::{self, Claim, Lent};
use super::clear::vacate;
use super::engine::Engine;
use super::error::KindError;
use super::options::{Clock, Options, Phase, Progress, Servers, Share};
use super::pods::RUN;
use super::prepare::Prepared;
use super::program::{Program, take_away};
use super::survey;
use crate::backend::{Backend, Leftovers, UpError};
use crate::fault::in_words;
use crate::name::PlaceName;
use crate::site::{Site, Survey, Topology};

/// Builds labs as clusters of kind.
#[derive(Debug)]
pub struct Kind {
    options: Options,
    clock: Clock,
    /// Held as soon as there may be something of ours to delete.
    claim: Mutex<Option<Hold>>,
}

/// Whose cluster it is.
#[derive(Debug)]
enum Hold {
    /// Ours: it goes with the run.
    Own(Claim),
    /// It was there before: only what is in it is ours.
    Lent(Lent),
}

/// Why a lab was not brought up on a cluster.
#[derive(Debug, thiserror::Error)]
#[error("the lab was not brought up{}{}{}", spell_cluster(.cluster.as_deref()), spell_logs(.logs.as_ref()), spell_left(.left))]
pub struct BuildError {
    /// The cluster's name, if it came to making or using one.
    pub cluster: Option<String>,
    /// Where its logs are, if there was anything to keep.
    pub logs: Option<PathBuf>,
    /// What could not be deleted.
    pub left: Vec<String>,
    /// What went wrong.
    #[source]
    pub source: KindError,
}

fn spell_cluster(cluster: Option<&str>) -> String {
    cluster.map_or_else(|| ", and no cluster was made".to_owned(), |cluster| format!(" on the cluster {cluster}"))
}

fn spell_logs(logs: Option<&PathBuf>) -> String {
    logs.map_or_else(String::new, |logs| format!(" (its logs are in {})", logs.display()))
}

fn spell_left(left: &[String]) -> String {
    if left.is_empty() { String::new() } else { format!(" and not all of it could be taken away; left: {}", left.join(", ")) }
}

impl Backend for Kind {
    async fn survey(&self) -> Survey {
        survey::look(&self.options).await.survey(&self.options)
    }

    /// As the contract says; if it fails, the cluster is deleted and its logs are kept.
    async fn up(&self, topology: &Topology) -> Result<Site, UpError> {
        let built = self.build(topology).await;
        self.options.remove_scratch();
        match built {
            Ok(site) => Ok(site),
            Err(source) => {
                let cluster = self.claim().is_some().then(|| self.cluster());
                let logs = self.keep_logs().await;
                Err(Box::new(BuildError { cluster, logs, left: self.delete().await, source }).into())
            }
        }
    }

    async fn down(&self, site: Site) -> Result<(), Leftovers> {
        // Namespaces stay as long as somebody has them open.
        drop(site);
        let left = self.delete().await;
        if left.is_empty() { Ok(()) } else { Err(Leftovers(left)) }
    }
}

impl Kind {
    /// A backend that will make one cluster at most.
    pub fn new(options: Options) -> Self {
        Self { options, clock: Clock::default(), claim: Mutex::new(None) }
    }

    /// The cluster's name.
    pub fn cluster(&self) -> String {
        self.options.cluster()
    }

    /// The cluster's kubeconfig file.
    pub fn kubeconfig(&self) -> PathBuf {
        self.options.folder.join("kubeconfig")
    }

    /// The phases that came to their end, in the order in which they did.
    pub fn phases(&self) -> Vec<Phase> {
        self.clock.phases()
    }

    /// Deletes the cluster, if one was made; also one whose bring-up was abandoned half-way.
    ///
    /// Returns what could not be deleted.
    pub async fn delete(&self) -> Vec<String> {
        // A bring-up that was abandoned has not come to that.
        self.options.remove_scratch();
        if self.claim().is_none() {
            return Vec::new();
        }
        let program = self.program();
        if self.options.reuse.is_some() {
            return self.leave(&program).await;
        }
        let what = format!("delete the cluster {}", program.cluster);
        let deleted = self.clock.phase(&self.options.watch, Share::Own, &what, take_away(&program)).await;
        match deleted {
            Ok(()) => self.give_up(),
            Err(error) => {
                let left = async { Engine::connect().await?.containers(&program.cluster).await }.await;
                if left.as_ref().is_ok_and(Vec::is_empty) {
                    return self.give_up();
                }
                let cluster = format!("cluster {} ({})", program.cluster, in_words(&error));
                let containers = left.unwrap_or_default().into_iter().map(|name| format!("container {name}"));
                std::iter::once(cluster).chain(containers).collect()
            }
        }
    }

    /// Gives up the claim to a cluster that is gone: nothing is left.
    fn give_up(&self) -> Vec<String> {
        if let Some(Hold::Own(claim)) = self.claim().take() {
            // A claim to a cluster that is gone does no harm.
            let _ = claim.release();
        }
        Vec::new()
    }

    /// Takes what is ours out of a cluster that stays.
    async fn leave(&self, program: &Program) -> Vec<String> {
        let what = format!("take this run's pods out of {}", program.cluster);
        let vacated = async {
            if !program.kubeconfig.exists() {
                // The run ended before it had got that far.
                program.export_kubeconfig().await?;
            }
            let left = vacate(&Engine::connect().await?, program).await;
            if left.is_empty() { Ok(()) } else { Err(KindError::Unfit(left.join(", "))) }
        };
        match self.clock.phase(&self.options.watch, Share::Own, &what, vacated).await {
            Ok(()) => {
                if let Some(Hold::Lent(lent)) = self.claim().take() {
                    lent.give_back();
                }
                Vec::new()
            }
            // What is noted of the cluster stays noted, and leads `sweep` to it.
            Err(error) => vec![in_words(&error)],
        }
    }

    /// Leaves the cluster standing for good, with the lab in it, and says how to enter it.
    ///
    /// # Errors
    /// If that cannot be noted; then it counts as left behind.
    pub fn keep(&self) -> Result<String, KindError> {
        let (cluster, kubeconfig) = (self.cluster(), self.kubeconfig());
        let mut held = self.claim();
        let noted = match held.as_mut() {
            Some(Hold::Own(claim)) => claim.keep(),
            Some(Hold::Lent(lent)) => lent.keep(),
            None => Ok(()),
        };
        noted.map_err(KindError::host("note that the cluster is kept"))?;
        let away = match held.take() {
            Some(Hold::Lent(lent)) => {
                lent.give_back();
                format!("kubectl delete pods,services -A -l {RUN}   takes the lab's pods out")
            }
            _ => format!("kind delete cluster --name {cluster}   takes it away"),
        };
        Ok(format!(
            "the cluster {cluster} stays up\n  \
             export KUBECONFIG={}\n  \
             kubectl exec POD -- {PROGRAM} nettool ping ADDRESS   from one of its pods\n  \
             docker exec -it {cluster}-control-plane bash   in one of its nodes\n  \
             cnilab run {} --backend kind --reuse {cluster}   the lab again, in seconds\n  \
             {away}",
            kubeconfig.display(),
            self.options.lab
        ))
    }

    async fn build(&self, topology: &Topology) -> Result<Site, KindError> {
        let watch = &self.options.watch;
        let program = self.program();
        let (prepared, engine) = self.clock.phase(watch, Share::Own, "read the recipe", self.prepare(topology, &program)).await?;
        let build = Build { options: &self.options, clock: &self.clock, engine: &engine, program: &program, prepared: &prepared, topology };
        let claimed = match &self.options.reuse {
            None => Claim::take(&claim::usual_folder(), &program.cluster).map(Hold::Own),
            Some(_) => Claim::borrow(&claim::usual_folder(), &program.cluster).map(Hold::Lent),
        };
        *self.claim() = Some(claimed.map_err(|error| self.taken(error))?);
        let image = if self.options.reuse.is_some() { build.take_over().await? } else { build.create().await? };
        build.finish(image).await.map_err(KindError::after_creation)
    }

    /// Why a cluster's name cannot be claimed.
    fn taken(&self, error: std::io::Error) -> KindError {
        let cluster = self.cluster();
        if error.kind() == ErrorKind::WouldBlock {
            return KindError::Asked(format!("another run uses the cluster {cluster}"));
        }
        KindError::host(format!("claim the name {cluster}"))(error)
    }

    /// Everything that can go wrong without a cluster.
    async fn prepare(&self, topology: &Topology, program: &Program) -> Result<(Prepared, Engine), KindError> {
        let asking = Options { servers: Servers::Asked, ..self.options.clone() };
        let (prepared, engine) = survey::look(&asking).await.ready(&asking)?;
        let (wanted, there) = (topology.nodes.len(), prepared.recipe.nodes.len());
        if wanted > there {
            return Err(KindError::Asked(format!("the lab has {wanted} nodes, and the recipe {} offers {there}", prepared.recipe.title)));
        }
        let known = |node: &PlaceName| topology.nodes.iter().any(|known| known.name == *node);
        if let Some(pod) = topology.pods.iter().find(|pod| !known(&pod.node)) {
            return Err(KindError::Unfit(format!("{} is to run on {}, which the lab does not have", pod.name, pod.node)));
        }
        let there = !engine.containers(&program.cluster).await?.is_empty();
        match (&self.options.reuse, there) {
            (None, true) => Err(KindError::Unfit(format!("there is a cluster {} already", program.cluster))),
            (Some(cluster), false) => Err(KindError::Asked(format!("there is no cluster {cluster}; `kind get clusters` lists them"))),
            _ => Ok((prepared, engine)),
        }
    }

    /// Keeps the logs of a cluster that failed, if there is one.
    async fn keep_logs(&self) -> Option<PathBuf> {
        let program = self.program();
        let engine = Engine::connect().await.ok()?;
        if self.claim().is_none() || engine.containers(&program.cluster).await.ok()?.is_empty() {
            return None;
        }
        let folder = &self.options.logs;
        match program.export_logs(folder).await {
            Ok(()) => Some(folder.clone()),
            Err(error) => {
                self.options.watch.tell(Progress::Note(format!("the cluster's logs are lost: {error}")));
                None
            }
        }
    }

    fn claim(&self) -> MutexGuard<'_, Option<Hold>> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn program(&self) -> Program {
        Program { cluster: self.cluster(), kubeconfig: self.kubeconfig() }
    }
}
