//! Storage that fails where it is told to.

use std::fs::TryLockError;
use std::io;
use std::ops::Range;

use crate::storage::{Discard, MemoryStorage, ReadBack, Storage};

/// Memory with faults. Ranges are in bytes from its start.
#[derive(Default)]
pub(super) struct Faulty {
    pub(super) memory: MemoryStorage,
    /// Reads that touch these fail.
    pub(super) unreadable: Vec<Range<u64>>,
    /// Writes that touch these fail and change nothing.
    pub(super) unwritable: Vec<Range<u64>>,
    /// Writes that touch these are said to succeed and change nothing.
    pub(super) forgetful: Vec<Range<u64>>,
    /// Reads that touch these through `read_back` fail.
    pub(super) not_verifiable: Vec<Range<u64>>,
    pub(super) read_only: bool,
    pub(super) no_discard: bool,
}

impl Faulty {
    pub(super) fn new(image: &[u8]) -> Self {
        Self {
            memory: MemoryStorage::from_vec(image.to_vec()),
            ..Self::default()
        }
    }
}

fn touches(ranges: &[Range<u64>], offset: u64, len: usize) -> bool {
    ranges
        .iter()
        .any(|range| offset < range.end && range.start < offset + len as u64)
}

fn check(ranges: &[Range<u64>], offset: u64, len: usize) -> io::Result<()> {
    if touches(ranges, offset, len) {
        Err(io::Error::other("a bad sector"))
    } else {
        Ok(())
    }
}

impl Storage for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.memory.set_len(len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        check(&self.unreadable, offset, buf.len())?;
        self.memory.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        assert!(!self.read_only, "a write to storage that is read-only");
        check(&self.unwritable, offset, data.len())?;
        if touches(&self.forgetful, offset, data.len()) {
            Ok(())
        } else {
            self.memory.write_at(offset, data)
        }
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        if self.no_discard {
            Ok(Discard::Unsupported)
        } else {
            self.memory.discard(offset, len)
        }
    }

    fn read_back(&self, offset: u64, buf: &mut [u8]) -> io::Result<ReadBack> {
        check(&self.not_verifiable, offset, buf.len())?;
        self.read_at(offset, buf)?;
        Ok(ReadBack::Medium)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        self.memory.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        self.memory.unlock()
    }

    fn is_writable(&self) -> bool {
        !self.read_only
    }

    fn block_size(&self) -> u32 {
        self.memory.block_size()
    }
}
