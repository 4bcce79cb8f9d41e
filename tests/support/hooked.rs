//! Storage that asks a hook before each operation.

use std::fs::TryLockError;
use std::io;

use tenlock::storage::{Discard, ReadBack, Storage};

/// What is about to be done, or, for the last one, has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Read,
    Write,
    Flush,
    Flushed,
}

/// `inner`, where reads, writes and flushes happen only if `hook` lets them.
///
/// Of a write that the hook lets fail, the first half reaches `inner`, as a failing medium may leave any part of it; of one that it does not
/// permit, nothing.
pub(crate) struct Hooked<S, H> {
    pub(crate) inner: S,
    pub(crate) hook: H,
}

impl<S: Storage, H: Fn(Event) -> io::Result<()> + Send + Sync> Storage for Hooked<S, H> {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        (self.hook)(Event::Read)?;
        self.inner.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match (self.hook)(Event::Write) {
            Ok(()) => self.inner.write_at(offset, data),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            Err(error) => self
                .inner
                .write_at(offset, &data[..data.len() / 2])
                .and(Err(error)),
        }
    }

    fn flush(&self) -> io::Result<()> {
        (self.hook)(Event::Flush)?;
        self.inner.flush()?;
        (self.hook)(Event::Flushed)
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<Discard> {
        self.inner.discard(offset, len)
    }

    fn read_back(&self, offset: u64, buf: &mut [u8]) -> io::Result<ReadBack> {
        (self.hook)(Event::Read)?;
        self.inner.read_back(offset, buf)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        self.inner.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        self.inner.unlock()
    }

    fn is_writable(&self) -> bool {
        self.inner.is_writable()
    }

    fn block_size(&self) -> u32 {
        self.inner.block_size()
    }
}
