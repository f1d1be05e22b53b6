//! The codec against another one (`pcap-file`), and against files that lie.

use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapTsResolution, PcapWriter};
use pcap_file::pcapng::blocks::Block;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution};
use pcap_file::pcapng::blocks::interface_statistics::{InterfaceStatisticsBlock, InterfaceStatisticsOption};
use pcap_file::pcapng::{PcapNgReader, PcapNgWriter};
use pcap_file::{DataLink, Endianness};
use proptest::prelude::*;

use super::{Capture, CodecError, Interface, Limits, read_capture, write_pcapng};
use crate::packet::frame::{Frame, LinkType};

const ORDERS: [Endianness; 2] = [Endianness::Big, Endianness::Little];

fn interface(name: &str, link: LinkType, dropped: Option<u64>) -> Interface {
    Interface { name: name.to_owned(), description: format!("{name} in full"), link, snap_length: 256, dropped }
}

fn frame(at: u64, wire_length: u32, bytes: &[u8]) -> Frame {
    Frame { at, wire_length, bytes: bytes.to_vec() }
}

fn sample() -> Capture {
    Capture {
        interfaces: vec![interface("node1/tunl0", LinkType::Raw, Some(3)), interface("pod1/eth0", LinkType::Ethernet, None)],
        frames: vec![
            (1, frame(1_700_000_000_123_456_789, 98, &[1, 2, 3])),
            (0, frame(1_700_000_000_123_456_790, 4, &[4, 5, 6, 7])),
            (1, frame(0, 0, &[])),
        ],
    }
}

fn written(capture: &Capture) -> Vec<u8> {
    let mut file = Vec::new();
    write_pcapng(&mut file, &capture.interfaces, &capture.frames, "cnilab").expect("a Vec takes everything");
    file
}

fn read(file: &[u8]) -> Result<Capture, CodecError> {
    read_capture(file, &Limits::default())
}

#[test]
fn all_four_kinds_of_pcap_are_read() {
    for endianness in ORDERS {
        for (ts_resolution, nanoseconds) in [(PcapTsResolution::MicroSecond, 7000), (PcapTsResolution::NanoSecond, 7)] {
            let header = PcapHeader { endianness, ts_resolution, datalink: DataLink::RAW, snaplen: 96, ..PcapHeader::default() };
            let mut writer = PcapWriter::with_header(Vec::new(), header).expect("a header");
            let time = Duration::new(1_700_000_000, nanoseconds);
            writer.write_packet(&PcapPacket::new(time, 60, &[9, 8, 7][..]).expect("a packet")).expect("written");
            let capture = read(&writer.into_inner()).expect("read");
            let expected =
                Interface { name: String::new(), description: String::new(), link: LinkType::Raw, snap_length: 96, dropped: None };
            assert_eq!(capture.interfaces, [expected]);
            assert_eq!(capture.frames, [(0, frame(1_700_000_000_000_000_000 + u64::from(nanoseconds), 60, &[9, 8, 7]))]);
        }
    }
}

#[test]
fn pcapng_of_either_order_is_read() {
    for endianness in ORDERS {
        let mut writer = PcapNgWriter::with_endianness(Vec::new(), endianness).expect("a section");
        let resolution = InterfaceTsResolution::new(false, 9).expect("nanoseconds");
        let description = InterfaceDescriptionBlock {
            linktype: DataLink::ETHERNET,
            snaplen: 256,
            options: vec![
                InterfaceDescriptionOption::IfName("eth0".into()),
                InterfaceDescriptionOption::IfDescription("the first".into()),
                InterfaceDescriptionOption::IfTsResol(resolution),
            ],
        };
        writer.write_pcapng_block(description).expect("written");
        // Without a resolution, microseconds.
        writer.write_pcapng_block(InterfaceDescriptionBlock::new(DataLink::RAW, 0)).expect("written");
        for (interface_id, nanoseconds) in [(0, 123_456_789), (1, 123_456_000)] {
            let timestamp = Duration::new(1_700_000_000, nanoseconds);
            let packet =
                EnhancedPacketBlock { interface_id, timestamp, original_len: 99, data: vec![1, 2, 3, 4, 5].into(), options: vec![] };
            writer.write_pcapng_block(packet).expect("written");
        }
        let statistics = InterfaceStatisticsBlock {
            interface_id: 1,
            timestamp: Duration::ZERO,
            options: vec![InterfaceStatisticsOption::IsbIfRecv(9), InterfaceStatisticsOption::IsbIfDrop(7)],
        };
        writer.write_pcapng_block(statistics).expect("written");
        let capture = read(&writer.into_inner()).expect("read");
        assert_eq!(capture.interfaces[0].name, "eth0");
        assert_eq!(capture.interfaces[0].description, "the first");
        assert_eq!(capture.interfaces[0].dropped, None);
        assert_eq!(capture.interfaces[1].link, LinkType::Raw);
        assert_eq!(capture.interfaces[1].dropped, Some(7));
        let bytes = [1, 2, 3, 4, 5];
        assert_eq!(capture.frames[0], (0, frame(1_700_000_000_123_456_789, 99, &bytes)));
        assert_eq!(capture.frames[1], (1, frame(1_700_000_000_123_456_000, 99, &bytes)));
    }
}

#[test]
fn another_reader_reads_what_is_written() {
    let capture = sample();
    let file = written(&capture);
    let mut reader = PcapNgReader::new(&file[..]).expect("a section");
    let (mut names, mut frames, mut drops) = (Vec::new(), Vec::new(), 0);
    while let Some(block) = reader.next_block() {
        match block.expect("a block").0 {
            Block::InterfaceDescription(block) => {
                assert_eq!(block.ts_resolution(), InterfaceTsResolution::new(false, 9).expect("nanoseconds"));
                names.push(block.options.iter().find_map(|option| match option {
                    InterfaceDescriptionOption::IfName(name) => Some(name.to_string()),
                    _ => None,
                }));
            }
            Block::EnhancedPacket(block) => {
                let at = u64::try_from(block.timestamp.as_nanos()).expect("64 bits");
                frames.push((block.interface_id as usize, frame(at, block.original_len, &block.data)));
            }
            Block::InterfaceStatistics(block) => {
                assert_eq!((block.interface_id, block.options), (0, vec![InterfaceStatisticsOption::IsbIfDrop(3)]));
                drops += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names, [Some("node1/tunl0".to_owned()), Some("pod1/eth0".to_owned())]);
    assert_eq!(frames, capture.frames);
    assert_eq!(drops, 1, "only one interface knows its drops");
}

#[test]
fn a_second_section_has_interfaces_of_its_own() {
    let file = [written(&sample()), written(&sample())].concat();
    let capture = read(&file).expect("read");
    assert_eq!(capture.interfaces.len(), 4);
    assert_eq!(capture.frames.iter().map(|(interface, _)| *interface).collect::<Vec<_>>(), [1, 0, 1, 3, 2, 3]);
}

#[test]
fn a_file_that_is_cut_off_anywhere_says_so() {
    let file = written(&sample());
    let (mut whole, mut most) = (0, 0);
    for end in 0..file.len() {
        match read(&file[..end]) {
            Err(CodecError::Truncated { at, before, .. }) => {
                assert_eq!(at, end as u64);
                assert!(sample().frames.starts_with(&before.frames));
                most = most.max(before.frames.len());
            }
            // Between two blocks nothing is missing that the file announced.
            Ok(_) => whole += 1,
            Err(other) => panic!("{end}: {other}"),
        }
    }
    assert_eq!(whole, 6, "a section header, two interfaces, three frames; the statistics are the end");
    assert_eq!(most, 3, "what was whole is kept");
}

#[test]
fn every_lie_has_its_words() {
    let pcap = |words: [u32; 5], record: [u32; 4]| {
        let words = [0xa1b2_c3d4].into_iter().chain(words).chain(record);
        words.flat_map(u32::to_be_bytes).collect::<Vec<u8>>()
    };
    let good = [0x0002_0004, 0, 0, 0, 1];
    for (file, message) in [
        (b"GIF89a".to_vec(), "not a pcap or pcapng file: it starts with 0x47494638"),
        (b"GI".to_vec(), "the capture ends at byte 2, in the middle of the first four bytes"),
        (pcap([0x0003_0004, 0, 0, 0, 1], [0; 4]), "a version other than 2 at byte 4 of the capture"),
        (
            pcap([0x0002_0004, 0, 0, 0, 113], [0; 4]),
            "link type 113 at byte 20 of the capture is not known; 1 (Ethernet) and 101, 12, 228, 229 (bare IP) are",
        ),
        (pcap(good, [0, 0, 60, 59]), "a frame with more bytes than it had on the wire at byte 24 of the capture"),
        (pcap(good, [0, 0, 60, 60]), "the capture ends at byte 40, in the middle of a frame"),
        (pcap(good, [0, 0, 0x7fff_ffff, 0x7fff_ffff]), "the capture has more than 262144 bytes in a frame"),
    ] {
        assert_eq!(read(&file).expect_err(message).to_string(), message);
    }
    let file = written(&sample());
    // The section header takes 44 bytes, and the first interface description follows.
    let first = 44;
    for (at, value, message) in [
        (8, 0xff, "a section header of neither byte order at byte 0 of the capture"),
        (12, 2, "a section of a version other than 1 at byte 0 of the capture"),
        (first + 4, 5, "a block of a length that no block has at byte 44 of the capture"),
        (first + 8, 113, "link type 113 at byte 44 of the capture is not known; 1 (Ethernet) and 101, 12, 228, 229 (bare IP) are"),
        (first + 6, 0xff, "the capture has more than 1048576 bytes in a block"),
    ] {
        let mut file = file.clone();
        file[at] = value;
        assert_eq!(read(&file).expect_err(message).to_string(), message);
    }
}

#[test]
fn limits_hold() {
    let file = written(&sample());
    for (limits, message) in [
        (Limits { interfaces: 1, ..Limits::default() }, "the capture has more than 1 interfaces"),
        (Limits { frames: 2, ..Limits::default() }, "the capture has more than 2 frames"),
        (Limits { total: 6, ..Limits::default() }, "the capture has more than 6 bytes in its frames"),
        (Limits { frame: 3, ..Limits::default() }, "the capture has more than 3 bytes in a frame"),
    ] {
        assert_eq!(read_capture(&file[..], &limits).expect_err(message).to_string(), message);
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let capture = sample();
    let error = write_pcapng(Vec::new(), &capture.interfaces[..1], &capture.frames, "cnilab").expect_err("interface 1 is missing");
    assert_eq!(error.to_string(), "a frame of interface 1 of 1");
}

fn captures() -> impl Strategy<Value = Capture> {
    let link = prop_oneof![Just(LinkType::Ethernet), Just(LinkType::Raw)];
    let interface = ("[a-z0-9/()]{0,20}", "\\PC{0,9}", link, any::<u32>(), any::<Option<u64>>())
        .prop_map(|(name, description, link, snap_length, dropped)| Interface { name, description, link, snap_length, dropped });
    let frame = (any::<prop::sample::Index>(), any::<u64>(), 0_u32..9, prop::collection::vec(any::<u8>(), 0..90));
    (prop::collection::vec(interface, 1..5), prop::collection::vec(frame, 0..20)).prop_map(|(interfaces, frames)| {
        let frames = frames.into_iter().map(|(interface, at, more, bytes)| {
            let wire_length = u32::try_from(bytes.len()).expect("few") + more;
            (interface.index(interfaces.len()), Frame { at, wire_length, bytes })
        });
        Capture { frames: frames.collect(), interfaces: interfaces.clone() }
    })
}

proptest! {
    #[test]
    fn pcapng_comes_back_as_it_was(capture in captures()) {
        prop_assert_eq!(read(&written(&capture)).expect("our own file"), capture);
    }

    #[test]
    fn a_changed_file_is_read_or_refused(capture in captures(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut file = written(&capture);
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Ok(capture) = read(&file) {
            prop_assert!(capture.frames.iter().all(|(interface, _)| *interface < capture.interfaces.len()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(start in 0_usize..6, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let magics: [&[u8]; 6] = [b"", &[0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4], &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0], &[0x0a, 0x0d, 0x0d, 0x0a],
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0],
            &[0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28]];
        let file = [magics[start], &bytes].concat();
        let _ = read(&file);
    }
}
