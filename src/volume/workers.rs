//! Threads that large requests are split over, if the embedding program wants any.

use super::error::Error;
#[cfg(feature = "parallel")]
use super::pool::Pool;

/// Threads that large reads and writes are split over. None by default: the library then works on the
/// caller's thread alone.
///
/// Clones share the threads, so that one pool serves all volumes of a program. They end with the last
/// clone. After a large request each thread waits awake for up to 0.2 ms, so that the next one need
/// not wait for it to wake up.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    #[cfg(feature = "parallel")]
    pool: Option<std::sync::Arc<Pool>>,
}

impl Workers {
    /// No threads.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// So many threads besides the caller's; 0 is [`none`](Self::none).
    ///
    /// # Errors
    /// [`Error::Io`]: the system gives no more threads.
    #[cfg(feature = "parallel")]
    pub fn new(threads: usize) -> Result<Self, Error> {
        if threads == 0 {
            return Ok(Self::none());
        }
        match Pool::new(threads) {
            Ok(pool) => Ok(Self {
                pool: Some(std::sync::Arc::new(pool)),
            }),
            Err(error) => Err(Error::Io {
                doing: "starting threads",
                offset: 0,
                cause: std::io::Error::other(error),
            }),
        }
    }

    /// One thread for each processor that this process may use, but for the caller's.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[cfg(feature = "parallel")]
    pub fn for_this_machine() -> Result<Self, Error> {
        Self::new(std::thread::available_parallelism().map_or(0, |all| all.get() - 1))
    }

    /// Does `work` on all items, on the caller's thread and on the workers, and returns the first error.
    /// After an error no new item is begun.
    #[cfg(feature = "parallel")]
    pub(super) fn for_each<T: Send>(
        &self,
        items: impl ExactSizeIterator<Item = T> + Send,
        work: impl Fn(T) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        use std::sync::{Mutex, PoisonError};

        let helpers = items.len().saturating_sub(1);
        let Some(pool) = self.pool.as_ref().filter(|_| helpers > 0) else {
            return items.into_iter().try_for_each(work);
        };
        let queue = Mutex::new((items, None));
        let next = || {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.1.is_some() {
                None
            } else {
                queue.0.next()
            }
        };
        let run = || {
            while let Some(item) = next() {
                if let Err(error) = work(item) {
                    queue
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .1
                        .get_or_insert(error);
                }
            }
        };
        pool.run(helpers, run, run);
        queue
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .map_or(Ok(()), Err)
    }

    /// Does `work` on all items, on the caller's thread.
    #[cfg(not(feature = "parallel"))]
    #[expect(clippy::unused_self, reason = "the signature is that with threads")]
    pub(super) fn for_each<T>(
        &self,
        mut items: impl ExactSizeIterator<Item = T>,
        work: impl Fn(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        items.try_for_each(work)
    }
}
