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
    let counts = (u32_at(block, HEADER + offset_of!(tpacket_hdr_v1, num_pkts)), u32_at(block, HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt)));
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
