//! What the nodes lack: images and CNI plugins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, Image};
use super::engine::Engine;
use super::error::KindError;
use super::machine::Machine;
use super::options::{Progress, Watch};
use super::prepare::Prepared;
use super::program::Program;

/// Where container runtimes look for CNI plugins unless told otherwise.
pub(super) const PLUGINS: &str = "/opt/cni/bin";

/// Puts the recipe's images into the nodes, as far as Docker's store has them; the nodes pull the rest themselves.
pub(super) async fn images(engine: &Engine, program: &Program, prepared: &Prepared, watch: &Watch) -> Result<(), KindError> {
    let mut here = Vec::new();
    for image in &prepared.images {
        if engine.has_image(image).await? {
            here.push(image);
        } else {
            watch.tell(Progress::Note(format!("{image} is not in Docker's store: the nodes have it, or pull it")));
        }
    }
    if here.is_empty() { Ok(()) } else { program.load_images(&here).await }
}

/// Where plugins are to be had.
pub(super) const PLUGINS_REMEDY: &str = "Debian: apt-get install containernetworking-plugins";

/// Puts an image of the user's, if Docker's store has it, into the nodes.
pub(super) async fn user_image(engine: &Engine, program: &Program, image: &String) -> Result<(), KindError> {
    if engine.has_image(image).await? { program.load_images(&[image]).await } else { Ok(()) }
}

/// Puts nettool's image into these nodes.
pub(super) async fn nettool(program: &Program, image: &Image, nodes: &[String]) -> Result<(), KindError> {
    program.load_archive(&image.archive, nodes).await
}

/// Brings the CNI plugins along that a node lacks.
pub(super) async fn plugins(engine: &Engine, machines: &[Machine], wanted: &[String], folders: &[PathBuf]) -> Result<(), KindError> {
    for machine in machines {
        let mut missing = Vec::new();
        for name in wanted {
            if !machine.has_file(&format!("{PLUGINS}/{name}")).await? {
                missing.push(name);
            }
        }
        if missing.is_empty() {
            continue;
        }
        let mut files = Vec::new();
        for name in missing {
            let path = find(folders, name).ok_or_else(|| lacking(machine, name, folders))?;
            let bytes = std::fs::read(&path).map_err(KindError::host(format!("read {}", path.display())))?;
            files.push((name.as_str(), bytes));
        }
        let tape = archive::tape(files.iter().map(|(name, bytes)| (*name, bytes.as_slice(), 0o755)));
        let tape: Arc<[u8]> = tape.map_err(KindError::host("pack CNI plugins"))?.into();
        engine.upload(&machine.name, PLUGINS, &tape).await?;
    }
    Ok(())
}

/// The file of a plugin on this host.
pub(super) fn find(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn lacking(machine: &Machine, name: &str, folders: &[PathBuf]) -> KindError {
    let folders: Vec<_> = folders.iter().map(|folder| Path::display(folder).to_string()).collect();
    KindError::Lacks {
        what: format!("the CNI plugin {name} in {}, and so does the node {}", folders.join(" or "), machine.name),
        remedy: PLUGINS_REMEDY.to_owned(),
        source: None,
    }
}
