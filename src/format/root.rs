//! The root block: what the volume is, and which blocks belong to this generation.

use super::block::{
    Block, Kind, VolumeId, array_at, check_frame, check_reserved, finish, framed, put, put_u64s,
    u16_at, u32_at, u64_at, u64s_at,
};
use super::defect::Defect;
use super::layout::{BLOCK_LEN, COPY_LEN, MAX_SEAL_BLOCKS, MIN_SEAL_BLOCKS, SLOT_COUNT, Span};

/// Bytes of the MAC over a root.
pub const MAC_LEN: usize = 32;
/// Unit of the payload's place and length, in bytes.
const PAYLOAD_UNIT: u64 = BLOCK_LEN as u64;

const INCOMPATIBLE: Span = Span::at(32, 8);
const COMPATIBLE: Span = INCOMPATIBLE.then(8);
const VOLUME_LENGTH: Span = COMPATIBLE.then(8);
const PAYLOAD_OFFSET: Span = VOLUME_LENGTH.then(8);
const PAYLOAD_LENGTH: Span = PAYLOAD_OFFSET.then(8);
const HEADER_LENGTH: Span = PAYLOAD_LENGTH.then(4);
const SECTOR_SIZE: Span = HEADER_LENGTH.then(4);
const CIPHER: Span = SECTOR_SIZE.then(2);
const SLOTS: Span = CIPHER.then(2);
const SEAL_BLOCKS: Span = SLOTS.then(2);
const CREATED: Span = SEAL_BLOCKS.skip(2, 8);
const AUTHORITY: Span = CREATED.then(32);
const LOG_KEY: Span = AUTHORITY.then(32);
const GENERATION: Span = LOG_KEY.skip(16, 8);
const BACKUPS: Span = GENERATION.then(4);
const POLICY_SUM: Span = BACKUPS.skip(4, 32);
const LABEL_SUM: Span = POLICY_SUM.then(32);
const SLOT_SUMS: Span = LABEL_SUM.then(32 * SLOT_COUNT);
const SLOT_VERSIONS: Span = SLOT_SUMS.then(8 * SLOT_COUNT);
const MAC: Span = Span::at(4032, MAC_LEN);
const FIELDS: [Span; 20] = [
    INCOMPATIBLE,
    COMPATIBLE,
    VOLUME_LENGTH,
    PAYLOAD_OFFSET,
    PAYLOAD_LENGTH,
    HEADER_LENGTH,
    SECTOR_SIZE,
    CIPHER,
    SLOTS,
    SEAL_BLOCKS,
    CREATED,
    AUTHORITY,
    LOG_KEY,
    GENERATION,
    BACKUPS,
    POLICY_SUM,
    LABEL_SUM,
    SLOT_SUMS,
    SLOT_VERSIONS,
    MAC,
];
const STATIC_END: usize = GENERATION.start;

const _: () = {
    assert!(
        VOLUME_LENGTH.start == 48
            && SECTOR_SIZE.start == 76
            && SEAL_BLOCKS.start == 84
            && CREATED.start == 88
    );
    assert!(
        AUTHORITY.start == 96
            && LOG_KEY.start == 128
            && GENERATION.start == 176
            && BACKUPS.start == 184
            && POLICY_SUM.start == 192
    );
    assert!(LABEL_SUM.start == 224 && SLOT_SUMS.start == 256 && SLOT_SUMS.end() == 1280);
    assert!(SLOT_VERSIONS.end() == 1536);
};

/// Bytes of an XTS data unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectorSize {
    /// 512 bytes.
    B512,
    /// 4096 bytes.
    B4096,
}

impl SectorSize {
    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::B512 => 512,
            Self::B4096 => 4096,
        }
    }

    /// The size of so many bytes, if it is one of the format's.
    #[must_use]
    pub const fn from_bytes(bytes: u32) -> Option<Self> {
        match bytes {
            512 => Some(Self::B512),
            4096 => Some(Self::B4096),
            _ => None,
        }
    }
}

/// Cipher of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// XTS-AES-256, tweak = index of the 512-byte unit (dm-crypt `aes-xts-plain64`).
    AesXtsPlain64,
}

impl Cipher {
    /// Name of the cipher as dm-crypt and LUKS write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesXtsPlain64 => "aes-xts-plain64",
        }
    }
}

/// The root of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Identity of the volume.
    pub id: VolumeId,
    /// Compatible feature bits, kept as found.
    pub compatible_features: u64,
    /// Where the payload begins, in bytes from the start of the storage.
    pub payload_offset: u64,
    /// Length of the payload in bytes.
    pub payload_length: u64,
    /// Size of a sector.
    pub sector_size: SectorSize,
    /// Cipher of the payload.
    pub cipher: Cipher,
    /// Number of blocks of the seal, 16 to 64.
    pub seal_blocks: u16,
    /// Time of creation, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// Ed25519 public key of the authority.
    pub authority: [u8; 32],
    /// X25519 public key to which the event log is sealed.
    pub log_key: [u8; 32],
    /// Number of this version of the header, from 1.
    pub generation: u64,
    /// How many backups of the header were taken.
    pub backups: u32,
    /// Checksum field of the policy block.
    pub policy_sum: [u8; 32],
    /// Checksum field of the label block.
    pub label_sum: [u8; 32],
    /// Checksum fields of the slot blocks.
    pub slot_sums: [[u8; 32]; SLOT_COUNT],
    /// Version of each slot, counted from 1; 0 for a slot that was never used.
    pub slot_versions: [u64; SLOT_COUNT],
    /// HMAC-SHA-256 of the bytes before it.
    pub mac: [u8; MAC_LEN],
}

impl Root {
    /// Reads a root block. Says nothing of the blocks that belong to it.
    pub fn parse(block: &Block) -> Result<Self, Defect> {
        let id = check_frame(block, Kind::Root, 0)?;
        let bits = u64_at(block, INCOMPATIBLE);
        if bits != 0 {
            return Err(Defect::Features { bits });
        }
        check_reserved(block, &FIELDS)?;
        let root = Self {
            id,
            compatible_features: u64_at(block, COMPATIBLE),
            payload_offset: u64_at(block, PAYLOAD_OFFSET),
            payload_length: u64_at(block, PAYLOAD_LENGTH),
            sector_size: SectorSize::from_bytes(u32_at(block, SECTOR_SIZE))
                .ok_or(Defect::SectorSize)?,
            cipher: parse_cipher(u16_at(block, CIPHER))?,
            seal_blocks: u16_at(block, SEAL_BLOCKS),
            created: u64_at(block, CREATED),
            authority: array_at(block, AUTHORITY),
            log_key: array_at(block, LOG_KEY),
            generation: u64_at(block, GENERATION),
            backups: u32_at(block, BACKUPS),
            policy_sum: array_at(block, POLICY_SUM),
            label_sum: array_at(block, LABEL_SUM),
            slot_sums: parse_sums(block),
            slot_versions: u64s_at(block, SLOT_VERSIONS),
            mac: array_at(block, MAC),
        };
        root.check_counts(block)?;
        root.check_areas(u64_at(block, VOLUME_LENGTH))?;
        Ok(root)
    }

    /// Encodes the root with its MAC.
    #[must_use]
    pub fn encode(&self) -> Box<Block> {
        let mut block = self.encode_unauthenticated();
        put(&mut block, MAC, &self.mac);
        finish(block)
    }

    /// The bytes that the MAC covers.
    #[must_use]
    pub fn authenticated_bytes(&self) -> Vec<u8> {
        self.encode_unauthenticated()[..MAC.start].to_vec()
    }

    /// The bytes that only the authority may change; part of what it signs.
    #[must_use]
    pub fn static_bytes(&self) -> Vec<u8> {
        self.encode_unauthenticated()[..STATIC_END].to_vec()
    }

    /// Length of the whole volume in bytes: both header copies and the payload.
    #[must_use]
    pub fn volume_length(&self) -> u64 {
        self.payload_offset + self.payload_length + COPY_LEN
    }

    /// Where header copy B begins, in bytes from the start of the storage.
    #[must_use]
    pub fn copy_b_offset(&self) -> u64 {
        self.payload_offset + self.payload_length
    }

    fn check_counts(&self, block: &Block) -> Result<(), Defect> {
        if u64::from(u32_at(block, HEADER_LENGTH)) != COPY_LEN {
            return Err(Defect::HeaderLength);
        }
        if usize::from(u16_at(block, SLOTS)) != SLOT_COUNT {
            return Err(Defect::SlotCount);
        }
        if !(MIN_SEAL_BLOCKS..=MAX_SEAL_BLOCKS).contains(&usize::from(self.seal_blocks)) {
            return Err(Defect::SealBlocks);
        }
        if self.generation == 0 {
            return Err(Defect::Generation);
        }
        Ok(())
    }

    fn check_areas(&self, volume_length: u64) -> Result<(), Defect> {
        if self.payload_offset < COPY_LEN || !self.payload_offset.is_multiple_of(PAYLOAD_UNIT) {
            return Err(Defect::PayloadOffset);
        }
        if self.payload_length == 0 || !self.payload_length.is_multiple_of(PAYLOAD_UNIT) {
            return Err(Defect::PayloadLength);
        }
        let sum = self
            .payload_offset
            .checked_add(self.payload_length)
            .and_then(|end| end.checked_add(COPY_LEN));
        if sum != Some(volume_length) || i64::try_from(volume_length).is_err() {
            return Err(Defect::VolumeLength);
        }
        Ok(())
    }

    fn encode_unauthenticated(&self) -> Box<Block> {
        let mut block = framed(Kind::Root, 0, self.id);
        put(
            &mut block,
            COMPATIBLE,
            &self.compatible_features.to_le_bytes(),
        );
        put(
            &mut block,
            VOLUME_LENGTH,
            &self.volume_length().to_le_bytes(),
        );
        put(
            &mut block,
            PAYLOAD_OFFSET,
            &self.payload_offset.to_le_bytes(),
        );
        put(
            &mut block,
            PAYLOAD_LENGTH,
            &self.payload_length.to_le_bytes(),
        );
        put(&mut block, HEADER_LENGTH, &COPY_LEN.to_le_bytes()[..4]);
        put(
            &mut block,
            SECTOR_SIZE,
            &self.sector_size.bytes().to_le_bytes(),
        );
        put(&mut block, CIPHER, &CIPHER_AES_XTS_PLAIN64.to_le_bytes());
        put(&mut block, SLOTS, &SLOT_COUNT.to_le_bytes()[..2]);
        put(&mut block, SEAL_BLOCKS, &self.seal_blocks.to_le_bytes());
        put(&mut block, CREATED, &self.created.to_le_bytes());
        put(&mut block, AUTHORITY, &self.authority);
        put(&mut block, LOG_KEY, &self.log_key);
        put(&mut block, GENERATION, &self.generation.to_le_bytes());
        put(&mut block, BACKUPS, &self.backups.to_le_bytes());
        put(&mut block, POLICY_SUM, &self.policy_sum);
        put(&mut block, LABEL_SUM, &self.label_sum);
        put(&mut block, SLOT_SUMS, self.slot_sums.as_flattened());
        put_u64s(&mut block, SLOT_VERSIONS, &self.slot_versions);
        block
    }
}

const CIPHER_AES_XTS_PLAIN64: u16 = 1;

fn parse_cipher(number: u16) -> Result<Cipher, Defect> {
    match number {
        CIPHER_AES_XTS_PLAIN64 => Ok(Cipher::AesXtsPlain64),
        _ => Err(Defect::Cipher),
    }
}

fn parse_sums(block: &Block) -> [[u8; 32]; SLOT_COUNT] {
    core::array::from_fn(|slot| array_at(block, Span::at(SLOT_SUMS.start + 32 * slot, 32)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::format) fn sample() -> Root {
        Root {
            id: VolumeId::from_random([7; 16]),
            compatible_features: 1 << 40,
            payload_offset: COPY_LEN,
            payload_length: 64 << 10,
            sector_size: SectorSize::B4096,
            cipher: Cipher::AesXtsPlain64,
            seal_blocks: 64,
            created: 1_790_000_000,
            authority: [3; 32],
            log_key: [9; 32],
            generation: 5,
            backups: 2,
            policy_sum: [4; 32],
            label_sum: [5; 32],
            slot_sums: [[6; 32]; SLOT_COUNT],
            slot_versions: core::array::from_fn(|slot| slot as u64),
            mac: [8; 32],
        }
    }

    fn with(span: Span, bytes: &[u8]) -> Result<Root, Defect> {
        let mut block = sample().encode();
        put(&mut block, span, bytes);
        Root::parse(&finish(block))
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        assert_eq!(Root::parse(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        for offset in [86, 160, 175, 188, 1536, 4031] {
            assert_eq!(
                with(Span::at(offset, 1), &[1]),
                Err(Defect::Reserved { offset })
            );
        }
    }

    #[test]
    fn f10_unknown_incompatible_features_are_a_newer_format() {
        let defect = with(INCOMPATIBLE, &(1u64 << 63).to_le_bytes()).unwrap_err();
        assert_eq!(defect, Defect::Features { bits: 1 << 63 });
        assert!(defect.is_newer());
    }

    #[test]
    fn compatible_features_are_kept() {
        assert_eq!(
            with(COMPATIBLE, &[0xff; 8]).unwrap().compatible_features,
            u64::MAX
        );
    }

    #[test]
    fn f11_f12_f13_f14_f15_counts_outside_the_format_are_refused() {
        assert_eq!(
            with(HEADER_LENGTH, &(2u32 << 20).to_le_bytes()),
            Err(Defect::HeaderLength)
        );
        assert_eq!(
            with(SECTOR_SIZE, &1024u32.to_le_bytes()),
            Err(Defect::SectorSize)
        );
        assert_eq!(with(CIPHER, &2u16.to_le_bytes()), Err(Defect::Cipher));
        assert_eq!(with(SLOTS, &33u16.to_le_bytes()), Err(Defect::SlotCount));
        for blocks in [0u16, 15, 65, u16::MAX] {
            assert_eq!(
                with(SEAL_BLOCKS, &blocks.to_le_bytes()),
                Err(Defect::SealBlocks)
            );
        }
    }

    #[test]
    fn f16_a_payload_inside_the_header_or_unaligned_is_refused() {
        for offset in [0, COPY_LEN - 4096, COPY_LEN + 512] {
            assert_eq!(
                with(PAYLOAD_OFFSET, &offset.to_le_bytes()),
                Err(Defect::PayloadOffset)
            );
        }
    }

    #[test]
    fn f17_an_empty_or_unaligned_payload_is_refused() {
        for length in [0u64, 1, 4095] {
            assert_eq!(
                with(PAYLOAD_LENGTH, &length.to_le_bytes()),
                Err(Defect::PayloadLength)
            );
        }
    }

    #[test]
    fn f18_areas_that_overflow_or_do_not_add_up_are_refused() {
        for length in [4096, u64::MAX - 4095, 1 << 63, (1 << 63) - 4096] {
            assert_eq!(
                with(PAYLOAD_LENGTH, &length.to_le_bytes()),
                Err(Defect::VolumeLength)
            );
        }
        let past_signed = sample().payload_length | 1 << 63;
        let mut block = sample().encode();
        put(&mut block, PAYLOAD_LENGTH, &past_signed.to_le_bytes());
        put(
            &mut block,
            VOLUME_LENGTH,
            &(past_signed + 2 * COPY_LEN).to_le_bytes(),
        );
        assert_eq!(Root::parse(&finish(block)), Err(Defect::VolumeLength));
    }

    #[test]
    fn f19_generation_zero_is_refused() {
        assert_eq!(with(GENERATION, &[0; 8]), Err(Defect::Generation));
    }
}
