//! The locked volume: what can be done without keys, and the attempts to get them.

mod state;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::credential::tenlock_credential;
use super::fault::{Fault, tenlock_error};
use super::info::tenlock_info;
use super::json_header;
use super::memory::{Out, OutHandle};
use super::options::{Unlock, slot_number, tenlock_unlock_options};
use super::report::tenlock_report;
use super::storage::{SharedStorage, tenlock_storage};
use super::table::{self, Handle, exclusive, shared};
use super::text::tenlock_text;
use super::volume::{put_json, tenlock_volume};
use crate::format::VolumeState;
use crate::volume::{LockedVolume, Opened, inspect};
pub(super) use state::LockedState;
use state::{open, put_back, take};

/// At rest; can be unlocked.
pub const TENLOCK_STATE_LOCKED: u32 = 1;
/// The erase of the key has begun and is not finished.
pub const TENLOCK_STATE_ERASING: u32 = 2;
/// The key is destroyed.
pub const TENLOCK_STATE_ERASED: u32 = 3;

/// Any slot that fits: for the functions that say so.
pub const TENLOCK_NO_SLOT: u32 = u32::MAX;

/// A volume at rest, or one whose key is erased. It holds the lock of its storage, if that can be written. One
/// thread at a time; others get TENLOCK_ERROR_HANDLE_IN_USE.
///
/// A call that fails leaves the handle as it is, for the next attempt. After the last one it is an erased
/// volume: unlocking gives TENLOCK_ERROR_ERASED, and there is a report. A successful unlock closes the handle.
pub struct tenlock_locked {
    _private: [u8; 0],
}

impl Handle for tenlock_locked {
    type Content = LockedState;
}

/// Opens the volume on `storage` and takes the lock of the storage. Finishes an erase that was interrupted or
/// is due; an erased volume opens as well, see `tenlock_locked_state`.
///
/// TENLOCK_ERROR_BUSY, _NOT_A_VOLUME, _NEWER_FORMAT, _DAMAGED, _IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_open(
    storage: *const tenlock_storage,
    error: *mut tenlock_error,
    locked: *mut *mut tenlock_locked,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let locked = unsafe { OutHandle::<tenlock_locked>::at(locked) }?;
        let storage = SharedStorage::of(storage)?.0;
        locked.put(match LockedVolume::open_shared(storage)? {
            Opened::Locked(volume) => LockedState::Locked(volume),
            Opened::Erased(volume) => LockedState::Erased(volume),
        });
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Reads the public part of the volume on `storage` without the lock and without writing: it costs no attempt,
/// and works while the volume is in use elsewhere.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_inspect(
    storage: *const tenlock_storage,
    error: *mut tenlock_error,
    info: *mut *mut tenlock_info,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let info = unsafe { OutHandle::<tenlock_info>::at(info) }?;
        info.put(inspect(&SharedStorage::of(storage)?)?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Sets `state` to one of TENLOCK_STATE_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_locked_state(
    locked: *const tenlock_locked,
    error: *mut tenlock_error,
    state: *mut u32,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let state = unsafe { Out::at(state) }?;
        state.put(match &*shared(locked)? {
            LockedState::Locked(_) => TENLOCK_STATE_LOCKED,
            LockedState::Erased(volume) if volume.report().is_verified() => TENLOCK_STATE_ERASED,
            LockedState::Erased(_) => TENLOCK_STATE_ERASING,
        });
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// What can be known without a key. Not authenticated: a stranger's words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_locked_info(
    locked: *const tenlock_locked,
    error: *mut tenlock_error,
    info: *mut *mut tenlock_info,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let info = unsafe { OutHandle::<tenlock_info>::at(info) }?;
        info.put(match &*shared(locked)? {
            LockedState::Locked(volume) => volume.info(),
            LockedState::Erased(volume) => volume.info().clone(),
        });
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// The report of the erase; TENLOCK_ERROR_ARGUMENT if the volume is not erased.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_locked_report(
    locked: *const tenlock_locked,
    error: *mut tenlock_error,
    report: *mut *mut tenlock_report,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let report = unsafe { OutHandle::<tenlock_report>::at(report) }?;
        match &*shared(locked)? {
            LockedState::Erased(volume) => report.put(volume.report().clone()),
            LockedState::Locked(_) => {
                return Err(Fault::new(
                    TENLOCK_ERROR_ARGUMENT,
                    "the volume is not erased",
                ));
            }
        }
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Tries a credential and opens the volume with it. `options` may be NULL.
///
/// A credential that can be guessed is charged durably before the key derivation starts, and refunded if it is
/// right. On success `locked` is closed. TENLOCK_ERROR_WRONG_CREDENTIAL and _SLOT_ERASED: the attempt is
/// charged, and `remaining` in `error` says how many are left; _ERASED: it was the last one. Any other code:
/// no attempt was made, or it is taken back, unless the storage failed or the process was ended in between.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_unlock(
    locked: *mut tenlock_locked,
    credential: *const tenlock_credential,
    options: *const tenlock_unlock_options,
    error: *mut tenlock_error,
    volume: *mut *mut tenlock_volume,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (volume, unlock) = unsafe { (OutHandle::at(volume)?, Unlock::read(options)?) };
        let parts = shared(credential)?;
        let credential = parts.credential()?;
        open(locked, volume, unlock, |locked, options| {
            locked.unlock_with(&credential, options)
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Opens the volume and replaces the credential of the slot, before anything else can be done: needed after
/// TENLOCK_ERROR_MUST_CHANGE. If the new credential is refused the volume stays locked and the old one in
/// force.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_unlock_and_change(
    locked: *mut tenlock_locked,
    credential: *const tenlock_credential,
    new_credential: *const tenlock_credential,
    options: *const tenlock_unlock_options,
    error: *mut tenlock_error,
    volume: *mut *mut tenlock_volume,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (volume, unlock) = unsafe { (OutHandle::at(volume)?, Unlock::read(options)?) };
        let (old, new) = (shared(credential)?, shared(new_credential)?);
        let (old, new) = (old.credential()?, new.credential()?);
        open(locked, volume, unlock, |locked, options| {
            locked.unlock_and_change(&old, &new, options)
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Gives a user's slot a new credential with the key of a recovery slot, and opens the volume as that user.
/// `slot` is TENLOCK_NO_SLOT where there is only one user. A recovery key that opens only once is spent
/// durably before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_recover(
    locked: *mut tenlock_locked,
    recovery: *const tenlock_credential,
    slot: u32,
    new_credential: *const tenlock_credential,
    options: *const tenlock_unlock_options,
    error: *mut tenlock_error,
    volume: *mut *mut tenlock_volume,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (volume, unlock) = unsafe { (OutHandle::at(volume)?, Unlock::read(options)?) };
        let (key, new) = (shared(recovery)?, shared(new_credential)?);
        let (key, new) = (key.credential()?, new.credential()?);
        let slot = (slot != TENLOCK_NO_SLOT).then(|| slot_number(slot));
        open(locked, volume, unlock, |locked, options| {
            locked.recover(&key, slot, &new, options)
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Tries a credential, counts the attempt as `tenlock_unlock` does, and leaves the volume locked. Sets `slot`
/// and `role` to what it opens. Right is also a credential that must be changed, or that opens only once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_try(
    locked: *mut tenlock_locked,
    credential: *const tenlock_credential,
    options: *const tenlock_unlock_options,
    error: *mut tenlock_error,
    slot: *mut u32,
    role: *mut u32,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (slot, role, unlock) =
            unsafe { (Out::at(slot)?, Out::at(role)?, Unlock::read(options)?) };
        let parts = shared(credential)?;
        let credential = parts.credential()?;
        let mut handle = exclusive(locked)?;
        let volume = take(&mut handle)?;
        match unlock.with(|options| volume.try_credential(&credential, options)) {
            Ok(tried) => {
                handle.put(LockedState::Locked(tried.volume));
                unlock.log.tell(&tried.notices);
                slot.put(super::json::number(tried.slot));
                role.put(tried.role as u32);
                Ok(())
            }
            Err(failure) => Err(put_back(&mut handle, failure)),
        }
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Destroys the key of the volume for good; needs no credential. `tenlock_locked_report` says what was verified:
/// where that is not all, opening the volume again tries it again. TENLOCK_ERROR_CANNOT_WRITE: nothing was
/// changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_erase(
    locked: *mut tenlock_locked,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        let mut handle = exclusive(locked)?;
        let volume = take(&mut handle)?;
        match volume.erase() {
            Ok(erased) => {
                handle.put(LockedState::Erased(erased));
                Ok(())
            }
            Err(failure) => Err(put_back(&mut handle, failure)),
        }
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Repairs the header copies from each other, as far as nothing can be lost by it; needs no key. A copy that
/// something else has overwritten, perhaps a quick format, is written anew: whatever lies in that MiB now is
/// lost. What only a key can tell is left to the next unlock. Gives a JSON object with the members
/// `repaired`, `left` and `failed` to `report`, unless that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_repair(
    locked: *mut tenlock_locked,
    error: *mut tenlock_error,
    report: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let report = unsafe { OutHandle::<tenlock_text>::at_unless_null(report) }?;
        let mut handle = exclusive(locked)?;
        let volume = take(&mut handle)?;
        match volume.repair() {
            Ok(repaired) => {
                handle.put(LockedState::Locked(repaired.volume));
                match report {
                    Some(report) => put_json(report, &json_header::repair(&repaired.report)),
                    None => Ok(()),
                }
            }
            Err(failure) => Err(put_back(&mut handle, failure)),
        }
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Closes the volume, gives the lock of its storage back and frees the handle; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_locked_free(locked: *mut tenlock_locked) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(locked)) }
}

const _: () = {
    assert!(TENLOCK_STATE_LOCKED == VolumeState::Locked as u32);
    assert!(TENLOCK_STATE_ERASING == VolumeState::Erasing as u32);
    assert!(TENLOCK_STATE_ERASED == VolumeState::Erased as u32);
};
