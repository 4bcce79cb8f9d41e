//! What is in the handle of an open volume.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::fault::Fault;
use super::super::json;
use super::super::memory::OutHandle;
use super::super::options::Log;
use super::super::table::shared;
use super::super::text::{Text, tenlock_text};
use super::tenlock_volume;
use crate::volume::Volume;

/// An open volume with what its handle needs besides.
pub(in crate::ffi) struct OpenVolume {
    pub(super) volume: Volume,
    log: Log,
    used: AtomicBool,
    last_use: Mutex<Instant>,
}

impl OpenVolume {
    pub(in crate::ffi) fn new(volume: Volume, log: Log) -> Self {
        let open = Self {
            volume,
            log,
            used: AtomicBool::new(false),
            last_use: Mutex::new(Instant::now()),
        };
        open.tell();
        open
    }

    /// The volume, to be used.
    pub(in crate::ffi) fn used(&self) -> &Volume {
        // A store only where it changes something, so that readers do not take the line from each other.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        &self.volume
    }

    /// Passes notices on, if somebody wants them.
    pub(super) fn tell(&self) {
        if self.log.is_there() {
            self.log.tell(&self.volume.take_notices());
        }
    }

    pub(super) fn idle(&self) -> Duration {
        let mut last = self.last_use.lock().unwrap_or_else(PoisonError::into_inner);
        if self.used.swap(false, Ordering::Relaxed) {
            *last = Instant::now();
        }
        last.elapsed()
    }
}

/// Changes something in an open volume, and tells of what it finds.
pub(in crate::ffi) fn with<R>(
    volume: *const tenlock_volume,
    work: impl FnOnce(&Volume) -> Result<R, crate::volume::Error>,
) -> Result<R, Fault> {
    let handle = shared(volume)?;
    let outcome = work(handle.used());
    handle.tell();
    Ok(outcome?)
}

/// An info, report or list as a text handle.
pub(in crate::ffi) fn put_json(
    out: OutHandle<tenlock_text>,
    value: &serde_json::Value,
) -> Result<(), Fault> {
    let text: Text = json::text(value)?;
    out.put(text);
    Ok(())
}
