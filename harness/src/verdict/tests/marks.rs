//! A frame that tcpdump complains of does not match a line that does not say so, nor the other way round.

use super::block::{A, B, Held, SYN, Segment, check, outcome, ping, segment};
use crate::journey::craft::{TOKEN, echo, ethernet, ipv4, udp};
use crate::packet::LinkType;

/// With the header's checksum made right again.
fn summed(mut packet: Vec<u8>) -> Vec<u8> {
    packet[10..12].fill(0);
    let header = usize::from(packet[0] & 0x0f) * 4;
    let sum: u32 = packet[..header].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).expect("folded");
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

const PING: &str = "ip: 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";
const PING_V: &str = "ip: (ttl 63) 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";

/// That says it is so many bytes longer than it is.
fn longer(by: u8) -> Vec<u8> {
    let mut packet = ping();
    packet[3] += by;
    summed(packet)
}

/// With other bits in the byte at `at`.
fn spoilt(mut packet: Vec<u8>, at: usize) -> Vec<u8> {
    packet[at] ^= 0x55;
    packet
}

fn tunnel(inner: &[u8]) -> Vec<u8> {
    ipv4("10.9.0.1", "10.9.0.2", 64, 4, 3, inner)
}

const IN_TUNNEL: &str = "ip: 10.9.0.1 > 10.9.0.2: 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";

#[test]
fn a_packet_that_is_not_all_there_breaks_a_line_that_does_not_say_so() {
    let said = |line: &str, missing: u8, before: &str| line.replace(before, &format!("truncated-ip - {missing} bytes missing! {before}"));
    let documented = |missing| said(PING, missing, "10.0.0.1 >").replace("length 64", "length 80");
    let outer = said(IN_TUNNEL, 4, "10.9.0.1 >").replace("length 64", "length 68");
    let inner = said(IN_TUNNEL, 4, "10.0.0.1 >").replace("length 64", "length 68");
    for (line, packet, expected) in [
        (PING, ping(), "held"),
        (PING, longer(16), "broken; mark: nothing, not truncated-ip - 16 bytes missing!; ICMP length: 64, not 80"),
        ("ip: 10.0.0.1 > 10.0.0.2: ICMP echo request", longer(1), "broken; mark: nothing, not truncated-ip - 1 bytes missing!"),
        (PING_V, longer(2), "broken; mark: nothing, not truncated-ip - 2 bytes missing!; ICMP length: 64, not 66"),
        (IN_TUNNEL, tunnel(&longer(4)), "broken; mark: nothing, not truncated-ip - 4 bytes missing!; ICMP length: 64, not 68"),
        (&documented(16), longer(16), "held"),
        (
            &documented(4),
            longer(16),
            "broken; mark: nothing, not truncated-ip - 16 bytes missing!; mark: truncated-ip - 4 bytes missing!, not nothing",
        ),
        (&documented(16), ping(), "broken; mark: truncated-ip - 16 bytes missing!, not nothing; ICMP length: 80, not 64"),
        (&inner, tunnel(&longer(4)), "held"),
        (
            &outer,
            tunnel(&longer(4)),
            "broken; mark: nothing, not truncated-ip - 4 bytes missing!; mark: truncated-ip - 4 bytes missing!, not nothing",
        ),
    ] {
        check(line, Held::of(&[line], &[packet]), expected);
    }
}

#[test]
fn a_wrong_checksum_breaks_a_verbose_line_that_does_not_say_so() {
    let header = "ip: (ttl 63, bad cksum 0 (->b1e6)!) 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64";
    let message = format!("{PING_V} (wrong icmp cksum 1 (->2)!)");
    let options = {
        let mut packet = ping();
        packet.splice(20..20, [1, 1, 1, 0]);
        (packet[0], packet[3]) = (0x46, packet[3] + 4);
        summed(packet)
    };
    for (line, packet, expected) in [
        (PING_V, ping(), "held"),
        (PING, spoilt(ping(), 10), "held"),
        (PING_V, spoilt(ping(), 10), "broken; mark: nothing, not bad cksum % (->%)!"),
        (header, spoilt(ping(), 10), "held"),
        (header, ping(), "broken; mark: bad cksum % (->%)!, not nothing"),
        (PING, spoilt(ping(), 22), "held"),
        (PING_V, spoilt(ping(), 22), "broken; mark: nothing, not (wrong icmp cksum % (->%)!)"),
        (&message, spoilt(ping(), 22), "held"),
        (&message, ping(), "broken; mark: (wrong icmp cksum % (->%)!), not nothing"),
        (&message, spoilt(ping(), 10), "broken; mark: nothing, not bad cksum % (->%)!; mark: (wrong icmp cksum % (->%)!), not nothing"),
        // What else -v says unasked of a header.
        (PING, options.clone(), "held"),
        (PING_V, options, "broken; mark: nothing, not options (NOP,NOP,NOP,EOL)"),
    ] {
        check(line, Held::of(&[line], &[packet]), expected);
    }
}

#[test]
fn an_upper_layer_that_lies_breaks_a_line_that_does_not_say_so() {
    let cut = || ipv4(A, B, 63, 1, 77, &echo(8, 7, 1, TOKEN)[..4]);
    let datagram = || {
        let mut datagram = udp(8285, 8285, &[b'x'; 60]);
        datagram[5] += 24;
        ipv4(A, B, 64, 17, 1, &datagram)
    };
    let short = || {
        let mut packet = segment(&Segment { flags: 0x10, ..SYN });
        packet[32] = 0xf0;
        packet
    };
    for (line, packet, expected) in [
        (PING, cut(), "broken; mark: nothing, not [|icmp]; layers: IPv4, ICMP, not IPv4"),
        ("ip: 10.0.0.1 > 10.0.0.2:  [|icmp]", cut(), "held"),
        ("ip: 10.0.0.1 > 10.0.0.2:  [|icmp]", ping(), "broken; mark: [|icmp], not nothing; layers: IPv4, not IPv4, ICMP"),
        ("ip: 10.0.0.1.8285 > 10.0.0.2.8285: UDP, length 84", datagram(), "broken; mark: nothing, not UDP, bad length 84 > 60"),
        ("ip: 10.0.0.1.8285 > 10.0.0.2.8285: UDP, bad length 84 > 60", datagram(), "held"),
        (
            "ip: 10.0.0.1.8285 > 10.0.0.2.8285: UDP, bad length 84 > 61",
            datagram(),
            "broken; mark: nothing, not UDP, bad length 84 > 60; mark: UDP, bad length 84 > 61, not nothing",
        ),
        (
            "ip: 10.0.0.1.40000 > 10.0.0.2.80: Flags [.]",
            short(),
            "broken; mark: nothing, not [bad hdr length 60 - too long, > 20]; layers: IPv4, TCP, not IPv4",
        ),
    ] {
        check(line, Held::of(&[line], &[packet]), expected);
    }
}

#[test]
fn what_the_capture_cut_off_is_doubt_and_no_difference() {
    // ICMP's eight bytes are there, those of its header in the tunnel are not.
    let mut held = Held::of(&[PING], &[ping()]);
    held.frames[0].bytes.truncate(24);
    check("cut in the message", held, "inconclusive");
    let mut held =
        Held::of(&["ip: 10.0.0.1 > 10.0.0.2: truncated-ip - 3 bytes missing! 10.0.0.1 > 10.0.0.2: ICMP echo request"], &[ping()]);
    held.frames[0].bytes.truncate(30);
    let (word, _) = outcome(&held.judge());
    assert_eq!(word, "broken", "that there is no second header is seen");
    // As much as is kept of long frames: all headers, and no complaint.
    let long = [echo(8, 7, 1, TOKEN), vec![b'.'; 200]].concat();
    let mut held = Held::of(&[&PING.replace("length 64", "length 264")], &[ipv4(A, B, 63, 1, 77, &long)]);
    held.frames[0].bytes.truncate(200);
    check("cut behind the headers", held, "held");
}

/// What would stand behind the headers may have been cut off; what would stand in them was not.
#[test]
fn what_is_not_in_a_header_that_is_all_there_is_not_there() {
    let sent = |text: &str| {
        let mut segment = segment(&Segment { flags: 0x18, sequence: 1, acknowledgment: 1, ..SYN });
        segment.extend(text.bytes());
        let length = u8::try_from(segment.len()).expect("short enough");
        segment[3] = length;
        summed(segment)
    };
    let get = |path: &str| sent(&format!("GET {path} HTTP/1.1\r\n\r\n"));
    let line = |rest: &str| format!("ip: {A}.38346 > {B}.80: Flags [P.]{rest}");
    let goes_on = line(": HTTP: GET / HTTP/1.1 [|http]");
    let http = line(", length 18: HTTP: GET / HTTP/1.1");
    let options = line(", options [mss 1440], length 18");
    for (what, line, packet, kept, expected) in [
        ("the request", &http, get("/"), 58, "held"),
        ("another request", &http, get("x"), 58, "broken"),
        ("no request was kept", &http, get("/"), 40, "inconclusive"),
        ("a request that goes on", &goes_on, sent("GET / HTTP/1.1"), 54, "held"),
        ("another that goes on", &goes_on, sent("GET x HTTP/1.1"), 54, "broken"),
        ("a whole one", &goes_on, get("/"), 58, "broken"),
        ("one that goes on, documented as whole", &line(": HTTP: GET / HTTP/1.1"), sent("GET / HTTP/1.1"), 54, "broken"),
        ("no option", &options, get("/"), 58, "broken"),
        ("no option, and no request was kept", &options, get("/"), 40, "broken"),
    ] {
        let mut held = Held::of(&[line], &[packet]);
        held.frames[0].bytes.truncate(kept);
        assert_eq!(outcome(&held.judge()).0, expected, "{what}");
    }
}

#[test]
fn options_of_the_header_are_a_mark() {
    let alert = |options: [u8; 4]| {
        let mut packet = ping();
        packet[0] = 0x46;
        packet[3] += 4;
        packet.splice(20..20, options);
        summed(packet)
    };
    let line = |options: &str| format!("ip: (ttl 63{options}) 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 64");
    let router_alert = [148, 4, 0, 0];
    for (documented, packet, expected) in [
        (line(", options (RA)"), alert(router_alert), "held"),
        (line(", options (RA)"), ping(), "broken; mark: options (RA), not nothing"),
        (line(""), alert(router_alert), "broken; mark: nothing, not options (RA)"),
        (line(", options (NOP,NOP,NOP,EOL)"), alert([1, 1, 1, 0]), "held"),
    ] {
        check(&documented, Held::of(&[&documented], &[packet]), expected);
    }
}

#[test]
fn a_mark_of_the_link_layer_counts_as_well() {
    let mut tagged = ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", &ping());
    tagged.splice(12..12, [0x81, 0x00, 0x70, 0x64]);
    let line = |dei: &str| {
        format!(
            "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 102: vlan 100, p 3{dei}, ethertype IPv4 (0x0800), 10.0.0.1 > 10.0.0.2: ICMP echo request"
        )
    };
    let held = |line: &str| {
        let mut held = Held::of(&[line], std::slice::from_ref(&tagged));
        held.link = LinkType::Ethernet;
        held
    };
    check("documented", held(&line(", DEI")), "held");
    check("not documented", held(&line("")), "broken; mark: nothing, not DEI");
}
