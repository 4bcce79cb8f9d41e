//! What a copy could not keep exactly as it was.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is not the same on the other side, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// Where it came from: a host path for `plan` and `pack`, a path on the
    /// volume for `unpack`.
    pub(crate) path: PathBuf,
    /// What happened to it.
    pub(crate) issue: Issue,
}

/// What happened to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Issue {
    /// Kept whole under another name.
    Renamed {
        /// The name it has now.
        to: String,
        /// Why the old one did not do.
        why: BadName,
    },
    /// Kept whole; its time is outside 1980 to 2107 and was moved to the nearest,
    /// or the host refused it.
    TimeNotKept,
    /// Its length or time changed during the copy: old and new contents may
    /// be mixed.
    Changed,
    /// Not copied: a symbolic link or junction.
    Link,
    /// Not copied: a device, pipe or socket.
    Special,
    /// Not copied: FAT32 files end at 4 GiB minus one byte.
    FileTooLarge,
    /// Not copied: the folder has as many entries as the file system allows.
    FolderFull,
    /// Not copied: nested deeper than is supported.
    TooDeep,
    /// Not copied: no longer there when its turn came.
    Vanished,
    /// Not copied: the system's reason.
    Failed(String),
    /// Copied only as far as it could be read.
    Truncated {
        /// Bytes copied.
        copied: u64,
        /// The system's reason.
        why: String,
    },
    /// The checker found this; entries may be missing without a trace.
    Inconsistent(&'static str),
    /// Not copied: the file system in the volume is damaged or crafted here.
    Damaged(&'static str),
}

/// Why a name could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadName {
    /// It is not valid Unicode.
    Encoding,
    /// It has a character that is not allowed.
    Character,
    /// It ends in a dot or a space.
    Ending,
    /// It has more than 255 UTF-16 units.
    Length,
    /// Windows gives it to a device.
    Device,
    /// The folder has that name already, perhaps in other letter case.
    Taken,
}

impl Warning {
    pub(super) fn new(path: &Path, issue: Issue) -> Self {
        Self {
            path: path.to_owned(),
            issue,
        }
    }

    /// Whether contents are missing or doubtful, so that the copy as a whole
    /// is not complete.
    pub(crate) fn is_loss(&self) -> bool {
        !matches!(self.issue, Issue::Renamed { .. } | Issue::TimeNotKept)
    }
}

impl fmt::Display for Warning {
    #[allow(
        clippy::unnecessary_debug_formatting,
        reason = "escapes: a crafted name must not drive the terminal"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.path, self.issue)
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamed { to, why } => write!(f, "stored as {to:?}: {why}"),
            Self::TimeNotKept => {
                f.write_str("time not kept: outside 1980 to 2107, or refused by the system")
            }
            Self::Changed => f.write_str("changed while it was copied; copy it again"),
            Self::Link => f.write_str("skipped: symbolic links are not followed"),
            Self::Special => f.write_str("skipped: not a file or a folder"),
            Self::FileTooLarge => f.write_str("skipped: FAT32 files end at 4 GiB; use exFAT"),
            Self::FolderFull => f.write_str("skipped: too many entries in one folder"),
            Self::TooDeep => write!(f, "skipped: more than {} folders deep", super::MAX_DEPTH),
            Self::Vanished => f.write_str("skipped: removed while the folder was read"),
            Self::Failed(why) => write!(f, "skipped: {why}"),
            Self::Truncated { copied, why } => {
                write!(f, "only the first {copied} bytes were copied: {why}")
            }
            Self::Inconsistent(what) => write!(
                f,
                "the file system is damaged here, and files may be missing: {what}"
            ),
            Self::Damaged(what) => write!(f, "skipped: damaged on the volume: {what}"),
        }
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "the name is not valid Unicode",
            Self::Character => "the name has characters that are not allowed",
            Self::Ending => "the name ends in a dot or a space",
            Self::Length => "the name is longer than 255 characters",
            Self::Device => "Windows reserves the name for a device",
            Self::Taken => "the name is taken, perhaps in other letter case",
        })
    }
}
