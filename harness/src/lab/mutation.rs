//! Mutations: a lab broken on purpose, and which of its expectations must notice.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::at::At;
use super::lines;
use super::load::parse;
use super::model::{Lab, Scenario};
use super::placeholder;
use super::problem::{Problem, Problems};
use super::suggest;
use super::symbol::{Symbols, symbols};
use crate::name::{PlaceName, PointName};
use crate::place::Cmd;

/// One way to break a lab on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Its name, one of a kind in its file.
    pub name: String,
    /// What it does, in one sentence.
    pub does: String,
    /// What is run once the site stands and its facts are known, before anything is sent, warm-up included.
    pub steps: Vec<Step>,
    /// What takes that back, where the site outlives the mutation; none if nothing does.
    pub undo: Vec<Step>,
    /// What the harness does wrong, if it is the harness that is broken.
    pub harness: Option<HarnessFault>,
    /// What must notice.
    pub breaks: Vec<Break>,
    /// How each of those must come out.
    pub outcome: Consequence,
}

impl Mutation {
    /// Whether it can be done to such a lab.
    ///
    /// # Errors
    /// Why not, in a few words.
    pub fn fits(&self, victim: Victim) -> Result<(), &'static str> {
        let in_nodes = self.steps.iter().chain(&self.undo).any(|step| step.within == Within::Node);
        match (victim, &self.harness) {
            (Victim::Namespaces, _) => {
                if in_nodes {
                    Err("it is done to processes of a real node")
                } else {
                    Ok(())
                }
            }
            (_, Some(HarnessFault::ProxyKeepsTtl | HarnessFault::ProxyPort(_))) => Err("the proxies of a real cluster are not ours"),
            (Victim::LastingCluster, _) if !self.steps.is_empty() && self.undo.is_empty() => {
                Err("nothing takes it back, and the cluster outlives it")
            }
            _ => Ok(()),
        }
    }
}

/// What is to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// Network namespaces, made for the mutation alone.
    Namespaces,
    /// A cluster that is deleted after the mutation.
    OwnCluster,
    /// A cluster that stays when the mutation is over.
    LastingCluster,
}

/// A command that breaks something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// Where it runs.
    pub on: PlaceName,
    /// The command; `{…}` placeholders are filled in, white space parts the arguments, no shell sees it.
    pub command: String,
    /// In how much of that place.
    pub within: Within,
}

/// In how much of a place a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// In its network namespace.
    Network,
    /// In the node itself, with its processes and its programs; only clusters have that.
    Node,
}

impl Step {
    /// The command with its placeholders replaced by what `value` says they stand for.
    ///
    /// # Errors
    /// The first symbol for which `value` has nothing.
    pub fn filled<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<Cmd, String> {
        placeholder::fill(&self.command, value).map(|filled| Cmd::parse(&filled))
    }
}

/// What a harness can do wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HarnessFault {
    /// It arms its captures and sends nothing.
    WithholdProbe,
    /// It closes the capture at this point once the probe has left.
    CloseMidway(PointName),
    /// It lets the capture at this point run over.
    Starve(PointName),
    /// Its proxies leave the TTL as it is.
    ProxyKeepsTtl,
    /// Its proxies send to and listen on this UDP port.
    ProxyPort(u16),
}

impl HarnessFault {
    /// Whether it is our own captures that do it.
    pub fn in_captures(&self) -> bool {
        matches!(self, Self::CloseMidway(_) | Self::Starve(_))
    }
}

/// What must notice a mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The scenarios, by name; each of them must.
    pub scenarios: Vec<String>,
    /// The expectation in each; the scenario as a whole if absent.
    pub at: Option<Broken>,
}

/// An expectation of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// At least one of those at this point.
    Point(PointName),
    /// At least one of those about this command's output.
    State {
        /// Where it runs.
        on: PlaceName,
        /// As the lab spells it.
        run: String,
    },
}

/// How a broken lab must come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// What is documented does not hold.
    Broken,
    /// Nothing can be said.
    Inconclusive,
}

/// A mutation, as its author writes it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct MutationFile {
    /// Its name, one of a kind in the file.
    name: At<String>,
    /// What it does, in one sentence.
    does: At<String>,
    /// What is run before anything is sent.
    #[serde(default)]
    steps: Vec<StepFile>,
    /// What takes that back, for labs that outlive the mutation.
    #[serde(default)]
    undo: Vec<StepFile>,
    /// What the harness does wrong.
    harness: Option<HarnessFile>,
    /// What must notice.
    breaks: At<Vec<BreakFile>>,
    /// How each of those must come out.
    outcome: Consequence,
}

/// A command that breaks something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StepFile {
    /// The node or pod where it runs.
    on: At<String>,
    /// A command that runs in its network namespace; no shell sees it.
    run: Option<At<String>>,
    /// A command that runs in the node itself, with its processes and its programs, on clusters; no shell sees it.
    exec: Option<At<String>>,
}

/// What a harness can do wrong.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum HarnessFile {
    /// It sends nothing.
    WithholdProbe,
    /// It closes the capture at this point once the probe has left.
    CloseMidway(At<String>),
    /// It lets the capture at this point run over.
    Starve(At<String>),
    /// Its stand-ins for a proxy in user space leave the TTL as it is.
    ProxyKeepsTtl,
    /// Its stand-ins for a proxy in user space send to and listen on this UDP port.
    ProxyPort(At<u32>),
}

/// What must notice a mutation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BreakFile {
    /// The scenario's name; `*` stands for any letters.
    scenario: At<String>,
    /// A point, or a place and a command: `node1/tunl0`, `node1: ip route`.
    at: Option<At<String>>,
}

/// Reads the text of the mutations file `path` of `lab`.
///
/// # Errors
/// Every problem that the file has, as for a lab.
pub fn mutations(path: &Path, text: &str, lab: &Lab) -> Result<Vec<Mutation>, Problems> {
    let files: Vec<MutationFile> = parse(path, text)?;
    let symbols = symbols(&lab.cluster.network, &lab.nodes, &lab.pods, &lab.services);
    let mut check = Check { lab, symbols: &symbols, text, problems: Vec::new() };
    let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
    let mut mutations = Vec::new();
    for file in &files {
        if let Some(first) = seen.insert(&file.name, &file.name.span) {
            let problem = Problem::new(file.name.span.clone(), format!("there is another mutation `{}`", *file.name)).label("again");
            check.problems.push(problem.also(first.clone(), "first here").hint("each has a name of its own"));
        }
        mutations.push(check.mutation(file));
    }
    if check.problems.is_empty() { Ok(mutations) } else { Err(Problems::new(path, text, check.problems)) }
}

struct Check<'a> {
    lab: &'a Lab,
    symbols: &'a Symbols,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn mutation(&mut self, file: &MutationFile) -> Mutation {
        if file.steps.is_empty() && file.harness.is_none() {
            let problem = Problem::new(file.name.span.clone(), format!("`{}` changes nothing", *file.name));
            self.problems.push(problem.hint("give `steps`, or say what the `harness` does wrong"));
        }
        if file.breaks.is_empty() {
            let problem = Problem::new(file.breaks.span.clone(), format!("`{}` breaks nothing", *file.name));
            self.problems.push(problem.hint("name at least one expectation that must notice"));
        }
        Mutation {
            name: file.name.value.clone(),
            does: file.does.split_whitespace().collect::<Vec<_>>().join(" "),
            steps: file.steps.iter().filter_map(|step| self.step(step)).collect(),
            undo: file.undo.iter().filter_map(|step| self.step(step)).collect(),
            harness: file.harness.as_ref().map(|fault| match fault {
                HarnessFile::WithholdProbe => HarnessFault::WithholdProbe,
                HarnessFile::CloseMidway(point) => HarnessFault::CloseMidway(self.point(point)),
                HarnessFile::Starve(point) => HarnessFault::Starve(self.point(point)),
                HarnessFile::ProxyKeepsTtl => HarnessFault::ProxyKeepsTtl,
                HarnessFile::ProxyPort(port) => HarnessFault::ProxyPort(self.port(port)),
            }),
            breaks: file.breaks.iter().map(|broken| self.broken(broken)).collect(),
            outcome: file.outcome,
        }
    }

    fn step(&mut self, file: &StepFile) -> Option<Step> {
        self.place(&file.on, &file.on);
        let (command, within) = match (&file.run, &file.exec) {
            (Some(run), None) => (run, Within::Network),
            (None, Some(exec)) => (exec, Within::Node),
            _ => {
                let problem = Problem::new(file.on.span.clone(), "a step has either `run` or `exec`");
                self.problems.push(problem.hint("`run` in a network namespace, `exec` in the node itself"));
                return None;
            }
        };
        let on = PlaceName::new(&*file.on);
        if within == Within::Node && self.lab.node(&on).is_none() {
            let problem = Problem::new(file.on.span.clone(), format!("`{on}` is not a node of this lab"));
            self.problems.push(problem.hint("`exec` is for nodes; a pod has nothing but nettool in it"));
        }
        if command.trim().is_empty() {
            self.problems.push(Problem::new(command.span.clone(), "this command is empty").hint("a program and its arguments"));
        }
        lines::placeholders(command, self.symbols, self.text, &mut self.problems);
        Some(Step { on, command: command.trim().to_owned(), within })
    }

    fn place(&mut self, text: &At<String>, name: &str) {
        let places =
            || self.lab.nodes.iter().map(|node| &node.name).chain(self.lab.pods.iter().map(|pod| &pod.name)).map(PlaceName::as_str);
        if !places().any(|place| place == name) {
            let problem = Problem::new(text.span.clone(), format!("`{name}` is not a node or pod of this lab"));
            self.problems.push(problem.hint(suggest::hint(name, "places", places())));
        }
    }

    fn point(&mut self, text: &At<String>) -> PointName {
        let at = PointName::new(&**text);
        let points = self.lab.points();
        if !points.contains_key(&at) {
            let problem = Problem::new(text.span.clone(), format!("`{at}` is not a point of this lab"));
            self.problems.push(problem.hint(suggest::hint(text, "points", points.keys().map(PointName::as_str))));
        }
        at
    }

    fn port(&mut self, number: &At<u32>) -> u16 {
        u16::try_from(number.value).ok().filter(|port| *port != 0).unwrap_or_else(|| {
            let problem = Problem::new(number.span.clone(), format!("`{}` is not a UDP port", number.value));
            self.problems.push(problem.hint("between 1 and 65535"));
            1
        })
    }

    fn broken(&mut self, file: &BreakFile) -> Break {
        let scenarios: Vec<&Scenario> = self.lab.scenarios.iter().filter(|scenario| matches_glob(&file.scenario, &scenario.name)).collect();
        if scenarios.is_empty() {
            let names = self.lab.scenarios.iter().map(|scenario| scenario.name.as_str());
            let problem = Problem::new(file.scenario.span.clone(), format!("`{}` is no scenario of this lab", *file.scenario));
            self.problems.push(problem.hint(suggest::hint(&file.scenario, "scenarios", names)));
        }
        let at = file.at.as_ref().map(|text| match text.split_once(": ") {
            Some((on, run)) => {
                self.place(text, on);
                Broken::State { on: PlaceName::new(on), run: run.trim().to_owned() }
            }
            None => Broken::Point(self.point(text)),
        });
        if let (Some(at), Some(text)) = (&at, &file.at) {
            for scenario in scenarios.iter().filter(|scenario| !expects(scenario, at)) {
                let problem = Problem::new(text.span.clone(), format!("`{}` expects nothing of `{}`", scenario.name, **text));
                self.problems.push(problem.hint("what breaks is an expectation of the scenario, spelt as the lab spells it"));
            }
        }
        Break { scenarios: scenarios.into_iter().map(|scenario| scenario.name.clone()).collect(), at }
    }
}

fn expects(scenario: &Scenario, at: &Broken) -> bool {
    match at {
        Broken::Point(point) => scenario.expect.iter().any(|expectation| expectation.at == *point),
        Broken::State { on, run } => scenario.state.iter().any(|state| state.on == *on && state.run == *run),
    }
}

/// Whether `name` is what `glob` describes; `*` stands for any letters, also none.
pub fn matches_glob(glob: &str, name: &str) -> bool {
    match glob.split_once('*') {
        None => glob == name,
        Some((start, rest)) => {
            let Some(name) = name.strip_prefix(start) else { return false };
            name.char_indices().map(|(at, _)| &name[at..]).chain([""]).any(|tail| matches_glob(rest, tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (glob, name, matches) in [
            ("*", "", true),
            ("pod to *", "pod to pod", true),
            ("*own*", "node to its own pod", true),
            ("pod", "pod1", false),
            ("*1", "a11", true),
            ("ü*", "üb", true),
        ] {
            assert_eq!(matches_glob(glob, name), matches, "{glob} {name}");
        }
    }

    #[test]
    fn a_step_is_split_after_its_placeholders_are_filled_in() {
        let command = "ip link set dev {pod1.veth} down".to_owned();
        let step = Step { on: PlaceName::new("node1"), command, within: Within::Network };
        let command = step.filled(|symbol| (symbol == "pod1.veth").then_some("cali1")).unwrap();
        assert_eq!(command.to_string(), "ip link set dev cali1 down");
        assert_eq!(step.filled(|_| None), Err("pod1.veth".to_owned()));
    }
}
