//! G with 512-bit vectors. Two rows are four of them; of a column they hold two words, and two of
//! each of the next three columns.
#![allow(unsafe_code)] // Loads and stores through raw pointers; see the argument at each block.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_alignr_epi8, _mm512_loadu_si512, _mm512_mul_epu32,
    _mm512_permutex_epi64, _mm512_ror_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
    _mm512_storeu_si512, _mm512_xor_si512,
};

use super::Block;
use super::rounds::define_rounds;

/// `out` = G(`left`, `right`), and `out` XOR that if `XOR`. Calls `early` with its first word.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn compress<const XOR: bool>(
    left: &Block,
    right: &Block,
    out: &mut Block,
    early: impl FnOnce(u64),
) {
    let mut state = [_mm512_setzero_si512(); 16];
    for (index, words) in state.iter_mut().enumerate() {
        *words = xor(load(left, index), load(right, index));
    }
    permute_rows(&mut state);
    let mut early = Some(early);
    for columns in 0..2 {
        let mut words = [_mm512_setzero_si512(); 8];
        for (row, words) in words.iter_mut().enumerate() {
            *words = state[2 * row + columns];
        }
        for (row, words) in permute_pairs(words).into_iter().enumerate() {
            let at = 2 * row + columns;
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

type Vector = __m512i;

define_rounds!(Vector, "avx512f,avx512bw");

/// P on all rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn permute_rows(state: &mut [Vector; 16]) {
    let zero = [_mm512_setzero_si512(); 4];
    let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
    // Each of these vectors holds one quarter of two rows.
    for (pair, rows) in state.as_chunks::<4>().0.iter().enumerate() {
        a[pair] = halves::<LOWER>(rows[0], rows[2]);
        b[pair] = halves::<UPPER>(rows[0], rows[2]);
        c[pair] = halves::<LOWER>(rows[1], rows[3]);
        d[pair] = halves::<UPPER>(rows[1], rows[3]);
    }
    half_round(&mut a, &mut b, &mut c, &mut d);
    for pair in 0..4 {
        b[pair] = turn::<BY_1>(b[pair]);
        c[pair] = turn::<BY_2>(c[pair]);
        d[pair] = turn::<BY_3>(d[pair]);
    }
    half_round(&mut a, &mut b, &mut c, &mut d);
    for (pair, rows) in state.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let b = turn::<BY_3>(b[pair]);
        let c = turn::<BY_2>(c[pair]);
        let d = turn::<BY_1>(d[pair]);
        *rows = [
            halves::<LOWER>(a[pair], b),
            halves::<LOWER>(c, d),
            halves::<UPPER>(a[pair], b),
            halves::<UPPER>(c, d),
        ];
    }
}

/// The lower, or the upper, half of each of two vectors.
const LOWER: i32 = 0b01_00_01_00;
const UPPER: i32 = 0b11_10_11_10;

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn halves<const WHICH: i32>(x: Vector, y: Vector) -> Vector {
    _mm512_shuffle_i64x2::<WHICH>(x, y)
}

/// Within each half, words 1, 2, 3, 0; 2, 3, 0, 1; and 3, 0, 1, 2.
const BY_1: i32 = 0b00_11_10_01;
const BY_2: i32 = 0b01_00_11_10;
const BY_3: i32 = 0b10_01_00_11;

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn turn<const ORDER: i32>(x: Vector) -> Vector {
    _mm512_permutex_epi64::<ORDER>(x)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn multiply_add(x: Vector, y: Vector) -> Vector {
    let product = _mm512_mul_epu32(x, y);
    _mm512_add_epi64(_mm512_add_epi64(x, y), _mm512_add_epi64(product, product))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor(x: Vector, y: Vector) -> Vector {
    _mm512_xor_si512(x, y)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rotate_32(x: Vector) -> Vector {
    _mm512_ror_epi64::<32>(x)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rotate_24(x: Vector) -> Vector {
    _mm512_ror_epi64::<24>(x)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rotate_16(x: Vector) -> Vector {
    _mm512_ror_epi64::<16>(x)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rotate_63(x: Vector) -> Vector {
    _mm512_ror_epi64::<63>(x)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn straddle(low: Vector, high: Vector) -> Vector {
    _mm512_alignr_epi8::<8>(high, low)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(block: &Block, index: usize) -> Vector {
    let words = &block.as_chunks::<8>().0[index];
    // SAFETY: eight words are 64 readable bytes, and this load takes any alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store(block: &mut Block, index: usize, vector: Vector) {
    let words = &mut block.as_chunks_mut::<8>().0[index];
    // SAFETY: eight words are 64 writable bytes, and this store takes any alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) };
}
