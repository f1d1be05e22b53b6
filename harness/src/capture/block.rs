//! The layout of a `TPACKET_V3` block: bytes of the ring to frames.

use std::mem::offset_of;

use libc::{tpacket_block_desc, tpacket_hdr_v1, tpacket_hdr_variant1, tpacket3_hdr};

use crate::packet::Frame;

/// IEEE 802.1Q: the tag protocol identifier of a customer tag, which kernels before 3.14 do not report.
const CUSTOMER_TAG: u16 = 0x8100;

/// Calls `each` with every frame of a block, in the order in which the kernel delivered them.
///
/// A block that contradicts itself is given up at the first contradiction, and `false` returned.
pub(super) fn frames(block: &[u8], mut each: impl FnMut(Frame)) -> bool {
    const HEADER: usize = offset_of!(tpacket_block_desc, hdr);
    let counts = (
        u32_at(block, HEADER + offset_of!(tpacket_hdr_v1, num_pkts)),
        u32_at(block, HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt)),
    );
    let (Some(count), Some(first)) = counts else { return false };
    let mut offset = first as usize;
    for _ in 0..count {
        let Some((frame, next)) = block.get(offset..).and_then(frame) else { return false };
        each(frame);
        offset += next;
    }
    true
}

/// The frame whose header `bytes` starts with, and how far the next header is.
fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let number = |at| u32_at(bytes, at);
    let status = number(offset_of!(tpacket3_hdr, tp_status))?;
    let start = usize::from(u16_at(bytes, offset_of!(tpacket3_hdr, tp_mac))?);
    let kept = number(offset_of!(tpacket3_hdr, tp_snaplen))? as usize;
    let seconds = u64::from(number(offset_of!(tpacket3_hdr, tp_sec))?);
    let mut frame = Frame {
        at: seconds * 1_000_000_000 + u64::from(number(offset_of!(tpacket3_hdr, tp_nsec))?),
        wire_length: number(offset_of!(tpacket3_hdr, tp_len))?,
        bytes: bytes.get(start..start.checked_add(kept)?)?.to_vec(),
    };
    if status & libc::TP_STATUS_VLAN_VALID != 0 {
        let variant = offset_of!(tpacket3_hdr, hv1);
        let control = u16::try_from(number(variant + offset_of!(tpacket_hdr_variant1, tp_vlan_tci))?).ok()?;
        let reported = u16_at(bytes, variant + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid))?;
        put_tag_back(&mut frame, if status & libc::TP_STATUS_VLAN_TPID_VALID != 0 { reported } else { CUSTOMER_TAG }, control);
    }
    Some((frame, number(offset_of!(tpacket3_hdr, tp_next_offset))? as usize))
}

/// Kernels take the VLAN tag out of a frame and hand it over beside it; on the wire it stands behind the two addresses.
fn put_tag_back(frame: &mut Frame, identifier: u16, control: u16) {
    const ADDRESSES: usize = 12;
    if frame.bytes.len() >= ADDRESSES {
        let tag = identifier.to_be_bytes().into_iter().chain(control.to_be_bytes());
        frame.bytes.splice(ADDRESSES..ADDRESSES, tag);
        frame.wire_length += 4;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block as the kernel lays it out: its description, then header and bytes of each frame.
    fn block(frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut block = vec![0; 48];
        put(&mut block, 12, u32::try_from(frames.len()).unwrap());
        put(&mut block, 16, 48);
        for (status, tci, bytes) in frames {
            let mut header = vec![0; 80];
            let length = u32::try_from(bytes.len()).unwrap();
            let whole = (80 + bytes.len()).next_multiple_of(16);
            for (at, value) in
                [(0, u32::try_from(whole).unwrap()), (4, 7), (8, 5), (12, length), (16, length + 100), (20, *status), (24, 80), (32, *tci)]
            {
                put(&mut header, at, value);
            }
            header[36..38].copy_from_slice(&0x88a8_u16.to_ne_bytes());
            header.extend(*bytes);
            header.resize(whole, 0);
            block.extend(header);
        }
        block
    }

    fn put(bytes: &mut [u8], at: usize, value: u32) {
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    fn read(block: &[u8]) -> (bool, Vec<Frame>) {
        let mut read = Vec::new();
        (frames(block, |frame| read.push(frame)), read)
    }

    const ADDRESSES: [u8; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0];

    #[test]
    fn frames_come_in_order_with_their_stamps_and_lengths() {
        let (sound, frames) = read(&block(&[(1, 0, &[1, 2, 3]), (1, 0, &[])]));
        assert!(sound);
        assert_eq!(frames[0], Frame { at: 7_000_000_005, wire_length: 103, bytes: vec![1, 2, 3] });
        assert_eq!((frames.len(), frames[1].bytes.len()), (2, 0));
    }

    #[test]
    fn a_vlan_tag_is_put_back() {
        let tagged = |status| read(&block(&[(status, 42, &ADDRESSES)])).1.remove(0);
        assert_eq!(tagged(libc::TP_STATUS_USER).bytes, ADDRESSES);
        let frame = tagged(libc::TP_STATUS_VLAN_VALID | libc::TP_STATUS_VLAN_TPID_VALID);
        assert_eq!((frame.wire_length, &frame.bytes[10..]), (118, &[11, 12, 0x88, 0xa8, 0, 42, 0x08, 0][..]));
        assert_eq!(tagged(libc::TP_STATUS_VLAN_VALID).bytes[12..14], [0x81, 0]);
    }

    #[test]
    fn a_block_that_contradicts_itself_is_given_up() {
        let good = block(&[(1, 0, &[1, 2, 3]), (1, 0, &[4])]);
        for (at, value, left) in [(12, 3, 2), (16, u32::MAX, 0), (48, u32::MAX, 1), (48 + 12, u32::MAX, 0), (48 + 24, 0xffff, 0)] {
            let mut bad = good.clone();
            put(&mut bad, at, value);
            let (sound, frames) = read(&bad);
            assert_eq!((sound, frames.len()), (false, left), "{value} at {at}");
        }
        for length in 0..good.len() {
            assert!(read(&good[..length]).1.len() <= 2, "never reads past the end");
        }
    }
}
