//! From the text of a lab file to a lab, or to everything that is wrong with it.

use std::path::Path;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cluster::{self, Taken};
use super::file::LabFile;
use super::model::{Lab, Source};
use super::names::Names;
use super::problem::{Problem, Problems};
use super::{pod, scenario, service, shape, symbol, text, tree, value};

/// More than any lab needs; what is larger is not a lab.
const SIZE_MAX: usize = 1 << 20;

/// Reads the text of the lab file `path`.
///
/// # Errors
/// Every problem that the file has: first of its shape (keys, kinds of value), and if that is sound, of what it says.
///
/// # Examples
/// ```
/// let problems = cnilab::lab::load("x.yaml".as_ref(), "lab: x\ntitel: y\n").unwrap_err();
/// assert!(problems.to_string().contains("did you mean `title`?"));
/// ```
pub fn load(path: &Path, text: &str) -> Result<Lab, Problems> {
    let file: LabFile = parse(path, text)?;
    let mut problems = Vec::new();
    let lab = convert(&file, path, text, &mut problems);
    if problems.is_empty() { Ok(lab) } else { Err(Problems::new(path, text, problems)) }
}

/// The JSON schema of the lab file, made from the types that read it.
pub fn schema() -> String {
    pretty(&schema_of::<LabFile>())
}

/// A schema as it is written to a file.
pub(super) fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

pub(super) fn schema_of<T: JsonSchema>() -> Value {
    SchemaGenerator::default().into_root_schema_for::<T>().to_value()
}

/// Reads a file of the type `T`: its shape first, all of it.
pub(super) fn parse<T: JsonSchema + DeserializeOwned>(path: &Path, text: &str) -> Result<T, Problems> {
    let fail = |problems| Problems::new(path, text, problems);
    if text.len() > SIZE_MAX {
        let first_line = text.find('\n').unwrap_or_default();
        let message = format!("this file has {} bytes, more than the {SIZE_MAX} that are read", text.len());
        return Err(fail(vec![Problem::new(0..first_line, message).hint("is it the right file?")]));
    }
    let mut problems = text::unprintable(text);
    // What they stand in is not what its author sees, so nothing can be said of it.
    if !problems.is_empty() {
        return Err(fail(problems));
    }
    if let Some(node) = tree::read(text, &mut problems) {
        shape::check(&node, &schema_of::<T>(), &mut problems);
    }
    if !problems.is_empty() {
        return Err(fail(problems));
    }
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        // The shape is sound, so this is what only the reader itself minds.
        let span = error.location().and_then(|location| location.span().byte_offset());
        let start = span.and_then(|start| usize::try_from(start).ok()).unwrap_or_default();
        let message = error.to_string();
        fail(vec![Problem::new(start..start + 1, message.lines().next().unwrap_or_default().trim_start_matches("error: "))])
    })
}

/// Checks what the file says.
fn convert(file: &LabFile, path: &Path, text: &str, problems: &mut Vec<Problem>) -> Lab {
    value::name(&file.lab, "a lab", problems);
    if file.title.trim().is_empty() {
        problems.push(Problem::new(file.title.span.clone(), "the title is empty").hint("one line for people"));
    }
    let cluster = cluster::cluster(&file.cluster, text, problems);
    let mut taken = Taken::default();
    reserved(file, problems);
    let nodes = cluster::nodes(file, &cluster.network, &mut taken, problems);
    let pods = pod::pods(file, &nodes, &mut taken, problems);
    let services = service::services(file, &cluster.network, &pods, &mut taken, problems);
    let symbols = symbol::symbols(&cluster.network, &nodes, &pods, &services);
    let names = Names::check(&file.names, None, &symbols, problems);
    let mut lab = Lab {
        name: file.lab.value.clone(),
        title: file.title.trim().to_owned(),
        document: file.document.clone(),
        cluster,
        nodes,
        pods,
        services,
        names: names.with(&Names::default()),
        scenarios: Vec::new(),
        source: Source { path: path.to_owned(), text: text.to_owned() },
    };
    lab.scenarios = scenario::scenarios(&file.scenarios, &lab, &symbols, &names, problems);
    lab
}

/// Symbols that are of no node or pod start with these words.
fn reserved(file: &LabFile, problems: &mut Vec<Problem>) {
    let words = ["gateway", "cluster", file.cluster.network.veth_prefix.as_str()];
    let names = file.nodes.0.iter().map(|(name, _)| name).chain(file.pods.0.iter().map(|(name, _)| name));
    for name in names.chain(file.services.0.iter().map(|(name, _)| name)).filter(|name| words.contains(&name.as_str())) {
        let problem = Problem::new(name.span.clone(), format!("no node, pod or service can be called `{}`", **name));
        problems.push(problem.hint("symbols like `gateway.ip` and `cali.mac` start with this word"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LAB: &str = include_str!("../../../labs/calico-ipip/lab.yaml");
    const MUTATIONS: &str = include_str!("../../../labs/calico-ipip/mutations.yaml");

    fn lab() -> Lab {
        load(Path::new("lab.yaml"), LAB).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_before_it_is_read() {
        let problems = load(Path::new("big.yaml"), &"a\n".repeat(SIZE_MAX)).unwrap_err();
        assert_eq!(problems.list().len(), 1);
        assert!(problems.to_string().contains("more than the 1048576 that are read"), "{problems}");
    }

    #[test]
    fn a_file_with_the_line_ends_of_another_system_is_read() {
        let text = LAB.replace('\n', "\r\n");
        let lab = load(Path::new("lab.yaml"), &text).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(lab.scenarios.len(), 4);
    }

    #[test]
    fn lines_know_where_they_stand() {
        let lab = lab();
        let lines: Vec<&str> = LAB.lines().collect();
        for expectation in lab.scenarios.iter().flat_map(|scenario| &scenario.expect) {
            assert!(lines[expectation.position.line - 1].contains(expectation.at.as_str()));
            if let super::super::Claim::Lines(documented) = &expectation.claim {
                for line in documented {
                    assert_eq!(lines[line.position.line - 1][line.position.column - 1..], line.documented.text);
                }
            }
        }
    }

    #[test]
    fn expectations_are_in_path_order() {
        let lab = lab();
        let scenario = &lab.scenarios[1];
        let path = lab.path(scenario.probe.as_ref().unwrap());
        let places: Vec<_> =
            scenario.expect.iter().map(|expectation| path.iter().position(|point| *point == expectation.at).unwrap_or(99)).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(path.len(), 8);
    }

    #[test]
    fn colours_change_nothing_but_the_colours() {
        let problems = load(Path::new("x.yaml"), "lab: x\n").unwrap_err();
        let coloured = problems.in_colour();
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        plain.push_str(rest);
        assert_eq!(plain, problems.to_string());
    }

    #[test]
    fn the_mutations_of_calico_ipip_load() {
        let mutations =
            super::super::mutations(Path::new("mutations.yaml"), MUTATIONS, &lab()).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(mutations.len() >= 12);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever an author does to a file, it is told in words.
        #[test]
        fn no_text_makes_it_panic(at in 0..LAB.len(), length in 0_usize..80, put in "[ -~\n\tü→]{0,12}") {
            let floor = |at: usize| (0..=at.min(LAB.len())).rev().find(|&at| LAB.is_char_boundary(at)).unwrap_or(0);
            let (start, end) = (floor(at), floor(at + length));
            let text = format!("{}{put}{}", &LAB[..start], &LAB[end..]);
            if let Err(problems) = load(Path::new("lab.yaml"), &text) {
                prop_assert!(!problems.list().is_empty());
                prop_assert!(problems.to_string().contains("error: "));
            }
        }
    }
}
