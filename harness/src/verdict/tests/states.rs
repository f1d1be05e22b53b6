//! Lines of commands' output.

use super::world::*;

const STATE: usize = 4;

fn judged(expectation: crate::lab::StateExpectation, stdout: &str) -> crate::verdict::ExpectationVerdict {
    let mut world = World::new();
    world.planned().state = vec![expectation];
    world.recorded().state = vec![printed(stdout)];
    world.at(STATE)
}

#[test]
fn a_line_is_there_word_by_word() {
    let verdict = World::new().at(STATE);
    assert_eq!(spell(&verdict.outcome), "held");
    assert_eq!(verdict.lines[0].expected, "10.9.1.0/26 via 172.30.0.2 dev tunl0 proto bird onlink");
    assert_eq!(verdict.lines[0].observed.as_deref(), Some("10.9.1.0/26 via 172.30.0.2 dev tunl0 proto bird onlink"));
}

#[test]
fn a_line_that_is_not_there_is_shown_beside_the_closest() {
    let routes = "default via 172.30.0.254 dev ens3\n  10.9.1.0/26  via 172.30.0.9 dev tunl0 proto bird metric 1024 onlink\n";
    let verdict = judged(state(&[ROUTE], &[]), routes);
    assert_eq!(spell(&verdict.outcome), "broken: 1 line does not hold");
    let line = &verdict.lines[0];
    assert_eq!(line.observed.as_deref(), Some("  10.9.1.0/26  via 172.30.0.9 dev tunl0 proto bird metric 1024 onlink"));
    assert_eq!(
        findings(line),
        [
            "word 3: 192.168.100.112 = 172.30.0.2, not 172.30.0.9 [172.30.0.2 | 172.30.0.9]",
            "word 8: onlink = onlink, not metric [onlink | metric]",
            "word 9: the end of the line = the end of the line, not 1024 onlink [- | 1024 onlink]",
        ]
    );
    // A line that is too short.
    let line = &judged(state(&[ROUTE], &[]), "10.9.1.0/26 via 172.30.0.2 dev tunl0\n").lines[0];
    assert_eq!(findings(line), ["word 6: proto bird onlink = proto bird onlink, not the end of the line [proto bird onlink | -]"]);
    // Nothing like it.
    let line = &judged(state(&[ROUTE], &[]), "x y z\n").lines[0];
    assert_eq!((spell(&line.outcome), &line.observed), ("broken: no line is like it".to_owned(), &None));
    let line = &judged(state(&[ROUTE], &[]), "").lines[0];
    assert_eq!(spell(&line.outcome), "broken: no line is like it");
    for (documented, output) in [("{node2.block} via * dev tunl0", "p q r s t"), ("* x y", "p q r"), ("x", "y"), ("x y", "p q")] {
        assert_eq!(spell(&judged(state(&[documented], &[]), output).lines[0].outcome), "broken: no line is like it", "{documented}");
    }
    // All but one word may be anything, so whatever has as many words is like it; and of what is equally close the last.
    for (documented, output, shown) in [
        ("* x", "p q\nr s\n", "r s"),
        ("x y z", "x q q\nx r r\n", "x r r"),
        ("x y z", "x y q\nx r r\n", "x y q"),
        ("x y z", "x q q\nx y r\nx s s\n", "x y r"),
    ] {
        assert_eq!(judged(state(&[documented], &[]), output).lines[0].observed.as_deref(), Some(shown), "{documented}");
    }
}

#[test]
fn holes_stand_for_one_word_each() {
    for (line, outcome) in [
        ("{node2.block} via * dev * proto bird onlink", "held"),
        ("{node2.block} via * dev * proto bird *", "held"),
        ("{node2.block} via * dev * proto bird onlink *", "broken: 1 word differs"),
        ("{node2.block} via * proto bird onlink", "broken: 4 words differ"),
        ("* * * * * * * *", "held"),
    ] {
        assert_eq!(
            spell(&judged(state(&[line], &[]), "10.9.1.0/26 via 172.30.0.2 dev tunl0 proto bird onlink").lines[0].outcome),
            outcome,
            "{line}"
        );
    }
}

#[test]
fn a_gap_stands_for_any_number_of_words() {
    for (line, outcome) in [
        ("{node2.block} ** onlink", "held"),
        ("{node2.block} via * dev tunl0 proto bird onlink **", "held"),
        ("** onlink", "held"),
        ("{node2.block} ** dev tunl0 proto bird", "broken: 4 words differ"),
        ("{node2.block} via * dev tunl0 proto bird onlink ** more", "broken: 1 word differs"),
    ] {
        let verdict = judged(state(&[line], &[]), "10.9.1.0/26 via 172.30.0.2 dev tunl0 proto bird onlink");
        assert_eq!(spell(&verdict.lines[0].outcome), outcome, "{line}");
    }
}

#[test]
fn what_a_kernel_numbers_may_differ_but_not_what_it_is() {
    let line = "5: eth0@if3: <UP> mtu 1472 qdisc fq_codel state UP";
    for (output, outcome) in [
        ("17: eth0@if102: <UP> mtu 1472 qdisc pfifo_fast state UP", "held"),
        ("17: eth0@if102: <UP> mtu 1472 qdisc noqueue state UP", "broken: 1 word differs"),
        ("17: eth1@if102: <UP> mtu 1472 qdisc fq_codel state UP", "broken: 1 word differs"),
    ] {
        assert_eq!(spell(&judged(state(&[line], &[]), output).lines[0].outcome), outcome, "{output}");
    }
}

#[test]
fn equal_ports_of_a_bridge_are_one_port() {
    let lines = ["1 33:33:00:00:00:01 yes 0.00", "2 33:33:00:00:00:02 no 50.98", "1 33:33:00:00:00:03 no 50.98"];
    for (output, outcome) in [
        ("4 33:33:00:00:00:01 yes 0.00\n7 33:33:00:00:00:02 no 0.10\n4 33:33:00:00:00:03 no 3.33", "held"),
        ("4 33:33:00:00:00:01 yes 0.00\n7 33:33:00:00:00:02 no 0.10\n7 33:33:00:00:00:03 no 3.33", "broken: 1 line does not hold"),
        ("4 33:33:00:00:00:01 yes 0.00\n4 33:33:00:00:00:02 no 0.10\n4 33:33:00:00:00:03 no 3.33", "broken: 1 line does not hold"),
    ] {
        assert_eq!(spell(&judged(state(&lines, &[]), output).outcome), outcome, "{output}");
    }
    // What the port should have been is told by the lines before.
    let other = judged(state(&lines, &[]), "4 33:33:00:00:00:01 yes 0.00\n7 33:33:00:00:00:02 no 0.10\n7 33:33:00:00:00:03 no 3.33");
    assert_eq!(findings(&other.lines[2]), ["word 1: 1 = 4, not 7 [1 | 7]"]);
    let none = judged(state(&lines, &[]), "4 33:33:00:00:00:01 yes 0.00\n4 33:33:00:00:00:02 no 0.10\n4 33:33:00:00:00:03 no 3.33");
    assert_eq!(findings(&none.lines[1]), ["word 1: 2 = 2, not 4 [2 | 4]"]);
}

#[test]
fn a_correction_that_reads_the_documented_line_too_only_widens_it() {
    let line =
        judged(corrected_state("promiscuity 0 minmtu 68", "promiscuity 0 ** minmtu 68"), "promiscuity 0 minmtu 68").lines.swap_remove(0);
    assert_eq!((spell(&line.outcome), line.correction_needless), ("held".to_owned(), false));
    let line = judged(corrected_state("minmtu 68", "minmtu *"), "minmtu 70").lines.swap_remove(0);
    assert_eq!(spell(&line.outcome), "held");
}

#[test]
fn numbers_are_exact() {
    let verdict = judged(state(&["metric 1024"], &[]), "metric 01024\nmetric 1025\n");
    assert_eq!(spell(&verdict.outcome), "broken: 1 line does not hold");
}

#[test]
fn interface_names_are_words_that_names_may_cover() {
    let mut world = World::new();
    world.planned().state = vec![state(&["default dev calice0906292e2 src=10.244.153.204"], &[])];
    world.recorded().state = vec![printed("default dev cali123 src=10.9.0.1")];
    assert_eq!(spell(&world.at(STATE).outcome), "broken: 1 line does not hold");
    world.planned().names.insert("calice0906292e2".to_owned(), crate::name::Symbol::new("pod1.veth"));
    assert_eq!(spell(&world.at(STATE).outcome), "inconclusive: the site does not tell what `pod1.veth` is");
    world.evidence.facts.values.insert(crate::name::Symbol::new("pod1.veth"), "cali123".to_owned());
    assert_eq!(spell(&world.at(STATE).outcome), "held");
}

#[test]
fn a_line_that_must_not_be_there() {
    let forbidden = || state(&[], &["{node2.block} via * dev tunl0 proto bird onlink"]);
    let verdict = judged(forbidden(), "10.9.1.0/26 via 1.2.3.4 dev tunl0 proto bird onlink\n");
    assert_eq!(spell(&verdict.lines[0].outcome), "broken: a line is there that must not be");
    assert!(verdict.lines[0].observed.is_some());
    assert_eq!(spell(&judged(forbidden(), "default dev ens3\n").outcome), "held");
    assert_eq!(spell(&judged(forbidden(), "\n").outcome), "inconclusive: the command printed nothing at all");
    let unknown = state(&[], &["{nobody.knows} dev ens3"]);
    assert_eq!(spell(&judged(unknown, "default dev ens3\n").outcome), "inconclusive: the site does not tell what `nobody.knows` is");
}

#[test]
fn a_command_that_failed_proves_nothing() {
    for (status, why) in [
        (Some(2), "inconclusive: `ip route` on node1 failed with exit status 2: Cannot open netlink socket"),
        (None, "inconclusive: `ip route` on node1: Cannot open netlink socket"),
    ] {
        let mut world = World::new();
        let text = &mut world.recorded().state[0];
        text.status = status;
        text.stderr = "Cannot open netlink socket\n".to_owned();
        assert_eq!(spell(&world.at(STATE).outcome), why);
        assert_eq!(spell(&world.line(STATE, 0).outcome), why);
    }
    let mut world = World::new();
    world.recorded().state.clear();
    assert_eq!(spell(&world.at(STATE).outcome), "inconclusive: `ip route` was not run on node1");
}

#[test]
fn corrections_of_state_are_judged_and_doubted_too() {
    let wrong = "10.244.146.192/26 via 192.168.100.112 dev tunl9 proto bird onlink";
    let output = "10.9.1.0/26 via 172.30.0.2 dev tunl0 proto bird onlink";
    let line = judged(corrected_state(wrong, ROUTE), output).lines.swap_remove(0);
    assert_eq!((spell(&line.outcome), line.correction_needless), ("held".to_owned(), false));
    let line = judged(corrected_state(ROUTE, "{node2.block} via * dev tunl0 proto bird onlink"), output).lines.swap_remove(0);
    assert_eq!(spell(&line.outcome), "broken: the correction is not needed: the documented line holds");
    assert!(line.correction_needless);
}

#[test]
fn a_correction_of_what_must_not_be_there_is_needed_where_the_documented_line_is() {
    const NEEDLESS: &str = "broken: the correction is not needed: the documented line holds";
    let (documented, corrected) = ("10.9.1.0/26 dev tunl9", "10.9.1.0/26 dev tunl0");
    for (output, outcome, needless) in [
        ("10.9.1.0/26 dev tunl9\n", "held", false),
        ("10.9.1.0/26 dev tunl9\n10.9.1.0/26 dev ens3\n", "held", false),
        ("10.9.1.0/26 dev ens3\n", NEEDLESS, true),
        ("10.9.1.0/26 dev tunl0\n", "broken: a line is there that must not be", true),
        ("10.9.1.0/26 dev tunl0\n10.9.1.0/26 dev tunl9\n", "broken: a line is there that must not be", false),
        ("", "inconclusive: the command printed nothing at all", false),
        ("\n", "inconclusive: the command printed nothing at all", false),
    ] {
        let mut expectation = corrected_state(documented, corrected);
        expectation.lacks = std::mem::take(&mut expectation.has);
        let mut world = World::new();
        world.planned().names.insert("10.9.1.0/26".to_owned(), crate::name::Symbol::new("node2.block"));
        world.planned().state = vec![expectation];
        world.recorded().state = vec![printed(output)];
        let line = world.line(STATE, 0);
        assert_eq!((spell(&line.outcome).as_str(), line.correction_needless), (outcome, needless), "{output:?}");
    }
}

#[test]
fn an_expectation_of_nothing_is_inconclusive() {
    assert_eq!(spell(&judged(state(&[], &[]), "x").outcome), "inconclusive: nothing is expected of it");
}

#[test]
fn a_comment_of_iptables_save_is_there_whenever_it_ran() {
    let now = "# Generated by iptables-save v1.8.9 (nf_tables) on Sat Nov 28 09:00:01 2026\n*nat\nCOMMIT\n# Completed on Sat Nov 28 09:00:01 2026\n";
    for (line, stdout, outcome) in [
        ("# Generated by iptables-save v1.8.7 on Fri Nov  3 17:21:11 2023", now, "held"),
        ("# Completed on Fri Nov  3 17:21:11 2023", now, "held"),
        ("# Generated by xtables-save v1.8.2 on Fri Nov  3 17:21:11 2023", now, "held"),
        ("# Generated by iptables-save v1.8.7 on Fri Nov  3 17:21:11 2023", "*nat\nCOMMIT\n", "broken: no line is like it"),
        ("# Completed on Fri Nov  3 17:21:11 2023", "*nat\nCOMMIT\n", "broken: no line is like it"),
    ] {
        assert_eq!(spell(&judged(state(&[line], &[]), stdout).lines[0].outcome), outcome, "{line}");
    }
}

/// An interface that `names` covers is another on this site, and so is the command.
#[test]
fn what_was_run_is_what_the_lab_asks_for() {
    const RUN: &str = "sysctl net.ipv4.conf.calice0906292e2.forwarding";
    const LINE: &str = "net.ipv4.conf.calice0906292e2.forwarding = 1";
    for (run, command, line, outcome) in [
        (RUN, "sysctl net.ipv4.conf.cali01.forwarding", LINE, "held"),
        (RUN, RUN, LINE, "inconclusive: what was run on node1 is `sysctl net.ipv4.conf.calice0906292e2.forwarding`"),
        ("sysctl net.ipv4.conf.{pod1.veth}.forwarding", "sysctl net.ipv4.conf.cali01.forwarding", LINE, "held"),
        ("sysctl net.ipv4.conf.{pod1.veth}.forwarding", "sysctl net.ipv4.conf.cali02.forwarding", LINE, "inconclusive: what was run"),
        ("ip  route", "ip route", "net.ipv4.conf.{pod1.veth}.forwarding = 1", "held"),
        ("ip route", "ip addr", LINE, "inconclusive: what was run on node1 is `ip addr`, not `ip route`"),
    ] {
        let mut world = World::new();
        let veth = crate::name::Symbol::new("pod1.veth");
        world.planned().names.insert("calice0906292e2".to_owned(), veth.clone());
        world.evidence.facts.values.insert(veth, "cali01".to_owned());
        world.planned().state = vec![crate::lab::StateExpectation { run: run.to_owned(), ..state(&[line], &[]) }];
        let text = printed("net.ipv4.conf.cali01.forwarding = 1\n");
        world.recorded().state = vec![crate::evidence::StateText { run: run.to_owned(), command: command.to_owned(), ..text }];
        let found = spell(&world.at(STATE).outcome);
        assert!(found.starts_with(outcome), "{run}, {command}: {found}");
    }
}
