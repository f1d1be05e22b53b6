//! What is printed and not asserted is said, and asserted on demand.

use super::block::{Held, SYN, SYN_ACK, Segment, check, options, segment};
use crate::expect::Part;

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
