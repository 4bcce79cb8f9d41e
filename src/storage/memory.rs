//! Storage in memory, for tests and for embedders who keep the bytes elsewhere.

use std::fs::TryLockError;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{
    DEFAULT_BLOCK_SIZE, Discard, ReadBack, Storage, byte_count, check_range, past_the_end,
};

/// A vector of bytes as [`Storage`]. Starts empty; [`Storage::set_len`] or
/// [`from_vec`](Self::from_vec) gives it a length.
///
/// An `Arc` of it is one handle, however often it is cloned; [`second_handle`](Self::second_handle)
/// gives another over the same bytes, which the lock keeps out.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    medium: Arc<Medium>,
    handle: HandleId,
}

type HandleId = u64;

#[derive(Debug, Default)]
struct Medium {
    bytes: RwLock<Vec<u8>>,
    lock_holder: Mutex<Option<HandleId>>,
    /// The id given out last; the first handle has 0.
    last_handle: AtomicU64,
}

impl MemoryStorage {
    /// Storage that holds `bytes`.
    #[must_use]
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        let medium = Medium {
            bytes: RwLock::new(bytes),
            ..Medium::default()
        };
        Self {
            medium: Arc::new(medium),
            handle: 0,
        }
    }

    /// A copy of all bytes as they stand.
    #[must_use]
    pub fn contents(&self) -> Vec<u8> {
        self.bytes().clone()
    }

    /// Another handle over the same bytes, as a second `open` of a file would give.
    #[must_use]
    pub fn second_handle(&self) -> Self {
        let handle = self.medium.last_handle.fetch_add(1, Ordering::Relaxed) + 1;
        Self {
            medium: Arc::clone(&self.medium),
            handle,
        }
    }

    // Poisoned locks are taken over: no code panics while the bytes or the holder are in between
    // states.
    fn bytes(&self) -> RwLockReadGuard<'_, Vec<u8>> {
        self.medium
            .bytes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes_mut(&self) -> RwLockWriteGuard<'_, Vec<u8>> {
        self.medium
            .bytes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_holder(&self) -> MutexGuard<'_, Option<HandleId>> {
        self.medium
            .lock_holder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn release_lock(&self) {
        let mut holder = self.lock_holder();
        if *holder == Some(self.handle) {
            *holder = None;
        }
    }
}

impl Storage for MemoryStorage {
    fn len(&self) -> io::Result<u64> {
        Ok(byte_count(&self.bytes()))
    }

    /// Fails with [`io::ErrorKind::OutOfMemory`] where the bytes cannot be had.
    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = self.bytes_mut();
        let additional = len.saturating_sub(bytes.len());
        bytes.try_reserve_exact(additional)?;
        bytes.resize(len, 0);
        Ok(())
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes();
        let range = range_in(&bytes, offset, byte_count(buf))?;
        buf.copy_from_slice(&bytes[range]);
        Ok(())
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.bytes_mut();
        let range = range_in(&bytes, offset, byte_count(data))?;
        bytes[range].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Fills the range with zeros, so that no test relies on discarded bytes staying.
    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        let mut bytes = self.bytes_mut();
        let range = range_in(&bytes, offset, len)?;
        bytes[range].fill(0);
        Ok(Discard::Done)
    }

    /// The vector is the medium.
    fn read_back(&self, offset: u64, buf: &mut [u8]) -> io::Result<ReadBack> {
        self.read_at(offset, buf)?;
        Ok(ReadBack::Medium)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        let mut holder = self.lock_holder();
        if holder.is_some() {
            return Err(TryLockError::WouldBlock);
        }
        *holder = Some(self.handle);
        Ok(())
    }

    fn unlock(&self) -> io::Result<()> {
        self.release_lock();
        Ok(())
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn block_size(&self) -> u32 {
        DEFAULT_BLOCK_SIZE
    }
}

impl Drop for MemoryStorage {
    fn drop(&mut self) {
        self.release_lock();
    }
}

fn range_in(bytes: &[u8], offset: u64, len: u64) -> io::Result<Range<usize>> {
    check_range(offset, len, byte_count(bytes))?;
    let start = usize::try_from(offset).map_err(|_| past_the_end())?;
    let end = usize::try_from(offset + len).map_err(|_| past_the_end())?;
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::MemoryStorage;
    use crate::storage::{Discard, ReadBack, Storage};

    #[test]
    fn a_length_that_memory_cannot_hold_is_an_error() {
        let storage = MemoryStorage::default();
        assert_eq!(
            storage.set_len(u64::MAX).unwrap_err().kind(),
            io::ErrorKind::OutOfMemory
        );
        assert!(storage.is_empty().unwrap());
    }

    #[test]
    fn discarded_bytes_do_not_survive() {
        let storage = MemoryStorage::from_vec(vec![7; 4]);
        assert_eq!(storage.discard(1, 2).unwrap(), Discard::Done);
        assert_eq!(storage.contents(), [7, 0, 0, 7]);
    }

    #[test]
    fn read_back_names_the_vector_as_the_medium() {
        let storage = MemoryStorage::from_vec(vec![1, 2, 3]);
        let mut buf = [0; 2];
        assert_eq!(storage.read_back(1, &mut buf).unwrap(), ReadBack::Medium);
        assert_eq!(buf, [2, 3]);
    }
}
