//! Storage that fails when it is told to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tenlock::storage::{MemoryStorage, Storage};

use crate::hooked::{Event, Hooked};

/// Fails one read, write or flush of the storage that it is put [over](Self::over).
#[derive(Default)]
pub(crate) struct Fault {
    reads: AtomicI64,
    writes: AtomicI64,
    flushes: AtomicI64,
}

impl Fault {
    /// After `skip` more operations of the kind, one fails.
    pub(crate) fn arm(&self, event: Event, skip: u64) {
        self.countdown(event)
            .unwrap()
            .store(skip.cast_signed() + 1, Ordering::Relaxed);
    }

    pub(crate) fn over(self: &Arc<Self>, inner: MemoryStorage) -> impl Storage + use<> {
        let fault = Arc::clone(self);
        let hook = move |event| match fault.countdown(event) {
            Some(countdown) if countdown.fetch_sub(1, Ordering::Relaxed) == 1 => {
                Err(io::Error::other("injected"))
            }
            _ => Ok(()),
        };
        Hooked { inner, hook }
    }

    fn countdown(&self, event: Event) -> Option<&AtomicI64> {
        match event {
            Event::Read => Some(&self.reads),
            Event::Write => Some(&self.writes),
            Event::Flush => Some(&self.flushes),
            Event::Flushed => None,
        }
    }
}
