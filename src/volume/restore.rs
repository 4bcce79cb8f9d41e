//! Putting a header back from a backup (format page §8.3).
//!
//! Whoever has a backup can write it over a header with any tool; what this software adds is that it
//! does not go back on what the medium says: an erase stays an erase, an erased slot stays erased,
//! and attempts that were used stay used. It also refuses whatever could replace a good header by a
//! worse one unasked.

mod merge;
mod report;
mod write;

use std::sync::Arc;

use super::attempt::{Due, due, is_in_use};
use super::backup::HeaderBackup;
use super::error::Error;
use super::locked::remembered;
use super::medium::{COPY_A, Medium, length, read_copy, read_header};
use super::memory::{self, RollbackMemory};
use super::options::Origin;
use crate::format::{BLOCK_LEN, Defect, Header, Remains, Root, SLOT_COUNT, Seal, VolumeId};
use crate::storage::Storage;
pub use report::{Replaced, RestoreReport};

const BLOCK: u64 = BLOCK_LEN as u64;

/// Whether an older header may replace a newer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfOlder {
    /// Refuse it.
    #[default]
    Refuse,
    /// Put it back: credentials, rules and label are then those of the backup.
    Allow,
}

/// How a header is to be restored.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RestoreOptions {
    /// What to do if the header on the medium, or what this host remembers of it, is newer.
    pub if_older: IfOlder,
    /// Who does it, for the event log.
    pub origin: Origin,
    /// What this host remembers of volumes. It is asked and not told: after an older header was put
    /// back, an unlock has to [accept the
    /// rollback](super::UnlockOptions::accept_rollback).
    pub memory: Option<Arc<dyn RollbackMemory>>,
}

/// Why a backup was not restored. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreRefusal {
    /// The storage holds another volume.
    #[error(
        "the storage holds another volume ({found}) than the backup is of ({backup}): check both paths; if that one is not needed, overwrite its header first"
    )]
    OtherVolume {
        /// The volume on the storage.
        found: VolumeId,
        /// The volume of the backup.
        backup: VolumeId,
    },
    /// The key of the volume was erased, or its attempts are used up.
    #[error(
        "the key of this volume was erased, or is due to be: this software does not bring it back"
    )]
    Erased,
    /// The header on the storage is newer.
    #[error(
        "the header on the storage is newer (generation {found}) than the backup ({backup}): restoring it would bring back old credentials and rules; allow an older one if that is meant"
    )]
    Older {
        /// Generation on the storage.
        found: u64,
        /// Generation in the backup.
        backup: u64,
    },
    /// The storage has not the length of the volume.
    #[error(
        "the storage has {found} bytes and the volume {expected}: check the path; copy the volume to storage of its own length"
    )]
    Length {
        /// Bytes of the storage.
        found: u64,
        /// Bytes of the volume.
        expected: u64,
    },
    /// A header of a newer format is there.
    #[error(
        "the storage holds a header of a newer format than this software reads: {0}; update the software"
    )]
    NewerFormat(Defect),
    /// The header on the storage is another one of the same generation.
    #[error(
        "the header on the storage is another one than the backup of the same generation ({generation}): it was tampered with, or the volume was used in two copies apart; allow an older one to replace it all the same"
    )]
    Diverged {
        /// The generation of both.
        generation: u64,
    },
    /// The storage and the backup cannot both be right.
    #[error(
        "the storage and the backup contradict each other: the volume is the same, and its authority, its layout or its seal is not; one of the two is a forgery; if you are sure of the backup, overwrite the first and the last MiB of the storage first"
    )]
    Contradiction,
    /// A slot has failed as often as the backup allows.
    #[error(
        "slot {slot} has failed as often as the backup allows at most, so that restoring it would erase what it opens: unlock with its credential once, or have an admin reset its attempts, and restore then"
    )]
    LimitReached {
        /// Index of the slot.
        slot: usize,
    },
    /// Every slot of the backup was erased since.
    #[error(
        "nobody could open the volume afterwards: all slots of this backup were erased since it was taken; use a later one"
    )]
    NoWayIn,
}

impl RestoreRefusal {
    /// Name of the variant for programs. Never changes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OtherVolume { .. } => "restore_other_volume",
            Self::Erased => "restore_erased",
            Self::Older { .. } => "restore_older",
            Self::Length { .. } => "restore_length",
            Self::NewerFormat(_) => "restore_newer_format",
            Self::Diverged { .. } => "restore_diverged",
            Self::Contradiction => "restore_contradiction",
            Self::LimitReached { .. } => "restore_limit_reached",
            Self::NoWayIn => "restore_no_way_in",
        }
    }
}

/// Puts the header of a backup on both copies of the volume on `storage`, which may be unreadable.
///
/// Kept from the medium as far as it can be read: the erased slots, the event log, and the counters.
/// Of each slot the fewest attempts count that the medium or the backup leaves. If no counters can be
/// read, one attempt is left, as always. A slot of the backup that was used up on the medium is
/// erased. The count of backups is that of the restored header.
///
/// An interruption leaves the old header or the new one, if the old one could be read and is not of
/// the same generation; otherwise it is to be repeated. A bad sector stops nothing: the report names the blocks that are not there.
///
/// # Errors
/// [`Error::Restore`], [`Error::Rollback`], [`Error::Busy`], [`Error::CannotWrite`] and other
/// refusals: nothing was written. [`Error::Io`]: the new header is not readable; the old one is, if
/// it was and the copy that it was in could be spared.
pub fn restore_header(
    storage: impl Storage + 'static,
    backup: &HeaderBackup,
    options: &RestoreOptions,
) -> Result<RestoreReport, Error> {
    let medium = Medium::take(Arc::new(storage))?;
    medium.check_writable()?;
    let target = Target::look(&medium, &backup.header)?;
    target.check_age(&backup.header, options)?;
    let next = target.merge(&backup.header, &options.origin)?;
    target.write(&medium, &next, backup)
}

/// The storage as it was found.
struct Target {
    /// The header, if it could be read.
    header: Option<Box<Header>>,
    remains: Remains,
}

impl Target {
    /// Looks at the storage, and refuses it if it is not to be touched.
    fn look(medium: &Medium, backup: &Header) -> Result<Self, Error> {
        let (storage, root) = (medium.storage(), &backup.root);
        let (found, expected) = (length(storage)?, root.volume_length());
        if found / BLOCK * BLOCK != expected {
            return Err(RestoreRefusal::Length { found, expected }.into());
        }
        let places = [COPY_A, root.copy_b_offset()];
        let [a, b] = places.map(|place| read_copy(storage, place));
        let target = Self {
            header: read_header(storage).ok(),
            remains: Remains::of([&a, &b], root.id),
        };
        target.check_identity(root.id)?;
        target.check_agreement(backup)?;
        Ok(target)
    }

    /// Refuses other volumes, newer formats and what was erased.
    fn check_identity(&self, id: VolumeId) -> Result<(), RestoreRefusal> {
        let remains = &self.remains;
        let readable = self.header.as_ref().map(|header| header.root.id);
        let strange = readable.or(remains.other.filter(|_| !remains.found));
        if let Some(found) = strange.filter(|found| *found != id) {
            return Err(RestoreRefusal::OtherVolume { found, backup: id });
        }
        if let Some(defect) = remains.newer {
            return Err(RestoreRefusal::NewerFormat(defect));
        }
        if remains.is_erased() {
            return Err(RestoreRefusal::Erased);
        }
        Ok(())
    }

    /// Refuses a backup that cannot be of the volume as it is there.
    ///
    /// A root that names the same authority vouches for the backup, which that authority has signed.
    /// Without one the seal has to, which never changes and is the same in every backup.
    fn check_agreement(&self, backup: &Header) -> Result<(), RestoreRefusal> {
        let same_layout = |root: &Root| root.static_bytes() == backup.root.static_bytes();
        let same_seal = |seal: &Seal| self.remains.agrees_with(seal);
        let agrees = match self.remains.roots.as_slice() {
            [] => backup.seal.as_ref().is_some_and(same_seal),
            roots => roots.iter().all(same_layout),
        };
        if agrees {
            Ok(())
        } else {
            Err(RestoreRefusal::Contradiction)
        }
    }

    /// Refuses an older header unless it is meant.
    fn check_age(&self, backup: &Header, options: &RestoreOptions) -> Result<(), Error> {
        if options.if_older == IfOlder::Allow {
            return Ok(());
        }
        if let Some(header) = &self.header
            && header.root.generation == backup.root.generation
            && header.root != backup.root
        {
            let generation = header.root.generation;
            return Err(RestoreRefusal::Diverged { generation }.into());
        }
        if let Some(header) = &self.header
            && (header.root.generation > backup.root.generation
                || header.policy.number > backup.policy.number)
        {
            return Err(RestoreRefusal::Older {
                found: header.root.generation,
                backup: backup.root.generation,
            }
            .into());
        }
        if let Some(host) = options.memory.as_deref() {
            // The log is that of the medium, as far as there is one.
            let mut seen = remembered(backup);
            seen.log_sequence = u64::MAX;
            memory::check(host, backup.root.id, seen).map_err(Error::Memory)??;
        }
        Ok(())
    }
}

/// The slots whose attempts are used up; refuses if the volume's are.
fn exhausted(header: &Header) -> Result<Vec<usize>, RestoreRefusal> {
    match due(header) {
        None => Ok(Vec::new()),
        Some(Due::EraseSlots(slots)) => Ok(slots),
        Some(Due::EraseVolume(_)) => Err(RestoreRefusal::Erased),
    }
}

/// Whether anybody can open the volume.
fn has_way_in(header: &Header) -> bool {
    (0..SLOT_COUNT).any(|slot| is_in_use(header, slot))
}
