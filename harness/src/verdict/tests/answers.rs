use super::world::World;
use crate::expect::state_line;
use crate::lab::{DocumentedLine, Extent, Line, Position};
use crate::verdict::{Outcome, Subject};

const ANSWER: &str = "PodName: web-1 | PodIP: eth0 {pod3.ip}";

/// A probe that was answered `said`, of which [`ANSWER`] is documented.
fn answered(said: Option<&str>) -> World {
    let mut world = World::new();
    let documented = Line { text: ANSWER.to_owned(), pattern: state_line(ANSWER).unwrap() };
    world.planned().answers = vec![DocumentedLine { documented, correction: None, position: Position { line: 7, column: 1 } }];
    world.recorded().outcome.as_mut().unwrap().answer = said.map(str::to_owned);
    world
}

/// How the answer came out.
fn outcome(world: &World) -> Outcome {
    let found = world.scenario().expectations.into_iter().find(|expectation| expectation.subject == Subject::Answer);
    found.expect("an answer is expected").outcome
}

#[test]
fn who_answered_is_held_against_the_document() {
    let pod3 = World::new().evidence.facts.values.iter().find(|(symbol, _)| symbol.as_str() == "pod3.ip").unwrap().1.clone();
    assert_eq!(outcome(&answered(Some(&format!("PodName: web-1 | PodIP: eth0 {pod3}")))), Outcome::Held);
    let other = outcome(&answered(Some(&format!("PodName: web-2 | PodIP: eth0 {pod3}"))));
    assert!(matches!(other, Outcome::Broken(_)), "{other:?}");
}

#[test]
fn no_answer_is_broken_only_if_the_probe_left() {
    assert_eq!(outcome(&answered(None)), Outcome::Broken("nobody answered".to_owned()));
    let mut refused = answered(None);
    refused.recorded().outcome.as_mut().unwrap().error = Some("refused".to_owned());
    assert_eq!(outcome(&refused), Outcome::Broken("refused".to_owned()));
    let mut kept_back = answered(None);
    kept_back.recorded().outcome.as_mut().unwrap().sent_at = None;
    assert!(matches!(outcome(&kept_back), Outcome::Inconclusive(_)));
}

#[test]
fn an_excerpt_leaves_frames_out_but_no_line() {
    let mut world = World::new();
    let crate::lab::Claim::Lines(lines) = &mut world.planned().expect[1].claim else { panic!("no lines there") };
    lines.truncate(1);
    assert!(matches!(world.at(1).outcome, Outcome::Broken(_)), "a reply that no line accounts for");
    world.planned().expect[1].extent = Extent::Excerpt;
    assert_eq!(world.at(1).outcome, Outcome::Held);
    world.frames(1).remove(0);
    assert!(matches!(world.at(1).outcome, Outcome::Broken(_)), "the line's frame is missing");
}
