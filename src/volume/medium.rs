//! The storage of one volume under its lock, and the header on it: reading, writing, write order.

use std::fs::TryLockError;
use std::io;
use std::sync::Arc;

use super::error::{Damage, Error};
use crate::format::{
    BLOCK_LEN, Block, COPY_LEN, COUNTERS_BLOCK, CopyStatus, Header, HeaderCopy, ROOT_BLOCK, STATE_BLOCK, USED_BLOCKS, USED_LEN,
};
use crate::storage::Storage;

/// Where copy A begins.
pub(super) const COPY_A: u64 = 0;
const BLOCK: u64 = BLOCK_LEN as u64;

/// Storage whose lock is held while this lives, if it can be written at all.
pub(super) struct Medium {
    storage: Arc<dyn Storage>,
    locked: bool,
}

impl Medium {
    /// Takes the lock of storage that can be written. Storage that cannot is not locked: nothing will be changed through it.
    pub(super) fn take(storage: Arc<dyn Storage>) -> Result<Self, Error> {
        let locked = storage.is_writable();
        if locked {
            storage.try_lock().map_err(|error| match error {
                TryLockError::WouldBlock => Error::Busy,
                TryLockError::Error(source) => Error::Io { doing: "locking", offset: 0, source },
            })?;
        }
        Ok(Self { storage, locked })
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Refuses storage that cannot be written.
    pub(super) fn check_writable(&self) -> Result<(), Error> {
        if self.locked { Ok(()) } else { Err(Error::CannotWrite(None)) }
    }

    pub(super) fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.storage.read_at(offset, buf).map_err(|source| Error::Io { doing: "reading", offset, source })
    }

    pub(super) fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.storage.write_at(offset, data).map_err(|source| write_error(offset, source))
    }

    pub(super) fn flush(&self) -> Result<(), Error> {
        self.storage.flush().map_err(|source| Error::Io { doing: "flushing", offset: 0, source })
    }

    /// Writes blocks of the copy at `copy`, then flushes.
    pub(super) fn write_blocks(&self, copy: u64, blocks: &[(usize, Box<Block>)]) -> Result<(), Error> {
        for (index, block) in blocks {
            self.write(block_offset(copy, *index), &**block)?;
        }
        self.flush()
    }

    /// Writes a block that each copy holds by itself (state, counters): A, flush, B, flush. Copies that are not ours are left alone.
    ///
    /// One durable copy is enough, for the stricter one counts; the error is that of the last copy if there is none.
    fn write_single(&self, header: &Header, index: usize, block: &Block) -> Result<(), Error> {
        let mut outcome = Err(Error::HeaderCopyMissing);
        for written in self.write_each(header, index, block)? {
            outcome = if outcome.is_ok() { Ok(()) } else { written };
        }
        outcome
    }

    /// The outcome for each copy that is ours.
    fn write_each(&self, header: &Header, index: usize, block: &Block) -> Result<Vec<Result<(), Error>>, Error> {
        self.check_writable()?;
        let ours = copies(header).into_iter().zip(&header.copies).filter(|(_, status)| status.is_ours());
        Ok(ours.map(|(copy, _)| self.write_blocks(copy, &[(index, Box::new(*block))])).collect())
    }

    /// Writes the counters of `header` to both copies; one that is durable is enough to charge an attempt.
    pub(super) fn charge_counters(&self, header: &Header) -> Result<(), Error> {
        self.write_single(header, COUNTERS_BLOCK, &header.counters.encode(header.root.id))
    }

    /// Writes the counters of `header` to both copies. The stricter counts, so one that keeps its value is an error here.
    pub(super) fn refund_counters(&self, header: &Header) -> Result<(), Error> {
        let written = self.write_each(header, COUNTERS_BLOCK, &header.counters.encode(header.root.id))?;
        written.into_iter().collect()
    }

    /// Writes the state of `header` to both copies.
    pub(super) fn write_state(&self, header: &Header) -> Result<(), Error> {
        self.write_single(header, STATE_BLOCK, &header.state.encode(header.root.id))
    }

    /// Makes `next` the header of both copies, A first (format page §6.2). Both must be whole.
    pub(super) fn write_generation(&self, next: &Header) -> Result<(), Error> {
        self.check_writable()?;
        if next.copies.iter().any(|status| *status != CopyStatus::Whole) {
            return Err(Error::HeaderCopyMissing);
        }
        let blocks = next.encode_generation();
        copies(next).into_iter().try_for_each(|copy| self.write_blocks(copy, &blocks))
    }
}

impl Drop for Medium {
    fn drop(&mut self) {
        if self.locked {
            // Nothing can be done about an error here; the lock ends with the storage handle at the latest.
            let _ = self.storage.unlock();
        }
    }
}

/// Where copies A and B begin.
pub(super) fn copies(header: &Header) -> [u64; 2] {
    [COPY_A, header.root.copy_b_offset()]
}

/// Where a block lies, in bytes from the start of the storage.
pub(super) fn block_offset(copy: u64, index: usize) -> u64 {
    copy + index as u64 * BLOCK
}

/// Reads both copies and puts the header together. Takes no lock and writes nothing.
pub(super) fn read_header(storage: &dyn Storage) -> Result<Box<Header>, Error> {
    let length = storage.len().map_err(|source| Error::Io { doing: "asking for the length", offset: 0, source })?;
    let a = read_copy(storage, Some(COPY_A));
    let at_the_end = (length / BLOCK * BLOCK).checked_sub(COPY_LEN);
    let place = a.root().map_or(at_the_end, |root| Some(root.copy_b_offset()));
    let b = read_copy(storage, place);
    let header = Box::new(Header::choose(&a, &b)?);
    let missing = header.root.volume_length().saturating_sub(length);
    if missing > 0 {
        return Err(Error::Damaged(Damage::Truncated { missing }));
    }
    if place != Some(header.root.copy_b_offset()) {
        return Err(Error::Damaged(Damage::Header(crate::format::Defect::VolumeLength)));
    }
    Ok(header)
}

fn read_copy(storage: &dyn Storage, offset: Option<u64>) -> HeaderCopy {
    let Some(offset) = offset else { return HeaderCopy::parse(&[]) };
    let mut bytes = vec![0; USED_LEN];
    let whole = storage.read_at(offset, &mut bytes).is_ok();
    let blocks: Vec<_> = bytes
        .chunks_exact_mut(BLOCK_LEN)
        .zip(0..USED_BLOCKS)
        .map(|(chunk, index)| {
            // One bad sector must not cost the other blocks.
            let readable = whole || storage.read_at(block_offset(offset, index), chunk).is_ok();
            if readable { Box::<Block>::try_from(Box::<[u8]>::from(chunk)).ok() } else { None }
        })
        .collect();
    HeaderCopy::parse(&blocks)
}

fn write_error(offset: u64, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Error::CannotWrite(Some(source)),
        _ => Error::Io { doing: "writing", offset, source },
    }
}

/// Blocks with the root last, so that a copy that is written block by block is not taken for whole before it is.
pub(super) fn root_last(mut blocks: Vec<(usize, Box<Block>)>) -> Vec<(usize, Box<Block>)> {
    blocks.sort_by_key(|(index, _)| (*index == ROOT_BLOCK, *index));
    blocks
}
