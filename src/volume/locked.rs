//! The locked state: what can be done without keys.

use std::fmt;
use std::sync::Arc;

use super::attempt::{Charged, Due, due};
use super::erase::{self, ErasedVolume};
use super::error::{Damage, Error};
use super::info::Info;
use super::keys::Keys;
use super::medium::{Medium, read_header};
use super::repair::{self, Notice};
use super::unlocked::Volume;
use crate::crypto::{Argon2Options, Passphrase};
use crate::format::{Cause, Factor, Header, VolumeState};
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
    /// The locked volume, or the error [`Error::Erased`].
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
    /// The passphrase opens no slot. The attempt is charged.
    Wrong {
        /// The volume, for the next attempt.
        volume: LockedVolume,
        /// Attempts left on the slot with the fewest. 0: that slot is erased, others remain.
        remaining: u8,
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
            Self::Wrong { remaining: 0, .. } => Error::SlotErased.fmt(f),
            Self::Wrong { remaining, .. } => Error::WrongCredential {
                remaining: *remaining,
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
            UnlockFailure::Wrong { remaining: 0, .. } => Self::SlotErased,
            UnlockFailure::Wrong { remaining, .. } => Self::WrongCredential { remaining },
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
    pub fn open_shared(storage: Arc<dyn Storage>) -> Result<Opened, Error> {
        settle(Medium::take(storage)?)
    }

    /// What can be known without a key.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::of(&self.header)
    }

    /// Tries a passphrase and opens the volume with it.
    ///
    /// The attempt is charged durably before the key derivation starts. It is refunded if the
    /// passphrase is right; if it is wrong and was the last one, the key is erased before this
    /// returns. If the process or the power fails in between, the attempt stays charged.
    /// Costs one Argon2id derivation, however many slots there are.
    ///
    /// A right passphrase for a header that was changed by somebody without a key gives
    /// [`Error::Damaged`], and the attempt is refunded.
    pub fn unlock(self, passphrase: &Passphrase) -> Result<Volume, UnlockFailure> {
        self.unlock_with(passphrase, &Argon2Options::default())
    }

    /// As [`unlock`](Self::unlock), with a say in the threads of the derivation, and told of its
    /// progress, which may cancel it.
    ///
    /// A cancelled attempt gives [`Error::Cancelled`] and is taken back, for nothing was learnt.
    pub fn unlock_with(
        self,
        passphrase: &Passphrase,
        options: &Argon2Options<'_>,
    ) -> Result<Volume, UnlockFailure> {
        let mut volume = match self.refresh() {
            Ok(Opened::Locked(volume)) => volume,
            Ok(Opened::Erased(volume)) => return Err(UnlockFailure::Erased(volume)),
            Err(failure) => return Err(failure),
        };
        match volume.attempt(passphrase, options) {
            Ok(Verdict::Right {
                slot,
                keys,
                notices,
            }) => Volume::new(volume, slot, keys, notices),
            Ok(Verdict::Wrong { remaining: 0 }) => Err(volume.give_up()),
            Ok(Verdict::Wrong { remaining }) => Err(UnlockFailure::Wrong { volume, remaining }),
            Err(error) => Err((volume, error).into()),
        }
    }

    /// Tries a passphrase, counts the attempt, and leaves the volume locked.
    pub fn try_passphrase(self, passphrase: &Passphrase) -> Result<Self, UnlockFailure> {
        self.unlock(passphrase)?.lock()
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
        ))
    }

    /// Writes a header copy anew that something else has overwritten, perhaps a quick format:
    /// whatever lies in that MiB now is lost.
    ///
    /// Copies that are damaged but recognisable are repaired by the next unlock, which can tell
    /// whether the header is genuine, and not here.
    ///
    /// # Errors
    /// [`Error::CannotWrite`], [`Error::Io`]; the other copy is as it was.
    pub fn repair(mut self) -> Result<Self, UnlockFailure> {
        match repair::replace_foreign(&self.medium) {
            Ok(header) => {
                self.header = header;
                Ok(self)
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
                erase::erase_volume(&self.medium, &mut self.header, cause)
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

    /// Charges, tries, and refunds if right.
    fn attempt(
        &mut self,
        passphrase: &Passphrase,
        options: &Argon2Options<'_>,
    ) -> Result<Verdict, Error> {
        self.check_grants()?;
        let charged = Charged::charge(&self.medium, &mut self.header)?;
        let derived = charged.derive(&self.medium, &mut self.header, passphrase, options)?;
        let Some((slot, keys)) = derived.open(&self.header)? else {
            return Ok(Verdict::Wrong {
                remaining: derived.remaining(&self.header),
            });
        };
        let mut notices = Vec::new();
        if let Err(error) = derived.refund(&self.medium, &mut self.header, slot) {
            notices.push(Notice::CounterNotReset(error));
        }
        keys.authenticate(&self.header)?;
        repair::after_unlock(&self.medium, &mut self.header, &mut notices);
        Ok(Verdict::Right {
            slot,
            keys,
            notices,
        })
    }

    /// Acts upon a limit that was reached.
    fn give_up(self) -> UnlockFailure {
        match self.settle() {
            Opened::Erased(volume) => UnlockFailure::Erased(volume),
            Opened::Locked(volume) => UnlockFailure::Wrong {
                volume,
                remaining: 0,
            },
        }
    }

    fn erase_exhausted(mut self, slot: usize) -> ErasedVolume {
        let slot = u8::try_from(slot).unwrap_or(u8::MAX);
        erase::erase_volume(
            &self.medium,
            &mut self.header,
            Cause::AttemptsExhausted { slot },
        )
    }

    /// F-82, as far as it can be checked without a key: a passphrase is tried only on slots that
    /// have a matching grant, hence a limit.
    fn check_grants(&self) -> Result<(), Error> {
        for (slot, (block, grant)) in self
            .header
            .slots
            .iter()
            .zip(&self.header.policy.grants)
            .enumerate()
        {
            let Some(contents) = block.slot() else {
                continue;
            };
            let granted = grant.as_ref().is_some_and(|grant| {
                let counted = grant.lockout.is_some()
                    || !contents
                        .factors
                        .iter()
                        .any(|factor| matches!(factor, Factor::Passphrase(_)));
                grant.role == contents.role && grant.id == contents.grant_id && counted
            });
            if !granted {
                return Err(Error::Damaged(Damage::NotGranted { slot }));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for LockedVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedVolume")
            .field("id", &self.header.root.id)
            .finish_non_exhaustive()
    }
}

/// What an attempt has shown.
enum Verdict {
    Right {
        slot: usize,
        keys: Keys,
        notices: Vec<Notice>,
    },
    Wrong {
        remaining: u8,
    },
}

fn settle(medium: Medium) -> Result<Opened, Error> {
    let header = read_header(medium.storage())?;
    Ok(LockedVolume { medium, header }.settle())
}
