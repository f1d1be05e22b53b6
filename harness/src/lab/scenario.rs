//! The scenarios of a lab file, checked.

use std::collections::BTreeMap;
use std::ops::Range;

use super::assert::assert;
use super::at::At;
use super::decode::server_ports;
use super::exercise::Exercise;
use super::file::{CorrectionFile, ExpectFile, ScenarioFile, StateFile};
use super::lines::{self, Context};
use super::model::{Claim, DocumentedLine, Expectation, Extent, Lab, Probe, Scenario, StateExpectation};
use super::names::Names;
use super::problem::{Problem, position};
use super::symbol::Symbols;
use super::when::when;
use super::{command, probe, suggest};
use crate::expect::StateLine;
use crate::name::{PlaceName, PointName};
use crate::packet::LinkType;

/// Checks the scenarios; `lab` is all the rest of the lab.
pub(super) fn scenarios(
    files: &At<Vec<ScenarioFile>>,
    lab: &Lab,
    symbols: &Symbols,
    outer: &Names,
    problems: &mut Vec<Problem>,
) -> Vec<Scenario> {
    if files.is_empty() {
        problems.push(Problem::new(files.span.clone(), "this lab has no scenarios").hint("give at least one"));
    }
    let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
    let points = lab.points();
    let probed = files.value.iter().filter_map(|file| file.probe.as_ref()?.curl.as_ref()?.port.as_ref());
    let probed = probed.filter_map(|port| u16::try_from(port.value).ok());
    let servers = server_ports(lab.cluster.network.tunnel.as_ref(), &lab.services, probed);
    let mut scenarios = Vec::new();
    let mut tables = Vec::new();
    for file in &files.value {
        if let Some(first) = seen.insert(&file.name, &file.name.span) {
            let problem = Problem::new(file.name.span.clone(), format!("there is another scenario `{}`", *file.name)).label("again");
            problems.push(problem.also(first.clone(), "first here").hint("each scenario has a name of its own"));
        }
        let names = Names::check(&file.names, Some(outer), symbols, problems);
        let network = &lab.cluster.network;
        let context = Context { text: &lab.source.text, symbols, names: &names, outer, servers: &servers, network };
        scenarios.push(Check { lab, context: &context, points: &points }.scenario(file, problems));
        tables.push(names);
    }
    let unread = if problems.is_empty() { String::new() } else { files.iter().flat_map(blocks).collect::<Vec<_>>().join("\n") };
    tables.iter().chain([outer]).for_each(|names| names.unused(&unread, problems));
    scenarios
}

/// All that a document's literals can stand in.
fn blocks(file: &ScenarioFile) -> Vec<&str> {
    let mut blocks: Vec<&str> = file.answers.iter().map(|block| block.as_str()).collect();
    for expect in &file.expect {
        blocks.extend(expect.lines.iter().map(|block| block.as_str()));
        blocks.extend(reads(&expect.corrections));
    }
    for state in &file.state {
        blocks.extend([Some(&state.run), state.has.as_ref(), state.lacks.as_ref()].into_iter().flatten().map(|block| block.as_str()));
        blocks.extend(reads(&state.corrections));
    }
    blocks
}

struct Check<'a> {
    lab: &'a Lab,
    context: &'a Context<'a>,
    points: &'a BTreeMap<PointName, LinkType>,
}

impl Check<'_> {
    fn scenario(&self, file: &ScenarioFile, problems: &mut Vec<Problem>) -> Scenario {
        if file.expect.is_empty() && file.state.is_empty() && file.answers.is_none() {
            let problem = Problem::new(file.name.span.clone(), format!("nothing is expected in `{}`", *file.name));
            problems.push(problem.hint("say what is seen (`expect`) or what commands print (`state`)"));
        }
        if file.name.trim().is_empty() {
            problems.push(Problem::new(file.name.span.clone(), "this scenario's name is empty").hint("a few words for people"));
        }
        let probe = file.probe.as_ref().map(|file| probe::probe(file, self.lab, problems));
        let known = probe.clone().flatten();
        let path = known.as_ref().map(|probe| self.lab.path(probe)).unwrap_or_default();
        if let (None, Some(first)) = (&file.probe, file.expect.first()) {
            let problem = Problem::new(first.at.span.clone(), "nothing is sent in this scenario, so nothing can be seen here");
            problems.push(problem.hint("add a `probe`"));
        }
        contradictions(&file.expect, problems);
        let place = |expectation: &Expectation| path.iter().position(|point| *point == expectation.at).unwrap_or(usize::MAX);
        let mut expect: Vec<Expectation> =
            file.expect.iter().filter_map(|file| self.expectation(file, known.as_ref(), &path, problems)).collect();
        expect.sort_by_key(place);
        Scenario {
            name: file.name.value.clone(),
            probe: known,
            names: self.context.names.with(self.context.outer),
            expect,
            answers: self.answers(file, problems),
            state: file.state.iter().map(|file| self.state(file, problems)).collect(),
        }
    }

    /// What the probe is answered.
    fn answers(&self, file: &ScenarioFile, problems: &mut Vec<Problem>) -> Vec<DocumentedLine<StateLine>> {
        let Some(block) = &file.answers else { return Vec::new() };
        if file.probe.as_ref().is_none_or(|probe| probe.curl.is_none()) {
            let problem = Problem::new(block.span.clone(), "only a `curl` is answered in words");
            problems.push(problem.hint("what a ping is answered is seen at its points"));
        }
        lines::read(block, block, &[], self.context, problems)
    }

    fn expectation(
        &self,
        file: &ExpectFile,
        probe: Option<&Probe>,
        path: &[PointName],
        problems: &mut Vec<Problem>,
    ) -> Option<Expectation> {
        let at = PointName::new(&*file.at);
        let link = self.point(&file.at, &at, problems);
        if let Some(none) = file.none.as_ref().filter(|none| !none.value) {
            problems.push(Problem::new(none.span.clone(), "`none` is `true` or not there at all").hint("take it away"));
            return None;
        }
        let extent = extent(file, problems);
        let claim = match (&file.lines, &file.none) {
            (Some(block), None) => {
                let mut lines = lines::read(block, &file.at, &file.corrections, self.context, problems);
                assert(&file.assert, &mut lines, problems);
                if link.is_some() {
                    on_path(&file.at, &at, path, problems);
                }
                if let (Some(probe), Some(link)) = (probe, link.filter(|_| path.contains(&at))) {
                    let exercise = Exercise { lab: self.lab, probe, link, context: self.context };
                    self.exercise(&exercise, block, file, &lines, problems);
                }
                Claim::Lines(lines)
            }
            (None, Some(_)) => {
                assert(&file.assert, &mut [], problems);
                Claim::None
            }
            (Some(_), Some(none)) => {
                let problem = Problem::new(none.span.clone(), "lines are expected here, and none at all");
                problems.push(problem.also(file.at.span.clone(), "at this point").hint("keep `lines` or `none: true`"));
                return None;
            }
            (None, None) => {
                let problem = Problem::new(file.at.span.clone(), format!("nothing is said of `{}`", *file.at));
                problems.push(problem.hint("give `lines`, or `none: true`"));
                return None;
            }
        };
        lines::stray(&file.corrections, &file.lines.iter().collect::<Vec<_>>(), self.context, problems);
        Some(Expectation {
            at,
            claim,
            extent,
            because: reason(file.because.as_ref()),
            when: file.when.as_ref().map(|file| when(file, problems)),
            position: position(self.context.text, file.at.span.start),
        })
    }

    /// The point's link type, if there is such a point.
    fn point(&self, text: &At<String>, at: &PointName, problems: &mut Vec<Problem>) -> Option<LinkType> {
        let link = self.points.get(at).copied();
        if link.is_none() {
            // Where the place is right, what is behind it is what was misspelt.
            let there: Vec<&PointName> = self.points.keys().filter(|point| point.place() == at.place()).collect();
            // A veth has one host end, wherever its pod is.
            let end = self.points.keys().find(|point| point.interface() == at.interface() && at.interface().starts_with("veth("));
            let near = suggest::closest(at.interface(), there.iter().map(|point| point.interface()));
            let near = end.map(ToString::to_string).or_else(|| near.map(|interface| format!("{}/{interface}", at.place())));
            let any = || suggest::closest(text, self.points.keys().map(PointName::as_str)).filter(|_| there.is_empty()).map(str::to_owned);
            let meant = || near.or_else(any).map(|meant| format!("did you mean `{meant}`?"));
            let listed = || suggest::hint("", "points there", there.iter().map(|point| point.as_str()));
            let hint = self.card(text).or_else(meant).unwrap_or_else(listed);
            problems.push(Problem::new(text.span.clone(), format!("`{}` is not a point of this lab", **text)).hint(hint));
        }
        link
    }

    /// Which point is meant by the interface of a node's card.
    fn card(&self, text: &str) -> Option<String> {
        let (node, interface) = text.split_once('/')?;
        let node = self.lab.node(&PlaceName::new(node))?;
        let card = &node.nics.iter().find(|nic| nic.interface == interface)?.name;
        Some(format!("{interface} is the card `{card}` here: `{}/{card}`", node.name))
    }

    fn exercise(
        &self,
        exercise: &Exercise<'_>,
        block: &At<String>,
        file: &ExpectFile,
        lines: &[super::model::DocumentedLine<crate::expect::Pattern>],
        problems: &mut Vec<Problem>,
    ) {
        let blocks = std::iter::once(block).chain(file.corrections.iter().map(|correction| &correction.reads));
        let spelt: Vec<_> = blocks.flat_map(|block| lines::split(block, self.context.text)).collect();
        let mut starts = Vec::new();
        for line in lines {
            let judged = line.judged();
            if let Some(spelt) = spelt.iter().find(|spelt| spelt.text == judged.text) {
                exercise.check(judged, spelt.span.start, problems);
            }
            // Of lines that are spelt alike, each has its own place.
            let used = |start: &usize| starts.iter().any(|(_, other)| other == start);
            let own = spelt.iter().filter(|spelt| spelt.text == judged.text).map(|spelt| spelt.span.start);
            let own: Vec<usize> = own.collect();
            starts.extend(own.iter().find(|start| !used(start)).or(own.first()).map(|start| (judged, *start)));
        }
        exercise.count(&starts, problems);
    }

    fn state(&self, file: &StateFile, problems: &mut Vec<Problem>) -> StateExpectation {
        let places =
            || self.lab.nodes.iter().map(|node| &node.name).chain(self.lab.pods.iter().map(|pod| &pod.name)).map(PlaceName::as_str);
        if !places().any(|place| place == *file.on) {
            let message = format!("`{}` is not a node or pod of this lab", *file.on);
            problems.push(Problem::new(file.on.span.clone(), message).hint(suggest::hint(&file.on, "places", places())));
        }
        let run = file.run.trim();
        if command::command(run).is_none() {
            let problem = Problem::new(file.run.span.clone(), format!("`{run}` is not one of the commands that a lab may run"));
            problems.push(problem.hint(command::listed()));
        } else {
            lines::in_command(&file.run, self.context, problems);
        }
        if file.has.is_none() && file.lacks.is_none() {
            let problem = Problem::new(file.run.span.clone(), format!("nothing is said of what `{run}` prints"));
            problems.push(problem.hint("give lines that it `has` or `lacks`"));
        }
        let blocks: Vec<&At<String>> = file.has.iter().chain(&file.lacks).collect();
        lines::stray(&file.corrections, &blocks, self.context, problems);
        let mut read = |block: &Option<At<String>>| {
            block.as_ref().map(|block| lines::read(block, &file.run, &file.corrections, self.context, problems)).unwrap_or_default()
        };
        let (has, lacks) = (read(&file.has), read(&file.lacks));
        StateExpectation {
            on: PlaceName::new(&*file.on),
            run: run.to_owned(),
            has,
            lacks,
            because: reason(file.because.as_ref()),
            when: file.when.as_ref().map(|file| when(file, problems)),
            position: position(self.context.text, file.on.span.start),
        }
    }
}

fn reads(corrections: &[CorrectionFile]) -> impl Iterator<Item = &str> {
    corrections.iter().map(|correction| correction.reads.as_str())
}

/// Whether the lines are all there is.
fn extent(file: &ExpectFile, problems: &mut Vec<Problem>) -> Extent {
    let words = [
        ("excerpt", "an excerpt of no lines", &file.excerpt, Extent::Excerpt),
        ("once", "no lines are seen once", &file.once, Extent::Once),
    ];
    let mut extent = Extent::Whole;
    for (word, without_lines, value, meant) in words {
        let Some(value) = value else { continue };
        if !value.value {
            problems.push(Problem::new(value.span.clone(), format!("`{word}` is `true` or not there at all")).hint("take it away"));
        } else if file.lines.is_none() {
            problems.push(Problem::new(value.span.clone(), without_lines).hint(format!("`{word}` goes with `lines`")));
        } else if extent != Extent::Whole {
            let problem = Problem::new(value.span.clone(), "other packets may be there, too, and yet each is there once");
            problems.push(problem.hint("keep `excerpt` or `once`"));
        }
        extent = meant;
    }
    extent
}

/// A reason without the line breaks of its block.
fn reason(text: Option<&String>) -> Option<String> {
    text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
}

/// Lines at a point where nothing is seen, said without a `when`.
fn contradictions(expect: &[ExpectFile], problems: &mut Vec<Problem>) {
    let always = |file: &&ExpectFile| file.when.is_none();
    for none in expect.iter().filter(always).filter(|file| file.none.is_some() && file.lines.is_none()) {
        if let Some(lines) = expect.iter().filter(always).find(|file| file.lines.is_some() && file.none.is_none() && *file.at == *none.at) {
            let problem = Problem::new(none.at.span.clone(), format!("nothing is seen at `{}`, and yet lines are", *none.at));
            problems.push(problem.also(lines.at.span.clone(), "lines here").hint("drop one of the two, or scope it with `when`"));
        }
    }
}

/// Lines can only be seen on the probe's way; `path` is empty where it is not known.
fn on_path(text: &At<String>, at: &PointName, path: &[PointName], problems: &mut Vec<Problem>) {
    if !path.is_empty() && !path.contains(at) {
        let way = path.iter().map(PointName::as_str).collect::<Vec<_>>().join(" → ");
        let problem = Problem::new(text.span.clone(), format!("the probe does not pass `{at}`"));
        problems.push(problem.hint(format!("its way: {way}; off it only `none: true` can hold")));
    }
}
