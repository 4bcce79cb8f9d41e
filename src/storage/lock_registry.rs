//! Which files and devices this process holds the lock of.
//!
//! The operating system's lock alone does not keep handles of one process apart everywhere:
//! flock(2) over NFS becomes a lock of the whole process, and two device nodes of one disk carry
//! separate locks. A table of the process, keyed by what is behind the handle, does. It is the
//! library's only global state, as the thing it describes is global.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is behind a handle, the same for every path and handle that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    /// A file: the file system's number, and the file's number in it. On `ReFS`, whose file numbers
    /// are longer, two files may share an identity; the second is then busy, never wrongly free.
    File { file_system: u64, file: u64 },
    /// A block device, by the number the kernel knows it by.
    Device(u64),
}

/// The lock as far as this process is concerned; dropping it gives it up.
#[derive(Debug)]
pub(super) struct Registration(Identity);

impl Registration {
    /// `None` where another handle of this process holds the lock.
    pub(super) fn acquire(identity: Identity) -> Option<Self> {
        // Built only after a success: dropping it would free the other handle's entry.
        let inserted = locked().insert(identity);
        inserted.then(|| Self(identity))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        locked().remove(&self.0);
    }
}

static LOCKED: Mutex<BTreeSet<Identity>> = Mutex::new(BTreeSet::new());

fn locked() -> MutexGuard<'static, BTreeSet<Identity>> {
    // No code panics between two changes that belong together, so a poisoned set is whole.
    LOCKED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Identity, Registration};

    const DEVICE: Identity = Identity::Device(u64::MAX);

    #[test]
    fn an_identity_is_taken_until_its_registration_is_dropped() {
        let first = Registration::acquire(DEVICE);
        assert!(first.is_some());
        assert!(Registration::acquire(DEVICE).is_none());
        drop(first);
        assert!(Registration::acquire(DEVICE).is_some());
    }
}
