//! Clusters that runs left behind.

use std::path::Path;

use super::claim::{self, Claim, Standing};
use super::clear::vacate;
use super::engine::Engine;
use super::error::KindError;
use super::program::{Program, take_away};
use crate::fault::in_words;

/// What the names of our clusters start with.
const PREFIX: &str = "cnilab-";

/// A cluster that looks like one of ours and is not in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its name.
    pub cluster: String,
    /// Its containers.
    pub containers: Vec<String>,
    /// Why it is there.
    pub why: Why,
}

/// Why a cluster is there that no run uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its run is gone without having taken it away.
    Abandoned,
    /// Its run was told to keep it.
    Kept,
    /// No run of this user made it: only its name looks like ours.
    Unknown,
    /// It is somebody else's; a run that used it is gone without having taken its pods out.
    Visited,
    /// What is noted of it cannot be read; this is why.
    Unreadable(String),
}

/// Finds clusters that look like ours and that no run uses. Changes nothing.
///
/// # Errors
/// If Docker cannot be asked.
pub async fn strays() -> Result<Vec<Stray>, KindError> {
    let folder = claim::usual_folder();
    let mut strays = Vec::new();
    for (cluster, containers) in Engine::connect().await?.clusters().await? {
        let why = match (standing(&folder, &cluster), cluster.starts_with(PREFIX)) {
            (Ok(Standing::Held), _) | (Ok(Standing::Unknown), false) => continue,
            (Ok(Standing::Gone(_)), _) => Why::Abandoned,
            (Ok(Standing::Kept(_)), _) => Why::Kept,
            (Ok(Standing::Lent(_)), _) => Why::Visited,
            (Ok(Standing::Unknown), true) => Why::Unknown,
            (Err(error), _) => Why::Unreadable(in_words(&error)),
        };
        strays.push(Stray { cluster, containers, why });
    }
    Ok(strays)
}

/// Deletes a cluster that an earlier run left behind or kept; out of somebody else's only what is ours is taken.
///
/// # Errors
/// If a run uses it, if no run of this user ever made it, or if it cannot be deleted.
pub async fn sweep(cluster: &str) -> Result<(), KindError> {
    let refused = |why: &str| KindError::Unfit(format!("the cluster {cluster} is not deleted: {why}"));
    let folder = claim::usual_folder();
    // Where the run's kubeconfig was is not known here; kind is to leave the user's own alone. This folder is the user's, and nobody else's.
    let kubeconfig = folder.join(format!(".{cluster}.{}.kubeconfig", std::process::id()));
    let program = Program { cluster: cluster.to_owned(), kubeconfig };
    let (claim, swept) = match standing(&folder, cluster)? {
        Standing::Held => return Err(refused("a run uses it")),
        Standing::Unknown => return Err(refused("no run of this user made it")),
        Standing::Gone(claim) | Standing::Kept(claim) => (claim, take_away(&program).await),
        Standing::Lent(claim) => (claim, take_out(&program).await),
    };
    // Most often there is none any more.
    let _ = std::fs::remove_file(&program.kubeconfig);
    swept?;
    claim.release().map_err(KindError::host(format!("give up the claim to {cluster}")))
}

/// Takes what is ours out of somebody else's cluster.
async fn take_out(program: &Program) -> Result<(), KindError> {
    program.export_kubeconfig().await?;
    let left = vacate(&Engine::connect().await?, program).await;
    if left.is_empty() { Ok(()) } else { Err(KindError::Unfit(format!("still there: {}", left.join(", ")))) }
}

fn standing(folder: &Path, cluster: &str) -> Result<Standing, KindError> {
    Claim::standing(folder, cluster).map_err(KindError::host(format!("read the claim to {cluster}")))
}
