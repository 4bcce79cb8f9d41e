//! Regular files and block devices.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::lock_registry::Registration;
use super::platform::{self, Backing};
use super::positional::{MAX_ALIGNMENT, read_exact_at, read_past_cache, write_all_at};
use super::{
    DEFAULT_BLOCK_SIZE, Discard, ReadBack, Storage, byte_count, check_range, end_of, past_the_end,
};

/// A regular file or a block device as [`Storage`].
///
/// # Opening
/// Symbolic links are followed. Directories fail with [`io::ErrorKind::IsADirectory`], everything
/// else that is neither a regular file nor a block device (FIFO, socket, character device, pipe)
/// with [`io::ErrorKind::InvalidInput`], without waiting for a peer. What another program keeps for
/// itself fails with [`io::ErrorKind::ResourceBusy`]: a device that is mounted or otherwise claimed
/// (on Linux every writable handle is such a claim, so a device has one at a time), a file opened
/// without sharing on Windows. A file under a lease on Linux (a file server's oplock) fails with
/// [`io::ErrorKind::WouldBlock`].
///
/// # Locking
/// flock(2) on Unix, a byte far past the end of a file on Windows (`LockFileEx`; the lock of the
/// volume for devices), and a table of this process. Handles on one file or device exclude each
/// other, in this process and in others. A child made by a bare fork(2) inherits the lock: it holds
/// until the parent unlocks or both have closed the descriptor. Over network file systems the lock
/// reaches as far as the server's locks do.
///
/// # Flushing
/// fdatasync(2) on Linux, which covers a changed length as well; `F_FULLFSYNC` on macOS, where
/// fsync(2) would stop at the drive's cache; `FlushFileBuffers` on Windows. A handle that cannot
/// write has nothing to flush.
#[derive(Debug)]
pub struct FileStorage {
    // Before `registration`: fields drop in order, and the table must not say "free" while the
    // operating system's lock stands.
    file: File,
    backing: Backing,
    writable: bool,
    registration: Mutex<Option<Registration>>,
}

impl FileStorage {
    /// Opens for reading and writing.
    ///
    /// # Errors
    /// As for the [type](Self); [`io::ErrorKind::PermissionDenied`] or
    /// [`io::ErrorKind::ReadOnlyFilesystem`] where only [`open_read_only`](Self::open_read_only)
    /// may succeed.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::open_with(path.as_ref(), true)
    }

    /// Opens for reading; nothing is ever written through the handle.
    ///
    /// # Errors
    /// As for the [type](Self).
    pub fn open_read_only(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::open_with(path.as_ref(), false)
    }

    /// Creates an empty file, readable and writable by its owner only (Unix), and returns once its
    /// name would survive a loss of power. On Windows it is marked as sparse where the file system
    /// can, so that a large [`Storage::set_len`] takes no time.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where the path exists, whatever it is. Where the directory
    /// cannot be flushed, the error is returned and the empty file stays.
    pub fn create_new(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = platform::create_new(path.as_ref())?;
        Ok(Self::new(file, Backing::File, true))
    }

    fn open_with(path: &Path, writable: bool) -> io::Result<Self> {
        let (file, backing) = platform::open(path, writable)?;
        if let Backing::Device { len, block_size } = backing {
            check_device(len, block_size)?;
        }
        Ok(Self::new(file, backing, writable))
    }

    fn new(file: File, backing: Backing, writable: bool) -> Self {
        Self {
            file,
            backing,
            writable,
            registration: Mutex::new(None),
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.writable {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "storage was opened for reading only",
        ))
    }

    /// What uncached reads have to be aligned to. Files do not tell their file system's block size;
    /// 4096 is a multiple of nearly all.
    fn uncached_alignment(&self) -> u32 {
        match self.backing {
            Backing::File => 4096,
            Backing::Device { block_size, .. } => block_size,
        }
    }

    fn registration(&self) -> MutexGuard<'_, Option<Registration>> {
        // No code panics while it is held, so a poisoned value is whole.
        self.registration
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for FileStorage {
    fn len(&self) -> io::Result<u64> {
        match self.backing {
            Backing::File => Ok(self.file.metadata()?.len()),
            Backing::Device { len, .. } => Ok(len),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        if let Backing::Device { .. } = self.backing {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the length of a device is fixed",
            ));
        }
        self.file.set_len(end_of(0, len)?)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        if buf.is_empty() {
            return check_range(offset, 0, self.len()?);
        }
        // The length of a file is not asked for each time: the read itself finds the end.
        let end = end_of(offset, byte_count(buf))?;
        if let Backing::Device { len, .. } = self.backing
            && end > len
        {
            return Err(past_the_end());
        }
        read_exact_at(&self.file, offset, buf)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check_writable()?;
        check_range(offset, byte_count(data), self.len()?)?;
        write_all_at(&self.file, offset, data)
    }

    fn flush(&self) -> io::Result<()> {
        if !self.writable {
            // Windows refuses to flush such a handle.
            return Ok(());
        }
        self.file.sync_data()
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        self.check_writable()?;
        check_range(offset, len, self.len()?)?;
        let block = u64::from(self.block_size());
        let start = offset.next_multiple_of(block);
        let end = (offset + len) / block * block;
        match end.checked_sub(start) {
            None | Some(0) => Ok(Discard::Unsupported),
            Some(whole) => platform::discard(&self.file, self.backing, start, whole),
        }
    }

    /// Past the cache on Linux (`O_DIRECT`) and Windows (`FILE_FLAG_NO_BUFFERING`), where the file
    /// system can. Not on macOS, whose `F_NOCACHE` still answers from pages that are cached
    /// already.
    fn read_back(&self, offset: u64, buf: &mut [u8]) -> io::Result<ReadBack> {
        check_range(offset, byte_count(buf), self.len()?)?;
        if read_past_cache(&self.file, self.uncached_alignment(), offset, buf)? {
            return Ok(ReadBack::Medium);
        }
        platform::drop_cached(&self.file);
        self.read_at(offset, buf)?;
        Ok(ReadBack::MaybeCached)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        let mut held = self.registration();
        let identity = platform::identity(&self.file, self.backing).map_err(TryLockError::Error)?;
        let registration = Registration::acquire(identity).ok_or(TryLockError::WouldBlock)?;
        platform::try_lock(&self.file, self.backing)?;
        *held = Some(registration);
        Ok(())
    }

    fn unlock(&self) -> io::Result<()> {
        let mut held = self.registration();
        if held.is_some() {
            platform::unlock(&self.file, self.backing)?;
            *held = None;
        }
        Ok(())
    }

    fn is_writable(&self) -> bool {
        self.writable
    }

    fn block_size(&self) -> u32 {
        match self.backing {
            Backing::File => DEFAULT_BLOCK_SIZE,
            Backing::Device { block_size, .. } => block_size,
        }
    }
}

impl Drop for FileStorage {
    fn drop(&mut self) {
        // Closing alone would not end the lock while a process that another thread is just starting
        // still has the descriptor. An error is of no use here: the close that follows ends the
        // lock in all other cases.
        let _ = self.unlock();
    }
}

fn check_device(len: u64, block_size: u32) -> io::Result<()> {
    if !block_size.is_power_of_two() || !(DEFAULT_BLOCK_SIZE..=MAX_ALIGNMENT).contains(&block_size)
    {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "device with an odd block size",
        ));
    }
    if len == 0 {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "no medium in the device",
        ));
    }
    Ok(())
}
