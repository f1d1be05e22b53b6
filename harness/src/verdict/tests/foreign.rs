//! What is not the probe's changes no verdict.

use proptest::prelude::*;

use super::repeats;
use super::world::*;
use crate::journey::craft::{echo, error, ethernet, fragment, frame, ipv4, tcp, udp};
use crate::name::Token;
use crate::packet::LinkType;

/// An address of the probe's own, or any other.
fn address() -> impl Strategy<Value = String> {
    let any = any::<[u8; 3]>().prop_map(|[a, b, c]| format!("10.{a}.{b}.{c}"));
    prop_oneof![Just(POD1.to_owned()), Just(POD3.to_owned()), Just(NODE1.to_owned()), Just(NODE2.to_owned()), any]
}

/// What a packet of somebody else's carries: its protocol and its bytes.
fn carried() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let token = || any::<[u8; 16]>().prop_map(Token);
    // A reply with the probe's own numbers would be the probe's, whatever it holds.
    let ping = (prop_oneof![Just((8, SEQUENCE)), Just((0, SEQUENCE + 1))], token())
        .prop_map(|((kind, sequence), token)| (1, echo(kind, ID, sequence, token)));
    let about = (address(), address(), token())
        .prop_map(|(from, to, token)| (1, error(3, 1, &ipv4(&from, &to, 64, 1, 79, &echo(8, ID, SEQUENCE, token))[..28])));
    let segment = (prop_oneof![Just(2_u8), Just(0x12), Just(0x10), Just(0x18), Just(0x11), Just(4)], 100_000..u32::MAX, 100_000..u32::MAX)
        .prop_map(|(flags, sequence, acknowledgment)| (6, tcp((41_000, 80), flags, (sequence, acknowledgment), (1, 1), b"GET / HTTP/1.1")));
    let datagram = prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| (17, udp(8285, 8285, &bytes)));
    prop_oneof![ping, about, segment, datagram, (any::<u8>(), prop::collection::vec(any::<u8>(), 0..80))]
}

/// A packet of somebody else's, whole or a fragment with an id that is none of the probe's, perhaps in a tunnel.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![Just(0x4000_u16), Just(0x2000), Just(0x2010), Just(185)];
    (address(), address(), carried(), word, 1000..2000_u16, any::<bool>()).prop_map(|(from, to, (protocol, bytes), word, id, tunnelled)| {
        let inner = fragment(&from, &to, protocol, id, word, &bytes);
        if tunnelled { ipv4(NODE1, NODE2, 63, 4, 500, &inner) } else { inner }
    })
}

/// Puts packets into the captures of a world: at which point, before which frame.
fn add(world: &mut World, foreign: Vec<(usize, usize, Vec<u8>)>) {
    for (point, at, packet) in foreign {
        let points = world.recorded().recordings.len();
        let capture = &mut world.recorded().recordings[point % points];
        let bytes = if capture.link == LinkType::Raw { packet } else { ethernet(NODE1_MAC, POD1_MAC, &packet) };
        let at = at % (capture.frames.len() + 1);
        capture.frames.insert(at, frame(bytes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_foreign_frame_changes_no_verdict(foreign in prop::collection::vec((0..8_usize, 0..20_usize, packet()), 1..6)) {
        for world in [World::new, repeats::exchange, repeats::again, repeats::refused] {
            let before = world().judge();
            let mut spoilt = world();
            add(&mut spoilt, foreign.clone());
            prop_assert_eq!(before, spoilt.judge());
        }
    }
}
