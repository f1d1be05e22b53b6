//! The first deviation of a scenario.

use super::follow::Cause;
use super::model::{Before, Departure, Deviation, How, Instead, Way};
use super::steps::Steps;
use crate::journey::{Leg, Stop};
use crate::lab::Scenario;
use crate::name::PointName;
use crate::packet::Detail;
use crate::probe::Outcome as Sent;
use crate::verdict::model::{ExpectationVerdict, Finding, LineVerdict, Outcome, Subject};
use crate::verdict::point::{ORDER, Scene};
use crate::verdict::seen;

/// All that a deviation is found in.
pub(in crate::verdict) struct Search<'a> {
    pub(in crate::verdict) planned: &'a Scenario,
    pub(in crate::verdict) verdicts: &'a [ExpectationVerdict],
    pub(in crate::verdict) scene: &'a Scene<'a>,
    /// The points on the request's way, in its order.
    pub(in crate::verdict) path: &'a [PointName],
    /// What the sender saw.
    pub(in crate::verdict) outcome: Option<&'a Sent>,
}

/// How a packet was at a point.
enum Status {
    AsDocumented,
    /// Nothing is documented there, and it was there.
    Seen,
    NotSeen,
    Differs(Vec<Finding>),
    /// It was there, on the other side of another line's packet.
    OutOfOrder(Finding),
    /// It cannot be told.
    Unknown,
    /// Nothing is documented there, and it was not there, or nobody can tell whether it was.
    Nothing,
}

/// What a packet's way was like up to its departure.
struct Departed {
    packet: usize,
    step: usize,
    how: How,
    last: Option<(PointName, Before)>,
    unknown: Vec<PointName>,
}

impl Search<'_> {
    /// Where the scenario first is not as documented; `None` if nothing is proven to be, or if what came first cannot be told.
    ///
    /// No clock is asked: packets are taken in the order in which the sender's first documented point lists them, and each follows the path, a reply
    /// backwards. Only a point whose capture is proven whole is believed that it did not see a packet.
    pub(in crate::verdict) fn first(&self) -> Option<Deviation> {
        // A line that stands for several echoes does not tell which packet of the probe it is.
        if self.scene.echoes > 1 {
            return None;
        }
        let steps = Steps::of(self.planned, self.verdicts, self.path)?;
        match (0..steps.packets.len()).find_map(|packet| self.departs(packet, &steps)) {
            Some(departed) => Some(Deviation::OnTheWay(self.tell(departed, &steps))),
            None => self.undocumented().map(Deviation::OnTheWay).or_else(|| self.beside()),
        }
    }

    /// The points in the order in which a packet passes them.
    fn points(&self, way: Way) -> Vec<&PointName> {
        if way == Way::Reply { self.path.iter().rev().collect() } else { self.path.iter().collect() }
    }

    /// Where on its way a packet passes a point.
    pub(super) fn step(&self, way: Way, point: &PointName) -> Option<usize> {
        self.points(way).into_iter().position(|other| other == point)
    }

    fn departs(&self, packet: usize, steps: &Steps<'_>) -> Option<Departed> {
        let way = steps.packets[packet];
        let (mut last, mut unknown) = (None, Vec::new());
        for (step, point) in self.points(way).into_iter().enumerate() {
            let how = match self.status(packet, point, steps) {
                Status::AsDocumented => {
                    (last, unknown) = (Some((point.clone(), Before::AsDocumented)), Vec::new());
                    continue;
                }
                Status::Seen => {
                    (last, unknown) = (Some((point.clone(), Before::Seen)), Vec::new());
                    continue;
                }
                Status::Unknown => {
                    unknown.push(point.clone());
                    continue;
                }
                Status::Nothing => continue,
                Status::NotSeen => How::NotSeen,
                Status::Differs(findings) => How::Differs(findings),
                Status::OutOfOrder(Finding { documented, observed, .. }) => How::OutOfOrder(format!("{observed} in place of {documented}")),
            };
            let last = last.or_else(|| self.asked(packet, steps));
            return Some(Departed { packet, step, how, last, unknown });
        }
        None
    }

    /// The point where a ping's request was seen that is nearest to who is to reply.
    fn asked(&self, packet: usize, steps: &Steps<'_>) -> Option<(PointName, Before)> {
        let reply = steps.is_ping() && steps.packets[packet] == Way::Reply;
        let seen = |point: &&PointName| matches!(self.status(0, point, steps), Status::AsDocumented | Status::Seen | Status::OutOfOrder(_));
        let nearest = self.path.iter().rev().find(seen).filter(|_| reply)?;
        Some((nearest.clone(), Before::Asked))
    }

    fn status(&self, packet: usize, point: &PointName, steps: &Steps<'_>) -> Status {
        let here: Vec<&LineVerdict> =
            steps.lines.iter().filter(|placed| placed.packet == packet && placed.point == point).map(|placed| placed.line).collect();
        let way = steps.packets[packet];
        let broken: Vec<&LineVerdict> =
            here.iter().copied().filter(|line| matches!(line.outcome, Outcome::Broken(_)) && is_about_the_wire(line)).collect();
        if here.is_empty() {
            return if steps.is_ping() && self.sees(point, way) { Status::Seen } else { Status::Nothing };
        }
        if broken.iter().any(|line| line.observed.as_ref().is_none_or(|text| self.way_of(point, text).is_some_and(|other| other != way))) {
            return Status::NotSeen;
        }
        if !broken.is_empty() {
            let mut findings: Vec<Finding> = Vec::new();
            for finding in broken.iter().flat_map(|line| &line.findings) {
                if !findings.iter().any(|known| known.field == finding.field) {
                    findings.push(finding.clone());
                }
            }
            let order = findings.iter().position(|finding| finding.field == ORDER).map(|at| findings.remove(at));
            return order.filter(|_| findings.is_empty()).map_or(Status::Differs(findings), Status::OutOfOrder);
        }
        let doubtful = here.iter().any(|line| !matches!(line.outcome, Outcome::Held | Outcome::Broken(_)));
        if doubtful { Status::Unknown } else { Status::AsDocumented }
    }

    /// Whether a point saw a packet that goes this way, by itself and not because somebody made its interface promiscuous.
    fn sees(&self, point: &PointName, way: Way) -> bool {
        let stop = self.stop(point).filter(|stop| stop.sightings.iter().any(|sighting| of(sighting.leg) == Some(way)));
        stop.and_then(|stop| self.scene.recordings.get(stop.recording)).is_some_and(|recording| !recording.promiscuous)
    }

    fn stop(&self, point: &PointName) -> Option<&Stop> {
        self.scene.journey.stops.iter().find(|stop| stop.point == *point)
    }

    /// Which way a frame went, by its text.
    fn way_of(&self, point: &PointName, text: &str) -> Option<Way> {
        let stop = self.stop(point)?;
        let (frames, _) = seen::at(stop, self.scene.recordings.get(stop.recording)?, self.scene.hints);
        let is = |frame: &&seen::Seen<'_>| [Detail::Brief, Detail::Verbose].iter().any(|detail| frame.printed(*detail).text == text);
        frames.iter().find(is).and_then(|frame| of(frame.leg))
    }

    /// The whole story of a departure.
    fn tell(&self, departed: Departed, steps: &Steps<'_>) -> Departure {
        let Departed { packet, step, how, last, unknown } = departed;
        let way = steps.packets[packet];
        let points = self.points(way);
        let at = points[step].clone();
        let there = |point: &&&PointName| {
            let status = self.status(packet, point, steps);
            matches!(status, Status::AsDocumented | Status::Seen | Status::Differs(_) | Status::OutOfOrder(_))
        };
        let further_on = points[step + 1..].iter().find(there).map(|point| (*point).clone());
        let gone = match &how {
            How::NotSeen => further_on.is_none(),
            // Another segment than documented, a reset for example, ends what was to follow.
            How::Differs(findings) => findings.iter().any(|finding| finding.field == "TCP flags"),
            How::OutOfOrder(_) | How::Undocumented(_) => false,
        };
        let mut instead = Vec::new();
        if gone || how == How::NotSeen {
            instead.extend(self.off_the_path(way).map(|at| Instead::OffTheWay { at }));
            instead.extend(further_on.map(|at| Instead::FurtherOn { at }));
            let from = last.as_ref().filter(|(_, before)| *before != Before::Asked).and_then(|(point, _)| self.step(way, point));
            let around: Vec<PointName> = points[from.map_or(0, |from| from + 1)..=step].iter().map(|point| (*point).clone()).collect();
            instead.extend(self.instead(way, &around));
        }
        let shows = |line: &LineVerdict| matches!(line.outcome, Outcome::Broken(_)) && is_about_the_wire(line);
        let here = steps.lines.iter().filter(|placed| placed.packet == packet && *placed.point == at && shows(placed.line));
        let mut shown_by: Vec<usize> = here.map(|placed| placed.expectation).collect();
        shown_by.dedup();
        let cause = Cause { packet, way, step, how: &how, lost: gone };
        let follows = self.follows(&cause, steps, &shown_by);
        let segment = (!steps.is_ping()).then_some((packet + 1, steps.packets.len()));
        Departure { way, segment, last, at, how, unknown, instead, shown_by, follows }
    }

    /// The points off the path that saw packets of this way where none should be.
    fn off_the_path(&self, way: Way) -> impl Iterator<Item = PointName> {
        let broken = self.verdicts.iter().filter(|verdict| verdict.lines.is_empty() && matches!(verdict.outcome, Outcome::Broken(_)));
        let points = broken.filter_map(|verdict| verdict.subject.point());
        points.filter(move |point| !self.path.contains(point) && self.sees(point, way)).cloned()
    }

    /// A packet that nothing documents, where all that is documented was there: on the path the first one, off it the first listed.
    fn undocumented(&self) -> Option<Departure> {
        let broken = || {
            let all = self.verdicts.iter().enumerate();
            all.filter(|(_, verdict)| matches!(verdict.outcome, Outcome::Broken(_)) && !verdict.unexpected.is_empty())
        };
        let place = |way: Way, point: &PointName| (way as u8, self.step(way, point).unwrap_or(usize::MAX));
        let found = broken().filter_map(|(index, verdict)| {
            let (point, frame) = (verdict.subject.point()?, verdict.unexpected.first()?);
            Some((index, point, frame, self.way_of(point, frame)?))
        });
        let (index, point, frame, way) = found.min_by_key(|(_, point, _, way)| place(*way, point))?;
        let others: Vec<PointName> =
            if self.path.contains(point) { Vec::new() } else { self.off_the_path(way).filter(|other| other != point).collect() };
        Some(Departure {
            way,
            segment: None,
            last: None,
            at: point.clone(),
            how: How::Undocumented(frame.clone()),
            unknown: Vec::new(),
            instead: others.into_iter().map(|at| Instead::OffTheWay { at }).collect(),
            shown_by: vec![index],
            follows: Vec::new(),
        })
    }

    /// What is broken although the probe was as documented at every point, if it is proven that it was.
    fn beside(&self) -> Option<Deviation> {
        let (points, others): (Vec<_>, Vec<_>) = self.verdicts.iter().partition(|verdict| matches!(verdict.subject, Subject::Point(_)));
        let asserted = points.iter().any(|verdict| verdict.outcome == Outcome::Held && !verdict.lines.is_empty());
        let held = points.iter().all(|verdict| matches!(verdict.outcome, Outcome::Held | Outcome::Skipped(_)));
        let mut broken: Vec<Subject> =
            others.iter().filter(|verdict| matches!(verdict.outcome, Outcome::Broken(_))).map(|verdict| verdict.subject.clone()).collect();
        broken.dedup();
        (asserted && held && !broken.is_empty()).then_some(Deviation::Beside(broken))
    }
}

/// Whether a line is broken by a packet, and not by a correction that is not needed.
pub(super) fn is_about_the_wire(line: &LineVerdict) -> bool {
    line.observed.is_none() || !line.findings.is_empty()
}

fn of(leg: Leg) -> Option<Way> {
    match leg {
        Leg::Request => Some(Way::Request),
        Leg::Reply => Some(Way::Reply),
        Leg::Error => Some(Way::Error),
        Leg::Unknown => None,
    }
}
