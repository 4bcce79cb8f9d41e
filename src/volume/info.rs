//! What can be known of a volume without a key.

use super::attempt::{action, failed, limit, remaining, slot_state};
use super::choice::is_reserved;
use super::error::Error;
use super::medium::read_header;
use super::policy::PolicyRules;
use crate::format::{
    Action, Cipher, CopyStatus, Factor, GrantFlags, Header, Label, Role, SLOT_COUNT, SectorSize,
    SlotState, VolumeId, VolumeState,
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
    /// The slots that are granted.
    pub slots: Vec<SlotInfo>,
    /// The rules.
    pub policy: PolicyRules,
    /// How many backups of the header were taken, which an erase does not reach.
    pub backups: u32,
    /// Number of the newest record of the event log.
    pub log_sequence: u64,
    /// Its texts; escape them when printing.
    pub label: Label,
    /// What header copies A and B are like.
    pub copies: [CopyStatus; 2],
}

/// A slot that is granted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SlotInfo {
    /// Its index, 0 to 31.
    pub index: usize,
    /// Role of its holder.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Whether it can be opened.
    pub status: SlotStatus,
    /// What opens it; empty unless it is in force.
    pub factors: Vec<Factor>,
    /// Its counter; `None` for slots without one.
    pub attempts: Option<Attempts>,
    /// Whether the credential must be changed at the next unlock.
    pub must_change: bool,
    /// What it may do, and how often.
    pub flags: GrantFlags,
    /// Time of the last change of its credential, seconds since 1970 UTC; 0 unknown.
    pub changed: u64,
}

/// Whether a slot can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotStatus {
    /// It can.
    InForce,
    /// It was erased, because its attempts were used up.
    Erased,
    /// It was spent by its first use.
    Spent,
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
    /// Whether the last of them waits for an admin, and only that one is left.
    pub reserved: bool,
    /// What happens at the limit.
    pub action: Action,
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
            slots: (0..SLOT_COUNT)
                .filter_map(|index| slot_info(header, index))
                .collect(),
            policy: PolicyRules::of(&header.policy),
            backups: root.backups,
            log_sequence: header.log.head(root.id).sequence,
            label: header.label.clone(),
            copies: header.copies.clone(),
        }
    }
}

/// Reads the public part of the volume on `storage` without the lock and without writing anything:
/// it costs no attempt, and works while the volume is in use elsewhere.
///
/// ```
/// # use tenlock::crypto::{Argon2Cost, Passphrase};
/// # use tenlock::storage::MemoryStorage;
/// # use tenlock::volume::{CreateOptions, create};
/// use tenlock::volume::inspect;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut options = CreateOptions::default();
/// # options.payload_length = Some(1 << 20);
/// # options.cost = Argon2Cost::new(19_456, 2, 1)?;
/// # let storage = MemoryStorage::default();
/// # create(storage.second_handle(), &options, &Passphrase::new("right")?)?.lock()?;
/// let info = inspect(&storage)?;
/// let attempts = info.slots[0].attempts.ok_or("an admin's slot has a counter")?;
/// assert_eq!((attempts.remaining, attempts.limit), (10, 10));
/// # Ok(())
/// # }
/// ```
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

fn slot_info(header: &Header, index: usize) -> Option<SlotInfo> {
    let grant = header.policy.grants[index].as_ref()?;
    let contents = header.slots[index].slot();
    let status = match (slot_state(header, index), contents) {
        (SlotState::Erasing | SlotState::Erased, _) => SlotStatus::Erased,
        (SlotState::InForce, None) => SlotStatus::Spent,
        (SlotState::InForce, Some(_)) => SlotStatus::InForce,
    };
    Some(SlotInfo {
        index,
        role: grant.role,
        name: grant.name.clone(),
        status,
        factors: contents.map_or_else(Vec::new, |slot| slot.factors.clone()),
        attempts: attempts(header, index),
        must_change: contents.is_some_and(|slot| slot.must_change),
        flags: grant.flags,
        changed: contents.map_or(0, |slot| slot.changed),
    })
}

fn attempts(header: &Header, index: usize) -> Option<Attempts> {
    let limit = limit(header, index)?;
    Some(Attempts {
        limit,
        failed: failed(header, index).min(limit),
        remaining: remaining(header, index)?,
        reserved: is_reserved(header, index),
        action: action(header, index)?,
    })
}
