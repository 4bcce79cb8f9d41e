//! A rollback memory in one small text file.
//!
//! ```text
//! tenlock rollback memory 1
//! 6f1c7a52-0f5e-4a53-9d5c-3c1f0a8e7b21 118 3 42
//! ```
//!
//! The first line has the version; then one line for each volume: its id, generation, policy number
//! and log sequence.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::iter;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{Remembered, RollbackMemory};
use crate::format::VolumeId;

const TITLE: &str = "tenlock rollback memory 1";

/// Far more than a host ever sees: some 100,000 volumes.
const MAX_LEN: u64 = 8 << 20;

/// How often, and after which pause, something is tried again that Windows refuses for a moment.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// Remembers volumes in a text file, one line for each.
///
/// A file that does not exist remembers nothing; the first volume creates it, readable and writable by
/// its owner only (Unix), in a folder that must exist. A file that cannot be understood is an error
/// of [`io::ErrorKind::InvalidData`] and stays as it is: nothing is ever forgotten in silence.
///
/// Each change writes a new file (the name with `.new` behind it), flushes it and renames it, so that
/// a crash leaves the old file or the new one. A lock on another one (`.lock`), which stays, lets
/// handles, threads and processes change it one after the other.
///
/// ```
/// use tenlock::volume::{FileMemory, Remembered, RollbackMemory, VolumeId};
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("volumes");
/// let memory = FileMemory::new(path);
/// let volume = VolumeId::from_random([7; 16]);
/// assert_eq!(memory.recall(volume)?, None);
///
/// let seen = Remembered { generation: 118, policy_number: 3, log_sequence: 42 };
/// memory.remember(volume, seen)?;
///
/// // An earlier copy has been put back.
/// let found = Remembered { generation: 110, ..seen };
/// assert!(memory.recall(volume)?.is_some_and(|seen| found.is_behind(&seen)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileMemory {
    path: PathBuf,
}

impl FileMemory {
    /// The memory in the file at `path`. Nothing is read or written yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Lets `change` work on the lines, and writes them if it says that it changed any.
    fn change(&self, change: impl FnOnce(&mut Vec<Line>) -> bool) -> io::Result<bool> {
        let path = self.behind_links()?;
        let _lock = Lock::acquire(&path)?;
        let mut lines = read(&path)?;
        let changed = change(&mut lines);
        if changed {
            replace(&path, &encode(&lines))?;
        }
        Ok(changed)
    }

    /// The path without symbolic links: a rename would replace the link, and two paths to one file must
    /// have one lock.
    fn behind_links(&self) -> io::Result<PathBuf> {
        match fs::canonicalize(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        let name = self
            .path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Ok(fs::canonicalize(folder)?.join(name))
    }
}

impl RollbackMemory for FileMemory {
    /// Takes no lock, so that a memory can be read where it cannot be changed: the file is only ever
    /// replaced as a whole.
    fn recall(&self, volume: VolumeId) -> io::Result<Option<Remembered>> {
        let lines = read(&self.path)?;
        Ok(lines
            .into_iter()
            .find(|(id, _)| *id == volume)
            .map(|line| line.1))
    }

    fn remember(&self, volume: VolumeId, seen: Remembered) -> io::Result<()> {
        self.change(|lines| {
            let Some((_, known)) = lines.iter_mut().find(|(id, _)| *id == volume) else {
                lines.push((volume, seen));
                return true;
            };
            let latest = known.latest(seen);
            let changed = latest != *known;
            *known = latest;
            changed
        })?;
        Ok(())
    }

    fn forget(&self, volume: VolumeId) -> io::Result<bool> {
        self.change(|lines| {
            let before = lines.len();
            lines.retain(|(id, _)| *id != volume);
            lines.len() < before
        })
    }
}

/// A volume and what is remembered of it.
type Line = (VolumeId, Remembered);

fn read(path: &Path) -> io::Result<Vec<Line>> {
    // Before opening, which would wait for the other end of a FIFO.
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(malformed(path, "it is not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    patiently(|| File::open(path))?
        .take(MAX_LEN + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(malformed(path, "it is too long"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| malformed(path, "it is not UTF-8"))?;
    parse(text).map_err(|what| malformed(path, &what))
}

/// The error for a file that is not understood.
fn malformed(path: &Path, what: &str) -> io::Error {
    let text = format!(
        "{} is not a rollback memory that this software can read: {what}; correct it, or, to forget all volumes, delete it",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn parse(text: &str) -> Result<Vec<Line>, String> {
    // A file that was cut off in a line would remember a lower number.
    if !text.ends_with('\n') {
        return Err("its last line is not complete".into());
    }
    let mut rest = text.lines();
    if rest.next() != Some(TITLE) {
        return Err(format!("its first line is not `{TITLE}`"));
    }
    let mut lines = Vec::<Line>::new();
    for (text, number) in rest.zip(2..) {
        let line = parse_line(text)
            .ok_or_else(|| format!("line {number} is not a volume id and three numbers"))?;
        if lines.iter().any(|(id, _)| *id == line.0) {
            return Err(format!("line {number} has the same volume as one before"));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn parse_line(line: &str) -> Option<Line> {
    let mut words = line.split(' ');
    let volume = words.next()?.parse().ok()?;
    let mut number = || words.next()?.parse().ok();
    let remembered = Remembered {
        generation: number()?,
        policy_number: number()?,
        log_sequence: number()?,
    };
    words.next().is_none().then_some((volume, remembered))
}

fn encode(lines: &[Line]) -> String {
    let line = |(volume, seen): &Line| {
        let (generation, policy_number) = (seen.generation, seen.policy_number);
        format!(
            "{volume} {generation} {policy_number} {}\n",
            seen.log_sequence
        )
    };
    iter::once(format!("{TITLE}\n"))
        .chain(lines.iter().map(line))
        .collect()
}

/// Puts a new file in the place of the old one, if any. The caller holds the lock.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = beside(path, ".new");
    // Left over from a crash. Not truncated but removed: it might be a link, or belong to others.
    match patiently(|| fs::remove_file(&new)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = owner_only(OpenOptions::new().write(true).create_new(true)).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    patiently(|| fs::rename(&new, path))?;
    flush_folder_of(path)
}

/// On Windows a file can be refused for a moment while it is replaced, or while somebody else, perhaps a
/// virus scanner, has it open.
fn patiently<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..TRIES {
        match work() {
            Err(error) if cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied => {
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
    work()
}

/// The exclusive lock on the right to change a memory.
struct Lock(File);

impl Lock {
    /// Waits for whoever has it.
    fn acquire(path: &Path) -> io::Result<Self> {
        let file = owner_only(OpenOptions::new().write(true).create(true).truncate(false))
            .open(beside(path, ".lock"))?;
        file.lock()?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not end it while a process that another thread is just starting still
        // has the descriptor. The close that follows ends it in all other cases.
        let _ = self.0.unlock();
    }
}

/// The path with `extension` behind its name.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.file_name().map(OsStr::to_owned).unwrap_or_default();
    name.push(extension);
    path.with_file_name(name)
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// So that the new name survives a loss of power. Elsewhere than on Unix, handles on folders cannot be
/// flushed without further privileges.
fn flush_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
