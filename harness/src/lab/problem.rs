//! What is wrong with a file: every problem with its place, its source line and a hint.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::model::Position;
use crate::plain;

/// Wide enough for the longest line that tcpdump prints of a SYN.
const WIDTH: usize = 240;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// A few words to stand under the marked text; empty if the message says it all.
    pub label: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The text it is about, in bytes from the file's beginning.
    pub span: Range<usize>,
    /// Another place that has to do with it, and what.
    pub also: Option<(Range<usize>, String)>,
}

impl Problem {
    /// A problem with the text at `span`.
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), label: String::new(), hint: None, span, also: None }
    }

    /// Adds words to stand under the marked text.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place, and what it has to do with this.
    pub(super) fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }
}

/// Everything that is wrong with a file, in the file's order. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    path: PathBuf,
    text: String,
    list: Vec<Problem>,
}

impl Problems {
    /// The problems of the file `path` with this `text`.
    pub(super) fn new(path: &Path, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.span.start);
        list.dedup();
        Self { path: path.to_owned(), text: text.to_owned(), list }
    }

    /// The problems, in the file's order.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The same as `Display`, with the colours of a terminal.
    pub fn in_colour(&self) -> String {
        self.render(&Renderer::styled().decor_style(DecorStyle::Ascii).term_width(WIDTH))
    }

    fn render(&self, renderer: &Renderer) -> String {
        let path = self.path.display().to_string();
        let path = plain::line(&path);
        // What steers a terminal is spelt out, so what stands behind it has moved.
        let source = plain::source(&self.text);
        let moved = |at: usize| if source == self.text { at } else { plain::source(&self.text[..at]).len() };
        let place = |span: &Range<usize>| {
            let span = within(&self.text, span);
            moved(span.start)..moved(span.end)
        };
        let mut out = String::new();
        for problem in &self.list {
            let mut primary = AnnotationKind::Primary.span(place(&problem.span));
            if !problem.label.is_empty() {
                primary = primary.label(plain::line(&problem.label));
            }
            let mut snippet = Snippet::source(&*source).path(&*path).annotation(primary);
            if let Some((span, label)) = &problem.also {
                snippet = snippet.annotation(AnnotationKind::Context.span(place(span)).label(plain::line(label)));
            }
            let mut group = Level::ERROR.primary_title(plain::text(&problem.message)).element(snippet);
            if let Some(hint) = &problem.hint {
                group = group.element(Level::HELP.with_name("hint").message(plain::text(hint)));
            }
            let snippet = renderer.render(&[group]);
            // What was spelt out is wider than in the file, whose columns are told.
            let (shown, own) = (position(&source, place(&problem.span).start), position(&self.text, problem.span.start));
            let [shown, own] = [shown, own].map(|at| format!("{path}:{}:{}", at.line, at.column));
            out.push_str(snippet.replacen(&shown, &own, 1).trim_end());
            out.push_str("\n\n");
        }
        let count = self.list.len();
        out + &format!("{path}: {count} problem{}\n", if count == 1 { "" } else { "s" })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain().term_width(WIDTH)))
    }
}

impl std::error::Error for Problems {}

/// `span` cut to the text and to the line it starts in: a caret under a line is read, a bracket around a screenful is not.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    let start = floor(span.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    start..floor(span.end.min(line_end)).max(start)
}

/// The line and the column of a byte of `text`.
pub(super) fn position(text: &str, byte: usize) -> Position {
    let before = &text[..within(text, &(byte..byte)).start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters() {
        assert_eq!(position("a\nbüc", 5), Position { line: 2, column: 3 });
        assert_eq!(position("a", 99), Position { line: 1, column: 2 });
    }

    #[test]
    fn a_span_ends_with_its_line_and_between_characters() {
        assert_eq!(within("ab\ncd", &(1..5)), 1..2);
        assert_eq!(within("aü", &(2..9)), 1..3);
    }
}
