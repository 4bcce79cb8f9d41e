//! Rollback detection: what a host remembers of the volumes it has seen.
//!
//! A counter on a medium that can be copied is only policy: whoever puts an older copy back has the
//! attempts back, and an older policy with its credentials. The medium cannot tell, but a host that
//! has seen a later state can. What is remembered is not secret; it must be where whoever has the
//! medium cannot change it.

mod file;

use std::io;

use crate::format::VolumeId;

pub use file::FileMemory;

/// What a host remembers of a volume. None of the three ever gets lower on a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Changes of the header; attempts do not count.
    pub generation: u64,
    /// Number of the policy.
    pub policy_number: u64,
    /// Number of the latest entry of the event log.
    pub log_sequence: u64,
}

impl Remembered {
    /// Whether any of the three is lower than in `other`. Both may be behind each other: then they are
    /// of two copies that were used apart.
    #[must_use]
    pub fn is_behind(&self, other: &Self) -> bool {
        self.generation < other.generation
            || self.policy_number < other.policy_number
            || self.log_sequence < other.log_sequence
    }

    /// The greater of each of the three.
    #[must_use]
    pub fn latest(self, other: Self) -> Self {
        Self {
            generation: self.generation.max(other.generation),
            policy_number: self.policy_number.max(other.policy_number),
            log_sequence: self.log_sequence.max(other.log_sequence),
        }
    }
}

/// Where a host remembers volumes: [`FileMemory`], or a store of the embedding program.
///
/// It is told of changes while the [`Volume`](super::Volume) holds its header, and must not call that
/// volume.
pub trait RollbackMemory: Send + Sync {
    /// What is remembered of `volume`; `None` if it has not been seen.
    ///
    /// What cannot be read is an error and never `None`: nothing would be older than it.
    fn recall(&self, volume: VolumeId) -> io::Result<Option<Remembered>>;

    /// Remembers that `volume` has been seen as `seen`, and returns once that would survive a loss of
    /// power. Never lowers anything: of each of the three numbers the greater one stays
    /// ([`Remembered::latest`]), also when others remember at the same time.
    fn remember(&self, volume: VolumeId, seen: Remembered) -> io::Result<()>;

    /// Forgets a volume, so that an older copy of it is accepted: its owner restored a backup, or has
    /// it no more. Says whether it was remembered.
    fn forget(&self, volume: VolumeId) -> io::Result<bool>;
}

/// A volume is older than this host has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the volume is older than this host has seen it ({}): an earlier copy of it was put back, perhaps to get attempts back; if you restored a backup yourself, let this host forget the volume and open it again, otherwise do not trust it",
    self.what()
)]
pub struct Rollback {
    /// What the host has seen.
    pub remembered: Remembered,
    /// What the volume says now.
    pub found: Remembered,
}

impl Rollback {
    /// What went back, for people.
    fn what(&self) -> String {
        let (found, remembered) = (&self.found, &self.remembered);
        [
            ("header", found.generation, remembered.generation),
            ("policy", found.policy_number, remembered.policy_number),
            ("event log", found.log_sequence, remembered.log_sequence),
        ]
        .iter()
        .filter(|(_, found, remembered)| found < remembered)
        .map(|(name, found, remembered)| format!("{name} {found}, seen {remembered}"))
        .collect::<Vec<_>>()
        .join("; ")
    }
}

/// Compares a volume with what is remembered of it. Remembers nothing: that is for when the volume
/// has proved genuine.
pub(super) fn check(
    memory: &dyn RollbackMemory,
    volume: VolumeId,
    found: Remembered,
) -> io::Result<Result<(), Rollback>> {
    Ok(match memory.recall(volume)? {
        Some(remembered) if found.is_behind(&remembered) => Err(Rollback { remembered, found }),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Remembered = numbers(10, 3, 7);

    const fn numbers(generation: u64, policy_number: u64, log_sequence: u64) -> Remembered {
        Remembered {
            generation,
            policy_number,
            log_sequence,
        }
    }

    /// Remembers [`SEEN`] of one volume, and fails for another.
    struct Fixed;

    const FAILING: [u8; 16] = [9; 16];

    impl RollbackMemory for Fixed {
        fn recall(&self, volume: VolumeId) -> io::Result<Option<Remembered>> {
            if volume == VolumeId::from_random(FAILING) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            Ok((volume == VolumeId::from_random([1; 16])).then_some(SEEN))
        }

        fn remember(&self, _: VolumeId, _: Remembered) -> io::Result<()> {
            unreachable!("a check remembers nothing")
        }

        fn forget(&self, _: VolumeId) -> io::Result<bool> {
            unreachable!("a check forgets nothing")
        }
    }

    fn checked(volume: u8, found: Remembered) -> Result<(), Rollback> {
        check(&Fixed, VolumeId::from_random([volume; 16]), found).unwrap()
    }

    #[test]
    fn each_number_that_went_back_is_a_rollback() {
        for found in [numbers(9, 3, 7), numbers(99, 2, 99), numbers(99, 99, 6)] {
            let remembered = SEEN;
            assert_eq!(checked(1, found), Err(Rollback { remembered, found }));
        }
    }

    #[test]
    fn the_same_later_and_unknown_volumes_are_no_rollback() {
        assert_eq!(checked(1, SEEN), Ok(()));
        assert_eq!(checked(1, numbers(11, 4, 8)), Ok(()));
        assert_eq!(checked(2, numbers(0, 0, 0)), Ok(()));
    }

    #[test]
    fn a_memory_that_cannot_be_read_is_no_permission() {
        let result = check(&Fixed, VolumeId::from_random(FAILING), SEEN);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_text_names_what_went_back_and_what_to_do() {
        let text = checked(1, numbers(4, 3, 2)).unwrap_err().to_string();
        assert!(
            text.contains("(header 4, seen 10; event log 2, seen 7)"),
            "{text}"
        );
        assert!(text.contains("let this host forget the volume"), "{text}");
    }
}
