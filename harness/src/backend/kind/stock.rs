//! Whether the images of a cluster are to be had: from Docker's store, from archives of the user's, or from their registries.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;

use super::engine::Engine;
use super::error::KindError;
use super::options::{Options, Servers};
use super::prepare::Prepared;
use crate::fault::in_words;
use crate::site::Ability;

/// A registry that is to be had answers by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is said of an image that nobody asked for.
const UNASKED: &str = "would be pulled (not checked: --online asks)";

/// Whether the node image is to be had.
pub(super) async fn node_image(engine: &Engine, image: &str, options: &Options) -> Ability {
    let remedy = format!("docker pull {image}, or where it can be had, and `docker load` it here; or name one that is there: --node-image");
    Ability { what: "node image".to_owned(), ..to_be_had(engine, image, options, remedy).await }
}

/// Whether the images of the CNI and of the pods are to be had. Those that the nodes bring along need not be.
pub(super) async fn images(engine: &Engine, prepared: &Prepared, options: &Options) -> Vec<Ability> {
    let of_cni = prepared.images.iter().map(|image| (image, format!("name another: --set-image {image}=OTHER")));
    let of_pods = options.pod_image.iter().map(|image| (image, "name another: --pod-image".to_owned()));
    let looks = of_cni.chain(of_pods).map(|(image, other)| {
        let remedy = format!("`docker load` it here, put an archive of it into --offline-dir, or {other}");
        to_be_had(engine, image, options, remedy)
    });
    join_all(looks).await
}

async fn to_be_had(engine: &Engine, image: &str, options: &Options, remedy: String) -> Ability {
    let found = look(engine, image, options).await;
    Ability { what: "image".to_owned(), remedy: found.is_err().then_some(remedy), found }
}

async fn look(engine: &Engine, image: &str, options: &Options) -> Result<String, String> {
    if engine.has_image(image).await.map_err(|error| in_words(&error))? {
        return Ok(format!("{image} is in Docker's store"));
    }
    if let Some(folder) = &options.choices.offline {
        return match archives(folder).remove(plain(image)) {
            Some(file) => Ok(format!("{image} is in {}", file.display())),
            None => {
                Err(format!("{image} is neither in Docker's store nor in an archive in {}, and nothing is downloaded", folder.display()))
            }
        };
    }
    match options.servers {
        Servers::LeftAlone => Ok(format!("{image} is not in Docker's store; {UNASKED}")),
        Servers::Asked => match published(engine, image).await {
            Ok(()) => Ok(format!("{image} is not in Docker's store; its registry has it")),
            Err(why) => Err(format!("{image} is not in Docker's store, and its registry does not give it ({why})")),
        },
    }
}

/// Whether the registry has the image, as Docker is told by it; each is asked once by a process.
async fn published(engine: &Engine, image: &str) -> Result<(), String> {
    static ASKED: Mutex<BTreeMap<String, Result<(), String>>> = Mutex::new(BTreeMap::new());
    let known = ASKED.lock().unwrap_or_else(PoisonError::into_inner).get(image).cloned();
    if let Some(answer) = known {
        return answer;
    }
    let answer = tokio::time::timeout(PATIENCE, engine.published(image)).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")));
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).insert(image.to_owned(), answer.clone());
    answer
}

/// Puts those of the images that only archives have into Docker's store.
pub(super) async fn unpack(engine: &Engine, images: impl IntoIterator<Item = &String>, folder: &Path) -> Result<(), KindError> {
    let mut archives = archives(folder);
    for image in images {
        if !engine.has_image(image).await?
            && let Some(file) = archives.remove(plain(image))
        {
            engine.load(&file).await?;
        }
    }
    Ok(())
}

/// What `docker save` says of an archive's images, in the archive's `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
}

/// The images in the archives (`*.tar`) of a folder, by their plain names. What is no such archive is passed over.
fn archives(folder: &Path) -> BTreeMap<String, PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let archives = files.filter(|file| file.extension().is_some_and(|extension| extension == "tar"));
    archives.flat_map(|file| saved(&file).into_iter().map(move |tag| (plain(&tag).to_owned(), file.clone()))).collect()
}

fn saved(file: &Path) -> Vec<String> {
    let Some(manifest) = manifest(file) else { return Vec::new() };
    manifest.into_iter().flat_map(|image| image.repo_tags.unwrap_or_default()).collect()
}

fn manifest(file: &Path) -> Option<Vec<Saved>> {
    let mut archive = tar::Archive::new(File::open(file).ok()?);
    let entries = archive.entries_with_seek().ok()?.map_while(Result::ok);
    let mut found = entries.into_iter().filter(|entry| entry.path().is_ok_and(|path| path == Path::new("manifest.json")));
    serde_json::from_reader(found.next()?).ok()
}

/// An image's name without what Docker puts in front of names that have no registry.
fn plain(image: &str) -> &str {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    image.strip_prefix("library/").unwrap_or(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::kind::archive::tape;

    #[test]
    fn an_archive_s_images_are_known_by_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, files: &[(&str, &str)]| {
            let tape = tape(files.iter().map(|(name, text)| (*name, text.as_bytes(), 0o644))).expect("packed");
            std::fs::write(folder.path().join(name), tape).expect("writable");
        };
        let manifest =
            r#"[{"Config": "c", "RepoTags": ["docker.io/library/a:1", "ghcr.io/x/b:2"], "Layers": []}, {"Config": "d", "RepoTags": null}]"#;
        write("both.tar", &[("oci-layout", "{}"), ("manifest.json", manifest)]);
        write("other.tar", &[("manifest.yaml", "a: 1")]);
        write("odd.tar", &[("manifest.json", "{\"RepoTags\": 1}")]);
        write("named-otherwise", &[("manifest.json", r#"[{"RepoTags": ["c:3"]}]"#)]);
        std::fs::write(folder.path().join("short.tar"), "no archive").expect("writable");
        let archives = archives(folder.path());
        assert_eq!(archives.keys().map(String::as_str).collect::<Vec<_>>(), ["a:1", "ghcr.io/x/b:2"]);
        assert!(archives.contains_key(plain("a:1")) && archives.contains_key(plain("docker.io/library/a:1")));
        assert!(!archives.contains_key(plain("docker.io/a:2")));
    }
}
