//! One scenario on a lab that stands: warm up, arm, send, finish, look at state.

use std::time::Duration;

use super::Request;
use super::mutation::Breakage;
use super::teller::Teller;
use crate::capture::{self, Target};
use crate::evidence::{ScenarioEvidence, StateText};
use crate::fault::in_words;
use crate::plan::{BoundPoint, BoundScenario, BoundState};
use crate::probe;
use crate::site::Site;

/// How long an un-asserted ping may take to be answered before the capture begins: a scenario in which nobody answers takes so long, and then some.
const WARM_UP: Duration = Duration::from_millis(2500);

/// How long a probe may take to be answered where an un-asserted one was: it will be, however busy the host is.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long a capture waits for its closing sentinel, which comes unless the point is gone.
const CLOSING: Duration = Duration::from_secs(10);

/// Carries a scenario out; what cannot be done is part of what is recorded.
pub(super) async fn carry_out(request: &Request, scenario: &BoundScenario, site: &Site, teller: &mut Teller<'_>) -> ScenarioEvidence {
    let mut evidence = ScenarioEvidence { name: scenario.name.clone(), outcome: None, recordings: Vec::new(), state: Vec::new() };
    if let Some(probe) = &scenario.probe {
        let answered = probe::warm_up(site, probe, WARM_UP).await;
        if !answered {
            teller.note(format!("{}: no un-asserted ping from {} was answered within {WARM_UP:?}", scenario.name, probe.from));
        }
        let options = capture::Options {
            snap_length: request.snap_length,
            deadline: CLOSING,
            engine: request.engine,
            sabotage: request.breakage.as_ref().and_then(Breakage::sabotage),
        };
        let points: Vec<_> = scenario.points.iter().map(target).collect();
        let armed = capture::arm(site, &points, &options).await;
        evidence.outcome = Some(if request.breakage.as_ref().is_some_and(Breakage::withholds_probe) {
            probe::withheld(probe)
        } else {
            probe::send_within(site, probe, &armed, if answered { PATIENCE } else { probe::DEADLINE }).await
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
        Some(place) => place.run(&state.command).await.map_err(|error| in_words(&error.source)),
        None => Err(format!("there is no place {}", state.on)),
    };
    let (status, stdout, stderr) = match ran {
        Ok(output) => (Some(output.status), output.stdout, output.stderr),
        Err(error) => (None, String::new(), error),
    };
    StateText { on: state.on.clone(), run: state.run.clone(), command: state.command.to_string(), status, stdout, stderr }
}
