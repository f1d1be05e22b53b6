//! What an expectation has asserted besides what lines assert of themselves.

use super::at::At;
use super::model::DocumentedLine;
use super::problem::Problem;
use super::suggest;
use crate::expect::{Part, Pattern};

/// Has the parts that `words` name asserted in the lines, corrected ones included.
pub(super) fn assert(words: &[At<String>], lines: &mut [DocumentedLine<Pattern>], problems: &mut Vec<Problem>) {
    for (index, word) in words.iter().enumerate() {
        if let Some(first) = words[..index].iter().find(|first| first.value == word.value) {
            let problem = Problem::new(word.span.clone(), format!("`{}` is asserted twice", **word)).label("again");
            problems.push(problem.also(first.span.clone(), "first here").hint("once is enough"));
            continue;
        }
        let Some(part) = Part::named(word) else {
            let hint = suggest::hint(word, "parts that lines can assert", Part::assertable());
            problems.push(Problem::new(word.span.clone(), format!("`{}` is no part of a line", **word)).hint(hint));
            continue;
        };
        if let Some(why) = part.never() {
            let problem = Problem::new(word.span.clone(), format!("`{part}` can never be asserted: {why}"));
            problems.push(problem.hint(format!("lines can assert {}", Part::assertable().collect::<Vec<_>>().join(", "))));
            continue;
        }
        let patterns = lines.iter_mut().flat_map(|line| {
            let corrected = line.correction.as_mut().map(|correction| &mut correction.reads.pattern);
            std::iter::once(&mut line.documented.pattern).chain(corrected)
        });
        // Every line is to be asked, so nothing may stop at the first that has the part.
        let printed = patterns.filter_map(|pattern| pattern.assert(part).then_some(())).count();
        if printed == 0 {
            let problem = Problem::new(word.span.clone(), format!("no line here prints `{part}` without asserting it"));
            problems.push(problem.hint("take the word out"));
        }
    }
}
