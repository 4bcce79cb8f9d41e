//! A slot block: who may open it, with which factors, and the wrapped keys.

use super::block::{
    BODY, BODY_END, Block, Kind, VolumeId, array_at, check_frame, check_reserved, field, finish,
    framed, put, u8_at, u32_at, u64_at,
};
use super::defect::Defect;
use super::factor::Factor;
use super::layout::{SLOT_COUNT, Span};

const ROLE: Span = Span::at(32, 1);
const FACTOR_COUNT: Span = ROLE.then(1);
const FLAGS: Span = FACTOR_COUNT.skip(2, 4);
const CHANGED: Span = FLAGS.then(8);
const GRANT_ID: Span = CHANGED.then(16);
const NONCE: Span = GRANT_ID.then(32);
const FACTORS_LEN: Span = NONCE.then(4);
const VERSION: Span = FACTORS_LEN.skip(4, 8);
const FACTORS: Span = VERSION.skip(16, 3072);
const COMMITMENT: Span = FACTORS.then(32);
const WRAPPED: Span = COMMITMENT.then(WRAPPED_LEN);
const TAG: Span = WRAPPED.then(16);
const SIGNATURE: Span = TAG.then(64);
const ENDORSER: Span = SIGNATURE.then(1);
const ENDORSED_SINCE: Span = ENDORSER.skip(7, 8);
const ENDORSED_HOLDER: Span = ENDORSED_SINCE.then(32);
const ENDORSEMENT: Span = ENDORSED_HOLDER.then(64);
const FIELDS: [Span; 17] = [
    ROLE,
    FACTOR_COUNT,
    FLAGS,
    CHANGED,
    GRANT_ID,
    NONCE,
    FACTORS_LEN,
    VERSION,
    FACTORS,
    COMMITMENT,
    WRAPPED,
    TAG,
    SIGNATURE,
    ENDORSER,
    ENDORSED_SINCE,
    ENDORSED_HOLDER,
    ENDORSEMENT,
];

/// Bytes of the wrapped keys: volume key, authority seed, holder seed, authority public key.
pub const WRAPPED_LEN: usize = 128;

const PREFIX_END: usize = FACTORS.end();
/// Most factors of a slot.
pub const MAX_FACTORS: usize = 4;
const FLAG_MUST_CHANGE: u32 = 1;

const _: () = {
    assert!(
        FLAGS.start == 36
            && GRANT_ID.start == 48
            && NONCE.start == 64
            && FACTORS_LEN.start == 96
            && VERSION.start == 104
            && FACTORS.start == 128
    );
    assert!(PREFIX_END == 3200 && WRAPPED.start == 3232 && TAG.start == 3360);
    assert!(SIGNATURE.start == 3376 && ENDORSER.start == 3440 && ENDORSEMENT.end() == 3552);
};

/// What the holder of a credential may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Use the data and change policy, label and slots.
    Admin = 1,
    /// Use the data and change the own credential.
    User = 2,
    /// Get back in when a passphrase is lost.
    Recovery = 3,
    /// Get back in with a private key kept elsewhere.
    Escrow = 4,
}

impl Role {
    /// All roles in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Admin, Self::User, Self::Recovery, Self::Escrow];

    /// `None`: not a role; `Some(None)`: no role.
    #[expect(
        clippy::option_option,
        reason = "a byte is unknown, empty or a role, and each is refused or used differently"
    )]
    pub(super) fn parse(byte: u8) -> Option<Option<Self>> {
        match byte {
            0 => Some(None),
            1 => Some(Some(Self::Admin)),
            2 => Some(Some(Self::User)),
            3 => Some(Some(Self::Recovery)),
            4 => Some(Some(Self::Escrow)),
            _ => None,
        }
    }

    /// Name of the role as tools print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Recovery => "recovery",
            Self::Escrow => "escrow",
        }
    }
}

/// The keys of a volume, wrapped with the key of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrappedKeys {
    /// Commitment to the key of the slot.
    pub commitment: [u8; 32],
    /// Ciphertext.
    pub ciphertext: [u8; WRAPPED_LEN],
    /// Tag of the AEAD.
    pub tag: [u8; 16],
}

/// A signature by which a recovery slot makes a new holder of a user's slot, whom the authority has
/// not named yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// The recovery slot, 0 to 31.
    pub by: u8,
    /// First version of the slot that the new holder has signed.
    pub since: u64,
    /// The new holder's Ed25519 public key.
    pub holder: [u8; 32],
    /// Signature by the holder of the recovery slot.
    pub signature: [u8; 64],
}

/// A slot in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Role of its holder.
    pub role: Role,
    /// Whether the credential must be changed at the next unlock.
    pub must_change: bool,
    /// Time of the last change, seconds since 1970 UTC; 0 unknown.
    pub changed: u64,
    /// The grant that this slot fulfils.
    pub grant_id: [u8; 16],
    /// Random, fresh at every wrap.
    pub nonce: [u8; 32],
    /// What has to be presented, 1 to 4 factors.
    pub factors: Vec<Factor>,
    /// Counts the contents of this slot, from 1.
    pub version: u64,
    /// The wrapped keys.
    pub wrapped: WrappedKeys,
    /// Ed25519 signature of the holder over all of the above.
    pub signature: [u8; 64],
    /// By whom the holder was made, if not by the authority.
    pub endorsement: Option<Endorsement>,
}

/// The contents of a slot block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are 32 of them, in a header that is boxed as a whole"
)]
pub enum SlotBlock {
    /// Nobody holds it.
    Empty,
    /// Somebody does.
    Used(Slot),
}

impl SlotBlock {
    /// Reads the block of slot `index`.
    pub fn parse(block: &Block, index: u16) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::Slot, index)?;
        match Role::parse(u8_at(block, ROLE)).ok_or(Defect::SlotRole)? {
            None if block[BODY..BODY_END].iter().any(|byte| *byte != 0) => {
                Err(Defect::SlotNotEmpty)
            }
            None => Ok((id, Self::Empty)),
            Some(role) => Ok((id, Self::Used(Slot::parse(block, role)?))),
        }
    }

    /// Encodes the block of slot `index`.
    #[must_use]
    pub fn encode(&self, id: VolumeId, index: u16) -> Box<Block> {
        match self {
            Self::Empty => finish(framed(Kind::Slot, index, id)),
            Self::Used(slot) => slot.encode(id, index),
        }
    }

    /// The slot, if it is in use.
    #[must_use]
    pub fn slot(&self) -> Option<&Slot> {
        match self {
            Self::Empty => None,
            Self::Used(slot) => Some(slot),
        }
    }
}

impl Slot {
    /// The bytes to which the key of the slot is bound: everything but the wrapped keys.
    #[must_use]
    pub fn prefix(&self, id: VolumeId, index: u16) -> Vec<u8> {
        self.encode(id, index)[..PREFIX_END].to_vec()
    }

    /// The bytes that the holder signs.
    #[must_use]
    pub fn signed_bytes(&self, id: VolumeId, index: u16) -> Vec<u8> {
        self.encode(id, index)[..SIGNATURE.start].to_vec()
    }

    fn parse(block: &Block, role: Role) -> Result<Self, Defect> {
        check_reserved(block, &FIELDS)?;
        let flags = u32_at(block, FLAGS);
        if flags & !FLAG_MUST_CHANGE != 0 {
            return Err(Defect::SlotFlags);
        }
        Ok(Self {
            role,
            must_change: flags & FLAG_MUST_CHANGE != 0,
            changed: u64_at(block, CHANGED),
            grant_id: array_at(block, GRANT_ID),
            nonce: array_at(block, NONCE),
            factors: parse_factors(block)?,
            version: match u64_at(block, VERSION) {
                0 => return Err(Defect::SlotVersion),
                version => version,
            },
            wrapped: WrappedKeys {
                commitment: array_at(block, COMMITMENT),
                ciphertext: array_at(block, WRAPPED),
                tag: array_at(block, TAG),
            },
            signature: array_at(block, SIGNATURE),
            endorsement: parse_endorsement(block)?,
        })
    }

    fn encode(&self, id: VolumeId, index: u16) -> Box<Block> {
        let mut block = framed(Kind::Slot, index, id);
        let mut area = Vec::with_capacity(FACTORS.len);
        for factor in &self.factors {
            factor.encode_to(&mut area);
        }
        block[ROLE.start] = self.role as u8;
        block[FACTOR_COUNT.start] = self.factors.len().to_le_bytes()[0];
        put(
            &mut block,
            FLAGS,
            &u32::from(self.must_change).to_le_bytes(),
        );
        put(&mut block, CHANGED, &self.changed.to_le_bytes());
        put(&mut block, GRANT_ID, &self.grant_id);
        put(&mut block, NONCE, &self.nonce);
        put(&mut block, FACTORS_LEN, &area.len().to_le_bytes()[..4]);
        put(&mut block, Span::at(FACTORS.start, area.len()), &area);
        put(&mut block, COMMITMENT, &self.wrapped.commitment);
        put(&mut block, WRAPPED, &self.wrapped.ciphertext);
        put(&mut block, VERSION, &self.version.to_le_bytes());
        put(&mut block, TAG, &self.wrapped.tag);
        put(&mut block, SIGNATURE, &self.signature);
        if let Some(endorsement) = &self.endorsement {
            block[ENDORSER.start] = endorsement.by + 1;
            put(&mut block, ENDORSED_SINCE, &endorsement.since.to_le_bytes());
            put(&mut block, ENDORSED_HOLDER, &endorsement.holder);
            put(&mut block, ENDORSEMENT, &endorsement.signature);
        }
        finish(block)
    }
}

fn parse_endorsement(block: &Block) -> Result<Option<Endorsement>, Defect> {
    let endorsement = Endorsement {
        by: u8_at(block, ENDORSER).wrapping_sub(1),
        since: u64_at(block, ENDORSED_SINCE),
        holder: array_at(block, ENDORSED_HOLDER),
        signature: array_at(block, ENDORSEMENT),
    };
    if usize::from(endorsement.by) < SLOT_COUNT && endorsement.since > 0 {
        return Ok(Some(endorsement));
    }
    let none = Span::at(ENDORSER.start, ENDORSEMENT.end() - ENDORSER.start);
    if field(block, none).iter().all(|byte| *byte == 0) {
        Ok(None)
    } else {
        Err(Defect::SlotEndorsement)
    }
}

fn parse_factors(block: &Block) -> Result<Vec<Factor>, Defect> {
    let count = u8_at(block, FACTOR_COUNT);
    if !(1..=MAX_FACTORS).contains(&usize::from(count)) {
        return Err(Defect::FactorCount);
    }
    let length = usize::try_from(u32_at(block, FACTORS_LEN)).map_err(|_| Defect::FactorArea)?;
    if !length.is_multiple_of(8) {
        return Err(Defect::FactorArea);
    }
    let (area, unused) = field(block, FACTORS)
        .split_at_checked(length)
        .ok_or(Defect::FactorArea)?;
    if unused.iter().any(|byte| *byte != 0) {
        return Err(Defect::FactorPadding);
    }
    Factor::parse_all(area, count)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::factor::PassphraseFactor;
    use super::*;

    fn id() -> VolumeId {
        VolumeId::from_random([7; 16])
    }

    pub(in crate::format) fn sample() -> Slot {
        let passphrase = PassphraseFactor {
            memory_kib: 65_536,
            passes: 3,
            lanes: 4,
            salt: [5; 32],
        };
        Slot {
            role: Role::Admin,
            must_change: true,
            changed: 77,
            grant_id: [9; 16],
            nonce: [6; 32],
            factors: vec![Factor::Passphrase(passphrase)],
            wrapped: WrappedKeys {
                commitment: [1; 32],
                ciphertext: [2; WRAPPED_LEN],
                tag: [3; 16],
            },
            version: 5,
            signature: [4; 64],
            endorsement: Some(Endorsement {
                by: 31,
                since: 4,
                holder: [7; 32],
                signature: [8; 64],
            }),
        }
    }

    fn every_kind() -> Slot {
        let factors = vec![
            Factor::KeyFile { salt: [1; 32] },
            Factor::PublicKey {
                suite: [0x20, 1, 2],
                public_key: [2; 32],
                encapsulated: [3; 32],
            },
            Factor::External {
                provider: "org.example.guard".into(),
                params: vec![1, 2, 3],
            },
            Factor::Unknown {
                kind: 999,
                body: vec![4; 13],
            },
        ];
        Slot {
            factors,
            ..sample()
        }
    }

    fn parse(slot: &Slot, change: impl FnOnce(&mut Block)) -> Result<SlotBlock, Defect> {
        let mut block = SlotBlock::Used(slot.clone()).encode(id(), 4);
        change(&mut block);
        SlotBlock::parse(&finish(block), 4).map(|(_, slot)| slot)
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        let recovery = Slot {
            factors: vec![Factor::RecoveryKey { salt: [8; 32] }],
            role: Role::Recovery,
            must_change: false,
            endorsement: None,
            ..sample()
        };
        for slot in [sample(), every_kind(), recovery] {
            assert_eq!(parse(&slot, |_| ()), Ok(SlotBlock::Used(slot)));
        }
        assert_eq!(
            SlotBlock::parse(&SlotBlock::Empty.encode(id(), 9), 9),
            Ok((id(), SlotBlock::Empty))
        );
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        for offset in [34, 100, 127, 3441, 3552, 4063] {
            assert_eq!(
                parse(&sample(), |block| block[offset] = 1),
                Err(Defect::Reserved { offset })
            );
        }
    }

    #[test]
    fn f60_f61_f65_unknown_roles_and_flags_and_dirty_empty_slots_are_refused() {
        assert_eq!(
            parse(&sample(), |block| block[32] = 5),
            Err(Defect::SlotRole)
        );
        assert_eq!(
            parse(&sample(), |block| block[32] = 0),
            Err(Defect::SlotNotEmpty)
        );
        assert_eq!(
            parse(&sample(), |block| block[36] = 2),
            Err(Defect::SlotFlags)
        );
    }

    #[test]
    fn f69_f71_versions_of_zero_and_malformed_endorsements_are_refused() {
        let no_version = parse(&sample(), |block| put(block, VERSION, &[0; 8]));
        assert_eq!(no_version, Err(Defect::SlotVersion));
        for (offset, byte) in [(3440, 0), (3440, 33), (3448, 0)] {
            assert_eq!(
                parse(&sample(), |block| block[offset] = byte),
                Err(Defect::SlotEndorsement),
                "offset {offset}"
            );
        }
    }

    #[test]
    fn f62_f63_factors_that_do_not_fill_their_area_are_refused() {
        for count in [0, 5, 255] {
            assert_eq!(
                parse(&sample(), |block| block[33] = count),
                Err(Defect::FactorCount)
            );
        }
        assert_eq!(
            parse(&sample(), |block| block[33] = 2),
            Err(Defect::FactorArea),
            "one record too few"
        );
        assert_eq!(
            parse(&every_kind(), |block| block[33] = 3),
            Err(Defect::FactorArea),
            "one record too many"
        );
        for length in [7u32, 3080, u32::MAX] {
            let changed = parse(&sample(), |block| {
                put(block, FACTORS_LEN, &length.to_le_bytes());
            });
            assert_eq!(changed, Err(Defect::FactorArea));
        }
        let past_the_end = parse(&sample(), |block| {
            put(block, Span::at(132, 4), &u32::MAX.to_le_bytes());
        });
        assert_eq!(past_the_end, Err(Defect::FactorArea));
    }

    #[test]
    fn f64_bytes_between_and_behind_factors_must_be_zero() {
        assert_eq!(
            parse(&sample(), |block| block[130] = 1),
            Err(Defect::FactorPadding),
            "head of a record"
        );
        assert_eq!(
            parse(&sample(), |block| block[138] = 1),
            Err(Defect::FactorPadding),
            "inside a passphrase record"
        );
        assert_eq!(
            parse(&sample(), |block| block[3199] = 1),
            Err(Defect::FactorPadding),
            "behind the last record"
        );
        let behind_body = 128 + 40 + 80 + 80 + 8 + 13;
        assert_eq!(
            parse(&every_kind(), |block| block[behind_body] = 1),
            Err(Defect::FactorPadding)
        );
    }

    #[test]
    fn f66_known_kinds_with_another_length_are_refused() {
        for kind in [2u8, 3, 4] {
            assert_eq!(
                parse(&sample(), |block| block[128] = kind),
                Err(Defect::FactorBody)
            );
        }
        assert_eq!(
            parse(&every_kind(), |block| block[128] = 1),
            Err(Defect::FactorBody)
        );
        let no_name = Slot {
            factors: vec![Factor::External {
                provider: String::new(),
                params: vec![],
            }],
            ..sample()
        };
        assert_eq!(parse(&no_name, |_| ()), Err(Defect::FactorBody));
    }

    #[test]
    fn f67_costs_outside_the_accepted_range_are_refused() {
        let cost = |memory_kib, passes, lanes| {
            let factor = PassphraseFactor {
                memory_kib,
                passes,
                lanes,
                salt: [5; 32],
            };
            parse(
                &Slot {
                    factors: vec![Factor::Passphrase(factor)],
                    ..sample()
                },
                |_| (),
            )
        };
        for (memory, passes, lanes) in [(19_456, 2, 1), (2 << 20, 4, 16), (131_072, 64, 1)] {
            assert!(
                cost(memory, passes, lanes).is_ok(),
                "{memory} {passes} {lanes}"
            );
        }
        for (memory, passes, lanes) in [
            (19_455, 2, 1),
            (19_456, 1, 1),
            (19_456, 2, 0),
            (2 << 20, 5, 1),
            ((2 << 20) + 1, 2, 1),
            (19_456, 65, 1),
            (19_456, 2, 17),
            (u32::MAX, u32::MAX, 1),
        ] {
            assert_eq!(
                cost(memory, passes, lanes),
                Err(Defect::KdfCost),
                "{memory} {passes} {lanes}"
            );
        }
        assert_eq!(
            parse(&sample(), |block| block[136] = 2),
            Err(Defect::KdfCost),
            "another algorithm"
        );
    }

    #[test]
    fn the_prefix_is_everything_before_the_wrapped_keys() {
        let block = SlotBlock::Used(sample()).encode(id(), 4);
        assert_eq!(sample().prefix(id(), 4), block[..3200]);
        let rewrapped = Slot {
            wrapped: WrappedKeys {
                commitment: [0; 32],
                ..sample().wrapped
            },
            ..sample()
        };
        assert_eq!(rewrapped.prefix(id(), 4), block[..3200]);
    }
}
