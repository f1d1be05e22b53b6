//! A recipe folder made ready: everything that can be wrong with it is found here, before anything is built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kube::core::DynamicObject;
use serde_json::Value;

use super::error::RecipeError;
use super::options::Servers;
use super::recipe::{ObjectName, Recipe, Source, Step};
use super::{fetch, manifest};

/// What a user may choose about a recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The CNI's version; the recipe's own if absent.
    pub version: Option<String>,
    /// Images that stand in for those that manifests name; they go before the recipe's own.
    pub images: BTreeMap<String, String>,
    /// A folder that has the manifests of other projects, and archives of images; with it nothing is downloaded.
    pub offline: Option<PathBuf>,
}

/// A recipe with its manifests.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// What it says.
    pub(super) recipe: Recipe,
    /// The version that was chosen.
    pub(super) version: String,
    /// Its manifests' objects, patched, by manifest.
    pub(super) manifests: BTreeMap<String, Vec<DynamicObject>>,
    /// Every image that they name.
    pub(super) images: BTreeSet<String>,
    /// What `kind.yaml` says.
    pub(super) cluster: Value,
}

/// Reads the recipe in `folder` and gets its manifests.
///
/// # Errors
/// If a file cannot be read, is not what it should be or contradicts another, or a manifest is not to be had, or not without asking a server.
pub(super) async fn prepare(folder: &Path, choices: &Choices, servers: Servers) -> Result<Prepared, RecipeError> {
    let path = folder.join("recipe.yaml");
    let recipe = read(folder)?;
    let cluster: Value = read_yaml(&folder.join("kind.yaml"))?;
    let version = choices.version.clone().unwrap_or_else(|| recipe.version.clone());
    let Some(chosen) = recipe.versions.get(&version) else {
        let known: Vec<&str> = recipe.versions.keys().map(String::as_str).collect();
        return Err(RecipeError::Invalid {
            path,
            problems: vec![format!("there is no version {version}; there are {}", known.join(", "))],
        });
    };
    let remote = chosen.manifests.values().filter_map(|source| match source {
        Source::Download { url, .. } => Some(url.clone()),
        Source::File(_) => None,
    });
    let urls: Vec<String> = remote.collect();
    if servers == Servers::LeftAlone && choices.offline.is_none() && !urls.is_empty() {
        return Err(RecipeError::Unasked { urls });
    }
    let mut manifests = BTreeMap::new();
    for (name, source) in &chosen.manifests {
        manifests.insert(name.clone(), objects(folder, source, choices.offline.as_deref()).await?);
    }
    let mut problems = Vec::new();
    for change in &recipe.patches {
        let owner = manifests.values_mut().find(|objects| objects.iter().any(|object| manifest::name(object) == *change.object()));
        let done = manifest::patch(owner.map_or(&mut [], Vec::as_mut_slice), change);
        problems.extend(done.err());
    }
    let mut images = BTreeSet::new();
    for objects in manifests.values_mut() {
        manifest::replace_images(objects, &merged(&chosen.images, &choices.images));
        images.extend(manifest::images(objects));
    }
    problems.extend(contradictions(&recipe, &manifests));
    problems.extend(unfit_cluster(&recipe, &cluster));
    if !problems.is_empty() {
        return Err(RecipeError::Invalid { path, problems });
    }
    Ok(Prepared { recipe, version, manifests, images, cluster })
}

/// One table that does both replacements: what the recipe puts in an image's place may be replaced by the user again.
fn merged(recipe: &BTreeMap<String, String>, user: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = user.clone();
    for (from, to) in recipe {
        all.entry(from.clone()).or_insert_with(|| user.get(to).unwrap_or(to).clone());
    }
    all
}

/// What a recipe says, read without its manifests.
pub(super) fn read(folder: &Path) -> Result<Recipe, RecipeError> {
    read_yaml(&folder.join("recipe.yaml"))
}

fn read_yaml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, RecipeError> {
    let text = std::fs::read_to_string(path).map_err(|source| RecipeError::Read { path: path.to_owned(), source })?;
    serde_saphyr::from_str(&text).map_err(|error| RecipeError::Parse { path: path.to_owned(), problem: error.to_string() })
}

async fn objects(folder: &Path, source: &Source, offline: Option<&Path>) -> Result<Vec<DynamicObject>, RecipeError> {
    let (path, text) = match source {
        Source::File(name) => {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path).map_err(|source| RecipeError::Read { path: path.clone(), source })?;
            (path, text)
        }
        Source::Download { url, sha256 } => (PathBuf::from(url), fetch::fetch(url, sha256, offline).await?),
    };
    manifest::objects(&text).map_err(|problem| RecipeError::Parse { path, problem })
}

/// What steps and facts name must be in the manifests; only what is awaited before the first manifest is the cluster's own.
fn contradictions(recipe: &Recipe, manifests: &BTreeMap<String, Vec<DynamicObject>>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut applied: Option<BTreeSet<ObjectName>> = None;
    for step in &recipe.steps {
        match step {
            Step::Apply(name) => match manifests.get(name) {
                Some(objects) => applied.get_or_insert_default().extend(objects.iter().map(manifest::name)),
                None => problems.push(format!("a step applies the manifest {name}, and this version has none of that name")),
            },
            Step::Rollout { of, .. } => {
                if !["DaemonSet", "Deployment"].contains(&of.kind.as_str()) {
                    problems.push(format!("a step awaits the rollout of {of}, and only a DaemonSet or a Deployment has one"));
                }
                if applied.as_ref().is_some_and(|applied| !applied.contains(of)) {
                    problems.push(format!("a step awaits the rollout of {of}, and no manifest applied before has that"));
                }
            }
            _ => {}
        }
    }
    let source = &recipe.facts.version_of;
    if !applied.unwrap_or_default().contains(source) {
        problems.push(format!("the CNI's version is to be read from {source}, and no manifest that is applied has that"));
    }
    problems
}

/// What `kind.yaml` must say for the recipe to make sense.
fn unfit_cluster(recipe: &Recipe, cluster: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if cluster.pointer("/networking/disableDefaultCNI") != Some(&Value::Bool(true)) {
        problems.push("kind.yaml does not say `disableDefaultCNI: true`, so kind would bring a CNI of its own".to_owned());
    }
    let nodes = node_names(cluster);
    for node in &recipe.nodes {
        if !nodes.contains(node) {
            problems.push(format!("kind.yaml makes no node {node}; it makes {}", nodes.join(", ")));
        }
    }
    problems
}

/// The nodes as kind names them behind the cluster's name: roles, numbered from the second on.
pub(super) fn node_names(cluster: &Value) -> Vec<String> {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let nodes = cluster["nodes"].as_array().into_iter().flatten();
    nodes
        .map(|node| {
            let role = node["role"].as_str().unwrap_or("control-plane");
            let count = seen.entry(role).and_modify(|count| *count += 1).or_insert(1);
            if *count == 1 { role.to_owned() } else { format!("{role}{count}") }
        })
        .collect()
}

#[cfg(test)]
#[path = "prepare_tests.rs"]
mod tests;
