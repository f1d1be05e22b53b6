//! Reading numbers in network byte order, and the Internet checksum.

/// The bytes end before what was to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut;

/// The `len` bytes at `at`.
pub(super) fn take(data: &[u8], at: usize, len: usize) -> Result<&[u8], Cut> {
    data.get(at..).and_then(|rest| rest.get(..len)).ok_or(Cut)
}

/// The byte at `at`.
#[inline]
pub(super) fn u8(data: &[u8], at: usize) -> Result<u8, Cut> {
    data.get(at).copied().ok_or(Cut)
}

/// The 16 bits at `at`.
#[inline]
pub(super) fn be16(data: &[u8], at: usize) -> Result<u16, Cut> {
    array(data, at).map(u16::from_be_bytes)
}

/// The 24 bits at `at`.
pub(super) fn be24(data: &[u8], at: usize) -> Result<u32, Cut> {
    let [a, b, c] = array(data, at)?;
    Ok(u32::from_be_bytes([0, a, b, c]))
}

/// The 32 bits at `at`.
#[inline]
pub(super) fn be32(data: &[u8], at: usize) -> Result<u32, Cut> {
    array(data, at).map(u32::from_be_bytes)
}

/// The `N` bytes at `at`.
#[inline]
pub(super) fn array<const N: usize>(data: &[u8], at: usize) -> Result<[u8; N], Cut> {
    data.get(at..).and_then(<[u8]>::first_chunk::<N>).copied().ok_or(Cut)
}

/// At most the first `len` bytes.
#[inline]
pub(super) fn cap(data: &[u8], len: u32) -> &[u8] {
    data.get(..len as usize).unwrap_or(data)
}

/// The Internet checksum over `parts`, one after the other (RFC 1071): 0 where the checksum they hold is right.
/// Every part but the last must have an even length.
#[inline]
pub(super) fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        let (words, tail) = part.as_chunks::<4>();
        sum += words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum::<u64>();
        let mut last = [0; 4];
        last[..tail.len()].copy_from_slice(tail);
        sum += u64::from(u32::from_be_bytes(last));
    }
    !fold(sum)
}

/// What a checksum field holding `found` should hold, when the checksum over everything came out as `computed`.
pub(super) fn should_be(found: u16, computed: u16) -> u16 {
    fold(u64::from(found) + u64::from(computed))
}

/// Adds the carries back in until 16 bits are left.
fn fold(mut sum: u64) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).expect("folded to 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example header of RFC 1071's companion literature: checksum 0xb861 at its place makes the whole come out as 0.
    const HEADER: [u8; 20] = [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7];

    #[test]
    fn a_right_checksum_comes_out_as_zero() {
        assert_eq!(checksum(&[&HEADER]), 0);
        assert_eq!(checksum(&[&HEADER[..6], &HEADER[6..]]), 0);
    }

    #[test]
    fn a_wrong_one_says_what_it_should_be() {
        let mut header = HEADER;
        header[10..12].copy_from_slice(&[0x12, 0x34]);
        let computed = checksum(&[&header]);
        assert_ne!(computed, 0);
        assert_eq!(should_be(0x1234, computed), 0xb861);
    }

    #[test]
    fn an_odd_last_byte_is_the_high_half_of_a_word() {
        assert_eq!(checksum(&[&[0xff, 0xff, 0x01]]), !0x0100);
    }

    #[test]
    fn reading_past_the_end_is_a_cut() {
        assert_eq!(be32(&[1, 2, 3], 0), Err(Cut));
        assert_eq!(be16(&[1, 2, 3], usize::MAX), Err(Cut));
        assert_eq!(take(&[1, 2, 3], 1, 2), Ok(&[2, 3][..]));
        assert_eq!(be24(&[0, 1, 2, 3], 1), Ok(0x01_0203));
    }
}
