//! The kernels of x86-64: AES-NI, and VAES in the registers of AVX2 and AVX-512.
#![allow(unsafe_code)] // Vector instructions, loads and stores; and functions that need them.
#![allow(clippy::inline_always)] // See `vector`.

use std::arch::is_x86_feature_detected as detected;
// About 50 intrinsics, each named once, in the tables below.
#[allow(clippy::wildcard_imports)]
use std::arch::x86_64::*;

use super::kernel::{Functions, Kernel, Process};
use super::run::Run;
use super::schedule::{Keys, KeysMut, expand};
use super::stream::process;
use super::vector::{Block, Vector};

/// The functions of a kernel, if the processor and the operating system support its instructions.
pub(super) fn functions(kernel: Kernel) -> Option<Functions> {
    let aes_ni = detected!("aes") && detected!("pclmulqdq");
    let vaes = aes_ni && detected!("avx2") && detected!("vaes") && detected!("vpclmulqdq");
    let avx512 = detected!("avx512f") && detected!("avx512bw");
    let (available, process): (bool, Process) = match kernel {
        Kernel::Vaes512 => (vaes && avx512, process_zmm),
        Kernel::Vaes256 => (vaes, process_ymm),
        Kernel::AesNi => (aes_ni, process_xmm),
        _ => return None,
    };
    available.then_some(Functions {
        expand: expand_xmm,
        process,
    })
}

#[target_feature(enable = "aes,pclmulqdq")]
unsafe fn expand_xmm(data: &[u8; 32], tweak: &[u8; 32], keys: KeysMut<'_>) {
    // SAFETY: this function is compiled for, and by its caller's promise run with, the
    // instructions of the register.
    unsafe { expand::<Xmm>(data, tweak, keys) }
}

#[target_feature(enable = "aes,pclmulqdq")]
unsafe fn process_xmm(keys: &Keys<'_>, run: Run<'_>) {
    // SAFETY: as in `expand_xmm`.
    unsafe { process::<Xmm>(keys, run) }
}

#[target_feature(enable = "avx2,vaes,vpclmulqdq")]
unsafe fn process_ymm(keys: &Keys<'_>, run: Run<'_>) {
    // SAFETY: as in `expand_xmm`.
    unsafe { process::<Ymm>(keys, run) }
}

#[target_feature(enable = "avx512f,avx512bw,vaes,vpclmulqdq")]
unsafe fn process_zmm(keys: &Keys<'_>, run: Run<'_>) {
    // SAFETY: as in `expand_xmm`.
    unsafe { process::<Zmm>(keys, run) }
}

/// Implements [`Vector`] by the intrinsic that each width has for an operation.
macro_rules! vector {
    (
        $(#[$doc:meta])*
        $name:ident($register:ident), $blocks:literal blocks,
        $load:ident, $store:ident, $splat:ident, $add:ident, $xor:ident,
        $encrypt_round:ident, $encrypt_last:ident, $decrypt_round:ident, $decrypt_last:ident,
        $left_bytes:ident, $right_bytes:ident, $multiply:ident $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        struct $name($register);

        // No instruction here needs alignment.
        impl Vector for $name {
            const BLOCKS: usize = $blocks;

            #[inline(always)]
            unsafe fn splat(block: &Block) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $splat(_mm_loadu_si128(block.as_ptr().cast())) })
            }

            #[inline(always)]
            unsafe fn load(from: *const u8) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $load(from.cast()) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut u8) {
                // SAFETY: the caller's promise.
                unsafe { $store(to.cast(), self.0) };
            }

            #[inline(always)]
            unsafe fn prefetch(from: *const u8) {
                // SAFETY: the caller's promise.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) };
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn xor(self, other: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $xor(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn encrypt_round(self, key: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $encrypt_round(self.0, key.0) })
            }

            #[inline(always)]
            unsafe fn encrypt_last(self, key: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $encrypt_last(self.0, key.0) })
            }

            #[inline(always)]
            unsafe fn decrypt_round(self, key: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $decrypt_round(self.0, key.0) })
            }

            #[inline(always)]
            unsafe fn decrypt_last(self, key: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $decrypt_last(self.0, key.0) })
            }

            #[inline(always)]
            unsafe fn slide<const LEFT: i32, const RIGHT: i32>(self) -> (Self, Self) {
                // SAFETY: the caller's promise.
                unsafe { (Self($left_bytes::<LEFT>(self.0)), Self($right_bytes::<RIGHT>(self.0))) }
            }

            #[inline(always)]
            unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $multiply::<HALVES>(self.0, other.0) })
            }
        }
    };
}

vector! {
    /// Needs AES-NI, PCLMULQDQ and SSE2.
    Xmm(__m128i), 1 blocks,
    _mm_loadu_si128, _mm_storeu_si128, itself, _mm_add_epi64, _mm_xor_si128,
    _mm_aesenc_si128, _mm_aesenclast_si128, _mm_aesdec_si128, _mm_aesdeclast_si128,
    _mm_bslli_si128, _mm_bsrli_si128, _mm_clmulepi64_si128,
}

vector! {
    /// Needs AVX2, VAES and VPCLMULQDQ.
    Ymm(__m256i), 2 blocks,
    _mm256_loadu_si256, _mm256_storeu_si256, _mm256_broadcastsi128_si256,
    _mm256_add_epi64, _mm256_xor_si256,
    _mm256_aesenc_epi128, _mm256_aesenclast_epi128, _mm256_aesdec_epi128, _mm256_aesdeclast_epi128,
    _mm256_bslli_epi128, _mm256_bsrli_epi128, _mm256_clmulepi64_epi128,
}

vector! {
    /// Needs AVX512F, AVX512BW, VAES and VPCLMULQDQ.
    Zmm(__m512i), 4 blocks,
    _mm512_loadu_si512, _mm512_storeu_si512, _mm512_broadcast_i32x4,
    _mm512_add_epi64, _mm512_xor_si512,
    _mm512_aesenc_epi128, _mm512_aesenclast_epi128, _mm512_aesdec_epi128, _mm512_aesdeclast_epi128,
    _mm512_bslli_epi128, _mm512_bsrli_epi128, _mm512_clmulepi64_epi128,
}

/// What a broadcast is where a register holds one block.
#[inline(always)]
fn itself(block: __m128i) -> __m128i {
    block
}
