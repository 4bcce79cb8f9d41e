//! Unix systems whose ways of discarding and of reading past the cache are not used: what can be
//! said is said, the rest is declined.

use std::fs::File;
use std::io;

use rustix::fs::OFlags;

use super::Backing;
use crate::storage::Discard;

/// No flag claims a device.
pub(super) const CLAIM_DEVICE: OFlags = OFlags::empty();

/// The open itself refuses a write-protected device.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of Linux")]
pub(super) fn is_read_only_device(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Disks are character devices on the BSDs, so this is asked of none in practice.
#[cfg(not(target_os = "macos"))]
pub(super) fn device_geometry(_: &File) -> io::Result<Backing> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "block devices are not supported on this system",
    ))
}

pub(in crate::storage) fn discard(_: &File, _: Backing, _: u64, _: u64) -> io::Result<Discard> {
    Ok(Discard::Unsupported)
}

pub(in crate::storage) fn open_uncached(_: &File) -> Option<File> {
    None
}

pub(in crate::storage) fn drop_cached(_: &File) {}
