//! The tweaks of a batch: T, T·x, T·x² … in GF(2^128) modulo x^128 + x^7 + x^2 + x + 1
//! (IEEE 1619-2018, 5.2), little-endian, without a branch or table on secret values.

/// Blocks in a batch: 4 KiB, one large or eight small sectors.
pub(super) const BATCH_BLOCKS: usize = CHAINS * CHAIN_BLOCKS;

/// Sequences in a batch, of which each single one is serial.
pub(super) const CHAINS: usize = 8;

/// Sequences that are computed side by side; with more their state leaves the registers.
const SIDE_BY_SIDE: usize = 4;

/// Blocks in a chain: a sector of 512 bytes.
const CHAIN_BLOCKS: usize = 32;

const BLOCK_LEN: usize = 16;
const CHAIN_LEN: usize = CHAIN_BLOCKS * BLOCK_LEN;

/// One tweak for each block of a batch.
pub(super) struct Batch([u8; CHAINS * CHAIN_LEN]);

impl Batch {
    pub(super) fn new() -> Self {
        Self([0; CHAINS * CHAIN_LEN])
    }

    /// For eight sectors of 512 bytes with these encrypted tweaks.
    pub(super) fn fill_from_chains(&mut self, chains: [u128; CHAINS]) {
        for (tweaks, chains) in self
            .0
            .chunks_exact_mut(SIDE_BY_SIDE * CHAIN_LEN)
            .zip(chains.as_chunks().0)
        {
            let mut chains: [u128; SIDE_BY_SIDE] = *chains;
            for block in 0..CHAIN_BLOCKS {
                for (chain, tweak) in chains.iter_mut().enumerate() {
                    let at = chain * CHAIN_LEN + block * BLOCK_LEN;
                    tweaks[at..at + BLOCK_LEN].copy_from_slice(&tweak.to_le_bytes());
                    *tweak = times_x(*tweak);
                }
            }
        }
    }

    /// For one sector of 4096 bytes with this encrypted tweak.
    pub(super) fn fill_from_one(&mut self, tweak: u128) {
        let mut chains = [tweak; CHAINS];
        for chain in 1..CHAINS {
            chains[chain] = times_x_32(chains[chain - 1]);
        }
        self.fill_from_chains(chains);
    }

    /// XORs the tweaks to `data`.
    pub(super) fn xor(&self, data: &mut [u8]) {
        for (byte, tweak) in data.iter_mut().zip(&self.0) {
            *byte ^= tweak;
        }
    }

    /// XORs the tweaks and `src` to `dst`.
    pub(super) fn xor_into(&self, src: &[u8], dst: &mut [u8]) {
        for ((to, from), tweak) in dst.iter_mut().zip(src).zip(&self.0) {
            *to = from ^ tweak;
        }
    }
}

/// x^128 = x^7 + x^2 + x + 1.
const REDUCTION: u128 = 0x87;

fn times_x(tweak: u128) -> u128 {
    // 0 or 1, negated to a mask of no or all ones.
    let carry = (tweak >> 127).wrapping_neg();
    (tweak << 1) ^ (carry & REDUCTION)
}

fn times_x_32(tweak: u128) -> u128 {
    let carry = tweak >> 96;
    (tweak << 32) ^ carry ^ (carry << 1) ^ (carry << 2) ^ (carry << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_doublings_are_one_step_between_chains() {
        let mut start = 0x8765_4321_fedc_ba98_0123_4567_89ab_cdef_u128;
        for _ in 0..100 {
            let doubled = (0..32).fold(start, |tweak, _| times_x(tweak));
            assert_eq!(doubled, times_x_32(start));
            start = times_x(start) ^ 1;
        }
    }

    #[test]
    fn doubling_reduces_by_the_polynomial_of_the_standard() {
        assert_eq!(times_x(1), 2);
        assert_eq!(times_x(1 << 127), 0x87);
        assert_eq!(times_x(1 << 127 | 1 << 63), 0x87 | 1 << 64);
    }
}
