//! The tree of a YAML text, every node and key with its place. Of YAML only what plain data needs: no anchors, no tags, one document.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use super::problem::Problem;

/// Deeper than any lab; a file that nests deeper is not one.
const DEPTH: usize = 32;

/// A node of the tree.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Text, as it is meant; `plain` if it was neither quoted nor a block.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping's entry.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// A node that is still being read.
struct Open {
    span: Range<usize>,
    children: Children,
}

enum Children {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        /// The key whose value is yet to come.
        key: Option<Key>,
        /// Where each key was first seen.
        seen: BTreeMap<String, Range<usize>>,
    },
}

/// Reads `text`; `None` if it is not even YAML. What is wrong goes to `problems`.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    let mut reader = Reader { open: Vec::new(), root: None, problems };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => reader.take(event, &range(&span))?,
            Err(error) => {
                let start = error.marker().byte_offset().unwrap_or_default().min(text.len());
                reader.problems.push(syntax(text, start, &error.info()));
                return None;
            }
        }
    }
    let root = reader.root;
    if root.is_none() {
        problems.push(Problem::new(0..0, "the file holds nothing").hint("a lab starts with `lab: <its name>`"));
    }
    root
}

fn range(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}

/// What is wrong at `start`, where the text stopped being YAML.
fn syntax(text: &str, start: usize, info: &str) -> Problem {
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let indentation = line.len() - line.trim_start().len();
    if let Some(tab) = line[..indentation].find('\t') {
        return Problem::new(line_start + tab..line_start + tab + 1, "this line is indented with a tab")
            .hint("YAML is indented with spaces");
    }
    Problem::new(start..start + 1, format!("this is not YAML: {info}"))
        .hint("a text that holds `: `, ` #` or starts with `{`, `*` or `-` is put in double quotes, or in a block after `|`")
}

struct Reader<'a> {
    open: Vec<Open>,
    root: Option<Node>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// Takes one event in; `None` if reading on makes no sense.
    fn take(&mut self, event: Event<'_>, span: &Range<usize>) -> Option<()> {
        match event {
            Event::Scalar(text, style, _, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.scalar(text.into_owned(), style == ScalarStyle::Plain, span.clone());
            }
            Event::SequenceStart(_, _, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.begin(Children::List(Vec::new()), span)?;
            }
            Event::MappingStart(_, _, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.begin(Children::Map { entries: Vec::new(), key: None, seen: BTreeMap::new() }, span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(_) => {
                self.problems.push(Problem::new(span.clone(), "a lab is plain data, without anchors and aliases").hint("write it out"));
                self.scalar(String::new(), false, span.clone());
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                self.problems.push(Problem::new(span.clone(), "a second document begins here").hint("one lab, one file"));
                return None;
            }
            _ => {}
        }
        Some(())
    }

    fn refuse_tag(&mut self, tagged: bool, span: &Range<usize>) {
        if tagged {
            self.problems.push(Problem::new(span.clone(), "a lab is plain data, without tags").hint("take the `!…` away"));
        }
    }

    fn begin(&mut self, children: Children, span: &Range<usize>) -> Option<()> {
        if self.open.len() == DEPTH {
            self.problems.push(Problem::new(span.clone(), format!("this is nested more than {DEPTH} deep")));
            return None;
        }
        if let Some(Open { children: Children::Map { key: None, .. }, .. }) = self.open.last() {
            self.problems.push(Problem::new(span.clone(), "a key is a word, not a list or a mapping").hint("put `{…}` in double quotes"));
            return None;
        }
        self.open.push(Open { span: span.clone(), children });
        Some(())
    }

    fn end(&mut self) {
        if let Some(Open { span, children }) = self.open.pop() {
            let (first, kind) = match children {
                Children::List(list) => (list.first().map(|node| node.span.clone()), Kind::List(list)),
                Children::Map { entries, .. } => (entries.first().map(|(key, _)| key.span.clone()), Kind::Map(entries)),
            };
            self.put(Node { span: first.unwrap_or(span), kind });
        }
    }

    fn scalar(&mut self, text: String, plain: bool, span: Range<usize>) {
        if let Some(Open { children: Children::Map { key: key @ None, seen, .. }, .. }) = self.open.last_mut() {
            if let Some(first) = seen.get(&text) {
                let problem = Problem::new(span.clone(), format!("`{text}` stands here twice")).label("again");
                self.problems.push(problem.also(first.clone(), "first here").hint("keep one of the two"));
            }
            seen.entry(text.clone()).or_insert_with(|| span.clone());
            *key = Some(Key { text, span });
        } else {
            self.put(Node { span, kind: Kind::Scalar { text, plain } });
        }
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.children) {
            None => self.root = Some(node),
            Some(Children::List(list)) => list.push(node),
            Some(Children::Map { entries, key, .. }) => entries.extend(key.take().map(|key| (key, node))),
        }
    }
}
