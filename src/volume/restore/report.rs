//! What became of a restore.

use std::fmt;

use crate::format::{CopyStatus, Header, SLOT_COUNT, SlotState};
use crate::volume::attempt::slot_state;
use crate::volume::backup::BackupInfo;
use crate::volume::blocks::copy_name;
use crate::volume::error::Error;

/// What a restore has done.
#[derive(Debug)]
#[non_exhaustive]
pub struct RestoreReport {
    /// The backup whose header is there now.
    pub backup: BackupInfo,
    /// The header that was there, if it could be read.
    pub replaced: Option<Replaced>,
    /// Whether no counters could be read on the medium, so that each slot has one attempt left.
    pub counters_lost: bool,
    /// Slots that are erased, or are erased by the next open, because they were on the medium.
    pub erased_slots: Vec<usize>,
    /// Blocks that could not be written: copy (0 is A, 1 is B), number of the block, and why.
    pub unwritten: Vec<(usize, usize, Error)>,
    /// What header copies A and B are like now.
    pub copies: [CopyStatus; 2],
}

/// A header that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replaced {
    /// Its generation.
    pub generation: u64,
    /// Number of its policy.
    pub policy_number: u64,
    /// How many header backups it counted; the restored one may count fewer.
    pub backups: u32,
}

impl Replaced {
    pub(super) fn of(header: &Header) -> Self {
        Self {
            generation: header.root.generation,
            policy_number: header.policy.number,
            backups: header.root.backups,
        }
    }
}

/// The slots of a header that are not in force any more.
pub(super) fn erased_slots(header: &Header) -> Vec<usize> {
    (0..SLOT_COUNT)
        .filter(|slot| header.policy.grants[*slot].is_some())
        .filter(|slot| slot_state(header, *slot) != SlotState::InForce)
        .collect()
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backup, .. } = self;
        write!(
            f,
            "the header of backup {} (generation {}) was restored",
            backup.number, backup.generation
        )?;
        if let Some(replaced) = self.replaced {
            write!(f, "; it replaces generation {}", replaced.generation)?;
            if replaced.backups > backup.number {
                write!(
                    f,
                    "; that one counted {} header backups, keep this in mind for an erase",
                    replaced.backups
                )?;
            }
        }
        if self.counters_lost {
            f.write_str("; the counters on the medium could not be read, so one attempt is left on each slot: unlock with a credential you are sure of, or with one that is not counted")?;
        }
        for slot in &self.erased_slots {
            write!(f, "; slot {slot} is erased")?;
        }
        for (copy, block, error) in &self.unwritten {
            write!(
                f,
                "; block {block} of header copy {} could not be written: {error}",
                copy_name(*copy)
            )?;
        }
        Ok(())
    }
}
