//! Plain text: what others wrote, fit to be shown.
//!
//! In: text of any origin. Out: the same with every character spelt out that would steer a terminal or turn a line round, and how many columns it takes.
//! Never: leaves a character out, or decides where text goes.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text of several lines: line feeds stay, and tabs become spaces.
pub fn text(text: &str) -> Cow<'_, str> {
    spell_out(text, |c| c == '\n')
}

/// The text of a file that is shown line by line: ends of lines stay, and so do tabs.
pub fn source(text: &str) -> Cow<'_, str> {
    let stays = |c| matches!(c, '\n' | '\t');
    if text.contains("\r\n") {
        let lines: Vec<Cow<'_, str>> = text.split("\r\n").map(|line| spell_out(line, stays)).collect();
        return Cow::Owned(lines.join("\r\n"));
    }
    spell_out(text, stays)
}

/// A text that is to be one line: line feeds are spelt out, too.
pub fn line(text: &str) -> Cow<'_, str> {
    spell_out(text, |_| false)
}

fn spell_out(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(|c| stays(c) || is_plain(c)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if stays(c) { plain.push(c) } else { plain.extend(spell(c)) }
    }
    Cow::Owned(plain)
}

/// One character: itself, a space for a tab, or its number, `\u{202e}`.
pub fn spell(c: char) -> impl Iterator<Item = char> {
    let (own, number) = match c {
        '\t' => (Some(' '), None),
        c if is_plain(c) => (Some(c), None),
        c => (None, Some(c.escape_unicode())),
    };
    own.into_iter().chain(number.into_iter().flatten())
}

/// Whether a character does nothing but stand there: not the controls of ECMA-48 (C0, DEL, C1), not what Unicode calls `Bidi_Control`, not its separators of lines
/// and paragraphs, and not what XML 1.0 (section 2.2) forbids besides.
pub fn is_plain(c: char) -> bool {
    let steers =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}');
    !c.is_control() && !steers
}

/// How many columns a plain text takes: two for a wide character, none for one that combines with the one before it.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// How many columns a plain character takes.
pub fn width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// A plain text with spaces behind it, up to `width` columns; a longer one stays as it is. (The widths of `format!` count characters and panic above
/// 65535.)
pub fn pad(text: &str, width: usize) -> String {
    let spaces = width.saturating_sub(columns(text));
    let mut padded = String::with_capacity(text.len() + spaces);
    padded.push_str(text);
    padded.extend(std::iter::repeat_n(' ', spaces));
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_spelt_out() {
        for (given, expected) in [
            ("plain, é, 漢字, e\u{301}", "plain, é, 漢字, e\u{301}"),
            ("a\tb", "a b"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("bell\u{7}", "bell\\u{7}"),
            ("over\rwrite", "over\\u{d}write"),
            ("back\u{8}space", "back\\u{8}space"),
            ("nul\0", "nul\\u{0}"),
            ("del\u{7f}", "del\\u{7f}"),
            ("csi\u{9b}31m", "csi\\u{9b}31m"),
            ("next\u{85}line", "next\\u{85}line"),
            ("\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"),
            ("\u{2066}\u{2067}\u{2068}\u{2069}", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"),
            ("\u{200e}\u{200f}\u{61c}", "\\u{200e}\\u{200f}\\u{61c}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{ffff}", "\\u{ffff}"),
            ("", ""),
        ] {
            assert_eq!((line(given), text(given)), (Cow::Borrowed(expected), Cow::Borrowed(expected)), "{given:?}");
        }
        assert_eq!(source("a\tb\r\nc\rd\u{85}\n"), "a\tb\r\nc\\u{d}d\\u{85}\n");
        assert_eq!((line("a\nb"), text("a\nb\u{7}")), (Cow::Borrowed("a\\u{a}b"), Cow::Borrowed("a\nb\\u{7}")));
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        let long = "n".repeat(70_000);
        for (given, width, expected) in [
            ("ab", 4, "ab  "),
            ("", 2, "  "),
            ("漢字", 5, "漢字 "),
            ("e\u{301}", 3, "e\u{301}  "),
            ("longer", 3, "longer"),
            ("", 0, ""),
            (&long, 10, &long),
        ] {
            assert_eq!(pad(given, width), expected);
        }
        assert_eq!(pad("", 70_000).len(), 70_000);
        assert_eq!([columns("漢"), width('é'), width('\u{301}')], [2, 1, 0]);
    }
}
