//! Breaking a lab on purpose.

use serde::{Deserialize, Serialize};

use super::RunError;
use crate::backend::netns::ProxyFault;
use crate::capture::Sabotage;
use crate::fault::in_words;
use crate::lab::{Broken, Consequence, HarnessFault, Lab, Mutation, Step, Within};
use crate::name::Symbol;
use crate::site::Site;
use crate::verdict::{ExpectationVerdict, Outcome, RunVerdict, Subject};

/// What to break, as it crosses the pipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Breakage {
    /// The mutation's name.
    pub name: String,
    /// What to run once the lab stands, placeholders not yet filled in.
    pub steps: Vec<Step>,
    /// What takes that back.
    pub undo: Vec<Step>,
    /// What the harness itself is to do wrong.
    pub harness: Option<HarnessFault>,
}

impl Breakage {
    /// What a lab's mutation asks for.
    pub fn of(mutation: &Mutation) -> Self {
        let Mutation { name, steps, undo, harness, .. } = mutation.clone();
        Self { name, steps, undo, harness }
    }

    /// Breaks the lab: all steps, in order, each to its end.
    pub(super) async fn apply(&self, site: &Site) -> Result<(), RunError> {
        for step in &self.steps {
            carry_out(step, site).await?;
        }
        Ok(())
    }

    /// Takes back what was done to a lab that stays; goes on after a fault, and returns the first.
    pub(super) async fn take_back(&self, site: &Site) -> Result<(), RunError> {
        let mut first = Ok(());
        for step in &self.undo {
            let done = carry_out(step, site).await;
            first = first.and(done);
        }
        first.map_err(|error| RunError::Mend { source: Box::new(error) })
    }

    /// What the captures are to do wrong.
    pub(super) fn sabotage(&self) -> Option<Sabotage> {
        match self.harness.as_ref()? {
            HarnessFault::CloseMidway(point) => Some(Sabotage::CloseMidway(point.clone())),
            HarnessFault::Starve(point) => Some(Sabotage::Starve(point.clone())),
            HarnessFault::WithholdProbe | HarnessFault::ProxyKeepsTtl | HarnessFault::ProxyPort(_) => None,
        }
    }

    /// What the embedded backend's proxies are to do wrong.
    pub(super) fn proxy_fault(&self) -> ProxyFault {
        match self.harness {
            Some(HarnessFault::ProxyKeepsTtl) => ProxyFault { keeps_ttl: true, port: None },
            Some(HarnessFault::ProxyPort(port)) => ProxyFault { keeps_ttl: false, port: Some(port) },
            _ => ProxyFault::default(),
        }
    }

    /// Whether the probe is not to be sent.
    pub(super) fn withholds_probe(&self) -> bool {
        self.harness == Some(HarnessFault::WithholdProbe)
    }
}

async fn carry_out(step: &Step, site: &Site) -> Result<(), RunError> {
    let failed = |message: String| RunError::Break { place: step.on.to_string(), command: step.command.clone(), message };
    let value = |symbol: &str| site.facts.values.get(&Symbol::new(symbol)).map(String::as_str);
    let command = step.filled(value).map_err(|symbol| failed(format!("nothing is known of {{{symbol}}}")))?;
    let place = site.places.get(&step.on).ok_or_else(|| failed("there is no such place".to_owned()))?;
    let ended = match step.within {
        Within::Network => place.run(&command).await,
        Within::Node => place.run_itself(&command).await,
    };
    let output = ended.map_err(|error| failed(in_words(&error.source)))?;
    if output.status == 0 { Ok(()) } else { Err(failed(output.stderr.trim().to_owned())) }
}

/// The scenarios that must be carried out to see whether a mutation is noticed, in the lab's order.
pub fn scenarios_of(mutation: &Mutation, lab: &Lab) -> Vec<String> {
    let wanted = |name: &String| mutation.breaks.iter().any(|breaks| breaks.scenarios.contains(name));
    lab.scenarios.iter().map(|scenario| scenario.name.clone()).filter(wanted).collect()
}

/// Whether all that must notice a mutation did; `Ok` says in a few words what did.
///
/// # Errors
/// What held nevertheless, or came out in another way than the mutation says.
pub fn noticed(mutation: &Mutation, verdict: &RunVerdict) -> Result<String, String> {
    let mut by = Vec::new();
    for breaks in &mutation.breaks {
        for name in &breaks.scenarios {
            let scenario = verdict.scenarios.iter().find(|scenario| scenario.name == *name).ok_or_else(|| format!("{name}: not judged"))?;
            let (at, outcome) = match &breaks.at {
                None => (name.clone(), &scenario.outcome),
                Some(at) => {
                    (words(at), worst(&scenario.expectations, at).ok_or_else(|| format!("{name}: nothing is expected at {}", words(at)))?)
                }
            };
            match (mutation.outcome, outcome) {
                (Consequence::Broken, Outcome::Broken(_)) | (Consequence::Inconclusive, Outcome::Inconclusive(_)) => by.push(at),
                _ => return Err(format!("{name}, {at}: {outcome:?}")),
            }
        }
    }
    by.dedup();
    Ok(by.join(", "))
}

/// The worst of the expectations about `at`: several may be about the same point.
fn worst<'a>(expectations: &'a [ExpectationVerdict], at: &Broken) -> Option<&'a Outcome> {
    let about = |subject: &Subject| match (subject, at) {
        (Subject::Point(point), Broken::Point(wanted)) => point == wanted,
        (Subject::State { on, run }, Broken::State { on: wanted_on, run: wanted_run }) => on == wanted_on && run == wanted_run,
        _ => false,
    };
    expectations.iter().filter(|expectation| about(&expectation.subject)).map(|expectation| &expectation.outcome).max()
}

fn words(at: &Broken) -> String {
    match at {
        Broken::Point(point) => point.to_string(),
        Broken::State { on, run } => format!("{on}: {run}"),
    }
}
