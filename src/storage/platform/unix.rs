//! What all Unix systems share.

use std::fs::{self, File, FileType, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

#[cfg(target_os = "linux")]
use super::linux::{CLAIM_DEVICE, device_geometry, is_read_only_device};
#[cfg(target_os = "macos")]
use super::macos::device_geometry;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
use super::other_unix::device_geometry;
#[cfg(not(target_os = "linux"))]
use super::other_unix::{CLAIM_DEVICE, is_read_only_device};
use super::{Backing, is_a_directory, special_file};
use crate::storage::lock_registry::Identity;

pub(in crate::storage) fn open(path: &Path, writable: bool) -> io::Result<(File, Backing)> {
    // Before opening, because opening alone rewinds a tape and starts a watchdog.
    let kind = Kind::of(fs::metadata(path)?.file_type())?;
    let claim = if kind == Kind::Device && writable {
        CLAIM_DEVICE
    } else {
        OFlags::empty()
    };
    // Should the path have become a FIFO meanwhile, the open must not wait for its other end.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | claim;
    let file = OpenOptions::new()
        .read(true)
        .write(writable)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if Kind::of(file.metadata()?.file_type())? != kind {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path changed while it was being opened",
        ));
    }
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    let backing = match kind {
        Kind::File => Backing::File,
        Kind::Device if writable && is_read_only_device(&file)? => {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Kind::Device => device_geometry(&file)?,
    };
    Ok((file, backing))
}

pub(in crate::storage) fn create_new(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    sync_parent_directory(path)?;
    Ok(file)
}

pub(in crate::storage) fn identity(file: &File, backing: Backing) -> io::Result<Identity> {
    let metadata = file.metadata()?;
    Ok(match backing {
        Backing::File => Identity::File {
            file_system: metadata.dev(),
            file: metadata.ino(),
        },
        Backing::Device { .. } => Identity::Device(metadata.rdev()),
    })
}

pub(in crate::storage) fn read_at(file: &File, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    FileExt::read_at(file, buf, offset)
}

pub(in crate::storage) fn write_at(file: &File, offset: u64, data: &[u8]) -> io::Result<usize> {
    FileExt::write_at(file, data, offset)
}

/// flock(2), which unlike a lock of fcntl(2) does not end when some other descriptor of the file is
/// closed.
pub(in crate::storage) fn try_lock(file: &File, _: Backing) -> Result<(), TryLockError> {
    file.try_lock()
}

pub(in crate::storage) fn unlock(file: &File, _: Backing) -> io::Result<()> {
    file.unlock()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Device,
}

impl Kind {
    fn of(file_type: FileType) -> io::Result<Self> {
        if file_type.is_file() {
            Ok(Self::File)
        } else if file_type.is_block_device() {
            Ok(Self::Device)
        } else if file_type.is_dir() {
            Err(is_a_directory())
        } else {
            Err(special_file())
        }
    }
}

/// A flush of the file does not cover its name (fsync(2)).
fn sync_parent_directory(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    match File::open(parent)?.sync_all() {
        // The file system has no way to flush a directory (fsync(2), EINVAL).
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}
