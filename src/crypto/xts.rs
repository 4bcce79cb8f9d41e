//! The payload cipher: XTS-AES-256 (IEEE 1619-2018, NIST SP 800-38E) on whole sectors.
//!
//! Bit for bit what Linux's dm-crypt writes as `aes-xts-plain64`: the tweak of a sector is the
//! index of the 512-byte unit at which it starts, as 128-bit little-endian number, for both sector
//! sizes. No ciphertext stealing, because sectors are whole blocks; no integrity, because XTS has none.

mod tweaks;

#[cfg(test)]
mod tests;

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes256, Aes256Enc, Block};

use self::tweaks::{BATCH_BLOCKS, Batch, CHAINS};
use super::{CryptoError, Secret, ct_eq};

/// Size of a sector, the XTS data unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectorSize {
    /// 512 bytes.
    B512,
    /// 4096 bytes.
    B4096,
}

impl SectorSize {
    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::B512 => 512,
            Self::B4096 => 4096,
        }
    }

    /// The size in units of 512 bytes, in which tweaks count.
    const fn units(self) -> u64 {
        match self {
            Self::B512 => 1,
            Self::B4096 => 8,
        }
    }
}

/// XTS-AES-256 under one key. Round keys are wiped on drop.
///
/// All operations take a run of whole sectors, the first of which starts at the 512-byte unit
/// `first_unit` of the payload; long runs are faster than many short ones.
#[derive(Debug)]
pub struct Xts {
    // Boxed: a move of `Xts` must not leave round keys behind.
    data: Box<Aes256>,
    tweak: Box<Aes256Enc>,
}

impl Xts {
    /// From 64 bytes, data key then tweak key.
    ///
    /// [`CryptoError::Length`] for another length, and [`CryptoError::EqualXtsKeys`], found out in
    /// constant time, if the two keys are equal.
    pub fn new(key: &Secret) -> Result<Self, CryptoError> {
        let (data, tweak) = key.expose_array::<64>()?.split_at(32);
        if ct_eq(data, tweak) {
            return Err(CryptoError::EqualXtsKeys);
        }
        Ok(Self {
            data: Box::new(Aes256::new_from_slice(data).map_err(|_| CryptoError::Length)?),
            tweak: Box::new(Aes256Enc::new_from_slice(tweak).map_err(|_| CryptoError::Length)?),
        })
    }

    /// Encrypts the sectors of `src` to `dst`.
    ///
    /// # Panics
    /// If `src` and `dst` differ in length, if that is no multiple of the sector size, or if the
    /// run goes beyond unit 2^64 - 1: a sector written under another's tweak would be lost.
    pub fn encrypt(&self, size: SectorSize, first_unit: u64, src: &[u8], dst: &mut [u8]) {
        self.run(Direction::Encrypt, size, first_unit, Some(src), dst);
    }

    /// Encrypts the sectors of `data` in place.
    ///
    /// # Panics
    /// As [`encrypt`](Self::encrypt).
    pub fn encrypt_in_place(&self, size: SectorSize, first_unit: u64, data: &mut [u8]) {
        self.run(Direction::Encrypt, size, first_unit, None, data);
    }

    /// Decrypts the sectors of `src` to `dst`.
    ///
    /// # Panics
    /// As [`encrypt`](Self::encrypt).
    pub fn decrypt(&self, size: SectorSize, first_unit: u64, src: &[u8], dst: &mut [u8]) {
        self.run(Direction::Decrypt, size, first_unit, Some(src), dst);
    }

    /// Decrypts the sectors of `data` in place.
    ///
    /// # Panics
    /// As [`encrypt`](Self::encrypt).
    pub fn decrypt_in_place(&self, size: SectorSize, first_unit: u64, data: &mut [u8]) {
        self.run(Direction::Decrypt, size, first_unit, None, data);
    }

    /// Works through the run in windows, whose sectors get their tweaks in one call of the cipher,
    /// and in each window in batches that stay in the first-level cache.
    fn run(
        &self,
        direction: Direction,
        size: SectorSize,
        first_unit: u64,
        src: Option<&[u8]>,
        dst: &mut [u8],
    ) {
        check(size, first_unit, src, dst);
        let mut batch = Batch::new();
        let mut unit = first_unit;
        let window_len = WINDOW_SECTORS * size.bytes();
        for (index, window) in dst.chunks_mut(window_len).enumerate() {
            let src = src.map(|src| &src[index * window_len..][..window.len()]);
            let heads = self.encrypted_tweaks(size, unit, window.len() / size.bytes());
            for (index, dst) in window.chunks_mut(BATCH_LEN).enumerate() {
                match size {
                    SectorSize::B512 => batch.fill_from_chains(chains(&heads, index)),
                    SectorSize::B4096 => batch.fill_from_one(heads[index]),
                }
                let src = src.map(|src| &src[index * BATCH_LEN..][..dst.len()]);
                self.apply(direction, &batch, src, dst);
            }
            // Wraps after the last possible unit only, when no window is left.
            unit = unit.wrapping_add(WINDOW_SECTORS_U64 * size.units());
        }
    }

    /// Encrypted tweaks of `count` sectors from `unit` on.
    fn encrypted_tweaks(
        &self,
        size: SectorSize,
        unit: u64,
        count: usize,
    ) -> [u128; WINDOW_SECTORS] {
        let mut blocks = [Block::default(); WINDOW_SECTORS];
        let mut plain = u128::from(unit);
        for block in &mut blocks[..count] {
            *block = plain.to_le_bytes().into();
            plain += u128::from(size.units());
        }
        self.tweak.encrypt_blocks(&mut blocks[..count]);
        let mut tweaks = [0; WINDOW_SECTORS];
        for (tweak, block) in tweaks.iter_mut().zip(&blocks[..count]) {
            *tweak = u128::from_le_bytes((*block).into());
        }
        tweaks
    }

    /// XOR, cipher, XOR on at most one batch of whole blocks, from `src`, or in place without it.
    fn apply(&self, direction: Direction, batch: &Batch, src: Option<&[u8]>, dst: &mut [u8]) {
        match src {
            Some(src) => batch.xor_into(src, dst),
            None => batch.xor(dst),
        }
        let (blocks, _) = Block::slice_as_chunks_mut(dst);
        match direction {
            Direction::Encrypt => self.data.encrypt_blocks(blocks),
            Direction::Decrypt => self.data.decrypt_blocks(blocks),
        }
        batch.xor(dst);
    }

    /// One data unit of any number of blocks up to a batch, under any 16-byte tweak, as the standard's
    /// test vectors have it.
    #[cfg(test)]
    fn data_unit(&self, direction: Direction, tweak: [u8; 16], data: &mut [u8]) {
        let mut head = Block::from(tweak);
        self.tweak.encrypt_block(&mut head);
        let mut batch = Batch::new();
        batch.fill_from_one(u128::from_le_bytes(head.into()));
        self.apply(direction, &batch, None, data);
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Encrypt,
    Decrypt,
}

/// Sectors whose tweaks are encrypted at once; the widest cipher backend takes 64 blocks.
const WINDOW_SECTORS: usize = 64;
const WINDOW_SECTORS_U64: u64 = 64;

const BATCH_LEN: usize = BATCH_BLOCKS * 16;

/// The tweaks of a batch of 512-byte sectors.
fn chains(heads: &[u128; WINDOW_SECTORS], batch: usize) -> [u128; CHAINS] {
    let mut chains = [0; CHAINS];
    chains.copy_from_slice(&heads[batch * CHAINS..][..CHAINS]);
    chains
}

fn check(size: SectorSize, first_unit: u64, src: Option<&[u8]>, dst: &[u8]) {
    assert!(
        src.is_none_or(|src| src.len() == dst.len()),
        "source and destination differ in length"
    );
    assert!(dst.len().is_multiple_of(size.bytes()), "not whole sectors");
    let units = u128::try_from(dst.len() / 512).unwrap_or(u128::MAX);
    assert!(
        u128::from(first_unit) + units <= 1 << 64,
        "sectors beyond unit 2^64 - 1"
    );
}
