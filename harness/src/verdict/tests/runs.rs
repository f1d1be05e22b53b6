//! Expectations, scenarios and runs as wholes.

use super::world::*;
use crate::journey::craft::frame;
use crate::lab::{VersionBound, Versioned, When};

#[test]
fn what_does_not_apply_here_is_skipped_with_its_reason() {
    let mut world = World::new();
    world.planned().expect[TUNNEL].when = Some(only_on("kind"));
    world.frames(TUNNEL).clear();
    let verdict = world.at(TUNNEL);
    assert_eq!(spell(&verdict.outcome), "skipped: only on kind: it is so there");
    assert_eq!(verdict.lines.len(), 2);
    // The rest held, so the scenario held.
    assert_eq!((spell(&world.scenario().outcome), world.judge().exit_code()), ("held".to_owned(), 0));
    // Whatever comes first.
    world.planned().expect[VETH].when = Some(only_on("kind"));
    assert_eq!(spell(&world.scenario().outcome), "held");
    world.planned().expect[TUNNEL].when = Some(only_on("netns"));
    assert_eq!(spell(&world.at(TUNNEL).outcome), "broken: 2 lines do not hold");
}

#[test]
fn versions_decide_what_applies_and_an_unknown_one_leaves_it_open() {
    let when = |least: Option<&str>, below: Option<&str>| When {
        backends: Vec::new(),
        kube_proxy: None,
        versions: [
            least.map(|version| VersionBound::AtLeast(Versioned::Cni, version.to_owned())),
            below.map(|version| VersionBound::Below(Versioned::Cni, version.to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect(),
        because: "Felix does it since".to_owned(),
    };
    for (version, least, below, outcome) in [
        (Some("v3.32.1"), Some("3.33"), None, "skipped: only from version 3.33 of the CNI on: Felix does it since"),
        (Some("v3.33.0"), Some("3.33"), None, "held"),
        (Some("v3.9"), None, Some("3.33"), "held"),
        (Some("3.33"), None, Some("3.33"), "skipped: only before version 3.33 of the CNI: Felix does it since"),
        (None, Some("3.33"), None, "inconclusive: it applies only from version 3.33 of the CNI on, but the site does not tell `cni`"),
        (
            Some("unknown"),
            None,
            Some("3.33"),
            "inconclusive: it applies only before version 3.33 of the CNI, but the site does not tell `cni`",
        ),
    ] {
        let mut world = World::new();
        world.planned().expect[TUNNEL].when = Some(when(least, below));
        if let Some(version) = version {
            world.evidence.facts.versions.insert("cni".to_owned(), version.to_owned());
        }
        assert_eq!(spell(&world.at(TUNNEL).outcome), outcome);
    }
    let mut world = World::new();
    world.planned().state[0].when = Some(When { kube_proxy: Some("ipvs".to_owned()), ..when(None, None) });
    assert!(spell(&world.at(4).outcome).starts_with("inconclusive: "));
    world.evidence.facts.versions.insert("kube-proxy-mode".to_owned(), "iptables".to_owned());
    assert_eq!(spell(&world.at(4).outcome), "skipped: only with kube-proxy in ipvs mode: Felix does it since");
    world.evidence.facts.versions.insert("kube-proxy-mode".to_owned(), "ipvs".to_owned());
    assert_eq!(spell(&world.at(4).outcome), "held");
    let below = VersionBound::Below(Versioned::KubeProxy, "1.24".to_owned());
    world.planned().state[0].when = Some(When { versions: vec![below], ..when(None, None) });
    assert!(spell(&world.at(4).outcome).ends_with("but the site does not tell `kube-proxy`"));
    world.evidence.facts.versions.insert("kube-proxy".to_owned(), "v1.34.4".to_owned());
    assert_eq!(spell(&world.at(4).outcome), "skipped: only before version 1.24 of kube-proxy: Felix does it since");
}

#[test]
fn a_scenario_in_which_all_is_skipped_is_skipped() {
    let mut world = World::new();
    for expectation in &mut world.planned().expect {
        expectation.when = Some(only_on("kind"));
    }
    world.planned().state[0].when = Some(only_on("kind"));
    assert_eq!(spell(&world.scenario().outcome), "skipped: only on kind: it is so there");
    assert_eq!(world.judge().exit_code(), 3);
    assert_eq!(world.scenario().unasserted.len(), 4);
}

#[test]
fn a_scenario_without_expectations_is_no_success() {
    let mut world = World::new();
    world.planned().expect.clear();
    world.planned().state.clear();
    assert_eq!(spell(&world.scenario().outcome), "inconclusive: nothing is expected of it");
    assert_eq!(world.judge().exit_code(), 4);
}

#[test]
fn a_run_in_which_nothing_was_asserted_is_no_success() {
    let mut world = World::new();
    world.evidence.scenarios.clear();
    assert_eq!((spell(&world.judge().outcome), world.judge().exit_code()), ("inconclusive: nothing was asserted".to_owned(), 4));
    world.plan.lab.scenarios.clear();
    assert_eq!(world.judge().exit_code(), 4);
}

#[test]
fn what_is_worst_decides() {
    let mut world = World::new();
    world.recorded().recordings[VETH].dropped = 1;
    assert_eq!(world.judge().exit_code(), 4);
    world.frames(TUNNEL).clear();
    world.frames(UNDERLAY).push(frame(wire(&request(63))));
    assert_eq!(spell(&world.scenario().outcome), "broken: 2 expectations do not hold");
    assert_eq!(world.judge().exit_code(), 1);
}

#[test]
fn a_scenario_that_was_not_carried_out_is_skipped_or_cut_short() {
    let mut world = World::new();
    let mut other = world.planned().clone();
    other.name = "other".to_owned();
    world.plan.lab.scenarios.push(other);
    let verdict = world.judge();
    assert_eq!(spell(&verdict.scenarios[1].outcome), "inconclusive: the evidence does not say whether it was asked for");
    assert_eq!(verdict.exit_code(), 4);
    world.evidence.manifest.phases = vec![("bring up".to_owned(), 1), ("across".to_owned(), 1)];
    let verdict = world.judge();
    assert_eq!((spell(&verdict.scenarios[1].outcome), verdict.exit_code()), ("skipped: not asked for in this run".to_owned(), 0));
    world.evidence.manifest.cut_short = Some("interrupted".to_owned());
    let verdict = world.judge();
    assert_eq!(spell(&verdict.scenarios[1].outcome), "inconclusive: the run was cut short: interrupted");
    assert_eq!(verdict.exit_code(), 4);
    // What was carried out holds, but the run does not.
    world.plan.lab.scenarios.pop();
    assert_eq!((spell(&world.scenario().outcome), world.judge().exit_code()), ("held".to_owned(), 4));
}

#[test]
fn evidence_of_another_lab_is_a_fault() {
    let mut world = World::new();
    world.evidence.manifest.lab = "another".to_owned();
    assert_eq!(world.judge().exit_code(), 5);
    let mut world = World::new();
    world.recorded().name = "unheard of".to_owned();
    assert_eq!(spell(&world.judge().outcome), "fault: the evidence has a scenario `unheard of`, which the lab has not");
    let mut world = World::new();
    let twice = world.recorded().clone();
    world.evidence.scenarios.push(twice);
    assert_eq!(world.judge().exit_code(), 5);
}

#[test]
fn a_verdict_names_its_run() {
    let world = World::new();
    let verdict = world.judge();
    assert_eq!((verdict.lab.as_str(), verdict.run.as_str(), verdict.backend.as_str()), ("test", "r1", "netns"));
    assert_eq!(world.scenario().probe.as_deref(), Some("pod1 pings pod3 (10.9.1.3)"));
    assert_eq!(world.at(VETH).interface, "if-veth(pod1)");
}
