//! The kernel of AArch64 with the AES extension (which includes the polynomial multiplication).
#![allow(unsafe_code)] // Vector instructions, loads and stores; and functions that need them.
#![allow(clippy::inline_always)]
// See `vector`.

use std::arch::aarch64::{
    uint8x16_t, vaddq_u64, vaesdq_u8, vaeseq_u8, vaesimcq_u8, vaesmcq_u8, vdupq_n_u8, veorq_u8,
    vextq_u8, vgetq_lane_u64, vld1q_u8, vmull_p64, vreinterpretq_u8_p128, vreinterpretq_u8_u64,
    vreinterpretq_u64_u8, vst1q_u8,
};
use std::arch::is_aarch64_feature_detected as detected;

use super::kernel::{Functions, Kernel};
use super::run::Run;
use super::schedule::{Keys, KeysMut, expand};
use super::stream::process;
use super::vector::{Block, Vector};

/// The functions of a kernel, if the processor supports its instructions.
pub(super) fn functions(kernel: Kernel) -> Option<Functions> {
    let available = kernel == Kernel::AArch64 && detected!("neon") && detected!("aes");
    available.then_some(Functions {
        expand: expand_neon,
        process: process_neon,
    })
}

#[target_feature(enable = "neon,aes")]
unsafe fn expand_neon(data: &[u8; 32], tweak: &[u8; 32], keys: KeysMut<'_>) {
    // SAFETY: the caller's promise.
    unsafe { expand::<Neon>(data, tweak, keys) }
}

#[target_feature(enable = "neon,aes")]
unsafe fn process_neon(keys: &Keys<'_>, run: Run<'_>) {
    // SAFETY: the caller's promise.
    unsafe { process::<Neon>(keys, run) }
}

/// Needs NEON and the AES extension.
///
/// The instructions of a round add their key first and not last. Here it is zero and the round's own
/// is added behind; the compiler merges that with the zero of the next round.
#[derive(Clone, Copy)]
struct Neon(uint8x16_t);

impl Vector for Neon {
    const BLOCKS: usize = 1;

    #[inline(always)]
    unsafe fn splat(block: &Block) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { vld1q_u8(block.as_ptr()) })
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { vld1q_u8(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { vst1q_u8(to, self.0) };
    }

    /// Stable Rust has no prefetch here; the processor's own has to do.
    #[inline(always)]
    unsafe fn prefetch(_from: *const u8) {}

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, b) = (vreinterpretq_u64_u8(self.0), vreinterpretq_u64_u8(other.0));
            Self(vreinterpretq_u8_u64(vaddq_u64(a, b)))
        }
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { veorq_u8(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn encrypt_round(self, key: Self) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { encrypt_round(self.0, key.0) })
    }

    #[inline(always)]
    unsafe fn encrypt_last(self, key: Self) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { encrypt_last(self.0, key.0) })
    }

    #[inline(always)]
    unsafe fn decrypt_round(self, key: Self) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { decrypt_round(self.0, key.0) })
    }

    #[inline(always)]
    unsafe fn decrypt_last(self, key: Self) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { decrypt_last(self.0, key.0) })
    }

    #[inline(always)]
    unsafe fn slide<const LEFT: i32, const RIGHT: i32>(self) -> (Self, Self) {
        const { assert!(LEFT + RIGHT == 16) };
        // SAFETY: the caller's promise.
        unsafe {
            let zero = vdupq_n_u8(0);
            let left = vextq_u8::<RIGHT>(zero, self.0);
            (Self(left), Self(vextq_u8::<RIGHT>(self.0, zero)))
        }
    }

    #[inline(always)]
    unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, b) = (vreinterpretq_u64_u8(self.0), vreinterpretq_u64_u8(other.0));
            let a = match HALVES & 0x01 {
                0 => vgetq_lane_u64::<0>(a),
                _ => vgetq_lane_u64::<1>(a),
            };
            let b = match HALVES & 0x10 {
                0 => vgetq_lane_u64::<0>(b),
                _ => vgetq_lane_u64::<1>(b),
            };
            Self(multiply(a, b))
        }
    }
}

// Functions of their own, since the compiler dislikes an intrinsic of the extension in a function
// that is not compiled for it.

#[inline]
#[target_feature(enable = "neon,aes")]
fn encrypt_round(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    veorq_u8(vaesmcq_u8(vaeseq_u8(block, vdupq_n_u8(0))), key)
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn encrypt_last(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    veorq_u8(vaeseq_u8(block, vdupq_n_u8(0)), key)
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn decrypt_round(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    veorq_u8(vaesimcq_u8(vaesdq_u8(block, vdupq_n_u8(0))), key)
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn decrypt_last(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    veorq_u8(vaesdq_u8(block, vdupq_n_u8(0)), key)
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn multiply(a: u64, b: u64) -> uint8x16_t {
    vreinterpretq_u8_p128(vmull_p64(a, b))
}
