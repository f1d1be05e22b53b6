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
use super::{pod, scenario, shape, symbol, tree, value};

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
    let mut problems = Vec::new();
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
    let cluster = cluster::cluster(&file.cluster, problems);
    let mut taken = Taken::default();
    // Symbols start with these words, so no node or pod may.
    taken.take("gateway", &file.cluster.network.veth_prefix.span, problems);
    taken.take(&file.cluster.network.veth_prefix, &file.cluster.network.veth_prefix.span, problems);
    let nodes = cluster::nodes(file, &cluster.network, &mut taken, problems);
    let pods = pod::pods(file, &nodes, &mut taken, problems);
    let symbols = symbol::symbols(&cluster.network, &nodes, &pods);
    let names = Names::check(&file.names, None, &symbols, problems);
    let mut lab = Lab {
        name: file.lab.value.clone(),
        title: file.title.trim().to_owned(),
        document: file.document.clone(),
        cluster,
        nodes,
        pods,
        names: names.with(&Names::default()),
        scenarios: Vec::new(),
        source: Source { path: path.to_owned(), text: text.to_owned() },
    };
    lab.scenarios = scenario::scenarios(&file.scenarios, &lab, &symbols, &names, problems);
    names.unused(problems);
    lab
}
