//! From names to addresses and interfaces, once the site is known.

use std::net::Ipv4Addr;

use crate::lab::{self, CurlTarget, Lab, Probe, Scenario};
use crate::name::{PointName, Symbol, Token};
use crate::place::Cmd;
use crate::site::Facts;

use super::model::{BoundPlan, BoundPoint, BoundProbe, BoundScenario, BoundState, Listening, Message, Plan, PlannedScenario};

/// Why a plan does not fit a site.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// Points that the site does not have.
    #[error("the site does not have {}", list(.0))]
    Points(Vec<PointName>),
    /// Symbols for which the site has no value.
    #[error("the site does not say what {} stand for", list(.0))]
    Symbols(Vec<Symbol>),
    /// A value that is to be an address or a port and is not.
    #[error("the site says that {symbol} stands for `{value}`, which is not {what}")]
    Value {
        /// The symbol.
        symbol: Symbol,
        /// What the site has for it.
        value: String,
        /// What it is to be.
        what: &'static str,
    },
    /// A command that is none of the list once its names are filled in.
    #[error("with its names filled in, `{run}` is `{filled}`, which is not a command that a lab may run")]
    Command {
        /// As the lab spells it.
        run: String,
        /// What came out.
        filled: String,
    },
}

fn list(names: &[impl std::fmt::Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Plan {
    /// Replaces every name by what it stands for on the site of these `facts`. The tokens of the run named `run` are its own.
    ///
    /// # Errors
    /// The site lacks points or symbols that the plan needs; all of a kind at once.
    pub fn bind(&self, facts: &Facts, run: &str) -> Result<BoundPlan, BindError> {
        let mut points: Vec<_> =
            self.scenarios.iter().flat_map(|planned| &planned.points).filter(|point| !facts.points.contains_key(point)).collect();
        points.sort();
        points.dedup();
        if !points.is_empty() {
            return Err(BindError::Points(points.into_iter().cloned().collect()));
        }
        let mut symbols: Vec<_> =
            self.scenarios.iter().flat_map(|planned| &planned.symbols).filter(|symbol| !facts.values.contains_key(symbol)).collect();
        symbols.sort();
        symbols.dedup();
        if !symbols.is_empty() {
            return Err(BindError::Symbols(symbols.into_iter().cloned().collect()));
        }
        let both = self.lab.scenarios.iter().zip(&self.scenarios);
        let scenarios =
            both.map(|(scenario, planned)| bind_scenario(&self.lab, scenario, planned, facts, run)).collect::<Result<_, _>>()?;
        Ok(BoundPlan { scenarios })
    }
}

fn bind_scenario(lab: &Lab, scenario: &Scenario, planned: &PlannedScenario, facts: &Facts, run: &str) -> Result<BoundScenario, BindError> {
    let points = planned.points.iter().filter_map(|point| facts.points.get_key_value(point)).map(|(name, fact)| BoundPoint {
        name: name.clone(),
        place: fact.place.clone(),
        interface: fact.interface.clone(),
        link: fact.link,
    });
    let probe = scenario.probe.as_ref().map(|probe| bind_probe(lab, probe, Token::derive(run, &scenario.name), facts)).transpose()?;
    let mut state: Vec<BoundState> = Vec::new();
    for expectation in &scenario.state {
        // Evidence keeps one output per place and command, however many lines are expected of it.
        if !state.iter().any(|bound| bound.on == expectation.on && bound.run == expectation.run) {
            let command = bind_command(&expectation.run, scenario, facts)?;
            state.push(BoundState { on: expectation.on.clone(), run: expectation.run.clone(), command });
        }
    }
    Ok(BoundScenario { name: scenario.name.clone(), points: points.collect(), probe, state })
}

fn bind_probe(lab: &Lab, probe: &Probe, token: Token, facts: &Facts) -> Result<BoundProbe, BindError> {
    let (address, port) = lab.destination(probe);
    let to: Ipv4Addr = read(&address, facts, "an IPv4 address")?;
    let message = match probe {
        Probe::Ping { size, count, .. } => Message::Echo { size: *size, count: *count },
        Probe::Curl { to: target, .. } => {
            let port = match (target, port) {
                (CurlTarget::Pod { port, .. }, _) => *port,
                (CurlTarget::Service(_) | CurlTarget::NodePort { .. }, symbol) => {
                    symbol.map_or(Ok(0), |symbol| read(&symbol, facts, "a port"))?
                }
            };
            Message::Get { port, servers: servers(lab, probe) }
        }
    };
    Ok(BoundProbe { from: probe.from().clone(), to, message, token })
}

/// Who may answer a request.
fn servers(lab: &Lab, probe: &Probe) -> Vec<Listening> {
    let port = match probe {
        Probe::Ping { .. } => return Vec::new(),
        Probe::Curl { to: CurlTarget::Pod { port, .. }, .. } => *port,
        Probe::Curl { to: CurlTarget::Service(service) | CurlTarget::NodePort { service, .. }, .. } => {
            lab.service(service).map_or(0, |service| service.target_port)
        }
    };
    lab.targets(probe).0.into_iter().map(|pod| Listening { place: pod.name.clone(), port }).collect()
}

/// What a symbol stands for, as a value.
fn read<T: std::str::FromStr>(symbol: &Symbol, facts: &Facts, what: &'static str) -> Result<T, BindError> {
    let value = facts.values.get(symbol).ok_or_else(|| BindError::Symbols(vec![symbol.clone()]))?;
    value.parse().map_err(|_| BindError::Value { symbol: symbol.clone(), value: value.clone(), what })
}

fn bind_command(run: &str, scenario: &Scenario, facts: &Facts) -> Result<Cmd, BindError> {
    let value = |symbol: &str| facts.values.get(&Symbol::new(symbol)).map(String::as_str);
    let filled = lab::fill_command(run, &scenario.names, value).map_err(|symbol| BindError::Symbols(vec![Symbol::new(symbol)]))?;
    // What a site says is as little trusted as a lab file.
    lab::command(&filled).ok_or_else(|| BindError::Command { run: run.to_owned(), filled })
}
