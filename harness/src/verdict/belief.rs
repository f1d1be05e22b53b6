//! How far a capture can be believed.

use std::collections::BTreeMap;

use crate::capture::{Liveness, Recording};
use crate::journey::Journey;
use crate::name::PointName;
use crate::probe::Outcome;
use crate::site::PointFact;

/// Bytes of a frame that are enough to hold the token under every tunnel there is here: Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, ICMP, and the
/// token come to 124.
const ENOUGH: usize = 128;

/// Why nothing at all can be said of a probe; `None`: it left.
pub(crate) fn never_left(outcome: Option<&Outcome>) -> Option<String> {
    match outcome {
        None => Some("no probe was sent".to_owned()),
        Some(Outcome { sent_at: Some(_), .. }) => None,
        Some(Outcome { error: Some(error), .. }) => Some(format!("the probe never left: {error}")),
        Some(_) => Some("the probe never left".to_owned()),
    }
}

/// Why a point saw nothing at all; `None`: it listened.
pub(crate) fn never_listened(recordings: &[Recording], point: &PointName, points: &BTreeMap<PointName, PointFact>) -> Option<String> {
    let mut here = recordings.iter().filter(|recording| recording.point == *point);
    let Some(recording) = here.next() else { return Some(format!("nothing was captured at {point}")) };
    if here.next().is_some() {
        return Some(format!("there are two captures at {point}"));
    }
    if let Liveness::NeverArmed(why) = &recording.liveness {
        return Some(format!("the capture at {point} never listened: {why}"));
    }
    let elsewhere =
        |fact: &&PointFact| fact.place != recording.place || fact.interface != recording.interface || fact.link != recording.link;
    points.get(point).filter(elsewhere).map(|fact| {
        format!("{point} is {} in {}, but the capture is of {} in {}", fact.interface, fact.place, recording.interface, recording.place)
    })
}

/// Why a capture may have missed frames; `None`: it is proven to hold all there were.
pub(crate) fn may_have_missed(recording: &Recording) -> Option<String> {
    let point = &recording.point;
    if let Liveness::Lost(why) = &recording.liveness {
        return Some(format!("the capture at {point} was lost: {why}"));
    }
    if recording.dropped > 0 {
        let frames = if recording.dropped == 1 { "1 frame".to_owned() } else { format!("{} frames", recording.dropped) };
        return Some(format!("the kernel dropped {frames} at {point}"));
    }
    let cut = |frame: &&crate::packet::Frame| frame.bytes.len() < ENOUGH && frame.bytes.len() < frame.wire_length as usize;
    recording
        .frames
        .iter()
        .find(cut)
        .map(|frame| format!("only {} bytes were kept of a frame at {point}, too few to tell whose it is", frame.bytes.len()))
}

/// Why a capture may show frames that its interface would not take; `None`: it does not.
pub(crate) fn promiscuous(recording: &Recording) -> Option<String> {
    let why = || format!("somebody put {} into promiscuous mode, in which it shows frames that it would not take", recording.point);
    recording.promiscuous.then(why)
}

/// Why it proves nothing that a probe was not seen at a point; `None`: it was seen at another.
pub(crate) fn seen_nowhere(journey: &Journey, point: &PointName) -> Option<String> {
    let elsewhere = journey.stops.iter().any(|other| other.point != *point && !other.sightings.is_empty());
    let why = || format!("the probe was seen at no point at all, so that it was not seen at {point} proves nothing");
    (!elsewhere).then(why)
}
