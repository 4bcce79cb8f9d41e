//! G in plain Rust, as RFC 9106 section 3.5 and 3.6 write it.

use super::{BLOCK_WORDS, Block};

/// `out` = G(`left`, `right`), and `out` XOR that if `XOR`.
pub(super) fn compress<const XOR: bool>(left: &Block, right: &Block, out: &mut Block) {
    let mut state = [0; BLOCK_WORDS];
    for (index, word) in state.iter_mut().enumerate() {
        *word = left[index] ^ right[index];
    }
    for row in 0..8 {
        permute(&mut state, std::array::from_fn(|index| 16 * row + index));
    }
    for column in 0..8 {
        permute(
            &mut state,
            std::array::from_fn(|index| 16 * (index / 2) + 2 * column + index % 2),
        );
    }
    for (index, word) in out.iter_mut().enumerate() {
        let old = if XOR { *word } else { 0 };
        *word = old ^ left[index] ^ right[index] ^ state[index];
    }
}

/// P on the words of `state` at the places `at`.
#[inline(always)]
fn permute(state: &mut Block, at: [usize; 16]) {
    let mut v = at.map(|place| state[place]);
    mix(&mut v, 0, 4, 8, 12);
    mix(&mut v, 1, 5, 9, 13);
    mix(&mut v, 2, 6, 10, 14);
    mix(&mut v, 3, 7, 11, 15);
    mix(&mut v, 0, 5, 10, 15);
    mix(&mut v, 1, 6, 11, 12);
    mix(&mut v, 2, 7, 8, 13);
    mix(&mut v, 3, 4, 9, 14);
    for (place, word) in at.into_iter().zip(v) {
        state[place] = word;
    }
}

/// GB.
#[inline(always)]
fn mix(v: &mut [u64; 16], a: usize, b: usize, c: usize, d: usize) {
    v[a] = multiply_add(v[a], v[b]);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = multiply_add(v[c], v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = multiply_add(v[a], v[b]);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = multiply_add(v[c], v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}

/// `x + y + 2 * trunc(x) * trunc(y)`.
#[inline(always)]
fn multiply_add(x: u64, y: u64) -> u64 {
    const LOW: u64 = 0xffff_ffff;
    let product = (x & LOW) * (y & LOW);
    x.wrapping_add(y).wrapping_add(product << 1)
}
