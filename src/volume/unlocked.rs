//! The unlocked state: its keys, its header, and what may be changed.

use std::fmt;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cursor::Cursor;
use super::data::Payload;
use super::error::Error;
use super::event::EventKind;
use super::genuine;
use super::info::Info;
use super::keys::Keys;
use super::locked::{LockedVolume, OpenSlot, UnlockFailure, remembered};
use super::log::{self, EventLog};
use super::medium::{Medium, read_header};
use super::memory::RollbackMemory;
use super::options::{Origin, UnlockOptions};
use super::repair::{self, Notice};
use super::workers::Workers;
use crate::crypto::{Secret, SigningKey};
use crate::format::{Header, Role, SectorSize};

/// An open volume. All methods take `&self`, so that many threads can use it at once.
///
/// Dropping it wipes the keys and gives the lock back; what was written and not
/// [flushed](Self::flush) is where the operating system has it.
pub struct Volume {
    // Fields drop in this order: the keys are wiped before the lock is given back.
    payload: Payload,
    keys: Keys,
    slot: usize,
    role: Role,
    read_only: bool,
    header: Mutex<Box<Header>>,
    notices: Mutex<Vec<Notice>>,
    origin: Origin,
    /// Whether records of the log may be lost that an admin has seen.
    accepts_lost_log: bool,
    memory: Option<Arc<dyn RollbackMemory>>,
    medium: Medium,
}

impl Volume {
    /// # Errors
    /// Out of memory.
    pub(super) fn new(
        opened: OpenSlot,
        options: &UnlockOptions<'_>,
    ) -> Result<Self, UnlockFailure> {
        let role = opened.role();
        let OpenSlot {
            volume: LockedVolume { medium, header },
            slot,
            keys,
            notices,
        } = opened;
        match Payload::new(&header.root, &keys) {
            Ok(payload) => Ok(Self {
                medium,
                payload,
                keys,
                slot,
                role,
                read_only: is_read_only(&header, slot),
                header: Mutex::new(header),
                notices: Mutex::new(notices),
                origin: options.origin.clone(),
                accepts_lost_log: options.accept_lost_log,
                memory: options.memory.clone(),
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
        self.role
    }

    /// Whether the slot that was opened may only read.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only
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

    /// Takes what was found out of order since it was last asked, first when the volume was unlocked.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
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
    /// [`Error::OutOfRange`], [`Error::ReadOnly`], nothing written; [`Error::Io`], [`Error::CannotWrite`]: any of the sectors may hold old or new bytes.
    pub fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.check_may_write()?;
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
    /// [`Error::OutOfRange`], [`Error::ReadOnly`], [`Error::CannotWrite`]: nothing was discarded.
    /// [`Error::Io`]: the whole sectors of the range may read as before or as anything.
    pub fn discard(&self, offset: u64, length: u64) -> Result<(), Error> {
        self.check_may_write()?;
        self.payload.discard(&self.medium, offset, length)
    }

    /// A view with a position, for code that takes `Read`, `Write` and `Seek`.
    #[must_use]
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(self)
    }

    /// The 64-byte XTS key of the payload, for emergency recovery with other tools. Whoever has it
    /// reads the data, whatever happens to the header. For admins and escrow; recorded in the event
    /// log.
    ///
    /// # Errors
    /// [`Error::NotPermitted`]; out of memory.
    pub fn export_key(&self) -> Result<Secret, Error> {
        self.check_role("export the key", &[Role::Admin, Role::Escrow])?;
        let key = self.keys.payload_key(self.header().root.id)?;
        // In an emergency the header may be what is failing.
        let _ = self.record(EventKind::KeyExported);
        Ok(key)
    }

    /// The event log: the last 168 events at most, oldest first. Admins only.
    ///
    /// It tells what honest software did: adding a record takes no secret, and records after the last
    /// change of an admin can be cut off. What is missing up to there is in [`EventLog::faults`].
    /// Escape host and agent of an event when printing.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::Damaged`], [`Error::Io`]; out of memory. The log stays as it is.
    pub fn event_log(&self) -> Result<EventLog, Error> {
        let refused = Error::NotPermitted {
            role: self.role,
            operation: "read the event log",
        };
        // Held meanwhile: a copy that a change is writing must not be taken for a damaged one and
        // be repaired.
        let header = self.current_header()?;
        log::read(&header, &self.keys)?.ok_or(refused)
    }

    /// Flushes, wipes the keys and gives the locked volume back.
    ///
    /// # Errors
    /// The flush failed; the keys are wiped all the same.
    pub fn lock(self) -> Result<LockedVolume, UnlockFailure> {
        let flushed = self.medium.flush();
        let locked = self.into_locked();
        match flushed {
            Ok(()) => Ok(locked),
            Err(error) => Err((locked, error).into()),
        }
    }

    /// Wipes the keys.
    pub(super) fn into_locked(self) -> LockedVolume {
        let Self { medium, header, .. } = self;
        LockedVolume {
            medium,
            header: header.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Goes on as the holder of another slot.
    pub(super) fn become_holder(&mut self, slot: usize, role: Role, holder: SigningKey) {
        let read_only = is_read_only(&self.header(), slot);
        self.read_only = read_only;
        self.keys.set_holder(holder);
        (self.slot, self.role) = (slot, role);
    }

    /// The header as it stands on the medium, genuine, with both copies repaired as far as they
    /// are ours. Nobody else changes it while the guard lives.
    ///
    /// Not the one in memory: a change that failed half way may have brought a new generation to
    /// one copy, and two different headers of one generation would contradict each other for
    /// ever.
    pub(super) fn current_header(&self) -> Result<MutexGuard<'_, Box<Header>>, Error> {
        let mut current = self.header();
        let mut header = read_header(self.medium.storage())?;
        genuine::check(&header)?;
        if !self.accepts_lost_log {
            genuine::check_log(&header)?;
        }
        self.keys.authenticate(&header)?;
        let mut notices = Vec::new();
        repair::after_unlock(&self.medium, &mut header, &mut notices);
        self.add_notices(notices);
        *current = header;
        Ok(current)
    }

    /// Tells the host how far the volume is.
    pub(super) fn remember(&self, header: &Header) {
        if let Some(host) = &self.memory
            && let Err(error) = host.remember(header.root.id, remembered(header))
        {
            self.add_notices(vec![Notice::NotRemembered(error)]);
        }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn medium(&self) -> &Medium {
        &self.medium
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    fn check_may_write(&self) -> Result<(), Error> {
        if self.read_only {
            Err(Error::ReadOnly)
        } else {
            Ok(())
        }
    }

    fn add_notices(&self, notices: Vec<Notice>) {
        let mut all = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(notices);
    }

    pub(super) fn header(&self) -> MutexGuard<'_, Box<Header>> {
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

fn is_read_only(header: &Header, slot: usize) -> bool {
    header.policy.grants[slot]
        .as_ref()
        .is_some_and(|grant| grant.flags.read_only)
}
