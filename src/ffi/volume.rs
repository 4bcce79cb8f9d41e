//! The open volume: its data, and its end.

mod open;

use std::ffi::c_void;
use std::io::{IoSlice, IoSliceMut};

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::tenlock_error;
use super::info::tenlock_info;
use super::json;
use super::locked::{LockedState, tenlock_locked};
use super::memory::{self, Out, OutHandle, OutStruct, Versioned};
use super::table::{self, Handle, exclusive, shared};
use super::text::tenlock_text;
pub(super) use open::{OpenVolume, put_json, with};

/// An open volume. Can be used by many threads at once; it is closed by `tenlock_volume_lock` or
/// `tenlock_volume_free`, which other calls must not overlap (TENLOCK_ERROR_HANDLE_IN_USE).
pub struct tenlock_volume {
    _private: [u8; 0],
}

impl Handle for tenlock_volume {
    type Content = OpenVolume;
}

/// What does not change while a volume is open.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_volume_facts {
    /// Size of this struct.
    pub size: usize,
    /// Length of the payload in bytes.
    pub length: u64,
    /// Size of a sector in bytes: aligned requests are the fast ones.
    pub sector_size: u32,
    /// Slot that was opened.
    pub slot: u32,
    /// Its role, one of TENLOCK_ROLE_*.
    pub role: u32,
    /// 1: the slot may only read.
    pub read_only: u32,
}

// SAFETY: `repr(C)`, begins with `size`, integers only.
unsafe impl Versioned for tenlock_volume_facts {}

/// A buffer of a vectored read or write. Its layout is for ever.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_buffer {
    /// Where it begins. A write does not change it.
    pub data: *mut c_void,
    /// Its length in bytes.
    pub length: usize,
}

/// Fills `facts`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_describe(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    facts: *mut tenlock_volume_facts,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let facts = unsafe { OutStruct::at(facts) }?;
        let handle = shared(volume)?;
        let volume = &handle.volume;
        facts.put(tenlock_volume_facts {
            size: 0,
            length: volume.len(),
            sector_size: volume.sector_size().bytes(),
            slot: json::number(volume.slot()),
            role: volume.role() as u32,
            read_only: volume.is_read_only().into(),
        })
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `buffer` with `length` bytes of the payload at `offset`, any alignment and length.
/// TENLOCK_ERROR_OUT_OF_RANGE: nothing was read; TENLOCK_ERROR_IO: what is in the buffer is undefined.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_read(
    volume: *const tenlock_volume,
    offset: u64,
    error: *mut tenlock_error,
    buffer: *mut c_void,
    length: usize,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let buffer = unsafe { memory::buffer(buffer, length) }?;
        Ok(shared(volume)?.used().read_at(offset, buffer)?)
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Writes `length` bytes of `data` to the payload at `offset`, any alignment and length. Durable after
/// `tenlock_volume_flush`. _OUT_OF_RANGE, _READ_ONLY: nothing was written; _IO, _CANNOT_WRITE: any of the
/// sectors may hold old or new bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_write(
    volume: *const tenlock_volume,
    offset: u64,
    data: *const c_void,
    length: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let data = unsafe { memory::bytes(data, length) }?;
        Ok(shared(volume)?.used().write_at(offset, data)?)
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `count` buffers one after the other from the payload at `offset`; nothing if any is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_read_vectored(
    volume: *const tenlock_volume,
    offset: u64,
    error: *mut tenlock_error,
    buffers: *const tenlock_buffer,
    count: usize,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let buffers = unsafe { memory::array(buffers, count) }?;
        let slices = buffers.iter().map(|each| {
            // SAFETY: as above.
            unsafe { memory::buffer(each.data, each.length) }.map(IoSliceMut::new)
        });
        let mut slices: Vec<_> = slices.collect::<Result<_, _>>()?;
        Ok(shared(volume)?
            .used()
            .read_vectored_at(offset, &mut slices)?)
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Writes `count` buffers one after the other to the payload at `offset`; nothing if any is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_write_vectored(
    volume: *const tenlock_volume,
    offset: u64,
    buffers: *const tenlock_buffer,
    count: usize,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let buffers = unsafe { memory::array(buffers, count) }?;
        let slices = buffers.iter().map(|each| {
            // SAFETY: as above.
            unsafe { memory::bytes(each.data, each.length) }.map(IoSlice::new)
        });
        let slices: Vec<_> = slices.collect::<Result<_, _>>()?;
        Ok(shared(volume)?.used().write_vectored_at(offset, &slices)?)
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Returns when everything written before is on the medium. TENLOCK_ERROR_IO: any write since the last flush
/// may be lost; write again what matters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_flush(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || Ok(shared(volume)?.used().flush()?);
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Tells the storage that a range is no longer needed: whole sectors in it may read as anything.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_discard(
    volume: *const tenlock_volume,
    offset: u64,
    length: u64,
    error: *mut tenlock_error,
) -> tenlock_code {
    let work = || Ok(shared(volume)?.used().discard(offset, length)?);
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// The public part of the volume, authenticated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_info(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    info: *mut *mut tenlock_info,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let info = unsafe { OutHandle::<tenlock_info>::at(info) }?;
        info.put(shared(volume)?.volume.info());
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Takes what was found out of order since it was last asked, first when the volume was unlocked: a JSON
/// array of texts. Empty if a log callback is told of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_take_notices(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    notices: *mut *mut tenlock_text,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let text = unsafe { OutHandle::<tenlock_text>::at(notices) }?;
        let notices = shared(volume)?.volume.take_notices();
        text.put(json::text(&json::notices(&notices))?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// For how many milliseconds the volume has not been used, and after how many it is to be locked by its
/// policy, 0 for never: ask from a timer, and call `tenlock_volume_lock` when the time is up. A use counts
/// from the first of these calls after it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_idle(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    idle: *mut u64,
    limit: *mut u64,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (idle, limit) = unsafe { (Out::at(idle)?, Out::at(limit)?) };
        let handle = shared(volume)?;
        idle.put(u64::try_from(handle.idle().as_millis()).unwrap_or(u64::MAX));
        limit.put(u64::from(handle.volume.policy().auto_lock_seconds) * 1000);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Writes the 64-byte XTS key of the payload to `key`, for emergency recovery with other tools: `size` must
/// be 64. For admins and escrow; recorded in the event log. Wipe it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_export_key(
    volume: *const tenlock_volume,
    error: *mut tenlock_error,
    key: *mut c_void,
    size: usize,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let to = unsafe { memory::buffer(key, size) }?;
        if to.len() != KEY_LEN {
            return Err(TENLOCK_ERROR_BUFFER_SIZE.into());
        }
        let handle = shared(volume)?;
        to.copy_from_slice(handle.used().export_key()?.expose_array::<KEY_LEN>()?);
        handle.tell();
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Flushes, wipes the keys and closes the handle. Gives the locked volume to `locked`, unless that is NULL.
/// If the flush fails the code says so; the keys are wiped and the handle is closed all the same, and the
/// volume can be opened anew.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_lock(
    volume: *mut tenlock_volume,
    error: *mut tenlock_error,
    locked: *mut *mut tenlock_locked,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let out = unsafe { OutHandle::<tenlock_locked>::at_unless_null(locked) }?;
        let mut handle = exclusive(volume)?;
        let open = handle.take()?;
        handle.close();
        let locked = open.volume.lock().map_err(crate::volume::Error::from)?;
        if let Some(out) = out {
            out.put(LockedState::Locked(locked));
        }
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Wipes the keys and closes the volume without a flush; NULL is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_volume_free(volume: *mut tenlock_volume) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(volume)) }
}

const KEY_LEN: usize = 64;
