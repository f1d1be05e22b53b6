//! Numbers that differ from run to run keep what they have to do with one another: distances, echoes, questions and answers.

use super::block::{A, B, Held, SYN, SYN_ACK, Segment, check, options, segment};
use crate::journey::Leg;
use crate::journey::craft::{TOKEN, echo, ipv4};

/// A handshake of these numbers.
fn handshake(syn: u32, back: u32, ack: u32) -> [String; 2] {
    [
        format!("ip: {A}.38346 > {B}.80: Flags [S], seq {syn}, win 64440, length 0"),
        format!("ip: {B}.80 > {A}.38346: Flags [S.], seq {back}, ack {ack}, win 65320, length 0"),
    ]
}

#[test]
fn the_numbers_of_a_handshake_keep_their_distance() {
    let plain = handshake(3_848_762_339, 922_360_601, 3_848_762_340);
    for (what, documented, syn, syn_ack, expected) in [
        ("as documented", plain.clone(), SYN, SYN_ACK, "held"),
        ("around the end of the numbers", handshake(u32::MAX, 5_000_000, 0), SYN, SYN_ACK, "held"),
        (
            "the observed ones around it",
            plain.clone(),
            Segment { sequence: u32::MAX, ..SYN },
            Segment { acknowledgment: 0, ..SYN_ACK },
            "held",
        ),
        (
            "it acknowledges the SYN itself",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 7000, ..SYN_ACK },
            "broken; TCP ack: one other than what 3848762339 stands for, not 7000",
        ),
        (
            "it acknowledges two",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 7002, ..SYN_ACK },
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7002",
        ),
        (
            "it acknowledges another connection",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 1_000_000, ..SYN_ACK },
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 1000000",
        ),
        (
            "it acknowledges itself",
            plain.clone(),
            SYN,
            Segment { acknowledgment: 90_001, ..SYN_ACK },
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 90001",
        ),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        check(what, Held::of(&lines, &[segment(&syn), segment(&syn_ack)]), expected);
    }
}

#[test]
fn numbers_keep_their_distance_whichever_is_seen_first() {
    let [syn, answer] = handshake(3_848_762_339, 922_360_601, 3_848_762_340);
    for (what, sequence, expected) in [
        ("as documented", 7000, "held"),
        ("what is acknowledged", 7001, "broken; TCP seq: one other than what 3848762340 stands for, not 7001"),
        ("what was not sent yet", 7002, "broken; TCP seq: as far from 7001 as it is documented from 3848762340, not 7002"),
        ("one too little", 6999, "broken; TCP seq: as far from 7001 as it is documented from 3848762340, not 6999"),
        ("of another connection", 1_000_000, "broken; TCP seq: as far from 7001 as it is documented from 3848762340, not 1000000"),
    ] {
        let mut held = Held::of(&[&answer, &syn], &[segment(&SYN_ACK), segment(&Segment { sequence, ..SYN })]);
        held.first = Leg::Reply;
        check(what, held, expected);
    }
}

#[test]
fn a_handshake_that_is_documented_wrong_does_not_hold() {
    for (what, documented, expected) in [
        (
            "documented: two",
            handshake(3_848_762_339, 922_360_601, 3_848_762_341),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: before it",
            handshake(3_848_762_339, 922_360_601, 3_848_762_338),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: a slip in front",
            handshake(3_848_762_339, 922_360_601, 3_948_762_340),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: the other's own",
            handshake(3_848_762_339, 922_360_601, 922_360_602),
            "broken; TCP ack: as far from 7000 as it is documented from 3848762339, not 7001",
        ),
        (
            "documented: one number for two",
            handshake(3_848_762_339, 3_848_762_339, 3_848_762_340),
            "broken; TCP seq: 7000, as in line 1 at node1/eth0, not 90000",
        ),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        check(what, Held::of(&lines, &[segment(&SYN), segment(&SYN_ACK)]), expected);
    }
}

#[test]
fn the_two_streams_of_a_connection_may_begin_anywhere() {
    // In lines that were made up for a text they begin close to each other.
    let documented = handshake(500, 700, 501);
    let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
    check("far apart", Held::of(&lines, &[segment(&SYN), segment(&SYN_ACK)]), "held");
    let near = [segment(&SYN), segment(&Segment { sequence: 7100, ..SYN_ACK })];
    check("close", Held::of(&lines, &near), "held");
    let far = handshake(3_848_762_339, 922_360_601, 3_848_762_340);
    check("close, documented far apart", Held::of(&far.each_ref().map(String::as_str), &near), "held");
    let off = [segment(&SYN), segment(&Segment { acknowledgment: 7002, ..SYN_ACK })];
    check("not acknowledged", Held::of(&lines, &off), "broken; TCP ack: as far from 7000 as it is documented from 500, not 7002");
}

#[test]
fn absolute_numbers_behind_the_handshake_are_the_header_s() {
    let lines = [
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [S], seq 3848762339, length 0",
        "ip: 10.0.0.2.80 > 10.0.0.1.38346: Flags [S.], seq 922360601, ack 3848762340, length 0",
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [.], ack 922360602, length 0",
    ];
    let third = |acknowledgment| Segment { flags: 0x10, sequence: 7001, acknowledgment, ..SYN };
    let held = |third: Segment<'_>| Held::of(&lines, &[segment(&SYN), segment(&SYN_ACK), segment(&third)]);
    check("as documented", held(third(90_001)), "held");
    check("something is missing", held(third(90_002)), "broken; TCP ack: as far from 90000 as it is documented from 922360601, not 90002");
}

#[test]
fn the_time_stamps_of_a_handshake_belong_together() {
    let lines = |value: u32, back: u32, echo: u32| {
        let options = |value: u32, echo: u32| format!("options [mss 1440,sackOK,TS val {value} ecr {echo},nop,wscale 7]");
        [
            format!("ip: {A}.38346 > {B}.80: Flags [S], seq 3848762339, win 64440, {}, length 0", options(value, 0)),
            format!("ip: {B}.80 > {A}.38346: Flags [S.], seq 922360601, ack 3848762340, win 65320, {}, length 0", options(back, echo)),
        ]
    };
    let plain = lines(1_563_697_881, 3_410_413_732, 1_563_697_881);
    for (what, documented, syn, syn_ack, expected) in [
        ("as documented", plain.clone(), (50, 0), (60, 50), "held"),
        ("another echo", plain.clone(), (50, 0), (60, 51), "broken; TCP TS ecr: 50, as in line 1 at node1/eth0, not 51"),
        ("no echo", plain.clone(), (50, 0), (60, 0), "broken; TCP TS ecr: 1563697881, not 0"),
        ("an echo of nothing", plain.clone(), (50, 9), (60, 50), "broken; TCP TS ecr: 0, not 9"),
        ("no stamp", plain.clone(), (0, 0), (60, 50), "broken; TCP TS val: 1563697881, not 0"),
        ("its own stamp", plain.clone(), (50, 0), (60, 60), "broken; TCP TS ecr: 50, as in line 1 at node1/eth0, not 60"),
        ("the two clocks agree", plain.clone(), (50, 0), (50, 50), "broken; TCP TS val: one other than what 1563697881 stands for, not 50"),
        (
            "documented: another echo",
            lines(1_563_697_881, 3_410_413_732, 1_563_697_882),
            (50, 0),
            (60, 50),
            "broken; TCP TS ecr: one other than what 1563697881 stands for, not 50",
        ),
        (
            "documented: its own",
            lines(1_563_697_881, 3_410_413_732, 3_410_413_732),
            (50, 0),
            (60, 50),
            "broken; TCP TS ecr: 60, as in line 2 at node1/eth0, not 50",
        ),
        ("documented: no echo", lines(1_563_697_881, 3_410_413_732, 0), (50, 0), (60, 50), "broken; TCP TS ecr: 0, not 50"),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        let (syn, syn_ack) = (options(syn.0, syn.1), options(syn_ack.0, syn_ack.1));
        let packets = [segment(&Segment { options: &syn, ..SYN }), segment(&Segment { options: &syn_ack, ..SYN_ACK })];
        check(what, Held::of(&lines, &packets), expected);
    }
}

#[test]
fn a_reply_has_the_id_and_number_of_its_request() {
    let line = |request: (u16, u16), reply: (u16, u16)| {
        [
            format!("ip: {A} > {B}: ICMP echo request, id {}, seq {}, length 64", request.0, request.1),
            format!("ip: {B} > {A}: ICMP echo reply, id {}, seq {}, length 64", reply.0, reply.1),
        ]
    };
    let plain = line((17_555, 106), (17_555, 106));
    for (what, documented, request, reply, expected) in [
        ("as documented", plain.clone(), (7, 1), (7, 1), "held"),
        ("the number 0", plain.clone(), (7, 0), (7, 0), "held"),
        ("another id", plain.clone(), (7, 1), (8, 1), "broken; ICMP id: 7, as in line 1 at node1/eth0, not 8"),
        ("another number", plain.clone(), (7, 1), (7, 2), "broken; ICMP seq: 1, as in line 1 at node1/eth0, not 2"),
        (
            "id and number changed places",
            plain.clone(),
            (7, 1),
            (1, 7),
            "broken; ICMP id: 7, as in line 1 at node1/eth0, not 1; ICMP seq: 1, as in line 1 at node1/eth0, not 7",
        ),
        ("no id", plain.clone(), (7, 1), (0, 1), "broken; ICMP id: 7, as in line 1 at node1/eth0, not 0"),
        (
            "documented: another id",
            line((17_555, 106), (17_556, 106)),
            (7, 1),
            (7, 1),
            "broken; ICMP id: one other than what 17555 stands for, not 7",
        ),
        (
            "documented: another number",
            line((17_555, 106), (17_555, 107)),
            (7, 1),
            (7, 1),
            "broken; ICMP seq: one other than what 106 stands for, not 1",
        ),
        ("documented: two ids", line((17_555, 106), (17_556, 106)), (7, 1), (8, 1), "held"),
        ("documented: one number for both", line((106, 106), (106, 106)), (7, 1), (7, 1), "held"),
    ] {
        let lines: Vec<&str> = documented.iter().map(String::as_str).collect();
        let packets =
            [ipv4(A, B, 63, 1, 77, &echo(8, request.0, request.1, TOKEN)), ipv4(B, A, 63, 1, 78, &echo(0, reply.0, reply.1, TOKEN))];
        check(what, Held::of(&lines, &packets), expected);
    }
}
