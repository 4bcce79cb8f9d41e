//! What Linux does beyond other Unix systems.

// Two ioctls have no safe binding.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::{Advice, FallocateFlags, OFlags, fadvise, fallocate, ioctl_blksszget};
use rustix::ioctl::{Getter, Setter, ioctl, opcode};

use super::Backing;
use crate::storage::Discard;

/// Without `O_CREAT`, and on a block device only, `O_EXCL` fails with `EBUSY` where it is mounted
/// or claimed (open(2)).
pub(super) const CLAIM_DEVICE: OFlags = OFlags::EXCL;

pub(super) fn device_geometry(mut file: &File) -> io::Result<Backing> {
    // All reads and writes are positional, so nobody misses the file offset.
    let len = file.seek(SeekFrom::End(0))?;
    let block_size = ioctl_blksszget(file)?;
    Ok(Backing::Device { len, block_size })
}

/// Whether the device is write-protected: some kernels let it be opened for writing all the same.
pub(super) fn is_read_only_device(file: &File) -> io::Result<bool> {
    // `_IO(0x12, 94)` in linux/fs.h.
    const BLKROGET: rustix::ioctl::Opcode = opcode::none(0x12, 94);
    // SAFETY: for this opcode the kernel writes one `int` to the place it is given.
    let read_only = unsafe { ioctl(file, Getter::<BLKROGET, i32>::new()) }?;
    Ok(read_only != 0)
}

pub(in crate::storage) fn discard(
    file: &File,
    backing: Backing,
    offset: u64,
    len: u64,
) -> io::Result<Discard> {
    let result = match backing {
        Backing::File => fallocate(
            file,
            FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE,
            offset,
            len,
        ),
        Backing::Device { .. } => discard_blocks(file, offset, len),
    };
    match result.map_err(io::Error::from) {
        Ok(()) => Ok(Discard::Done),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Discard::Unsupported),
        Err(error) => Err(error),
    }
}

/// The same file or device once more, read past the page cache. A new open file description, not a
/// duplicate: setting `O_DIRECT` on a duplicate would set it on the original. The path is not
/// opened again, as it may lead elsewhere by now.
pub(in crate::storage) fn open_uncached(file: &File) -> Option<File> {
    // Refused where /proc is not mounted, the file system cannot read past the cache, or the
    // process has lost the permission.
    OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::DIRECT.bits().cast_signed())
        .open(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .ok()
}

/// All of the file: part of a large folio would not be dropped. A hint, so errors say nothing.
pub(in crate::storage) fn drop_cached(file: &File) {
    let _ = fadvise(file, 0, None, Advice::DontNeed);
}

/// `ioctl(BLKDISCARD)`; it also drops the range from the page cache.
fn discard_blocks(file: &File, offset: u64, len: u64) -> rustix::io::Result<()> {
    // `_IO(0x12, 119)` in linux/fs.h.
    const BLKDISCARD: rustix::ioctl::Opcode = opcode::none(0x12, 119);
    // SAFETY: for this opcode the kernel reads two `u64`, offset and length in bytes, and writes
    // nothing to memory of the process.
    unsafe { ioctl(file, Setter::<BLKDISCARD, [u64; 2]>::new([offset, len])) }
}
