//! The lines of two outputs that one documented line stands for, word by word.

use std::collections::BTreeMap;
use std::ops::Range;

use super::model::{Difference, Pair};
use super::names::Names;
use super::numbers::Numbers;
use crate::expect::{StateLine, StateToken, Word, state_words, volatile};
use crate::lab::DocumentedLine;
use crate::packet::Field;
use crate::verdict::{LineVerdict, Outcome};

/// Holds the two lines that were found for a documented one against each other; a note says that a number was found `at`.
pub(super) fn line(
    documented: &DocumentedLine<StateLine>,
    verdicts: [&LineVerdict; 2],
    names: &Names<'_>,
    numbers: &mut Numbers,
    at: &str,
) -> Pair {
    // A line that must be there and is in neither output: there is nothing to hold against anything.
    let nowhere = verdicts.iter().all(|verdict| matches!(verdict.outcome, Outcome::Broken(_)) && verdict.observed.is_none());
    let unknown = verdicts.map(|verdict| match &verdict.outcome {
        Outcome::Inconclusive(why) | Outcome::Fault(why) => Some(why.clone()),
        Outcome::Broken(why) if nowhere => Some(why.clone()),
        Outcome::Held | Outcome::Skipped(_) | Outcome::Broken(_) => None,
    });
    let texts = verdicts.map(|verdict| verdict.observed.as_deref());
    let (fields, differences) = match texts {
        _ if unknown != [None, None] => (0, Vec::new()),
        [Some(one), Some(other)] => {
            let (fields, mut differences) = words(documented, [one, other], names, numbers, at);
            if differences.iter().all(|difference| difference.explained.is_some()) {
                differences.extend(broken_in_one(verdicts));
            }
            (fields, differences)
        }
        [None, None] => (0, Vec::new()),
        [one, other] => (0, vec![lost([one, other])]),
    };
    Pair {
        what: documented.documented.text.trim().to_owned(),
        lab_line: Some(documented.position.line),
        texts: texts.map(|text| text.map(str::to_owned)),
        fields,
        differences,
        unknown,
    }
}

/// A line that only one of the outputs has.
fn lost(texts: [Option<&str>; 2]) -> Difference {
    let values = texts.map(|text| if text.is_some() { "there" } else { "not there" }.to_owned());
    Difference { field: "line".to_owned(), values, spans: [None, None], note: None, explained: None }
}

/// A line that holds in one run and not in the other is not the same, whatever explains its words: a bridge's ports may each have any number,
/// but not another one in every line.
fn broken_in_one(verdicts: [&LineVerdict; 2]) -> Option<Difference> {
    let why = verdicts.map(|verdict| match &verdict.outcome {
        Outcome::Broken(why) if !verdict.correction_needless => Some(why),
        _ => None,
    });
    (why[0].is_some() != why[1].is_some()).then(|| Difference {
        field: "line".to_owned(),
        values: why.map(|why| why.map_or_else(|| "holds".to_owned(), |why| format!("does not hold: {why}"))),
        spans: [None, None],
        note: None,
        explained: None,
    })
}

/// What stands in both lines for one word of the documented one: the words' indexes. A gap has any number of them.
type Slot = [Vec<usize>; 2];

/// A line, and where its words are.
struct Words<'t> {
    text: &'t str,
    spans: Vec<Range<usize>>,
    plain: Vec<&'t str>,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Self {
        let spans = state_words(text);
        Self { text, plain: spans.iter().map(|span| &text[span.clone()]).collect(), spans }
    }

    /// From the first of these words to the last.
    fn span(&self, words: &[usize]) -> Option<Range<usize>> {
        Some(self.spans[*words.first()?].start..self.spans[*words.last()?].end)
    }
}

/// How many words there are, and which differ.
fn words(
    documented: &DocumentedLine<StateLine>,
    texts: [&str; 2],
    names: &Names<'_>,
    numbers: &mut Numbers,
    at: &str,
) -> (usize, Vec<Difference>) {
    let pattern = &documented.judged().pattern;
    let lines = texts.map(Words::of);
    // Words that the documented line has none for are those of one more word.
    let mut slots: BTreeMap<usize, Slot> = BTreeMap::new();
    for (side, line) in lines.iter().enumerate() {
        let spread = pattern.spread(line.plain.len());
        for index in 0..line.plain.len() {
            slots.entry(spread.get(index).copied().unwrap_or(pattern.words.len())).or_default()[side].push(index);
        }
    }
    let mut differences = Vec::new();
    for (index, slot) in &slots {
        let word = pattern.words.get(*index);
        let note = match word.map(|word| &word.token) {
            Some(StateToken::Variable(field, _)) => match bind(*field, slot, &lines, numbers, at) {
                Ok(()) => continue,
                Err(note) => note,
            },
            _ if alike(slot, &lines, names) => continue,
            _ => None,
        };
        differences.push(Difference {
            field: format!("word {}", slot.iter().flatten().min().map_or(0, |first| first + 1)),
            values: [0, 1].map(|side| lines[side].span(&slot[side]).map_or("nothing", |span| &lines[side].text[span]).to_owned()),
            spans: [0, 1].map(|side| lines[side].span(&slot[side])),
            note,
            explained: word.and_then(|word| open(word, slot, &lines, documented)),
        });
    }
    (slots.len(), differences)
}

/// Has two numbers that differ from run to run stand for each other.
fn bind(field: Field, slot: &Slot, lines: &[Words<'_>; 2], numbers: &mut Numbers, at: &str) -> Result<(), Option<String>> {
    let number = |side: usize| slot[side].first().and_then(|index| lines[side].plain[*index].parse().ok());
    let (Some(one), Some(other)) = (number(0), number(1)) else { return Err(None) };
    numbers.bind(field, None, [one, other], at).map_err(Some)
}

/// Whether the words say the same one by one.
fn alike(slot: &Slot, lines: &[Words<'_>; 2], names: &Names<'_>) -> bool {
    let pairs = || slot[0].iter().zip(&slot[1]);
    slot[0].len() == slot[1].len() && pairs().all(|(one, other)| names.same_word([lines[0].plain[*one], lines[1].plain[*other]]))
}

/// Why a word may be another one: the lab's line leaves it open. `None`: it does not.
fn open(word: &Word, slot: &Slot, lines: &[Words<'_>; 2], documented: &DocumentedLine<StateLine>) -> Option<String> {
    match word.token {
        StateToken::Hole | StateToken::Gap => {
            let because = documented.correction.as_ref().map(|correction| correction.because.clone());
            Some(because.unwrap_or_else(|| "the lab's line leaves it open".to_owned()))
        }
        StateToken::Volatile(kind) => {
            let is_this = |side: usize| slot[side].first().is_some_and(|index| volatile(&lines[side].plain, *index) == Some(kind));
            (is_this(0) && is_this(1)).then(|| kind.to_string())
        }
        StateToken::Parts(_) | StateToken::Variable(..) => None,
    }
}
