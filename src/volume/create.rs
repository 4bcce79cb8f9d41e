//! Making a volume (format page §6.5).

use std::sync::Arc;

use super::erase::now;
use super::error::Error;
use super::keys::{Keys, SlotContext, derive, signed_message};
use super::locked::LockedVolume;
use super::medium::{Medium, block_offset, copies};
use super::unlocked::{Volume, new_passphrase_factor};
use crate::crypto::{Argon2Cost, CryptoError, Passphrase, Secret, SigningKey, fill_random};
use crate::format::{
    Action, BLOCK_LEN, COPY_LEN, Cipher, CopyStatus, Counters, Factor, Grant, Header, Label,
    MAC_LEN, MAX_ATTEMPTS, MAX_SEAL_BLOCKS, PassphraseFactor, PassphraseRules, Policy, ROOT_BLOCK,
    Role, Root, SIGNATURE_LEN, SLOT_COUNT, Seal, SectorSize, Slot, SlotBlock, State, VolumeId,
    WrappedKeys,
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
    /// Consecutive failed attempts after which the key is erased, 1 to 10.
    pub attempt_limit: u8,
    /// Texts that anybody can read.
    pub label: Label,
    /// Whether data that is found where the volume is made may be overwritten.
    pub overwrite: bool,
}

impl Default for CreateOptions {
    /// All the room, 4096-byte sectors, Argon2id with 64 MiB, 3 passes and 4 lanes, ten attempts,
    /// no texts, nothing overwritten.
    fn default() -> Self {
        Self {
            payload_length: None,
            sector_size: SectorSize::B4096,
            cost: Argon2Cost::default(),
            attempt_limit: MAX_ATTEMPTS,
            label: Label::default(),
            overwrite: false,
        }
    }
}

/// Makes a volume on `storage` with `passphrase` as an admin's in slot 0, and returns it unlocked.
///
/// The payload is not written: until something is, it reads as noise. An interruption leaves a
/// whole volume or something that no open takes for one; where an older volume is overwritten, it
/// may also leave that one, whole or without its copy A.
///
/// # Errors
/// [`Error::LooksLikeData`], [`Error::Size`], [`Error::AttemptLimit`], [`Error::Busy`], [`Error::CannotWrite`]: nothing was written. [`Error::Io`]: what
/// is there is not a volume, or a whole one.
pub fn create(
    storage: impl Storage + 'static,
    options: &CreateOptions,
    passphrase: &Passphrase,
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
    let material = Material::random(options.cost)?;
    let (header, keys) = material.build(options, payload_length, passphrase)?;
    make_room(&medium, payload_length)?;
    write_volume(&medium, &header, old_data.is_some())?;
    Ok(Volume::new(
        LockedVolume { medium, header },
        0,
        keys,
        Vec::new(),
    )?)
}

/// All that is random about a new volume.
pub(super) struct Material {
    pub(super) id: VolumeId,
    pub(super) seal: Seal,
    pub(super) volume_key: Secret,
    pub(super) authority: SigningKey,
    pub(super) grant_id: [u8; 16],
    pub(super) slot: Slot,
}

impl Material {
    fn random(cost: Argon2Cost) -> Result<Self, CryptoError> {
        let id = VolumeId::from_random(random_array()?);
        let blocks = u16::try_from(MAX_SEAL_BLOCKS).unwrap_or(u16::MAX);
        let grant_id = random_array()?;
        Ok(Self {
            id,
            seal: Seal::generate(id, blocks, fill_random)?,
            volume_key: Secret::random(32)?,
            authority: SigningKey::from_seed(Secret::random(32)?)?,
            grant_id,
            slot: slot_for(Role::Admin, grant_id, new_passphrase_factor(cost)?)?,
        })
    }

    /// The header of the new volume, complete and signed.
    pub(super) fn build(
        self,
        options: &CreateOptions,
        payload_length: u64,
        passphrase: &Passphrase,
    ) -> Result<(Box<Header>, Keys), Error> {
        let Self {
            id,
            seal,
            volume_key,
            authority,
            grant_id,
            mut slot,
        } = self;
        let created = slot.changed;
        let factor = slot.factors.iter().find_map(|factor| {
            if let Factor::Passphrase(factor) = factor {
                Some(*factor)
            } else {
                None
            }
        });
        let output = derive(passphrase, &factor.ok_or(Error::NoMatchingSlot)?)?;
        let root = Root {
            id,
            compatible_features: 0,
            payload_offset: COPY_LEN,
            payload_length,
            sector_size: options.sector_size,
            cipher: Cipher::AesXtsPlain64,
            seal_blocks: u16::try_from(seal.blocks().len()).unwrap_or(u16::MAX),
            created,
            authority: authority.public_key().0,
            generation: 1,
            backups: 0,
            policy_sum: [0; 32],
            label_sum: [0; 32],
            slot_sums: [[0; 32]; SLOT_COUNT],
            mac: [0; MAC_LEN],
        };
        let mut header = Box::new(Header {
            root,
            policy: first_policy(options.attempt_limit, grant_id, created),
            label: options.label.clone(),
            slots: [const { SlotBlock::Empty }; SLOT_COUNT],
            seal: Some(seal),
            state: State::locked(),
            counters: Counters::ZERO,
            copies: [CopyStatus::Whole, CopyStatus::Whole],
        });
        header.policy.signature = authority.sign(&signed_message(&header));
        let keys = Keys::new(volume_key, authority);
        let context = SlotContext::of(&header).ok_or(Error::NoMatchingSlot)?;
        context.wrap(&mut slot, 0, &output, &keys)?;
        header.slots[0] = SlotBlock::Used(slot);
        header.renew_sums();
        header.root.mac = keys.root_mac(&header)?;
        Ok((header, keys))
    }
}

/// A slot with a fresh nonce whose keys are still to be wrapped.
pub(super) fn slot_for(
    role: Role,
    grant_id: [u8; 16],
    factor: PassphraseFactor,
) -> Result<Slot, CryptoError> {
    Ok(Slot {
        role,
        must_change: false,
        changed: now(),
        grant_id,
        nonce: random_array()?,
        factors: vec![Factor::Passphrase(factor)],
        wrapped: WrappedKeys {
            commitment: [0; 32],
            ciphertext: [0; 64],
            tag: [0; 16],
        },
    })
}

fn first_policy(attempt_limit: u8, grant_id: [u8; 16], created: u64) -> Policy {
    let mut grants = [const { None }; SLOT_COUNT];
    grants[0] = Some(Grant {
        role: Role::Admin,
        lockout: Some((attempt_limit, Action::EraseVolume)),
        flags: 0,
        id: grant_id,
        created,
        name: String::new(),
    });
    Policy {
        number: 1,
        passphrases: PassphraseRules::default(),
        min_kdf_memory_kib: 0,
        min_kdf_passes: 0,
        auto_lock_seconds: 0,
        required_roles: 0,
        grants,
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
