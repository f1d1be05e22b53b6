//! Words of commands' output that are made of parts, and numbers that they share with packets.

use super::world::*;
use crate::name::Symbol;
use crate::verdict::ExpectationVerdict;

const STATE: usize = 4;

/// What is expected of an output in a world in which `names` cover what the tables here document.
fn judged(has: &[&str], lacks: &[&str], stdout: &str) -> ExpectationVerdict {
    let mut world = World::new();
    for (literal, symbol, value) in [
        ("calice0906292e2", "pod1.veth", "cali0123456789a"),
        ("eth7", "node1.default.interface", "ens3"),
        ("10.244.153.204/24", "pod1.address", "10.9.0.1/26"),
        ("2001:db8::1", "pod6.ip", "fd00::a"),
        ("06:00:00:00:00:09", "node1.cni0.mac", "02:00:00:00:00:09"),
    ] {
        world.planned().names.insert(literal.to_owned(), Symbol::new(symbol));
        world.evidence.facts.values.insert(Symbol::new(symbol), value.to_owned());
    }
    world.planned().state = vec![state(has, lacks)];
    world.recorded().state = vec![printed(stdout)];
    world.at(STATE)
}

/// A documented line, the one that it stands for on this site, and lines of other worlds.
const WORLDS: [(&str, &str, &[&str]); 19] = [
    (
        "-A SEP -j DNAT --to-destination 10.244.146.205:80",
        "-A SEP -j DNAT --to-destination 10.9.1.3:80",
        &[
            "-A SEP -j DNAT --to-destination 10.244.146.205:80",
            "-A SEP -j DNAT --to-destination 10.9.1.3:81",
            "-A SEP -j DNAT --to-destination 10.9.1.30:80",
            "-A SEP -j DNAT --to-destination 110.9.1.3:80",
            "-A SEP -j DNAT --to-destination 10.9.1.3",
            "-A SEP -j DNAT --to-destination 10.9.1.3:800",
        ],
    ),
    ("-s 10.244.146.205/32 -j X", "-s 10.9.1.3/32 -j X", &["-s 10.9.1.3 -j X", "-s 10.9.1.3/31 -j X", "-s 10.244.146.205/32 -j X"]),
    ("inet 10.244.153.204/24 scope", "inet 10.9.0.1/26 scope", &["inet 10.9.0.1/24 scope", "inet 10.244.153.204/24 scope"]),
    ("tcp to:10.244.146.205:80", "tcp to:10.9.1.3:80", &["tcp to:10.9.1.3:8", "tcp to:10.9.0.1:80", "tcp to:[10.9.1.3]:80"]),
    ("to 10.244.153.204-10.244.146.205", "to 10.9.0.1-10.9.1.3", &["to 10.9.1.3-10.9.0.1", "to 10.9.0.1-10.9.1.4", "to 10.9.0.1"]),
    ("m 10.244.146.205,tcp:80", "m 10.9.1.3,tcp:80", &["m 10.9.1.3,udp:80", "m 10.9.1.4,tcp:80", "m 10.9.1.3,tcp:80,10.9.0.1"]),
    ("m 10.244.146.205,10.244.153.204", "m 10.9.1.3,10.9.0.1", &["m 10.9.0.1,10.9.1.3", "m 10.9.1.3,10.244.153.204"]),
    ("192.168.100.111->10.244.146.205 x", "172.30.0.1->10.9.1.3 x", &["10.9.1.3->172.30.0.1 x", "172.30.0.1->10.9.1.4 x"]),
    ("to [2001:db8::1]:80", "to [fd00::a]:80", &["to [fd00::b]:80", "to [2001:db8::1]:80", "to fd00::a:80"]),
    ("2001:0db8::0001%eth7 x", "fd00::a%ens3 x", &["fd00::a%eth7 x", "fd00::a x"]),
    (
        "? (10.244.146.205) at 32:21:45:C4:c5:d5 [ether] on eth0",
        "? (10.9.1.3) at 02:00:00:00:00:01 [ether] on eth0",
        &["? (10.9.1.3) at 02:00:00:00:00:02 [ether] on eth0", "? (10.9.1.4) at 02:00:00:00:00:01 [ether] on eth0"],
    ),
    (
        "--comment \"web -> 10.244.146.205:80\" -j X",
        "--comment \"web -> 10.9.1.3:80\" -j X",
        &["--comment \"web -> 10.9.1.4:80\" -j X", "--comment \"web -> 10.244.146.205:80\" -j X"],
    ),
    (
        "net.ipv4.conf.calice0906292e2.rp_filter = 1",
        "net.ipv4.conf.cali0123456789a.rp_filter = 1",
        &["net.ipv4.conf.calice0906292e2.rp_filter = 1"],
    ),
    (
        "net/ipv4/conf/eth7/rp_filter = 1",
        "net/ipv4/conf/ens3/rp_filter = 1",
        &["net/ipv4/conf/eth7/rp_filter = 1", "net/ipv4/conf/ens30/rp_filter = 1"],
    ),
    (
        "/proc/sys/net/ipv4/conf/eth7/rp_filter 1",
        "/proc/sys/net/ipv4/conf/ens3/rp_filter 1",
        &["/proc/sys/net/ipv4/conf/eth7/rp_filter 1", "/proc/sys/net/ipv4/conf/ens3/rp_filter 0"],
    ),
    (
        "net.ipv6.neigh.eth7.proxy_delay = 80",
        "net.ipv6.neigh.ens3.proxy_delay = 80",
        &["net.ipv6.neigh.eth7.proxy_delay = 80", "net.ipv4.neigh.ens3.proxy_delay = 80"],
    ),
    (":cali-tw-calice0906292e2 - [0:0]", ":cali-tw-cali0123456789a - [0:0]", &[":cali-tw-calice0906292e2 - [0:0]"]),
    ("v@eth7: <UP>", "v@ens3: <UP>", &["v@eth7: <UP>", "w@ens3: <UP>", "v@ens3 <UP>"]),
    ("{pod3.ip}/32,tcp:80 {pod1.veth}: x", "10.9.1.3/32,tcp:80 cali0123456789a: x", &["10.9.1.3/32,tcp:81 cali0123456789a: x"]),
];

#[test]
fn what_stands_in_a_word_is_what_its_name_is() {
    for (documented, here, elsewhere) in WORLDS {
        assert_eq!(spell(&judged(&[documented], &[], here).outcome), "held", "{documented}");
        assert_eq!(judged(&[documented], &[], here).lines[0].expected, here);
        let broken = "broken: 1 line does not hold";
        assert_eq!(spell(&judged(&[], &[documented], here).outcome), broken, "lacks {documented}");
        for other in elsewhere {
            assert_eq!(spell(&judged(&[documented], &[], other).outcome), broken, "{documented}: {other}");
            assert_eq!(spell(&judged(&[], &[documented], other).outcome), "held", "lacks {documented}: {other}");
        }
    }
}

/// How lately a neighbour was confirmed is not asserted of a line that is there; that such a line is not there is not proven by one that differs in that.
#[test]
fn a_line_that_must_not_be_there_may_differ_by_what_is_not_asserted() {
    for (documented, here, others, kind) in [
        (
            "10.244.146.205 dev eth7 lladdr 32:21:45:c4:c5:d5 REACHABLE",
            "10.9.1.3 dev ens3 lladdr 02:00:00:00:00:01 REACHABLE",
            &["STALE", "DELAY", "PROBE"][..],
            "a state in which the neighbour is known",
        ),
        ("eth7: <UP> mtu 1500 qdisc fq_codel", "ens3: <UP> mtu 1500 qdisc fq_codel", &["pfifo_fast", "fq"], "the host's kind of queue"),
    ] {
        assert_eq!(spell(&judged(&[], &[documented], here).outcome), "broken: 1 line does not hold", "{documented}");
        assert_eq!(judged(&[documented], &[], here).open, [kind], "{documented}: it is said that this is not asserted");
        let (head, _) = here.rsplit_once(' ').expect("several words");
        let (first, last) = (documented.split(' ').next().expect("a word"), documented.rsplit(' ').next().expect("a word"));
        // Nor is it where a star hides what kind of word it is.
        for documented in [documented, &format!("{first} ** {last}"), &format!("** {last}")] {
            for other in others {
                let other = format!("{head} {other}");
                assert_eq!(spell(&judged(&[documented], &[], &other).outcome), "held", "{documented}: {other}");
                let doubt = format!("inconclusive: a line is there that differs by {kind} only, which is not asserted");
                assert_eq!(spell(&judged(&[], &[documented], &other).outcome), doubt, "{documented}: {other}");
            }
            let other = format!("{head} noqueue");
            assert_eq!(spell(&judged(&[], &[documented], &other).outcome), "held", "{documented}: {other}");
        }
    }
}

#[test]
fn which_words_differ_from_run_to_run_is_told_by_the_line_that_is_there() {
    for (documented, here, outcome) in [
        ("99: from all lookup main", "32766: from all lookup main", "broken: 1 line does not hold"),
        ("99: ** main", "32766: from all lookup main", "broken: 1 line does not hold"),
        ("32766: ** main", "32766: from all lookup main", "held"),
        ("3: eth7: ** UP", "7: ens3: <UP> mtu 1500 state UP", "held"),
        ("3: ** UP", "7: ens3: <UP> mtu 1500 state UP", "held"),
        ("* 32:21:45:c4:c5:d5 no 3.45", "1 02:00:00:00:00:01 no 7.77", "held"),
        ("1 32:21:45:c4:c5:d5 * 3.45", "2 02:00:00:00:00:01 no 7.77", "held"),
        ("1 32:21:45:c4:c5:d5 * 3.45", "2 02:00:00:00:00:01 yes 0.00", "broken: 1 line does not hold"),
        ("[9:1] ** -j DROP", "[12:720] -A INPUT -i ens3 -j DROP", "held"),
        ("[9:1] ** -j DROP", "[12:720] -A INPUT -i ens3 -j ACCEPT", "broken: 1 line does not hold"),
        ("** [9:1]", ":INPUT ACCEPT [12:720]", "held"),
    ] {
        assert_eq!(spell(&judged(&[documented], &[], here).outcome), outcome, "{documented}: {here}");
        let lacks = if outcome == "held" { "broken: 1 line does not hold" } else { "held" };
        assert_eq!(spell(&judged(&[], &[documented], here).outcome), lacks, "lacks {documented}: {here}");
    }
}

/// Of two addresses it is documented whether they are learned on one port, whatever its number.
#[test]
fn a_port_that_is_known_is_the_same_one_in_what_must_not_be_there() {
    let (known, other) = ("1 32:21:45:c4:c5:d5 no 3.45", "1 06:00:00:00:00:09 no 1.00");
    for (there, outcome) in [("2 02:00:00:00:00:09 no 9.00", "broken: 1 line does not hold"), ("3 02:00:00:00:00:09 no 9.00", "held")] {
        let there = format!("2 02:00:00:00:00:01 no 7.77\n{there}");
        assert_eq!(spell(&judged(&[known], &[other], &there).outcome), outcome, "{there}");
    }
}

#[test]
fn addresses_are_compared_however_they_are_spelt() {
    for (documented, here) in [
        ("to [{pod6.ip}]:80", "to [FD00:0:0:0::A]:80"),
        ("lladdr,{pod1.mac},x y", "lladdr,02:00:00:00:00:01,x y"),
        ("[::1]:53 x", "[0:0:0:0:0:0:0:1]:53 x"),
    ] {
        assert_eq!(spell(&judged(&[documented], &[], here).outcome), "held", "{documented}");
    }
}

#[test]
fn what_no_name_covers_is_never_held() {
    for (documented, why) in [
        ("to:10.7.7.7:80 x", "no name says what `10.7.7.7` stands for"),
        ("-s 10.7.7.7/32 x", "no name says what `10.7.7.7` stands for"),
        ("-s 10.7.7.0/24 x", "no name says what `10.7.7.0/24` stands for"),
        ("to:10.7.7.999:80 x", "`to:10.7.7.999:80` looks like an address and is none"),
        ("{nobody.ip}:80 x", "the site does not tell what `nobody.ip` is"),
    ] {
        // The very same text.
        let verdict = judged(&[documented], &[documented], documented);
        assert_eq!([0, 1].map(|line| spell(&verdict.lines[line].outcome)), [0, 1].map(|_| format!("inconclusive: {why}")));
    }
}

#[test]
fn a_finding_points_at_the_part_that_differs() {
    for (documented, observed, finding) in [
        ("x to:10.244.146.205:80", "x to:10.9.1.4:80", "word 2: 10.244.146.205 = 10.9.1.3, not 10.9.1.4 [10.9.1.3 | 10.9.1.4]"),
        ("x 10.244.146.205:80", "x 10.9.1.3:81", "word 2: :80 = :80, not :81 [:80 | :81]"),
        ("x 10.244.146.205:80", "x 10.9.1.30:80", "word 2: 10.244.146.205 = 10.9.1.3, not 10.9.1.30 [10.9.1.3 | 10.9.1.30]"),
        ("x {pod3.ip}/32", "x 10.9.1.4/32", "word 2: {pod3.ip} = 10.9.1.3, not 10.9.1.4 [10.9.1.3 | 10.9.1.4]"),
        ("x 10.244.146.205", "x 10.9.1.3/32", "word 2: 10.244.146.205 = 10.9.1.3, not 10.9.1.3/32 [10.9.1.3 | 10.9.1.3/32]"),
        ("x v@eth7:", "x v@eth7:", "word 2: eth7 = ens3, not eth7 [ens3 | eth7]"),
        (
            "x {pod3.ip},{pod1.ip},z",
            "x 10.9.1.4,10.9.0.2,z",
            "word 2: {pod3.ip},{pod1.ip} = 10.9.1.3,10.9.0.1, not 10.9.1.4,10.9.0.2 [10.9.1.3,10.9.0.1 | 10.9.1.4,10.9.0.2]",
        ),
        ("x {pod3.ip}:80 y", "x", "word 2: {pod3.ip}:80 y = {pod3.ip}:80 y, not the end of the line [10.9.1.3:80 y | -]"),
    ] {
        assert_eq!(findings(&judged(&[documented], &[], observed).lines[0]), [finding]);
    }
}

#[test]
fn the_closest_line_is_found_beside_holes_and_in_words() {
    let output = "a b c d\n-A OTHER -j RETURN -x\n-A SEP-1 --to 10.9.1.4:80 -m\n";
    for (documented, closest) in [
        ("* * * 10.244.146.205:80 *", Some("-A SEP-1 --to 10.9.1.4:80 -m")),
        ("* * {pod3.ip}:81 *", Some("a b c d")),
        ("** --to 10.244.146.205:80 *", Some("-A SEP-1 --to 10.9.1.4:80 -m")),
        ("** {pod3.ip}:80 *", Some("-A SEP-1 --to 10.9.1.4:80 -m")),
        ("nothing like it", None),
    ] {
        let verdict = judged(&[documented], &[], output);
        assert_eq!(verdict.lines[0].observed.as_deref(), closest, "{documented}: {:?}", verdict.lines[0].findings);
    }
}

const ECHO: &str =
    "icmp 1 29 src={pod1.ip} dst={pod3.ip} type=8 code=0 id=17555 src={pod3.ip} dst={pod1.ip} type=0 code=0 id=17555 mark=0 use=1";

/// What conntrack prints of a ping with these ids.
fn echo(ids: [u16; 2]) -> String {
    let [there, back] = ids;
    format!(
        "icmp     1 12 src=10.9.0.1 dst=10.9.1.3 type=8 code=0 id={there} src=10.9.1.3 dst=10.9.0.1 type=0 code=0 id={back} mark=0 use=1"
    )
}

#[test]
fn the_id_of_a_ping_is_that_of_its_packets() {
    let other = ECHO.replace("17555", "9");
    let translated = ECHO.replacen("17555", "9", 1);
    for (documented, output, outcome) in [
        (ECHO, echo([ID, ID]), "held"),
        (ECHO, echo([ID, ID + 1]), "broken"),
        (ECHO, echo([ID + 1, ID]), "broken"),
        (ECHO, echo([ID + 1, ID + 1]), "broken"),
        (ECHO, echo([ID, ID]).replace("type=8", "type=13"), "broken"),
        (ECHO, echo([ID, ID]).replace("code=0", "code=1"), "broken"),
        (ECHO, echo([ID, ID]).replace("id=4242", "id=x"), "broken"),
        (ECHO, echo([ID, ID]).replace("src=10.9.1.3", "[UNREPLIED] src=10.9.1.3"), "broken"),
        // A number of which no packet tells is any, but the same in both directions.
        (other.as_str(), echo([7, 7]), "held"),
        (other.as_str(), echo([7, 8]), "broken"),
        (other.as_str(), format!("{}\n{}", echo([7, 8]), echo([6, 6])), "held"),
        // Translated on its way: each is what it is on its side.
        (translated.as_str(), echo([7, ID]), "held"),
        (translated.as_str(), echo([ID, 7]), "broken"),
    ] {
        let found = spell(&judged(&[documented], &[], &output).outcome);
        assert!(found.starts_with(outcome), "{found}: {documented}\n{output}");
    }
}

#[test]
fn numbers_are_kept_from_line_to_line_and_by_protocol() {
    let line = |protocol: &str, ports: [u32; 2]| {
        format!(
            "{protocol} 9 src=10.9.0.1 dst=10.9.1.3 sport={0} dport=80 src=10.9.1.3 dst=10.9.0.1 sport=80 dport={1} mark=0 use=1",
            ports[0], ports[1]
        )
    };
    let documented = |protocol: &str, ports| line(protocol, ports).replace("10.9.0.1", "{pod1.ip}").replace("10.9.1.3", "{pod3.ip}");
    for (first, second, output, outcome) in [
        (("tcp 6", [40_000, 40_000]), ("udp 17", [40_000, 40_000]), [("tcp 6", [50_000, 50_000]), ("udp 17", [60_000, 60_000])], "held"),
        (("tcp 6", [40_000, 40_000]), ("tcp 6", [40_001, 40_000]), [("tcp 6", [50_000, 50_000]), ("tcp 6", [60_000, 50_000])], "held"),
        (
            ("tcp 6", [40_000, 40_000]),
            ("tcp 6", [40_001, 40_000]),
            [("tcp 6", [50_000, 50_000]), ("tcp 6", [50_001, 50_001])],
            "inconclusive",
        ),
        // Two that are documented are two; one alone proves nothing of the other.
        (
            ("tcp 6", [40_000, 40_000]),
            ("tcp 6", [40_001, 40_001]),
            [("tcp 6", [50_000, 50_000]), ("udp 17", [50_000, 50_000])],
            "inconclusive",
        ),
        (("tcp 6", [40_000, 40_000]), ("tcp 6", [40_000, 40_000]), [("tcp 6", [50_000, 50_000]), ("udp 17", [50_000, 50_000])], "held"),
        (("tcp 6", [40_000, 40_001]), ("tcp 6", [40_001, 40_001]), [("tcp 6", [50_000, 50_001]), ("tcp 6", [50_002, 50_002])], "broken"),
        (("tcp 6", [40_000, 40_000]), ("tcp 6", [40_000, 40_000]), [("tcp 6", [50_000, 50_001]), ("tcp 6", [50_001, 50_000])], "broken"),
        (("udp 17", [40_000, 40_000]), ("udp 17", [40_000, 40_000]), [("tcp 6", [50_000, 50_000]), ("udp 17", [50_000, 50_001])], "broken"),
    ] {
        let has = [documented(first.0, first.1), documented(second.0, second.1)];
        let output = output.map(|(protocol, ports)| line(protocol, ports)).join("\n");
        let found = spell(&judged(&has.each_ref().map(String::as_str), &[], &output).outcome);
        assert!(found.starts_with(outcome), "{found}: {has:#?}\n{output}");
    }
}

#[test]
fn what_was_counted_may_be_more_but_not_nothing() {
    let line = "udp 17 9 src={pod1.ip} dst={pod3.ip} sport=68 dport=67 packets=3 bytes=252 src={pod3.ip} dst={pod1.ip} sport=67 dport=68 packets=0 bytes=0";
    let here = line.replace("{pod1.ip}", "10.9.0.1").replace("{pod3.ip}", "10.9.1.3");
    for (old, new, outcome) in [
        ("packets=3 bytes=252", "packets=1 bytes=84", "held"),
        ("packets=3", "packets=0", "broken"),
        ("packets=0", "packets=2", "broken"),
        ("packets=3 bytes=252 ", "", "broken"),
    ] {
        let found = spell(&judged(&[line], &[], &here.replace(old, new)).outcome);
        assert!(found.starts_with(outcome), "{found}: {new}");
    }
}

#[test]
fn what_was_counted_need_not_be_told() {
    let plain = "udp 17 9 src={pod1.ip} dst={pod3.ip} sport=68 dport=67 src={pod3.ip} dst={pod1.ip} sport=67 dport=68 use=1";
    let counted = plain.replace("67 src", "67 packets=3 bytes=252 src").replace(" use", " packets=2 bytes=84 use");
    let nothing = counted.replace("packets=2 bytes=84", "packets=0 bytes=0");
    let gap = counted.replace("dst={pod1.ip} sport=67", "**");
    for (documented, observed, outcome) in [
        (plain, plain, "held"),
        (plain, &counted, "held"),
        (&counted, plain, "held"),
        (&counted, &counted, "held"),
        (&gap, plain, "held"),
        (&gap, &counted, "held"),
        (&nothing, plain, "broken"),
        (&nothing, &counted, "broken"),
        (&nothing, &nothing, "held"),
        (&counted, &plain.replace("use=1", "use=2"), "broken"),
        (plain, &counted.replace("use=1", ""), "broken"),
    ] {
        let observed = observed.replace("{pod1.ip}", "10.9.0.1").replace("{pod3.ip}", "10.9.1.3");
        let found = spell(&judged(&[documented], &[], &observed).outcome);
        assert!(found.starts_with(outcome), "{found}: {documented}\n{observed}");
    }
}
