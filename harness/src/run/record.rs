//! The left side: a lab brought up, every scenario carried out, and all of it recorded.

use std::time::{SystemTime, UNIX_EPOCH};

use super::teller::Teller;
use super::{Request, RunError, scenario};
use crate::backend::Backend;
use crate::evidence::{FORMAT, Listed, Manifest, Writer, lab_digest};
use crate::fault::Blame;
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

/// What those who ask for runs have to say while they last.
pub(super) trait Asker {
    /// What becomes of the lab, if the first request wants it kept.
    fn keep(&self, site: &Site) -> Linger;

    /// How a request went; an error ends the rest.
    fn told(&mut self, request: &Request, done: Result<(), RunError>) -> Result<(), RunError>;

    /// Returns once somebody wants the run to end; never, where it ends by being killed.
    fn interrupted(&self) -> impl Future<Output = ()>;
}

/// Carries requests out, one after another, on one lab of `backend`; all of them are of the same lab file.
///
/// # Errors
/// The first thing that failed. The lab is down then, unless the error is that it is not; an interrupt while it was brought up leaves that to
/// the caller.
pub(super) async fn record(
    requests: &[Request],
    backend: &impl Backend,
    teller: &mut Teller<'_>,
    asker: &mut impl Asker,
) -> Result<(), RunError> {
    let Some(first) = requests.first() else { return Ok(()) };
    let lab = lab::load(&first.lab_path, &first.lab_text).map_err(|problems| RunError::Lab(problems.to_string()))?;
    let plan = plan::draft(lab);
    let mut folder = Some(Folder::create(first, &plan)?);

    let topology = &plan.topology;
    let number = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    teller.began(format!("bring up {} and {}", number(topology.nodes.len(), "node"), number(topology.pods.len(), "pod")));
    let site = tokio::select! {
        site = backend.up(topology) => site.map_err(|error| {
            let error = RunError::Up(error);
            // What this host lacks, or who asks for what cannot be, made nothing that there could be evidence of.
            if error.blame() != Blame::Harness && let Some(folder) = folder.take() {
                folder.writer.discard();
            }
            error
        })?,
        () = asker.interrupted() => return Err(RunError::Interrupted { evidence: first.evidence.clone() }),
    };
    teller.done();
    let mut last = None;
    let mut carried_out = Ok(());
    for request in requests {
        // The first one's was there before anything else was.
        let mut current = match folder.take().map_or_else(|| Folder::create(request, &plan), Ok) {
            Ok(folder) => folder,
            Err(error) => {
                carried_out = asker.told(request, Err(error));
                if carried_out.is_err() {
                    break;
                }
                continue;
            }
        };
        let mut done = carry_out(request, &plan, &site, &current.writer, teller, asker).await;
        if done.is_ok() {
            done = current.finish(teller);
        }
        // What comes after a lab that may still be broken would prove nothing.
        let over = matches!(done, Err(RunError::Mend { .. } | RunError::Interrupted { .. }));
        carried_out = asker.told(request, done);
        last = Some(current);
        if over || carried_out.is_err() {
            break;
        }
    }
    if !first.keep || carried_out.is_err() || asker.keep(&site) == Linger::No {
        teller.began("take it down".to_owned());
        let down = backend.down(site).await;
        teller.done();
        carried_out?;
        down.map_err(|leftovers| RunError::Leftovers(leftovers.to_string()))?;
    }
    // How long it took to take the lab down is known only now.
    match last {
        Some(mut last) if requests.len() == 1 => last.finish(teller),
        _ => Ok(()),
    }
}

/// A request's evidence folder.
struct Folder {
    manifest: Manifest,
    writer: Writer,
}

impl Folder {
    fn create(request: &Request, plan: &Plan) -> Result<Self, RunError> {
        let manifest = manifest(request, plan);
        let writer = Writer::create(&request.evidence, &manifest, &request.lab_text).map_err(RunError::Unusable)?;
        Ok(Self { manifest, writer })
    }

    fn finish(&mut self, teller: &Teller<'_>) -> Result<(), RunError> {
        teller.write_times(&mut self.manifest);
        self.writer.finish(&self.manifest).map_err(RunError::Evidence)
    }
}

fn manifest(request: &Request, plan: &Plan) -> Manifest {
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
        lab_sha256: Some(lab_digest(&request.lab_text)),
        scenarios: Some(Listed::of(plan, &request.scenarios)),
    }
}

/// Carries out every scenario that was asked for, each recorded as soon as it is over. A lab that was broken on purpose is mended whatever
/// happens meanwhile, if it is to outlive this.
async fn carry_out(
    request: &Request,
    plan: &Plan,
    site: &Site,
    writer: &Writer,
    teller: &mut Teller<'_>,
    asker: &impl Asker,
) -> Result<(), RunError> {
    writer.facts(&site.facts).map_err(RunError::Evidence)?;
    let bound = plan.bind(&site.facts, &request.run).map_err(RunError::Bind)?;
    let mut carried_out = Ok(());
    if let Some(breakage) = &request.breakage {
        teller.began(format!("break it on purpose: {}", breakage.name));
        carried_out = breakage.apply(site).await;
        teller.done();
    }
    if carried_out.is_ok() {
        carried_out = tokio::select! {
            carried_out = scenarios(request, &bound, site, writer, teller) => carried_out,
            () = asker.interrupted() => Err(RunError::Interrupted { evidence: request.evidence.clone() }),
        };
    }
    if let Some(breakage) = request.breakage.as_ref().filter(|_| request.mend) {
        teller.began(format!("take back: {}", breakage.name));
        let mended = breakage.take_back(site).await;
        teller.done();
        // A step that failed may have had its effect all the same, where its end was not seen: only what was taken back is whole.
        match (mended, &carried_out) {
            (Ok(()), _) => {}
            (Err(_), Err(RunError::Break { .. })) => carried_out = carried_out.map_err(|error| RunError::Mend { source: Box::new(error) }),
            (mended, _) => carried_out = mended,
        }
    }
    carried_out
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
