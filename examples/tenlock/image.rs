//! Opening images and devices.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use tenlock::format::VolumeState;
use tenlock::storage::{FileStorage, Storage};
use tenlock::volume::{Code, Error, Info, LockedVolume, Opened, Volume, Workers, inspect};

use crate::credential::Source;
use crate::failure::Failure;
use crate::output::{Output, escape};

/// Opens for reading: nothing is locked or written.
pub(crate) fn open_read_only(path: &Path) -> Result<FileStorage, Failure> {
    FileStorage::open_read_only(path).map_err(|error| cannot_open(path, &error))
}

/// Opens for reading and writing, or for reading where the medium is write-protected: the volume can still say what it is.
pub(crate) fn open(path: &Path) -> Result<FileStorage, Failure> {
    match FileStorage::open(path) {
        Ok(storage) => Ok(storage),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            open_read_only(path)
        }
        Err(error) => Err(cannot_open(path, &error)),
    }
}

/// Unlocks the volume at `path`.
///
/// Whatever a passphrase cannot change is told before one is asked for, and while a person types, nobody else is kept out.
pub(crate) fn unlock(path: &Path, source: &Source, out: &mut Output) -> Result<Volume, Failure> {
    let storage: Arc<dyn Storage> = Arc::new(open(path)?);
    let info = inspect(&*storage)?;
    if info.state != VolumeState::Locked || is_exhausted(&info) {
        // Finishes what was interrupted, if it can.
        drop(LockedVolume::open_shared(Arc::clone(&storage))?.locked()?);
    }
    if !storage.is_writable() {
        return Err(Error::CannotWrite(None).into());
    }
    if matches!(source, Source::Prompt) && !out.is_json() {
        out.warn_of_few_attempts(attempts_remaining(&info).map_or(u64::MAX, u64::from));
    }
    let passphrase = source.read()?;
    let volume = LockedVolume::open_shared(storage)?
        .locked()?
        .unlock(&passphrase)
        .map_err(Error::from)?;
    for notice in volume.take_notices() {
        out.notice(notice.to_string());
    }
    with_all_cores(volume)
}

/// The volume with a thread for each core.
pub(crate) fn with_all_cores(volume: Volume) -> Result<Volume, Failure> {
    Ok(volume.with_workers(Workers::for_this_machine()?))
}

/// Opens the volume at `path` without a key, and finishes an erase that is due.
pub(crate) fn open_volume(path: &Path) -> Result<Opened, Failure> {
    Ok(LockedVolume::open(open(path)?)?)
}

/// A path for people.
pub(crate) fn show(path: &Path) -> String {
    escape(&path.display().to_string())
}

/// What a path that cannot be opened means.
pub(crate) fn cannot_open(path: &Path, error: &std::io::Error) -> Failure {
    let shown = show(path);
    match error.kind() {
        ErrorKind::NotFound => Failure::new(
            Code::Io,
            "io",
            format!("cannot open {shown}: there is no such file or device; check the path"),
        ),
        ErrorKind::ResourceBusy | ErrorKind::WouldBlock => {
            let message = format!(
                "{shown} is in use by another program, or mounted: close it there and try again"
            );
            Failure::new(Code::Busy, Error::Busy.name(), message)
        }
        ErrorKind::IsADirectory | ErrorKind::InvalidInput => {
            let message = format!(
                "{shown} is neither a file nor a block device, so it is no volume: check the path"
            );
            Failure::new(Code::NotAVolume, Error::NotAVolume.name(), message)
        }
        _ => Failure::io("open", &shown, error),
    }
}

/// Attempts left on the slot with the fewest.
fn attempts_remaining(info: &Info) -> Option<u8> {
    info.slots
        .iter()
        .filter_map(|slot| slot.attempts)
        .map(|attempts| attempts.remaining)
        .min()
}

fn is_exhausted(info: &Info) -> bool {
    attempts_remaining(info) == Some(0)
}
