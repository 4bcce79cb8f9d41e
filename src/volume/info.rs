//! What can be known of a volume without a key.

use super::attempt::{limit, remaining};
use super::error::Error;
use super::medium::read_header;
use crate::format::{
    Cipher, CopyStatus, Factor, Header, Label, Role, SectorSize, Slot, VolumeId, VolumeState,
};
use crate::storage::Storage;

/// The public part of a volume.
///
/// Read from a locked volume these are a stranger's words; a volume that was unlocked has
/// authenticated them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// Version of the format: 1.
    pub format_version: u16,
    /// Identity of the volume.
    pub id: VolumeId,
    /// Where it stands.
    pub state: VolumeState,
    /// Number of the header's generation.
    pub generation: u64,
    /// Number of the policy, which counts signed changes.
    pub policy_number: u64,
    /// Time of creation, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// Size of a sector.
    pub sector_size: SectorSize,
    /// Where the payload begins, bytes from the start of the storage.
    pub payload_offset: u64,
    /// Length of the payload in bytes.
    pub payload_length: u64,
    /// Cipher of the payload.
    pub cipher: Cipher,
    /// The slots in use.
    pub slots: Vec<SlotInfo>,
    /// Its texts; escape them when printing.
    pub label: Label,
    /// What header copies A and B are like.
    pub copies: [CopyStatus; 2],
}

/// A slot in use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SlotInfo {
    /// Its index, 0 to 31.
    pub index: usize,
    /// Role of its holder.
    pub role: Role,
    /// What opens it.
    pub factors: Vec<Factor>,
    /// Its counter; `None` for roles without one.
    pub attempts: Option<Attempts>,
}

/// The counter of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// How many consecutive failures the policy allows, 1 to 10.
    pub limit: u8,
    /// How many there were.
    pub failed: u8,
    /// How many attempts are left.
    pub remaining: u8,
}

impl Info {
    pub(super) fn of(header: &Header) -> Self {
        let root = &header.root;
        Self {
            format_version: 1,
            id: root.id,
            state: header.state.volume,
            generation: root.generation,
            policy_number: header.policy.number,
            created: root.created,
            sector_size: root.sector_size,
            payload_offset: root.payload_offset,
            payload_length: root.payload_length,
            cipher: root.cipher,
            slots: header
                .slots
                .iter()
                .enumerate()
                .filter_map(|(index, block)| Some(slot_info(header, index, block.slot()?)))
                .collect(),
            label: header.label.clone(),
            copies: header.copies.clone(),
        }
    }
}

/// Reads the public part of the volume on `storage` without the lock and without writing anything:
/// it costs no attempt, and works while the volume is in use elsewhere.
///
/// # Errors
/// [`Error::NotAVolume`], [`Error::NewerFormat`], [`Error::Damaged`], [`Error::Io`].
pub fn inspect(storage: &dyn Storage) -> Result<Info, Error> {
    let mut last = read_header(storage);
    // A writer may have been at one copy and then at the other while they were read. It is never at
    // both.
    for _ in 0..2 {
        if !matches!(last, Err(Error::Damaged(_))) {
            break;
        }
        last = read_header(storage);
    }
    last.map(|header| Info::of(&header))
}

fn slot_info(header: &Header, index: usize, slot: &Slot) -> SlotInfo {
    let attempts = match (limit(header, index), remaining(header, index)) {
        (Some(limit), Some(remaining)) => Some(Attempts {
            limit,
            failed: header.counters.failed[index].min(limit),
            remaining,
        }),
        _ => None,
    };
    SlotInfo {
        index,
        role: slot.role,
        factors: slot.factors.clone(),
        attempts,
    }
}
