//! What is printed and not asserted is said, and asserted on demand.

use super::block::{A, B, Held, SYN, SYN_ACK, Segment, check, options, segment};
use crate::expect::Part;
use crate::journey::craft::{TOKEN, echo, ipv4};

#[test]
fn what_is_printed_and_not_asserted_is_said_and_asserted_on_demand() {
    let stamped = [
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [S], seq 3848762339, win 64440, options [mss 1440,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0",
        "ip: 10.0.0.2.80 > 10.0.0.1.38346: Flags [.], ack 3848762340, win 504, options [nop,nop,TS val 6 ecr 5], length 0",
        "ip: 10.0.0.1.38346 > 10.0.0.2.80: Flags [.], ack 3848762341, win 504, options [nop,nop,TS val 5 ecr 6], length 0",
    ];
    let world = |scale: u8, window: u16, echo: u32| {
        let mut syn = options(50, 0);
        *syn.last_mut().expect("a scale") = scale;
        let acks = [(60, 50), (50, echo)]
            .map(|(value, echo): (u32, u32)| [&[1, 1, 8, 10][..], &value.to_be_bytes(), &echo.to_be_bytes()].concat());
        let back = Segment { flags: 0x10, acknowledgment: 7001, window: 504, options: &acks[0], ..SYN_ACK };
        let third = Segment { flags: 0x10, acknowledgment: 7002, window, options: &acks[1], ..SYN };
        Held::of(&stamped, &[segment(&Segment { options: &syn, ..SYN }), segment(&back), segment(&third)])
    };
    assert_eq!(world(7, 504, 60).judge().open, ["win", "wscale", "ts"]);
    for (what, held, expected) in [
        ("as documented", world(7, 504, 60), "held"),
        ("another scale", world(8, 504, 60), "held"),
        ("another window", world(7, 505, 60), "held"),
        ("another echo", world(7, 504, 61), "held"),
        ("the scale, asserted", world(7, 505, 61).asserting(Part::WindowScale), "held"),
        ("another scale, asserted", world(8, 504, 60).asserting(Part::WindowScale), "broken; TCP window scale: 7, not 8"),
        ("the window, asserted", world(8, 504, 61).asserting(Part::Window), "held"),
        ("another window, asserted", world(7, 505, 60).asserting(Part::Window), "broken; TCP window: 504, not 505"),
        ("stamps, asserted", world(8, 505, 60).asserting(Part::Timestamps), "held"),
        (
            "another echo, asserted",
            world(7, 504, 61).asserting(Part::Timestamps),
            "broken; TCP TS ecr: 60, as in line 2 at node1/eth0, not 61",
        ),
        ("all of them", world(7, 504, 60).asserting(Part::Window).asserting(Part::WindowScale).asserting(Part::Timestamps), "held"),
    ] {
        check(what, held, expected);
    }
    assert_eq!(world(7, 504, 60).asserting(Part::Window).judge().open, ["wscale", "ts"]);
}

/// Behind a handshake a clock need not have moved between two segments, and two packets may have drawn one id; but one number is one number.
#[test]
fn two_stamps_or_ids_may_stand_for_one_and_one_never_for_two() {
    let ends = |back: bool| if back { (B, A, 80, 38_346) } else { (A, B, 38_346, 80) };
    let stamps = |documented: [u32; 2], observed: [u32; 2]| {
        let line = |(value, back): (u32, bool)| {
            let (from, to, source, destination) = ends(back);
            format!("ip: {from}.{source} > {to}.{destination}: Flags [.], win 504, options [nop,nop,TS val {value} ecr 0], length 0")
        };
        let packet = |(value, back): (u32, bool)| {
            let options = [&[1, 1, 8, 10][..], &value.to_be_bytes(), &[0; 4]].concat();
            segment(&Segment { flags: 0x10, options: &options, ..if back { SYN_ACK } else { SYN } })
        };
        let lines = [(documented[0], false), (documented[1], true)].map(line);
        let packets = [(observed[0], false), (observed[1], true)].map(packet);
        Held::of(&lines.each_ref().map(String::as_str), &packets).asserting(Part::Timestamps)
    };
    let ids = |documented: [u16; 2], observed: [u16; 2]| {
        let line = |(id, kind): (u16, &str)| {
            let (from, to, ..) = ends(kind == "reply");
            format!("ip: (id {id}) {from} > {to}: ICMP echo {kind}, id 5, seq 9, length 64")
        };
        let lines = [(documented[0], "request"), (documented[1], "reply")].map(line);
        let packets = [ipv4(A, B, 63, 1, observed[0], &echo(8, 7, 1, TOKEN)), ipv4(B, A, 63, 1, observed[1], &echo(0, 7, 1, TOKEN))];
        Held::of(&lines.each_ref().map(String::as_str), &packets)
    };
    for (what, held, expected) in [
        ("two stamps", stamps([5, 6], [50, 60]), "held"),
        ("two stamps, and the clock stood still", stamps([5, 6], [50, 50]), "held"),
        ("one stamp", stamps([5, 5], [50, 50]), "held"),
        ("one stamp, and the clock moved", stamps([5, 5], [50, 51]), "broken; TCP TS val: 50, as in line 1 at node1/eth0, not 51"),
        ("two ids", ids([5, 6], [50, 60]), "held"),
        ("two ids that came out the same", ids([5, 6], [50, 50]), "held"),
        ("one id", ids([5, 5], [50, 50]), "held"),
        ("one id that was drawn twice", ids([5, 5], [50, 51]), "broken; IPv4 id: 50, as in line 1 at node1/eth0, not 51"),
    ] {
        check(what, held, expected);
    }
    // Of a handshake all but the stamps may be the same, too.
    let [syn, answer] = [(SYN, 1_u16), (SYN_ACK, 2)].map(|(one, id)| {
        let (from, to) = if one.back { (format!("{B}.80"), format!("{A}.38346")) } else { (format!("{A}.38346"), format!("{B}.80")) };
        let flags = if one.back { "[S.], seq 500, ack 101" } else { "[S], seq 100" };
        format!("ip: (id {id}) {from} > {to}: Flags {flags}, win 1000, length 0")
    });
    check("ids of a handshake", Held::of(&[&syn, &answer], &[segment(&SYN), segment(&SYN_ACK)]), "held");
}
