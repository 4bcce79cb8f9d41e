//! XTS on the `aes` crate, in batches large enough for its widest backend.

mod tweaks;

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes256, Aes256Enc, Block};

use self::tweaks::{BATCH_BLOCKS, Batch, CHAINS};
use super::SectorSize;
use super::run::{Direction, Run};

/// XTS under one key. Round keys are wiped on drop.
pub(super) struct Portable {
    // Boxed: a move must not leave round keys behind.
    data: Box<Aes256>,
    tweak: Box<Aes256Enc>,
}

impl Portable {
    pub(super) fn new(data: &[u8; 32], tweak: &[u8; 32]) -> Self {
        Self {
            data: Box::new(Aes256::new(data.into())),
            tweak: Box::new(Aes256Enc::new(tweak.into())),
        }
    }

    /// Works through the run in windows, whose sectors get their tweaks in one call of the cipher,
    /// and in each window in batches that stay in the first-level cache.
    pub(super) fn process(&self, mut run: Run<'_>) {
        let (direction, size) = (run.direction, run.size);
        let mut batch = Batch::new();
        let mut tweak = run.tweak;
        let (source, target) = run.buffers();
        let window_len = WINDOW_SECTORS * size.bytes();
        for (index, window) in target.chunks_mut(window_len).enumerate() {
            let source = source.map(|source| &source[index * window_len..][..window.len()]);
            let heads = self.encrypted_tweaks(size, &mut tweak, window.len() / size.bytes());
            for (index, target) in window.chunks_mut(BATCH_LEN).enumerate() {
                match size {
                    SectorSize::B512 => batch.fill_from_chains(chains(&heads, index)),
                    SectorSize::B4096 => batch.fill_from_one(heads[index]),
                }
                let source = source.map(|source| &source[index * BATCH_LEN..][..target.len()]);
                self.apply(direction, &batch, source, target);
            }
        }
    }

    /// Encrypted tweaks of `count` sectors from `plain` on, which moves on to that of the next.
    fn encrypted_tweaks(
        &self,
        size: SectorSize,
        plain: &mut u128,
        count: usize,
    ) -> [u128; WINDOW_SECTORS] {
        let mut blocks = [Block::default(); WINDOW_SECTORS];
        for block in &mut blocks[..count] {
            *block = plain.to_le_bytes().into();
            *plain = plain.wrapping_add(u128::from(size.units()));
        }
        self.tweak.encrypt_blocks(&mut blocks[..count]);
        let mut tweaks = [0; WINDOW_SECTORS];
        for (tweak, block) in tweaks.iter_mut().zip(&blocks[..count]) {
            *tweak = u128::from_le_bytes((*block).into());
        }
        tweaks
    }

    /// XOR, cipher, XOR on at most one batch of whole blocks, from `source`, or in place without it.
    fn apply(&self, direction: Direction, batch: &Batch, source: Option<&[u8]>, target: &mut [u8]) {
        match source {
            Some(source) => batch.xor_into(source, target),
            None => batch.xor(target),
        }
        let (blocks, _) = Block::slice_as_chunks_mut(target);
        match direction {
            Direction::Encrypt => self.data.encrypt_blocks(blocks),
            Direction::Decrypt => self.data.decrypt_blocks(blocks),
        }
        batch.xor(target);
    }
}

/// Sectors whose tweaks are encrypted at once; the widest cipher backend takes 64 blocks.
const WINDOW_SECTORS: usize = 64;

const BATCH_LEN: usize = BATCH_BLOCKS * 16;

/// The tweaks of a batch of 512-byte sectors.
fn chains(heads: &[u128; WINDOW_SECTORS], batch: usize) -> [u128; CHAINS] {
    let mut chains = [0; CHAINS];
    chains.copy_from_slice(&heads[batch * CHAINS..][..CHAINS]);
    chains
}
