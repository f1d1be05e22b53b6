//! A place in a line, and what has been read of it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::open::{Open, Part};
use super::pattern::{FieldPattern, LayerPattern, LineMark, LineProblem, Want};
use crate::name::Symbol;
use crate::packet::{Field, LayerKind, Value, mark_at};

/// What a number ends at.
const NUMBER_ENDS: [&str; 8] = [",", " ", ")", "]", ":", "}", "\n", "\t"];

/// A line being read: the layers found so far, and everything that is wrong with it.
///
/// Reading functions that give `None` have said why among the problems, unless the line simply ends there.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) layers: Vec<LayerPattern>,
    pub(super) marks: Vec<LineMark>,
    pub(super) open: Vec<Open>,
    /// Ports that are known to be servers'.
    pub(super) servers: &'a BTreeSet<u16>,
    pub(super) problems: Vec<LineProblem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, at: usize, servers: &'a BTreeSet<u16>) -> Self {
        Self { text, at, layers: Vec::new(), marks: Vec::new(), open: Vec::new(), servers, problems: Vec::new() }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Nothing but white space is left.
    pub(super) fn at_end(&self) -> bool {
        self.rest().trim().is_empty()
    }

    /// The text of a span.
    pub(super) fn slice(&self, span: &Range<usize>) -> &'a str {
        &self.text[span.clone()]
    }

    /// Reads `word` if it stands here.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let there = self.rest().starts_with(word);
        if there {
            self.at += word.len();
        }
        there
    }

    /// Reads `word`, or complains that it is missing.
    pub(super) fn need(&mut self, word: &str) -> Option<()> {
        if self.eat(word) {
            return Some(());
        }
        let span = self.next_word();
        let found = if span.is_empty() { "the line ends here".to_owned() } else { format!("here stands `{}`", self.slice(&span)) };
        self.problem(span, format!("`{}` is missing: {found}", word.trim()), "the line must read as tcpdump prints it");
        None
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// The word that comes next, not read.
    pub(super) fn next_word(&self) -> Range<usize> {
        let rest = self.rest();
        let start = self.at + (rest.len() - rest.trim_start().len());
        let length = self.text[start..].find([' ', ',', '\n']).unwrap_or(self.text.len() - start);
        start..start + length
    }

    /// Reads up to the first of `ends`, or to the end of the line.
    pub(super) fn until(&mut self, ends: &[&str]) -> Range<usize> {
        let length = ends.iter().filter_map(|end| self.rest().find(end)).min().unwrap_or(self.rest().len());
        let span = self.at..self.at + length;
        self.at = span.end;
        span
    }

    /// Complains.
    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        // What is missing behind the end of the line is pointed at there.
        let end = self.text.len();
        let start = span.start.min(end);
        let span = start..span.end.clamp(start, end);
        self.problems.push(LineProblem { span, message: message.into(), hint: Some(hint.into()) });
    }

    /// Reads a decimal number up to `max`; a line that is cut off in print there, and says so by an ellipsis, says nothing of it.
    pub(super) fn number(&mut self, what: &str, max: u64) -> Option<(u64, Range<usize>)> {
        let span = self.until(&NUMBER_ENDS);
        let token = self.slice(&span);
        if self.is_cut_off(token) {
            return None;
        }
        if token.is_empty() && self.at_end() {
            let hint = "give the number, or take the word before it out; where print has cut the line off, end it with `…`";
            self.problem(span, format!("{what} is missing: the line ends here"), hint);
            self.at = self.text.len();
            return None;
        }
        match token.parse::<u64>() {
            Ok(number) if number <= max && !token.starts_with('+') => Some((number, span)),
            Ok(_) => {
                self.problem(span, format!("{what} cannot be `{token}`"), format!("it is at most {max}"));
                None
            }
            Err(_) if token.starts_with('{') => {
                self.at = (span.end + 1).min(self.text.len());
                self.problem(span.start..self.at, format!("{what} cannot be a placeholder"), "placeholders stand for addresses and ports");
                None
            }
            Err(_) => {
                self.problem(
                    span,
                    format!("{what} cannot be `{token}`"),
                    "give the number, or leave the field out if it is not to be asserted",
                );
                None
            }
        }
    }

    /// Reads a hexadecimal number, `0x0800`.
    pub(super) fn hexadecimal(&mut self, what: &str, max: u64) -> Option<(u64, Range<usize>)> {
        let span = self.until(&NUMBER_ENDS);
        let token = self.slice(&span);
        let digits = token.strip_prefix("0x").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
            Some(number) if number <= max => Some((number, span)),
            _ => {
                self.problem(span, format!("{what} cannot be `{token}`"), format!("it is a number from 0x0 to {max:#x}"));
                None
            }
        }
    }

    /// Reads `, key ` of a list of attributes; `None` where the list ends.
    pub(super) fn key(&mut self) -> Option<Range<usize>> {
        if !self.eat(", ") {
            return None;
        }
        let span = self.until(&[" ", ",", ":", ")"]);
        if self.is_cut_off(self.slice(&span)) {
            return None;
        }
        self.eat(" ");
        if span.is_empty() {
            self.problem(span, "something is missing here", "the line must read as tcpdump prints it");
            return None;
        }
        Some(span)
    }

    /// Whether the line ends with `token`, read last, because print has cut it off there: `length …`, `leng…`, `id 17...`.
    pub(super) fn is_cut_off(&mut self, token: &str) -> bool {
        let is_cut_off = self.at_end() && ["…", "..."].iter().any(|ellipsis| token.ends_with(ellipsis));
        if is_cut_off {
            self.open(Part::CutOff, self.at - token.len()..self.at);
            self.at = self.text.len();
        }
        is_cut_off
    }

    /// Complains of an attribute that is not understood, and passes over it.
    pub(super) fn unknown(&mut self, key: Range<usize>, of: &str, known: &str) {
        self.until(&[", ", ": ", ")"]);
        let word = self.slice(&key);
        self.problem(key, format!("`{word}` is not understood as a part of {of}"), format!("understood are {known}"));
    }

    /// Begins a layer.
    pub(super) fn layer(&mut self, kind: LayerKind) {
        self.layers.push(LayerPattern { kind, fields: Vec::new() });
    }

    /// The line says `want` of a field of the layer begun last.
    pub(super) fn field(&mut self, field: Field, want: Want, span: Range<usize>) {
        let Some(layer) = self.layers.last_mut() else { return };
        if layer.fields.iter().any(|known| known.field == field) {
            self.problem(span, format!("{} is given twice", field.name()), "give it once");
        } else {
            layer.fields.push(FieldPattern { field, want, span });
        }
    }

    /// The line prints this and does not assert it.
    pub(super) fn open(&mut self, part: Part, span: Range<usize>) {
        self.say(part, span, None);
    }

    /// The line prints a field, of which it says `want` only if a lab has it asserted.
    pub(super) fn open_field(&mut self, part: Part, field: Field, want: Want, span: Range<usize>) {
        self.say(part, span.clone(), Some(FieldPattern { field, want, span }));
    }

    fn say(&mut self, part: Part, span: Range<usize>, says: Option<FieldPattern>) {
        let layer = self.layers.len().saturating_sub(1);
        let twice = says.as_ref().filter(|says| {
            let same = |other: &Open| other.layer == layer && other.says.as_ref().is_some_and(|other| other.field == says.field);
            self.open.iter().any(same)
        });
        if let Some(says) = twice {
            self.problem(span, format!("{} is given twice", says.field.name()), "give it once");
        } else {
            self.open.push(Open { part, span, layer, says });
        }
    }

    /// Reads a number that the line prints and does not assert.
    pub(super) fn open_number(&mut self, part: Part, field: Field, what: &str, max: u64) {
        if let Some((number, span)) = self.number(what, max) {
            self.open_field(part, field, Want::Exact(Value::Number(number)), span);
        }
    }

    /// Reads the marks that stand here, blanks before them included.
    pub(super) fn marks(&mut self) {
        self.marks_before(&[]);
    }

    /// Reads marks as [`marks`](Self::marks) does, up to one of `ends`.
    pub(super) fn marks_before(&mut self, ends: &[&str]) {
        loop {
            let start = self.at + (self.rest().len() - self.rest().trim_start_matches(' ').len());
            if ends.iter().any(|end| self.text[start..].starts_with(end)) {
                return;
            }
            let Some(length) = mark_at(&self.text[start..]) else { return };
            self.mark(start..start + length);
        }
    }

    /// The line bears a mark, which has been read then. The digits of a checksum are not asserted.
    pub(super) fn mark(&mut self, span: Range<usize>) {
        self.at = span.end;
        if self.slice(&span).contains("cksum") {
            self.open(Part::Checksum, span.clone());
        }
        let depth = self.layers.iter().filter(|layer| matches!(layer.kind, LayerKind::Ipv4 | LayerKind::Ipv6)).count();
        self.marks.push(LineMark { span, depth });
    }

    /// Reads a number of which the line says that it is exactly this one.
    pub(super) fn exact(&mut self, field: Field, what: &str, max: u64) {
        if let Some((number, span)) = self.number(what, max) {
            self.field(field, Want::Exact(Value::Number(number)), span);
        }
    }

    /// Reads a number that differs from run to run.
    pub(super) fn variable(&mut self, field: Field, what: &str, max: u64) {
        if let Some((number, span)) = self.number(what, max) {
            self.field(field, Want::Variable(number), span);
        }
    }

    /// The symbol of a text that is one placeholder, braces and all; complains of a placeholder that is none.
    pub(super) fn placeholder(&mut self, span: &Range<usize>) -> Option<Symbol> {
        let inner = self.slice(span).strip_prefix('{')?.strip_suffix('}')?;
        if inner.is_empty() || !inner.chars().all(is_symbol) {
            self.problem(span.clone(), format!("`{{{inner}}}` is not a placeholder"), "a placeholder is a name in braces, like {pod1.ip}");
            return None;
        }
        Some(Symbol::new(inner))
    }
}

/// What a symbol is made of.
pub(super) fn is_symbol(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | '(' | ')' | '/')
}
