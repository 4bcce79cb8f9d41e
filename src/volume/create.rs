//! Making a volume (format page §6.5).

use std::sync::Arc;

use super::credential::Credential;
use super::draft::Draft;
use super::erase::now;
use super::error::Error;
use super::event::EventKind;
use super::factors::Randomness;
use super::keys::{Keys, log_public_key};
use super::locked::{LockedVolume, OpenSlot};
use super::log;
use super::medium::{Medium, block_offset, copies};
use super::new_slot::NewSlot;
use super::options::{Origin, UnlockOptions};
use super::policy::PolicyRules;
use super::unlocked::Volume;
use crate::crypto::{Argon2Cost, Argon2Options, CryptoError, Secret, SigningKey, fill_random};
use crate::format::{
    BLOCK_LEN, COPY_LEN, Cipher, CopyStatus, Counters, Header, Label, Log, LogHead, MAC_LEN,
    MAX_ATTEMPTS, MAX_SEAL_BLOCKS, PassphraseRules, Policy, ROOT_BLOCK, Role, Root, SIGNATURE_LEN,
    SLOT_COUNT, Seal, SectorSize, SlotBlock, State, VolumeId,
};
use crate::storage::Storage;

const UNIT: u64 = BLOCK_LEN as u64;
/// How many places between the headers are looked at for data.
const PROBES: u64 = 64;

/// What a new volume is to be like.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreateOptions {
    /// Room for data in bytes, a multiple of 4096; `None` takes all the room of the storage. The
    /// storage is 2 MiB larger.
    pub payload_length: Option<u64>,
    /// Size of a sector.
    pub sector_size: SectorSize,
    /// Cost of each attempt; see [`calibrate`](crate::crypto::calibrate).
    pub cost: Argon2Cost,
    /// Consecutive failed attempts of the admin after which the key is erased, 1 to 10; for
    /// [`create`] only.
    pub attempt_limit: u8,
    /// Texts that anybody can read.
    pub label: Label,
    /// Rules for the volume, which bind the first credentials too.
    pub policy: PolicyRules,
    /// Who makes it, for the event log.
    pub origin: Origin,
    /// Whether data that is found where the volume is made may be overwritten.
    pub overwrite: bool,
}

impl Default for CreateOptions {
    /// All the room, 4096-byte sectors, Argon2id with 64 MiB, 3 passes and 4 lanes, ten attempts,
    /// no texts, no rules, nothing overwritten.
    fn default() -> Self {
        Self {
            payload_length: None,
            sector_size: SectorSize::B4096,
            cost: Argon2Cost::default(),
            attempt_limit: MAX_ATTEMPTS,
            label: Label::default(),
            policy: PolicyRules::default(),
            origin: Origin::default(),
            overwrite: false,
        }
    }
}

/// A slot of a new volume, and what is to open it.
#[derive(Clone, Debug)]
pub struct Grantee<'a> {
    /// What the slot is to be like.
    pub slot: NewSlot,
    /// What opens it.
    pub credential: Credential<'a>,
}

/// Makes a volume on `storage` with `credential`, a passphrase as a rule, as an admin's in slot 0,
/// and returns it unlocked.
///
/// The payload is not written: until something is, it reads as noise. An interruption leaves a
/// whole volume or something that no open takes for one; where an older volume is overwritten, it
/// may also leave that one, whole or without its copy A.
///
/// # Errors
/// [`Error::LooksLikeData`], [`Error::Size`], [`Error::AttemptLimit`], [`Error::Rule`],
/// [`Error::Busy`], [`Error::CannotWrite`] and others that speak of the options: nothing was
/// written. [`Error::Io`]: what is there is not a volume, or a whole one.
pub fn create<'a>(
    storage: impl Storage + 'static,
    options: &CreateOptions,
    credential: impl Into<Credential<'a>>,
) -> Result<Volume, Error> {
    let mut slot = NewSlot::new(Role::Admin);
    slot.attempt_limit = options.attempt_limit;
    let admin = Grantee {
        slot,
        credential: credential.into(),
    };
    create_with_slots(storage, options, &[admin])
}

/// As [`create`], with all slots at once, for provisioning by a program. The first must be an
/// admin's, and is the one that is open then.
///
/// # Errors
/// As [`create`] and [`Volume::add_slot`], [`Error::RequiredRole`] if the first slot is not an admin's
/// or the policy demands a role of which there is no slot; everything is checked before anything is
/// written.
///
/// ```
/// use tenlock::crypto::{Argon2Cost, Passphrase, PrivateKey, RecoveryKey};
/// use tenlock::storage::MemoryStorage;
/// use tenlock::volume::{CreateOptions, Grantee, NewSlot, Role, create_with_slots};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut options = CreateOptions::default();
/// # options.payload_length = Some(1 << 20);
/// # options.cost = Argon2Cost::new(19_456, 2, 1)?;
/// let (office, technician) = (Passphrase::new("of the office")?, Passphrase::new("first one")?);
/// let (printed, escrow) = (RecoveryKey::generate()?, PrivateKey::generate()?);
/// let grantee = |role, credential| Grantee { slot: NewSlot::new(role), credential };
/// let mut slots = [
///     grantee(Role::Admin, (&office).into()),
///     grantee(Role::User, (&technician).into()),
///     grantee(Role::Recovery, (&printed).into()),
///     grantee(Role::Escrow, escrow.public_key().into()),
/// ];
/// slots[1].slot.must_change = true;
/// options.policy.required_roles = vec![Role::Escrow];
/// let volume = create_with_slots(MemoryStorage::default(), &options, &slots)?;
/// assert_eq!(volume.role(), Role::Admin);
///
/// // The technician replaces his first passphrase when he unlocks with it.
/// let own = Passphrase::new("of the technician")?;
/// let volume = volume.lock()?.unlock_and_change(&technician, &own, &Default::default())?;
/// assert_eq!(volume.role(), Role::User);
/// # Ok(())
/// # }
/// ```
pub fn create_with_slots(
    storage: impl Storage + 'static,
    options: &CreateOptions,
    grantees: &[Grantee<'_>],
) -> Result<Volume, Error> {
    create_with(storage, options, grantees, &Argon2Options::default())
}

/// As [`create_with_slots`], with a say in how the key derivations are done.
///
/// # Errors
/// Also [`Error::Cancelled`]: nothing was written.
pub fn create_with(
    storage: impl Storage + 'static,
    options: &CreateOptions,
    grantees: &[Grantee<'_>],
    derivation: &Argon2Options<'_>,
) -> Result<Volume, Error> {
    let medium = Medium::take(Arc::new(storage))?;
    medium.check_writable()?;
    let payload_length = check_options(&medium, options)?;
    let old_data = find_data(&medium)?;
    if let Some(offset) = old_data
        && !options.overwrite
    {
        return Err(Error::LooksLikeData { offset });
    }
    let material = Material::random()?;
    let New {
        mut header,
        keys,
        slot,
    } = material.build(
        options,
        payload_length,
        grantees,
        derivation,
        &fill_random,
        now(),
    )?;
    let event = options.origin.slot_event(EventKind::Created, &header, slot);
    let _ = log::append(&mut header, &event);
    make_room(&medium, payload_length)?;
    write_volume(&medium, &header, old_data.is_some())?;
    let opened = OpenSlot {
        volume: LockedVolume { medium, header },
        slot,
        keys,
        notices: Vec::new(),
    };
    let unlock = UnlockOptions {
        origin: options.origin.clone(),
        ..UnlockOptions::default()
    };
    Ok(Volume::new(opened, &unlock)?)
}

/// What makes a volume itself and no other.
pub(super) struct Material {
    pub(super) id: VolumeId,
    pub(super) seal: Seal,
    pub(super) volume_key: Secret,
    pub(super) authority: SigningKey,
}

/// A volume that is to be written.
pub(super) struct New {
    pub(super) header: Box<Header>,
    pub(super) keys: Keys,
    /// The first slot.
    pub(super) slot: usize,
}

impl Material {
    fn random() -> Result<Self, CryptoError> {
        let id = VolumeId::from_random(random_array()?);
        let blocks = u16::try_from(MAX_SEAL_BLOCKS).unwrap_or(u16::MAX);
        Ok(Self {
            id,
            seal: Seal::generate(id, blocks, fill_random)?,
            volume_key: Secret::random(32)?,
            authority: SigningKey::from_seed(Secret::random(32)?)?,
        })
    }

    /// The header of the new volume, complete and signed.
    pub(super) fn build(
        self,
        options: &CreateOptions,
        payload_length: u64,
        grantees: &[Grantee<'_>],
        derivation: &Argon2Options<'_>,
        random: Randomness<'_>,
        now: u64,
    ) -> Result<New, Error> {
        if grantees
            .first()
            .is_none_or(|first| first.slot.role != Role::Admin)
        {
            return Err(Error::RequiredRole { role: Role::Admin });
        }
        let header = self.empty_header(options, payload_length, now)?;
        let Self {
            volume_key,
            authority,
            ..
        } = self;
        let mut keys = Keys::new(volume_key, authority)?;
        let mut draft = Draft::new(header, &keys, random, now);
        options.policy.put_passphrase_rules(&mut draft.header)?;
        let mut slots = Vec::new();
        for Grantee { slot, credential } in grantees {
            let mut slot = slot.clone();
            slot.cost = slot.cost.or(Some(options.cost));
            slots.push(draft.add(&slot, credential, derivation)?);
        }
        options.policy.put_into(&mut draft.header)?;
        draft.sign()?;
        let slot = slots[0];
        let holder = draft.take_holder(slot);
        let header = draft.finish()?;
        if let Some(holder) = holder {
            keys.set_holder(holder);
        }
        Ok(New { header, keys, slot })
    }

    /// A header without slots, before its first generation.
    fn empty_header(
        &self,
        options: &CreateOptions,
        payload_length: u64,
        now: u64,
    ) -> Result<Box<Header>, Error> {
        let root = Root {
            id: self.id,
            compatible_features: 0,
            payload_offset: COPY_LEN,
            payload_length,
            sector_size: options.sector_size,
            cipher: Cipher::AesXtsPlain64,
            seal_blocks: u16::try_from(self.seal.blocks().len()).unwrap_or(u16::MAX),
            created: now,
            authority: self.authority.public_key().0,
            log_key: log_public_key(&self.authority)?.0,
            generation: 0,
            backups: 0,
            policy_sum: [0; 32],
            label_sum: [0; 32],
            slot_sums: [[0; 32]; SLOT_COUNT],
            slot_versions: [0; SLOT_COUNT],
            mac: [0; MAC_LEN],
        };
        Ok(Box::new(Header {
            root,
            policy: empty_policy(),
            label: options.label.clone(),
            slots: [const { SlotBlock::Empty }; SLOT_COUNT],
            log: Log::empty(),
            seal: Some(self.seal.clone()),
            state: State::locked(),
            counters: Counters::ZERO,
            copies: [CopyStatus::Whole, CopyStatus::Whole],
        }))
    }
}

fn empty_policy() -> Policy {
    Policy {
        number: 0,
        passphrases: PassphraseRules::default(),
        min_kdf_memory_kib: 0,
        min_kdf_passes: 0,
        auto_lock_seconds: 0,
        required_roles: 0,
        grants: [const { None }; SLOT_COUNT],
        holders: [[0; 32]; SLOT_COUNT],
        slot_floors: [0; SLOT_COUNT],
        static_sum: [0; 32],
        label_sum: [0; 32],
        log_head: LogHead::default(),
        signature: [0; SIGNATURE_LEN],
    }
}

/// The length of the payload, if the options make sense.
fn check_options(medium: &Medium, options: &CreateOptions) -> Result<u64, Error> {
    let limit = options.attempt_limit;
    if !(1..=MAX_ATTEMPTS).contains(&limit) {
        return Err(Error::AttemptLimit { limit });
    }
    let storage = medium.storage();
    if options.sector_size.bytes() < storage.block_size() {
        let reason =
            "the device has larger blocks than the sectors asked for: choose 4096-byte sectors";
        return Err(Error::Size {
            payload_length: options.payload_length.unwrap_or(0),
            reason,
        });
    }
    let room = storage_len(medium)?;
    let payload_length = options
        .payload_length
        .unwrap_or_else(|| room.saturating_sub(2 * COPY_LEN) / UNIT * UNIT);
    if payload_length == 0 || !payload_length.is_multiple_of(UNIT) {
        return Err(Error::Size {
            payload_length,
            reason: "the length must be a multiple of 4096 and more than 0",
        });
    }
    match payload_length.checked_add(2 * COPY_LEN) {
        Some(needed) if i64::try_from(needed).is_ok() => Ok(payload_length),
        _ => Err(Error::Size {
            payload_length,
            reason: "the length exceeds 2^63 bytes",
        }),
    }
}

/// Gives the storage the length of the volume. Longer storage would hide copy B from a reader that
/// has lost copy A.
fn make_room(medium: &Medium, payload_length: u64) -> Result<(), Error> {
    let (room, needed) = (storage_len(medium)?, payload_length + 2 * COPY_LEN);
    if room / UNIT * UNIT == needed {
        return Ok(());
    }
    medium.storage().set_len(needed).map_err(|source| match source.kind() {
        std::io::ErrorKind::Unsupported => Error::Size { payload_length, reason: "a volume on a device takes all its room: leave the size out, or make a partition" },
        _ => Error::Io { doing: "setting the length of the storage", offset: room, cause: source },
    })
}

/// The first byte that is not zero in either header area or in places spread over the rest.
fn find_data(medium: &Medium) -> Result<Option<u64>, Error> {
    let length = storage_len(medium)?;
    let headers = (0..COPY_LEN / UNIT).map(|block| block * UNIT);
    let end = length / UNIT * UNIT;
    let at_the_end = (end.saturating_sub(COPY_LEN) / UNIT..end / UNIT).map(|block| block * UNIT);
    let spread = (1..PROBES).map(|probe| length / PROBES * probe / UNIT * UNIT);
    for offset in headers
        .chain(at_the_end)
        .chain(spread)
        .filter(|offset| *offset < length)
    {
        let mut block = [0; BLOCK_LEN];
        let part = usize::try_from(length.saturating_sub(offset))
            .unwrap_or(BLOCK_LEN)
            .min(BLOCK_LEN);
        medium.read(offset, &mut block[..part])?;
        if let Some(at) = block.iter().position(|byte| *byte != 0) {
            return Ok(Some(offset + at as u64));
        }
    }
    Ok(None)
}

/// Both copies, the roots last; a root of an older volume goes first.
fn write_volume(medium: &Medium, header: &Header, old_data: bool) -> Result<(), Error> {
    let blocks = header.encode();
    let (roots, others): (Vec<_>, Vec<_>) = blocks
        .into_iter()
        .partition(|(index, _)| *index == ROOT_BLOCK);
    if old_data {
        // A header copy of an older volume might otherwise be found. The storage has the length of
        // the new one by now, so there is no other place where one would be looked for.
        for place in copies(header) {
            medium.write(block_offset(place, ROOT_BLOCK), &[0; BLOCK_LEN])?;
            medium.flush()?;
        }
    }
    for copy in copies(header) {
        for (index, block) in &others {
            medium.write(block_offset(copy, *index), &**block)?;
        }
    }
    medium.flush()?;
    copies(header)
        .into_iter()
        .try_for_each(|copy| medium.write_blocks(copy, &roots))
}

fn storage_len(medium: &Medium) -> Result<u64, Error> {
    medium.storage().len().map_err(|source| Error::Io {
        doing: "asking for the length",
        offset: 0,
        cause: source,
    })
}

fn random_array<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}
