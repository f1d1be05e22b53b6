//! What a run set out to record, so that what was lost since can be told from what was never asked for.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::model::Manifest;
use crate::name::{PlaceName, PointName};
use crate::plan::Plan;

/// A scenario of the lab, and what its evidence is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Listed {
    /// The scenario's name.
    pub name: String,
    /// Whether the run was to carry it out.
    pub asked: Asked,
    /// Where it captures, in path order; nowhere without a probe.
    pub points: Vec<PointName>,
    /// The commands that it runs: where, and as the lab spells them.
    pub state: Vec<(PlaceName, String)>,
}

/// Whether a run was to carry a scenario out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// It was.
    For,
    /// The user chose others.
    Not,
}

impl Listed {
    /// Every scenario of the plan's lab, in its order; `asked` are the names of those that the run is to carry out.
    pub fn of(plan: &Plan, asked: &[String]) -> Vec<Self> {
        let scenarios = plan.lab.scenarios.iter().zip(&plan.scenarios);
        let list = scenarios.map(|(scenario, planned)| {
            let mut state: Vec<_> = scenario.state.iter().map(|expected| (expected.on.clone(), expected.run.clone())).collect();
            let mut seen = std::collections::BTreeSet::new();
            state.retain(|command| seen.insert(command.clone()));
            let points = if scenario.probe.is_some() { planned.points.clone() } else { Vec::new() };
            let asked = if asked.contains(&scenario.name) { Asked::For } else { Asked::Not };
            Self { name: scenario.name.clone(), asked, points, state }
        });
        list.collect()
    }
}

impl Manifest {
    /// What the run set out to record of the scenario called `name`, if the manifest says.
    pub fn listed(&self, name: &str) -> Option<&Listed> {
        self.scenarios.as_ref()?.iter().find(|listed| listed.name == name)
    }
}

/// The SHA-256 of a lab file's text (FIPS 180-4), in hexadecimal digits.
pub fn lab_digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    let (high, low) = digest.split_at(16);
    let number = |half: &[u8]| half.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("{:032x}{:032x}", number(high), number(low))
}
