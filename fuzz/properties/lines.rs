//! Documented lines: whatever is pasted, it is understood or refused, each part that is told of it lies within it, and no letter of it is passed over.

use std::ops::Range;

use cnilab::expect::{LayerPattern, LineProblem, Part, Pattern, StateLine, StateToken, packet_line, state_line, state_words, time_stamp};
use cnilab::packet::{LinkType, mark_meaning};

/// How many places of a line are altered where not all of them are.
const PLACES: usize = 16;

/// Checks one input, and some alterations of it.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let length = text.len().max(1);
    let start = text.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    check_at(&text, (0..PLACES).map(|place| start.wrapping_add(place * 7919) % length));
}

/// Checks one input, and its alterations at these places, in bytes.
pub(crate) fn check_at(text: &str, places: impl Iterator<Item = usize>) {
    within(text, &(0..time_stamp(text)));
    match packet_line(text) {
        Ok(pattern) => understood(text, &pattern, places),
        Err(problems) => refused(text, &problems),
    }
    let mut end = 0;
    for word in state_words(text) {
        assert!(end <= word.start && word.start < word.end, "words overlap or are empty");
        end = word.end;
        within(text, &word);
    }
    match state_line(text) {
        Ok(line) => state(text, &line),
        Err(problems) => refused(text, &problems),
    }
}

fn within(text: &str, span: &Range<usize>) {
    assert!(text.get(span.clone()).is_some(), "{span:?} is no part of a line of {} bytes", text.len());
}

fn refused(text: &str, problems: &[LineProblem]) {
    assert!(!problems.is_empty(), "a line was refused without a reason");
    for problem in problems {
        within(text, &problem.span);
    }
}

fn understood(text: &str, pattern: &Pattern, places: impl Iterator<Item = usize>) {
    assert!(!pattern.layers.is_empty(), "a line that says nothing was understood");
    let fields = pattern.layers.iter().flat_map(|layer| &layer.fields).map(|part| &part.span);
    let open = pattern.open.iter().map(|open| &open.span);
    fields.chain(open.clone()).chain(pattern.marks.iter().map(|mark| &mark.span)).for_each(|span| within(text, span));
    let said = says(text, pattern);
    for place in places {
        let Some(letter) = text.get(place..).and_then(|rest| rest.chars().next()) else { continue };
        let is_silent = letter.is_whitespace() || place < time_stamp(text) || open.clone().any(|span| span.contains(&place));
        let is_of_mark = pattern.marks.iter().any(|mark| mark.span.contains(&place));
        if is_silent || (is_of_mark && letter.is_ascii_hexdigit()) {
            continue;
        }
        let (head, tail) = (&text[..place], &text[place + letter.len_utf8()..]);
        // A number is the same with fewer zeros before it, and not every tcpdump prints a colon where one can be.
        let without = (!matches!(letter, '0' | ':')).then(|| format!("{head}{tail}"));
        for altered in without.into_iter().chain(next(letter).map(|next| format!("{head}{next}{tail}"))) {
            let Ok(other) = packet_line(&altered) else { continue };
            assert!(says(&altered, &other) != said, "two lines say the same:\n{text}\n{altered}\n{said:?}");
        }
    }
}

/// Another letter of the same kind.
fn next(letter: char) -> Option<char> {
    Some(match letter {
        '9' => '0',
        'z' => 'a',
        'Z' => 'A',
        letter if letter.is_ascii_alphanumeric() => char::from(u8::try_from(letter).ok()? + 1),
        _ => return None,
    })
}

/// What a line says, wherever in it that stands: its layers, its marks, and which parts it leaves open.
type Says<'t> = (Option<LinkType>, Vec<LayerPattern>, Vec<(usize, &'t str)>, Vec<Part>);

fn says<'t>(text: &'t str, pattern: &Pattern) -> Says<'t> {
    let mut layers = pattern.layers.clone();
    layers.iter_mut().flat_map(|layer| &mut layer.fields).for_each(|part| part.span = 0..0);
    let marks = pattern.marks.iter().map(|mark| (mark.depth, mark_meaning(&text[mark.span.clone()])));
    (pattern.link, layers, marks.collect(), pattern.open.iter().map(|open| open.part).collect())
}

/// The parts of a word are all of it, one behind the other.
fn state(text: &str, line: &StateLine) {
    assert!(!line.words.is_empty(), "a line without words was understood");
    for word in &line.words {
        within(text, &word.span);
        if let StateToken::Parts(parts) = &word.token {
            let mut end = word.span.start;
            for part in parts {
                assert_eq!(part.span.start, end, "a part of {:?} is passed over", &text[word.span.clone()]);
                within(text, &part.span);
                end = part.span.end;
            }
            assert_eq!(end, word.span.end, "the end of {:?} is passed over", &text[word.span.clone()]);
        }
    }
    for words in 0..line.words.len() + 2 {
        assert!(line.spread(words).iter().all(|word| *word < line.words.len()), "no such word");
    }
}
