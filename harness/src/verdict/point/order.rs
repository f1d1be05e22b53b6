//! Packets that are as a line says, and stand elsewhere among the others than the line does.

use super::super::align::goes_alike;
use super::super::compare::compare;
use super::super::echoes::Round;
use super::super::model::{Finding, LineVerdict, Outcome};
use super::super::repeat::Standing;
use super::super::seen::Seen;
use super::{Hearing, held_against, of_any_transmission};
use crate::expect::Pattern;
use crate::lab::DocumentedLine;

/// The field of the finding that says so.
pub(in crate::verdict) const ORDER: &str = "order";

impl Hearing<'_> {
    /// Has each line without a frame stand for one of those that are `left`, if that is as the line says in all else and was seen on the other side of
    /// another line's frame. Returns what is left then.
    ///
    /// Where the capture is doubted, nothing is said of order. What was sent again says nothing of when its packet was there.
    pub(super) fn reorder(
        &mut self,
        round: &Round<'_>,
        (mut left, taken): (Vec<usize>, &[Option<usize>]),
        standings: &[Standing],
        verdicts: &mut [(usize, LineVerdict)],
    ) -> Vec<usize> {
        if self.doubts != (None, None) {
            return left;
        }
        for (row, (index, line)) in round.lines.iter().enumerate().filter(|(row, _)| taken[*row].is_none()) {
            let found = left.iter().enumerate().find_map(|(place, frame)| {
                let (crossed, sides) = crossed(row, *frame, taken)?;
                let is_again = matches!(standings[*frame], Standing::Again { .. });
                let verdict = (!is_again).then(|| self.as_said((*index, line), &round.frames, *frame, standings))??;
                Some((place, verdict, sides.map(|side| format!("{side} line {}", round.lines[crossed].0 + 1))))
            });
            let Some((place, verdict, [documented, observed])) = found else { continue };
            left.remove(place);
            let (expected_span, observed_span) = (None, None);
            let finding =
                Finding { field: ORDER.to_owned(), expected: documented.clone(), documented, observed, expected_span, observed_span };
            let (outcome, needless) = (Outcome::Broken("seen in another order".to_owned()), verdicts[row].1.correction_needless);
            verdicts[row].1 = LineVerdict { outcome, findings: vec![finding], correction_needless: needless, ..verdict };
        }
        left
    }

    /// The verdict on a line and a frame that it holds of; what its numbers stand for is known from then on.
    fn as_said(
        &mut self,
        (index, line): (usize, &DocumentedLine<Pattern>),
        frames: &[Seen<'_>],
        frame: usize,
        standings: &[Standing],
    ) -> Option<LineVerdict> {
        let (scene, seen) = (self.scene, &frames[frame]);
        let found = compare(&scene.spelling.derive(line.judged(), seen), seen, scene.names);
        if !found.differences.is_empty() || !goes_alike(&line.judged().pattern, seen) {
            return None;
        }
        let found = of_any_transmission(found, frame, standings);
        let at = format!("line {} at {}", index + 1, self.point);
        let (mut variables, mut block) = (self.variables.clone(), self.block.clone());
        let verdict = held_against(line, seen, found, scene, (&mut variables, &mut block), &at);
        if verdict.outcome != Outcome::Held {
            return None;
        }
        (*self.variables, self.block) = (variables, block);
        Some(verdict)
    }
}

/// The line nearest to `row` whose frame is not on that side of `frame` on which the line stands, and on which side of it `row` and `frame` are.
fn crossed(row: usize, frame: usize, taken: &[Option<usize>]) -> Option<(usize, [&'static str; 2])> {
    let behind = (row + 1..taken.len()).find(|other| taken[*other].is_some_and(|own| own < frame));
    let before = || (0..row).rev().find(|other| taken[*other].is_some_and(|own| own > frame));
    behind.map(|other| (other, ["before", "behind"])).or_else(|| before().map(|other| (other, ["behind", "before"])))
}
