//! G with 256-bit vectors. A row is four of them; of a column they hold two words, and two of the
//! next column.
#![allow(unsafe_code)] // Loads and stores through raw pointers; see the argument at each block.

use std::arch::x86_64::{
    __m256i, _mm_set_epi64x, _mm256_add_epi64, _mm256_alignr_epi8, _mm256_broadcastsi128_si256,
    _mm256_loadu_si256, _mm256_mul_epu32, _mm256_permute4x64_epi64, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_shuffle_epi32, _mm256_srli_epi64, _mm256_storeu_si256,
    _mm256_xor_si256,
};

use super::Block;
use super::rounds::define_rounds;

/// `out` = G(`left`, `right`), and `out` XOR that if `XOR`. Calls `early` with its first word.
#[target_feature(enable = "avx2")]
pub(super) fn compress<const XOR: bool>(
    left: &Block,
    right: &Block,
    out: &mut Block,
    early: impl FnOnce(u64),
) {
    let mut state = [_mm256_setzero_si256(); 32];
    for (index, words) in state.iter_mut().enumerate() {
        *words = xor(load(left, index), load(right, index));
    }
    for rows in state.as_chunks_mut::<8>().0 {
        permute_rows(rows);
    }
    let mut early = Some(early);
    for column in 0..4 {
        let mut words = [_mm256_setzero_si256(); 8];
        for (row, words) in words.iter_mut().enumerate() {
            *words = state[4 * row + column];
        }
        for (row, words) in permute_pairs(words).into_iter().enumerate() {
            let at = 4 * row + column;
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

type Vector = __m256i;

define_rounds!(Vector, "avx2");

/// P on two rows.
#[inline]
#[target_feature(enable = "avx2")]
fn permute_rows(rows: &mut [Vector; 8]) {
    let [a0, b0, c0, d0, a1, b1, c1, d1] = *rows;
    let (mut a, mut b, mut c, mut d) = ([a0, a1], [b0, b1], [c0, c1], [d0, d1]);
    half_round(&mut a, &mut b, &mut c, &mut d);
    b = [turn::<BY_1>(b[0]), turn::<BY_1>(b[1])];
    c = [turn::<BY_2>(c[0]), turn::<BY_2>(c[1])];
    d = [turn::<BY_3>(d[0]), turn::<BY_3>(d[1])];
    half_round(&mut a, &mut b, &mut c, &mut d);
    b = [turn::<BY_3>(b[0]), turn::<BY_3>(b[1])];
    c = [turn::<BY_2>(c[0]), turn::<BY_2>(c[1])];
    d = [turn::<BY_1>(d[0]), turn::<BY_1>(d[1])];
    *rows = [a[0], b[0], c[0], d[0], a[1], b[1], c[1], d[1]];
}

/// Words 1, 2, 3, 0; 2, 3, 0, 1; and 3, 0, 1, 2.
const BY_1: i32 = 0b00_11_10_01;
const BY_2: i32 = 0b01_00_11_10;
const BY_3: i32 = 0b10_01_00_11;

#[inline]
#[target_feature(enable = "avx2")]
fn turn<const ORDER: i32>(x: Vector) -> Vector {
    _mm256_permute4x64_epi64::<ORDER>(x)
}

#[inline]
#[target_feature(enable = "avx2")]
fn multiply_add(x: Vector, y: Vector) -> Vector {
    let product = _mm256_mul_epu32(x, y);
    _mm256_add_epi64(_mm256_add_epi64(x, y), _mm256_add_epi64(product, product))
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(x: Vector, y: Vector) -> Vector {
    _mm256_xor_si256(x, y)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate_32(x: Vector) -> Vector {
    _mm256_shuffle_epi32::<0b10_11_00_01>(x)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate_24(x: Vector) -> Vector {
    let order = _mm_set_epi64x(0x0a09_080f_0e0d_0c0b, 0x0201_0007_0605_0403);
    _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order))
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate_16(x: Vector) -> Vector {
    let order = _mm_set_epi64x(0x0908_0f0e_0d0c_0b0a, 0x0100_0706_0504_0302);
    _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order))
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate_63(x: Vector) -> Vector {
    _mm256_xor_si256(_mm256_srli_epi64::<63>(x), _mm256_add_epi64(x, x))
}

#[inline]
#[target_feature(enable = "avx2")]
fn straddle(low: Vector, high: Vector) -> Vector {
    _mm256_alignr_epi8::<8>(high, low)
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &Block, index: usize) -> Vector {
    let words = &block.as_chunks::<4>().0[index];
    // SAFETY: four words are 32 readable bytes, and this load takes any alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(block: &mut Block, index: usize, vector: Vector) {
    let words = &mut block.as_chunks_mut::<4>().0[index];
    // SAFETY: four words are 32 writable bytes, and this store takes any alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) };
}
