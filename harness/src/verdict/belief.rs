//! How far a capture can be believed.

use std::collections::BTreeMap;

use crate::capture::{Liveness, Recording};
use crate::journey::{Journey, Leg};
use crate::name::PointName;
use crate::probe::{Echoes, Outcome};
use crate::site::PointFact;

/// Bytes of a frame that are enough to hold the token under every tunnel there is here: Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, ICMP, and the
/// token come to 124.
const ENOUGH: usize = 128;

/// Why nothing at all can be said of a probe; `None`: it left.
pub(crate) fn never_left(outcome: Option<&Outcome>) -> Option<String> {
    match outcome {
        None => Some("no probe was sent".to_owned()),
        Some(Outcome { sent_at: Some(_), echoes: Some(Echoes { count, sent, .. }), error, .. }) if sent < count => {
            let why = error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
            Some(format!("only {sent} of {count} echoes left{why}"))
        }
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

/// Why what a capture shows is not all there was: another one of the same interface shows something else. `None`: there is no such capture.
pub(crate) fn contradicted(recordings: &[Recording], journey: &Journey, recording: &Recording) -> Option<String> {
    let sighted = |recording: &Recording| {
        let here = recordings.iter().position(|other| std::ptr::eq(other, recording))?;
        Some(journey.stops.iter().find(|stop| stop.recording == here)?.sightings.len())
    };
    let same = |other: &&Recording| other.point != recording.point && is_of_one_interface(other, recording);
    let other = recordings.iter().filter(same).find(|other| sighted(other) != sighted(recording))?;
    let (point, interface, place) = (&recording.point, &recording.interface, &recording.place);
    Some(format!("{point} and {} are captures of {interface} in {place}, and they do not show the same", other.point))
}

fn is_of_one_interface(one: &Recording, other: &Recording) -> bool {
    one.place == other.place && one.interface == other.interface
}

/// Why it proves nothing that a probe was not seen at a point; `None`: it was seen at another. An error about it is not the probe, and what goes
/// nobody knows where proves no way.
pub(crate) fn seen_nowhere(journey: &Journey, point: &PointName) -> Option<String> {
    let elsewhere = || journey.stops.iter().filter(|other| other.point != *point).flat_map(|other| &other.sightings);
    if elsewhere().any(|sighting| matches!(sighting.leg, Leg::Request | Leg::Reply)) {
        return None;
    }
    let nowhere = if elsewhere().next().is_some() {
        "neither a request nor a reply of the probe was seen at another point"
    } else {
        "the probe was seen at no point at all"
    };
    Some(format!("{nowhere}, so that it was not seen at {point} proves nothing"))
}
