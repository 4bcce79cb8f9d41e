//! Looking at one folder of the volume.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use hadris_fs::{DirCursor, DirEntry, ErrorKind, FileType, NodeId, Resolve};

use super::mount::{Access, Mounted, mount};
use super::{Error, Payload, times};

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name as stored. It may come from a stranger: escape it in print.
    pub(crate) name: String,
    /// Whether it is a folder; a file otherwise.
    pub(crate) is_folder: bool,
    /// Length of a file in bytes, 0 of a folder.
    pub(crate) len: u64,
    /// Time of the last change, if one is stored.
    pub(crate) modified: Option<SystemTime>,
}

/// Lists the folder `path`, or the file alone, in the order of the names.
///
/// `path` is separated by `/`, with or without one in front; letter case does
/// not matter.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotAFileSystem`], [`Error::Volume`].
pub(crate) fn list(payload: &dyn Payload, path: &str) -> Result<Vec<Entry>, Error> {
    let mut volume = mount(payload, Access::Read)?;
    let place = Path::new(path);
    let node = match volume.resolve(path.as_bytes(), Resolve::Lexical) {
        Ok(node) => node,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(Error::NotFound {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(Error::volume("find", place)(error)),
    };
    let metadata = volume.stat(node).map_err(Error::volume("read", place))?;
    if metadata.file_type() != FileType::Dir {
        let name = path.trim_end_matches('/').rsplit('/').next();
        return Ok(vec![entry(name.unwrap_or(path), &metadata)]);
    }
    let mut entries = Vec::new();
    let mut cursor = DirCursor::START;
    while let Some(found) =
        next(&mut volume, node, &mut cursor).map_err(Error::volume("list", place))?
    {
        entries.push(entry(&found.name().to_string(), found.metadata()));
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// The entry of `folder` at `cursor`, which moves on.
pub(super) fn next(
    volume: &mut Mounted<'_>,
    folder: NodeId,
    cursor: &mut DirCursor,
) -> Result<Option<DirEntry>, hadris_fs::Error<io::Error>> {
    let found = volume.readdir(folder, *cursor)?;
    if let Some(entry) = &found {
        *cursor = entry.next_cursor();
    }
    Ok(found)
}

fn entry(name: &str, metadata: &hadris_fs::Metadata) -> Entry {
    Entry {
        name: name.to_owned(),
        is_folder: metadata.file_type() == FileType::Dir,
        len: metadata.len(),
        modified: metadata.modified().and_then(times::to_host),
    }
}
