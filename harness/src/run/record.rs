//! The left side: a lab brought up, every scenario carried out, and all of it recorded.

use std::io::{BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::mutation::Breakage;
use super::{Request, RunError};
use crate::backend::Backend;
use crate::backend::netns::{Netns, enclosure};
use crate::capture::{self, Target};
use crate::event::Event;
use crate::evidence::{FORMAT, Manifest, ScenarioEvidence, StateText, Writer};
use crate::lab;
use crate::plan::{self, BoundPoint, BoundScenario, BoundState, Plan};
use crate::probe;
use crate::site::Site;

/// How long an un-asserted ping may take to be answered before the capture begins.
const WARM_UP: Duration = Duration::from_millis(1500);

/// How long a capture waits for its closing sentinel.
const CLOSING: Duration = Duration::from_secs(2);

/// The process that holds an embedded lab: takes a [`Request`] on standard input and tells [`Event`]s on standard output.
pub fn enclosed(inner: bool) -> ExitCode {
    if !inner {
        return enclosure::first_stage();
    }
    let told = tell_of_run();
    if let Err(error) = &told {
        tell(&Event::Failed { text: with_causes(error), host_cannot: error.host_cannot() });
    }
    ExitCode::from(u8::from(told.is_err()))
}

fn tell_of_run() -> Result<(), RunError> {
    enclosure::second_stage().map_err(RunError::Enclose)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(RunError::Talk)?;
    let request: Request = serde_json::from_str(&line).map_err(|error| RunError::Talk(error.into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Talk)?;
    let fault = request.breakage.as_ref().map(Breakage::proxy_fault).unwrap_or_default();
    runtime.block_on(record(&request, &Netns { fault, ..Netns::default() }, &mut Teller::default()))
}

/// Carries a request out on `backend`.
async fn record(request: &Request, backend: &impl Backend, teller: &mut Teller) -> Result<(), RunError> {
    let lab = lab::load(&request.lab_path, &request.lab_text).map_err(|problems| RunError::Lab(problems.to_string()))?;
    let plan = plan::draft(lab);
    let mut manifest = manifest(request, &plan.lab.name);
    let mut writer = Writer::create(&request.evidence, &manifest, &request.lab_text).map_err(RunError::Evidence)?;

    let topology = &plan.topology;
    teller.began(format!("bring up {} nodes and {} pods", topology.nodes.len(), topology.pods.len()));
    let site = backend.up(topology).await.map_err(RunError::Up)?;
    teller.done();
    writer.facts(&site.facts).map_err(RunError::Evidence)?;

    let carried_out = carry_out(request, &plan, &site, &mut writer, teller).await;
    if request.keep && carried_out.is_ok() {
        keep(&site);
    }

    teller.began("take it down".to_owned());
    let down = backend.down(site).await;
    teller.done();
    carried_out?;
    down.map_err(|leftovers| RunError::Leftovers(leftovers.to_string()))?;
    manifest.phases = teller.phases.clone();
    writer.finish(&manifest).map_err(RunError::Evidence)
}

fn manifest(request: &Request, lab: &str) -> Manifest {
    Manifest {
        format: FORMAT,
        run: request.run.clone(),
        lab: lab.to_owned(),
        lab_path: request.lab_path.display().to_string(),
        backend: "netns".to_owned(),
        started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        phases: Vec::new(),
        mutation: request.breakage.as_ref().map(|breakage| breakage.name.clone()),
        cut_short: None,
    }
}

/// Carries out every scenario that was asked for, each recorded as soon as it is over.
async fn carry_out(request: &Request, plan: &Plan, site: &Site, writer: &mut Writer, teller: &mut Teller) -> Result<(), RunError> {
    let bound = plan.bind(&site.facts, &request.run).map_err(RunError::Bind)?;
    if let Some(breakage) = &request.breakage {
        teller.began(format!("break it on purpose: {}", breakage.name));
        breakage.apply(site).await?;
        teller.done();
    }
    for (index, scenario) in bound.scenarios.iter().enumerate().filter(|(_, scenario)| request.scenarios.contains(&scenario.name)) {
        teller.began(scenario.name.clone());
        let recorded = scenario_evidence(request, scenario, site, teller).await;
        writer.scenario(index, &recorded).map_err(RunError::Evidence)?;
        teller.done();
    }
    Ok(())
}

/// One scenario: warm up, arm, send, finish, look at state.
async fn scenario_evidence(request: &Request, scenario: &BoundScenario, site: &Site, teller: &mut Teller) -> ScenarioEvidence {
    let mut evidence = ScenarioEvidence { name: scenario.name.clone(), outcome: None, recordings: Vec::new(), state: Vec::new() };
    if let Some(probe) = &scenario.probe {
        if !probe::warm_up(site, probe, WARM_UP).await {
            teller.note(format!("{}: no un-asserted ping from {} was answered within {WARM_UP:?}", scenario.name, probe.from));
        }
        let options = capture::Options {
            snap_length: request.snap_length,
            deadline: CLOSING,
            sabotage: request.breakage.as_ref().and_then(Breakage::sabotage),
        };
        let points: Vec<_> = scenario.points.iter().map(target).collect();
        let armed = capture::arm(site, &points, &options).await;
        evidence.outcome = Some(if request.breakage.as_ref().is_some_and(Breakage::withholds_probe) {
            probe::withheld(probe)
        } else {
            probe::send(site, probe, &armed).await
        });
        evidence.recordings = armed.finish().await;
    }
    for state in &scenario.state {
        evidence.state.push(look_at(site, state).await);
    }
    evidence
}

fn target(point: &BoundPoint) -> Target {
    Target { point: point.name.clone(), place: point.place.clone(), interface: point.interface.clone(), link: point.link }
}

/// Runs a state command; one that cannot run is recorded as such.
async fn look_at(site: &Site, state: &BoundState) -> StateText {
    let ran = match site.places.get(&state.on) {
        Some(place) => place.run(&state.command).await.map_err(|error| with_causes(&error)),
        None => Err(format!("there is no place {}", state.on)),
    };
    let (status, stdout, stderr) = match ran {
        Ok(output) => (Some(output.status), output.stdout, output.stderr),
        Err(error) => (None, String::new(), error),
    };
    StateText { on: state.on.clone(), run: state.run.clone(), command: state.command.to_string(), status, stdout, stderr }
}

/// Leaves the lab up until standard input ends.
fn keep(site: &Site) {
    let places = site.places.iter().filter_map(|(name, place)| Some((name.clone(), place.netns()?.as_raw_fd()))).collect();
    tell(&Event::Kept { places });
    // Whatever the outer process writes, only the end of its input counts.
    let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
}

/// Tells the outer process of phases, and times them.
#[derive(Default)]
struct Teller {
    current: Option<(String, Instant)>,
    phases: Vec<(String, u64)>,
}

impl Teller {
    fn began(&mut self, phase: String) {
        tell(&Event::Began { phase: phase.clone() });
        self.current = Some((phase, Instant::now()));
    }

    fn done(&mut self) {
        let Some((phase, since)) = self.current.take() else { return };
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        tell(&Event::Done { micros });
        self.phases.push((phase, micros));
    }

    #[expect(clippy::unused_self, reason = "the one place from which a run speaks")]
    fn note(&self, text: String) {
        tell(&Event::Note { text });
    }
}

/// Writes an event as a line; without a reader there is nobody to tell.
fn tell(event: &Event) {
    let mut stdout = std::io::stdout().lock();
    let line = serde_json::to_string(event).expect("an event is strings and numbers");
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// An error and all its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
