//! What is in the handle of a locked volume, and how it goes out and comes back.

use super::super::code::tenlock_code::TENLOCK_ERROR_ERASED;
use super::super::fault::Fault;
use super::super::memory::OutHandle;
use super::super::options::Unlock;
use super::super::table::{Exclusive, exclusive};
use super::super::volume::{OpenVolume, tenlock_volume};
use super::tenlock_locked;
use crate::volume::{ErasedVolume, Error, LockedVolume, UnlockFailure, UnlockOptions, Volume};

/// What is in a handle to a locked volume.
pub(in crate::ffi) enum LockedState {
    /// It can be unlocked.
    Locked(LockedVolume),
    /// It cannot any more.
    Erased(ErasedVolume),
}

/// Opens the volume with `attempt`; on failure what is left of it goes back into the handle.
pub(super) fn open(
    locked: *mut tenlock_locked,
    to: OutHandle<tenlock_volume>,
    unlock: Unlock,
    attempt: impl FnOnce(LockedVolume, &UnlockOptions<'_>) -> Result<Volume, UnlockFailure>,
) -> Result<(), Fault> {
    let mut handle = exclusive(locked)?;
    let volume = take(&mut handle)?;
    match unlock.with(|options| attempt(volume, options)) {
        Ok(volume) => {
            handle.close();
            to.put(OpenVolume::new(
                volume.with_workers(unlock.workers),
                unlock.log,
            ));
            Ok(())
        }
        Err(failure) => Err(put_back(&mut handle, failure)),
    }
}

pub(super) fn take(handle: &mut Exclusive<tenlock_locked>) -> Result<LockedVolume, Fault> {
    if let LockedState::Erased(volume) = handle.content()? {
        return Err(Error::Erased(Box::new(volume.report().clone())).into());
    }
    match handle.take()? {
        LockedState::Locked(volume) => Ok(volume),
        LockedState::Erased(_) => Err(TENLOCK_ERROR_ERASED.into()),
    }
}

pub(super) fn put_back(handle: &mut Exclusive<tenlock_locked>, failure: UnlockFailure) -> Fault {
    match failure {
        UnlockFailure::Wrong {
            volume,
            remaining,
            erases_volume,
        } => {
            handle.put(LockedState::Locked(volume));
            match remaining {
                Some(0) => Error::SlotErased,
                _ => Error::WrongCredential {
                    remaining,
                    erases_volume,
                },
            }
            .into()
        }
        UnlockFailure::Erased(volume) => {
            let report = Box::new(volume.report().clone());
            handle.put(LockedState::Erased(volume));
            Error::Erased(report).into()
        }
        UnlockFailure::Failed { volume, error } => {
            handle.put(LockedState::Locked(volume));
            error.into()
        }
    }
}
