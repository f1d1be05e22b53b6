//! Whole runs: what there must be two of.

use super::world::*;
use crate::diff::DiffError;
use crate::evidence::{Listed, lab_digest};

#[test]
fn a_scenario_that_one_run_did_not_carry_out_is_not_compared() {
    let mut world = World::new();
    world.runs[1].scenarios.pop();
    assert_eq!(world.told()[1..], ["asks: unknown: - | the evidence does not say whether it was asked for"]);
    assert_eq!(world.diff().unwrap().exit_code(), 4);
    world.runs[1].manifest.cut_short = Some("it was interrupted".to_owned());
    assert_eq!(world.told()[1..], ["asks: unknown: - | the run was cut short: it was interrupted"]);
}

#[test]
fn a_scenario_that_neither_run_carried_out_is_left_out() {
    let mut world = World::new();
    for run in &mut world.runs {
        run.scenarios.pop();
        run.manifest.phases = vec![("across".to_owned(), 1)];
    }
    assert_eq!(world.told()[1..], ["asks: skipped: not asked for in either run"]);
    assert_eq!(world.diff().unwrap().exit_code(), 0);
    for run in &mut world.runs {
        run.scenarios.clear();
    }
    assert_eq!(world.diff().unwrap().exit_code(), 4, "nothing was compared");
}

#[test]
fn what_either_run_has_lost_is_not_the_same() {
    let mut world = World::new();
    for run in &mut world.runs {
        run.scenarios.pop();
    }
    let neither = "the evidence does not say whether it was asked for";
    assert_eq!(world.told()[1..], [format!("asks: unknown: {neither} | {neither}")]);
    let mut world = World::new();
    for (run, plan) in world.runs.iter_mut().zip(&world.plans) {
        run.manifest.scenarios = Some(Listed::of(plan, &["across".to_owned(), "asks".to_owned()]));
        run.scenarios[PING].recordings.remove(ASIDE);
    }
    assert_eq!(world.diff().unwrap().exit_code(), 4, "a point that both runs lost was not compared");
    let mut world = World::new();
    world.runs[1].manifest.lab_sha256 = Some(lab_digest("another lab"));
    let why = "the lab file in the folder is not the one that was run: its SHA-256 is another".to_owned();
    assert_eq!(world.diff().unwrap_err(), DiffError::Misfit { run: "other".to_owned(), why });
}

#[test]
fn other_labs_are_refused() {
    let mut world = World::new();
    world.plans[1].lab.name = "pears".to_owned();
    let error = world.diff().unwrap_err();
    assert_eq!(error.to_string(), "the first run is of the lab `pair`, the second of `pears`");
    let mut world = World::new();
    world.plans[1].lab.scenarios.pop();
    assert_eq!(world.diff().unwrap_err(), DiffError::Scenarios { names: vec!["`asks`".to_owned()] });
    let mut world = World::new();
    world.runs[1].scenarios[1].name = "sings".to_owned();
    let error = world.diff().unwrap_err();
    let why = "the evidence of the run `other` does not fit its lab: the evidence has a scenario `sings`, which the lab has not";
    assert_eq!(error.to_string(), why);
}

#[test]
fn another_text_of_the_same_lab_is_said() {
    let mut world = World::new();
    assert!(!world.diff().unwrap().lab_changed);
    world.runs[1].lab.push_str("# a remark\n");
    assert!(world.diff().unwrap().lab_changed);
}

#[test]
fn a_run_agrees_with_itself() {
    let mut world = World::new();
    world.runs[1] = world.runs[0].clone();
    assert_eq!(world.told(), [SKIPPED]);
    assert_eq!(world.diff().unwrap().exit_code(), 0);
}
