//! What this host lacks for a cluster of kind.

use std::path::PathBuf;

use super::engine::Engine;
use super::error::{KindError, RecipeError};
use super::load;
use super::options::Options;
use super::prepare::prepare;
use super::program::Program;
use crate::fault::in_words;
use crate::site::{Ability, Survey};

/// Looks at everything that a bring-up will need, and changes nothing.
pub(super) async fn survey(options: &Options) -> Survey {
    let recipe = prepare(&options.recipe, &options.choices).await;
    let mut abilities = vec![ability("kind", Program::version().await)];
    match Engine::connect().await {
        Ok(engine) => {
            let version = engine.version().await;
            abilities.push(ability("docker", version));
            let image = options.node_image.clone().or_else(|| recipe.as_ref().ok().map(|prepared| prepared.recipe.node_image.clone()));
            if let Some(image) = image {
                abilities.push(node_image(&engine, &image).await);
            }
        }
        Err(error) => abilities.push(ability("docker", Err(error))),
    }
    abilities.push(enter());
    abilities.extend(recipe.iter().filter_map(|prepared| plugins(&prepared.recipe.plugins, &options.plugin_folders)));
    let recipe = recipe.map(|prepared| format!("{} {}", prepared.recipe.title, prepared.version));
    abilities.push(ability("recipe", recipe.map_err(KindError::Recipe)));
    // Where namespaces cannot be entered, agents do what is to be done in them; and a node may have its plugins already.
    let needed = abilities.iter().filter(|ability| ![ENTER, PLUGINS].contains(&ability.what.as_str()));
    let lacking = needed.into_iter().find_map(|ability| ability.found.as_ref().err().map(|why| (ability, why)));
    let able = lacking.map_or(Ok(()), |(ability, why)| {
        let remedy = ability.remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
        Err(format!("{}: {why}{remedy}", ability.what))
    });
    Survey { backend: "kind".to_owned(), able, abilities }
}

fn ability(what: &str, found: Result<String, KindError>) -> Ability {
    let remedy = match &found {
        Err(KindError::Lacks { remedy, .. }) => Some(remedy.clone()),
        Err(KindError::Recipe(RecipeError::Fetch { .. })) => None,
        Err(KindError::Recipe(_)) => Some("correct the recipe, or give its manifests as --offline-dir".to_owned()),
        _ => None,
    };
    Ability { what: what.to_owned(), found: found.map_err(|error| in_words(&error)), remedy }
}

async fn node_image(engine: &Engine, image: &str) -> Ability {
    let found = match engine.has_image(image).await {
        Ok(true) => Ok(format!("{image} is in Docker's store")),
        Ok(false) => Err(format!("{image} is not in Docker's store")),
        Err(error) => Err(in_words(&error)),
    };
    let remedy = found.is_err().then(|| format!("docker pull {image}, or name one that is there: --node-image"));
    Ability { what: "node image".to_owned(), found, remedy }
}

const PLUGINS: &str = "CNI plugins";

/// Whether this host has the plugins of a recipe, for nodes that lack them; none if it needs none.
fn plugins(wanted: &[String], folders: &[PathBuf]) -> Option<Ability> {
    let missing: Vec<&str> = wanted.iter().filter(|name| load::find(folders, name).is_none()).map(String::as_str).collect();
    let found =
        if missing.is_empty() { Ok(wanted.join(", ")) } else { Err(format!("{}, should the nodes lack it, too", missing.join(", "))) };
    let remedy = found.is_err().then(|| load::PLUGINS_REMEDY.to_owned());
    (!wanted.is_empty()).then(|| Ability { what: PLUGINS.to_owned(), found, remedy })
}

const ENTER: &str = "enter network namespaces";

fn enter() -> Ability {
    let found = may_enter().map(|()| "this process may".to_owned());
    let remedy = found.is_err().then(|| "agents in the nodes are used instead; as root they are not needed".to_owned());
    Ability { what: ENTER.to_owned(), found, remedy }
}

/// Whether this process may enter the namespaces of other users' processes, which takes these capabilities (`user_namespaces(7)`, `ptrace(2)`).
pub(super) fn may_enter() -> Result<(), String> {
    const NEEDED: [(u32, &str); 2] = [(19, "CAP_SYS_PTRACE"), (21, "CAP_SYS_ADMIN")];
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok()).unwrap_or_default();
    let missing: Vec<&str> = NEEDED.iter().filter(|(bit, _)| effective >> bit & 1 == 0).map(|(_, name)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("lacks {}", missing.join(" and "))) }
}
