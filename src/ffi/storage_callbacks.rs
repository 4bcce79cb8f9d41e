//! Storage of the caller's.

use std::ffi::c_void;
use std::fmt;
use std::fs::TryLockError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::callback::Context;
use super::code::tenlock_code::{self, *};
use super::fault::Fault;
use super::memory::Versioned;
use crate::storage::{Discard, Storage};

/// Storage of the caller's: a run of bytes with a length.
///
/// A callback returns 0 when all was done. Otherwise it returns an error number of the operating system
/// with a minus before it (-EIO; on Windows -(int32_t)GetLastError()), or one of TENLOCK_ERROR_CANCELLED,
/// TENLOCK_ERROR_CANNOT_WRITE, TENLOCK_ERROR_BUSY, TENLOCK_ERROR_IO and TENLOCK_ERROR_UNSUPPORTED. The call
/// for which it was made returns the same code, or TENLOCK_ERROR_IO with the error number in `os_error`.
/// Any other number is TENLOCK_ERROR_IO.
///
/// Callbacks are called from the threads that call this library, and from those of `tenlock_workers`;
/// several at once. They must not throw or jump out.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct tenlock_storage_callbacks {
    /// Size of this struct.
    pub size: usize,
    /// Passed to each callback. Must stay valid until `release` is called.
    pub context: *mut c_void,
    /// Required. Sets `length` to the length of the storage in bytes.
    pub length: Option<unsafe extern "C-unwind" fn(context: *mut c_void, length: *mut u64) -> i32>,
    /// Required. Fills `buffer` with `size` bytes from `offset`, all of them.
    pub read: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            offset: u64,
            buffer: *mut c_void,
            size: usize,
        ) -> i32,
    >,
    /// Writes all `size` bytes of `data` at `offset`. NULL: the storage is read-only.
    pub write: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            offset: u64,
            data: *const c_void,
            size: usize,
        ) -> i32,
    >,
    /// Required with `write`. Returns 0 when all that was written before would survive a loss of power.
    /// The limit of attempts and the safety of the data rest on it.
    pub flush: Option<unsafe extern "C-unwind" fn(context: *mut c_void) -> i32>,
    /// Sets the length; appended bytes read as zeros. NULL: the length is fixed.
    pub set_length: Option<unsafe extern "C-unwind" fn(context: *mut c_void, length: u64) -> i32>,
    /// Told that a range holds nothing of use. NULL: not told.
    pub discard:
        Option<unsafe extern "C-unwind" fn(context: *mut c_void, offset: u64, size: u64) -> i32>,
    /// Takes the lock of these bytes against whoever else could open them, without waiting;
    /// TENLOCK_ERROR_BUSY if somebody has it. NULL: the caller promises that nobody else opens them, other
    /// than through this handle.
    pub lock: Option<unsafe extern "C-unwind" fn(context: *mut c_void) -> i32>,
    /// Gives that lock back.
    pub unlock: Option<unsafe extern "C-unwind" fn(context: *mut c_void) -> i32>,
    /// Called once, when no callback will be called any more: after the storage handle is freed and the
    /// volume on it is closed. Not called if `tenlock_storage_from_callbacks` fails. NULL: not told.
    pub release: Option<unsafe extern "C-unwind" fn(context: *mut c_void)>,
    /// Least unit that can be written, in bytes, a power of two up to 4096; 0 for 512.
    pub block_size: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with `size`, pointers and integers only.
unsafe impl Versioned for tenlock_storage_callbacks {}

/// A table of callbacks as storage.
pub(super) struct CallbackStorage {
    table: tenlock_storage_callbacks,
    context: Context,
    /// One volume at a time through this handle.
    locked: AtomicBool,
}

// SAFETY: the functions can be called from any thread, as whoever hands over the table promises; the
// pointer in it is not used, but the one in `context`.
unsafe impl Send for CallbackStorage {}
// SAFETY: as above.
unsafe impl Sync for CallbackStorage {}

impl CallbackStorage {
    /// Refuses a table that lacks what is required.
    pub(super) fn new(table: tenlock_storage_callbacks) -> Result<Self, Fault> {
        let complete = table.length.is_some()
            && table.read.is_some()
            && (table.write.is_none() || table.flush.is_some())
            && table.lock.is_some() == table.unlock.is_some();
        if !complete {
            return Err(Fault::new(
                TENLOCK_ERROR_NULL_POINTER,
                "a required callback is NULL: length and read, flush with write, lock and unlock together",
            ));
        }
        if table.block_size != 0
            && !(table.block_size.is_power_of_two() && table.block_size <= 4096)
        {
            return Err(Fault::new(
                TENLOCK_ERROR_ARGUMENT,
                "the block size is not a power of two up to 4096",
            ));
        }
        Ok(Self {
            context: Context::new(table.context, table.release),
            table,
            locked: AtomicBool::new(false),
        })
    }

    fn context(&self) -> *mut c_void {
        self.context.pointer()
    }
}

impl Storage for CallbackStorage {
    fn len(&self) -> io::Result<u64> {
        let call = self.table.length.ok_or(io::ErrorKind::Unsupported)?;
        let mut length = 0;
        // SAFETY: the caller's function with his context and a place for the length.
        outcome(unsafe { call(self.context(), &raw mut length) })?;
        Ok(length)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let call = self.table.set_length.ok_or(io::ErrorKind::Unsupported)?;
        // SAFETY: the caller's function with his context.
        outcome(unsafe { call(self.context(), len) })
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let call = self.table.read.ok_or(io::ErrorKind::Unsupported)?;
        // SAFETY: the caller's function with his context and a buffer of that length.
        outcome(unsafe { call(self.context(), offset, buf.as_mut_ptr().cast(), buf.len()) })
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let call = self.table.write.ok_or(io::ErrorKind::PermissionDenied)?;
        // SAFETY: the caller's function with his context and so many bytes, which it only reads.
        outcome(unsafe { call(self.context(), offset, data.as_ptr().cast(), data.len()) })
    }

    fn flush(&self) -> io::Result<()> {
        match self.table.flush {
            // SAFETY: the caller's function with his context.
            Some(call) => outcome(unsafe { call(self.context()) }),
            None => Ok(()),
        }
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        let Some(call) = self.table.discard else {
            return Ok(Discard::Unsupported);
        };
        // SAFETY: the caller's function with his context.
        let number = unsafe { call(self.context(), offset, len) };
        if number == TENLOCK_ERROR_UNSUPPORTED as i32 {
            return Ok(Discard::Unsupported);
        }
        outcome(number).map(|()| Discard::Done)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        if self.locked.swap(true, Ordering::AcqRel) {
            return Err(TryLockError::WouldBlock);
        }
        let Some(call) = self.table.lock else {
            return Ok(());
        };
        // SAFETY: the caller's function with his context.
        let number = unsafe { call(self.context()) };
        outcome(number).map_err(|error| {
            self.locked.store(false, Ordering::Release);
            if number == TENLOCK_ERROR_BUSY as i32 {
                TryLockError::WouldBlock
            } else {
                TryLockError::Error(error)
            }
        })
    }

    fn unlock(&self) -> io::Result<()> {
        if !self.locked.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        match self.table.unlock {
            // SAFETY: the caller's function with his context.
            Some(call) => outcome(unsafe { call(self.context()) }),
            None => Ok(()),
        }
    }

    fn is_writable(&self) -> bool {
        self.table.write.is_some()
    }

    fn block_size(&self) -> u32 {
        match self.table.block_size {
            0 => 512,
            size => size,
        }
    }
}

/// What a callback returned that is not an error of the system.
#[derive(Debug)]
pub(super) struct CallbackFailure(i32);

impl CallbackFailure {
    /// The failure that an error of the storage was made from.
    pub(super) fn of(error: &io::Error) -> Option<&Self> {
        let inner = error.get_ref()?;
        // A volume wraps an error that it needs more than once.
        let again = inner.downcast_ref::<Arc<io::Error>>();
        again.map_or_else(|| inner.downcast_ref(), |error| Self::of(error))
    }

    /// The code that goes on to the caller, if it is one that storage can have.
    pub(super) fn code(&self) -> Option<tenlock_code> {
        tenlock_code::of(self.0).filter(|code| {
            matches!(
                code,
                TENLOCK_ERROR_CANCELLED
                    | TENLOCK_ERROR_CANNOT_WRITE
                    | TENLOCK_ERROR_BUSY
                    | TENLOCK_ERROR_IO
                    | TENLOCK_ERROR_UNSUPPORTED
            )
        })
    }
}

impl fmt::Display for CallbackFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program's storage returned {}", self.0)
    }
}

impl std::error::Error for CallbackFailure {}

/// What a callback's number means.
pub(super) fn outcome(number: i32) -> io::Result<()> {
    if number == 0 {
        Ok(())
    } else if let Some(system) = number.checked_neg().filter(|system| *system > 0) {
        Err(io::Error::from_raw_os_error(system))
    } else {
        Err(io::Error::other(CallbackFailure(number)))
    }
}
