//! What both runs saw at one point.

use super::counterpart::counterparts;
use super::lone;
use super::model::{Pair, Part, Standing};
use super::numbers::Numbers;
use super::packet::Packet;
use super::pair::{Terms, alone, pair};
use super::scene::Scene;
use crate::journey::Leg;
use crate::name::PointName;
use crate::verdict::Subject;
use crate::verdict::repeat;
use crate::verdict::seen::Seen;
use crate::verdict::spelling::Spelling;

/// Holds what both runs saw at a point against each other.
pub(super) fn point(point: &PointName, scene: &Scene<'_>, numbers: &mut Numbers) -> Part {
    let part = |standing, pairs| Part {
        subject: Subject::Point(point.clone()),
        interfaces: [0, 1].map(|side| scene.interface(side, point)),
        standing,
        lines: 1,
        pairs,
    };
    match [scene.seen(0, point), scene.seen(1, point)] {
        [Ok(one), Ok(other)] => {
            let lone = lone::at(point, scene.planned, scene.verdicts, scene.facts);
            let mut terms = Terms { names: scene.names, numbers, spelling: &scene.spelling, lone: &lone };
            part(Standing::Compared, pairs([&one, &other], point, &mut terms))
        }
        seen => part(Standing::Unknown(seen.map(Result::err)), Vec::new()),
    }
}

/// The packets of both runs side by side, in order.
fn pairs(seen: [&[Seen<'_>]; 2], point: &PointName, terms: &mut Terms<'_, '_>) -> Vec<Pair> {
    let packets = |side: usize, spelling: &Spelling| seen[side].iter().map(|seen| Packet::of(seen, spelling)).collect::<Vec<_>>();
    let (one, other) = (packets(0, terms.spelling), packets(1, &Spelling::default()));
    let standings = seen.map(repeat::standings);
    let rows = counterparts([&one, &other], terms.names);
    let side_by_side = |(index, [row, column]): (usize, [Option<usize>; 2])| {
        let excuses = [row.map(|row| &standings[0][row]), column.map(|column| &standings[1][column])];
        let row = [row.map(|row| &one[row]), column.map(|column| &other[column])];
        let leg = row.iter().flatten().next().map_or("", |packet| way(packet.seen.leg));
        let what = format!("packet {}, {leg}", index + 1);
        match row {
            [Some(one), Some(other)] => pair(&what, &format!("packet {} at {point}", index + 1), [one, other], terms),
            row => alone(&what, row, excuses.map(|standing| standing?.excuse("packet of the other run")), terms.lone),
        }
    };
    rows.into_iter().enumerate().map(side_by_side).collect()
}

fn way(leg: Leg) -> &'static str {
    match leg {
        Leg::Request => "a request",
        Leg::Reply => "a reply",
        Leg::Error => "an error",
        Leg::Unknown => "which way is not known",
    }
}
