//! The data path: sectors in, sectors out, and the care for parts of sectors.

use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use zeroize::Zeroizing;

use super::error::Error;
use super::keys::Keys;
use super::medium::Medium;
use super::staging::Staging;
use super::workers::Workers;
use crate::crypto::{self, CryptoError, Xts};
use crate::format::{Root, SectorSize};

/// Requests are cut at multiples of this many bytes, so that each piece is under one lock and its
/// ciphertext stays in the cache.
const PIECE: u64 = 256 << 10;
/// Writes up to this many bytes are encrypted on the stack.
const SMALL: usize = 4096;
/// Pieces share this many locks.
const LOCKS: usize = 64;

/// The payload area under its cipher.
///
/// Writes of whole sectors share the lock of their piece; a write of part of a sector holds it
/// alone while it reads, changes and writes back. So two writers of one sector never lose each
/// other's bytes. Reads take no lock: a read beside a write sees old or new 16-byte blocks,
/// as on any disk.
pub(super) struct Payload {
    cipher: Xts,
    offset: u64,
    length: u64,
    sector: SectorSize,
    locks: [RwLock<()>; LOCKS],
    staging: Staging,
    workers: Workers,
}

impl Payload {
    pub(super) fn new(root: &Root, keys: &Keys) -> Result<Self, CryptoError> {
        Ok(Self {
            cipher: keys.payload_cipher(root.id)?,
            offset: root.payload_offset,
            length: root.payload_length,
            sector: root.sector_size,
            locks: [const { RwLock::new(()) }; LOCKS],
            staging: Staging::new(length(&(0..PIECE))),
            workers: Workers::none(),
        })
    }

    pub(super) fn set_workers(&mut self, workers: Workers) {
        self.workers = workers;
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    pub(super) fn sector_size(&self) -> SectorSize {
        self.sector
    }

    pub(super) fn read_at(
        &self,
        medium: &Medium,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<(), Error> {
        self.check(offset, buf.len() as u64)?;
        let work = |(piece, part): (Range<u64>, &mut [u8])| self.read_piece(medium, &piece, part);
        let mut rest = buf;
        let parts = pieces(offset, rest.len()).map(move |piece| {
            let (part, behind) = std::mem::take(&mut rest).split_at_mut(length(&piece));
            rest = behind;
            (piece, part)
        });
        self.workers.for_each(parts, work)
    }

    pub(super) fn write_at(&self, medium: &Medium, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.check(offset, data.len() as u64)?;
        medium.check_writable()?;
        let part = |piece: &Range<u64>| &data[length(&(offset..piece.start))..][..length(piece)];
        let work = |piece: Range<u64>| self.write_piece(medium, &piece, part(&piece));
        self.workers.for_each(pieces(offset, data.len()), work)
    }

    pub(super) fn discard(&self, medium: &Medium, offset: u64, length: u64) -> Result<(), Error> {
        self.check(offset, length)?;
        medium.check_writable()?;
        let size = u64::from(self.sector.bytes());
        let (start, end) = (
            offset.next_multiple_of(size),
            (offset + length) / size * size,
        );
        if start < end {
            let place = self.offset + start;
            medium
                .storage()
                .discard(place, end - start)
                .map_err(|source| Error::Io {
                    doing: "discarding",
                    offset: place,
                    cause: source,
                })?;
        }
        Ok(())
    }

    /// Refuses a request in parts of which any is outside of the payload.
    pub(super) fn check_all(
        &self,
        offset: u64,
        lengths: impl Iterator<Item = usize>,
    ) -> Result<(), Error> {
        let total = lengths.fold(0u64, |total, length| total.saturating_add(length as u64));
        self.check(offset, total)
    }

    fn check(&self, offset: u64, length: u64) -> Result<(), Error> {
        match offset.checked_add(length) {
            Some(end) if end <= self.length => Ok(()),
            _ => Err(Error::OutOfRange {
                offset,
                length,
                payload_length: self.length,
            }),
        }
    }

    fn read_piece(
        &self,
        medium: &Medium,
        piece: &Range<u64>,
        part: &mut [u8],
    ) -> Result<(), Error> {
        let sectors = self.covering(piece);
        if sectors == *piece {
            medium.read(self.offset + piece.start, part)?;
            self.decrypt(piece.start, part);
        } else {
            let whole = self.read_sectors(medium, &sectors)?;
            part.copy_from_slice(&whole[inside(piece, &sectors)]);
        }
        Ok(())
    }

    fn write_piece(&self, medium: &Medium, piece: &Range<u64>, part: &[u8]) -> Result<(), Error> {
        let sectors = self.covering(piece);
        let lock = self.lock(piece.start);
        if sectors == *piece {
            let _shared = lock.read().unwrap_or_else(PoisonError::into_inner);
            let place = self.offset + piece.start;
            let write = |staged: &mut [u8]| {
                self.cipher
                    .encrypt(self.xts_size(), unit(piece.start), part, staged);
                medium.write(place, staged)
            };
            match part.len() {
                // Small requests: no allocation and no lock but the shared one of the piece.
                0..=SMALL => write(&mut [0; SMALL][..part.len()]),
                len => self.staging.with(len, write),
            }
        } else {
            let _alone = lock.write().unwrap_or_else(PoisonError::into_inner);
            let mut whole = self.read_edges(medium, piece, &sectors)?;
            whole[inside(piece, &sectors)].copy_from_slice(part);
            self.cipher
                .encrypt_in_place(self.xts_size(), unit(sectors.start), &mut whole);
            medium.write(self.offset + sectors.start, &whole)
        }
    }

    /// The plaintext of `sectors` where `piece` will not overwrite it: its first and its last
    /// sector. The rest is left zero.
    fn read_edges(
        &self,
        medium: &Medium,
        piece: &Range<u64>,
        sectors: &Range<u64>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut whole = Zeroizing::new(vec![0; length(sectors)]);
        let size = u64::from(self.sector.bytes());
        let first = sectors.start..sectors.start + size;
        let last = sectors.end - size..sectors.end;
        if first.start < piece.start || last == first {
            whole[inside(&first, sectors)].copy_from_slice(&self.read_sectors(medium, &first)?);
        }
        if last.end > piece.end && last != first {
            whole[inside(&last, sectors)].copy_from_slice(&self.read_sectors(medium, &last)?);
        }
        Ok(whole)
    }

    fn read_sectors(
        &self,
        medium: &Medium,
        sectors: &Range<u64>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut whole = Zeroizing::new(vec![0; length(sectors)]);
        medium.read(self.offset + sectors.start, &mut whole)?;
        self.decrypt(sectors.start, &mut whole);
        Ok(whole)
    }

    fn decrypt(&self, offset: u64, data: &mut [u8]) {
        self.cipher
            .decrypt_in_place(self.xts_size(), unit(offset), data);
    }

    /// The whole sectors in which a range lies.
    fn covering(&self, range: &Range<u64>) -> Range<u64> {
        let size = u64::from(self.sector.bytes());
        range.start / size * size..range.end.next_multiple_of(size)
    }

    fn lock(&self, offset: u64) -> &RwLock<()> {
        let index = usize::try_from(offset / PIECE % LOCKS as u64).unwrap_or_default();
        &self.locks[index]
    }

    fn xts_size(&self) -> crypto::SectorSize {
        match self.sector {
            SectorSize::B512 => crypto::SectorSize::B512,
            SectorSize::B4096 => crypto::SectorSize::B4096,
        }
    }
}

/// Cuts a range at multiples of [`PIECE`]; each part lies under one lock.
fn pieces(offset: u64, len: usize) -> impl ExactSizeIterator<Item = Range<u64>> + Send {
    let end = offset + len as u64;
    let first = offset / PIECE;
    let count = if len == 0 {
        0
    } else {
        (end - 1) / PIECE - first + 1
    };
    // A request lies in memory, so the number of its pieces is one of memory's.
    (0..usize::try_from(count).unwrap_or_default()).map(move |index| {
        let start = (first + index as u64) * PIECE;
        start.max(offset)..end.min(start + PIECE)
    })
}

/// The tweak of the sector at this byte of the payload: the index of the 512-byte unit.
fn unit(offset: u64) -> u64 {
    offset / 512
}

/// Length of a range of bytes that are in memory.
fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or_default()
}

/// Where `inner` lies inside a buffer that holds `outer`.
fn inside(inner: &Range<u64>, outer: &Range<u64>) -> Range<usize> {
    let start = length(&(outer.start..inner.start));
    start..start + length(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_range_and_none_crosses_a_lock() {
        for (offset, len) in [
            (0, 0),
            (0, 1),
            (PIECE - 1, 2),
            (5, 3 << 18),
            (PIECE, 1 << 18),
        ] {
            let parts: Vec<_> = pieces(offset, len).collect();
            assert_eq!(parts.iter().map(length).sum::<usize>(), len);
            assert!(
                parts
                    .iter()
                    .all(|part| part.start / PIECE == (part.end - 1) / PIECE)
            );
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
