//! G with 128-bit vectors of two words each, both in rows and in columns.
#![allow(unsafe_code)] // Loads and stores through raw pointers; see the argument at each block.

use std::arch::aarch64::{
    uint64x2_t, vaddq_u64, vdupq_n_u64, veorq_u64, vextq_u64, vld1q_u64, vmovn_u64, vmull_u32,
    vreinterpretq_u32_u64, vreinterpretq_u64_u32, vrev64q_u32, vshlq_n_u64, vsriq_n_u64, vst1q_u64,
};

use super::Block;
use super::rounds::define_rounds;

/// `out` = G(`left`, `right`), and `out` XOR that if `XOR`. Calls `early` with its first word.
#[target_feature(enable = "neon")]
pub(super) fn compress<const XOR: bool>(
    left: &Block,
    right: &Block,
    out: &mut Block,
    early: impl FnOnce(u64),
) {
    let mut state = [vdupq_n_u64(0); 64];
    for (index, words) in state.iter_mut().enumerate() {
        *words = xor(load(left, index), load(right, index));
    }
    for row in state.as_chunks_mut::<8>().0 {
        *row = permute_pairs(*row);
    }
    let mut early = Some(early);
    for column in 0..8 {
        let mut words = [vdupq_n_u64(0); 8];
        for (row, words) in words.iter_mut().enumerate() {
            *words = state[8 * row + column];
        }
        for (row, words) in permute_pairs(words).into_iter().enumerate() {
            let at = 8 * row + column;
            let mut sum = xor(words, xor(load(left, at), load(right, at)));
            if XOR {
                sum = xor(sum, load(out, at));
            }
            store(out, at, sum);
        }
        if let Some(early) = early.take() {
            early(out[0]);
        }
    }
}

type Vector = uint64x2_t;

define_rounds!(Vector, "neon");

#[inline]
#[target_feature(enable = "neon")]
fn multiply_add(x: Vector, y: Vector) -> Vector {
    let product = vmull_u32(vmovn_u64(x), vmovn_u64(y));
    vaddq_u64(vaddq_u64(x, y), vaddq_u64(product, product))
}

#[inline]
#[target_feature(enable = "neon")]
fn xor(x: Vector, y: Vector) -> Vector {
    veorq_u64(x, y)
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate_32(x: Vector) -> Vector {
    vreinterpretq_u64_u32(vrev64q_u32(vreinterpretq_u32_u64(x)))
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate_24(x: Vector) -> Vector {
    vsriq_n_u64::<24>(vshlq_n_u64::<40>(x), x)
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate_16(x: Vector) -> Vector {
    vsriq_n_u64::<16>(vshlq_n_u64::<48>(x), x)
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate_63(x: Vector) -> Vector {
    vsriq_n_u64::<63>(vaddq_u64(x, x), x)
}

#[inline]
#[target_feature(enable = "neon")]
fn straddle(low: Vector, high: Vector) -> Vector {
    vextq_u64::<1>(low, high)
}

#[inline]
#[target_feature(enable = "neon")]
fn load(block: &Block, index: usize) -> Vector {
    let words = &block.as_chunks::<2>().0[index];
    // SAFETY: two words are the 16 readable bytes that this load takes.
    unsafe { vld1q_u64(words.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store(block: &mut Block, index: usize, vector: Vector) {
    let words = &mut block.as_chunks_mut::<2>().0[index];
    // SAFETY: two words are the 16 writable bytes that this store takes.
    unsafe { vst1q_u64(words.as_mut_ptr(), vector) };
}
