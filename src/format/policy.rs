//! The policy block: rules, the grant of each slot, the signature of the authority.

use super::block::{
    Block, Kind, VolumeId, array_at, check_frame, check_reserved, field, finish, framed, put,
    put_u64s, u8_at, u16_at, u32_at, u64_at, u64s_at,
};
use super::defect::Defect;
use super::layout::{SLOT_COUNT, Span};
use super::log::LogHead;
use super::slot::Role;

/// Most attempts that a policy can allow, and the default.
pub const MAX_ATTEMPTS: u8 = 10;
/// Bytes of an Ed25519 signature.
pub const SIGNATURE_LEN: usize = 64;

const NUMBER: Span = Span::at(32, 8);
const MIN_CHARS: Span = NUMBER.then(2);
const MIN_STRENGTH: Span = MIN_CHARS.then(2);
const RULES: Span = MIN_STRENGTH.then(4);
const MIN_KDF_MEMORY: Span = RULES.then(4);
const MIN_KDF_PASSES: Span = MIN_KDF_MEMORY.then(4);
const AUTO_LOCK: Span = MIN_KDF_PASSES.then(4);
const REQUIRED_ROLES: Span = AUTO_LOCK.then(1);
const GRANTS: Span = REQUIRED_ROLES.skip(99, GRANT_LEN * SLOT_COUNT);
const HOLDERS: Span = GRANTS.then(32 * SLOT_COUNT);
const FLOORS: Span = HOLDERS.then(8 * SLOT_COUNT);
const STATIC_SUM: Span = FLOORS.then(32);
const LABEL_SUM: Span = STATIC_SUM.then(32);
const LOG_SEQUENCE: Span = LABEL_SUM.then(8);
const LOG_HASH: Span = LOG_SEQUENCE.then(32);
const SIGNATURE: Span = Span::at(4000, SIGNATURE_LEN);
const FIELDS: [Span; 16] = [
    NUMBER,
    MIN_CHARS,
    MIN_STRENGTH,
    RULES,
    MIN_KDF_MEMORY,
    MIN_KDF_PASSES,
    AUTO_LOCK,
    REQUIRED_ROLES,
    GRANTS,
    HOLDERS,
    FLOORS,
    STATIC_SUM,
    LABEL_SUM,
    LOG_SEQUENCE,
    LOG_HASH,
    SIGNATURE,
];

const GRANT_LEN: usize = 64;
const NAME_LEN: usize = 32;
const KNOWN_RULES: u32 = 0b1;
const KNOWN_ROLES: u8 = 0b1111;

const _: () = assert!(REQUIRED_ROLES.start == 60 && GRANTS.start == 160 && GRANTS.end() == 2208);
const _: () = assert!(FLOORS.start == 3232 && STATIC_SUM.start == 3488 && LOG_HASH.end() == 3592);

/// What happens when the attempts on a slot are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The slot is overwritten; others still open.
    EraseSlot = 1,
    /// The key of the volume is destroyed.
    EraseVolume = 2,
}

/// What the authority grants to a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Role of the slot.
    pub role: Role,
    /// Attempt limit, 1 to 10, and what happens there. `None` for recovery and escrow, which have
    /// no counter.
    pub lockout: Option<(u8, Action)>,
    /// What it may do, and how often.
    pub flags: GrantFlags,
    /// Random identity, which the slot repeats.
    pub id: [u8; 16],
    /// When it was granted, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// Name for people, at most 32 bytes.
    pub name: String,
}

/// Limits of a grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantFlags {
    /// Spent by its first use; recovery only.
    pub one_time: bool,
    /// May not write. A rule that this software keeps; whoever has the key can break it.
    pub read_only: bool,
    /// The last attempt is reserved until an admin allows it.
    pub last_attempt_reserved: bool,
}

impl GrantFlags {
    fn parse(bits: u32) -> Option<Self> {
        let flags = Self {
            one_time: bits & 1 != 0,
            read_only: bits & 2 != 0,
            last_attempt_reserved: bits & 4 != 0,
        };
        (flags.bits() == bits).then_some(flags)
    }

    fn bits(self) -> u32 {
        u32::from(self.one_time)
            | u32::from(self.read_only) << 1
            | u32::from(self.last_attempt_reserved) << 2
    }
}

/// Rules for new passphrases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassphraseRules {
    /// Least number of characters, 0 to 1024.
    pub min_chars: u16,
    /// Least estimated strength in bits, 0 to 256.
    pub min_strength_bits: u16,
    /// Whether the words of label and hint are refused.
    pub not_the_label: bool,
}

/// Rules and grants of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Counts signed changes, from 1.
    pub number: u64,
    /// Rules for new passphrases.
    pub passphrases: PassphraseRules,
    /// Least Argon2id memory of new passphrases in KiB; 0 means the floor of the format.
    pub min_kdf_memory_kib: u32,
    /// Least Argon2id passes of new passphrases; 0 means the floor of the format.
    pub min_kdf_passes: u32,
    /// Seconds of idleness after which the volume locks itself; 0 means never.
    pub auto_lock_seconds: u32,
    /// Roles that must exist: bit 0 admin, 1 user, 2 recovery, 3 escrow.
    pub required_roles: u8,
    /// The grant of each slot.
    pub grants: [Option<Grant>; SLOT_COUNT],
    /// Ed25519 public key with which the holder of each slot signs it; zero bytes where there is no
    /// grant.
    pub holders: [[u8; 32]; SLOT_COUNT],
    /// Least version of each slot.
    pub slot_floors: [u64; SLOT_COUNT],
    /// SHA-256 of the static part of the root.
    pub static_sum: [u8; 32],
    /// Checksum field of the label block.
    pub label_sum: [u8; 32],
    /// The newest record of the event log when this was signed.
    pub log_head: LogHead,
    /// Ed25519 signature of the authority.
    pub signature: [u8; SIGNATURE_LEN],
}

impl Policy {
    /// Reads a policy block. Says nothing of the signature's worth.
    pub fn parse(block: &Block) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::Policy, 0)?;
        check_reserved(block, &FIELDS)?;
        let rules = u32_at(block, RULES);
        let mut grants = [const { None }; SLOT_COUNT];
        for (index, grant) in grants.iter_mut().enumerate() {
            *grant = parse_grant(block, GRANTS.start + GRANT_LEN * index)?;
        }
        let policy = Self {
            number: u64_at(block, NUMBER),
            passphrases: PassphraseRules {
                min_chars: u16_at(block, MIN_CHARS),
                min_strength_bits: u16_at(block, MIN_STRENGTH),
                not_the_label: rules & KNOWN_RULES != 0,
            },
            min_kdf_memory_kib: u32_at(block, MIN_KDF_MEMORY),
            min_kdf_passes: u32_at(block, MIN_KDF_PASSES),
            auto_lock_seconds: u32_at(block, AUTO_LOCK),
            required_roles: u8_at(block, REQUIRED_ROLES),
            grants,
            holders: core::array::from_fn(|slot| {
                array_at(block, Span::at(HOLDERS.start + 32 * slot, 32))
            }),
            slot_floors: u64s_at(block, FLOORS),
            static_sum: array_at(block, STATIC_SUM),
            label_sum: array_at(block, LABEL_SUM),
            log_head: LogHead {
                sequence: u64_at(block, LOG_SEQUENCE),
                hash: array_at(block, LOG_HASH),
            },
            signature: array_at(block, SIGNATURE),
        };
        let held =
            |(grant, holder): (&Option<Grant>, &[u8; 32])| grant.is_some() || *holder == [0; 32];
        if !policy.grants.iter().zip(&policy.holders).all(held) {
            return Err(Defect::GrantHolder);
        }
        let in_range = policy.number > 0
            && policy.passphrases.min_chars <= 1024
            && policy.passphrases.min_strength_bits <= 256
            && rules & !KNOWN_RULES == 0
            && policy.required_roles & !KNOWN_ROLES == 0;
        if in_range {
            Ok((id, policy))
        } else {
            Err(Defect::PolicyRules)
        }
    }

    /// Whether a slot of this role must exist.
    #[must_use]
    pub fn requires(&self, role: Role) -> bool {
        self.required_roles & role_bit(role) != 0
    }

    /// Sets of which roles a slot must exist.
    pub fn require_roles(&mut self, roles: &[Role]) {
        self.required_roles = roles.iter().fold(0, |set, role| set | role_bit(*role));
    }

    /// Encodes the policy with its signature.
    #[must_use]
    pub fn encode(&self, id: VolumeId) -> Box<Block> {
        let mut block = self.encode_unsigned(id);
        put(&mut block, SIGNATURE, &self.signature);
        finish(block)
    }

    /// The bytes that the authority signs.
    #[must_use]
    pub fn signed_bytes(&self, id: VolumeId) -> Vec<u8> {
        self.encode_unsigned(id)[..SIGNATURE.start].to_vec()
    }

    fn encode_unsigned(&self, id: VolumeId) -> Box<Block> {
        let mut block = framed(Kind::Policy, 0, id);
        put(&mut block, NUMBER, &self.number.to_le_bytes());
        put(
            &mut block,
            MIN_CHARS,
            &self.passphrases.min_chars.to_le_bytes(),
        );
        put(
            &mut block,
            MIN_STRENGTH,
            &self.passphrases.min_strength_bits.to_le_bytes(),
        );
        put(
            &mut block,
            RULES,
            &u32::from(self.passphrases.not_the_label).to_le_bytes(),
        );
        put(
            &mut block,
            MIN_KDF_MEMORY,
            &self.min_kdf_memory_kib.to_le_bytes(),
        );
        put(
            &mut block,
            MIN_KDF_PASSES,
            &self.min_kdf_passes.to_le_bytes(),
        );
        put(&mut block, AUTO_LOCK, &self.auto_lock_seconds.to_le_bytes());
        block[REQUIRED_ROLES.start] = self.required_roles;
        for (index, grant) in self.grants.iter().enumerate() {
            if let Some(grant) = grant {
                encode_grant(&mut block, GRANTS.start + GRANT_LEN * index, grant);
            }
        }
        put(&mut block, HOLDERS, self.holders.as_flattened());
        put_u64s(&mut block, FLOORS, &self.slot_floors);
        put(&mut block, STATIC_SUM, &self.static_sum);
        put(&mut block, LABEL_SUM, &self.label_sum);
        put(
            &mut block,
            LOG_SEQUENCE,
            &self.log_head.sequence.to_le_bytes(),
        );
        put(&mut block, LOG_HASH, &self.log_head.hash);
        block
    }
}

const fn role_bit(role: Role) -> u8 {
    1 << (role as u8 - 1)
}

fn parse_grant(block: &Block, start: usize) -> Result<Option<Grant>, Defect> {
    let Some(role) = Role::parse(block[start]).ok_or(Defect::GrantRole)? else {
        let empty = field(block, Span::at(start, GRANT_LEN))
            .iter()
            .all(|byte| *byte == 0);
        return if empty {
            Ok(None)
        } else {
            Err(Defect::GrantNotEmpty)
        };
    };
    let lockout = parse_lockout(role, block[start + 1], block[start + 2])?;
    let flags = GrantFlags::parse(u32_at(block, Span::at(start + 4, 4)));
    let name = parse_name(field(block, Span::at(start + 32, NAME_LEN)))?;
    let flags = flags
        .filter(|flags| !flags.one_time || role == Role::Recovery)
        .ok_or(Defect::GrantText)?;
    if block[start + 3] != 0 {
        return Err(Defect::Reserved { offset: start + 3 });
    }
    let id = array_at(block, Span::at(start + 8, 16));
    let created = u64_at(block, Span::at(start + 24, 8));
    Ok(Some(Grant {
        role,
        lockout,
        flags,
        id,
        created,
        name,
    }))
}

fn parse_lockout(role: Role, limit: u8, action: u8) -> Result<Option<(u8, Action)>, Defect> {
    match (role, limit, action) {
        (Role::Admin | Role::User, 1..=MAX_ATTEMPTS, 1) => Ok(Some((limit, Action::EraseSlot))),
        (Role::Admin | Role::User, 1..=MAX_ATTEMPTS, 2) => Ok(Some((limit, Action::EraseVolume))),
        (Role::Recovery | Role::Escrow, 0, 0) => Ok(None),
        _ => Err(Defect::GrantLimit),
    }
}

/// Text up to the first zero byte; only zero bytes behind it.
fn parse_name(bytes: &[u8]) -> Result<String, Defect> {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    let (name, padding) = bytes.split_at(end);
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Defect::GrantText);
    }
    core::str::from_utf8(name)
        .map(str::to_owned)
        .map_err(|_| Defect::GrantText)
}

fn encode_grant(block: &mut Block, start: usize, grant: &Grant) {
    let (limit, action) = grant
        .lockout
        .map_or((0, 0), |(limit, action)| (limit, action as u8));
    block[start] = grant.role as u8;
    block[start + 1] = limit;
    block[start + 2] = action;
    put(
        block,
        Span::at(start + 4, 4),
        &grant.flags.bits().to_le_bytes(),
    );
    put(block, Span::at(start + 8, 16), &grant.id);
    put(block, Span::at(start + 24, 8), &grant.created.to_le_bytes());
    put(
        block,
        Span::at(start + 32, grant.name.len()),
        grant.name.as_bytes(),
    );
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn id() -> VolumeId {
        VolumeId::from_random([7; 16])
    }

    pub(in crate::format) fn sample() -> Policy {
        let admin = Grant {
            role: Role::Admin,
            lockout: Some((10, Action::EraseVolume)),
            flags: GrantFlags {
                one_time: false,
                read_only: true,
                last_attempt_reserved: true,
            },
            id: [9; 16],
            created: 5,
            name: "x".repeat(32),
        };
        let escrow = Grant {
            role: Role::Escrow,
            lockout: None,
            flags: GrantFlags::default(),
            id: [8; 16],
            created: 6,
            name: "Büro".into(),
        };
        let mut grants = [const { None }; SLOT_COUNT];
        (grants[0], grants[31]) = (Some(admin), Some(escrow));
        let mut holders = [[0; 32]; SLOT_COUNT];
        (holders[0], holders[31]) = ([4; 32], [5; 32]);
        Policy {
            number: 3,
            passphrases: PassphraseRules {
                min_chars: 12,
                min_strength_bits: 60,
                not_the_label: true,
            },
            min_kdf_memory_kib: 65536,
            min_kdf_passes: 3,
            auto_lock_seconds: 600,
            required_roles: 0b0101,
            grants,
            holders,
            slot_floors: core::array::from_fn(|slot| slot as u64),
            static_sum: [6; 32],
            label_sum: [7; 32],
            log_head: LogHead {
                sequence: 11,
                hash: [8; 32],
            },
            signature: [1; 64],
        }
    }

    fn with(offset: usize, byte: u8) -> Result<Policy, Defect> {
        let mut block = sample().encode(id());
        block[offset] = byte;
        Policy::parse(&finish(block)).map(|(_, policy)| policy)
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        assert_eq!(Policy::parse(&sample().encode(id())), Ok((id(), sample())));
    }

    #[test]
    fn f40_rules_out_of_range_are_refused() {
        for (offset, byte) in [(32, 0), (41, 5), (43, 2), (44, 2), (60, 16)] {
            assert_eq!(
                with(offset, byte),
                Err(Defect::PolicyRules),
                "offset {offset}"
            );
        }
    }

    #[test]
    fn f41_f42_f43_f44_malformed_grants_are_refused() {
        assert_eq!(with(160, 5), Err(Defect::GrantRole));
        assert_eq!(with(160, 0), Err(Defect::GrantNotEmpty));
        for (offset, byte) in [(161, 0), (161, 11), (162, 0), (162, 3), (160, 3)] {
            assert_eq!(
                with(offset, byte),
                Err(Defect::GrantLimit),
                "offset {offset}"
            );
        }
        for (offset, byte) in [(164, 8), (164, 7), (192, 0), (192, 0xff)] {
            assert_eq!(
                with(offset, byte),
                Err(Defect::GrantText),
                "offset {offset}"
            );
        }
        assert_eq!(
            with(160 + 64, 2),
            Err(Defect::GrantLimit),
            "a role without a limit"
        );
        assert_eq!(with(160 + 65, 2), Err(Defect::GrantNotEmpty));
    }

    #[test]
    fn f45_a_holder_without_a_grant_is_refused() {
        assert_eq!(with(2208 + 32, 1), Err(Defect::GrantHolder));
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        for offset in [61, 159, 163, 3592, 3999] {
            assert_eq!(with(offset, 1), Err(Defect::Reserved { offset }));
        }
    }
}
