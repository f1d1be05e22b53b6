//! The left side: a lab brought up, every scenario carried out, and all of it recorded.

use std::time::{SystemTime, UNIX_EPOCH};

use super::teller::Teller;
use super::{Request, RunError, scenario};
use crate::backend::Backend;
use crate::evidence::{FORMAT, Manifest, Writer};
use crate::lab;
use crate::plan::{self, BoundPlan, Plan};
use crate::site::Site;

/// Whether a lab stays after its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linger {
    /// It is taken down.
    No,
    /// It stands until somebody takes it away.
    Yes,
}

/// Carries requests out, one after another, on one lab of `backend`; all of them are of the same lab file. `tell` hears how each went, and an
/// error of its own ends the rest; `keep` is asked what becomes of the lab if the first request wants it kept.
///
/// # Errors
/// The first thing that failed. The lab is down then, unless the error is that it is not.
pub(super) async fn record(
    requests: &[Request],
    backend: &impl Backend,
    teller: &mut Teller<'_>,
    keep: impl FnOnce(&Site) -> Linger,
    mut tell: impl FnMut(&Request, Result<(), RunError>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let Some(first) = requests.first() else { return Ok(()) };
    let lab = lab::load(&first.lab_path, &first.lab_text).map_err(|problems| RunError::Lab(problems.to_string()))?;
    let plan = plan::draft(lab);
    let mut folders = Vec::new();
    for request in requests {
        let manifest = manifest(request);
        let writer = Writer::create(&request.evidence, &manifest, &request.lab_text).map_err(RunError::Evidence)?;
        folders.push((request, manifest, writer));
    }

    let topology = &plan.topology;
    teller.began(format!("bring up {} nodes and {} pods", topology.nodes.len(), topology.pods.len()));
    let site = backend.up(topology).await.map_err(RunError::Up)?;
    teller.done();
    let mut carried_out = Ok(());
    for (request, manifest, writer) in &mut folders {
        let mut done = carry_out(request, &plan, &site, writer, teller).await;
        if done.is_ok() {
            teller.write_times(manifest);
            done = writer.finish(manifest).map_err(RunError::Evidence);
        }
        carried_out = tell(request, done);
        if carried_out.is_err() {
            break;
        }
    }
    if !first.keep || carried_out.is_err() || keep(&site) == Linger::No {
        teller.began("take it down".to_owned());
        let down = backend.down(site).await;
        teller.done();
        carried_out?;
        down.map_err(|leftovers| RunError::Leftovers(leftovers.to_string()))?;
    }
    if let [(_, manifest, writer)] = folders.as_mut_slice() {
        // How long it took to take the lab down is known only now.
        teller.write_times(manifest);
        writer.finish(manifest).map_err(RunError::Evidence)?;
    }
    Ok(())
}

fn manifest(request: &Request) -> Manifest {
    Manifest {
        format: FORMAT,
        run: request.run.clone(),
        lab: request.lab.clone(),
        lab_path: request.lab_path.display().to_string(),
        backend: request.backend.clone(),
        started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        phases: Vec::new(),
        took: 0,
        others: 0,
        mutation: request.breakage.as_ref().map(|breakage| breakage.name.clone()),
        cut_short: None,
    }
}

/// Carries out every scenario that was asked for, each recorded as soon as it is over.
async fn carry_out(request: &Request, plan: &Plan, site: &Site, writer: &Writer, teller: &mut Teller<'_>) -> Result<(), RunError> {
    writer.facts(&site.facts).map_err(RunError::Evidence)?;
    let bound = plan.bind(&site.facts, &request.run).map_err(RunError::Bind)?;
    let mut carried_out = Ok(());
    if let Some(breakage) = &request.breakage {
        teller.began(format!("break it on purpose: {}", breakage.name));
        carried_out = breakage.apply(site).await;
        teller.done();
    }
    if carried_out.is_ok() {
        carried_out = scenarios(request, &bound, site, writer, teller).await;
    }
    match &request.breakage {
        Some(breakage) if request.mend => carried_out.and(breakage.take_back(site).await),
        _ => carried_out,
    }
}

async fn scenarios(request: &Request, plan: &BoundPlan, site: &Site, writer: &Writer, teller: &mut Teller<'_>) -> Result<(), RunError> {
    for (index, bound) in plan.scenarios.iter().enumerate().filter(|(_, bound)| request.scenarios.contains(&bound.name)) {
        teller.began(bound.name.clone());
        let recorded = scenario::carry_out(request, bound, site, teller).await;
        writer.scenario(index, &recorded).map_err(RunError::Evidence)?;
        teller.done();
    }
    Ok(())
}
