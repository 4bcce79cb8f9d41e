//! The counters block: failed attempts of each slot.

use super::block::{
    Block, Kind, VolumeId, array_at, check_frame, check_reserved, finish, framed, put, put_u64s,
    u64s_at,
};
use super::defect::Defect;
use super::layout::{SLOT_COUNT, Span};
use super::policy::Policy;
use super::root::Root;

const FAILED: Span = Span::at(32, SLOT_COUNT);
const VERSIONS: Span = FAILED.then(8 * SLOT_COUNT);

const _: () = assert!(VERSIONS.start == 64 && VERSIONS.end() == 320);

/// Consecutive failed attempts of each slot. A slot without counter stays at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Failed attempts by slot index.
    pub failed: [u8; SLOT_COUNT],
    /// The version of each slot that the count is about: a slot that is granted anew begins at 0,
    /// whatever becomes of this block.
    pub versions: [u64; SLOT_COUNT],
}

impl Counters {
    /// No failed attempts.
    pub const ZERO: Self = Self {
        failed: [0; SLOT_COUNT],
        versions: [0; SLOT_COUNT],
    };

    /// What counts where no counters can be read: one attempt is left on each slot.
    #[must_use]
    pub fn one_attempt_left(root: &Root, policy: &Policy) -> Self {
        let failed = |slot: usize| {
            policy.grants[slot]
                .as_ref()
                .and_then(|grant| grant.lockout)
                .map_or(0, |(limit, _)| limit - 1)
        };
        Self {
            failed: core::array::from_fn(failed),
            versions: root.slot_versions,
        }
    }

    /// Failed attempts on this version of a slot.
    #[must_use]
    pub fn of_slot(&self, slot: usize, version: u64) -> u8 {
        if version > self.versions[slot] {
            0
        } else {
            self.failed[slot]
        }
    }

    /// Sets the failed attempts on this version of a slot, and on those up to the one that the count
    /// was about: a later version that is lost for a while must not begin at 0 when it is back.
    pub fn set_slot(&mut self, slot: usize, version: u64, failed: u8) {
        self.failed[slot] = failed;
        self.versions[slot] = self.versions[slot].max(version);
    }

    /// Reads a counters block.
    pub fn parse(block: &Block) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::Counters, 0)?;
        check_reserved(block, &[FAILED, VERSIONS])?;
        Ok((
            id,
            Self {
                failed: array_at(block, FAILED),
                versions: u64s_at(block, VERSIONS),
            },
        ))
    }

    /// Encodes the counters.
    #[must_use]
    pub fn encode(&self, id: VolumeId) -> Box<Block> {
        let mut block = framed(Kind::Counters, 0, id);
        put(&mut block, FAILED, &self.failed);
        put_u64s(&mut block, VERSIONS, &self.versions);
        finish(block)
    }

    /// The stricter of two: for each slot the higher count of the later version.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let count = |counters: &Self, slot: usize| (counters.versions[slot], counters.failed[slot]);
        let counts: [_; SLOT_COUNT] =
            core::array::from_fn(|slot| count(&self, slot).max(count(&other, slot)));
        Self {
            failed: counts.map(|(_, failed)| failed),
            versions: counts.map(|(version, _)| version),
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
            versions: core::array::from_fn(|slot| slot as u64 + 7),
        };
        assert_eq!(Counters::parse(&counters.encode(id)), Ok((id, counters)));
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        let mut block = Counters::ZERO.encode(VolumeId::from_random([1; 16]));
        block[320] = 1;
        assert_eq!(
            Counters::parse(&finish(block)),
            Err(Defect::Reserved { offset: 320 })
        );
    }

    #[test]
    fn a_count_is_about_one_version_and_later_ones_begin_at_zero() {
        let mut counters = Counters::ZERO;
        counters.set_slot(3, 5, 9);
        assert_eq!([5, 6].map(|version| counters.of_slot(3, version)), [9, 0]);
        let mut earlier = counters;
        earlier.set_slot(3, 4, 8);
        assert_eq!([4, 5].map(|version| earlier.of_slot(3, version)), [8, 8]);
        let mut later = Counters::ZERO;
        later.set_slot(3, 6, 1);
        for merged in [counters.stricter(later), later.stricter(counters)] {
            assert_eq!((merged.failed[3], merged.versions[3]), (1, 6));
        }
    }

    #[test]
    fn the_stricter_count_wins_slot_by_slot() {
        let mut a = Counters::ZERO;
        let mut b = Counters::ZERO;
        (a.failed[0], b.failed[0], a.failed[1], b.failed[1]) = (3, 2, 0, 9);
        assert_eq!(a.stricter(b).failed[..3], [3, 9, 0]);
    }
}
