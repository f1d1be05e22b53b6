//! What this host lacks for a cluster of kind. A bring-up goes by the same look, so that it says what a survey says.

use super::engine::Engine;
use super::error::{KindError, RecipeError};
use super::options::{Capture, Options};
use super::prepare::{Prepared, prepare, read};
use super::program::Program;
use super::{load, stock};
use crate::fault::in_words;
use crate::place::find_program;
use crate::site::{Ability, Survey, all_there};

/// What was found.
pub(super) struct Host {
    engine: Result<Engine, KindError>,
    kind: Result<String, KindError>,
    prepared: Result<Prepared, RecipeError>,
    /// Images and plugins: what can be missing although there is a Docker.
    stock: Vec<Ability>,
    /// What the lab runs on this host.
    programs: Vec<Ability>,
}

/// Looks at everything that a bring-up will need. Nothing is there afterwards that was not before.
pub(super) async fn look(options: &Options) -> Host {
    let prepared = prepare(&options.recipe, &options.choices, options.servers).await;
    let engine = Engine::connect().await;
    let mut stock = Vec::new();
    // A cluster that stands has its nodes and its CNI.
    if let (Ok(engine), None) = (&engine, &options.reuse) {
        stock = look_in(engine, &prepared, options).await;
    }
    let entered = options.capture != Capture::Agent && may_enter().is_ok();
    let programs = if entered { options.needs.look(find_program) } else { Vec::new() };
    Host { engine, kind: Program::version().await, prepared, stock, programs }
}

async fn look_in(engine: &Engine, prepared: &Result<Prepared, RecipeError>, options: &Options) -> Vec<Ability> {
    let recipe = match prepared {
        Ok(prepared) => Ok(prepared.recipe.clone()),
        Err(_) => read(&options.recipe),
    };
    let Ok(recipe) = recipe else { return Vec::new() };
    let image = options.node_image.as_ref().unwrap_or(&recipe.node_image);
    let of_cni = async {
        match prepared {
            Ok(prepared) => stock::images(engine, prepared, options).await,
            Err(_) => Vec::new(),
        }
    };
    let (node, of_cni) = futures_util::future::join(stock::node_image(engine, image, options), of_cni).await;
    let plugins = plugins(engine, image, &recipe.plugins, options).await;
    std::iter::once(node).chain(of_cni).chain(plugins).collect()
}

impl Host {
    /// What is to be said of it.
    pub(super) fn survey(&self, options: &Options) -> Survey {
        let docker = self.engine.as_ref().map(|engine| engine.version.clone());
        let recipe = match &self.prepared {
            Ok(prepared) => Ok(format!("{} {}", prepared.recipe.title, prepared.version)),
            Err(RecipeError::Unasked { urls }) => Ok(format!("{} would be downloaded (not checked: --online asks)", urls.join(", "))),
            Err(error) => Err(error),
        };
        let remedy = match recipe {
            Ok(_) | Err(RecipeError::Fetch { .. }) => None,
            Err(_) => Some("correct the recipe, or give its manifests as --offline-dir".to_owned()),
        };
        let recipe = Ability { what: "recipe".to_owned(), found: recipe.map_err(|error| in_words(error)), remedy };
        let mut needed = vec![ability("kind", self.kind.as_ref()), ability("docker", docker.as_ref().map_err(|error| *error)), recipe];
        needed.extend(self.stock.iter().chain(&self.programs).cloned());
        let able = all_there(&needed);
        // Where namespaces cannot be entered, agents do what is to be done in them.
        let abilities = if options.capture == Capture::Agent { needed } else { needed.into_iter().chain([enter()]).collect() };
        Survey { backend: "kind".to_owned(), able, abilities }
    }

    /// What a bring-up goes on with.
    ///
    /// # Errors
    /// What is wrong with the recipe; otherwise everything that this host lacks, at once.
    pub(super) fn ready(self, options: &Options) -> Result<(Prepared, Engine), KindError> {
        let lacks = self.survey(options).abilities.into_iter().filter(|ability| ability.what != ENTER && ability.found.is_err());
        let lacks: Vec<Ability> = lacks.collect();
        match (self.prepared, self.engine) {
            (Err(error), _) if !matches!(error, RecipeError::Fetch { .. } | RecipeError::Unasked { .. }) => Err(error.into()),
            (Ok(prepared), Ok(engine)) if lacks.is_empty() => Ok((prepared, engine)),
            _ => Err(lacking(&lacks)),
        }
    }
}

/// Everything that is missing, and every remedy once, a line each.
fn lacking(lacks: &[Ability]) -> KindError {
    let what: Vec<String> =
        lacks.iter().map(|lack| format!("{}: {}", lack.what, lack.found.as_ref().err().map_or("", String::as_str))).collect();
    let mut remedies: Vec<&str> = lacks.iter().filter_map(|lack| lack.remedy.as_deref()).collect();
    remedies.dedup();
    KindError::Lacks { what: what.join("; "), remedy: remedies.join("\nhint: "), source: None }
}

fn ability(what: &str, found: Result<&String, &KindError>) -> Ability {
    let remedy = match &found {
        Err(KindError::Lacks { remedy, .. }) => Some(remedy.clone()),
        _ => None,
    };
    Ability { what: what.to_owned(), found: found.cloned().map_err(|error| in_words(error)), remedy }
}

/// Whether the plugins of a recipe are in the nodes, or on this host for nodes that lack them; none if it needs none.
async fn plugins(engine: &Engine, node_image: &str, wanted: &[String], options: &Options) -> Option<Ability> {
    if wanted.is_empty() {
        return None;
    }
    let missing: Vec<&str> = wanted.iter().filter(|name| load::find(&options.plugin_folders, name).is_none()).map(String::as_str).collect();
    let found = if missing.is_empty() { Ok(wanted.join(", ")) } else { in_nodes(engine, node_image, &missing).await };
    let remedy = found.is_err().then(|| load::PLUGINS_REMEDY.to_owned());
    Some(Ability { what: "CNI plugins".to_owned(), found, remedy })
}

/// Whether the node image has the plugins that this host lacks.
async fn in_nodes(engine: &Engine, node_image: &str, missing: &[&str]) -> Result<String, String> {
    let names = missing.join(", ");
    if !engine.has_image(node_image).await.map_err(|error| in_words(&error))? {
        return Err(format!("{names} are not on this host, and whether the node image has them is not known before it is here"));
    }
    let files: Vec<String> = missing.iter().map(|name| format!("{}/{name}", load::PLUGINS)).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let lacking = engine.lacking(node_image, &files).await.map_err(|error| in_words(&error))?;
    if lacking.is_empty() {
        Ok(format!("{names} in the node image"))
    } else {
        Err(format!("neither this host nor the node image has {}", lacking.join(", ")))
    }
}

const ENTER: &str = "enter network namespaces";

fn enter() -> Ability {
    let found = may_enter().map(|()| "this process may".to_owned());
    let remedy = found.is_err().then(|| "agents in the nodes are used instead; as root they are not needed".to_owned());
    Ability { what: ENTER.to_owned(), found, remedy }
}

/// Whether this process may enter the namespaces of other users' processes, which takes these capabilities (`user_namespaces(7)`, `ptrace(2)`).
pub fn may_enter() -> Result<(), String> {
    const NEEDED: [(u32, &str); 2] = [(19, "CAP_SYS_PTRACE"), (21, "CAP_SYS_ADMIN")];
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok()).unwrap_or_default();
    let missing: Vec<&str> = NEEDED.iter().filter(|(bit, _)| effective >> bit & 1 == 0).map(|(_, name)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("lacks {}", missing.join(" and "))) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::backend::kind::options::{Servers, Watch};
    use crate::backend::kind::prepare::Choices;

    fn options(recipe: &str) -> Options {
        Options {
            lab: "lab".to_owned(),
            run: "run".to_owned(),
            recipe: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../kind-configs").join(recipe),
            choices: Choices::default(),
            reuse: None,
            node_image: None,
            pod_image: None,
            capture: Capture::default(),
            servers: Servers::LeftAlone,
            needs: crate::site::Needs::default(),
            plugin_folders: Vec::new(),
            program: PathBuf::new(),
            folder: PathBuf::new(),
            logs: PathBuf::new(),
            watch: Watch::new(drop),
        }
    }

    fn prepared(options: &Options) -> Result<Prepared, RecipeError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(prepare(&options.recipe, &options.choices, options.servers))
    }

    fn lacks(what: &str) -> KindError {
        KindError::Lacks { what: what.to_owned(), remedy: format!("install {what}"), source: None }
    }

    fn missing(what: &str, why: &str, remedy: &str) -> Ability {
        Ability { what: what.to_owned(), found: Err(why.to_owned()), remedy: Some(remedy.to_owned()) }
    }

    #[test]
    fn all_that_is_missing_is_said_at_once_and_a_survey_says_the_same() {
        let options = options("flannel-udp");
        let host = || Host {
            engine: Err(lacks("a Docker daemon that can be reached")),
            kind: Err(lacks("kind")),
            prepared: prepared(&options),
            stock: vec![
                missing("image", "x:1 is not in Docker's store", "docker load it"),
                missing("image", "y:1 is not in Docker's store", "docker load it"),
            ],
            programs: vec![missing("brctl", "not in PATH", "apt-get install bridge-utils")],
        };
        let surveyed = host().survey(&options).able.expect_err("nothing is there");
        let Err(KindError::Lacks { what, remedy, .. }) = host().ready(&options) else { panic!("it is not ready") };
        for word in ["a Docker daemon", "this host lacks kind", "x:1", "y:1", "brctl"] {
            assert!(surveyed.contains(word) && what.contains(word), "{word}: {surveyed} / {what}");
        }
        for word in ["install kind", "docker load it", "apt-get install bridge-utils"] {
            assert_eq!((surveyed.contains(word), remedy.matches(word).count()), (true, 1), "{word}: {surveyed} / {remedy}");
        }
    }

    #[test]
    fn each_thing_alone_is_enough_to_be_unable() {
        let options = options("flannel-udp");
        let good = || Host {
            engine: Err(lacks("docker")),
            kind: Ok("v".to_owned()),
            prepared: prepared(&options),
            stock: Vec::new(),
            programs: Vec::new(),
        };
        let able = |host: Host| host.survey(&options).able;
        assert_eq!(able(good()), Err("docker: this host lacks docker (install docker)".to_owned()));
        for (host, word) in [
            (Host { kind: Err(lacks("kind")), ..good() }, "kind"),
            (Host { stock: vec![missing("node image", "none", "docker pull")], ..good() }, "node image"),
            (Host { stock: vec![missing("CNI plugins", "none", "apt-get")], ..good() }, "CNI plugins"),
            (Host { programs: vec![missing("arp", "none", "apt-get")], ..good() }, "arp"),
        ] {
            assert!(able(host).expect_err("unable").contains(&format!("{word}: ")), "{word}");
        }
    }

    #[test]
    fn a_recipe_that_is_wrong_is_bad_input_whatever_the_host_lacks() {
        let options = options("no-such-recipe");
        let host = Host {
            engine: Err(lacks("docker")),
            kind: Err(lacks("kind")),
            prepared: prepared(&options),
            stock: Vec::new(),
            programs: Vec::new(),
        };
        assert!(matches!(host.ready(&options), Err(KindError::Recipe(RecipeError::Read { .. }))));
    }

    #[test]
    fn without_being_told_to_no_server_is_asked() {
        let options = options("calico-ipip");
        let host = Host {
            engine: Err(lacks("docker")),
            kind: Ok("v".to_owned()),
            prepared: prepared(&options),
            stock: Vec::new(),
            programs: Vec::new(),
        };
        assert!(matches!(host.prepared, Err(RecipeError::Unasked { .. })));
        let survey = host.survey(&options);
        let recipe = survey.abilities.iter().find(|ability| ability.what == "recipe").expect("it was looked at");
        assert!(recipe.found.as_ref().is_ok_and(|found| found.contains("not checked: --online asks")), "{recipe:?}");
    }
}
