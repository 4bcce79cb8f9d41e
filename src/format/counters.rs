//! The counters block: failed attempts of each slot.

use super::block::{
    Block, Kind, VolumeId, array_at, check_frame, check_reserved, finish, framed, put,
};
use super::defect::Defect;
use super::layout::{SLOT_COUNT, Span};

const FAILED: Span = Span::at(32, SLOT_COUNT);

/// Consecutive failed attempts of each slot. A slot without counter stays at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Failed attempts by slot index.
    pub failed: [u8; SLOT_COUNT],
}

impl Counters {
    /// No failed attempts.
    pub const ZERO: Self = Self {
        failed: [0; SLOT_COUNT],
    };

    /// Reads a counters block.
    pub fn parse(block: &Block) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::Counters, 0)?;
        check_reserved(block, &[FAILED])?;
        Ok((
            id,
            Self {
                failed: array_at(block, FAILED),
            },
        ))
    }

    /// Encodes the counters.
    #[must_use]
    pub fn encode(&self, id: VolumeId) -> Box<Block> {
        let mut block = framed(Kind::Counters, 0, id);
        put(&mut block, FAILED, &self.failed);
        finish(block)
    }

    /// The stricter of two: for each slot the higher count.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            failed: core::array::from_fn(|slot| self.failed[slot].max(other.failed[slot])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_read_back() {
        let id = VolumeId::from_random([1; 16]);
        let counters = Counters {
            failed: core::array::from_fn(|slot| u8::try_from(slot).unwrap() * 8),
        };
        assert_eq!(Counters::parse(&counters.encode(id)), Ok((id, counters)));
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        let mut block = Counters::ZERO.encode(VolumeId::from_random([1; 16]));
        block[64] = 1;
        assert_eq!(
            Counters::parse(&finish(block)),
            Err(Defect::Reserved { offset: 64 })
        );
    }

    #[test]
    fn the_stricter_count_wins_slot_by_slot() {
        let mut a = Counters::ZERO;
        let mut b = Counters::ZERO;
        (a.failed[0], b.failed[0], a.failed[1], b.failed[1]) = (3, 2, 0, 9);
        assert_eq!(a.stricter(b).failed[..3], [3, 9, 0]);
    }
}
