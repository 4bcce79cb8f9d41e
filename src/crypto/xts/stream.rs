//! XTS over a run of sectors, for any kind of vector register: eight registers at a time, because
//! that many independent ones keep the AES unit busy.
#![allow(unsafe_code)] // Calls the operations of a register, loads and stores.
#![allow(clippy::inline_always)] // See `vector`.

use std::mem::MaybeUninit;

use super::SectorSize;
use super::chain::{STREAMS, first_batch, next_batch};
use super::run::{Direction, Run};
use super::schedule::{Keys, RoundKeys};
use super::vector::{Block, Vector};

/// Encrypts or decrypts a run in registers `V`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn process<V: Vector>(keys: &Keys<'_>, run: Run<'_>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (run.direction, run.size) {
            (Direction::Encrypt, SectorSize::B512) => sectors::<V, false, 512>(keys, run),
            (Direction::Encrypt, SectorSize::B4096) => sectors::<V, false, 4096>(keys, run),
            (Direction::Decrypt, SectorSize::B512) => sectors::<V, true, 512>(keys, run),
            (Direction::Decrypt, SectorSize::B4096) => sectors::<V, true, 4096>(keys, run),
        }
    }
}

/// Sectors whose tweaks are encrypted at once: eight of the widest registers.
const WINDOW: usize = 32;

/// The encrypted tweaks of a window; those behind the last sector of a run may be missing.
type Tweaks = MaybeUninit<[Block; WINDOW]>;

/// How far ahead of its use memory is fetched, in bytes; beyond the caches that doubles the speed.
const AHEAD: usize = 4096;

/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn sectors<V: Vector, const DECRYPT: bool, const SECTOR_LEN: usize>(
    keys: &Keys<'_>,
    mut run: Run<'_>,
) {
    let data_keys = if DECRYPT { keys.decrypt } else { keys.encrypt };
    let mut plain = run.tweak;
    let (source, target) = run.buffers();
    let mut left = target.len() / SECTOR_LEN;
    let mut to = target.as_mut_ptr();
    let mut from = source.map_or(to.cast_const(), <[u8]>::as_ptr);
    // Not zeroed, which would cost a run of one small sector dearly.
    let mut tweaks = Tweaks::uninit();
    while left > 0 {
        let count = left.min(WINDOW);
        // SAFETY: the caller's promise. Source and target are of the same length and of at least
        // `left` sectors, whose starts are `from` and `to`; a step leads at most to their ends.
        // The first `count` tweaks are written before they are read.
        unsafe {
            encrypt_tweaks::<V, SECTOR_LEN>(keys.tweak, plain, count, &mut tweaks);
            for index in 0..count {
                let tweak = &*tweaks.as_ptr().cast::<Block>().add(index);
                sector::<V, DECRYPT, SECTOR_LEN>(data_keys, tweak, from, to);
                from = from.add(SECTOR_LEN);
                to = to.add(SECTOR_LEN);
            }
        }
        left -= count;
        plain = plain.wrapping_add((WINDOW * SECTOR_LEN / 512) as u128);
    }
}

/// Writes at least the first `count` of the encrypted tweaks of the sectors from `plain` on.
///
/// # Safety
/// The processor must have the instructions of `V`. `count` is at most [`WINDOW`].
#[inline(always)]
unsafe fn encrypt_tweaks<V: Vector, const SECTOR_LEN: usize>(
    keys: &RoundKeys,
    plain: u128,
    count: usize,
    tweaks: &mut Tweaks,
) {
    let steps = const { steps(SECTOR_LEN / 512) };
    // SAFETY: the caller's promise; a window is whole groups of eight registers of any kind.
    unsafe {
        let plain = V::splat(&plain.to_le_bytes());
        if count <= V::BLOCKS {
            tweak_group::<V, 1>(keys, plain, &steps, 0, tweaks);
            return;
        }
        for first in (0..count).step_by(STREAMS * V::BLOCKS) {
            tweak_group::<V, STREAMS>(keys, plain, &steps, first, tweaks);
        }
    }
}

/// # Safety
/// The processor must have the instructions of `V`. The window has `N` registers from `first` on.
#[inline(always)]
unsafe fn tweak_group<V: Vector, const N: usize>(
    keys: &RoundKeys,
    plain: V,
    steps: &[[u64; 2]; WINDOW],
    first: usize,
    tweaks: &mut Tweaks,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let (steps, tweaks) = (
            steps.as_ptr().add(first),
            tweaks.as_mut_ptr().cast::<Block>(),
        );
        let tweaks = tweaks.add(first);
        let mut state = [plain; N];
        for (index, state) in state.iter_mut().enumerate() {
            let step = V::load(steps.add(V::BLOCKS * index).cast());
            *state = state.add(step).xor(V::splat(&keys[0]));
        }
        rounds::<V, false, N>(keys, &mut state);
        for (index, state) in state.iter().enumerate() {
            let encrypted = state.encrypt_last(V::splat(&keys[14]));
            encrypted.store(tweaks.add(V::BLOCKS * index).cast());
        }
    }
}

/// How much more the tweak of each sector in a window is than that of the first.
const fn steps(units: usize) -> [[u64; 2]; WINDOW] {
    let mut steps = [[0; 2]; WINDOW];
    let mut index = 1;
    while index < WINDOW {
        steps[index] = [steps[index - 1][0] + units as u64, 0];
        index += 1;
    }
    steps
}

/// # Safety
/// The processor must have the instructions of `V`. `SECTOR_LEN` bytes must be readable at `from`
/// and writable at `to`; the two are the same or do not overlap.
#[inline(always)]
unsafe fn sector<V: Vector, const DECRYPT: bool, const SECTOR_LEN: usize>(
    keys: &RoundKeys,
    tweak: &Block,
    from: *const u8,
    to: *mut u8,
) {
    let batch_len = STREAMS * V::BLOCKS * 16;
    // SAFETY: the caller's promise; a sector is whole batches.
    unsafe {
        let mut tweaks = first_batch::<V>(tweak);
        batch::<V, DECRYPT>(keys, &tweaks, from, to);
        let mut done = batch_len;
        while done < SECTOR_LEN {
            for tweak in &mut tweaks {
                *tweak = next_batch(*tweak);
            }
            batch::<V, DECRYPT>(keys, &tweaks, from.add(done), to.add(done));
            done += batch_len;
        }
    }
}

/// XOR, cipher, XOR on eight registers. The XORs with the tweak are folded into those with the first
/// and the last round key.
///
/// # Safety
/// As [`sector`], for eight registers.
#[inline(always)]
unsafe fn batch<V: Vector, const DECRYPT: bool>(
    keys: &RoundKeys,
    tweaks: &[V; STREAMS],
    from: *const u8,
    to: *mut u8,
) {
    let len = 16 * V::BLOCKS;
    // SAFETY: the caller's promise; a prefetch may be of any address.
    unsafe {
        for line in 0..STREAMS * len / 64 {
            V::prefetch(from.wrapping_add(AHEAD + 64 * line));
            V::prefetch(to.wrapping_add(AHEAD + 64 * line));
        }
        let first = V::splat(&keys[0]);
        let mut state = *tweaks;
        for (index, state) in state.iter_mut().enumerate() {
            *state = state.xor(first).xor(V::load(from.add(len * index)));
        }
        rounds::<V, DECRYPT, STREAMS>(keys, &mut state);
        let last = V::splat(&keys[14]);
        for (index, (state, tweak)) in state.iter().zip(tweaks).enumerate() {
            let key = tweak.xor(last);
            let out = if DECRYPT {
                state.decrypt_last(key)
            } else {
                state.encrypt_last(key)
            };
            out.store(to.add(len * index));
        }
    }
}

/// The 13 inner rounds. Written out, because no compiler can then keep them as a loop, in which the
/// processors that fuse the two instructions of a round would not find them side by side.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn rounds<V: Vector, const DECRYPT: bool, const N: usize>(
    keys: &RoundKeys,
    state: &mut [V; N],
) {
    // SAFETY: the caller's promise.
    unsafe {
        round::<V, DECRYPT, N>(&keys[1], state);
        round::<V, DECRYPT, N>(&keys[2], state);
        round::<V, DECRYPT, N>(&keys[3], state);
        round::<V, DECRYPT, N>(&keys[4], state);
        round::<V, DECRYPT, N>(&keys[5], state);
        round::<V, DECRYPT, N>(&keys[6], state);
        round::<V, DECRYPT, N>(&keys[7], state);
        round::<V, DECRYPT, N>(&keys[8], state);
        round::<V, DECRYPT, N>(&keys[9], state);
        round::<V, DECRYPT, N>(&keys[10], state);
        round::<V, DECRYPT, N>(&keys[11], state);
        round::<V, DECRYPT, N>(&keys[12], state);
        round::<V, DECRYPT, N>(&keys[13], state);
    }
}

/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn round<V: Vector, const DECRYPT: bool, const N: usize>(key: &Block, state: &mut [V; N]) {
    // SAFETY: the caller's promise.
    unsafe {
        let key = V::splat(key);
        for state in state {
            *state = if DECRYPT {
                state.decrypt_round(key)
            } else {
                state.encrypt_round(key)
            };
        }
    }
}
