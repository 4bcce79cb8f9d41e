//! The storage of one volume under its lock, and the header on it: reading, writing, write order.

use std::fs::TryLockError;
use std::io;
use std::sync::Arc;

use super::error::{Damage, Error};
use crate::format::{
    BLOCK_LEN, Block, COPY_LEN, COUNTERS_BLOCK, CopyStatus, Defect, Header, HeaderCopy,
    LOG_FIRST_BLOCK, ROOT_BLOCK, Root, STATE_BLOCK, USED_BLOCKS, USED_LEN,
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
    /// Takes the lock of storage that can be written. Storage that cannot is not locked: nothing
    /// will be changed through it.
    pub(super) fn take(storage: Arc<dyn Storage>) -> Result<Self, Error> {
        let locked = storage.is_writable();
        if locked {
            storage.try_lock().map_err(|error| match error {
                TryLockError::WouldBlock => Error::Busy,
                TryLockError::Error(source) => Error::Io {
                    doing: "locking",
                    offset: 0,
                    cause: source,
                },
            })?;
        }
        Ok(Self { storage, locked })
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Refuses storage that cannot be written.
    pub(super) fn check_writable(&self) -> Result<(), Error> {
        if self.locked {
            Ok(())
        } else {
            Err(Error::CannotWrite(None))
        }
    }

    pub(super) fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.storage
            .read_at(offset, buf)
            .map_err(|source| Error::Io {
                doing: "reading",
                offset,
                cause: source,
            })
    }

    pub(super) fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.storage
            .write_at(offset, data)
            .map_err(|source| write_error(offset, source))
    }

    pub(super) fn flush(&self) -> Result<(), Error> {
        self.storage.flush().map_err(|source| Error::Io {
            doing: "flushing",
            offset: 0,
            cause: source,
        })
    }

    /// Writes blocks of the copy at `copy`, then flushes.
    pub(super) fn write_blocks(
        &self,
        copy: u64,
        blocks: &[(usize, Box<Block>)],
    ) -> Result<(), Error> {
        for (index, block) in blocks {
            self.write(block_offset(copy, *index), &**block)?;
        }
        self.flush()
    }

    /// Writes the counters of `header`, and the log block of a record, to the copies that are ours:
    /// A, flush, B, flush. Says whether the record was written.
    ///
    /// For a charge. One durable copy is enough, for the stricter one counts.
    pub(super) fn write_counters(
        &self,
        header: &Header,
        record: Option<LogPlace>,
    ) -> Result<bool, Error> {
        self.check_writable()?;
        let (written, outcomes) = self.write_counters_each(header, record);
        any(outcomes).map(|()| written)
    }

    /// As [`write_counters`](Self::write_counters), but a success only if all of them were written:
    /// for a refund, which the stricter copy would undo.
    pub(super) fn write_counters_everywhere(
        &self,
        header: &Header,
        record: Option<LogPlace>,
    ) -> Result<bool, Error> {
        self.check_writable()?;
        let (written, outcomes) = self.write_counters_each(header, record);
        outcomes
            .into_iter()
            .collect::<Result<(), _>>()
            .map(|()| written)
    }

    /// Writes the log block of a record to the copies that are ours, and says whether any has it.
    pub(super) fn write_record(&self, header: &Header, record: LogPlace) -> bool {
        let mut written = false;
        for copy in ours_worst_first(header, record.block()) {
            let put = self.put_record(header, copy, Some(record));
            written |= self.flush().is_ok() && put;
        }
        written
    }

    /// Writes the state of `header` to the copies that are ours. One durable copy is enough, for
    /// the one furthest on counts.
    pub(super) fn write_state(&self, header: &Header) -> Result<(), Error> {
        self.check_writable()?;
        let block = header.state.encode(header.root.id);
        let outcomes = ours_worst_first(header, STATE_BLOCK)
            .into_iter()
            .map(|copy| self.write_blocks(copy, &[(STATE_BLOCK, block.clone())]))
            .collect();
        any(outcomes)
    }

    /// Makes `next` the header of both copies, A first, with the log block of the record that tells
    /// of it (format page §6.2). Both must be whole. Says whether the record was written.
    pub(super) fn write_generation(
        &self,
        next: &Header,
        record: Option<LogPlace>,
    ) -> Result<bool, Error> {
        self.check_writable()?;
        if !next.copies.iter().all(CopyStatus::is_safe) {
            return Err(Error::HeaderCopyMissing);
        }
        next.check().map_err(Error::Unreadable)?;
        let blocks = next.encode_generation();
        let mut written = false;
        for copy in copies(next) {
            let (put, outcome) = self.write_with_record(next, copy, record, &blocks);
            written |= put;
            outcome?;
        }
        Ok(written)
    }

    /// Says whether the record was written, and what became of the counters of each copy.
    fn write_counters_each(
        &self,
        header: &Header,
        record: Option<LogPlace>,
    ) -> (bool, Vec<Result<(), Error>>) {
        let block = [(COUNTERS_BLOCK, header.counters.encode(header.root.id))];
        let mut written = record.is_some_and(|record| self.mend_record(header, record));
        let outcomes = ours_worst_first(header, COUNTERS_BLOCK)
            .into_iter()
            .map(|copy| {
                let (put, outcome) = self.write_with_record(header, copy, record, &block);
                written |= put;
                outcome
            })
            .collect();
        (written, outcomes)
    }

    /// Writes blocks to the copy at `copy` together with the log block of a record, then flushes. Says
    /// whether the record was written.
    ///
    /// Where the flush fails, the bad sector may be the record's: without it, everything is written
    /// again.
    fn write_with_record(
        &self,
        header: &Header,
        copy: u64,
        record: Option<LogPlace>,
        blocks: &[(usize, Box<Block>)],
    ) -> (bool, Result<(), Error>) {
        let put = self.put_record(header, copy, record);
        match self.write_blocks(copy, blocks) {
            Err(_) if put => (false, self.write_blocks(copy, blocks)),
            outcome => (put && outcome.is_ok(), outcome),
        }
    }

    /// Writes the log block of a record to the copies in which it is damaged, before it is
    /// overwritten where it is whole. Says whether any has it then.
    fn mend_record(&self, header: &Header, record: LogPlace) -> bool {
        let damaged = ours_with_status(header)
            .filter(|(_, status)| is_damaged(status, record.block()))
            .map(|(copy, _)| copy);
        let mut written = false;
        for copy in damaged {
            let put = self.put_record(header, copy, Some(record));
            written |= self.flush().is_ok() && put;
        }
        written
    }

    /// Writes the log block of a record without a flush, and says whether it could. A record that
    /// cannot be written is in nobody's way.
    fn put_record(&self, header: &Header, copy: u64, record: Option<LogPlace>) -> bool {
        record.is_some_and(|record| {
            let block = header.log.encode_block(header.root.id, record.0);
            self.write(block_offset(copy, record.block()), &*block)
                .is_ok()
        })
    }
}

/// The block of the event log, counted within the log, in which a new record is.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogPlace(pub(super) usize);

impl LogPlace {
    /// Its number in a header copy.
    fn block(self) -> usize {
        LOG_FIRST_BLOCK + self.0
    }
}

/// Where the copies begin that are ours, those first in which `block` is damaged.
///
/// A block that is whole in one copy only must not be overwritten there while it is the only one: two
/// power cuts in a row would lose it.
fn ours_worst_first(header: &Header, block: usize) -> Vec<u64> {
    let mut found: Vec<_> = ours_with_status(header).collect();
    found.sort_by_key(|(_, status)| !is_damaged(status, block));
    found.into_iter().map(|(copy, _)| copy).collect()
}

fn ours_with_status(header: &Header) -> impl Iterator<Item = (u64, &CopyStatus)> {
    copies(header)
        .into_iter()
        .zip(&header.copies)
        .filter(|(_, status)| status.is_ours())
}

fn is_damaged(status: &CopyStatus, block: usize) -> bool {
    matches!(status, CopyStatus::Damaged(defects) if defects.iter().any(|(found, _)| *found == block))
}

impl Drop for Medium {
    fn drop(&mut self) {
        if self.locked {
            // Nothing can be done about an error here; the lock ends with the storage handle at the
            // latest.
            let _ = self.storage.unlock();
        }
    }
}

/// A success if there is one, else the first error.
fn any(outcomes: Vec<Result<(), Error>>) -> Result<(), Error> {
    if outcomes.iter().any(Result::is_ok) {
        Ok(())
    } else {
        outcomes.into_iter().collect()
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
    let length = length(storage)?;
    let a = CopyRead::at(storage, COPY_A);
    let named = a.copy.root().ok().map(Root::copy_b_offset);
    let at_the_end = copy_b_at_the_end(length);
    // Where A says, and else at the end: a strange root in A must not hide a whole B.
    let places = [named, at_the_end.filter(|place| named != Some(*place))];
    let mut outcome = None;
    for place in places.into_iter().flatten() {
        let found = assemble(&a, &CopyRead::at(storage, place), place, length);
        if found.is_ok() {
            return found;
        }
        outcome = outcome.or(Some(found));
    }
    // Too short for a copy B: whatever A is, it is not a volume, but perhaps a newer one.
    outcome.unwrap_or_else(|| {
        let alone = Header::choose(&a.copy, &HeaderCopy::parse(&[]));
        Err(alone.err().map_or(Error::NotAVolume, Error::from))
    })
}

/// The blocks of the copy at `offset` as far as they can be read.
pub(super) fn read_copy(storage: &dyn Storage, offset: u64) -> HeaderCopy {
    CopyRead::at(storage, offset).copy
}

/// Length of the storage in bytes.
pub(super) fn length(storage: &dyn Storage) -> Result<u64, Error> {
    storage.len().map_err(|source| Error::Io {
        doing: "asking for the length",
        offset: 0,
        cause: source,
    })
}

/// Where copy B begins of a volume that takes up the whole storage.
pub(super) fn copy_b_at_the_end(length: u64) -> Option<u64> {
    (length / BLOCK * BLOCK).checked_sub(COPY_LEN)
}

/// One copy as far as the storage gave it.
struct CopyRead {
    copy: HeaderCopy,
    /// The first failure of the storage, if a block is missing because of one.
    failure: Option<(Arc<io::Error>, u64)>,
}

impl CopyRead {
    fn at(storage: &dyn Storage, offset: u64) -> Self {
        let mut bytes = vec![0; USED_LEN];
        let whole = storage.read_at(offset, &mut bytes).is_ok();
        let mut failure = None;
        let mut blocks = Vec::with_capacity(USED_BLOCKS);
        for (index, chunk) in bytes.chunks_exact_mut(BLOCK_LEN).enumerate() {
            let place = block_offset(offset, index);
            // One bad sector must not cost the other blocks.
            match if whole {
                Ok(())
            } else {
                storage.read_at(place, chunk)
            } {
                Ok(()) => blocks.push(Box::<Block>::try_from(Box::<[u8]>::from(chunk)).ok()),
                Err(error) => {
                    let past_the_end = error.kind() == io::ErrorKind::UnexpectedEof;
                    failure = failure.or_else(|| (!past_the_end).then(|| (Arc::new(error), place)));
                    blocks.push(None);
                }
            }
        }
        Self {
            copy: HeaderCopy::parse(&blocks),
            failure,
        }
    }
}

fn assemble(a: &CopyRead, b: &CopyRead, place: u64, length: u64) -> Result<Box<Header>, Error> {
    let header = match (
        Header::choose(&a.copy, &b.copy),
        a.failure.as_ref().or(b.failure.as_ref()),
    ) {
        (Ok(header), _) => Box::new(header),
        (Err(_), _) if missing(a, b, length) > 0 => {
            return Err(Error::Damaged(Damage::Truncated {
                missing: missing(a, b, length),
            }));
        }
        // Nothing can be said of a volume that could not be read.
        (Err(_), Some((error, offset))) => {
            return Err(Error::Io {
                doing: "reading the header",
                offset: *offset,
                cause: again(error),
            });
        }
        (Err(error), None) => return Err(error.into()),
    };
    match header.root.volume_length().saturating_sub(length) {
        0 => {}
        missing => return Err(Error::Damaged(Damage::Truncated { missing })),
    }
    if place != header.root.copy_b_offset() {
        return Err(Error::Damaged(Damage::Header(Defect::VolumeLength)));
    }
    Ok(header)
}

/// An error that is wanted more than once.
fn again(error: &Arc<io::Error>) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), Arc::clone(error)),
    }
}

/// How many bytes the storage lacks by the first valid root.
fn missing(a: &CopyRead, b: &CopyRead, length: u64) -> u64 {
    let root = [a, b].into_iter().find_map(|read| read.copy.root().ok());
    root.map_or(0, |root| root.volume_length().saturating_sub(length))
}

fn write_error(offset: u64, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::CannotWrite(Some(source))
        }
        _ => Error::Io {
            doing: "writing",
            offset,
            cause: source,
        },
    }
}

/// Blocks with the root last, so that a copy that is written block by block is not taken for whole
/// before it is.
pub(super) fn root_last(mut blocks: Vec<(usize, Box<Block>)>) -> Vec<(usize, Box<Block>)> {
    blocks.sort_by_key(|(index, _)| (*index == ROOT_BLOCK, *index));
    blocks
}
