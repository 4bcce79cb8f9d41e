//! The file or device that is to become a volume.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tenlock::format::{COPY_LEN, SectorSize};
use tenlock::storage::{FileStorage, Storage};
use tenlock::volume::{Code, CreateOptions, Error, Grantee, Volume, create_with_slots};

use crate::failure::Failure;
use crate::fs::{self as filesystem, FileSystemKind};
use crate::image::{cannot_open, open_read_only, show};
use crate::new_file::sync_folder_of;
use crate::units::show_bytes;
use crate::unlock::with_all_cores;

/// A new image under a name of its own, `IMAGE.part`, until it is [kept](Self::keep): what bears the name that was asked for is complete. If it
/// is not kept it goes away again.
#[must_use]
pub(crate) struct NewImage {
    /// The partial file and its name to be; `None` where the image was there before.
    made: Option<(PathBuf, PathBuf)>,
}

impl NewImage {
    /// Makes the volume on a new file, an empty one, a device, or what may be overwritten. The caller declares the volume after the
    /// image, so that it is closed before a file is removed.
    pub(crate) fn make(
        path: &Path,
        options: &CreateOptions,
        grantees: &[Grantee<'_>],
    ) -> Result<(Self, Volume), Failure> {
        check_vacant(path, options.overwrite)?;
        let (image, storage) = Self::claim(path)?;
        let volume =
            create_with_slots(storage, options, grantees).map_err(|error| match error {
                Error::LooksLikeData { .. } => in_the_way(path),
                error => error.into(),
            })?;
        Ok((image, with_all_cores(volume)?))
    }

    /// The volume is complete and closed: gives it its name.
    pub(crate) fn keep(mut self) -> Result<(), Failure> {
        let Some((partial, path)) = &self.made else {
            return Ok(());
        };
        check_vacant(path, false)?;
        let named = fs::rename(partial, path).and_then(|()| sync_folder_of(path));
        named.map_err(|error| Failure::io("rename", &show(partial), &error))?;
        self.made = None;
        Ok(())
    }

    fn claim(path: &Path) -> Result<(Self, FileStorage), Failure> {
        let failed = |error| cannot_open(path, &error);
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let partial = partial_name(path);
                let storage = FileStorage::create_new(&partial).map_err(|error| {
                    if error.kind() == ErrorKind::AlreadyExists {
                        left_over(&partial)
                    } else {
                        Failure::io("create", &show(&partial), &error)
                    }
                })?;
                let made = Some((partial, path.to_owned()));
                Ok((Self { made }, storage))
            }
            _ => Ok((
                Self { made: None },
                FileStorage::open(path).map_err(failed)?,
            )),
        }
    }
}

impl Drop for NewImage {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.made {
            // The failure that led here is what is reported; what remains of the file is no volume.
            let _ = fs::remove_file(path);
        }
    }
}

fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn left_over(partial: &Path) -> Failure {
    let message = format!(
        "{} is there, from a run that is going on or was interrupted: wait for it, or remove the file",
        show(partial)
    );
    Failure::new(Code::Other, "looks_like_data", message)
}

/// Refuses an existing file with something in it. Devices are looked at when the volume is made.
pub(crate) fn check_vacant(path: &Path, overwrite: bool) -> Result<(), Failure> {
    let holds_something = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    if holds_something && !overwrite {
        Err(in_the_way(path))
    } else {
        Ok(())
    }
}

/// Room for data in what exists at `path`; `None` if nothing does, or an empty file.
pub(crate) fn existing_room(path: &Path) -> Result<Option<u64>, Failure> {
    if fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    let length = open_read_only(path)?
        .len()
        .map_err(|error| Failure::io("measure", &show(path), &error))?;
    Ok(Some(length.saturating_sub(2 * COPY_LEN) / 4096 * 4096).filter(|_| length > 0))
}

/// Whether there is something other than a regular file.
pub(crate) fn is_device(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) => !found.is_file(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Refuses room in which the file system has no place.
pub(crate) fn check_room(
    kind: FileSystemKind,
    sector_size: SectorSize,
    room: u64,
) -> Result<(), Failure> {
    let needed = filesystem::min_len(kind, sector_size.bytes());
    if room < needed {
        let (needed, room) = (show_bytes(needed), show_bytes(room));
        let message = format!(
            "{kind} needs room for at least {needed}, and there would be {room}: give a larger --size, or use --filesystem none"
        );
        return Err(Failure::new(Code::Usage, "size", message));
    }
    Ok(())
}

fn in_the_way(path: &Path) -> Failure {
    let message = format!(
        "{} is not empty: choose another place, or add --overwrite to lose what it holds",
        show(path)
    );
    Failure::new(Code::Other, "looks_like_data", message)
}
