//! What stops an operation. Everything milder is a [`Warning`](super::Warning).

use std::io;
use std::path::{Path, PathBuf};

use super::FileSystemKind;

/// Why an operation stopped, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The payload cannot hold the file system at all.
    #[error(
        "the volume is too small for {kind}: it has {actual} bytes and needs {needed}; \
         create a larger one, or choose exFAT if this is FAT32"
    )]
    TooSmall {
        /// The file system asked for.
        kind: FileSystemKind,
        /// Smallest payload in bytes.
        needed: u64,
        /// The payload in bytes.
        actual: u64,
    },
    /// The payload is larger than the file system can address.
    #[error("the volume is too large for {kind}, which ends at {max} bytes; choose exFAT")]
    TooLarge {
        /// The file system asked for.
        kind: FileSystemKind,
        /// Largest payload in bytes.
        max: u64,
    },
    /// The volume label does not suit the file system.
    #[error(
        "{kind} cannot hold the label {label:?}: use at most 11 characters, \
         without \" * / : < > ? \\ | (FAT32: plain ASCII, and also none of + , . ; = [ ])"
    )]
    Label {
        /// The file system asked for.
        kind: FileSystemKind,
        /// The label asked for.
        label: String,
    },
    /// What is to be packed does not fit; nothing was written.
    #[error(
        "the folder needs {needed} bytes and the volume has {available} free; \
         create a larger volume or pack less"
    )]
    NoSpace {
        /// Bytes needed, in whole clusters.
        needed: u64,
        /// Bytes free.
        available: u64,
    },
    /// The volume filled up on the way, because files grew after the plan.
    #[error(
        "the volume is full at {path:?}; what was copied before is in place: \
         create a larger volume and pack again"
    )]
    VolumeFull {
        /// The host file that did not fit.
        path: PathBuf,
    },
    /// The payload holds no file system this tool reads.
    #[error(
        "the volume holds no exFAT or FAT file system; \
         pack a folder into it first, or use `read` for raw contents"
    )]
    NotAFileSystem,
    /// No such path on the volume.
    #[error("{path:?} does not exist on the volume; `ls` shows what does")]
    NotFound {
        /// The path on the volume.
        path: String,
    },
    /// The destination holds something already.
    #[error("{path:?} is not an empty folder; give a new or an empty one")]
    NotEmpty {
        /// The destination.
        path: PathBuf,
    },
    /// The progress callback asked to stop.
    #[error("cancelled; what was copied before is in place")]
    Cancelled,
    /// The host's file system failed.
    #[error("cannot {action} {path:?}")]
    Host {
        /// What was tried.
        action: &'static str,
        /// The host path.
        path: PathBuf,
        /// The host's reason.
        source: io::Error,
    },
    /// The file system in the volume failed, or the payload beneath it.
    #[error("cannot {action} {path:?} on the volume")]
    Volume {
        /// What was tried.
        action: &'static str,
        /// The path on the volume.
        path: PathBuf,
        /// The file system's reason; the payload's error is its source.
        source: hadris_fs::Error<io::Error>,
    },
}

impl Error {
    /// For `map_err` on a host call.
    pub(super) fn host(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Host {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err` on a call into the volume's file system.
    pub(super) fn volume(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(hadris_fs::Error<io::Error>) -> Self {
        move |source| Self::Volume {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err` on a direct call into the payload.
    pub(super) fn payload(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            Self::volume(action, Path::new("/"))(hadris_fs::Error::device(source, "I/O error"))
        }
    }
}

impl std::fmt::Display for FileSystemKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ExFat => "exFAT",
            Self::Fat32 => "FAT32",
        })
    }
}
