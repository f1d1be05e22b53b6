//! Lengths and positions that follow from how long addresses are when they are spelt.

use super::world::*;
use crate::name::Symbol;
use crate::nettool::{answer_lengths, page, request_length};
use crate::packet::Frame;

/// How many bytes the request, the head and the body of the answer have.
type Sent = [usize; 3];

fn address(site: &Site) -> String {
    format!("{}/24", site.pod3)
}

/// What our client and our server say on a site.
fn sent(site: &Site) -> Sent {
    let asked = std::net::SocketAddrV4::new(site.pod3.parse().unwrap(), 80);
    let (head, body) = answer_lengths(&page("says-1", &address(site)));
    [request_length(asked), head, body]
}

fn exchange(site: &Site, [request, head, body]: Sent) -> Vec<Frame> {
    let at = |bytes: usize| 1 + u32::try_from(bytes).unwrap();
    let (asked, begun, told) = (at(request), at(head), at(head + body));
    let mut question = question();
    question.resize(request, b'.');
    let frames = vec![
        segment(site, Way::There, SYN, (0, 0), (100, 0), b""),
        segment(site, Way::Back, SYN | ACK, (0, 1), (900, 100), b""),
        segment(site, Way::There, ACK, (1, 1), (100, 900), b""),
        segment(site, Way::There, PUSH, (1, 1), (100, 900), &question),
        segment(site, Way::Back, ACK, (1, asked), (900, 100), b""),
        segment(site, Way::Back, PUSH, (1, asked), (900, 100), &vec![b'h'; head]),
        segment(site, Way::Back, PUSH, (begun, asked), (900, 100), &vec![b'b'; body]),
        segment(site, Way::There, ACK, (asked, told), (100, 900), b""),
    ];
    frames.into_iter().map(crate::journey::craft::frame).collect()
}

/// Two runs, of which the second's site has pod3 at another address.
fn told(pod3: &'static str, sent_there: Sent) -> Vec<String> {
    let there = Site { pod3, ..OTHER };
    let mut world = World::new();
    for (run, site, sent) in [(0, &ONE, sent(&ONE)), (1, &there, sent_there)] {
        let values = &mut world.runs[run].facts.values;
        let known = [("pod3.ip", site.pod3.to_owned()), ("pod3.name", "says-1".to_owned()), ("pod3.address", address(site))];
        values.extend(known.map(|(symbol, value)| (Symbol::new(symbol), value)));
        world.runs[run].scenarios[CURL].recordings[0].frames = exchange(site, sent);
    }
    let told = world.told().into_iter();
    // The ping, and what commands printed, are of the world's own addresses.
    told.filter(|told| told.contains(": TCP ") || told.contains("length: ")).collect()
}

const ADDRESSES: [&str; 10] = [
    "10.4.1.2",
    "10.4.1.20",
    "10.4.11.20",
    "10.24.11.20",
    "10.244.11.20",
    "10.244.11.220",
    "10.244.121.220",
    "172.16.100.200",
    "172.168.100.200",
    "100.64.0.1",
];

#[test]
fn what_an_address_adds_is_the_same() {
    for pod3 in ADDRESSES {
        assert_eq!(told(pod3, sent(&Site { pod3, ..OTHER })), Vec::<String>::new(), "{pod3}");
    }
}

#[test]
fn what_an_address_does_not_add_differs() {
    for pod3 in ADDRESSES {
        let right = sent(&Site { pod3, ..OTHER });
        for part in 0..3 {
            for wrong in [right[part] + 1, right[part] - 1] {
                let mut sent = right;
                sent[part] = wrong;
                assert!(told(pod3, sent).iter().any(|told| told.contains("TCP length")), "{pod3}: {part}: {wrong}");
            }
        }
        let shifted = [right[0], right[1] + 1, right[2] - 1];
        assert!(!told(pod3, shifted).is_empty(), "{pod3}: from the body to the head");
        if sent(&ONE) != right {
            assert!(!told(pod3, sent(&ONE)).is_empty(), "{pod3}: as long as at the first site");
        }
    }
}
