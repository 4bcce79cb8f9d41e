//! The AES-256 key expansion (FIPS 197, 5.2 and 5.3.5), by the processor's AES instructions and
//! so without a table.
#![allow(unsafe_code)] // Calls the operations of a register.
#![allow(clippy::inline_always)] // See `vector`.

use super::super::{CryptoError, Secret};
use super::vector::{Block, Vector};

/// AES-256 has 14 rounds and a key before the first.
pub(super) type RoundKeys = [Block; 15];

/// Fills in the round keys of a data key and a tweak key.
pub(super) type Expand = unsafe fn(data: &[u8; 32], tweak: &[u8; 32], keys: KeysMut<'_>);

/// All round keys of an XTS key, in memory pages of their own.
pub(super) struct Schedule(Secret);

/// The round keys in a [`Schedule`].
pub(super) struct Keys<'a> {
    pub(super) encrypt: &'a RoundKeys,
    pub(super) decrypt: &'a RoundKeys,
    pub(super) tweak: &'a RoundKeys,
}

/// The round keys in a [`Schedule`], to be written.
pub(super) struct KeysMut<'a> {
    encrypt: &'a mut RoundKeys,
    decrypt: &'a mut RoundKeys,
    tweak: &'a mut RoundKeys,
}

impl Schedule {
    /// # Safety
    /// The processor must have the instructions that `expand` uses.
    pub(super) unsafe fn new(
        data: &[u8; 32],
        tweak: &[u8; 32],
        expand: Expand,
    ) -> Result<Self, CryptoError> {
        let mut secret = Secret::zeroed(3 * size_of::<RoundKeys>())?;
        let (blocks, _) = secret.expose_mut().as_chunks_mut();
        let (keys, _) = blocks.as_chunks_mut();
        let [encrypt, decrypt, tweak_keys] = keys else {
            return Err(CryptoError::Length);
        };
        let keys = KeysMut {
            encrypt,
            decrypt,
            tweak: tweak_keys,
        };
        // SAFETY: the caller's promise.
        unsafe { expand(data, tweak, keys) };
        Ok(Self(secret))
    }

    /// # Panics
    /// As [`Secret::expose`], in a forked child.
    pub(super) fn keys(&self) -> Keys<'_> {
        let (blocks, _) = self.0.expose().as_chunks();
        let (keys, _) = blocks.as_chunks();
        Keys {
            encrypt: &keys[0],
            decrypt: &keys[1],
            tweak: &keys[2],
        }
    }
}

/// An [`Expand`] for the registers `V`, which hold one block.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn expand<V: Vector>(data: &[u8; 32], tweak: &[u8; 32], keys: KeysMut<'_>) {
    const { assert!(V::BLOCKS == 1) };
    let KeysMut {
        encrypt,
        decrypt,
        tweak: tweak_keys,
    } = keys;
    // SAFETY: the caller's promise.
    unsafe {
        expand_key::<V>(data, encrypt);
        expand_key::<V>(tweak, tweak_keys);
        invert::<V>(encrypt, decrypt);
    }
}

/// `KeyExpansion` of FIPS 197, 5.2, for a key of eight words.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn expand_key<V: Vector>(key: &[u8; 32], keys: &mut RoundKeys) {
    let words = keys.as_flattened_mut().as_chunks_mut::<4>().0;
    words.as_flattened_mut()[..32].copy_from_slice(key);
    let mut round_constant = 1;
    for index in 8..words.len() {
        let mut word = words[index - 1];
        if index % 8 == 0 {
            word.rotate_left(1);
        }
        if index % 4 == 0 {
            // SAFETY: the caller's promise.
            word = unsafe { substitute::<V>(word) };
        }
        if index % 8 == 0 {
            word[0] ^= round_constant;
            round_constant <<= 1;
        }
        for (byte, earlier) in word.iter_mut().zip(words[index - 8]) {
            *byte ^= earlier;
        }
        words[index] = word;
    }
}

/// `SubWord`: the last round of encryption on a block whose columns are all `word`, so that
/// `ShiftRows` changes nothing.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn substitute<V: Vector>(word: [u8; 4]) -> [u8; 4] {
    let [a, b, c, d] = word;
    let mut block = [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d];
    // SAFETY: the caller's promise; a block holds one register of one block.
    unsafe {
        let substituted = V::splat(&block).encrypt_last(V::splat(&[0; 16]));
        substituted.store(block.as_mut_ptr());
    }
    let [a, b, c, d, ..] = block;
    [a, b, c, d]
}

/// The round keys of the equivalent inverse cipher (FIPS 197, 5.3.5): in reverse order, all but the
/// outer two through `InvMixColumns`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn invert<V: Vector>(encrypt: &RoundKeys, decrypt: &mut RoundKeys) {
    *decrypt = *encrypt;
    decrypt.reverse();
    for key in &mut decrypt[1..14] {
        // SAFETY: the caller's promise; a key holds one register of one block. Decryption takes
        // back what the last round of encryption does, and then mixes.
        unsafe {
            let zero = V::splat(&[0; 16]);
            let mixed = V::splat(key).encrypt_last(zero).decrypt_round(zero);
            mixed.store(key.as_mut_ptr());
        }
    }
}
