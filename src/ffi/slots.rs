//! Slots: who can open a volume.

use std::ffi::c_char;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::credential::tenlock_credential;
use super::fault::{Fault, tenlock_error};
use super::memory::{self, Out, Versioned};
use super::options::{Progress, cost, role, slot_number, tenlock_progress};
use super::table::shared;
use super::volume::{tenlock_volume, with};
use crate::format::{Action, MAX_ATTEMPTS, Role};
use crate::volume::{NewSlot, Removal};

/// At the limit of attempts the slot is erased; others still open.
pub const TENLOCK_ACTION_ERASE_SLOT: u32 = 1;
/// At the limit of attempts the key of the volume is destroyed.
pub const TENLOCK_ACTION_ERASE_VOLUME: u32 = 2;

const _: () = {
    assert!(TENLOCK_ACTION_ERASE_SLOT == Action::EraseSlot as u32);
    assert!(TENLOCK_ACTION_ERASE_VOLUME == Action::EraseVolume as u32);
};

/// What a new slot is to be like. Zero is the default of every member but the role. All is copied.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_slot_options {
    /// Size of this struct.
    pub size: usize,
    /// Name for people, at most 32 bytes; anybody can read it.
    pub name: *const c_char,
    /// One of TENLOCK_ROLE_*.
    pub role: u32,
    /// 1: the slot is to be the one in `index`; 0: the first that is free.
    pub has_index: u32,
    /// 0 to 31.
    pub index: u32,
    /// Consecutive failed attempts that are allowed, 1 to 10; 0 for 10. Not for recovery and escrow.
    pub attempt_limit: u32,
    /// One of TENLOCK_ACTION_*; 0: an admin's erases the volume, a user's itself.
    pub action: u32,
    /// 1: the credential has to be replaced at the next unlock.
    pub must_change: u32,
    /// 1: it may only read.
    pub read_only: u32,
    /// 1: its first use spends it; recovery only.
    pub one_time: u32,
    /// 1: an admin has to allow the last attempt.
    pub last_attempt_reserved: u32,
    /// Cost of the key derivation: memory in KiB. The three of it are 0 for that of the other slots.
    pub kdf_memory_kib: u32,
    /// Cost of the key derivation: passes.
    pub kdf_passes: u32,
    /// Cost of the key derivation: lanes.
    pub kdf_lanes: u32,
}

// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_slot_options {}

/// Grants a new slot to whoever presents `credential`, and sets `slot` to its index. Admins only. `progress` may
/// be NULL. TENLOCK_ERROR_IO: the slot is there or not; any other error: nothing was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_add_slot(
    volume: *const tenlock_volume,
    options: *const tenlock_slot_options,
    credential: *const tenlock_credential,
    progress: *const tenlock_progress,
    error: *mut tenlock_error,
    slot: *mut u32,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (slot, new, progress) = unsafe {
            (
                Out::at(slot)?,
                new_slot(options)?,
                Progress::read(progress)?,
            )
        };
        let parts = shared(credential)?;
        let credential = parts.credential()?;
        let added = progress.with(0, |derivation| {
            with(volume, |volume| {
                volume.add_slot_with(&new, &credential, &derivation)
            })
        })?;
        slot.put(super::json::number(added));
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Removes a slot: its credential opens nothing any more. Admins only. Refuses to remove the slot that was
/// opened, the last of a role that must exist, and the last way in, unless `force` is 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_remove_slot(
    volume: *const tenlock_volume,
    slot: u32,
    force: u32,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        let removal = match force {
            0 => Removal::IfSafe,
            1 => Removal::Forced,
            _ => return Err(TENLOCK_ERROR_ARGUMENT.into()),
        };
        with(volume, |volume| {
            volume.remove_slot(slot_number(slot), removal)
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Replaces the credential of the slot that was opened; the old one opens nothing any more when this returns.
/// The cost is taken from `options` if that is not NULL, else it stays. TENLOCK_ERROR_IO: either is in force.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_change_credential(
    volume: *const tenlock_volume,
    credential: *const tenlock_credential,
    options: *const tenlock_slot_options,
    progress: *const tenlock_progress,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (table, progress) =
            unsafe { (memory::read_or_default(options)?, Progress::read(progress)?) };
        let cost = cost(table.kdf_memory_kib, table.kdf_passes, table.kdf_lanes)?;
        let parts = shared(credential)?;
        let credential = parts.credential()?;
        progress.with(0, |derivation| {
            with(volume, |volume| {
                volume.change_credential_with(&credential, cost, &derivation)
            })
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Replaces the credential of another slot without knowing the old one, and gives the slot all its attempts,
/// also if it was erased. Admins only. Of `options`, which may be NULL, `must_change` and the cost count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_reset_slot(
    volume: *const tenlock_volume,
    slot: u32,
    credential: *const tenlock_credential,
    options: *const tenlock_slot_options,
    progress: *const tenlock_progress,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (table, progress) =
            unsafe { (memory::read_or_default(options)?, Progress::read(progress)?) };
        let cost = cost(table.kdf_memory_kib, table.kdf_passes, table.kdf_lanes)?;
        let (slot, must_change) = (slot_number(slot), table.must_change != 0);
        let parts = shared(credential)?;
        let credential = parts.credential()?;
        progress.with(0, |derivation| {
            with(volume, |volume| {
                volume.reset_slot_with(slot, &credential, must_change, cost, &derivation)
            })
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Changes how many attempts a slot has, 1 to 10, and what happens at the limit, one of TENLOCK_ACTION_*.
/// Admins only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_set_lockout(
    volume: *const tenlock_volume,
    slot: u32,
    limit: u32,
    action: u32,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        let action = parse_action(action)?;
        // What does not fit is no possible limit either.
        let limit = u8::try_from(limit).unwrap_or(u8::MAX);
        with(volume, |volume| {
            volume.set_lockout(slot_number(slot), limit, action)
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Allows the last attempt of a slot on which it is reserved. Admins only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_allow_last_attempt(
    volume: *const tenlock_volume,
    slot: u32,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        with(volume, |volume| {
            volume.allow_last_attempt(slot_number(slot))
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Reserves the last attempt of a user's slot until an admin allows it. Admins only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_reserve_last_attempt(
    volume: *const tenlock_volume,
    slot: u32,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        with(volume, |volume| {
            volume.reserve_last_attempt(slot_number(slot))
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Sets the counter of a slot back: its holder has all attempts again. Admins only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_reset_attempts(
    volume: *const tenlock_volume,
    slot: u32,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || with(volume, |volume| volume.reset_attempts(slot_number(slot)));
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// A new slot of the caller's options.
///
/// # Safety
/// As [`memory::read`].
pub(super) unsafe fn new_slot(from: *const tenlock_slot_options) -> Result<NewSlot, Fault> {
    // SAFETY: as the caller promises.
    let table = unsafe { memory::read(from) }?;
    // SAFETY: as above.
    let name = unsafe { memory::text(table.name) }?;
    let mut new = NewSlot::new(role(table.role)?);
    name.unwrap_or_default().clone_into(&mut new.name);
    new.index = (table.has_index != 0).then(|| slot_number(table.index));
    if counted(new.role) {
        new.attempt_limit = attempt_limit(table.attempt_limit);
        if table.action != 0 {
            new.action = parse_action(table.action)?;
        }
    }
    new.must_change = table.must_change != 0;
    new.read_only = table.read_only != 0;
    new.one_time = table.one_time != 0;
    new.last_attempt_reserved = table.last_attempt_reserved != 0;
    new.cost = cost(table.kdf_memory_kib, table.kdf_passes, table.kdf_lanes)?;
    Ok(new)
}

/// A limit of attempts; what does not fit is none, which the library refuses.
pub(super) fn attempt_limit(limit: u32) -> u8 {
    match limit {
        0 => MAX_ATTEMPTS,
        limit => u8::try_from(limit).unwrap_or(u8::MAX),
    }
}

fn counted(role: Role) -> bool {
    matches!(role, Role::Admin | Role::User)
}

fn parse_action(action: u32) -> Result<Action, Fault> {
    match action {
        TENLOCK_ACTION_ERASE_SLOT => Ok(Action::EraseSlot),
        TENLOCK_ACTION_ERASE_VOLUME => Ok(Action::EraseVolume),
        _ => Err(TENLOCK_ERROR_ARGUMENT.into()),
    }
}
