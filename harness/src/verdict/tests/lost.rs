//! Evidence that lacks a part of what was to be recorded.

use super::world::*;
use crate::evidence::{Asked, Listed, lab_digest};
use crate::name::{PlaceName, PointName};

/// A world whose manifest lists all that it has, and one command and one point of which nothing is expected.
fn listed() -> World {
    let mut world = World::new();
    let mut spare = printed("nothing is expected of it\n");
    spare.run = "ip neigh".to_owned();
    world.recorded().state.push(spare);
    let recorded = world.recorded();
    let points = recorded.recordings.iter().map(|recording| recording.point.clone()).collect();
    let state = recorded.state.iter().map(|text| (text.on.clone(), text.run.clone())).collect();
    let list = vec![Listed { name: recorded.name.clone(), asked: Asked::For, points, state }];
    world.planned().expect.pop();
    world.evidence.lab = "lab: test\n".to_owned();
    world.evidence.manifest.lab_sha256 = Some(lab_digest("lab: test\n"));
    world.evidence.manifest.scenarios = Some(list);
    world
}

fn list(world: &mut World) -> &mut Vec<Listed> {
    world.evidence.manifest.scenarios.as_mut().expect("it has one")
}

#[test]
fn a_list_of_all_that_is_there_changes_nothing() {
    assert_eq!((spell(&listed().judge().outcome), listed().judge().exit_code()), ("held".to_owned(), 0));
}

type Spoil = fn(&mut World);

#[test]
fn a_scenario_that_lacks_a_part_is_inconclusive_whoever_needs_it() {
    let cases: [(Spoil, &str); 13] = [
        (|world| drop(world.recorded().recordings.pop()), "the capture at node1/cni0 is not in the evidence"),
        (
            |world| {
                // Nothing is expected of it either.
                let gone = &mut world.recorded().recordings[CNI0];
                gone.liveness = crate::capture::Liveness::NeverArmed("node1.pcapng is not there".to_owned());
            },
            "the capture at node1/cni0 is not in the evidence: node1.pcapng is not there",
        ),
        (|world| drop(world.recorded().recordings.remove(VETH)), "nothing was captured at node1/veth(pod1)"),
        (|world| world.recorded().recordings.clear(), "nothing was captured at node1/veth(pod1)"),
        (|world| drop(world.recorded().state.pop()), "what `ip neigh` printed on node1 is not in the evidence"),
        (|world| drop(world.recorded().state.remove(0)), "`ip route` was not run on node1"),
        (|world| world.recorded().state[1].on = PlaceName::new("node2"), "what `ip neigh` printed on node1 is not in the evidence"),
        (|world| world.recorded().outcome = None, "no probe was sent"),
        (
            |world| {
                world.recorded().outcome = None;
                world.planned().expect.clear();
            },
            "the evidence does not say what the sender of the probe saw",
        ),
        (
            |world| world.recorded().recordings[CNI0].point = PointName::new("node1/elsewhere"),
            "the capture at node1/cni0 is not in the evidence",
        ),
        (|world| world.recorded().recordings[CNI0].point = PointName::new("node1/tunl0"), "there are two captures at node1/tunl0"),
        (
            |world| {
                let mut twice = world.recorded().state[0].clone();
                twice.stdout.clear();
                world.recorded().state.push(twice);
            },
            "there are two outputs of `ip route` on node1",
        ),
        (|world| list(world).clear(), "the evidence does not list it"),
    ];
    for (number, (spoil, why)) in cases.into_iter().enumerate() {
        let mut world = listed();
        spoil(&mut world);
        let verdict = world.judge();
        assert_eq!(spell(&verdict.scenarios[0].outcome), format!("inconclusive: {why}"), "{number}");
        assert_eq!(verdict.exit_code(), 4, "{number}");
    }
}

#[test]
fn a_scenario_that_is_not_there_is_skipped_only_if_nobody_asked_for_it() {
    let cases: [(Spoil, &str, u8); 10] = [
        (|_| (), "inconclusive: the evidence does not list it", 4),
        (|world| list(world).push(of("other", Asked::For)), "inconclusive: it was asked for, and the evidence does not have it", 4),
        (|world| list(world).push(of("other", Asked::Not)), "skipped: not asked for in this run", 0),
        (
            |world| {
                list(world).push(of("other", Asked::For));
                world.evidence.manifest.cut_short = Some("it was killed".to_owned());
            },
            "inconclusive: the run was cut short: it was killed",
            4,
        ),
        (
            |world| {
                list(world).push(of("other", Asked::Not));
                world.evidence.manifest.cut_short = Some("it was killed".to_owned());
            },
            "skipped: not asked for in this run",
            4,
        ),
        // Folders without a list.
        (|world| world.evidence.manifest.scenarios = None, "inconclusive: the evidence does not say whether it was asked for", 4),
        (
            |world| unlisted(world, &["bring up", "across", "other"]),
            "inconclusive: it was carried out, and the evidence does not have it",
            4,
        ),
        (|world| unlisted(world, &["bring up", "across"]), "skipped: not asked for in this run", 0),
        (|world| unlisted(world, &["bring up"]), "inconclusive: the evidence does not say whether it was asked for", 4),
        (
            |world| {
                unlisted(world, &["bring up"]);
                world.evidence.scenarios.clear();
            },
            "inconclusive: the evidence does not say whether it was asked for",
            4,
        ),
    ];
    for (number, (spoil, outcome, code)) in cases.into_iter().enumerate() {
        let mut world = listed();
        let mut other = world.planned().clone();
        other.name = "other".to_owned();
        world.plan.lab.scenarios.push(other);
        spoil(&mut world);
        let verdict = world.judge();
        assert_eq!((spell(&verdict.scenarios[1].outcome).as_str(), verdict.exit_code()), (outcome, code), "{number}");
    }
}

fn of(name: &str, asked: Asked) -> Listed {
    Listed { name: name.to_owned(), asked, points: Vec::new(), state: Vec::new() }
}

fn unlisted(world: &mut World, phases: &[&str]) {
    world.evidence.manifest.scenarios = None;
    world.evidence.manifest.phases = phases.iter().map(|phase| ((*phase).to_owned(), 1)).collect();
}

#[test]
fn a_lab_file_that_was_not_run_proves_nothing() {
    let cases: [(Spoil, &str); 5] = [
        (|world| world.evidence.lab.push('\n'), "the lab file in the folder is not the one that was run: its SHA-256 is another"),
        (|world| world.evidence.lab.clear(), "the lab file in the folder is not the one that was run: its SHA-256 is another"),
        (
            |world| world.evidence.manifest.lab_sha256 = Some(String::new()),
            "the lab file in the folder is not the one that was run: its SHA-256 is another",
        ),
        (|world| list(world).push(of("gone", Asked::For)), "the run had a scenario `gone`, which the lab file in the folder has not"),
        (|world| list(world).push(of("gone", Asked::Not)), "the run had a scenario `gone`, which the lab file in the folder has not"),
    ];
    for (number, (spoil, why)) in cases.into_iter().enumerate() {
        let mut world = listed();
        spoil(&mut world);
        assert_eq!(spell(&world.judge().outcome), format!("inconclusive: {why}"), "{number}");
        // What is broken is broken all the same.
        world.frames(TUNNEL).clear();
        assert_eq!(world.judge().exit_code(), 1, "{number}");
    }
}

#[test]
fn a_scenario_that_nobody_asked_for_is_not_there() {
    let mut world = listed();
    list(&mut world)[0].asked = Asked::Not;
    assert_eq!(spell(&world.judge().outcome), "inconclusive: the run was not asked for it, and yet the evidence has it");
}
