//! Bytes of a file in order, with the place where they stand.

use std::io::{BufReader, ErrorKind, Read};

use super::CodecError;

/// Which end of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

impl Order {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        }
    }

    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        }
    }
}

/// A file while it is read.
pub(super) struct Source<R> {
    input: BufReader<R>,
    /// How many bytes were read.
    pub(super) at: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(256 * 1024, input), at: 0 }
    }

    /// The next `N` bytes, which belong to `what`.
    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], CodecError> {
        let mut bytes = [0; N];
        if self.fill(&mut bytes)? < N {
            return Err(self.truncated(what));
        }
        Ok(bytes)
    }

    /// The next `N` bytes; `None` if the file ends right here.
    pub(super) fn array_or_end<const N: usize>(&mut self, what: &'static str) -> Result<Option<[u8; N]>, CodecError> {
        let mut bytes = [0; N];
        match self.fill(&mut bytes)? {
            0 => Ok(None),
            read if read == N => Ok(Some(bytes)),
            _ => Err(self.truncated(what)),
        }
    }

    /// The next `length` bytes. Memory is taken as bytes arrive, not as the file announces them.
    pub(super) fn bytes(&mut self, length: u32, what: &'static str) -> Result<Vec<u8>, CodecError> {
        const AT_ONCE: usize = 64 * 1024;
        let length = length as usize;
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let start = bytes.len();
            let end = length.min(start + AT_ONCE);
            bytes.resize(end, 0);
            if self.fill(&mut bytes[start..])? < end - start {
                return Err(self.truncated(what));
            }
        }
        Ok(bytes)
    }

    /// Passes over `length` bytes.
    pub(super) fn skip(&mut self, length: u32, what: &'static str) -> Result<(), CodecError> {
        let skipped = std::io::copy(&mut self.input.by_ref().take(length.into()), &mut std::io::sink());
        let skipped = skipped.map_err(|source| CodecError::Read { at: self.at, source })?;
        self.at += skipped;
        if skipped < u64::from(length) { Err(self.truncated(what)) } else { Ok(()) }
    }

    /// The file ends here; who reads it adds what was read before.
    fn truncated(&self, what: &'static str) -> CodecError {
        CodecError::Truncated { at: self.at, what, before: Box::default() }
    }

    /// Fills `bytes` as far as there is something to read; how far.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, CodecError> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.input.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(CodecError::Read { at: self.at, source }),
            }
        }
        self.at += filled as u64;
        Ok(filled)
    }
}
