//! Writing an empty file system.

use std::hash::{BuildHasher, Hasher};

use hadris_fat::exfat::{self, ExFatOptions};
use hadris_fat::{FatKind, FatOptions};
use hadris_fs::{Clock, SystemClock};

use super::device::Device;
use super::{Error, FileSystemKind, Payload};

/// Formats the whole payload.
///
/// `label` has at most 11 characters; FAT32 takes ASCII only and stores capitals.
/// What the payload held before becomes unreachable but is not overwritten.
///
/// # Errors
/// [`Error::TooSmall`], [`Error::TooLarge`] and [`Error::Label`] before anything
/// is written; [`Error::Volume`] if the payload fails.
pub(crate) fn format(
    payload: &dyn Payload,
    kind: FileSystemKind,
    label: Option<&str>,
) -> Result<(), Error> {
    check_len(kind, payload)?;
    let cluster = cluster_size(kind, payload.sector_size(), payload.len());
    let mut device = Device::new(payload);
    match kind {
        FileSystemKind::ExFat => {
            let mut options = ExFatOptions::new()
                .with_sector_size(payload.sector_size())
                .with_cluster_size(cluster)
                // exfatprogs calls the optional entry unknown.
                .with_volume_guid(None)
                .with_serial(serial())
                .with_time(SystemClock.now());
            if let Some(label) = label {
                let checked = exfat::VolumeLabel::new(label);
                options = options.with_label(checked.map_err(|_| bad_label(kind, label))?);
            }
            exfat::sync::format(&mut device, &options).map(drop)
        }
        FileSystemKind::Fat32 => {
            let mut options = FatOptions::new()
                .with_kind(FatKind::Fat32)
                .with_sector_size(payload.sector_size())
                .with_cluster_size(cluster)
                .with_serial(serial())
                .with_time(SystemClock.now());
            if let Some(label) = label {
                let checked = hadris_fat::VolumeLabel::new(label);
                options = options.with_label(checked.map_err(|_| bad_label(kind, label))?);
            }
            hadris_fat::sync::format(&mut device, &options).map(drop)
        }
    }
    .map_err(Error::volume("write a file system to", "/".as_ref()))
}

/// Smallest payload in bytes that [`format`] accepts.
pub(crate) fn min_len(kind: FileSystemKind, sector_size: u32) -> u64 {
    match kind {
        // exFAT specification, section 3.1.5.
        FileSystemKind::ExFat => MIB,
        FileSystemKind::Fat32 => {
            let cluster = u64::from(sector_size);
            let tables = 2 * 4 * (FAT32_MIN_CLUSTERS + 2);
            // 32 reserved sectors, and as many again for rounding.
            let reserved = 64 * u64::from(sector_size);
            (FAT32_MIN_CLUSTERS * cluster + tables + reserved).next_multiple_of(MIB)
        }
    }
}

/// Bytes per cluster of a payload of `len` bytes: what Windows chooses, so that
/// other tools treat the file system as their own.
pub(super) fn cluster_size(kind: FileSystemKind, sector_size: u32, len: u64) -> u32 {
    let steps: &[(u64, u32)] = match kind {
        FileSystemKind::ExFat => &[(256 * MIB, 4 << 10), (32 * GIB, 32 << 10)],
        FileSystemKind::Fat32 => &[
            (260 * MIB, 512),
            (8 * GIB, 4 << 10),
            (16 * GIB, 8 << 10),
            (32 * GIB, 16 << 10),
        ],
    };
    let largest = match kind {
        FileSystemKind::ExFat => 128 << 10,
        FileSystemKind::Fat32 => 32 << 10,
    };
    let step = steps.iter().find(|(below, _)| len < *below);
    step.map_or(largest, |(_, size)| *size).max(sector_size)
}

fn check_len(kind: FileSystemKind, payload: &dyn Payload) -> Result<(), Error> {
    let actual = payload.len();
    let needed = min_len(kind, payload.sector_size());
    if actual < needed {
        return Err(Error::TooSmall {
            kind,
            needed,
            actual,
        });
    }
    let max = u64::from(u32::MAX) * u64::from(payload.sector_size());
    if kind == FileSystemKind::Fat32 && actual > max {
        return Err(Error::TooLarge { kind, max });
    }
    Ok(())
}

fn bad_label(kind: FileSystemKind, label: &str) -> Error {
    Error::Label {
        kind,
        label: label.to_owned(),
    }
}

/// A number that tells volumes apart; not a secret. `std` seeds its hash maps
/// from the system's random numbers.
fn serial() -> u32 {
    let seed = std::hash::RandomState::new().build_hasher().finish();
    let [a, b, c, d, ..] = seed.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Fewer clusters make it FAT16 (FAT specification, section 3.5).
const FAT32_MIN_CLUSTERS: u64 = 65_525;

pub(super) const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
