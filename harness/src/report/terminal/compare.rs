//! Lines one under the other, with carets where they differ.

use std::ops::Range;

use super::paint::{LONGEST_LINE, Paint, left_out};
use crate::plain::{pad, spell, width};
use crate::report::about::Style;

/// The width of the labels before the lines: the longest is `undocumented`.
const LABEL: usize = 12;
/// No chunk of a folded line is narrower than this, however narrow the terminal: packet lines in shreds cannot be read.
const NARROWEST: usize = 40;

/// One line with its label.
pub(super) struct Row {
    /// What the line is: `documented`, `observed`.
    pub(super) label: &'static str,
    /// The line, fit to be shown.
    pub(super) text: String,
    /// Which of its characters are marked.
    marks: Vec<bool>,
}

impl Row {
    /// A line with no part marked.
    pub(super) fn new(label: &'static str, text: &str) -> Self {
        Self::marked(label, text, &[])
    }

    /// A line with `spans` marked, in bytes of `text`; what lies outside of it is left out.
    pub(super) fn marked(label: &'static str, text: &str, spans: &[Range<usize>]) -> Self {
        let mut row = Self { label, text: String::new(), marks: Vec::new() };
        for (count, (at, character)) in text.char_indices().enumerate() {
            if count == LONGEST_LINE {
                row.put(left_out(&text[at..]).chars(), false);
                break;
            }
            row.put(spell(character), spans.iter().any(|span| span.contains(&at)));
        }
        row
    }

    fn put(&mut self, characters: impl Iterator<Item = char>, mark: bool) {
        for character in characters {
            self.text.push(character);
            self.marks.push(mark);
        }
    }
}

/// The rows one under the other. Carets stand under the last of the rows that are marked at the same columns. Where the style has a
/// width, all rows are folded behind the same word, so that a caret always stands below what it marks.
pub(super) fn compare(rows: &[Row], indent: usize, style: &Style) -> String {
    let room = style.width.map(|width| width.saturating_sub(indent + LABEL + 1).max(NARROWEST));
    let lines: Vec<Vec<char>> = rows.iter().map(|row| row.text.chars().collect()).collect();
    let mut text = String::new();
    for (turn, ranges) in fold(&lines, room).into_iter().enumerate() {
        let marked = |index: usize| &rows[index].marks[ranges[index].clone()];
        for (index, row) in rows.iter().enumerate() {
            let label = if turn == 0 { row.label } else { "" };
            if turn == 0 || !ranges[index].is_empty() {
                text.push_str(&labelled(indent, label, &chunk(&lines[index][ranges[index].clone()], marked(index), style)));
            }
            let below = |index: usize| marked_columns(&lines[index][ranges[index].clone()], marked(index));
            if (index + 1..rows.len()).all(|other| below(other) != below(index)) {
                text.push_str(&carets(indent, &below(index), style));
            }
        }
    }
    text
}

/// The carets that stand under what is marked, column by column.
fn marked_columns(chars: &[char], marks: &[bool]) -> String {
    let mut carets = String::new();
    for (character, mark) in chars.iter().zip(marks) {
        carets.extend(std::iter::repeat_n(if *mark { '^' } else { ' ' }, width(*character)));
    }
    carets.truncate(carets.trim_end().len());
    carets
}

/// Which part of each line is shown in which turn: as many words as fit in all of them, and at least one.
fn fold(lines: &[Vec<char>], room: Option<usize>) -> Vec<Vec<Range<usize>>> {
    let whole = || lines.iter().map(|line| 0..line.len()).collect();
    let Some(room) = room else { return vec![whole()] };
    // Where each word of each line ends, the space behind it included.
    let ends: Vec<Vec<usize>> = lines.iter().map(|line| word_ends(line)).collect();
    let words = ends.iter().map(Vec::len).max().unwrap_or(0);
    let end = |line: usize, word: usize| if word == 0 { 0 } else { ends[line].get(word - 1).copied().unwrap_or(lines[line].len()) };
    let wide = |line: usize, from: usize, to: usize| lines[line][end(line, from)..end(line, to)].iter().map(|c| width(*c)).sum::<usize>();
    let mut turns = Vec::new();
    let mut from = 0;
    while from < words {
        let fits = |to: &usize| (0..lines.len()).all(|line| wide(line, from, *to) <= room);
        let to = (from + 1..=words).take_while(fits).last().unwrap_or(from + 1);
        turns.push((0..lines.len()).map(|line| end(line, from)..end(line, to)).collect());
        from = to;
    }
    if turns.is_empty() { vec![whole()] } else { turns }
}

fn word_ends(line: &[char]) -> Vec<usize> {
    let spaces = line.iter().enumerate().filter(|(_, char)| **char == ' ').map(|(at, _)| at + 1);
    spaces.filter(|end| *end < line.len()).chain((!line.is_empty()).then_some(line.len())).collect()
}

fn chunk(chars: &[char], marks: &[bool], style: &Style) -> String {
    let paint = Paint::new(style);
    let mut text = String::new();
    let mut at = 0;
    while at < chars.len() {
        let run = marks[at..].iter().take_while(|mark| **mark == marks[at]).count();
        let piece: String = chars[at..at + run].iter().collect();
        text.push_str(&if marks[at] { paint.wrong(&piece) } else { piece });
        at += run;
    }
    text
}

fn carets(indent: usize, line: &str, style: &Style) -> String {
    if line.is_empty() { String::new() } else { labelled(indent, "", &Paint::new(style).wrong(line)) }
}

fn labelled(indent: usize, label: &str, text: &str) -> String {
    format!("{}\n", format!("{}{} {text}", pad("", indent), pad(label, LABEL)).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::about::Verbosity;

    fn shown(width: Option<usize>, rows: &[Row]) -> String {
        compare(rows, 0, &Style { colour: false, width, verbosity: Verbosity::Normal })
    }

    fn marking(label: &'static str, text: &str, what: &str) -> Row {
        let spans: Vec<Range<usize>> = text.match_indices(what).map(|(at, _)| at..at + what.len()).collect();
        Row::marked(label, text, &spans)
    }

    #[test]
    fn carets_stand_once_below_lines_that_differ_at_the_same_columns() {
        let rows = [marking("documented", "ttl 62, length 98", "62"), marking("observed", "ttl 63, length 98", "63")];
        assert_eq!(shown(None, &rows), "documented   ttl 62, length 98\nobserved     ttl 63, length 98\n                 ^^\n");
    }

    #[test]
    fn carets_stand_below_each_line_where_the_columns_differ() {
        let rows = [marking("documented", "a length 98", "98"), marking("observed", "aaa length 118", "118")];
        let expected = "documented   a length 98\n                      ^^\nobserved     aaa length 118\n                        ^^^\n";
        assert_eq!(shown(None, &rows), expected);
    }

    #[test]
    fn folded_lines_stay_in_step_and_lose_nothing() {
        let long = "32:21:45:c4:c5:d5 > ee:ee:ee:ee:ee:ee, ethertype IPv4 (0x0800), length 98: 10.244.153.204 > 10.244.146.205: ICMP";
        let other = long.replace("10.244.146.205", "10.244.146.9");
        let rows = [marking("documented", long, "10.244.146.205"), Row::new("observed", &other)];
        let text = shown(Some(70), &rows);
        assert!(text.lines().all(|line| line.chars().count() <= 70), "{text}");
        let mut kept = String::new();
        let mut takes = true;
        for line in text.lines().filter(|line| !line.trim_start().starts_with('^')) {
            // Rows take turns, documented first.
            if takes {
                kept.push_str(&line[LABEL + 1..]);
                if !kept.ends_with(' ') {
                    kept.push(' ');
                }
            }
            takes = !takes;
        }
        assert_eq!(kept.trim_end(), long);
        assert!(text.contains("^^^^^^^^^^^^^^"), "{text}");
    }

    #[test]
    fn spans_outside_of_the_line_or_inside_of_a_character_do_no_harm() {
        let rows = [Row::marked("observed", "é ✓", &[1..2, 3..4, 90..99])];
        assert_eq!(shown(Some(1), &rows), "observed     é ✓\n               ^\n");
    }
}
