//! The seal: random blocks without which no slot opens.

use sha2::{Digest, Sha256};

use super::block::{
    BODY, BODY_END, BODY_LEN, Block, Kind, VolumeId, check_frame, finish, framed, put,
};
use super::defect::Defect;
use super::layout::Span;

const RANDOM: Span = Span::at(BODY, BODY_LEN);

/// The blocks of a seal, in order.
#[derive(Clone, PartialEq, Eq)]
pub struct Seal {
    blocks: Vec<Box<Block>>,
}

impl Seal {
    /// Makes a seal of random bodies; `fill` is called once for each block.
    pub fn generate<E>(
        id: VolumeId,
        blocks: u16,
        mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let make = |index| {
            let mut block = framed(Kind::Seal, index, id);
            let mut body = [0; BODY_LEN];
            fill(&mut body)?;
            put(&mut block, RANDOM, &body);
            Ok(finish(block))
        };
        Ok(Self {
            blocks: (0..blocks).map(make).collect::<Result<_, E>>()?,
        })
    }

    /// Checks one block of a seal. Returns the volume id.
    pub fn check(block: &Block, index: u16) -> Result<VolumeId, Defect> {
        check_frame(block, Kind::Seal, index)
    }

    /// A seal of blocks that passed [`check`](Self::check).
    pub(super) fn from_blocks(blocks: Vec<Box<Block>>) -> Self {
        Self { blocks }
    }

    /// The blocks as stored.
    #[must_use]
    pub fn blocks(&self) -> &[Box<Block>] {
        &self.blocks
    }

    /// The seal hash (format page §4.3): taken over the bodies, not the checksums, so that it
    /// stands nowhere in the volume.
    #[must_use]
    pub fn hash(&self, id: VolumeId) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"tenlock v1 seal");
        hash.update(id.as_bytes());
        for block in &self.blocks {
            hash.update(&block[BODY..BODY_END]);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> VolumeId {
        VolumeId::from_random([2; 16])
    }

    fn counting_seal() -> Seal {
        let mut next = 0u8;
        let fill = |body: &mut [u8]| {
            body.fill(next);
            next += 1;
            Ok::<(), ()>(())
        };
        Seal::generate(id(), 16, fill).unwrap()
    }

    #[test]
    fn every_block_of_the_seal_passes_its_own_check_only() {
        for (index, block) in (0u16..).zip(counting_seal().blocks()) {
            assert_eq!(Seal::check(block, index), Ok(id()));
            assert_eq!(Seal::check(block, index + 1), Err(Defect::Index));
        }
    }

    #[test]
    fn every_byte_of_every_body_enters_the_hash() {
        let whole = counting_seal();
        for index in 0..16 {
            for offset in [BODY, 2000, BODY_END - 1] {
                let mut changed = whole.clone();
                changed.blocks[index][offset] ^= 1;
                assert_ne!(changed.hash(id()), whole.hash(id()));
            }
        }
    }

    #[test]
    fn the_hash_is_the_one_of_the_format_page() {
        let mut text = b"tenlock v1 seal".to_vec();
        text.extend_from_slice(id().as_bytes());
        for index in 0..16u8 {
            text.extend_from_slice(&[index; BODY_LEN]);
        }
        assert_eq!(
            counting_seal().hash(id()),
            <[u8; 32]>::from(Sha256::digest(&text))
        );
    }
}
