//! Copying everything on the volume to a folder of the host.
//!
//! The file system may be crafted. Each name becomes one component of a path,
//! each folder is entered once, lengths and numbers of entries are bounded by
//! the payload, and nothing that exists is opened or followed.

use std::collections::HashSet;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};

use hadris_fs::{DirCursor, DirEntry, ErrorKind, FileType, NodeId, OpenMode};

use super::check::damage;
use super::job::Job;
use super::list::next;
use super::mount::{Access, Mounted, ROOT, mount};
use super::names::{Rules, adapt, candidates};
use super::overlap::write_behind;
use super::times::to_host_times;
use super::warning::BadName;
use super::{Error, Issue, MAX_DEPTH, Payload, Progress, Report, Warning};

/// Copies all files and folders into `folder`, which must be empty or not exist,
/// and returns once they are on the medium.
///
/// What is damaged on the volume is skipped with a warning; what the host
/// refuses to write ends the copy. The total that `progress` is told is the
/// space in use, a little more than the files. If [`Report::losses`] is not 0
/// the copy is incomplete.
///
/// # Errors
/// [`Error::NotAFileSystem`], [`Error::NotEmpty`], [`Error::Host`],
/// [`Error::Volume`], [`Error::Cancelled`].
pub(crate) fn unpack<'a>(
    payload: &'a dyn Payload,
    folder: &Path,
    progress: &'a mut Progress<'a>,
    warnings: &'a mut Vec<Warning>,
) -> Result<Report, Error> {
    let mut volume = mount(payload, Access::Read)?;
    let stats = volume.statfs();
    let stats = stats.map_err(Error::volume("measure", ROOT.as_ref()))?;
    let used = stats
        .used_blocks()
        .saturating_mul(stats.block_size().into());
    let root = volume.root();
    prepare(folder)?;
    let mut unpacker = Unpacker {
        volume,
        job: Job::new(used, progress, warnings),
        entered: HashSet::new(),
        bytes_left: payload.len(),
        entries_left: payload.len() / SMALLEST_ENTRY,
    };
    for Warning { path, issue } in damage(payload)? {
        unpacker.job.warn(&path, issue);
    }
    unpacker.folder(root, folder, ROOT.as_ref(), 0)?;
    let made_durable = durable_folder(folder);
    made_durable.map_err(Error::host("flush", folder))?;
    Ok(unpacker.job.report)
}

struct Unpacker<'a> {
    volume: Mounted<'a>,
    job: Job<'a>,
    entered: HashSet<NodeId>,
    /// Bytes of files that an honest volume of this length can still hold.
    bytes_left: u64,
    /// Entries that it can still hold.
    entries_left: u64,
}

/// An entry on its way from the volume to the host.
struct Source<'a> {
    entry: &'a DirEntry,
    node: NodeId,
    /// Its path on the volume, with its name as the host allows it.
    place: PathBuf,
}

impl Unpacker<'_> {
    fn folder(
        &mut self,
        node: NodeId,
        host: &Path,
        place: &Path,
        depth: usize,
    ) -> Result<(), Error> {
        let mut cursor = DirCursor::START;
        loop {
            match next(&mut self.volume, node, &mut cursor) {
                Ok(Some(entry)) => self.entry(&entry, node, host, place, depth)?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.job.warn(place, volume_issue(&error));
                    return Ok(());
                }
            }
        }
    }

    fn entry(
        &mut self,
        entry: &DirEntry,
        parent: NodeId,
        host: &Path,
        place: &Path,
        depth: usize,
    ) -> Result<(), Error> {
        let Some(left) = self.entries_left.checked_sub(1) else {
            let error = hadris_fs::Error::new(ErrorKind::Corrupt, "more entries than can be");
            return Err(Error::volume("list", place)(error));
        };
        self.entries_left = left;
        let (name, bad_name) = adapt(&entry.name().to_string(), Rules::host());
        let place = place.join(&name);
        let node = match self.volume.lookup(parent, entry.name()) {
            Ok(node) => node,
            Err(error) => {
                self.job.warn(&place, volume_issue(&error));
                return Ok(());
            }
        };
        let source = Source { entry, node, place };
        let copied = if node != entry.node() {
            let issue = Issue::Damaged("another entry has the same name");
            self.job.warn(&source.place, issue);
            Ok(())
        } else if entry.file_type() == FileType::Dir {
            self.subfolder(&source, host, &name, bad_name, depth + 1)
        } else {
            self.file(&source, host, &name, bad_name)
        };
        self.volume.forget(node, 1);
        copied
    }

    fn subfolder(
        &mut self,
        source: &Source<'_>,
        host: &Path,
        name: &str,
        bad_name: Option<BadName>,
        depth: usize,
    ) -> Result<(), Error> {
        if !self.entered.insert(source.node) {
            let issue = Issue::Damaged("a folder that contains itself");
            self.job.warn(&source.place, issue);
            return Ok(());
        }
        if depth > MAX_DEPTH {
            self.job.warn(&source.place, Issue::TooDeep);
            return Ok(());
        }
        let make = |path: &Path| fs::create_dir(path);
        let Some(((), path)) = self.create(source, host, name, bad_name, make)? else {
            return Ok(());
        };
        self.job.report.folders += 1;
        self.job.advance(0, &source.place)?;
        self.folder(source.node, &path, &source.place, depth)?;
        if set_folder_times(&path, to_host_times(source.entry.metadata())).is_err() {
            self.job.warn(&source.place, Issue::TimeNotKept);
        }
        Ok(())
    }

    fn file(
        &mut self,
        source: &Source<'_>,
        host: &Path,
        name: &str,
        bad_name: Option<BadName>,
    ) -> Result<(), Error> {
        let Some(left) = self.bytes_left.checked_sub(source.entry.metadata().len()) else {
            let issue = Issue::Damaged("longer than the volume has room for");
            self.job.warn(&source.place, issue);
            return Ok(());
        };
        self.bytes_left = left;
        let make = |path: &Path| File::create_new(path);
        let Some((mut file, path)) = self.create(source, host, name, bad_name, make)? else {
            return Ok(());
        };
        if let Some(issue) = self.contents(source, &mut file, &path)? {
            self.job.warn(&source.place, issue);
        }
        if file
            .set_times(to_host_times(source.entry.metadata()))
            .is_err()
        {
            self.job.warn(&source.place, Issue::TimeNotKept);
        }
        durable_file(&file).map_err(Error::host("flush", &path))?;
        self.job.report.files += 1;
        self.job.advance(0, &source.place)
    }

    /// A volume that cannot be read to the end of the file is an issue, a host
    /// that cannot be written an error.
    fn contents(
        &mut self,
        source: &Source<'_>,
        file: &mut File,
        path: &Path,
    ) -> Result<Option<Issue>, Error> {
        if let Err(error) = self.volume.open(source.node, OpenMode::Read) {
            return Ok(Some(volume_issue(&error)));
        }
        let len = source.entry.metadata().len();
        let (mut copied, mut why, mut cancelled) = (0, None, None);
        let Self { volume, job, .. } = self;
        let written = write_behind(file, len, |sink| {
            while copied < len && why.is_none() && cancelled.is_none() {
                match sink.pass(|buffer| volume.read(source.node, copied, buffer))? {
                    Ok(0) => why = Some("it ends early".to_owned()),
                    Ok(n) => {
                        copied += super::len_u64(n);
                        cancelled = job.advance(n, &source.place).err();
                    }
                    Err(error) => why = Some(reason(&error)),
                }
            }
            Ok(())
        });
        written.map_err(Error::host("write", path))?;
        if let Some(cancelled) = cancelled {
            return Err(cancelled);
        }
        // Publishes nothing on a read-only mount; a failure has no effect.
        let _ = self.volume.close(source.node);
        Ok(why.map(|why| Issue::Truncated { copied, why }))
    }

    /// Makes a new file or folder under its name or the next one that is free.
    /// `None`, with a warning, if the host allows no such name.
    fn create<T>(
        &mut self,
        source: &Source<'_>,
        host: &Path,
        name: &str,
        bad_name: Option<BadName>,
        make: impl Fn(&Path) -> io::Result<T>,
    ) -> Result<Option<(T, PathBuf)>, Error> {
        for to in candidates(name, Rules::host()) {
            let path = host.join(&to);
            match make(&path) {
                Ok(created) => {
                    let taken = (to != name).then_some(BadName::Taken);
                    if let Some(why) = bad_name.or(taken) {
                        self.job.warn(&source.place, Issue::Renamed { to, why });
                    }
                    return Ok(Some((created, path)));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if is_about_the_name(&error) => {
                    let issue = Issue::Failed(error.to_string());
                    self.job.warn(&source.place, issue);
                    return Ok(None);
                }
                Err(error) => return Err(Error::host("create", &path)(error)),
            }
        }
        let issue = Issue::Failed("every numbered name is taken".to_owned());
        self.job.warn(&source.place, issue);
        Ok(None)
    }
}

/// Makes sure that `folder` is a real, empty folder.
fn prepare(folder: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir(folder).map_err(Error::host("create the folder", folder))
        }
        Err(error) => Err(Error::host("look at", folder)(error)),
        Ok(metadata) => {
            let empty = metadata.is_dir()
                && fs::read_dir(folder)
                    .map_err(Error::host("read the folder", folder))?
                    .next()
                    .is_none();
            let path = folder.to_owned();
            empty.then_some(()).ok_or(Error::NotEmpty { path })
        }
    }
}

fn is_about_the_name(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput
    )
}

fn volume_issue(error: &hadris_fs::Error<io::Error>) -> Issue {
    match error.device_error() {
        Some(_) => Issue::Failed(reason(error)),
        None => Issue::Damaged(error.message()),
    }
}

fn reason(error: &hadris_fs::Error<io::Error>) -> String {
    match error.device_error() {
        Some(device) => device.to_string(),
        None => error.to_string(),
    }
}

/// Flushing each of many files costs minutes on a disk that turns; Linux can
/// flush them all at once.
#[cfg(target_os = "linux")]
fn durable_folder(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_wraps, reason = "the same as elsewhere")]
fn durable_file(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "the same as on Linux")]
fn durable_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn durable_file(file: &File) -> io::Result<()> {
    file.sync_all()
}

#[cfg(not(windows))]
fn set_folder_times(folder: &Path, times: FileTimes) -> io::Result<()> {
    File::open(folder)?.set_times(times)
}

/// Windows opens folders only on request.
#[cfg(windows)]
fn set_folder_times(folder: &Path, times: FileTimes) -> io::Result<()> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_WRITE_ATTRIBUTES: u32 = 0x0100;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    File::options()
        .access_mode(FILE_WRITE_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(folder)?
        .set_times(times)
}

/// Bytes of the smallest directory entry, that of FAT.
const SMALLEST_ENTRY: u64 = 32;
