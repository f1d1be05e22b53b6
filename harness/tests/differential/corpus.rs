//! The corpora: what is compared.

use cnilab::packet::LinkType;

use crate::build::{A6, B6, Frame, Ip4, Random, Tcp, arp, echo, ethernet, icmp, icmp6, ip4, ip6, tagged, tcp, udp, udp6, vxlan};
use crate::lengths;

/// Frames of one link type.
#[derive(Clone)]
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) link: LinkType,
    pub(crate) frames: Vec<Frame>,
}

/// All corpora; of each the frames themselves, the frames cut short, and the frames with bytes changed.
pub(crate) fn all() -> Vec<Corpus> {
    let whole = [
        ("icmp", icmp_messages()),
        ("icmp errors", icmp_errors()),
        ("icmpv6", icmpv6()),
        ("arp", arps()),
        ("tcp", segments()),
        ("tcp options", tcp_options()),
        ("tcp data", tcp_data()),
        ("udp", datagrams()),
        ("ipv4", ipv4()),
        ("ipv6", ipv6()),
        ("nestings", nestings()),
        ("ethernet", ethernets()),
    ];
    // The same frames every time, unless somebody wants to search further.
    let seed = std::env::var("CNILAB_SEED").map_or(0x5eed, |seed| seed.parse().expect("CNILAB_SEED is a number"));
    let mut corpora = Vec::new();
    let mut everything = Vec::new();
    for (name, frames) in whole {
        let frames: Vec<Frame> = frames.into_iter().map(Frame::whole).collect();
        everything.extend(frames.clone());
        corpora.push(Corpus { name, link: LinkType::Ethernet, frames });
    }
    let bare: Vec<Frame> = everything.iter().filter_map(lengths::without_link).collect();
    corpora.push(Corpus { name: "cut short", link: LinkType::Ethernet, frames: lengths::cut(&everything, LinkType::Ethernet) });
    corpora.push(Corpus { name: "cut short, raw", link: LinkType::Raw, frames: lengths::cut(&bare, LinkType::Raw) });
    corpora.push(Corpus { name: "changed", link: LinkType::Ethernet, frames: lengths::changed(&everything, LinkType::Ethernet, seed) });
    corpora.push(Corpus { name: "changed, raw", link: LinkType::Raw, frames: lengths::changed(&bare, LinkType::Raw, seed + 1) });
    corpora.push(Corpus { name: "raw", link: LinkType::Raw, frames: bare });
    corpora
}

fn on_ip4(protocol: u8, payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    payloads.into_iter().map(|payload| ethernet(0x0800, &ip4(protocol).with(&payload))).collect()
}

fn on_ip6(next: u8, payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    payloads.into_iter().map(|payload| ethernet(0x86dd, &ip6(next, &payload))).collect()
}

fn icmp_messages() -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = [0, 1, 8, 56, 57, 1452].map(|size| echo(8, 17555, 106, size)).to_vec();
    messages.push(echo(0, 17555, 106, 56));
    messages.push(echo(0, 0, 0xffff, 3));
    for kind in [1, 2, 4, 6, 7, 10, 15, 16, 17, 18, 30, 42, 43, 255] {
        messages.push(icmp(kind, 0, [1, 2, 3, 4], &[255, 255, 255, 0, 9, 9, 9, 9]));
    }
    messages.push(icmp(13, 0, [0, 7, 0, 1], &[0; 12]));
    messages.push(icmp(14, 0, [0, 7, 0, 1], &[1, 2, 3, 4, 2, 2, 3, 4, 3, 2, 3, 4]));
    for (lifetime, size) in [(30_u16, 2), (1800, 2), (9000, 2), (1800, 3)] {
        let [a, b] = lifetime.to_be_bytes();
        messages.push(icmp(9, 0, [2, size, a, b], &[10, 0, 0, 1, 0, 0, 0, 5, 10, 0, 0, 2, 0x80, 0, 0, 0]));
    }
    let mut wrong = echo(8, 5, 6, 56);
    wrong[2] ^= 0x55;
    messages.push(wrong);
    on_ip4(1, messages)
}

fn icmp_errors() -> Vec<Vec<u8>> {
    let inner = Ip4 { id: 7, ttl: 1, ..ip4(17) };
    let quoted = inner.with(&udp(40000, 9999, b"hello"));
    let mut messages = Vec::new();
    for kind in [3, 4, 5, 11, 12] {
        for code in 0..18 {
            messages.push(icmp(kind, code, [10, 0, 0, 254], &quoted));
        }
    }
    messages.push(icmp(3, 4, [0, 0, 5, 0xa0], &quoted));
    messages.push(icmp(3, 4, [0; 4], &quoted));
    let syn = tcp((40001, 81), 2, 1000, 0).over(&ip4(6), b"");
    let data = tcp((40001, 81), 0x18, 1001, 5001).over(&ip4(6), b"x");
    let options = Ip4 { options: vec![148, 4, 0, 0], ..ip4(17) }.with(&udp(40000, 9999, b"hi"));
    let other = ip4(1).with(&echo(8, 1, 2, 56));
    let tunnel = ip4(4).with(&ip4(1).with(&echo(8, 1, 2, 56)));
    for quoted in [&syn, &data, &options, &other, &tunnel] {
        for code in [2, 3, 13] {
            messages.push(icmp(3, code, [0; 4], quoted));
            // RFC 1812 section 4.3.2.3 asks for more than these 28 bytes, RFC 792 for no more.
            messages.push(icmp(3, code, [0; 4], &quoted[..28]));
        }
        messages.push(icmp(11, 0, [0; 4], &quoted[..28]));
    }
    messages.extend(extensions(&quoted));
    on_ip4(1, messages)
}

/// Errors with the extensions of RFC 4884: the quoted packet padded to 128 bytes, then version, checksum and objects.
fn extensions(quoted: &[u8]) -> Vec<Vec<u8>> {
    let mut padded = quoted.to_vec();
    padded.resize(128, 0);
    let label: &[u8] = &[0, 8, 1, 1, 0x12, 0x34, 0x55, 0x40];
    let other: &[u8] = &[0, 8, 2, 3, 1, 2, 3, 4, 0, 4, 9, 1];
    let mut messages = Vec::new();
    for (version, objects) in [(0x20, label), (0x20, other), (0x10, label), (0x20, &[0, 3, 1, 1][..]), (0x20, &[0, 99, 3, 1, 5, 6][..])] {
        for length in [0, 32] {
            let mut extension = vec![version, 0, 0, 0];
            extension.extend(objects);
            let sum = crate::build::checksum(&[&extension]).to_be_bytes();
            extension[2..4].copy_from_slice(&sum);
            messages.push(icmp(11, 0, [0, length, 0, 0], &[&padded[..], &extension].concat()));
            extension[2] ^= 1;
            messages.push(icmp(3, 1, [0, length, 0, 0], &[&padded[..], &extension].concat()));
        }
    }
    messages
}

fn icmpv6() -> Vec<Vec<u8>> {
    let link = |kind: u8| vec![kind, 1, 0x52, 0x41, 0x56, 0x7e, 0x77, 0xec];
    let mut prefix = vec![3, 4, 64, 0xc0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x38, 0x40, 0, 0, 0, 0];
    prefix.extend(A6);
    let rdnss = [&[25, 3, 0, 0, 0, 0, 0x0e, 0x10][..], &A6].concat();
    let domains = b"\x1f\x03\0\0\0\0\x0e\x10\x04corp\x07example\0\0\0".to_vec();
    let route = [&[24, 2, 64, 0x08, 0, 0, 7, 8][..], &A6[..8]].concat();
    let mtu = vec![5, 1, 0, 0, 0, 0, 5, 0xdc];
    let unknown = vec![38, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
    let quoted = ip6(17, &udp6(40000, 9999, b"hello"));
    let quoted_tcp = ip6(6, &tcp((40001, 81), 2, 1000, 0).over6(b""));
    let quoted_other = ip6(58, &icmp6(128, 0, [0, 1, 0, 2], b"abc"));
    let quoted_fragment = ip6(44, &[&[17, 0, 0, 1, 0, 0, 0, 9][..], &udp6(40000, 9999, b"hello")].concat());
    let mut messages = vec![
        icmp6(128, 0, [0, 7, 0, 1], b"abcdefgh"),
        icmp6(129, 0, [0, 7, 0, 1], b"abcdefgh"),
        icmp6(133, 0, [0; 4], b""),
        icmp6(133, 0, [0; 4], &link(1)),
        icmp6(
            134,
            0,
            [64, 0xc8, 7, 8],
            &[&[0, 0, 0, 1, 0, 0, 0, 2][..], &prefix, &mtu, &rdnss, &domains, &route, &link(1), &unknown].concat(),
        ),
        icmp6(134, 0, [0, 0, 0, 0], &[0; 8]),
        icmp6(135, 0, [0; 4], &[&B6[..], &link(1)].concat()),
        icmp6(136, 0, [0xe0, 0, 0, 0], &[&B6[..], &link(2)].concat()),
        icmp6(136, 0, [0, 0, 0, 0], &B6),
        icmp6(136, 0, [0x60, 0, 0, 0], &[&B6[..], &[2, 0, 1, 1]].concat()),
        icmp6(
            137,
            0,
            [0; 4],
            &[&A6[..], &B6, &link(2), &[7, 1, 0, 0, 0, 0, 1, 1], &[8, 1, 0, 0, 0, 1, 0, 2], &[4, 1, 9, 9, 9, 9, 9, 9]].concat(),
        ),
        icmp6(130, 0, [0x27, 0x10, 0, 0], &A6),
        icmp6(130, 0, [0x97, 0x10, 0, 0], &[&A6[..], &[0x0a, 0x9f, 0, 1], &B6].concat()),
        icmp6(130, 0, [0x27, 0x10, 0, 0], &[&A6[..], &[2, 125, 0, 9], &B6].concat()),
        icmp6(130, 0, [0x27, 0x10, 0, 0], &[0; 5]),
        icmp6(131, 0, [0; 4], &A6),
        icmp6(132, 0, [0; 4], &A6),
        icmp6(143, 0, [0, 0, 0, 2], &[&[4, 0, 0, 0][..], &A6, &[1, 0, 0, 1], &B6, &A6].concat()),
        icmp6(143, 0, [0, 0, 0, 2], &[&[9, 0, 0, 0][..], &A6].concat()),
        icmp6(143, 0, [0, 0, 0, 1], &[&[9, 0, 0, 7][..], &A6].concat()),
        icmp6(2, 0, [0, 0, 5, 0xdc], &quoted),
        icmp6(141, 0, [0; 4], b""),
        icmp6(144, 0, [0, 9, 0, 0], b""),
        icmp6(250, 0, [1, 2, 3, 4], b"some bytes that nobody knows"),
    ];
    for code in 0..6 {
        for quoted in [&quoted, &quoted_tcp, &quoted_other, &quoted_fragment] {
            messages.push(icmp6(1, code, [0; 4], quoted));
        }
        messages.push(icmp6(3, code, [0; 4], &quoted));
        messages.push(icmp6(4, code, [0, 0, 0, 40], &quoted));
    }
    let mut wrong = icmp6(128, 0, [0, 7, 0, 1], b"abcdefgh");
    wrong[3] ^= 0x55;
    messages.push(wrong);
    messages.push(Vec::new());
    on_ip6(58, messages)
}

fn arps() -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = (0..12).map(|operation| arp(operation, [0; 6])).collect();
    messages.extend([1, 2, 3, 4, 8, 9].map(|operation| arp(operation, [0xee; 6])));
    for (at, value) in [(1, 6), (1, 99), (2, 0x86), (4, 0), (4, 8), (5, 6), (5, 0), (3, 0)] {
        for operation in [1, 2, 9] {
            let mut message = arp(operation, [0xee; 6]);
            message[at] = value;
            message.resize(46, 0);
            messages.push(message);
        }
    }
    let mut frames: Vec<Vec<u8>> = messages.iter().map(|message| ethernet(0x0806, message)).collect();
    frames.push(ethernet(0x8035, &arp(3, [1, 2, 3, 4, 5, 6])));
    frames.push(ethernet(0x8100, &tagged(7, 0x0806, &arp(1, [0; 6]))));
    frames
}

/// A handshake, data both ways and an end, between ports and with numbers of their own; then the same ports again.
fn segments() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let there = ip4(6);
    let back = there.back();
    for (client, server, start) in [(38610, 9080, 4_133_783_852_u32), (38611, 9080, 0xffff_fff0), (1000, 1000, 5), (38610, 9080, 77)] {
        let (c, s) = ((client, server), (server, client));
        let peer = 86_025_828_u32;
        let next = start.wrapping_add(1);
        let end = next.wrapping_add(80);
        for (ip, segment, data) in [
            (&there, tcp(c, 0x02, start, 0), &b""[..]),
            (&back, tcp(s, 0x12, peer, next), b""),
            (&there, tcp(c, 0x10, next, peer + 1), b""),
            (&there, tcp(c, 0x18, next, peer + 1), &[b'x'; 80]),
            (&back, tcp(s, 0x10, peer + 1, end), b""),
            (&back, tcp(s, 0x18, peer + 1, end), &[b'y'; 1300]),
            (&there, tcp(c, 0x10, end, peer + 1301), b""),
            (&there, tcp(c, 0x11, end, peer + 1301), b""),
            (&back, tcp(s, 0x19, peer + 1301, end + 1), b"bye"),
            (&there, tcp(c, 0x04, end + 1, 0), b""),
            (&there, tcp(c, 0x14, end + 1, 9), b"why it was reset, in words that are long"),
            (&there, tcp(c, 0x04, end + 1, 9), b"\x01\xff\x80 short"),
        ] {
            frames.push(ethernet(0x0800, &segment.over(ip, data)));
        }
    }
    for flags in 0..=255 {
        let segment = Tcp { urgent: 9, ..tcp((40000, 9081), flags, 1000, 2000) };
        frames.push(ethernet(0x0800, &segment.over(&there, b"")));
        frames.push(ethernet(0x86dd, &ip6(6, &segment.over6(b"z"))));
    }
    let mut wrong = tcp((40000, 9081), 0x10, 1, 2).over(&there, b"abc");
    wrong[36] ^= 0x0f;
    frames.push(ethernet(0x0800, &wrong));
    for offset in [0x00, 0x40, 0x60, 0xf0] {
        let mut short = tcp((40000, 9081), 0x10, 1, 2).over(&there, b"abc");
        short[32] = offset;
        frames.push(ethernet(0x0800, &short));
    }
    frames
}

fn tcp_options() -> Vec<Vec<u8>> {
    let sack = [&[1, 1, 5, 18][..], &1100_u32.to_be_bytes(), &1200_u32.to_be_bytes(), &9_u32.to_be_bytes(), &7_u32.to_be_bytes()].concat();
    let kinds: Vec<Vec<u8>> = vec![
        vec![2, 4, 5, 0xa0, 4, 2, 8, 10, 0, 1, 2, 3, 0, 0, 0, 0, 1, 3, 3, 7],
        vec![1, 1, 8, 10, 0, 1, 2, 3, 4, 5, 6, 7],
        sack,
        vec![5, 9, 1, 2, 3, 4, 5, 6, 7],
        vec![6, 6, 1, 2, 3, 4, 7, 6, 1, 2, 3, 4],
        vec![11, 6, 0, 0, 0, 1, 12, 6, 0, 0, 0, 2, 13, 6, 0, 0, 0, 3],
        vec![20, 4, 0xab, 3],
        vec![28, 4, 0x80, 5, 28, 4, 0x00, 0x3c],
        vec![29, 16, 61, 84, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        vec![29, 4, 1, 2, 29, 3, 1, 0],
        vec![34, 2, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8],
        vec![34, 3, 1, 0],
        vec![254, 4, 0xf9, 0x89, 254, 12, 0xf9, 0x89, 1, 2, 3, 4, 5, 6, 7, 8],
        vec![254, 6, 0x12, 0x34, 5, 6],
        vec![254, 3, 1, 0],
        vec![99, 2, 99, 5, 1, 2, 3, 0, 0, 0],
        vec![0, 0, 0, 0],
        vec![1, 0, 9, 9],
        vec![2, 3, 5, 0],
        vec![2, 5, 5, 0xb4, 9, 1, 1, 1],
        vec![2, 0, 0, 0],
        vec![1, 2, 1, 0],
        vec![1, 1, 1, 8],
        vec![1, 1, 2, 40],
        vec![3, 2, 1, 1],
        vec![3, 4, 7, 7],
        vec![4, 4, 0, 0],
        vec![8, 8, 0, 0, 0, 1, 0, 0],
        vec![1, 1, 1, 1],
    ];
    let mut frames = Vec::new();
    for options in &kinds {
        for (flags, data) in [(0x02, &b""[..]), (0x12, b""), (0x10, b""), (0x18, b"data")] {
            let segment = tcp((40002, 9082), flags, 1000, 2000).options(options);
            frames.push(ethernet(0x0800, &segment.over(&ip4(6), data)));
            frames.push(ethernet(0x86dd, &ip6(6, &segment.over6(data))));
        }
        let back = tcp((9082, 40002), 0x10, 2001, 1005).options(options);
        frames.push(ethernet(0x0800, &back.over(&ip4(6).back(), b"")));
    }
    frames
}

fn tcp_data() -> Vec<Vec<u8>> {
    let texts: Vec<&[u8]> = vec![
        b"GET / HTTP/1.1\r\nHost: 10.244.1.2\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\nServer: x\n\n\x00\x01\x02",
        b"get /lower HTTP/1.0\r\n\r\n",
        b"GET /without an end",
        b"GET\t/tab HTTP/1.1\r\n",
        b"POST /cut HTTP/1.1\r",
        b"POST /cr HTTP/1.1\rX\n",
        b"NONSENSE / HTTP/1.1\r\n",
        b"nothing of that kind",
        b"\r\n",
        b"\n\nGET / HTTP/1.1\r\n",
        b"GET  200 x\r\n",
        b"a 404 b\r\n",
        b"a  404\r\n",
        b"a\t404\r\n",
        b"a 4040 b\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n",
        b"\xff\xfe\xfd",
        b"PLAY rtsp://x/y RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        b"SSH-2.0-tab\there\r\n",
        b"SSH-2.0-no end",
        b"220 mail.example ESMTP\r\n",
        b"x",
    ];
    let long = [&b"GET /"[..], &[b'a'; 200], b" HTTP/1.1\r\n"].concat();
    let token = [&[b'a'; 130][..], b" 200\r\n"].concat();
    let mut frames = Vec::new();
    for text in texts.into_iter().chain([&long[..], &token[..]]) {
        for port in [80, 8080, 554, 8554, 21, 22, 25, 43, 9083] {
            let segment = tcp((40003, port), 0x18, 1001, 2001);
            frames.push(ethernet(0x0800, &segment.over(&ip4(6), text)));
            let segment = tcp((port, 40003), 0x18, 2001, 1001);
            frames.push(ethernet(0x86dd, &ip6(6, &segment.over6(text))));
        }
    }
    frames
}

fn datagrams() -> Vec<Vec<u8>> {
    let mut payloads: Vec<Vec<u8>> = [0, 1, 84, 1472].map(|size| udp(8285, 8285, &vec![0x45; size])).to_vec();
    payloads.push(udp(40000, 30000, b"plain"));
    for length in [0_u16, 7, 8, 9, 20, 0xffff] {
        let mut datagram = udp(40000, 30000, b"0123456789");
        datagram[4..6].copy_from_slice(&length.to_be_bytes());
        payloads.push(datagram);
    }
    payloads.extend([1, 3, 4, 5, 7].map(|short| udp(40000, 30000, b"")[..short].to_vec()));
    let mut frames = on_ip4(17, payloads.clone());
    frames.extend(on_ip6(17, payloads));
    frames.extend(on_ip6(17, [udp6(40000, 30000, b"right"), udp6(8285, 8285, &ip4(1).with(&echo(8, 1, 2, 56)))]));
    frames
}

fn ipv4() -> Vec<Vec<u8>> {
    let ping = echo(8, 3, 4, 56);
    let mut packets = Vec::new();
    for fragment in [0x0000, 0x2000, 0x4000, 0x6000, 0x8000, 0xe000, 0x2001, 0x0010, 0x00b9, 0x1fff] {
        packets.push(Ip4 { fragment, ..ip4(1) }.with(&ping));
        packets.push(Ip4 { fragment, ..ip4(17) }.with(&udp(40000, 30000, b"fragment")));
        packets.push(tcp((40000, 9000), 0x18, 5, 6).over(&Ip4 { fragment, ..ip4(6) }, b"fragment"));
    }
    for tos in [1, 2, 3, 0x10, 0xb8, 0xff] {
        packets.push(Ip4 { tos, ttl: tos % 2, ..ip4(1) }.with(&ping));
    }
    for protocol in [0, 3, 5, 10, 58, 59, 77, 143, 200, 253, 254, 255] {
        packets.push(ip4(protocol).with(&ping[..20]));
    }
    packets.push(ip4(253).with(b""));
    for (kind, data) in [
        (0x11, [0, 0, 0, 0]),
        (0x11, [224, 0, 0, 1]),
        (0x12, [224, 0, 0, 251]),
        (0x16, [224, 0, 0, 251]),
        (0x17, [224, 0, 0, 251]),
        (0x55, [1; 4]),
    ] {
        for time in [0, 100, 25] {
            packets.push(ip4(2).with(&icmp(kind, time, data, b"")));
        }
    }
    packets.push(ip4(2).with(&icmp(0x22, 0, [0, 0, 0, 2], &[4, 0, 0, 0, 224, 0, 0, 251, 1, 0, 0, 1, 224, 0, 0, 2, 10, 0, 0, 1])));
    packets.push(ip4(2).with(&icmp(0x22, 0, [0, 0, 0, 9], &[9, 0, 0, 9, 224, 0, 0, 251])));
    packets.push(ip4(2).with(&icmp(0x11, 25, [224, 0, 0, 5], &[2, 125, 0, 1, 10, 0, 0, 1])));
    packets.push(ip4(2).with(&icmp(0x11, 0x85, [0, 0, 0, 0], &[2, 125, 0, 0])));
    for options in ipv4_options() {
        packets.push(Ip4 { options: options.clone(), ..ip4(1) }.with(&ping));
        packets.push(tcp((40000, 9000), 0x10, 5, 6).over(&Ip4 { options, ..ip4(6) }, b""));
    }
    for (at, value) in [(0, 0x44), (0, 0x40), (0, 0x4f), (0, 0x55), (0, 0x65), (2, 0xff), (2, 0x00), (3, 10), (3, 19), (3, 21), (10, 0x55)]
    {
        let mut packet = ip4(1).with(&ping);
        packet[at] = value;
        packets.push(packet.clone());
        packet[2..4].copy_from_slice(&[0, 0]);
        packets.push(packet);
    }
    let mut padded = ip4(6).with(b"");
    padded.extend(vec![0; 26]);
    packets.push(padded);
    packets.into_iter().map(|packet| ethernet(0x0800, &packet)).collect()
}

fn ipv4_options() -> Vec<Vec<u8>> {
    vec![
        vec![148, 4, 0, 0],
        vec![148, 4, 0, 9],
        vec![148, 3, 0],
        vec![1, 1, 1, 0],
        vec![7, 11, 8, 10, 0, 0, 1, 10, 0, 0, 2, 0],
        vec![7, 11, 99, 10, 0, 0, 1, 10, 0, 0, 2, 0],
        vec![131, 7, 4, 10, 9, 9, 9, 0],
        vec![137, 11, 8, 10, 9, 9, 9, 10, 8, 8, 8, 0],
        vec![68, 12, 9, 0, 0, 0, 0, 1, 0, 0, 0, 2],
        vec![68, 20, 13, 1, 10, 0, 0, 1, 0, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 2],
        vec![68, 20, 5, 0x23, 10, 0, 0, 1, 0, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 2],
        vec![68, 12, 5, 0x07, 0, 0, 0, 1, 0, 0, 0, 2],
        vec![68, 3, 5, 1],
        vec![130, 4, 1, 2, 82, 4, 1, 2],
        vec![200, 4, 1, 2],
        vec![200, 1, 1, 2],
        vec![200, 40, 1, 2],
        vec![7, 2, 1, 1],
    ]
}

#[expect(clippy::too_many_lines, reason = "one list of frames")]
fn ipv6() -> Vec<Vec<u8>> {
    let ping = icmp6(128, 0, [0, 1, 0, 2], b"ping");
    let datagram = udp6(40000, 30000, b"datagram");
    let extension = |next: u8, length: u8, body: &[u8]| [&[next, length][..], body].concat();
    let alert = [5, 2, 0, 0, 1, 0];
    let routing = |kind: u8, length: u8| {
        let body: Vec<u8> = [&[kind, 1, 0, 0, 0, 0][..], &A6, &B6].concat();
        extension(17, length, &body[..usize::from(length) * 8 + 6])
    };
    let mut chains: Vec<(u8, Vec<u8>)> = vec![
        (58, ping.clone()),
        (17, datagram.clone()),
        (59, Vec::new()),
        (59, b"rest".to_vec()),
        (253, b"experiment".to_vec()),
        (1, echo(8, 1, 2, 3)),
        (2, b"igmp".to_vec()),
        (4, ip4(1).with(&echo(8, 1, 2, 56))),
        (41, ip6(58, &ping)),
        (143, ethernet(0x0800, &ip4(1).with(&echo(8, 1, 2, 56)))),
        (0, [extension(58, 0, &alert), ping.clone()].concat()),
        (0, [extension(17, 0, &[1, 4, 0, 0, 0, 0]), datagram.clone()].concat()),
        (0, [extension(58, 0, &[0, 0, 0, 0, 0, 0]), ping.clone()].concat()),
        (0, [extension(58, 0, &[0x3e, 4, 1, 2, 3, 4]), ping.clone()].concat()),
        (0, [extension(58, 0, &[1, 9, 0, 0, 0, 0]), ping.clone()].concat()),
        (0, [extension(58, 0, &[5, 3, 0, 0, 1, 0]), ping.clone()].concat()),
        (0, [extension(58, 0, &[0, 0, 0, 0, 0, 1]), ping.clone()].concat()),
        (0, [extension(0, 0, &alert), extension(58, 0, &alert), ping.clone()].concat()),
        (0, [extension(60, 0, &alert), extension(58, 0, &[1, 4, 0, 0, 0, 0]), ping.clone()].concat()),
        (0, [extension(6, 0, &alert), tcp((40000, 9000), 0x12, 5, 6).over6(b"x")].concat()),
        (60, [extension(58, 0, &[1, 4, 0, 0, 0, 0]), ping.clone()].concat()),
        (60, [extension(0, 0, &[1, 4, 0, 0, 0, 0]), extension(58, 0, &alert), ping.clone()].concat()),
        (60, [extension(58, 0, &[1, 40, 0, 0, 0, 0]), ping.clone()].concat()),
        (44, [vec![17, 0, 0, 1, 0, 0, 0, 9], datagram.clone()].concat()),
        (44, [vec![58, 0, 0, 0, 0, 0, 0, 9], ping.clone()].concat()),
        (44, [vec![17, 0, 5, 0xa9, 0, 0, 0, 9], datagram.clone()].concat()),
        (44, vec![17, 0, 0, 1, 0, 0, 0, 9]),
        (0, [extension(44, 0, &alert), vec![58, 0, 0, 1, 0, 0, 0, 9], ping.clone()].concat()),
        (0, extension(58, 9, &alert)),
        (58, Vec::new()),
        (17, Vec::new()),
        (6, Vec::new()),
    ];
    for kind in [0, 2, 3, 4] {
        for length in [0, 1, 2, 4] {
            chains.push((43, [routing(kind, length), datagram.clone()].concat()));
        }
    }
    let mut packets: Vec<Vec<u8>> = chains.iter().map(|(next, payload)| ip6(*next, payload)).collect();
    let template = ip6(58, &ping);
    for (at, value) in [(0, 0x40), (0, 0x50), (0, 0x6f), (1, 0xff), (3, 7), (4, 9), (5, 0), (5, 7), (5, 13), (7, 0)] {
        let mut packet = template.clone();
        packet[at] = value;
        packets.push(packet);
    }
    // No length, for an offloaded or jumbo packet: with extension headers, and without.
    for (next, payload) in &chains {
        let mut packet = ip6(*next, payload);
        packet[4..6].copy_from_slice(&[0, 0]);
        packets.push(packet);
    }
    let mut short = template;
    short.truncate(30);
    packets.push(short);
    packets.into_iter().map(|packet| ethernet(0x86dd, &packet)).collect()
}

fn nestings() -> Vec<Vec<u8>> {
    let ping = ip4(1).with(&echo(8, 17555, 279, 56));
    let ping6 = ip6(58, &icmp6(128, 0, [0, 1, 0, 2], b"ping"));
    let web = tcp((38612, 80), 0x18, 5000, 6000).over(&ip4(6), b"GET / HTTP/1.1\r\n\r\n");
    let frame = ethernet(0x0800, &ping);
    let outer = Ip4 { source: [192, 168, 100, 111], destination: [192, 168, 100, 112], ..ip4(4) };
    let mut packets = vec![
        outer.with(&ping),
        outer.with(&web),
        outer.with(&outer.with(&outer.with(&ping))),
        Ip4 { protocol: 41, ..outer.clone() }.with(&ping6),
        Ip4 { protocol: 41, ..outer.clone() }.with(&ping),
        outer.with(&ping6),
        outer.with(b""),
        outer.with(&ping[..10]),
        Ip4 { fragment: 0x2000, ..outer.clone() }.with(&ping),
    ];
    let mut many = ping.clone();
    for _ in 0..20 {
        many = outer.with(&many);
    }
    packets.push(many);
    let udp_over = Ip4 { protocol: 17, ..outer };
    let inner_frames = [
        frame.clone(),
        ethernet(0x86dd, &ping6),
        ethernet(0x0806, &arp(1, [0; 6])),
        ethernet(0x8100, &tagged(0x2064, 0x0800, &web)),
        ethernet(0x1234, b"unknown"),
        ethernet(0x0800, &udp_over.with(&udp(50000, 4789, &vxlan(7, &frame)))),
        b"short".to_vec(),
    ];
    for port in [4789, 8472] {
        for inner in &inner_frames {
            packets.push(udp_over.with(&udp(50000, port, &vxlan(4096, inner))));
        }
        packets.push(udp_over.with(&udp(port, port, &vxlan(0x00ff_ffff, &frame))));
        let mut flags = vxlan(1, &frame);
        flags[0] = 0x80;
        packets.push(udp_over.with(&udp(50000, port, &flags)));
        packets.push(udp_over.with(&udp(50000, port, &flags[..5])));
        let mut lying = udp(50000, port, &vxlan(1, &frame));
        lying[5] -= 20;
        packets.push(udp_over.with(&lying));
    }
    let mut frames: Vec<Vec<u8>> = packets.iter().map(|packet| ethernet(0x0800, packet)).collect();
    frames.push(ethernet(0x86dd, &ip6(17, &udp6(50000, 4789, &vxlan(5, &frame)))));
    frames
}

fn ethernets() -> Vec<Vec<u8>> {
    let ping = ip4(1).with(&echo(8, 1, 2, 56));
    let mut frames = vec![
        ethernet(0x8100, &tagged(100, 0x0800, &ping)),
        ethernet(0x8100, &tagged(0xf001, 0x0800, &ping)),
        ethernet(0x88a8, &tagged(5, 0x8100, &tagged(100, 0x0800, &ping))),
        ethernet(0x9100, &tagged(5, 0x9200, &tagged(100, 0x86dd, &ping))),
        ethernet(0x8100, &tagged(5, 0x4321, b"unknown behind a tag")),
        ethernet(0x8100, &[0, 5, 8]),
        ethernet(0x8100, b""),
        ethernet(0x0800, b""),
        ethernet(0x0806, b""),
        ethernet(0x86dd, b""),
        ethernet(0x0800, &ip6(58, &icmp6(128, 0, [0, 1, 0, 2], b"ping"))),
        ethernet(0x86dd, &ping),
        ethernet(0x4321, b""),
        ethernet(0x4321, b"a"),
    ];
    let mut random = Random(99);
    for size in 1..50 {
        let bytes: Vec<u8> = (0..size).map(|_| random.byte()).collect();
        frames.push(ethernet(0x05dd + u16::from(random.byte() % 16), &bytes));
    }
    frames
}
