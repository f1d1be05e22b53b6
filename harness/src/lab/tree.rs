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
                // What is missing behind the last line is pointed at there.
                let start = error.marker().byte_offset().unwrap_or_default().min(text.trim_end().len());
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
    let problem = Problem::new(start..start + 1, format!("this is not YAML: {info}"));
    if let Some(left) = left_block(text, start) {
        let Left { key, ended, wanted, .. } = left;
        return problem.hint(format!("the block of `{key}` ended in line {ended}: to go on with it, indent by {wanted}"));
    }
    problem.hint("a text that holds `: `, ` #` or starts with `{`, `*` or `-` is put in double quotes, or in a block after `|`")
}

/// A block after `|` or `>` that a line leaves which is not indented enough for it, but more than its key: no key can stand there.
struct Left<'a> {
    /// The block's key.
    key: &'a str,
    /// The number of its last line.
    ended: usize,
    /// By how much its lines are indented.
    wanted: usize,
    /// Where the line that leaves it starts, in bytes.
    by: usize,
}

/// The block that was left last before `start`, if that is why the text stopped being YAML there.
fn left_block(text: &str, start: usize) -> Option<Left<'_>> {
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut block: Option<(&str, usize, Option<usize>)> = None;
    let (mut at, mut filled, mut left) = (0, 0, None);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if at > start {
            break;
        }
        let here = indentation(line);
        if line.trim().is_empty() {
            at += line.len();
            continue;
        }
        if let Some((key, of_key, wanted)) = block {
            match wanted {
                None if here > of_key => block = Some((key, of_key, Some(here))),
                Some(wanted) if here >= wanted => {}
                Some(wanted) if here > of_key => {
                    left = Some(Left { key, ended: filled, wanted, by: at });
                    block = None;
                }
                _ => block = None,
            }
        }
        if block.is_none() {
            block = opens_block(line).map(|(key, of_key)| (key, of_key, None));
        }
        (at, filled) = (at + line.len(), index + 1);
    }
    // What follows is of no interest to the block.
    left.filter(|left: &Left<'_>| text[left.by..start.max(left.by)].lines().count() <= 2)
}

/// The key that a block belongs to, and the column that it stands in, if this line opens one: `lines: |`, `- reads: >-`.
fn opens_block(line: &str) -> Option<(&str, usize)> {
    let (head, indicator) = line.trim_end().rsplit_once(": ")?;
    let opens = indicator.starts_with(['|', '>']) && indicator.len() <= 3 && indicator[1..].chars().all(|c| "+-123456789".contains(c));
    let key = head.trim_start_matches([' ', '-']);
    opens.then_some((key, head.len() - key.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, String) {
        let mut problems = Vec::new();
        read(text, &mut problems);
        let problem = problems.into_iter().next().unwrap_or_else(|| panic!("no problem: {text}"));
        (problem.message, problem.hint.unwrap_or_default())
    }

    #[test]
    fn a_block_that_is_left_too_early_is_told_of() {
        for (text, hint) in [
            ("a:\n  lines: |\n    x: y\n   z: b\n", "the block of `lines` ended in line 3: to go on with it, indent by 4"),
            ("lines: |\n  x: y\n z: b\n", "the block of `lines` ended in line 2: to go on with it, indent by 2"),
            ("- lines: |\n    x: y\n   z: b\n", "the block of `lines` ended in line 2: to go on with it, indent by 4"),
            ("a:\n  has: >-\n      x: y\n\n      x: z\n    z: b\n", "the block of `has` ended in line 5: to go on with it, indent by 6"),
            ("a:\n  reads: |+\n    x: y\n   z: b\n  c: d\n", "the block of `reads` ended in line 3: to go on with it, indent by 4"),
            ("a:\n  lines: |\r\n    x: y\r\n   z: b\r\n", "the block of `lines` ended in line 3: to go on with it, indent by 4"),
            ("a:\n  b: |\n    x\n  lines: |\n    x: y\n   z: b\n", "the block of `lines` ended in line 5: to go on with it, indent by 4"),
        ] {
            assert_eq!(told(text).1, hint, "{text}");
        }
        for text in ["a: b: c\n", "lines: |\n  x: y\na: b: c\n", "a:\n  b: |\n    x\n  c: d: e\n", "a: \"b\nc: d\n"] {
            assert!(!told(text).1.contains("the block of"), "{text}");
        }
    }
}
