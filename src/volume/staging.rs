//! Buffers in which writes are encrypted, used again and again.

use std::sync::{Mutex, PoisonError};

/// Cache lines: stores of a whole vector register must not cross one.
const ALIGNMENT: usize = 64;
/// More buffers than this are given back to the system.
const KEPT: usize = 16;

/// Buffers of one length that hold ciphertext only, so none is wiped.
pub(super) struct Staging {
    len: usize,
    idle: Mutex<Vec<Vec<u8>>>,
}

impl Staging {
    /// Buffers of `len` bytes.
    pub(super) fn new(len: usize) -> Self {
        Self {
            len,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Calls `work` with a buffer of `len` bytes, at most that of [`new`](Self::new), with any contents.
    pub(super) fn with<T>(&self, len: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut buffer = self
            .idle()
            .pop()
            .unwrap_or_else(|| vec![0; self.len + ALIGNMENT]);
        let start = buffer.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        let result = work(&mut buffer[start..start + len]);
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(buffer);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_used_again() {
        let staging = Staging::new(1000);
        let first = staging.with(1000, |buffer| buffer.as_ptr());
        let second = staging.with(10, |buffer| buffer.as_ptr());
        assert!(first.align_offset(ALIGNMENT) == 0 && first == second);
    }

    #[test]
    fn no_more_than_a_few_buffers_are_kept() {
        fn nest(staging: &Staging, depth: usize) {
            if depth > 0 {
                staging.with(8, |_| nest(staging, depth - 1));
            }
        }
        let staging = Staging::new(8);
        nest(&staging, 3 * KEPT);
        assert_eq!(staging.idle().len(), KEPT);
    }
}
