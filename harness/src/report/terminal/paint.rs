//! Colours, and keeping text from the outside from painting anything itself.

use std::fmt::{self, Write as _};

use crate::report::about::Style;
use crate::report::words;
use crate::verdict::Outcome;

/// How one thing stands to another: how it is painted, marked and called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    code: &'static str,
    mark: char,
    word: &'static str,
}

impl Look {
    pub(super) const SAME: Self = Self { code: "32", mark: '✓', word: "the same" };
    pub(super) const EXPLAINED: Self = Self { code: "32", mark: '≈', word: "explained" };
    pub(super) const SKIPPED: Self = Self { code: "2", mark: '-', word: "skipped" };
    pub(super) const UNKNOWN: Self = Self { code: "33", mark: '?', word: "not comparable" };
    pub(super) const DIFFERS: Self = Self { code: "1;31", mark: '✗', word: "DIFFERS" };
}

/// Puts colour on text, or leaves it alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    colour: bool,
}

impl Paint {
    pub(super) fn new(style: &Style) -> Self {
        Self { colour: style.colour }
    }

    /// Mark and word of an outcome: `✓ held`, `✗ BROKEN`.
    pub(super) fn outcome(self, outcome: &Outcome) -> String {
        let (code, mark, word) = look(outcome);
        self.put(code, &format!("{mark} {word}"))
    }

    /// The same, as wide as the widest of them.
    pub(super) fn outcome_in_column(self, outcome: &Outcome) -> String {
        let (code, mark, word) = look(outcome);
        self.put(code, &format!("{mark} {word:12}"))
    }

    /// A mark and a word, the word as wide as its column: `✓ the same`, `✗ DIFFERS`.
    pub(super) fn look(self, look: Look) -> String {
        let Look { code, mark, word } = look;
        self.put(code, &format!("{mark} {word:14}"))
    }

    /// For what names a block.
    pub(super) fn strong(self, text: &str) -> String {
        self.put("1", text)
    }

    /// For what may be overlooked.
    pub(super) fn faint(self, text: &str) -> String {
        self.put("2", text)
    }

    /// For what differs.
    pub(super) fn wrong(self, text: &str) -> String {
        self.put("1;31", text)
    }

    fn put(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Colour, mark and word. What needs a look is in capitals.
fn look(outcome: &Outcome) -> (&'static str, char, String) {
    let word = words::word(outcome);
    match outcome {
        Outcome::Held => ("32", '✓', word.to_owned()),
        Outcome::Skipped(_) => ("2", '-', word.to_owned()),
        Outcome::Inconclusive(_) => ("33", '?', word.to_owned()),
        Outcome::Broken(_) => ("1;31", '✗', word.to_uppercase()),
        Outcome::Fault(_) => ("1;35", '!', word.to_uppercase()),
    }
}

/// Adds a line to `text`.
pub(super) fn add(text: &mut String, line: fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes all that is written to it");
}

/// How many characters of a line are shown.
pub(super) const LONGEST_LINE: usize = 4_000;

/// How many bytes of what others wrote a report holds, more or less; a terminal takes no more, and JSON has all of it.
pub(super) const LONGEST: usize = 1 << 20;

/// How wide a column is at most; what is longer stands out of it.
pub(super) const WIDEST: usize = 60;

/// `text` as one line that cannot steer the terminal, for a folder of evidence may come from anybody; of a very long one the beginning.
pub(super) fn plain(text: &str) -> String {
    let Some((cut, _)) = text.char_indices().nth(LONGEST_LINE) else { return crate::plain::line(text).into_owned() };
    format!("{}{}", crate::plain::line(&text[..cut]), left_out(&text[cut..]))
}

/// How much is not shown: `… and 12 characters more`.
pub(super) fn left_out(rest: &str) -> String {
    format!("… and {} more", crate::report::words::number(rest.chars().count(), "character"))
}

/// How wide a column of these is.
pub(super) fn column<'t>(texts: impl IntoIterator<Item = &'t str>) -> usize {
    texts.into_iter().map(|text| crate::plain::columns(&plain(text))).max().unwrap_or(0).min(WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\tc\u{7}\u{202e}\n"), "a\\u{1b}[2Jb c\\u{7}\\u{202e}\\u{a}");
    }

    #[test]
    fn a_very_long_line_is_cut_between_characters() {
        let text = plain(&"é".repeat(70_000));
        assert_eq!((text.chars().count(), &text[8_000..]), (4_000 + 27, "… and 66000 characters more"));
    }
}
