//! Where a volume's bytes lie: files, block devices, memory, or what the embedder supplies.
//!
//! IO only; nothing here knows of headers or keys. Every offset and length is in bytes.
//!
//! # What is assumed of a medium
//!
//! 1. Once [`Storage::flush`] has returned `Ok`, every write that had completed before it was
//!    called survives a loss of power.
//! 2. Until then any subset of the written blocks may have reached the medium, in any order. The
//!    block that was being written when the power went may hold the old bytes, the new ones, a
//!    mixture, or be unreadable.
//! 3. A write damages nothing outside the 4096-byte blocks it touches.
//!
//! Not assumed: that writes keep their order, that more than a byte is written atomically, that
//! overwritten or discarded bytes are gone (flash moves blocks, file systems copy them), or that
//! zeros follow a discard.
//!
//! # After a failed flush
//!
//! An error of [`Storage::flush`] concerns every write since the last successful flush. Linux
//! reports it once, then takes the pages for clean: the next flush succeeds although those bytes
//! never reached the medium (fsync(2), "NOTES"). So after an error write the bytes again before a
//! later success is believed.

mod file;
mod lock_registry;
mod memory;
mod platform;
mod positional;
#[cfg(test)]
mod tests;

use std::fs::TryLockError;
use std::io;

pub use file::FileStorage;
pub use memory::MemoryStorage;

/// A run of bytes with a length, read and written at given offsets.
///
/// Shared by threads without further locking: reads and writes of disjoint ranges may run at the
/// same time. What a read sees of a range that is being written is not defined.
///
/// Where a range ends past [`len`](Self::len), reads, writes and discards fail with
/// [`io::ErrorKind::UnexpectedEof`]; where its end does not fit into an `i64`, with
/// [`io::ErrorKind::InvalidInput`]. Nothing but [`set_len`](Self::set_len) changes the length.
/// Writes, discards and `set_len` through storage that is not [writable](Self::is_writable) fail
/// with [`io::ErrorKind::PermissionDenied`].
///
/// Ranges may start and end anywhere, except on raw Windows devices: there every offset and every
/// length must be a multiple of [`block_size`](Self::block_size), and for some file systems and
/// drivers the address of the buffer too (`CreateFile`, "Physical Disks and Volumes").
pub trait Storage: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether the length is zero.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts off or appends; appended bytes read as zeros.
    ///
    /// Devices have a fixed length and fail with [`io::ErrorKind::Unsupported`].
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Fills `buf` from `offset`. After an error the contents of `buf` are unspecified.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at `offset`. After an error, part of it may have been written.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Returns when every write (and `set_len`) that completed before the call is on the medium
    /// itself, past the caches of the operating system and of the device. See the [module](self)
    /// for what an error means.
    fn flush(&self) -> io::Result<()>;

    /// Tells the medium that the range holds nothing of use, so that it may drop the bytes.
    ///
    /// A hint: afterwards the contents of the whole range are undefined until written again,
    /// whichever result is returned. Only whole blocks inside the range are passed on. The length
    /// stays.
    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        let _ = (offset, len);
        Ok(Discard::Unsupported)
    }

    /// Reads like [`read_at`](Self::read_at), from the medium rather than a cache where that can be
    /// done, and says which it was.
    ///
    /// For checking what a [`flush`](Self::flush) has put there; unflushed bytes may come from
    /// anywhere.
    fn read_back(&self, offset: u64, buf: &mut [u8]) -> io::Result<ReadBack> {
        self.read_at(offset, buf)?;
        Ok(ReadBack::MaybeCached)
    }

    /// Takes the exclusive lock on these bytes, against every other handle of this and of other
    /// processes, without waiting.
    ///
    /// The lock is advisory: it does not stop reads and writes, only another `try_lock`. It ends
    /// with [`unlock`](Self::unlock), when the handle is dropped, and when the process dies.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] where any handle holds it, this one included;
    /// [`TryLockError::Error`] where the lock cannot be taken at all, which must be treated as not
    /// held.
    fn try_lock(&self) -> Result<(), TryLockError>;

    /// Ends this handle's lock; nothing happens where it holds none.
    fn unlock(&self) -> io::Result<()>;

    /// Whether the handle was opened for writing.
    fn is_writable(&self) -> bool;

    /// Logical block size in bytes, a power of two: the least unit the medium writes, hence the
    /// lower bound of a volume's sector size. 512 for files and memory.
    fn block_size(&self) -> u32;
}

/// What became of a [discard](Storage::discard).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// The layer below accepted the request. This proves nothing about the bytes on the medium.
    Done,
    /// Nothing was asked of the medium: it takes no discards, or no whole block lay in the range.
    Unsupported,
}

/// Where the bytes of a [read-back](Storage::read_back) came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// The operating system read them from the medium past its cache. The device's own cache may
    /// still have answered, as may a file system that buffers such reads without saying so.
    Medium,
    /// They may be what a cache held.
    MaybeCached,
}

/// Block size where the medium states none.
const DEFAULT_BLOCK_SIZE: u32 = 512;

/// A length in memory as a length on the medium.
fn byte_count(bytes: &[u8]) -> u64 {
    // Lossless: no target has addresses of more than 64 bits.
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// End of a range, which operating systems take as a signed number.
fn end_of(offset: u64, len: u64) -> io::Result<u64> {
    offset
        .checked_add(len)
        .filter(|end| i64::try_from(*end).is_ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "range ends past 2^63 - 1"))
}

fn check_range(offset: u64, len: u64, total: u64) -> io::Result<()> {
    if end_of(offset, len)? > total {
        return Err(past_the_end());
    }
    Ok(())
}

fn past_the_end() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "range ends past the end of the storage",
    )
}
