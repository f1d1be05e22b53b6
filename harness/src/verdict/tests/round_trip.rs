//! What is printed of a frame is a line that the frame matches.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use crate::expect::{Want, packet_line};
use crate::journey::Sighting;
use crate::journey::craft::{TOKEN, echo, error, ethernet, ipv4, recording, udp};
use crate::journey::{Leg, Stop};
use crate::lab::Line;
use crate::name::{PointName, Symbol};
use crate::packet::{Detail, Hints, Limits, LinkType, read_capture};
use crate::verdict::compare::{Comparison, compare};
use crate::verdict::names::Names;
use crate::verdict::seen::{Seen, at};

/// Reads a line and holds a frame against it, every address standing for itself.
fn hold(text: &str, frame: &Seen<'_>) -> Result<Comparison, String> {
    let pattern = packet_line(text).map_err(|problems| format!("{text}\n{problems:?}"))?;
    let parts = pattern.layers.iter().flat_map(|layer| &layer.fields).filter(|part| matches!(part.want, Want::Literal(_)));
    let literals: Vec<&str> = parts.map(|part| &text[part.span.clone()]).collect();
    let table: BTreeMap<String, Symbol> = literals.iter().map(|literal| ((*literal).to_owned(), Symbol::new(*literal))).collect();
    let values: BTreeMap<Symbol, String> = literals.iter().map(|literal| (Symbol::new(*literal), (*literal).to_owned())).collect();
    let line = Line { text: text.to_owned(), pattern };
    Ok(compare(&line, frame, Names { table: &table, values: &values }))
}

/// Fails unless both printed forms of a frame are read and match it.
fn matches_itself(frame: &Seen<'_>) -> Result<(), String> {
    for detail in [Detail::Brief, Detail::Verbose] {
        let text = &frame.printed(detail).text;
        let found = hold(text, frame)?;
        let differences: Vec<String> = found
            .differences
            .iter()
            .map(|difference| format!("{}: {} / {}", difference.field, difference.expected, difference.observed))
            .collect();
        if !differences.is_empty() || !found.doubts.is_empty() {
            return Err(format!("{text}\n{differences:?} {:?}", found.doubts));
        }
        if let Some(part) = found.uses.iter().find(|part| part.numbers.documented != part.numbers.observed) {
            return Err(format!("{text}\n{}: {} / {}", part.name, part.numbers.documented, part.numbers.observed));
        }
    }
    Ok(())
}

/// Prints frames as those of one capture and hands each to `check`.
fn each(link: LinkType, frames: Vec<crate::packet::Frame>, mut check: impl FnMut(&Seen<'_>)) {
    let mut capture = recording("node1/eth0", link, Vec::new());
    capture.frames = frames;
    let sightings = (0..capture.frames.len()).map(|frame| Sighting { frame, leg: Leg::Request }).collect();
    let stop = Stop { point: PointName::new("node1/eth0"), recording: 0, sightings };
    at(&stop, &capture, &Hints::default()).0.iter().for_each(&mut check);
}

/// An address of 10.0.0.0/8.
fn address() -> impl Strategy<Value = String> {
    any::<[u8; 3]>().prop_map(|[a, b, c]| format!("10.{a}.{b}.{c}"))
}

fn mac() -> impl Strategy<Value = String> {
    any::<[u8; 5]>().prop_map(|[a, b, c, d, e]| format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}"))
}

/// What the innermost IP packet carries: its protocol and its bytes.
fn carried() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let ping = (prop_oneof![Just(8), Just(0)], any::<u16>(), any::<u16>()).prop_map(|(kind, id, seq)| (1, echo(kind, id, seq, TOKEN)));
    let unreachable =
        (0..14_u8, address(), address()).prop_map(|(code, from, to)| (1, error(3, code, &ipv4(&from, &to, 9, 17, 3, &udp(4000, 53, b"")))));
    let exceeded = (0..2_u8, address(), address())
        .prop_map(|(code, from, to)| (1, error(11, code, &ipv4(&from, &to, 1, 1, 3, &echo(8, 1, 1, TOKEN)))));
    let datagram = (any::<u16>(), 0..200_usize).prop_map(|(port, size)| (17, udp(port.max(1024), 8285, &vec![b'x'; size])));
    prop_oneof![ping, unreachable, exceeded, datagram, segment()]
}

/// A TCP segment, of a handshake or behind it.
fn segment() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let flags = prop_oneof![Just(0x02_u8), Just(0x12), Just(0x10), Just(0x18), Just(0x11), Just(0x04)];
    (flags, any::<u32>(), any::<u32>(), any::<u16>(), 0..80_usize).prop_map(|(flags, sequence, acknowledgment, window, size)| {
        let options: &[u8] = if flags & 2 != 0 {
            &[2, 4, 5, 160, 4, 2, 8, 10, 0, 0, 9, 9, 0, 0, 0, 0, 1, 3, 3, 7]
        } else {
            &[1, 1, 8, 10, 0, 0, 9, 9, 0, 0, 7, 7]
        };
        let mut bytes = Vec::new();
        bytes.extend(40_000_u16.to_be_bytes());
        bytes.extend(9376_u16.to_be_bytes());
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(acknowledgment.to_be_bytes());
        bytes.extend([u8::try_from((20 + options.len()) / 4 * 16).expect("short enough"), flags]);
        bytes.extend(window.to_be_bytes());
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(options);
        bytes.extend(vec![b'x'; if flags & 0x08 != 0 { size } else { 0 }]);
        (6, bytes)
    })
}

/// An IP packet in up to three others.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let header = || (address(), address(), 1..=255_u8, 1..=u16::MAX);
    (carried(), header(), prop::collection::vec(header(), 0..3)).prop_map(|((protocol, bytes), (from, to, ttl, id), outer)| {
        let inner = ipv4(&from, &to, ttl, protocol, id, &bytes);
        outer.into_iter().fold(inner, |packet, (from, to, ttl, id)| ipv4(&from, &to, ttl, 4, id, &packet))
    })
}

/// RFC 9112 section 4: behind a status stands a blank, also where no reason is given.
#[test]
fn a_first_line_of_http_that_ends_in_blanks_is_read_as_itself() {
    for first in [
        "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK ",
        "HTTP/1.0 404 ",
        "HTTP/1.1 503  ",
        "HTTP/1.1 302 Moved Temporarily   ",
        "GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "POST /a?b=c HTTP/1.1  ",
        "HEAD /x HTTP/1.0",
        "PUT /y HTTP/1.1 ",
    ] {
        let mut segment = [40_000_u16, 80].iter().flat_map(|port| port.to_be_bytes()).collect::<Vec<_>>();
        segment.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 64, 0, 0, 0, 0]);
        segment.extend(format!("{first}\r\nA: b\r\n\r\n").bytes());
        let packet = ipv4("10.3.0.1", "10.3.0.2", 64, 6, 9, &segment);
        let mut compared = 0;
        each(LinkType::Raw, vec![crate::journey::craft::frame(packet)], |seen| {
            assert!(seen.printed(Detail::Brief).text.contains(first.trim_end()), "{}", seen.printed(Detail::Brief).text);
            matches_itself(seen).unwrap_or_else(|why| panic!("{first:?}: {why}"));
            let other = seen.printed(Detail::Brief).text.replace("HTTP/1.", "HTTP/2.");
            let found = hold(&other, seen).expect("a printed line is read");
            assert_eq!(found.differences.len(), 1, "{other}");
            compared += 1;
        });
        assert_eq!(compared, 1);
    }
}

proptest! {
    #[test]
    fn a_printed_packet_is_read_as_itself(packet in packet(), source in mac(), destination in mac(), tagged in any::<bool>()) {
        let mut frame = ethernet(&source, &destination, &packet);
        if tagged {
            frame.splice(12..12, [0x81, 0x00, 0x20, 0x64]);
        }
        for (link, bytes) in [(LinkType::Raw, packet), (LinkType::Ethernet, frame)] {
            each(link, vec![crate::journey::craft::frame(bytes)], |seen| {
                if let Err(why) = matches_itself(seen) { panic!("{why}"); }
            });
        }
    }

    /// Any byte of the addresses, TTL, protocol, length, type or payload length that is changed makes the line no longer match.
    #[test]
    fn a_changed_packet_does_not_match_the_line_of_the_first(from in address(), to in address(), ttl in 2..=255_u8, at in prop::sample::select(vec![1_usize, 6, 8, 12, 13, 14, 15, 16, 17, 18, 19, 20])) {
        let first = ipv4(&from, &to, ttl, 1, 7, &echo(8, 1, 1, TOKEN));
        let mut second = first.clone();
        second[at] ^= if at == 6 { 0x40 } else { 0x08 };
        let mut texts = Vec::new();
        each(LinkType::Raw, vec![crate::journey::craft::frame(first)], |seen| texts.push(seen.printed(Detail::Verbose).text.clone()));
        each(LinkType::Raw, vec![crate::journey::craft::frame(second)], |seen| {
            let found = hold(&texts[0], seen).expect("a printed line is read");
            assert!(!found.differences.is_empty(), "{}\n{}", texts[0], seen.printed(Detail::Verbose).text);
        });
    }

    /// Whatever a line is made of, it is read or refused, and a problem's place lies in it.
    #[test]
    fn no_line_makes_the_reader_fail(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..24)) {
        let text = pieces.concat();
        if let Err(problems) = packet_line(&text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| text.get(problem.span.clone()).is_some()));
        }
        if let Err(problems) = crate::expect::state_line(&text) {
            prop_assert!(problems.iter().all(|problem| text.get(problem.span.clone()).is_some()));
        }
    }
}

const PIECES: [&str; 62] = [
    "20:22:47.858674 ",
    "2023-07-29 ",
    "ip: ",
    "ip6: ",
    "IP ",
    "IP6 ",
    "ARP, ",
    "02:00:00:00:00:01",
    "Broadcast",
    " > ",
    "10.0.0.1",
    "10.0.0.2.80",
    "fe80::1",
    "fe80::1.53",
    "{pod1.ip}",
    "{",
    "}",
    "{}",
    ".http",
    ": ",
    ":",
    ", ",
    ",",
    " ",
    "\n    ",
    ", ethertype IPv4 (0x0800)",
    ", ethertype ARP (0x0806)",
    ", ethertype 802.1Q (0x8100)",
    ", length ",
    "98",
    "0",
    "99999999999999999999",
    "vlan 5, p 1",
    "Request who-has ",
    " tell ",
    "Reply ",
    " is-at ",
    "ICMP echo request",
    "ICMP ",
    " unreachable",
    " - need to frag (mtu ",
    "ICMP6, router solicitation",
    ", id ",
    ", seq ",
    "1:81",
    "Flags [S]",
    "Flags [",
    "]",
    ", options [mss 1440,sackOK",
    "TS val 1 ecr 2",
    "nop",
    "wscale 7",
    "UDP, length ",
    "VXLAN, flags [I] (0x08), vni 1",
    "(",
    "(tos 0x0, ttl 64",
    ")",
    "é",
    "…",
    "proto ICMP (1)",
    " (ipip-proto-4)",
    "bad cksum 0 (->1)!",
];

/// Frames and texts of captures: all of those under the folder that `CNILAB_CAPTURES` names are read and match themselves.
#[test]
#[ignore = "needs CNILAB_CAPTURES, a folder of captures"]
fn captures_are_read_as_themselves() {
    let mut folders = vec![PathBuf::from(std::env::var_os("CNILAB_CAPTURES").expect("CNILAB_CAPTURES names a folder of captures"))];
    let (mut frames, mut texts, mut failures) = (0, 0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder that can be read") {
            let path = entry.expect("an entry of the folder").path();
            let name = path.display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "txt") {
                for line in std::fs::read_to_string(&path).unwrap_or_default().lines() {
                    let start = crate::expect::time_stamp(line);
                    if start > 12 && line[start..].contains(" > ") {
                        texts += 1;
                        failures.extend(packet_line(line).err().map(|problems| format!("{name}: {line}\n{problems:?}")));
                    }
                }
            } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
                let file = std::fs::File::open(&path).expect("a file that can be read");
                let capture = read_capture(std::io::BufReader::new(file), &Limits::default()).expect("a capture");
                let link = capture.interfaces.first().map_or(LinkType::Ethernet, |interface| interface.link);
                each(link, capture.frames.into_iter().map(|(_, frame)| frame).collect(), |seen| {
                    frames += 1;
                    failures.extend(matches_itself(seen).err().map(|why| format!("{name}: {why}")));
                });
            }
        }
    }
    assert!(failures.is_empty(), "{} of {frames} frames and {texts} lines\n{}", failures.len(), failures.join("\n"));
    assert!(frames + texts > 0, "there is no capture in the folder");
}
