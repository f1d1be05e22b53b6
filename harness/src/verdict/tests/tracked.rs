//! Connections that are the probe's, and others.

use super::world::*;

const PROBE: &str = "icmp 1 29 src={pod1.ip} dst={pod3.ip} type=8 code=0 id=9 src={pod3.ip} dst={pod1.ip} type=0 code=0 id=9 mark=0 use=1";

fn entry(to: &str, ids: [u16; 2]) -> String {
    let [there, back] = ids;
    format!("icmp 1 12 src={POD1} dst={to} type=8 code=0 id={there} src={to} dst={POD1} type=0 code=0 id={back} mark=0 use=1")
}

fn judged(has: &[&str], lacks: &[&str], stdout: &str) -> String {
    const RUN: &str = "conntrack -L";
    let mut world = World::new();
    world.planned().state = vec![crate::lab::StateExpectation { run: RUN.to_owned(), ..state(has, lacks) }];
    world.recorded().state = vec![crate::evidence::StateText { run: RUN.to_owned(), command: RUN.to_owned(), ..printed(stdout) }];
    spell(&world.at(4).outcome)
}

/// An un-asserted ping goes before the probe, and its entry is there, too.
#[test]
fn only_an_entry_of_the_probe_is_believed() {
    let (own, before) = (entry(POD3, [ID, ID]), entry(POD3, [7, 7]));
    let both = format!("{before}\n{own}");
    let two = PROBE.replace("id=9", "id=8");
    let translated = PROBE.replacen("id=9", "id=8", 1);
    let any = PROBE.replace("id=9", "id=*");
    let elsewhere = PROBE.replace("{pod3.ip}", "{node2.underlay.ip}");
    for (has, output, outcome) in [
        (vec![PROBE], &own, "held"),
        (vec![PROBE], &both, "held"),
        (vec![PROBE], &before, "broken: 1 line does not hold"),
        (vec![&any], &own, "held"),
        (vec![&any], &before, "broken: 1 line does not hold"),
        (vec![PROBE, &two], &both, "inconclusive: no other line fits than one that another documented line stands for"),
        (vec![&translated], &entry(POD3, [ID, 7]), "held"),
        (vec![&translated], &entry(POD3, [7, ID]), "held"),
        (vec![&translated], &own, "inconclusive: 8 and 9 are documented in one line, and both are 4242 here"),
        (
            vec![&elsewhere],
            &entry(NODE2, [7, 7]),
            "inconclusive: no packet of the probe was seen that is of this connection, so that it may be another's",
        ),
        (vec![&elsewhere.replace("id=9", "id=*")], &entry(NODE2, [7, 7]), "held"),
    ] {
        assert_eq!(judged(&has, &[], output), outcome, "{has:#?}\n{output}");
    }
    assert_eq!(judged(&[], &[&any], &before), "inconclusive: the command printed nothing at all");
    assert_eq!(judged(&[], &[&any], &both), "broken: 1 line does not hold");
    let anyones = entry(NODE2, [7, 7]);
    assert_eq!(
        judged(&[], &[&elsewhere], &anyones),
        "inconclusive: a line is there of which no packet of the probe tells whether it is of its connection"
    );
    assert_eq!(judged(&[], &[&elsewhere.replace("id=9", "id=*")], &anyones), "broken: 1 line does not hold");
    // One that is the probe's says what one that may be anyone's does not.
    let to_any = two.replace("{pod3.ip}", "*");
    assert!(judged(&[], &[&to_any], &anyones).starts_with("inconclusive: a line is there of which"));
    for both in [format!("{anyones}\n{own}"), format!("{own}\n{anyones}")] {
        assert_eq!(judged(&[], &[&to_any], &both), "broken: 1 line does not hold");
    }
    let others = format!("{before}\ntcp 6 9 src={POD3}");
    assert_eq!(judged(&[], &[&any], &others), "inconclusive: a line is there of a connection that is not the probe's");
    assert_eq!(judged(&[], &[&elsewhere.replace("id=9", "id=*")], &others), "held");
}
