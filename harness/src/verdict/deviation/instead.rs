//! What was seen in place of a packet: questions that nobody answered, ICMP errors, resets.

use std::net::IpAddr;

use super::find::Search;
use super::model::{Instead, Way};
use crate::journey::{Leg, Stop};
use crate::name::PointName;
use crate::packet::{Detail, Field, Layer, LayerKind, Value, dissect};
use crate::verdict::belief;
use crate::verdict::model::Outcome;
use crate::verdict::seen::{self, Seen};

/// ARP requests and replies (RFC 826).
const ASKS: u64 = 1;
const ANSWERS: u64 = 2;

/// How much is told.
const MOST: usize = 4;

impl Search<'_> {
    /// What is known of the probe besides its packets: questions at the points `around` the loss, then errors, then resets.
    pub(super) fn instead(&self, way: Way, around: &[PointName]) -> Vec<Instead> {
        let mut found = self.unanswered(way, around);
        let mut stops: Vec<&Stop> = self.scene.journey.stops.iter().collect();
        let place = |stop: &&Stop| self.path.iter().position(|point| *point == stop.point).unwrap_or(usize::MAX);
        stops.sort_by_key(place);
        let forwards = stops.iter().flat_map(|stop| self.strangers(stop)).collect::<Vec<_>>();
        for error in forwards.iter().filter(|(_, frame)| frame.leg == Leg::Error) {
            found.extend(self.icmp(error).filter(|error| !found.iter().any(|known| is_the_same(known, error))));
        }
        // A reset keeps the address of who sent it only until that is translated, so the point nearest to the sender tells.
        let resets = |leg| forwards.iter().filter(move |(_, frame)| frame.leg == leg);
        let reset = resets(Leg::Reply).rev().chain(resets(Leg::Request)).find_map(|frame| self.reset(frame));
        found.extend(reset);
        found.truncate(MOST);
        found
    }

    /// The probe's frames at a point that are not as a documented line has them.
    fn strangers<'s>(&'s self, stop: &'s Stop) -> Vec<(&'s PointName, Seen<'s>)> {
        let Some(recording) = self.scene.recordings.get(stop.recording) else { return Vec::new() };
        let lines = self.verdicts.iter().filter(|verdict| verdict.subject.point() == Some(&stop.point)).flat_map(|verdict| &verdict.lines);
        let held: Vec<&str> = lines.filter(|line| line.outcome == Outcome::Held).filter_map(|line| line.observed.as_deref()).collect();
        let documented =
            |frame: &Seen<'_>| [Detail::Brief, Detail::Verbose].iter().any(|detail| held.contains(&frame.printed(*detail).text.as_str()));
        let (frames, _) = seen::at(stop, recording, self.scene.hints);
        frames.into_iter().filter(|frame| !documented(frame)).map(|frame| (&stop.point, frame)).collect()
    }

    fn icmp(&self, (at, frame): &(&PointName, Seen<'_>)) -> Option<Instead> {
        let layers = frame.stack.layers();
        let index = layers.iter().rposition(|layer| matches!(layer.kind(), LayerKind::Icmp | LayerKind::Icmpv6))?;
        let from = address(layers.get(index.checked_sub(1)?)?, Field::IpSource)?;
        let kind = (number(&layers[index], Field::IcmpType)?, number(&layers[index], Field::IcmpCode)?);
        let text = &frame.printed(Detail::Brief).text;
        let words = text.rfind(": ICMP").map_or("an ICMP error", |at| &text[at + 2..]);
        let words = words.rsplit_once(", length").map_or(words, |(words, _)| words).to_owned();
        Some(Instead::Icmp { words, kind, from: from.to_string(), name: self.name(from), at: (*at).clone() })
    }

    fn reset(&self, (at, frame): &(&PointName, Seen<'_>)) -> Option<Instead> {
        let layers = frame.stack.layers();
        let index = layers.iter().rposition(|layer| layer.kind() == LayerKind::Tcp)?;
        let Some(Value::Text(flags)) = layers[index].get(Field::TcpFlags) else { return None };
        let from = address(layers.get(index.checked_sub(1)?)?, Field::IpSource)?;
        flags.contains('R').then(|| Instead::Reset { from: from.to_string(), name: self.name(from), at: (*at).clone() })
    }

    /// Questions for hardware addresses that nobody answered, asked by the place itself whose interface the point is: its answer would have passed there,
    /// whatever a bridge floods.
    fn unanswered(&self, way: Way, around: &[PointName]) -> Vec<Instead> {
        let mut found = Vec::new();
        let mut answered = Vec::new();
        let mut asked: Vec<(&PointName, IpAddr, IpAddr)> = Vec::new();
        for recording in self.scene.recordings {
            let trusted = around.contains(&recording.point) && belief::may_have_missed(recording).is_none();
            for frame in &recording.frames {
                let stack = dissect(&frame.bytes, frame.wire_length, recording.link, self.scene.hints);
                let Some(arp) = stack.layers().last().filter(|layer| layer.kind() == LayerKind::Arp) else { continue };
                let ends = address(arp, Field::ArpSenderIp).zip(address(arp, Field::ArpTargetIp));
                match (number(arp, Field::ArpOperation), ends) {
                    (Some(ANSWERS), Some((sender, _))) => answered.push(sender),
                    (Some(ASKS), Some((sender, target))) if trusted && sender != target => asked.push((&recording.point, sender, target)),
                    _ => {}
                }
            }
        }
        for (at, by, target) in asked {
            // What leads back to where the packet came from is not its next hop.
            let origin = if way == Way::Reply { self.path.last() } else { self.path.first() };
            let leads_back = origin.is_some_and(|origin| self.is_of(target, origin));
            if !answered.contains(&target) && self.is_of(by, at) && !leads_back {
                let question =
                    Instead::Unanswered { by: by.to_string(), target: target.to_string(), name: self.name(target), at: at.clone() };
                if !found.contains(&question) {
                    found.push(question);
                }
            }
        }
        found
    }

    /// Whether an address is one of the place that a point is at.
    fn is_of(&self, address: IpAddr, point: &PointName) -> bool {
        let place = point.place();
        let of_place = |symbol: &str| symbol.strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let is = |text: &str| text.parse() == Ok(address);
        self.scene.names.values.iter().any(|(symbol, text)| of_place(symbol.as_str()) && is(text))
    }

    /// What the site calls an address.
    fn name(&self, address: IpAddr) -> Option<String> {
        let values = &self.scene.names.values;
        values.iter().find(|(_, text)| text.parse() == Ok(address)).map(|(symbol, _)| symbol.to_string())
    }
}

/// Whether two are one error, seen at two points.
fn is_the_same(one: &Instead, other: &Instead) -> bool {
    match (one, other) {
        (Instead::Icmp { words: one, from: sender, .. }, Instead::Icmp { words: other, from, .. }) => (one, sender) == (other, from),
        _ => false,
    }
}

fn address(layer: &Layer<'_>, field: Field) -> Option<IpAddr> {
    if let Some(Value::Ip(address)) = layer.get(field) { Some(address) } else { None }
}

fn number(layer: &Layer<'_>, field: Field) -> Option<u64> {
    if let Some(Value::Number(number)) = layer.get(field) { Some(number) } else { None }
}
