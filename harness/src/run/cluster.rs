//! A run on a real cluster: the same conductor, in this process, since a cluster needs no enclosure.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::conduct::{Finished, judge_folder};
use super::record::{Asker, Linger, record};
use super::teller::{Phases, Teller, micros};
use super::{Request, RunError, Stopper};
use crate::backend::Backend;
use crate::backend::kind::{Capture, Choices, Kind, Options, Phase, Progress, Servers, Share, Watch};
use crate::event::Event;
use crate::fault::in_words;
use crate::site::{Needs, Site, Survey};
use crate::wait::{Look, until};

/// Whoever is told of events, from whichever thread.
type Listener = Arc<Mutex<dyn FnMut(&Event) + Send>>;

/// What a user chose about the cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterChoices {
    /// The folder that has `recipe.yaml` and `kind.yaml`.
    pub recipe: PathBuf,
    /// What is chosen about the recipe.
    pub recipe_choices: Choices,
    /// A cluster that stands already, by its name.
    pub reuse: Option<String>,
    /// The node image; the recipe's if absent.
    pub node_image: Option<String>,
    /// An image for the pods in place of nettool.
    pub pod_image: Option<String>,
    /// What captures in nodes and pods.
    pub capture: Capture,
    /// Whether a survey asks servers on the network what they have; a run always does.
    pub servers: Servers,
    /// What the lab runs on this host, where nodes are entered from here.
    pub needs: Needs,
}

/// Carries out a run on a kind cluster, and judges it.
///
/// # Errors
/// Whatever fails, the cluster is gone when this returns, or without this run's pods if it stood before, unless the error says what is left;
/// what was recorded by then stays in the evidence folder, with the logs of a cluster that did not come up.
pub fn conduct_on_kind(
    request: &Request,
    choices: &ClusterChoices,
    stopper: &Stopper,
    watch: impl FnMut(&Event) + Send + 'static,
) -> Result<Finished, RunError> {
    on_kind(std::slice::from_ref(request), choices, stopper, watch, |_, done| done)?;
    judge_folder(&request.evidence)
}

/// Carries out several runs of a lab on one kind cluster, each of which leaves it as it was, and judges each as soon as it is over.
///
/// # Errors
/// As [`conduct_on_kind`], of the cluster; what goes wrong in one run is told to `each`, and ends the rest only if the cluster may be broken.
pub fn conduct_all_on_kind(
    requests: &[Request],
    choices: &ClusterChoices,
    stopper: &Stopper,
    watch: impl FnMut(&Event) + Send + 'static,
    mut each: impl FnMut(&Request, Result<Finished, RunError>),
) -> Result<(), RunError> {
    on_kind(requests, choices, stopper, watch, |request, done| match done {
        Err(error @ RunError::Interrupted { .. }) => Err(error),
        done => {
            each(request, done.and_then(|()| judge_folder(&request.evidence)));
            Ok(())
        }
    })
}

/// Who asks for runs on a cluster.
struct User<'a, F> {
    kind: &'a Kind,
    stopper: &'a Stopper,
    told: &'a Listener,
    kept: Cell<bool>,
    each: F,
}

impl<F: FnMut(&Request, Result<(), RunError>) -> Result<(), RunError>> Asker for User<'_, F> {
    /// Leaves the cluster to the user, and says how to enter it.
    fn keep(&self, _: &Site) -> Linger {
        let how = self.kind.keep();
        self.kept.set(how.is_ok());
        tell(self.told, &Event::Note { text: how.unwrap_or_else(|error| in_words(&error)) });
        if self.kept.get() { Linger::Yes } else { Linger::No }
    }

    fn told(&mut self, request: &Request, done: Result<(), RunError>) -> Result<(), RunError> {
        (self.each)(request, done)
    }

    fn interrupted(&self) -> impl Future<Output = ()> {
        asked(self.stopper)
    }
}

fn on_kind(
    requests: &[Request],
    choices: &ClusterChoices,
    stopper: &Stopper,
    watch: impl FnMut(&Event) + Send + 'static,
    each: impl FnMut(&Request, Result<(), RunError>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let Some(request) = requests.first() else { return Ok(()) };
    let folder = PathBuf::from(format!("{}-cluster", request.evidence.display()));
    std::fs::create_dir_all(&folder).map_err(|source| RunError::Folder { path: folder.clone(), source })?;
    let told: Listener = Arc::new(Mutex::new(watch));
    let phases = Phases::default();
    let options = options(&request.lab, &request.run, choices, watch_of(&told, &phases));
    let kind = Kind::new(Options { folder: folder.clone(), logs: request.evidence.join("logs"), ..options });
    let mut sink = |event: &Event| tell(&told, event);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Talk)?;
    let mut user = User { kind: &kind, stopper, told: &told, kept: Cell::new(false), each };
    let recorded = runtime.block_on(async {
        let recorded = Box::pin(record(requests, &kind, &mut Teller::new(&mut sink, phases), &mut user)).await;
        // A bring-up that was given up half-way has not taken its cluster down.
        let left = if user.kept.get() { Vec::new() } else { kind.delete().await };
        if left.is_empty() { recorded } else { Err(RunError::Leftovers(left.join(", "))) }
    });
    if !user.kept.get() {
        // The cluster that it leads to is gone, or somebody else's.
        let _ = std::fs::remove_file(kind.kubeconfig());
        let _ = std::fs::remove_dir(&folder);
    }
    recorded
}

fn options(lab: &str, run: &str, choices: &ClusterChoices, watch: Watch) -> Options {
    Options {
        lab: lab.to_owned(),
        run: run.to_owned(),
        recipe: choices.recipe.clone(),
        choices: choices.recipe_choices.clone(),
        reuse: choices.reuse.clone(),
        node_image: choices.node_image.clone(),
        pod_image: choices.pod_image.clone(),
        capture: choices.capture,
        servers: choices.servers,
        needs: choices.needs.clone(),
        plugin_folders: Options::usual_plugin_folders(),
        program: PathBuf::from("/proc/self/exe"),
        folder: PathBuf::new(),
        logs: PathBuf::new(),
        watch,
    }
}

/// Tells of the cluster's phases as of the run's own, and keeps their times.
fn watch_of(told: &Listener, phases: &Phases) -> Watch {
    let (told, phases) = (Arc::clone(told), phases.clone());
    Watch::new(move |progress| match progress {
        Progress::Began(phase) => tell(&told, &Event::Began { phase }),
        Progress::Done(Phase { what, took, share }) => {
            if share == Share::Others {
                phases.of_others(took);
            }
            phases.push(what.clone(), micros(took));
            tell(&told, &Event::Done { phase: what, micros: micros(took) });
        }
        Progress::Note(text) => tell(&told, &Event::Note { text }),
    })
}

/// What this host lacks for a cluster as `choices` want it; changes nothing.
pub fn survey_on_kind(choices: &ClusterChoices) -> Survey {
    let kind = Kind::new(options("survey", "survey", choices, Watch::new(drop)));
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(kind.survey()),
        Err(error) => Survey { backend: "kind".to_owned(), able: Err(error.to_string()), abilities: Vec::new() },
    }
}

fn tell(told: &Listener, event: &Event) {
    (told.lock().unwrap_or_else(PoisonError::into_inner))(event);
}

/// Returns once somebody wants the run to end.
async fn asked(stopper: &Stopper) {
    const LOOK: Duration = Duration::from_millis(50);
    const FOREVER: Duration = Duration::from_secs(1 << 30);
    let look = async || if stopper.asked() { Look::Done(()) } else { Look::NotYet("not asked".to_owned()) };
    // A run does not last for decades.
    let _ = until("the user to end the run", FOREVER, LOOK, look).await;
}
