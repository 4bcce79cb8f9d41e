//! A standard file system inside the payload of a volume, in user space.
//!
//! `format` writes an empty exFAT or FAT32, `plan` measures a folder, `pack`
//! copies the folder in, `list` and `unpack` read it back. Neither a driver
//! nor a mount is needed, so it works the same on every system.
//!
//! # What is kept
//!
//! Names, contents, empty folders, modification times and, where the host has
//! them, creation times. Times are stored as UTC: exFAT keeps 10 ms, FAT32
//! keeps 2 s (creation 10 ms) and does not say that it is UTC, so that other
//! systems show FAT32 times in their own zone.
//!
//! # What is not
//!
//! Owners, permissions, access lists, extended attributes, alternate data
//! streams and DOS attributes are not stored. A file with several hard links
//! is stored once for each name, a sparse file with all its zeros. Anything
//! else that does not fit is reported as a [`Warning`]; nothing is dropped in
//! silence.
//!
//! # Trust
//!
//! The file system that is read may be crafted: names, sizes and shapes are
//! checked, work is bounded by the length of the payload, and nothing is
//! written outside the destination. The folder that is packed and the folder
//! above the destination are trusted: whoever may rename entries there while
//! the tool runs can make it follow a link, since `std` has no `openat`.

mod check;
mod device;
mod error;
mod format;
mod job;
mod list;
mod mount;
mod names;
mod overlap;
mod pack;
mod plan;
mod scan;
#[cfg(test)]
mod tests;
mod times;
mod unpack;
mod warning;

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

pub(crate) use check::damage;
pub(crate) use error::Error;
pub(crate) use format::{format, min_len};
pub(crate) use list::{Entry, list};
pub(crate) use pack::pack;
pub(crate) use plan::{Plan, plan};
pub(crate) use unpack::unpack;
pub(crate) use warning::{Issue, Warning};

/// The bytes that the file system lives in.
///
/// Reads and writes lie within [`len`](Self::len) and start and end on
/// multiples of 512 bytes.
pub(crate) trait Payload: Send {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Bytes per sector, 512 or 4096: what the file system declares as its
    /// own sector size, so that the payload also mounts as a block device.
    fn sector_size(&self) -> u32 {
        512
    }

    /// Fills `buf` from byte `offset`.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at byte `offset`.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Returns once earlier writes are on the medium.
    fn flush(&self) -> io::Result<()>;
}

/// The file systems that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileSystemKind {
    /// Files and volumes of any practical size.
    ExFat,
    /// For devices that read nothing else: files below 4 GiB, volumes below
    /// 2 TiB, at most 65,536 entries in a folder.
    Fat32,
}

/// Called with the bytes done, the bytes in all and the path at work, at
/// least once for each MiB and each file. `Break` cancels.
pub(crate) type Progress<'a> = dyn FnMut(u64, u64, &Path) -> ControlFlow<()> + 'a;

/// What a copy in either direction achieved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Files written.
    pub(crate) files: u64,
    /// Folders written, the topmost not counted.
    pub(crate) folders: u64,
    /// Bytes of file contents written.
    pub(crate) bytes: u64,
    /// Warnings that mean missing or doubtful contents. 0: the copy is
    /// complete.
    pub(crate) losses: u64,
}

/// Bytes moved at a time between a host file and the volume.
const PIECE: usize = 1 << 20;

/// Folders below the topmost one that are followed. Far more than people nest,
/// and few enough for the checker, which follows 63, and for the smallest
/// main-thread stack (Windows, 1 MiB).
const MAX_DEPTH: usize = 60;

/// A length in memory as a length on a medium.
fn len_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
