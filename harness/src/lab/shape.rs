//! Whether a file has the keys and the kinds of value that its schema asks for: all that is amiss at once, not the first thing only.
//!
//! Knows of JSON Schema (draft 2020-12) what `schemars` makes of this room's file types.

use std::ops::Range;

use serde_json::Value;

use super::problem::Problem;
use super::suggest;
use super::tree::{Kind, Node};

/// A text that is said again is no longer than this, in bytes.
const SHORT: usize = 30;

/// Compares `node`, called `name`, with `schema`; what is amiss goes to `problems`.
pub(super) fn check(node: &Node, schema: &Value, problems: &mut Vec<Problem>) {
    let mut walk = Walk { definitions: &schema["$defs"], problems };
    walk.check(node, schema, "the file", &node.span);
}

struct Walk<'a> {
    definitions: &'a Value,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Walk<'a> {
    /// `at` is where to point when something is missing: the key that leads to `node`.
    fn check(&mut self, node: &Node, schema: &'a Value, name: &str, at: &Range<usize>) {
        let (schema, nullable) = self.resolve(schema);
        if is_null(node) {
            if !nullable {
                self.problems.push(Problem::new(at.clone(), format!("{name} has no value")).hint("give it one, or take the key away"));
            }
        } else if let Some(variants) = schema["oneOf"].as_array() {
            self.variant(node, variants, name);
        } else if let Some(words) = schema["enum"].as_array() {
            self.word(node, words.iter().filter_map(Value::as_str).collect(), name);
        } else {
            self.plain(node, schema, name, at);
        }
    }

    /// Follows references; says whether nothing at all would do, too.
    fn resolve(&self, schema: &'a Value) -> (&'a Value, bool) {
        let mut schema = schema;
        let mut nullable = is_type(schema, "null");
        if let Some(either) = schema["anyOf"].as_array() {
            nullable = either.iter().any(|one| is_type(one, "null"));
            schema = either.iter().find(|one| !is_type(one, "null")).unwrap_or(schema);
        }
        while let Some(name) = schema["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            schema = &self.definitions[name];
        }
        (schema, nullable)
    }

    fn plain(&mut self, node: &Node, schema: &'a Value, name: &str, at: &Range<usize>) {
        match &node.kind {
            Kind::Map(_) if is_type(schema, "object") => self.object(node, schema, name, at),
            Kind::List(list) if is_type(schema, "array") => {
                for (index, item) in list.iter().enumerate() {
                    self.check(item, &schema["items"], &format!("entry {} of {name}", index + 1), &item.span);
                }
            }
            Kind::Scalar { .. } if is_type(schema, "string") => {}
            Kind::Scalar { text, plain } if is_type(schema, "boolean") && *plain && ["true", "false"].contains(&text.as_str()) => {}
            Kind::Scalar { text, plain } if is_type(schema, "integer") && *plain && text.parse::<u32>().is_ok() => {}
            _ => self.wrong(node, name, wanted(schema)),
        }
    }

    fn object(&mut self, node: &Node, schema: &'a Value, name: &str, at: &Range<usize>) {
        let Kind::Map(entries) = &node.kind else { return };
        let known = schema["properties"].as_object();
        for (key, value) in entries {
            if let Some(property) = known.and_then(|known| known.get(&key.text)) {
                self.check(value, property, &format!("`{}`", key.text), &key.span);
            } else if schema["additionalProperties"].is_object() {
                self.check(value, &schema["additionalProperties"], &format!("`{}`", key.text), &key.span);
            } else {
                let keys = known.into_iter().flatten().map(|(key, _)| key.as_str());
                let problem = Problem::new(key.span.clone(), format!("{name} has no key `{}`", key.text));
                self.problems.push(problem.hint(suggest::hint(&key.text, "keys here", keys)));
            }
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !entries.iter().any(|(key, _)| key.text == required) {
                let problem = Problem::new(at.clone(), format!("{name} lacks the key `{required}`"));
                let about = known.and_then(|known| self.about(&known[required]));
                self.problems.push(problem.hint(about.map_or(format!("add `{required}: …`"), |about| format!("`{required}`: {about}"))));
            }
        }
    }

    /// What the schema says a property is for: its first sentence, without the full stop.
    fn about(&self, schema: &'a Value) -> Option<String> {
        let own = schema["description"].as_str();
        let text = own.or_else(|| self.resolve(schema).0["description"].as_str())?;
        Some(text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned())
    }

    /// One of several shapes, each a word or a mapping with a single key.
    fn variant(&mut self, node: &Node, variants: &'a [Value], name: &str) {
        let words = || variants.iter().flat_map(words_of);
        let keys = || variants.iter().filter_map(|one| one["properties"].as_object()).flat_map(|one| one.keys().map(String::as_str));
        match &node.kind {
            Kind::Scalar { text, .. } if words().any(|word| word == text) => {}
            Kind::Map(entries) if entries.len() == 1 && keys().any(|key| key == entries[0].0.text) => {
                let variant = variants.iter().find(|one| !one["properties"][&entries[0].0.text].is_null());
                self.object(node, variant.unwrap_or(&Value::Null), name, &node.span);
            }
            Kind::Map(entries) if entries.len() > 1 => {
                let problem = Problem::new(entries[1].0.span.clone(), format!("{name} is one thing only, and this is a second"));
                self.problems.push(problem.hint("keep one of the keys"));
            }
            Kind::Map(entries) => {
                let (word, span) = entries.first().map_or(("", &node.span), |(key, _)| (key.text.as_str(), &key.span));
                let problem = Problem::new(span.clone(), format!("{name} has no key `{word}`"));
                self.problems.push(problem.hint(suggest::hint(word, "keys here", keys())));
            }
            Kind::Scalar { .. } => self.word(node, words().chain(keys()).collect(), name),
            Kind::List(_) => self.wrong(node, name, "one of its keys"),
        }
    }

    fn word(&mut self, node: &Node, words: Vec<&str>, name: &str) {
        match &node.kind {
            Kind::Scalar { text, .. } if words.contains(&text.as_str()) => {}
            Kind::Scalar { text, .. } => {
                let problem = Problem::new(node.span.clone(), format!("{name} cannot be `{text}`"));
                self.problems.push(problem.hint(suggest::hint(text, "it is one of", words)));
            }
            _ => self.wrong(node, name, "a word"),
        }
    }

    fn wrong(&mut self, node: &Node, name: &str, wanted: &str) {
        let found = match &node.kind {
            Kind::Scalar { text, plain } if text.len() <= SHORT && !text.contains('\n') => {
                &if *plain { format!("`{text}`") } else { format!("the text `\"{text}\"`") }
            }
            Kind::Scalar { .. } => "this text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        };
        self.problems.push(Problem::new(node.span.clone(), format!("{name} is {wanted}, not {found}")));
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
}

fn is_type(schema: &Value, wanted: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == wanted,
        Value::Array(several) => several.iter().any(|one| one == wanted),
        _ => false,
    }
}

fn words_of(variant: &Value) -> impl Iterator<Item = &str> {
    let listed = variant["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    listed.chain(variant["const"].as_str())
}

fn wanted(schema: &Value) -> &'static str {
    [
        ("object", "a mapping of keys to values"),
        ("array", "a list (`- …`)"),
        ("boolean", "`true` or `false`"),
        ("integer", "a whole number that is not negative"),
    ]
    .into_iter()
    .find(|(kind, _)| is_type(schema, kind))
    .map_or("a text", |(_, words)| words)
}
