//! The unlocked state: its keys, its header, and what may be changed.

use std::fmt;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::attempt::slot_index;
use super::create::slot_for;
use super::cursor::Cursor;
use super::data::Payload;
use super::error::Error;
use super::info::Info;
use super::keys::{Keys, SlotContext, derive};
use super::locked::{LockedVolume, UnlockFailure};
use super::medium::{Medium, read_header};
use super::repair::{self, Notice};
use super::workers::Workers;
use crate::crypto::{Argon2Cost, CryptoError, Passphrase, Secret, fill_random};
use crate::format::{Defect, Factor, Header, PassphraseFactor, Role, SectorSize, Slot, SlotBlock};

/// An open volume. All methods take `&self`, so that many threads can use it at once.
///
/// Dropping it wipes the keys and gives the lock back; what was written and not
/// [flushed](Self::flush) is where the operating system has it.
pub struct Volume {
    // Fields drop in this order: the keys are wiped before the lock is given back.
    payload: Payload,
    keys: Keys,
    slot: usize,
    header: Mutex<Box<Header>>,
    notices: Vec<Notice>,
    medium: Medium,
}

impl Volume {
    /// # Errors
    /// Out of memory.
    pub(super) fn new(
        locked: LockedVolume,
        slot: usize,
        keys: Keys,
        notices: Vec<Notice>,
    ) -> Result<Self, UnlockFailure> {
        let LockedVolume { medium, header } = locked;
        match Payload::new(&header.root, &keys) {
            Ok(payload) => Ok(Self {
                medium,
                payload,
                keys,
                slot,
                header: Mutex::new(header),
                notices,
            }),
            Err(error) => Err(UnlockFailure::Failed {
                volume: LockedVolume { medium, header },
                error: error.into(),
            }),
        }
    }

    /// Length of the payload in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.payload.len()
    }

    /// Whether the payload has no bytes; a volume always has some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of a sector: aligned requests are the fast ones.
    #[must_use]
    pub fn sector_size(&self) -> SectorSize {
        self.payload.sector_size()
    }

    /// Index of the slot that was opened.
    #[must_use]
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Role of the slot that was opened.
    #[must_use]
    pub fn role(&self) -> Role {
        self.header().slots[self.slot]
            .slot()
            .map_or(Role::User, |slot| slot.role)
    }

    /// The public part, authenticated now.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::of(&self.header())
    }

    /// Splits large requests over these threads from now on. Without, all work is done on the
    /// caller's thread.
    #[must_use]
    pub fn with_workers(mut self, workers: Workers) -> Self {
        self.payload.set_workers(workers);
        self
    }

    /// What was out of order when the volume was unlocked.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Fills `buf` from the payload at `offset` (bytes, any alignment and length).
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::Io`], and the contents of `buf` are unspecified.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.payload.read_at(&self.medium, offset, buf)
    }

    /// Writes `data` to the payload at `offset` (bytes, any alignment and length).
    ///
    /// Sectors that are covered in part are read, changed and written back, and no concurrent write
    /// to another part of them is lost. Durable after [`flush`](Self::flush). A power failure
    /// may tear a sector that is being written: XTS has no integrity, so put a file system with
    /// its own checksums over it where that matters.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], nothing written; [`Error::Io`], [`Error::CannotWrite`]: any of the sectors may hold old or new bytes.
    pub fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.payload.write_at(&self.medium, offset, data)
    }

    /// Fills the buffers one after the other from the payload at `offset`.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at); nothing is read if any part is out of range.
    pub fn read_vectored_at(&self, offset: u64, bufs: &mut [IoSliceMut<'_>]) -> Result<(), Error> {
        let lengths = bufs.iter().map(|buf| buf.len());
        self.payload.check_all(offset, lengths)?;
        let mut offset = offset;
        for buf in bufs {
            self.read_at(offset, buf)?;
            offset += buf.len() as u64;
        }
        Ok(())
    }

    /// Writes the buffers one after the other to the payload at `offset`.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at); nothing is written if any part is out of range.
    pub fn write_vectored_at(&self, offset: u64, bufs: &[IoSlice<'_>]) -> Result<(), Error> {
        let lengths = bufs.iter().map(|buf| buf.len());
        self.payload.check_all(offset, lengths)?;
        let mut offset = offset;
        for buf in bufs {
            self.write_at(offset, buf)?;
            offset += buf.len() as u64;
        }
        Ok(())
    }

    /// Returns when everything written before is on the medium.
    ///
    /// # Errors
    /// [`Error::Io`]: any write since the last flush may be lost; write again what matters.
    pub fn flush(&self) -> Result<(), Error> {
        self.medium.flush()
    }

    /// Tells the storage that a range is no longer needed. Whole sectors in it may read as anything
    /// until written again; the bytes of partly covered sectors are kept. The medium shows
    /// which sectors were discarded.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::Io`].
    pub fn discard(&self, offset: u64, length: u64) -> Result<(), Error> {
        self.payload.discard(&self.medium, offset, length)
    }

    /// A view with a position, for code that takes `Read`, `Write` and `Seek`.
    #[must_use]
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(self)
    }

    /// Replaces the passphrase of the slot that was opened. The old one opens nothing any more when
    /// this returns.
    ///
    /// `cost` stays as it is if `None`. An interruption leaves either the old or the new passphrase
    /// in force.
    ///
    /// # Errors
    /// [`Error::HeaderCopyMissing`] and nothing is changed; [`Error::Io`], and either passphrase is
    /// in force.
    pub fn change_passphrase(
        &self,
        new: &Passphrase,
        cost: Option<Argon2Cost>,
    ) -> Result<(), Error> {
        let mut header = self.header();
        *header = self.current_header()?;
        let mut next = header.clone();
        let slot = next.slots[self.slot].slot().ok_or(Error::NoMatchingSlot)?;
        let factor = factor_for(&header, slot, cost)?;
        let output = derive(new, &factor)?;
        let context = SlotContext::of(&header).ok_or(Error::NoMatchingSlot)?;
        let mut renewed = slot_for(slot.role, slot.grant_id, factor)?;
        context.wrap(&mut renewed, slot_index(self.slot), &output, &self.keys)?;
        next.slots[self.slot] = SlotBlock::Used(renewed);
        next.root.generation = next
            .root
            .generation
            .checked_add(1)
            .ok_or(Error::Unreadable(Defect::Generation))?;
        next.renew_sums();
        next.root.mac = self.keys.root_mac(&next)?;
        // On error the next change begins by reading what has come of this one.
        self.medium.write_generation(&next)?;
        *header = next;
        Ok(())
    }

    /// The 64-byte XTS key of the payload, for emergency recovery with other tools. Whoever has it
    /// reads the data, whatever happens to the header.
    pub fn export_key(&self) -> Result<Secret, Error> {
        Ok(self.keys.payload_key(self.header().root.id)?)
    }

    /// Flushes, wipes the keys and gives the locked volume back.
    ///
    /// # Errors
    /// The flush failed; the keys are wiped all the same.
    pub fn lock(self) -> Result<LockedVolume, UnlockFailure> {
        let Self { medium, header, .. } = self;
        let flushed = medium.flush();
        let locked = LockedVolume {
            medium,
            header: header.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        match flushed {
            Ok(()) => Ok(locked),
            Err(error) => Err((locked, error).into()),
        }
    }

    /// The header as it stands on the medium, authenticated, with both copies repaired as far as
    /// they are ours.
    ///
    /// Not the one in memory: a change that failed half way may have brought a new generation to
    /// one copy, and two different headers of one generation would contradict each other for
    /// ever.
    fn current_header(&self) -> Result<Box<Header>, Error> {
        let mut header = read_header(self.medium.storage())?;
        self.keys.authenticate(&header)?;
        repair::after_unlock(&self.medium, &mut header, &mut Vec::new());
        Ok(header)
    }

    fn header(&self) -> MutexGuard<'_, Box<Header>> {
        // A panic while it was held left the old header in place: it is replaced as a whole.
        self.header.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Volume")
            .field("id", &self.header().root.id)
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

/// The same cost and salt as the slots that already have this cost: an attempt stays at one
/// derivation.
fn factor_for(
    header: &Header,
    slot: &Slot,
    cost: Option<Argon2Cost>,
) -> Result<PassphraseFactor, CryptoError> {
    let own = slot.factors.iter().find_map(passphrase_factor);
    let Some(cost) = cost.or_else(|| {
        own.and_then(|own| Argon2Cost::new(own.memory_kib, own.passes, own.lanes).ok())
    }) else {
        return Err(CryptoError::Length);
    };
    let others = header
        .slots
        .iter()
        .filter_map(SlotBlock::slot)
        .flat_map(|slot| &slot.factors)
        .filter_map(passphrase_factor);
    match others.into_iter().find(|known| {
        (known.memory_kib, known.passes, known.lanes)
            == (cost.memory_kib(), cost.passes(), cost.lanes())
    }) {
        Some(shared) => Ok(shared),
        None => new_passphrase_factor(cost),
    }
}

/// A passphrase factor of this cost with a new salt.
pub(super) fn new_passphrase_factor(cost: Argon2Cost) -> Result<PassphraseFactor, CryptoError> {
    let mut salt = [0; 32];
    fill_random(&mut salt)?;
    Ok(PassphraseFactor {
        memory_kib: cost.memory_kib(),
        passes: cost.passes(),
        lanes: cost.lanes(),
        salt,
    })
}

fn passphrase_factor(factor: &Factor) -> Option<PassphraseFactor> {
    if let Factor::Passphrase(passphrase) = factor {
        Some(*passphrase)
    } else {
        None
    }
}
