//! From the bytes of a file to its text.

use std::ops::Range;
use std::path::Path;

use super::problem::{Problem, Problems};

/// How many places of one kind are told; a file that has more has them everywhere.
const TOLD: usize = 10;

/// The byte order mark, with which some editors begin a file (Unicode 16.0, section 23.8).
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The text of the file `path`, without a byte order mark, and with line ends that count: `\r` alone, as some systems had it, is one.
///
/// # Errors
/// Every place that is not UTF-8.
///
/// # Examples
/// ```
/// let problems = cnilab::lab::text("x.yaml".as_ref(), b"lab: x\ntitle: caf\xe9\n").unwrap_err();
/// assert!(problems.to_string().contains("x.yaml:2:11"), "{problems}");
/// ```
pub fn text(path: &Path, bytes: &[u8]) -> Result<String, Problems> {
    let hint = "save it as UTF-8";
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let wide = Problem::new(0..0, "this file is UTF-16, not UTF-8").hint(hint);
        return Err(Problems::new(path, "", vec![wide]));
    }
    let bytes = line_ends(bytes.strip_prefix(MARK).unwrap_or(bytes));
    let (mut text, mut problems) = (String::new(), Vec::<Problem>::new());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let Some(first) = chunk.invalid().first() else { continue };
        let start = text.len();
        text.push(char::REPLACEMENT_CHARACTER);
        // Several in a row are one thing.
        if let Some(last) = problems.last_mut().filter(|last| last.span.end == start) {
            last.span.end = text.len();
        } else if problems.len() < TOLD {
            let message = format!("the byte 0x{first:02x} here is not UTF-8");
            problems.push(Problem::new(start..text.len(), message).hint(hint));
        }
    }
    if problems.is_empty() { Ok(text) } else { Err(Problems::new(path, &text, problems)) }
}

fn line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() {
        if bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            bytes[at] = b'\n';
        }
    }
    bytes
}

/// Characters that YAML does not have (YAML 1.2.2, rule 1, `c-printable`), each of which a reader would not see either.
pub(super) fn unprintable(text: &str) -> Vec<Problem> {
    let printable = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..);
    let begins = |at: usize, character: char| at == 0 && character == '\u{feff}';
    let found = text.char_indices().filter(|(at, character)| !printable(*character) && !begins(*at, *character));
    found.take(TOLD).map(|(at, character)| problem(at..at + character.len_utf8(), character)).collect()
}

fn problem(span: Range<usize>, character: char) -> Problem {
    let (what, hint) = match character {
        '\0' => ("a NUL stands here, which is no text".to_owned(), "is it the right file?"),
        '\u{1b}' => ("an escape character stands here".to_owned(), "a terminal's colours were copied with the text: take them away"),
        '\u{feff}' => ("a byte order mark stands here, which belongs at the beginning of a file only".to_owned(), "take it away"),
        _ => (format!("a control character stands here, U+{:04X}", u32::from(character)), "take it away"),
    };
    Problem::new(span, what).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_that_is_no_text_is_told_with_its_line_and_column() {
        for (bytes, places) in [
            (&b"a: \xff\n"[..], &["x.yaml:1:4"][..]),
            (b"a: b\nc: caf\xe9 x\n", &["x.yaml:2:7"]),
            (b"a: \xc3\xa9\xe9\n", &["x.yaml:1:5"]),
            (b"a: \xe9\nb: c\nd: \xe8\n", &["x.yaml:1:4", "x.yaml:3:4"]),
            (b"a: \xff\xff\xff\n", &["x.yaml:1:4"]),
            (b"a: b\r\nc: \xfe\r\n", &["x.yaml:2:4"]),
            (b"a: b\rc: \xfe\r", &["x.yaml:2:4"]),
            (b"\xef\xbb\xbfa: \xfe\n", &["x.yaml:1:4"]),
            (b"a: b\nc: d\n\xc3", &["x.yaml:3:1"]),
            (b"\x80", &["x.yaml:1:1"]),
            (b"a: \xed\xa0\x80\n", &["x.yaml:1:4"]),
            (b"a: \xc0\xaf\n", &["x.yaml:1:4"]),
        ] {
            let problems = text(Path::new("x.yaml"), bytes).unwrap_err();
            let told = problems.to_string();
            assert_eq!(problems.list().len(), places.len(), "{told}");
            assert!(places.iter().all(|place| told.contains(&format!("{place}\n"))), "{told}");
        }
        let wide = text(Path::new("x.yaml"), b"\xff\xfea\0:\0").unwrap_err();
        assert!(wide.to_string().contains("UTF-16"), "{wide}");
        assert_eq!(text(Path::new("x.yaml"), &b"\xff\n".repeat(1000)).unwrap_err().list().len(), TOLD);
    }

    #[test]
    fn a_text_is_the_same_whatever_system_wrote_it() {
        for (bytes, same) in [
            (&b"a\nb\n"[..], "a\nb\n"),
            (b"\xef\xbb\xbfa\nb\n", "a\nb\n"),
            (b"a\rb\r", "a\nb\n"),
            (b"a\r\nb\r\n", "a\r\nb\r\n"),
            (b"a\r\r\nb", "a\n\r\nb"),
            (b"", ""),
            (b"\xef\xbb\xbf", ""),
        ] {
            assert_eq!(text(Path::new("x.yaml"), bytes).unwrap(), same);
        }
    }

    #[test]
    fn characters_that_nobody_sees_are_told() {
        for (text, at, word) in [
            ("a\0b", 1, "NUL"),
            ("a\n\u{1b}[31mb", 2, "escape"),
            ("a\u{14}b", 1, "U+0014"),
            ("a\u{7}", 1, "U+0007"),
            ("\u{8}", 0, "U+0008"),
            ("a: \u{7f}", 3, "U+007F"),
            ("ä\u{80}", 2, "U+0080"),
            ("ä\u{9f}", 2, "U+009F"),
            ("a\u{feff}", 1, "byte order mark"),
            ("a\u{b}", 1, "U+000B"),
            ("a\u{c}", 1, "U+000C"),
            ("a\u{fffe}", 1, "U+FFFE"),
        ] {
            let found = unprintable(text);
            assert_eq!((found.len(), found[0].span.start), (1, at), "{text:?}");
            assert!(found[0].message.contains(word), "{text:?}: {}", found[0].message);
        }
        for text in ["a: b\r\n\tc", "ü→…\u{85}\u{a0}", "\u{feff}a: b", "🙂", "\u{e000}\u{fffd}"] {
            assert_eq!(unprintable(text), Vec::new(), "{text:?}");
        }
    }
}
