//! The sequence of tweaks T, T·x, T·x² … (IEEE 1619-2018, 5.2) in vector registers: no step is from
//! one tweak to the next, so none waits for another.
#![allow(unsafe_code)] // Calls the operations of a register.
#![allow(clippy::inline_always)] // See `vector`.

use super::vector::{Block, Vector};

/// Registers in a batch.
pub(super) const STREAMS: usize = 8;

/// The tweaks of a batch of eight registers at the start of a sector with this encrypted tweak.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn first_batch<V: Vector>(tweak: &Block) -> [V; STREAMS] {
    // Powers below 8 by multiplication, the others from them by shifts of bytes.
    let registers = 8 / V::BLOCKS;
    // SAFETY: the caller's promise.
    unsafe {
        let mut tweaks = [V::splat(tweak); STREAMS];
        for (index, tweak) in tweaks[..registers].iter_mut().enumerate() {
            *tweak = times_small_powers(*tweak, index * V::BLOCKS);
        }
        for index in registers..STREAMS {
            tweaks[index] = times::<V, 1, 15>(tweaks[index - registers]);
        }
        tweaks
    }
}

/// The tweak in the same place of the next batch.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn next_batch<V: Vector>(tweak: V) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        match V::BLOCKS {
            4 => times::<V, 4, 12>(tweak),
            2 => times::<V, 2, 14>(tweak),
            _ => times::<V, 1, 15>(tweak),
        }
    }
}

/// x^128 = x^7 + x^2 + x + 1.
const REDUCTION: Block = [0x87, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Times x^(8 · `LEFT`), at most x^32. `RIGHT` is 16 - `LEFT`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn times<V: Vector, const LEFT: i32, const RIGHT: i32>(tweak: V) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let (shifted, carry) = tweak.slide::<LEFT, RIGHT>();
        shifted.xor(carry.multiply::<0x00>(V::splat(&REDUCTION)))
    }
}

/// `tweak` times x^`first` in the first block, x^(`first` + 1) in the second, and so on.
///
/// By multiplications alone: on Intel, shifts of bits would queue behind the AES instructions of
/// the batch before, for the same port.
///
/// # Safety
/// The processor must have the instructions of `V`; `first + V::BLOCKS` is at most 8.
#[inline(always)]
unsafe fn times_small_powers<V: Vector>(tweak: V, first: usize) -> V {
    // SAFETY: the caller's promise, with which the table is long enough.
    unsafe {
        let powers = V::load(POWERS.as_ptr().add(first).cast());
        let lower = tweak.multiply::<0x00>(powers);
        // Stands 64 bits higher, so that its own upper half is the carry.
        let upper = tweak.multiply::<0x11>(powers);
        let carry = upper.multiply::<0x01>(V::splat(&REDUCTION));
        lower.xor(upper.slide::<8, 8>().0).xor(carry)
    }
}

/// x^0 to x^7, in both halves.
static POWERS: [[u64; 2]; 8] = [
    [1, 1],
    [2, 2],
    [4, 4],
    [8, 8],
    [16, 16],
    [32, 32],
    [64, 64],
    [128, 128],
];
