//! Hides the latency of main memory, which is most of what Argon2id costs.
#![allow(unsafe_code)] // The prefetch instruction takes a raw pointer.

use super::Block;

/// Asks for `block` to be brought into the first-level cache, without waiting for it.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(in crate::crypto::kdf) fn prefetch(block: &Block) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    for line in block.chunks_exact(CACHE_LINE / size_of::<u64>()) {
        // SAFETY: a hint that changes and reveals nothing; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

/// Nothing: stable Rust has no prefetch here.
#[cfg(not(target_arch = "x86_64"))]
pub(in crate::crypto::kdf) fn prefetch(_block: &Block) {}

#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;
