//! What is expected at one point.

mod order;

pub(super) use order::ORDER;

use std::collections::{BTreeMap, BTreeSet};

use super::align::align;
use super::belief;
use super::compare::{Comparison, Difference, compare, detail, fixed_ports};
use super::echoes::{self, Round};
use super::expected::Expected;
use super::model::{ExpectationVerdict, Finding, LineVerdict, Outcome, Subject};
use super::names::Names;
use super::outcome::{differ, do_not_hold, worst};
use super::repeat::{self, Standing};
use super::seen::{self, Seen};
use super::spelling::Spelling;
use super::variables::{Block, Kind, Variables};
use crate::capture::Recording;
use crate::expect::Pattern;
use crate::journey::{Journey, Stop};
use crate::lab::{Claim, DocumentedLine, Expectation, Extent, Line};
use crate::name::PointName;
use crate::packet::{Detail, Hints};
use crate::site::PointFact;

/// How many unexpected frames are printed.
const PRINTED: usize = 32;

/// All that is known when a point is judged.
pub(super) struct Scene<'a> {
    pub(super) names: Names<'a>,
    pub(super) recordings: &'a [Recording],
    pub(super) journey: &'a Journey,
    pub(super) hints: &'a Hints,
    /// Where each point is.
    pub(super) points: &'a BTreeMap<PointName, PointFact>,
    /// The ports at which the lab's servers and tunnels listen.
    pub(super) servers: &'a BTreeSet<u16>,
    /// What follows from how long addresses are when they are spelt.
    pub(super) spelling: &'a Spelling,
    /// How many echoes, or other exchanges, the probe is.
    pub(super) echoes: usize,
    /// Why nothing can be said of the probe at all.
    pub(super) never_left: Option<String>,
}

impl<'a> Scene<'a> {
    /// The point's capture and what it saw of the probe.
    pub(super) fn at(&self, expectation: &Expectation) -> Option<(&'a Recording, &'a Stop)> {
        let stop = self.journey.stops.iter().find(|stop| stop.point == expectation.at)?;
        Some((self.recordings.get(stop.recording)?, stop))
    }

    /// Why a capture may not show all there was.
    fn may_have_missed(&self, recording: &Recording) -> Option<String> {
        belief::may_have_missed(recording).or_else(|| belief::contradicted(self.recordings, self.journey, recording))
    }
}

/// Judges what is expected at a point.
pub(super) fn judge(expectation: &Expectation, scene: &Scene<'_>, variables: &mut Variables) -> ExpectationVerdict {
    let there = scene.at(expectation);
    let silence = scene.never_left.clone().or_else(|| belief::never_listened(scene.recordings, &expectation.at, scene.points));
    let mut verdict = match (silence, there) {
        (None, Some((recording, stop))) => match &expectation.claim {
            Claim::Lines(lines) if !lines.is_empty() => heard((lines, expectation.extent), recording, stop, scene, variables),
            Claim::Lines(_) | Claim::None => absent(recording, stop, scene),
        },
        (silence, _) => unasked(expectation, &Outcome::Inconclusive(silence.unwrap_or_default()), scene.names, variables),
    };
    verdict.interface = there.map_or_else(String::new, |(recording, _)| recording.interface.clone());
    verdict.subject = Subject::Point(expectation.at.clone());
    verdict.because.clone_from(&expectation.because);
    verdict.open = open(expectation);
    verdict
}

/// The verdict on an expectation that was not held against anything.
pub(super) fn unasked(expectation: &Expectation, outcome: &Outcome, names: Names<'_>, variables: &Variables) -> ExpectationVerdict {
    let lines = match &expectation.claim {
        Claim::Lines(lines) => lines.iter().map(|line| bare(line, line.judged(), names, variables, outcome.clone())).collect(),
        Claim::None => Vec::new(),
    };
    ExpectationVerdict {
        subject: Subject::Point(expectation.at.clone()),
        interface: String::new(),
        outcome: outcome.clone(),
        because: expectation.because.clone(),
        open: open(expectation),
        lines,
        unexpected: Vec::new(),
    }
}

/// What the judged lines print and do not assert, by name.
fn open(expectation: &Expectation) -> Vec<String> {
    expectation.claim.open_parts().iter().map(ToString::to_string).collect()
}

fn bare(line: &DocumentedLine<Pattern>, judged: &Line<Pattern>, names: Names<'_>, variables: &Variables, outcome: Outcome) -> LineVerdict {
    LineVerdict {
        documented: line.documented.text.clone(),
        correction: line.correction.as_ref().map(|correction| (correction.reads.text.clone(), correction.because.clone())),
        correction_needless: false,
        expected: Expected::line(judged, names, variables).text,
        observed: None,
        outcome,
        findings: Vec::new(),
        lab_line: line.position.line,
    }
}

/// The probe must not be seen here. That nothing was seen proves it only if the capture was alive from before the probe until after it and missed
/// nothing, if nobody else's promiscuous mode changed what the interface shows, and if the same probe was found at another point.
fn absent(recording: &Recording, stop: &Stop, scene: &Scene<'_>) -> ExpectationVerdict {
    let point = &recording.point;
    let (seen, more) = seen::at(stop, recording, scene.hints);
    let outcome = if let Some(why) = belief::promiscuous(recording) {
        Outcome::Inconclusive(why)
    } else if !seen.is_empty() {
        Outcome::Broken(format!("{} of the probe where none should be", frames(seen.len() + more)))
    } else if let Some(why) = scene.may_have_missed(recording) {
        Outcome::Inconclusive(why)
    } else if let Some(why) = belief::seen_nowhere(scene.journey, point) {
        Outcome::Inconclusive(why)
    } else {
        Outcome::Held
    };
    let unexpected = print(seen.iter(), more);
    let subject = Subject::Point(point.clone());
    ExpectationVerdict { subject, interface: String::new(), outcome, because: None, lines: Vec::new(), open: Vec::new(), unexpected }
}

/// The probe's frames here must be these, in this order, and no others unless the lines are an excerpt.
///
/// What was seen counts whatever the capture missed: a frame that is not as its line says, or that no line accounts for, breaks the
/// expectation. A frame that was *not* seen breaks it only if the capture is proven to have missed nothing. What TCP sends again, or acknowledges on
/// its own, is a matter of time: without a line for it nothing can be said, unless the lab says that there is no such thing. Nor does a frame
/// count for sure that the interface may have shown by somebody else's doing only.
fn heard(
    (lines, extent): (&[DocumentedLine<Pattern>], Extent),
    recording: &Recording,
    stop: &Stop,
    scene: &Scene<'_>,
    variables: &mut Variables,
) -> ExpectationVerdict {
    let (seen, more) = seen::at(stop, recording, scene.hints);
    let (missed, shown) = (scene.may_have_missed(recording), belief::promiscuous(recording));
    let doubts = (missed.as_deref(), shown.as_deref());
    let block = Block::with(lines.iter().flat_map(|line| fixed_ports(line.judged(), scene.names)));
    let mut hearing = Hearing { scene, point: &recording.point, doubts, variables, block };
    let misplaced = echoes::misplaced(lines, &seen, scene.echoes);
    let rounds = echoes::rounds(lines, seen, scene.echoes, scene.names);
    let (mut verdicts, mut left) = (Vec::new(), Vec::new());
    for (sent, round) in rounds.iter().enumerate() {
        let (found, unaccounted) = hearing.hold(round);
        verdicts.extend(found.into_iter().map(|(index, verdict)| (index, sent, verdict)));
        left.extend(unaccounted);
    }
    let verdicts = echoes::fold(verdicts, lines.len(), scene.echoes);
    let (left, more) = if extent == Extent::Excerpt { (Vec::new(), 0) } else { (left, more) };
    let excuses = || left.iter().map(|(_, excuse)| excuse.clone().filter(|_| extent != Extent::Once));
    let doubts = missed.clone().or_else(|| shown.clone()).into_iter().chain(repeated(excuses().flatten(), &recording.point));
    let unexpected = if shown.is_some() { 0 } else { excuses().filter(Option::is_none).count() + more };
    let mut outcome = overall(&verdicts, unexpected, &doubts.map(Outcome::Inconclusive).collect::<Vec<_>>());
    if outcome == Outcome::Held {
        outcome = misplaced.unwrap_or(Outcome::Held);
    }
    let unexpected = print(left.iter().map(|(frame, _)| *frame), more);
    let subject = Subject::Point(recording.point.clone());
    ExpectationVerdict { subject, interface: String::new(), outcome, because: None, lines: verdicts, open: Vec::new(), unexpected }
}

/// Lines that are held against what a point heard.
struct Hearing<'a> {
    scene: &'a Scene<'a>,
    point: &'a PointName,
    /// Why the capture may have missed frames, and why it may show some that its interface would not take.
    doubts: (Option<&'a str>, Option<&'a str>),
    variables: &'a mut Variables,
    block: Block,
}

/// A frame that no line accounts for, and why it may be there nevertheless.
type Left<'s, 'f> = (&'s Seen<'f>, Option<String>);

impl Hearing<'_> {
    /// Holds the lines that stand for one echo, or for all of another probe, against its frames: a verdict on each, and what is left over.
    fn hold<'s, 'f>(&mut self, round: &'s Round<'f>) -> (Vec<(usize, LineVerdict)>, Vec<Left<'s, 'f>>) {
        let Round { lines, frames } = round;
        let (names, spelling, (missed, shown)) = (self.scene.names, self.scene.spelling, self.doubts);
        let patterns: Vec<&Pattern> = lines.iter().map(|(_, line)| &line.judged().pattern).collect();
        let against = |line: &DocumentedLine<Pattern>, frame: &Seen<'_>| compare(&spelling.derive(line.judged(), frame), frame, names);
        let compared: Vec<Vec<Comparison>> =
            lines.iter().map(|(_, line)| frames.iter().map(|frame| against(line, frame)).collect()).collect();
        let standings = repeat::standings(frames);
        let taken = align(&patterns, frames, &compared, &standings);
        let left: Vec<usize> = (0..frames.len()).filter(|frame| !taken.contains(&Some(*frame))).collect();
        let left_over: Vec<&Seen<'_>> = left.iter().map(|frame| &frames[*frame]).collect();
        let mut verdicts = Vec::with_capacity(lines.len());
        for (((index, line), mut row), frame) in lines.iter().zip(compared).zip(taken.iter().copied()) {
            let before = (self.variables.clone(), self.block.clone());
            // Whatever of all this was for this interface, none of it is the line's packet.
            let proven = missed.is_none() && row.iter().all(|found| !found.differences.is_empty());
            let (mut verdict, candidates) = if let Some(frame) = frame {
                let at = format!("line {} at {}", index + 1, self.point);
                let found = of_any_transmission(row.swap_remove(frame), frame, &standings);
                (held_against(line, &frames[frame], found, self.scene, (self.variables, &mut self.block), &at), &vec![&frames[frame]])
            } else {
                let outcome = missed.map_or_else(|| Outcome::Broken("not seen".to_owned()), |why| Outcome::Inconclusive(why.to_owned()));
                (bare(line, line.judged(), names, self.variables, outcome), &left_over)
            };
            doubt_the_correction(line, candidates, self.scene, &before, &mut verdict);
            if let Some(why) = shown.filter(|_| !(proven && matches!(verdict.outcome, Outcome::Broken(_)))) {
                verdict.outcome = Outcome::Inconclusive(why.to_owned());
            }
            verdicts.push((*index, verdict));
        }
        let left = self
            .reorder(round, (left, &taken), &standings, &mut verdicts)
            .into_iter()
            .map(|frame| (&frames[frame], standings[frame].excuse("line")));
        (verdicts, left.collect())
    }
}

/// A comparison with a frame, without the numbers that every transmission of a segment has of its own if the segment was sent more than once: of
/// several, none can be told to be the one of other points.
fn of_any_transmission(mut found: Comparison, frame: usize, standings: &[Standing]) -> Comparison {
    let is_first = |standing: &Standing| matches!(standing, Standing::Again { first, .. } if *first == frame);
    if matches!(standings[frame], Standing::Again { .. }) || standings.iter().any(is_first) {
        found.uses.retain(|part| !matches!(part.numbers.kind, Kind::IpId | Kind::Timestamp));
    }
    found
}

/// What cannot be told where frames are left over that TCP may have sent for reasons of time.
fn repeated(excuses: impl Iterator<Item = String>, point: &PointName) -> Option<String> {
    let excuses: Vec<String> = excuses.collect();
    let more = if excuses.len() > 1 { format!(", and {} more of the kind", excuses.len() - 1) } else { String::new() };
    excuses.first().map(|first| format!("{first}, at {point}{more}"))
}

/// How a point came out: by its lines, the frames that none of them accounts for, and what cannot be told.
fn overall(lines: &[LineVerdict], unexpected: usize, doubts: &[Outcome]) -> Outcome {
    let parts = lines.iter().map(|line| &line.outcome).chain(doubts);
    let outcome = worst(parts, |broken| do_not_hold(broken, "line")).unwrap_or(Outcome::Held);
    if unexpected == 0 {
        return outcome;
    }
    let extra = format!("{} that no line accounts for", frames(unexpected));
    match outcome {
        Outcome::Broken(why) => Outcome::Broken(format!("{why}, and {extra}")),
        _ => Outcome::Broken(extra),
    }
}

fn frames(count: usize) -> String {
    if count == 1 { "1 frame".to_owned() } else { format!("{count} frames") }
}

/// Frames as tcpdump prints them; of very many the first, and how many more there are.
pub(super) fn print<'s, 'a: 's>(seen: impl ExactSizeIterator<Item = &'s Seen<'a>>, more: usize) -> Vec<String> {
    let left_out = seen.len().saturating_sub(PRINTED) + more;
    let mut lines: Vec<String> = seen.take(PRINTED).map(|frame| frame.printed(Detail::Brief).text.clone()).collect();
    if left_out > 0 {
        lines.push(format!("… and {left_out} more"));
    }
    lines
}

/// A line and the frame that it stands for.
fn held_against(
    line: &DocumentedLine<Pattern>,
    frame: &Seen<'_>,
    found: Comparison,
    scene: &Scene<'_>,
    (variables, block): (&mut Variables, &mut Block),
    at: &str,
) -> LineVerdict {
    let judged = &scene.spelling.derive(line.judged(), frame);
    let mut differences = found.differences;
    for part in found.uses {
        let Err(clash) = variables.bind_part(block, &part.numbers, scene.servers, at) else { continue };
        let expected = clash.to_string();
        differences.push(Difference {
            field: part.name,
            documented: judged.text.get(part.documented_span.clone()).unwrap_or_default().to_owned(),
            expected,
            observed: part.numbers.observed.to_string(),
            documented_span: Some(part.documented_span),
            observed_span: part.observed_span,
        });
    }
    let names = scene.names;
    let expected = Expected::line(judged, names, variables);
    let outcome = if !differences.is_empty() {
        Outcome::Broken(differ(differences.len(), "field"))
    } else if let Some(doubt) = found.doubts.into_iter().next() {
        Outcome::Inconclusive(doubt)
    } else {
        Outcome::Held
    };
    let finding = |difference: Difference| Finding {
        field: difference.field,
        documented: difference.documented,
        expected: difference.expected,
        observed: difference.observed,
        expected_span: difference.documented_span.and_then(|span| expected.place(&span)),
        observed_span: difference.observed_span,
    };
    let findings = differences.into_iter().map(finding).collect();
    let observed = Some(frame.printed(detail(&judged.pattern)).text.clone());
    LineVerdict { observed, findings, expected: expected.text, ..bare(line, judged, names, variables, outcome) }
}

/// A correction is needless if the documented line itself holds of one of `frames`: that, too, is a finding.
fn doubt_the_correction(
    line: &DocumentedLine<Pattern>,
    frames: &[&Seen<'_>],
    scene: &Scene<'_>,
    (variables, block): &(Variables, Block),
    verdict: &mut LineVerdict,
) {
    let holds = |frame: &Seen<'_>| {
        let found = compare(&scene.spelling.derive(&line.documented, frame), frame, scene.names);
        let (mut variables, mut block) = (variables.clone(), block.clone());
        let mut bind = |part: &super::compare::Use| variables.bind_part(&mut block, &part.numbers, scene.servers, "").is_ok();
        found.differences.is_empty() && found.doubts.is_empty() && found.uses.iter().all(&mut bind)
    };
    if line.correction.is_some() && frames.iter().any(|frame| holds(frame)) {
        verdict.correction_needless = true;
        if !matches!(verdict.outcome, Outcome::Broken(_)) {
            verdict.outcome = Outcome::Broken("the correction is not needed: the documented line holds".to_owned());
        }
    }
}
