//! Copying a folder of the host into the volume.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use hadris_fs::{ErrorKind, Name, NodeId, OpenMode};

use super::job::Job;
use super::mount::{Access, Mounted, mount};
use super::names::{Rules, candidates};
use super::overlap::read_ahead;
use super::scan::{Item, ItemKind, host_issue, max_file_len, scan};
use super::warning::BadName;
use super::{Error, FileSystemKind, Issue, MAX_DEPTH, Payload, Plan, Progress, Report, Warning};

/// Copies the planned folder into the topmost folder of the volume.
///
/// Nothing on the volume is overwritten: a name that is taken, in whatever
/// letter case, is stored with a number. The volume is flushed at the end, also
/// after an error. If [`Report::losses`] is not 0 the copy is incomplete.
///
/// # Errors
/// [`Error::NoSpace`] before anything is written; [`Error::VolumeFull`],
/// [`Error::Volume`], [`Error::Cancelled`] on the way.
pub(crate) fn pack<'a>(
    plan: &Plan,
    payload: &'a dyn Payload,
    progress: &'a mut Progress<'a>,
    warnings: &'a mut Vec<Warning>,
) -> Result<Report, Error> {
    let mut volume = mount(payload, Access::Write)?;
    check_space(&mut volume, plan)?;
    let mut packer = Packer {
        root: volume.root(),
        volume,
        kind: plan.kind,
        job: Job::new(plan.bytes, progress, warnings),
    };
    let copied = packer.folder(&plan.folder, packer.root, 0);
    let synced = packer.volume.sync();
    copied?;
    synced.map_err(Error::volume("finish writing to", "/".as_ref()))?;
    Ok(packer.job.report)
}

struct Packer<'a> {
    volume: Mounted<'a>,
    root: NodeId,
    kind: FileSystemKind,
    job: Job<'a>,
}

impl Packer<'_> {
    fn folder(&mut self, host: &Path, node: NodeId, depth: usize) -> Result<(), Error> {
        let job = &mut self.job;
        let items = match scan(host, self.kind, &mut |path, issue| job.warn(path, issue)) {
            Ok(items) => items,
            Err(error) => {
                job.warn(host, host_issue(&error));
                return Ok(());
            }
        };
        for item in &items {
            match item.kind {
                ItemKind::File(_) => self.file(item, node)?,
                ItemKind::Folder if depth == MAX_DEPTH => {
                    self.job.warn(&item.path, Issue::TooDeep);
                }
                ItemKind::Folder => self.subfolder(item, node, depth + 1)?,
            }
        }
        Ok(())
    }

    fn subfolder(&mut self, item: &Item, parent: NodeId, depth: usize) -> Result<(), Error> {
        let node = self.create(item, parent)?;
        self.job.report.folders += 1;
        self.job.advance(0, &item.path)?;
        self.folder(&item.path, node, depth)?;
        self.volume.forget(node, 1);
        Ok(())
    }

    fn file(&mut self, item: &Item, parent: NodeId) -> Result<(), Error> {
        let (mut source, before) = match open(&item.path) {
            Ok(opened) => opened,
            Err(issue) => {
                self.job.warn(&item.path, issue);
                return Ok(());
            }
        };
        let node = self.create(item, parent)?;
        let opened = self.volume.open(node, OpenMode::Write);
        opened.map_err(Error::volume("open", &item.path))?;
        let limit = before.len().min(max_file_len(self.kind));
        let copied = self.contents(item, node, &mut source, limit)?;
        // Before `close`, which would stamp the time of the last write.
        let set = self.volume.setattr(node, &item.times.attributes());
        set.map_err(Error::volume("set the times of", &item.path))?;
        let closed = self.volume.close(node);
        closed.map_err(Error::volume("close", &item.path))?;
        self.volume.forget(node, 1);
        self.job.report.files += 1;
        if let Some(issue) = copied.or_else(|| changed(&source, &before)) {
            self.job.warn(&item.path, issue);
        }
        self.job.advance(0, &item.path)
    }

    /// Copies at most `limit` bytes. A source that cannot be read to its end is
    /// an issue, a volume that cannot be written an error.
    fn contents(
        &mut self,
        item: &Item,
        node: NodeId,
        source: &mut File,
        limit: u64,
    ) -> Result<Option<Issue>, Error> {
        let mut copied = 0;
        let mut failure = None;
        let Self { volume, job, .. } = self;
        read_ahead(source, limit, |piece, failed| {
            write_all(volume, node, copied, piece, &item.path)?;
            copied += super::len_u64(piece.len());
            failure = failed;
            job.advance(piece.len(), &item.path)
        })?;
        Ok(match failure {
            Some(error) => {
                let why = error.to_string();
                Some(Issue::Truncated { copied, why })
            }
            None => (copied < limit).then_some(Issue::Changed),
        })
    }

    /// Creates a file or folder under its name or the next one that is free.
    fn create(&mut self, item: &Item, parent: NodeId) -> Result<NodeId, Error> {
        let times = item.times.attributes();
        for name in candidates(&item.name, Rules::Volume) {
            let created = match item.kind {
                ItemKind::File(_) => self.volume.create(parent, Name::new(&name), &times),
                ItemKind::Folder => self.volume.mkdir(parent, Name::new(&name), &times),
            };
            match created {
                Ok(node) => {
                    self.tell_name(item, name);
                    return Ok(node);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed_write("create", &item.path)(error)),
            }
        }
        Err(Error::volume("find a free name for", &item.path)(
            ErrorKind::AlreadyExists.into(),
        ))
    }

    fn tell_name(&mut self, item: &Item, to: String) {
        let taken = (to != item.name).then_some(BadName::Taken);
        if let Some(why) = item.bad_name.or(taken) {
            self.job.warn(&item.path, Issue::Renamed { to, why });
        }
    }
}

fn check_space(volume: &mut Mounted<'_>, plan: &Plan) -> Result<(), Error> {
    let stats = volume.statfs();
    let stats = stats.map_err(Error::volume("measure", "/".as_ref()))?;
    let cluster = stats.block_size();
    let available = stats.free_blocks().saturating_mul(u64::from(cluster));
    let needed = plan.allocated(cluster);
    if needed > available {
        return Err(Error::NoSpace { needed, available });
    }
    Ok(())
}

fn open(path: &Path) -> Result<(File, Metadata), Issue> {
    // Again, since opening a pipe that took the file's place would block.
    let metadata = fs::symlink_metadata(path).map_err(|error| host_issue(&error))?;
    if !metadata.is_file() {
        return Err(Issue::Changed);
    }
    let file = File::open(path).map_err(|error| host_issue(&error))?;
    let metadata = file.metadata().map_err(|error| host_issue(&error))?;
    Ok((file, metadata))
}

/// Whether the file is another than it was when it was opened.
fn changed(source: &File, before: &Metadata) -> Option<Issue> {
    let same = source.metadata().is_ok_and(|after| {
        after.len() == before.len() && after.modified().ok() == before.modified().ok()
    });
    (!same).then_some(Issue::Changed)
}

fn write_all(
    volume: &mut Mounted<'_>,
    node: NodeId,
    offset: u64,
    data: &[u8],
    path: &Path,
) -> Result<(), Error> {
    let mut done = 0;
    while done < data.len() {
        let at = offset + super::len_u64(done);
        let written = volume.write(node, at, &data[done..]);
        done += written.map_err(failed_write("write", path))?;
    }
    Ok(())
}

fn failed_write(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(hadris_fs::Error<io::Error>) -> Error {
    move |error| match error.kind() {
        ErrorKind::NoSpace => Error::VolumeFull {
            path: path.to_owned(),
        },
        _ => Error::volume(action, path)(error),
    }
}
