//! Round trips, warnings, crafted volumes, and what `fsck` says.

mod cache;
mod hostile;
mod names;
mod round_trip;
mod warnings;

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::format::MIB;
use super::{
    Error, FileSystemKind, Issue, Payload, Plan, Report, Warning, format, pack, plan, unpack,
};

const BOTH: [FileSystemKind; 2] = [FileSystemKind::ExFat, FileSystemKind::Fat32];

/// A payload in memory that counts requests and can be made to fail.
struct Memory {
    bytes: Mutex<Vec<u8>>,
    sector_size: u32,
    reads: AtomicUsize,
    writes: AtomicUsize,
    /// Reads that touch this offset fail.
    bad_offset: Option<u64>,
}

impl Memory {
    fn new(len: u64) -> Self {
        Self {
            // Not zeros: what was never written decrypts to noise.
            bytes: Mutex::new(vec![0xA7; usize::try_from(len).unwrap()]),
            sector_size: 512,
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            bad_offset: None,
        }
    }

    fn formatted(kind: FileSystemKind) -> Self {
        let payload = Self::new(40 * MIB);
        format(&payload, kind, Some("Tenlock")).unwrap();
        payload
    }
}

impl Payload for Memory {
    fn len(&self) -> u64 {
        super::len_u64(self.bytes.lock().unwrap().len())
    }

    fn sector_size(&self) -> u32 {
        self.sector_size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let end = offset + super::len_u64(buf.len());
        if self
            .bad_offset
            .is_some_and(|bad| (offset..end).contains(&bad))
        {
            return Err(io::Error::other("bad block"));
        }
        let at = usize::try_from(offset).unwrap();
        buf.copy_from_slice(&self.bytes.lock().unwrap()[at..at + buf.len()]);
        Ok(())
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let at = usize::try_from(offset).unwrap();
        self.bytes.lock().unwrap()[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn measured(folder: &Path, kind: FileSystemKind) -> (Plan, Vec<Warning>) {
    let mut warnings = Vec::new();
    let plan = plan(folder, kind, 512, &mut warnings).unwrap();
    (plan, warnings)
}

fn packed(
    folder: &Path,
    kind: FileSystemKind,
    payload: &Memory,
) -> Result<(Report, Vec<Warning>), Error> {
    let (plan, _) = measured(folder, kind);
    let mut warnings = Vec::new();
    let report = pack(&plan, payload, &mut go_on, &mut warnings)?;
    Ok((report, warnings))
}

fn unpacked(payload: &Memory, folder: &Path) -> Result<(Report, Vec<Warning>), Error> {
    let mut warnings = Vec::new();
    let report = unpack(payload, folder, &mut go_on, &mut warnings)?;
    Ok((report, warnings))
}

fn go_on(_: u64, _: u64, _: &Path) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The issue of the one warning about the entry called `name`, apart from what the checker found.
fn issue<'a>(warnings: &'a [Warning], name: &str) -> &'a Issue {
    let mut about = warnings
        .iter()
        .filter(|warning| warning.path.ends_with(name))
        .filter(|warning| !matches!(warning.issue, Issue::Inconsistent(_)));
    let only = about
        .next()
        .unwrap_or_else(|| panic!("no warning about {name}"));
    assert_eq!(about.next(), None, "a second warning about {name}");
    &only.issue
}

/// Every path below `folder` with its contents, `None` for a folder.
fn tree(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_dir() {
                found.push((below, None));
                left.push(path);
            } else {
                found.push((below, Some(fs::read(path).unwrap())));
            }
        }
    }
    found.sort();
    found
}

/// Fails unless the checker that the system's developers use finds nothing.
fn assert_fsck_clean(payload: &Memory, kind: FileSystemKind) {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("payload");
    fs::write(&image, &*payload.bytes.lock().unwrap()).unwrap();
    let tool = match kind {
        FileSystemKind::ExFat => "fsck.exfat",
        FileSystemKind::Fat32 => "fsck.vfat",
    };
    match Command::new(tool).arg("-n").arg(&image).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            assert!(output.status.success(), "{tool}: {text}");
            for complaint in ["dirty", "unknown"] {
                assert!(!text.to_lowercase().contains(complaint), "{tool}: {text}");
            }
        }
        Err(error) => println!("{tool} did not run, nothing was judged: {error}"),
    }
}
