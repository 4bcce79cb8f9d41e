//! Files with a secret in them: made new, for their owner only, and on the medium before anything relies on them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tenlock::volume::Code;

use crate::failure::Failure;
use crate::image::show;

/// A file that was made new. Unless it is [kept](Self::keep) it goes away again.
#[derive(Debug)]
#[must_use]
pub(crate) struct NewFile {
    path: Option<PathBuf>,
}

impl NewFile {
    /// Writes `contents` to a file that does not exist yet, readable and writable by its owner only (Unix). File and folder are
    /// flushed when this returns.
    pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<Self, Failure> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::AlreadyExists => is_there(path),
            _ => Failure::io("create", &show(path), &error),
        };
        let mut file = private().open(path).map_err(failed)?;
        let made = Self {
            path: Some(path.to_owned()),
        };
        file.write_all(contents)
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder_of(path))
            .map_err(failed)?;
        Ok(made)
    }

    /// The file stays.
    pub(crate) fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // The failure that led here is what is reported; what the file holds opens nothing.
            let _ = fs::remove_file(path);
        }
    }
}

/// A new name survives a loss of power when its folder has been flushed. Elsewhere than on Unix the file system sees to it.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    match File::open(parent.unwrap_or(Path::new(".")))?.sync_all() {
        // The file system has no way to flush a folder.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn is_there(path: &Path) -> Failure {
    let message = format!(
        "{} is there already and is not overwritten: choose another name",
        show(path)
    );
    Failure::new(Code::Other, "file_exists", message)
}
