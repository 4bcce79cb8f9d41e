//! The locked state: what can be done without keys.

use std::fmt;
use std::sync::Arc;

use super::attempt::{Charged, Due, due};
use super::choice::candidates;
use super::credential::Credential;
use super::erase::{self, ErasedVolume, Scope};
use super::error::Error;
use super::genuine;
use super::info::Info;
use super::keys::Keys;
use super::medium::{Medium, read_header};
use super::memory::{self, Remembered};
use super::options::UnlockOptions;
use super::repair::{self, Notice, RepairReport};
use super::unlocked::Volume;
use crate::format::{Cause, Header, Role, VolumeState};
use crate::storage::Storage;

/// A volume at rest. It holds the lock of its storage, if that can be written.
pub struct LockedVolume {
    pub(super) medium: Medium,
    pub(super) header: Box<Header>,
}

/// What an open finds.
#[derive(Debug)]
pub enum Opened {
    /// A volume that can be unlocked.
    Locked(LockedVolume),
    /// A volume whose key is destroyed.
    Erased(ErasedVolume),
}

impl Opened {
    /// The locked volume.
    ///
    /// # Errors
    /// [`Error::Erased`], with the report.
    pub fn locked(self) -> Result<LockedVolume, Error> {
        match self {
            Self::Locked(volume) => Ok(volume),
            Self::Erased(volume) => Err(Error::Erased(Box::new(volume.into_report()))),
        }
    }
}

/// Why a volume was not unlocked, and what is left of it.
#[derive(Debug)]
pub enum UnlockFailure {
    /// The credential opens no slot. The attempt is charged, if its kind is counted.
    Wrong {
        /// The volume, for the next attempt.
        volume: LockedVolume,
        /// Attempts left on the slot with the fewest it was tried on. 0: that slot is erased,
        /// others remain. `None`: credentials of this kind are not counted.
        remaining: Option<u8>,
        /// Whether the key of the volume is erased at the limit, not just the slot.
        erases_volume: bool,
    },
    /// The limit is reached: the key is destroyed.
    Erased(ErasedVolume),
    /// The attempt was not made, or got no verdict; the error says which.
    Failed {
        /// The volume.
        volume: LockedVolume,
        /// The cause.
        error: Error,
    },
}

impl fmt::Display for UnlockFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong {
                remaining: Some(0), ..
            } => Error::SlotErased.fmt(f),
            Self::Wrong {
                remaining,
                erases_volume,
                ..
            } => Error::WrongCredential {
                remaining: *remaining,
                erases_volume: *erases_volume,
            }
            .fmt(f),
            Self::Erased(volume) => volume.report().fmt(f),
            Self::Failed { error, .. } => error.fmt(f),
        }
    }
}

impl std::error::Error for UnlockFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Failed { error, .. } = self {
            error.source()
        } else {
            None
        }
    }
}

impl From<(LockedVolume, Error)> for UnlockFailure {
    fn from((volume, error): (LockedVolume, Error)) -> Self {
        Self::Failed { volume, error }
    }
}

impl From<UnlockFailure> for Error {
    fn from(failure: UnlockFailure) -> Self {
        match failure {
            UnlockFailure::Wrong {
                remaining: Some(0), ..
            } => Self::SlotErased,
            UnlockFailure::Wrong {
                remaining,
                erases_volume,
                ..
            } => Self::WrongCredential {
                remaining,
                erases_volume,
            },
            UnlockFailure::Erased(volume) => Self::Erased(Box::new(volume.into_report())),
            UnlockFailure::Failed { error, .. } => error,
        }
    }
}

impl LockedVolume {
    /// Opens the volume on `storage` and takes the lock of the storage.
    ///
    /// An erase that was interrupted, or that is due because the attempts on a slot are used up, is
    /// finished first: then the outcome is [`Opened::Erased`]. On storage that cannot be
    /// written nothing is locked or finished, and nothing can be unlocked.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::NotAVolume`], [`Error::NewerFormat`], [`Error::Damaged`],
    /// [`Error::Io`].
    pub fn open(storage: impl Storage + 'static) -> Result<Opened, Error> {
        Self::open_shared(Arc::new(storage))
    }

    /// As [`open`](Self::open), for storage that is shared already.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_shared(storage: Arc<dyn Storage>) -> Result<Opened, Error> {
        settle(Medium::take(storage)?)
    }

    /// What can be known without a key.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::of(&self.header)
    }

    /// Tries a credential and opens the volume with it: a passphrase, a key file, a recovery key, a
    /// private key, an external factor, or several of them together.
    ///
    /// A credential that can be guessed is charged durably before the key derivation starts. The
    /// attempt is refunded if it is right; if it is wrong and was the last one, the slot or the
    /// key is erased before this returns. If the process or the power fails in between, the attempt
    /// stays charged. Costs one Argon2id derivation, however many slots there are.
    ///
    /// A header that was changed by somebody who may not gives [`Error::Damaged`] by name of what was
    /// changed, and nothing is charged.
    ///
    /// # Errors
    /// [`UnlockFailure::Wrong`]: the attempt stays charged, and the volume is there for the next one.
    /// [`UnlockFailure::Erased`]: it was the last one, and the key is destroyed.
    ///
    /// [`UnlockFailure::Failed`], with the volume as it was:
    ///
    /// - nothing was charged: [`Error::CannotWrite`], [`Error::Damaged`] (or the counter was set back,
    ///   where only a key can tell), [`Error::AmbiguousSlot`],
    ///   [`Error::NoMatchingSlot`], [`Error::AttemptReserved`], [`Error::Credential`],
    ///   [`Error::Rollback`], [`Error::Memory`];
    /// - what was charged is taken back, for nothing was learnt: [`Error::External`],
    ///   [`Error::Cancelled`], [`Error::Crypto`] without memory for the derivation;
    /// - the credential is right and the counter set back: [`Error::MustChange`] (see
    ///   [`unlock_and_change`](Self::unlock_and_change)), [`Error::OneTime`] (see
    ///   [`recover`](Self::recover));
    /// - [`Error::Io`]: the charge could not be written, so that nothing was tried.
    pub fn unlock<'a>(
        self,
        credential: impl Into<Credential<'a>>,
    ) -> Result<Volume, UnlockFailure> {
        self.unlock_with(credential, &UnlockOptions::default())
    }

    /// As [`unlock`](Self::unlock), with a say in which slots are meant, who asks, and how.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock).
    pub fn unlock_with<'a>(
        self,
        credential: impl Into<Credential<'a>>,
        options: &UnlockOptions<'_>,
    ) -> Result<Volume, UnlockFailure> {
        let opened = self.open_slot(&credential.into(), options)?;
        match opened.obstacle() {
            Some(error) => Err((opened.volume, error).into()),
            None => Volume::new(opened, options),
        }
    }

    /// Opens the volume and replaces the credential of the slot, before anything else can be done.
    /// Needed where the credential must be changed at the next unlock, possible everywhere.
    ///
    /// # Errors
    /// As [`unlock_with`](Self::unlock_with) and
    /// [`Volume::change_credential`]; if the new credential is refused, the volume stays locked and
    /// the old one in force.
    pub fn unlock_and_change<'a, 'b>(
        self,
        credential: impl Into<Credential<'a>>,
        new: impl Into<Credential<'b>>,
        options: &UnlockOptions<'_>,
    ) -> Result<Volume, UnlockFailure> {
        let opened = self.open_slot(&credential.into(), options)?;
        if let Some(error @ Error::OneTime { .. }) = opened.obstacle() {
            return Err((opened.volume, error).into());
        }
        let volume = Volume::new(opened, options)?;
        match volume.change_credential_with(new, None, &options.derivation) {
            Ok(()) => Ok(volume),
            Err(error) => Err((volume.into_locked(), error).into()),
        }
    }

    /// Tries a credential, counts the attempt, and leaves the volume locked.
    ///
    /// A credential that must be changed, or that opens only once, is right as well: nothing is
    /// changed or spent.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock), without [`Error::MustChange`] and [`Error::OneTime`].
    pub fn try_credential<'a>(
        self,
        credential: impl Into<Credential<'a>>,
        options: &UnlockOptions<'_>,
    ) -> Result<Tried, UnlockFailure> {
        let opened = self.open_slot(&credential.into(), options)?;
        let slot = opened.slot;
        let role = opened.role();
        Ok(Tried {
            slot,
            role,
            notices: opened.notices,
            volume: opened.volume,
        })
    }

    /// Destroys the key of the volume for good. Needs no credential: who can write the medium can
    /// destroy it in any case.
    ///
    /// # Errors
    /// [`Error::CannotWrite`], and nothing has been changed.
    pub fn erase(mut self) -> Result<ErasedVolume, UnlockFailure> {
        if let Err(error) = self.medium.check_writable() {
            return Err((self, error).into());
        }
        Ok(erase::erase_volume(
            &self.medium,
            &mut self.header,
            Cause::Requested,
            Scope::Everything,
        ))
    }

    /// Repairs the header copies from each other, as far as nothing can be lost by it, and says block
    /// by block what it found. Needs no key.
    ///
    /// A copy that something else has overwritten, perhaps a quick format, is written anew: whatever
    /// lies in that MiB now is lost. In a copy that is recognisable, blocks that cannot be read or
    /// are damaged are written. Blocks that are valid and contradict the header that counts are left
    /// to the next unlock, which can tell whether it is genuine.
    ///
    /// # Errors
    /// [`Error::CannotWrite`], [`Error::Damaged`] for a header that was tampered with,
    /// [`Error::Io`]; nothing was written. What failed after that is in the report.
    pub fn repair(mut self) -> Result<Repaired, UnlockFailure> {
        match repair::without_key(&self.medium) {
            Ok((header, report)) => {
                self.header = header;
                Ok(Repaired {
                    volume: self,
                    report,
                })
            }
            Err(error) => Err((self, error).into()),
        }
    }

    /// Reads the header again: somebody without regard for the lock may have changed it.
    fn refresh(self) -> Result<Opened, UnlockFailure> {
        let Self { medium, mut header } = self;
        match read_header(medium.storage()) {
            Ok(found) if found.root.id == header.root.id => {
                // What this process has counted stands, even if its write failed.
                let counted = header.counters;
                header = found;
                header.counters = header.counters.stricter(counted);
                let volume = Self { medium, header };
                Ok(volume.settle())
            }
            Ok(_) => Err((Self { medium, header }, Error::NotAVolume).into()),
            Err(error) => Err((Self { medium, header }, error).into()),
        }
    }

    /// Does what is due before anything else: finishes an erase, or begins one that the counters
    /// demand. Read-only storage stays as it is.
    fn settle(mut self) -> Opened {
        let writable = self.medium.check_writable().is_ok();
        if let Some(record) = &self.header.state.erase {
            let (cause, finished) = (
                record.cause,
                self.header.state.volume == VolumeState::Erased,
            );
            let volume = if finished || !writable {
                ErasedVolume::from_header(&self.header)
            } else {
                erase::erase_volume(&self.medium, &mut self.header, cause, Scope::OurCopies)
            };
            return Opened::Erased(volume);
        }
        match due(&self.header).filter(|_| writable) {
            None => Opened::Locked(self),
            Some(Due::EraseVolume(slot)) => Opened::Erased(self.erase_exhausted(slot)),
            Some(Due::EraseSlots(slots)) => {
                erase::erase_slots(&self.medium, &mut self.header, &slots);
                Opened::Locked(self)
            }
        }
    }

    /// Makes an attempt; on success the keys are there, and nothing else has happened yet.
    pub(super) fn open_slot(
        self,
        credential: &Credential<'_>,
        options: &UnlockOptions<'_>,
    ) -> Result<OpenSlot, UnlockFailure> {
        let mut volume = match self.refresh() {
            Ok(Opened::Locked(volume)) => volume,
            Ok(Opened::Erased(volume)) => return Err(UnlockFailure::Erased(volume)),
            Err(failure) => return Err(failure),
        };
        match volume.attempt(credential, options) {
            Ok(Verdict::Right {
                slot,
                keys,
                notices,
            }) => Ok(OpenSlot {
                volume,
                slot,
                keys: *keys,
                notices,
            }),
            Ok(Verdict::Wrong {
                remaining: Some(0), ..
            }) => Err(volume.give_up()),
            Ok(Verdict::Wrong {
                remaining,
                erases_volume,
            }) => Err(UnlockFailure::Wrong {
                volume,
                remaining,
                erases_volume,
            }),
            Err(error) => Err((volume, error).into()),
        }
    }

    /// Charges, tries, and refunds if right.
    fn attempt(
        &mut self,
        credential: &Credential<'_>,
        options: &UnlockOptions<'_>,
    ) -> Result<Verdict, Error> {
        self.check(options)?;
        let (medium, header) = (&self.medium, &mut self.header);
        let slots = candidates(header, credential, options.choice)?;
        let origin = &options.origin;
        let charged = Charged::charge(medium, header, credential, slots, origin)?;
        let derived = charged.derive(medium, header, credential, &options.derivation)?;
        let mut notices = Vec::new();
        let Some((slot, keys)) = derived.open(header)? else {
            remember(header, options, false, &mut notices);
            return Ok(Verdict::Wrong {
                remaining: derived.remaining(header),
                erases_volume: derived.erases_volume(header),
            });
        };
        if let Err(error) = derived.refund(medium, header, slot, origin) {
            notices.push(Notice::CounterNotReset(error));
        }
        keys.authenticate(header)?;
        repair::after_unlock(medium, header, &mut notices);
        remember(header, options, true, &mut notices);
        Ok(Verdict::Right {
            slot,
            keys: Box::new(keys),
            notices,
        })
    }

    /// Refuses, before anything is charged, a header that was tampered with or put back.
    fn check(&self, options: &UnlockOptions<'_>) -> Result<(), Error> {
        genuine::check(&self.header)?;
        if !options.accept_lost_log {
            genuine::check_log(&self.header)?;
        }
        if let Some(host) = options.memory.as_deref()
            && !options.accept_rollback
        {
            let found = remembered(&self.header);
            memory::check(host, self.header.root.id, found).map_err(Error::Memory)??;
        }
        Ok(())
    }

    /// Acts upon a limit that was reached.
    fn give_up(self) -> UnlockFailure {
        match self.settle() {
            Opened::Erased(volume) => UnlockFailure::Erased(volume),
            Opened::Locked(volume) => UnlockFailure::Wrong {
                volume,
                remaining: Some(0),
                erases_volume: false,
            },
        }
    }

    fn erase_exhausted(mut self, slot: usize) -> ErasedVolume {
        let slot = u8::try_from(slot).unwrap_or(u8::MAX);
        erase::erase_volume(
            &self.medium,
            &mut self.header,
            Cause::AttemptsExhausted { slot },
            Scope::OurCopies,
        )
    }
}

impl fmt::Debug for LockedVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedVolume")
            .field("id", &self.header.root.id)
            .finish_non_exhaustive()
    }
}

/// A credential that was tried and is right; the volume is locked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried {
    /// The volume.
    pub volume: LockedVolume,
    /// Index of the slot that it opens.
    pub slot: usize,
    /// Role of that slot.
    pub role: Role,
    /// What was out of order.
    pub notices: Vec<Notice>,
}

/// A volume after a repair of its header.
#[derive(Debug)]
#[non_exhaustive]
pub struct Repaired {
    /// The volume.
    pub volume: LockedVolume,
    /// What was found and done.
    pub report: RepairReport,
}

/// A slot that has opened.
pub(super) struct OpenSlot {
    pub(super) volume: LockedVolume,
    pub(super) slot: usize,
    pub(super) keys: Keys,
    pub(super) notices: Vec<Notice>,
}

impl OpenSlot {
    pub(super) fn role(&self) -> Role {
        let slot = self.volume.header.slots[self.slot].slot();
        slot.map_or(Role::User, |slot| slot.role)
    }

    /// What keeps the volume closed although the credential is right.
    fn obstacle(&self) -> Option<Error> {
        let (header, slot) = (&self.volume.header, self.slot);
        let must_change = header.slots[slot]
            .slot()
            .is_some_and(|contents| contents.must_change);
        if must_change {
            Some(Error::MustChange { slot })
        } else if self.is_one_time() {
            Some(Error::OneTime { slot })
        } else {
            None
        }
    }

    /// Whether the slot is spent by its use.
    pub(super) fn is_one_time(&self) -> bool {
        self.volume.header.policy.grants[self.slot]
            .as_ref()
            .is_some_and(|grant| grant.flags.one_time)
    }
}

/// What an attempt has shown.
enum Verdict {
    Right {
        slot: usize,
        keys: Box<Keys>,
        notices: Vec<Notice>,
    },
    Wrong {
        remaining: Option<u8>,
        erases_volume: bool,
    },
}

/// What a host remembers of a header.
pub(super) fn remembered(header: &Header) -> Remembered {
    Remembered {
        generation: header.root.generation,
        policy_number: header.policy.number,
        log_sequence: header.log.head(header.root.id).sequence,
    }
}

/// Tells the host what it has seen; `opened` and accepted, an older copy is what counts from now on.
fn remember(header: &Header, options: &UnlockOptions<'_>, opened: bool, notices: &mut Vec<Notice>) {
    let Some(host) = options.memory.as_deref() else {
        return;
    };
    let id = header.root.id;
    let forgotten = if opened && options.accept_rollback {
        host.forget(id).map(drop)
    } else {
        Ok(())
    };
    let mut seen = remembered(header);
    if !opened {
        // A stranger may have written them, and a host that believed him would refuse the true ones.
        (seen.generation, seen.policy_number) = (0, 0);
    }
    if let Err(error) = forgotten.and_then(|()| host.remember(id, seen)) {
        notices.push(Notice::NotRemembered(error));
    }
}

fn settle(medium: Medium) -> Result<Opened, Error> {
    let header = read_header(medium.storage())?;
    Ok(LockedVolume { medium, header }.settle())
}
