//! Measuring a folder before it is packed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::format::{MIB, cluster_size, min_len};
use super::scan::{Item, ItemKind, scan};
use super::warning::BadName;
use super::{Error, FileSystemKind, Issue, MAX_DEPTH, Warning, names};

/// What a folder holds and the volume it takes.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The folder on the host.
    pub(crate) folder: PathBuf,
    /// The file system it was measured for.
    pub(crate) kind: FileSystemKind,
    /// Files that can be stored.
    pub(crate) files: u64,
    /// Folders that can be stored, the topmost not counted.
    pub(crate) folders: u64,
    /// Bytes in those files.
    pub(crate) bytes: u64,
    /// Payload in bytes, a multiple of 1 MiB, that holds it all with about
    /// 3 % to spare.
    pub(crate) payload_len: u64,
    /// Clusters of 512, 1024, … bytes.
    clusters: [u64; CLUSTER_SIZES],
}

/// Walks `folder` and works out the payload that it needs.
///
/// `sector_size` is that of the volume to be. Warnings foretell those of
/// [`pack`](super::pack), which repeats them; a file may change in between.
///
/// # Errors
/// [`Error::Host`] if `folder` itself cannot be read.
pub(crate) fn plan(
    folder: &Path,
    kind: FileSystemKind,
    sector_size: u32,
    warnings: &mut Vec<Warning>,
) -> Result<Plan, Error> {
    let mut plan = Plan {
        folder: folder.to_owned(),
        kind,
        files: 0,
        folders: 0,
        bytes: 0,
        payload_len: 0,
        clusters: [0; CLUSTER_SIZES],
    };
    let mut warn = |path: &Path, issue| warnings.push(Warning::new(path, issue));
    let items = scan(folder, kind, &mut warn).map_err(Error::host("read the folder", folder))?;
    plan.add_folder(&items, 0, &mut warn);
    plan.payload_len = plan.required(sector_size);
    Ok(plan)
}

impl Plan {
    /// Bytes that contents and folders take in clusters of `size` bytes, a power
    /// of two from 512 on.
    pub(super) fn allocated(&self, size: u32) -> u64 {
        let index = usize::try_from(size.ilog2().saturating_sub(9)).unwrap_or(usize::MAX);
        let clusters = self.clusters[index.min(CLUSTER_SIZES - 1)];
        clusters.saturating_mul(u64::from(size))
    }

    fn add_folder(&mut self, items: &[Item], depth: usize, warn: &mut dyn FnMut(&Path, Issue)) {
        let slots: u64 = items
            .iter()
            .map(|item| names::slots(self.kind, &item.name))
            .sum();
        // At least one entry, since an empty folder takes a cluster too.
        self.add_clusters((slots * 32).max(32));
        let mut taken = HashSet::new();
        for item in items {
            if matches!(item.kind, ItemKind::Folder) && depth == MAX_DEPTH {
                warn(&item.path, Issue::TooDeep);
                continue;
            }
            foretell_name(item, &mut taken, warn);
            match item.kind {
                ItemKind::File(len) => self.add_file(len),
                ItemKind::Folder => self.add_subfolder(&item.path, depth + 1, warn),
            }
        }
    }

    fn add_subfolder(&mut self, path: &Path, depth: usize, warn: &mut dyn FnMut(&Path, Issue)) {
        self.folders += 1;
        match scan(path, self.kind, warn) {
            Ok(items) => self.add_folder(&items, depth, warn),
            Err(error) => warn(path, super::scan::host_issue(&error)),
        }
    }

    fn add_file(&mut self, len: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(len);
        self.add_clusters(len);
    }

    fn add_clusters(&mut self, len: u64) {
        for (shift, count) in self.clusters.iter_mut().enumerate() {
            *count += len.div_ceil(512 << shift);
        }
    }

    /// The cluster size depends on the length and the length on the cluster
    /// size; both only grow, so this ends at the first length that holds.
    fn required(&self, sector_size: u32) -> u64 {
        let mut len = min_len(self.kind, sector_size);
        loop {
            let cluster = cluster_size(self.kind, sector_size, len);
            let data = self.allocated(cluster);
            let clusters = data / u64::from(cluster);
            let tables = clusters.saturating_mul(match self.kind {
                // A table entry, and a bit of the bitmap.
                FileSystemKind::ExFat => 5,
                // An entry in each of two tables.
                FileSystemKind::Fat32 => 8,
            });
            let needed = [tables, data / 32, FIXED_PARTS]
                .iter()
                .fold(data, |sum, part| sum.saturating_add(*part));
            if needed <= len {
                return len;
            }
            len = needed.checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
        }
    }
}

/// Warns if the name cannot stay. Which number it gets in the end depends on
/// what the volume holds already.
fn foretell_name(item: &Item, taken: &mut HashSet<String>, warn: &mut dyn FnMut(&Path, Issue)) {
    let mut candidates = names::candidates(&item.name, names::Rules::Volume);
    let free = candidates.find(|name| taken.insert(names::folded(name)));
    let to = free.unwrap_or_default();
    let why = match item.bad_name {
        None if to == item.name => return,
        None => BadName::Taken,
        Some(why) => why,
    };
    warn(&item.path, Issue::Renamed { to, why });
}

/// 512 bytes to 32 MiB, the largest cluster of exFAT.
const CLUSTER_SIZES: usize = 17;
/// Boot sectors, alignment to 1 MiB, upcase table.
const FIXED_PARTS: u64 = 4 * MIB;
