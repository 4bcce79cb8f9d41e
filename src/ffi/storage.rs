//! Where a volume's bytes lie.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::boundary::call;
use super::code::tenlock_code::{self, *};
use super::fault::{Fault, tenlock_error};
use super::memory::{self, Out, OutHandle};
use super::storage_callbacks::{CallbackStorage, tenlock_storage_callbacks};
use super::table::{self, Handle, shared};
use crate::storage::{Discard, FileStorage, MemoryStorage, ReadBack, Storage};

/// Open for reading and writing what is there.
pub const TENLOCK_STORAGE_OPEN: u32 = 0;
/// Open for reading: nothing is written, and no attempt can be made.
pub const TENLOCK_STORAGE_READ_ONLY: u32 = 1;
/// Make an empty file, which must not be there yet.
pub const TENLOCK_STORAGE_CREATE: u32 = 2;

/// Where a volume's bytes lie. Can be used by many threads at once, but by one volume at a time. May be freed
/// as soon as a volume was opened or created on it: the volume keeps what it needs.
pub struct tenlock_storage {
    _private: [u8; 0],
}

impl Handle for tenlock_storage {
    type Content = SharedStorage;
}

/// Storage that handle and volume share.
#[derive(Clone)]
pub(super) struct SharedStorage(pub(super) Arc<dyn Storage>);

/// Opens or creates the file at `path`, or opens the block device: `mode` is one of TENLOCK_STORAGE_OPEN,
/// TENLOCK_STORAGE_READ_ONLY and TENLOCK_STORAGE_CREATE. The path is UTF-8 on Windows and bytes elsewhere;
/// it is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_storage_open(
    path: *const c_char,
    mode: u32,
    error: *mut tenlock_error,
    storage: *mut *mut tenlock_storage,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (storage, path) = unsafe { (OutHandle::at(storage)?, memory::path(path)?) };
        let file = match mode {
            TENLOCK_STORAGE_OPEN => FileStorage::open(path)?,
            TENLOCK_STORAGE_READ_ONLY => FileStorage::open_read_only(path)?,
            TENLOCK_STORAGE_CREATE => FileStorage::create_new(path)?,
            _ => return Err(TENLOCK_ERROR_ARGUMENT.into()),
        };
        storage.put(SharedStorage(Arc::new(file)));
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Storage in memory that begins with a copy of `bytes`; NULL and 0 for none. For tests and small images.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_storage_in_memory(
    bytes: *const c_void,
    length: usize,
    error: *mut tenlock_error,
    storage: *mut *mut tenlock_storage,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (storage, bytes) = unsafe { (OutHandle::at(storage)?, memory::bytes(bytes, length)?) };
        let memory = MemoryStorage::from_vec(bytes.to_vec());
        storage.put(SharedStorage(Arc::new(memory)));
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Storage of the caller's. The table is copied; see there for its context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_storage_from_callbacks(
    callbacks: *const tenlock_storage_callbacks,
    error: *mut tenlock_error,
    storage: *mut *mut tenlock_storage,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointers, as the contract of the module says.
        let (storage, table) = unsafe { (OutHandle::at(storage)?, memory::read(callbacks)?) };
        storage.put(SharedStorage(Arc::new(CallbackStorage::new(table)?)));
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// The length of the storage in bytes: of a whole volume with its two headers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_storage_length(
    storage: *const tenlock_storage,
    error: *mut tenlock_error,
    length: *mut u64,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let length = unsafe { Out::at(length) }?;
        length.put(shared(storage)?.0.len()?);
        Ok(())
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Fills `buffer` with the bytes at `offset` as they lie there, encrypted, for a copy of the volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_storage_read(
    storage: *const tenlock_storage,
    offset: u64,
    error: *mut tenlock_error,
    buffer: *mut c_void,
    length: usize,
) -> tenlock_code {
    let work = || {
        // SAFETY: the caller's pointer, as the contract of the module says.
        let buffer = unsafe { memory::buffer(buffer, length) }?;
        Ok(shared(storage)?.0.read_at(offset, buffer)?)
    };
    // SAFETY: the caller's pointer, as the contract of the module says.
    unsafe { call(error, work) }
}

/// Frees the handle; NULL is none. A volume on it stays open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenlock_storage_free(storage: *mut tenlock_storage) -> tenlock_code {
    // SAFETY: no detail is asked for.
    unsafe { call(std::ptr::null_mut(), || table::release(storage)) }
}

impl SharedStorage {
    /// The storage of a handle.
    pub(super) fn of(handle: *const tenlock_storage) -> Result<Self, Fault> {
        Ok(shared(handle)?.clone())
    }
}

/// For functions that want storage by value.
impl Storage for SharedStorage {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write_at(offset, data)
    }

    fn flush(&self) -> std::io::Result<()> {
        self.0.flush()
    }

    fn discard(&self, offset: u64, len: u64) -> std::io::Result<Discard> {
        self.0.discard(offset, len)
    }

    fn read_back(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<ReadBack> {
        self.0.read_back(offset, buf)
    }

    fn try_lock(&self) -> Result<(), std::fs::TryLockError> {
        self.0.try_lock()
    }

    fn unlock(&self) -> std::io::Result<()> {
        self.0.unlock()
    }

    fn is_writable(&self) -> bool {
        self.0.is_writable()
    }

    fn block_size(&self) -> u32 {
        self.0.block_size()
    }
}
