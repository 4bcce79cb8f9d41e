//! What a host remembers of volumes.

use std::ffi::{c_char, c_void};
use std::io;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::{Fault, tenlock_error};
use super::memory::{self, Out, Versioned};
use super::storage_callbacks::outcome;
use crate::format::VolumeId;
use crate::volume::{Error, FileMemory, Remembered, RollbackMemory};

/// What a host remembers of a volume; none of the three ever gets lower on a volume. Its layout is for ever.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_remembered {
    /// Changes of the header; attempts do not count.
    pub generation: u64,
    /// Number of the policy.
    pub policy_number: u64,
    /// Number of the latest entry of the event log.
    pub log_sequence: u64,
}

/// Where the caller remembers volumes, instead of in a file. Used by the call that takes it and by the
/// volume that it opens, until that is closed. Results are those of storage callbacks.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_memory_callbacks {
    /// Size of this struct.
    pub size: usize,
    /// Passed to each callback. Must stay valid until the volume is closed.
    pub context: *mut c_void,
    /// Required. Sets `known` to 1 and fills `remembered`, or sets `known` to 0 if the volume has not been
    /// seen. What cannot be read is an error and never 0.
    pub recall: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            volume_id: *const u8,
            known: *mut u32,
            remembered: *mut tenlock_remembered,
        ) -> i32,
    >,
    /// Required. Remembers the volume, of each number the greater of the old and the new, and returns once
    /// that would survive a loss of power.
    pub remember: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            volume_id: *const u8,
            seen: *const tenlock_remembered,
        ) -> i32,
    >,
    /// Required. Forgets the volume and sets `known` to whether it was remembered. Called when an older copy
    /// was accepted.
    pub forget: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            volume_id: *const u8,
            known: *mut u32,
        ) -> i32,
    >,
}

// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_memory_callbacks {}

/// Lets the memory in the file at `path` forget the volume with these 16 bytes as its id, so that an older
/// copy of it is accepted. Sets `known` to whether it was remembered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_memory_forget(
    path: *const c_char,
    volume_id: *const u8,
    error: *mut tenlock_error,
    known: *mut u32,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (known, path) = unsafe { (Out::at(known)?, memory::path(path)?) };
        // SAFETY: as above.
        let id = unsafe { memory::bytes(volume_id.cast(), ID_LEN) }?;
        let mut bytes = [0; ID_LEN];
        bytes.copy_from_slice(id);
        let forgotten = FileMemory::new(path).forget(VolumeId::from_random(bytes));
        known.put(forgotten.map_err(Error::Memory)?.into());
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

const ID_LEN: usize = 16;

/// A table of callbacks as the memory of a host.
pub(super) struct CallbackMemory {
    context: *mut c_void,
    recall: Recall,
    remember: Remember,
    forget: Forget,
}

type Recall =
    unsafe extern "C-unwind" fn(*mut c_void, *const u8, *mut u32, *mut tenlock_remembered) -> i32;
type Remember =
    unsafe extern "C-unwind" fn(*mut c_void, *const u8, *const tenlock_remembered) -> i32;

type Forget = unsafe extern "C-unwind" fn(*mut c_void, *const u8, *mut u32) -> i32;

// SAFETY: whoever hands over callbacks promises that they can be called from any thread.
unsafe impl Send for CallbackMemory {}
// SAFETY: as above.
unsafe impl Sync for CallbackMemory {}

impl CallbackMemory {
    pub(super) fn new(table: &tenlock_memory_callbacks) -> Result<Self, Fault> {
        Ok(Self {
            context: table.context,
            recall: table.recall.ok_or(TENLOCK_ERROR_NULL_POINTER)?,
            remember: table.remember.ok_or(TENLOCK_ERROR_NULL_POINTER)?,
            forget: table.forget.ok_or(TENLOCK_ERROR_NULL_POINTER)?,
        })
    }
}

impl RollbackMemory for CallbackMemory {
    fn recall(&self, volume: VolumeId) -> io::Result<Option<Remembered>> {
        let id = volume.as_bytes().as_ptr();
        let mut known = 0;
        let mut found = tenlock_remembered {
            generation: 0,
            policy_number: 0,
            log_sequence: 0,
        };
        // SAFETY: the caller's function with his context; the other pointers are ours.
        outcome(unsafe { (self.recall)(self.context, id, &raw mut known, &raw mut found) })?;
        Ok((known != 0).then_some(Remembered {
            generation: found.generation,
            policy_number: found.policy_number,
            log_sequence: found.log_sequence,
        }))
    }

    fn remember(&self, volume: VolumeId, seen: Remembered) -> io::Result<()> {
        let id = volume.as_bytes().as_ptr();
        let seen = tenlock_remembered {
            generation: seen.generation,
            policy_number: seen.policy_number,
            log_sequence: seen.log_sequence,
        };
        // SAFETY: the caller's function with his context; the other pointers are ours.
        outcome(unsafe { (self.remember)(self.context, id, &raw const seen) })
    }

    fn forget(&self, volume: VolumeId) -> io::Result<bool> {
        let id = volume.as_bytes().as_ptr();
        let mut known = 0;
        // SAFETY: the caller's function with his context; the other pointers are ours.
        outcome(unsafe { (self.forget)(self.context, id, &raw mut known) })?;
        Ok(known != 0)
    }
}
