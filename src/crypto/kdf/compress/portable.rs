//! G in plain Rust, as RFC 9106 section 3.5 and 3.6 write it.

use super::{BLOCK_WORDS, Block};

/// `out` = G(`left`, `right`), and `out` XOR that if `XOR`. Calls `early` with its first word.
pub(super) fn compress<const XOR: bool>(
    left: &Block,
    right: &Block,
    out: &mut Block,
    early: impl FnOnce(u64),
) {
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
    early(out[0]);
}

/// P on the words of `state` at the places `at`.
#[inline]
fn permute(state: &mut Block, at: [usize; 16]) {
    let mut words = at.map(|place| state[place]);
    for quarter in COLUMNS.into_iter().chain(DIAGONALS) {
        mix(&mut words, quarter);
    }
    for (place, word) in at.into_iter().zip(words) {
        state[place] = word;
    }
}

const COLUMNS: [[usize; 4]; 4] = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]];
const DIAGONALS: [[usize; 4]; 4] = [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];

/// GB.
#[inline]
fn mix(words: &mut [u64; 16], [a, b, c, d]: [usize; 4]) {
    words[a] = multiply_add(words[a], words[b]);
    words[d] = (words[d] ^ words[a]).rotate_right(32);
    words[c] = multiply_add(words[c], words[d]);
    words[b] = (words[b] ^ words[c]).rotate_right(24);
    words[a] = multiply_add(words[a], words[b]);
    words[d] = (words[d] ^ words[a]).rotate_right(16);
    words[c] = multiply_add(words[c], words[d]);
    words[b] = (words[b] ^ words[c]).rotate_right(63);
}

/// `x + y + 2 * trunc(x) * trunc(y)`.
#[inline]
fn multiply_add(x: u64, y: u64) -> u64 {
    const LOW: u64 = 0xffff_ffff;
    let product = (x & LOW) * (y & LOW);
    x.wrapping_add(y).wrapping_add(product << 1)
}
