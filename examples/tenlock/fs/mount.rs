//! Opening the file system that the payload holds.

use std::io;

use hadris_fat::CacheOptions;
use hadris_fat::exfat::sync::ExFatFs;
use hadris_fat::sync::FatFs;
use hadris_fs::sync::FileSystem;
use hadris_fs::{ErrorKind, MountError, MountOptions, SystemClock};

use super::device::Device;
use super::{Error, Payload};

/// A mounted file system of either kind.
pub(super) type Mounted<'p> = Box<dyn FileSystem<DeviceError = io::Error> + 'p>;

/// Whether a mount may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Never writes, not even a flag.
    Read,
    /// `sync` before dropping, or changes are lost.
    Write,
}

/// Mounts what is there, exFAT or FAT.
pub(super) fn mount(payload: &dyn Payload, access: Access) -> Result<Mounted<'_>, Error> {
    let mut options = MountOptions::new().with_clock(&SystemClock);
    if access == Access::Read {
        options = options.read_only();
    }
    if holds_exfat(payload)? {
        let mounted = ExFatFs::mount(Device::new(payload), options);
        return Ok(Box::new(mounted.map_err(not_mounted)?));
    }
    let mounted = FatFs::mount(Device::new(payload), options);
    let mounted = mounted.map_err(not_mounted)?;
    // Looking up what was listed just before, as `unpack` does, is then free.
    Ok(Box::new(mounted.with_cache(CacheOptions::sequential())))
}

/// Whether the first sector names exFAT (exFAT specification, section 3.1.2), or else may be FAT's.
///
/// # Errors
/// [`Error::NotAFileSystem`] if it is neither's boot sector.
pub(super) fn holds_exfat(payload: &dyn Payload) -> Result<bool, Error> {
    let mut sector = [0; 512];
    if payload.len() < 512 {
        return Err(Error::NotAFileSystem);
    }
    payload
        .read_at(0, &mut sector)
        .map_err(Error::payload("read the first sector of"))?;
    // Without the signature that both end with nobody has formatted it: a new volume reads as noise.
    if sector[510..] != [0x55, 0xAA] {
        return Err(Error::NotAFileSystem);
    }
    Ok(sector[3..11] == *b"EXFAT   ")
}

fn not_mounted(error: MountError<Device<'_>, io::Error>) -> Error {
    match error.kind() {
        ErrorKind::NotRecognized => Error::NotAFileSystem,
        _ => Error::volume("open the file system of", ROOT.as_ref())(error.into_error()),
    }
}

/// The topmost folder, as a path on the volume.
pub(super) const ROOT: &str = "/";
