//! Times between the host and the volume.

use std::fs::{FileTimes, Metadata};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hadris_fs::{DateTime, SetAttr};

/// The times of a host entry, as the volume stores them.
#[derive(Clone, Copy)]
pub(super) struct Times {
    modified: DateTime,
    created: DateTime,
    /// Whether one of them had to be moved into range.
    pub(super) clamped: bool,
}

impl Times {
    /// Where the host has no creation time, the modification time stands in.
    pub(super) fn of(host: &Metadata) -> Self {
        let now = SystemTime::now();
        let modified = host.modified().unwrap_or(now);
        let created = host.created().unwrap_or(modified);
        let (modified, moved) = to_volume(modified);
        let (created, created_moved) = to_volume(created);
        Self {
            modified,
            created,
            clamped: moved || created_moved,
        }
    }

    pub(super) fn attributes(self) -> SetAttr {
        SetAttr::new()
            .with_modified(self.modified)
            .with_accessed(self.modified)
            .with_created(self.created)
    }
}

/// The times of an entry on the volume, for `File::set_times`.
pub(super) fn to_host_times(entry: &hadris_fs::Metadata) -> FileTimes {
    let mut times = FileTimes::new();
    if let Some(modified) = entry.modified().and_then(to_host) {
        times = times.set_modified(modified);
    }
    with_created(times, entry)
}

/// `None` if the host cannot express the time.
pub(super) fn to_host(time: DateTime) -> Option<SystemTime> {
    let seconds = Duration::from_secs(time.unix_seconds().unsigned_abs());
    let whole = if time.unix_seconds() < 0 {
        UNIX_EPOCH.checked_sub(seconds)?
    } else {
        UNIX_EPOCH.checked_add(seconds)?
    };
    whole.checked_add(Duration::from_nanos(time.nanoseconds().into()))
}

/// In UTC, marked so on exFAT, and whether it had to be moved into range.
fn to_volume(time: SystemTime) -> (DateTime, bool) {
    let (seconds, nanoseconds) = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()), after.subsec_nanos()),
        // Before 1970, and so before 1980, whatever the fraction.
        Err(_) => (Ok(0), 0),
    };
    let seconds = seconds.unwrap_or(i64::MAX);
    let kept = seconds.clamp(FIRST_SECOND, LAST_SECOND);
    let utc = DateTime::new(kept, nanoseconds)
        .and_then(|time| time.with_utc_offset_minutes(Some(0)))
        .unwrap_or(DateTime::UNIX_EPOCH);
    (utc, kept != seconds)
}

#[cfg(windows)]
fn with_created(times: FileTimes, entry: &hadris_fs::Metadata) -> FileTimes {
    use std::os::windows::fs::FileTimesExt;
    match entry.created().and_then(to_host) {
        Some(created) => times.set_created(created),
        None => times,
    }
}

#[cfg(target_os = "macos")]
fn with_created(times: FileTimes, entry: &hadris_fs::Metadata) -> FileTimes {
    use std::os::macos::fs::FileTimesExt;
    match entry.created().and_then(to_host) {
        Some(created) => times.set_created(created),
        None => times,
    }
}

/// Elsewhere creation times cannot be set.
#[cfg(not(any(windows, target_os = "macos")))]
fn with_created(times: FileTimes, _: &hadris_fs::Metadata) -> FileTimes {
    times
}

/// 1980-01-01T00:00:00Z, the first time of exFAT and FAT.
const FIRST_SECOND: i64 = 315_532_800;
/// 2107-12-31T23:59:59Z, the last one.
const LAST_SECOND: i64 = 4_354_819_199;
