//! Opening images and devices.

use std::io::ErrorKind;
use std::path::Path;

use tenlock::storage::FileStorage;
use tenlock::volume::{Code, Error, LockedVolume, Opened};

use crate::failure::Failure;
use crate::output::escape;

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
