//! `cnilab run`.

use std::path::{Path, PathBuf};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::args::{BackendName, Cluster, Make, Run};
use super::exit::Exit;
use super::find::load;
use super::judge::write_reports;
use super::output::{can_write, complain, say};
use super::progress::Progress;
use crate::backend::kind::{Capture, Choices};
use crate::capture::Engine;
use crate::evidence::default_folder;
use crate::fault::Blame;
use crate::lab::{Lab, Victim, Within, matches_glob};
use crate::place::{Cmd, find_program};
use crate::plan;
use crate::run::{Breakage, ClusterChoices, Request, RunError, Stopper, conduct, conduct_on_kind, new_run};
use crate::site::{Needs, all_there};

/// Runs a lab and reports the verdict.
pub(super) fn run(args: &Run) -> Exit {
    match try_run(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_run(args: &Run) -> Result<Exit, Exit> {
    sees_to(args.backend, &args.cluster)?;
    can_write(&args.output.format)?;
    let lab = load(&args.lab)?;
    let scenarios = chosen(&lab, &args.scenario)?;
    let breakage = args.mutate.as_deref().map(|name| breakage(&lab, name, args)).transpose()?;
    let request = request(&lab, scenarios, args.evidence.as_deref(), breakage, args)?;
    let needs = needs(&lab, args.backend, &request.scenarios, request.breakage.as_slice());
    let stopper = stop_on_signals()?;
    let mut progress = Progress::new(args.output.quiet);
    let finished = if args.backend == BackendName::Kind {
        let choices = ClusterChoices { needs, ..cluster_choices(&lab, &args.cluster)? };
        conduct_on_kind(&request, &choices, &stopper, move |event| progress.show(event, std::process::id()))
    } else {
        has_programs(&needs)?;
        conduct(&this_program()?, &request, &stopper, |event, pid| progress.show(event, pid))
    };
    match finished {
        Ok(finished) => {
            write_reports(&finished, &request.evidence, &args.output)?;
            Ok(Exit::of_verdict(finished.verdict.exit_code()))
        }
        Err(error) => Err(fail(&error, &request.evidence)),
    }
}

/// What these scenarios, and what breaks them on purpose, need of this host.
pub(super) fn needs<'b>(lab: &Lab, backend: BackendName, scenarios: &[String], breakages: impl IntoIterator<Item = &'b Breakage>) -> Needs {
    let mut needs = plan::needs(&plan::draft(lab.clone()), backend.text(), scenarios);
    let steps = breakages.into_iter().flat_map(|breakage| breakage.steps.iter().chain(&breakage.undo));
    for step in steps.filter(|step| step.within == Within::Network) {
        needs.program(&Cmd::parse(&step.command).program, &step.command);
    }
    needs
}

/// Says which programs are missing, as `cnilab doctor` does, before anything is made.
pub(super) fn has_programs(needs: &Needs) -> Result<(), Exit> {
    all_there(&needs.look(find_program)).map_err(|missing| {
        say(&format!("error: this host lacks {missing}\nhint: `cnilab doctor` says what this host can prove and what it cannot"));
        Exit::HostCannot
    })
}

/// Says it if there is no such backend, or if it would take no notice of what was chosen about a cluster.
pub(super) fn sees_to(backend: BackendName, cluster: &Cluster) -> Result<(), Exit> {
    match backend {
        BackendName::Kind => Ok(()),
        BackendName::Cluster => {
            say(
                "error: the backend cluster is not in this build\nhint: --backend kind makes a cluster of its own, --backend netns needs none",
            );
            Err(Exit::HostCannot)
        }
        BackendName::Netns => {
            // The rest may come from the environment, where it is for whoever makes a cluster.
            let given = [
                ("--reuse", cluster.reuse.is_some()),
                ("--cni-version", cluster.make.cni_version.is_some()),
                ("--node-image", cluster.make.node_image.is_some()),
                ("--pod-image", cluster.pod_image.is_some()),
                ("--capture", cluster.capture != Capture::Sockets),
            ];
            let Some((option, _)) = given.iter().find(|(_, given)| *given) else { return Ok(()) };
            say(&format!("error: {option} is about a cluster, and the backend netns has none\nhint: add --backend kind"));
            Err(Exit::BadInput)
        }
    }
}

/// The mutation of that name, if it can be done to this lab.
fn breakage(lab: &Lab, name: &str, args: &Run) -> Result<Breakage, Exit> {
    let mutation = super::mutate::find(lab, name)?;
    let victim = match args.backend {
        BackendName::Netns => Victim::Namespaces,
        _ if stays(args) => Victim::LastingCluster,
        _ => Victim::OwnCluster,
    };
    super::mutate::fits(&mutation, victim, &args.cluster).map_err(|why| {
        say(&format!("error: the mutation `{name}` does not fit: {why}"));
        Exit::BadInput
    })?;
    Ok(Breakage::of(&mutation))
}

/// Whether there is a cluster that outlives the run.
fn stays(args: &Run) -> bool {
    args.cluster.reuse.is_some() || args.keep && args.backend == BackendName::Kind
}

/// Says why there is no verdict.
pub(super) fn fail(error: &RunError, evidence: &Path) -> Exit {
    complain(error);
    match (error, error.blame()) {
        (RunError::Interrupted { .. }, _) => Exit::Interrupted,
        (RunError::EndedEarly { .. }, _) => Exit::Fault,
        (_, Blame::Input) => Exit::BadInput,
        (_, Blame::Host { remedy }) => {
            let remedy = remedy.as_deref().unwrap_or("`cnilab doctor` says what this host can prove and what it cannot");
            say(&format!("hint: {remedy}"));
            Exit::HostCannot
        }
        (_, Blame::Harness) => {
            if evidence.join("manifest.json").is_file() {
                say(&format!("what was recorded is in {}", evidence.display()));
            }
            Exit::Fault
        }
    }
}

/// The names of the scenarios that `globs` choose; all of them if there is none.
fn chosen(lab: &Lab, globs: &[String]) -> Result<Vec<String>, Exit> {
    let names: Vec<_> = lab.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let chosen: Vec<_> =
        names.iter().filter(|name| globs.is_empty() || globs.iter().any(|glob| matches_glob(glob, name))).cloned().collect();
    if chosen.is_empty() {
        say(&format!("error: no scenario of {} matches\nhint: there are: {}", lab.name, names.join(" · ")));
        return Err(Exit::BadInput);
    }
    Ok(chosen)
}

fn request(lab: &Lab, scenarios: Vec<String>, evidence: Option<&Path>, breakage: Option<Breakage>, args: &Run) -> Result<Request, Exit> {
    let run = new_run();
    let folder = evidence.map_or_else(|| default_folder(&lab.name, &run), Path::to_owned);
    let evidence = absolute(&folder)?;
    Ok(Request {
        lab: lab.name.clone(),
        lab_path: lab.source.path.clone(),
        lab_text: lab.source.text.clone(),
        backend: args.backend.text().to_owned(),
        run,
        evidence,
        scenarios,
        snap_length: args.snaplen,
        engine: engine(&args.cluster),
        breakage,
        mend: stays(args),
        keep: args.keep,
    })
}

/// An evidence folder as every process means it, wherever it runs.
pub(super) fn absolute(folder: &Path) -> Result<PathBuf, Exit> {
    std::path::absolute(folder).map_err(|error| {
        say(&format!("error: cannot use {} as the evidence folder: {error}", folder.display()));
        Exit::BadInput
    })
}

/// What captures.
pub(super) fn engine(args: &Cluster) -> Engine {
    if args.capture == Capture::Tcpdump { Engine::Tcpdump } else { Engine::Sockets }
}

/// What the user chose about the cluster; the lab says which recipe.
pub(super) fn cluster_choices(lab: &Lab, args: &Cluster) -> Result<ClusterChoices, Exit> {
    let recipe = recipe_of(lab).ok_or_else(|| {
        say(&format!("error: {} names no recipe for a real cluster (`recipe:` in its `cluster:`)", lab.name));
        Exit::BadInput
    })?;
    let made = choices_to_make(recipe, &args.make);
    Ok(ClusterChoices { reuse: args.reuse.clone(), pod_image: args.pod_image.clone(), capture: args.capture, ..made })
}

/// What the user chose about a cluster that is made by a recipe.
pub(super) fn choices_to_make(recipe: PathBuf, make: &Make) -> ClusterChoices {
    let Make { cni_version, node_image, set_image, offline_dir } = make;
    let recipe_choices =
        Choices { version: cni_version.clone(), images: set_image.iter().cloned().collect(), offline: offline_dir.clone() };
    ClusterChoices { recipe, recipe_choices, node_image: node_image.clone(), ..ClusterChoices::default() }
}

/// The folder of the recipe that a lab names: beside the `labs` folder that the lab lies in, `labs/NAME/lab.yaml` and `kind-configs/NAME`.
pub(super) fn recipe_of(lab: &Lab) -> Option<PathBuf> {
    let beside = lab.source.path.ancestors().nth(3).unwrap_or(Path::new(""));
    lab.cluster.recipe.as_deref().map(|recipe| beside.join(recipe))
}

/// This very program, which the enclosed process is an instance of.
pub(super) fn this_program() -> Result<PathBuf, Exit> {
    std::env::current_exe().map_err(|error| {
        say(&format!("error: cannot find this program itself: {error}"));
        Exit::Fault
    })
}

/// A stopper that SIGINT and SIGTERM pull. The second one ends this process at once: a lab in namespaces with it, and a cluster stays, for `sweep`.
pub(super) fn stop_on_signals() -> Result<Stopper, Exit> {
    let stopper = Stopper::default();
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| {
        say(&format!("error: cannot listen to signals: {error}"));
        Exit::Fault
    })?;
    let pulled = stopper.clone();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if pulled.asked() {
                std::process::exit(Exit::Interrupted as i32);
            }
            pulled.stop();
        }
    });
    Ok(stopper)
}
