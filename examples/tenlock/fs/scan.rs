//! Reading one folder of the host.

use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::times::Times;
use super::warning::BadName;
use super::{FileSystemKind, Issue, names};

/// A file or folder that can be stored.
pub(super) struct Item {
    pub(super) path: PathBuf,
    /// The name to store it under, unless that is taken.
    pub(super) name: String,
    /// What was wrong with its own name, if that is another.
    pub(super) bad_name: Option<BadName>,
    pub(super) kind: ItemKind,
    pub(super) times: Times,
}

/// What an [`Item`] is.
#[derive(Clone, Copy)]
pub(super) enum ItemKind {
    /// With its length in bytes.
    File(u64),
    Folder,
}

/// Lists `folder` in the order of its names. What cannot be stored is warned of
/// and left out.
pub(super) fn scan(
    folder: &Path,
    kind: FileSystemKind,
    warn: &mut dyn FnMut(&Path, Issue),
) -> io::Result<Vec<Item>> {
    let mut items = Vec::new();
    for entry in sorted(folder, warn)? {
        let path = entry.path();
        match item(&entry, kind) {
            Ok(item) => items.push(item),
            Err(issue) => warn(&path, issue),
        }
    }
    let mut slots = 0;
    items.retain(|item| {
        slots += names::slots(kind, &item.name);
        let fits = slots <= max_slots(kind);
        if !fits {
            warn(&item.path, Issue::FolderFull);
        } else if item.times.clamped {
            warn(&item.path, Issue::TimeNotKept);
        }
        fits
    });
    Ok(items)
}

/// Largest file in bytes.
pub(super) fn max_file_len(kind: FileSystemKind) -> u64 {
    match kind {
        FileSystemKind::ExFat => u64::MAX,
        FileSystemKind::Fat32 => u64::from(u32::MAX),
    }
}

/// The reason for a warning about something that failed on the host.
pub(super) fn host_issue(error: &io::Error) -> Issue {
    match error.kind() {
        io::ErrorKind::NotFound => Issue::Vanished,
        _ => Issue::Failed(error.to_string()),
    }
}

fn sorted(folder: &Path, warn: &mut dyn FnMut(&Path, Issue)) -> io::Result<Vec<DirEntry>> {
    let mut entries: Vec<(OsString, DirEntry)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        match entry {
            Ok(entry) => entries.push((entry.file_name(), entry)),
            Err(error) => warn(folder, host_issue(&error)),
        }
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn item(entry: &DirEntry, kind: FileSystemKind) -> Result<Item, Issue> {
    // Of the link itself, not of what it points to.
    let metadata = entry.metadata().map_err(|error| host_issue(&error))?;
    let item_kind = if metadata.is_symlink() {
        return Err(Issue::Link);
    } else if metadata.is_dir() {
        ItemKind::Folder
    } else if !metadata.is_file() {
        return Err(Issue::Special);
    } else if metadata.len() > max_file_len(kind) {
        return Err(Issue::FileTooLarge);
    } else {
        ItemKind::File(metadata.len())
    };
    let (name, bad_name) = names::stored(&entry.file_name());
    Ok(Item {
        path: entry.path(),
        name,
        bad_name,
        kind: item_kind,
        times: Times::of(&metadata),
    })
}

/// Directory entries of 32 bytes in one folder.
fn max_slots(kind: FileSystemKind) -> u64 {
    match kind {
        // 256 MiB (exFAT specification, section 7.1).
        FileSystemKind::ExFat => (256 << 20) / 32,
        // 2 MiB (FAT specification, section 6), with `.`, `..` and the label.
        FileSystemKind::Fat32 => (2 << 20) / 32 - 3,
    }
}
