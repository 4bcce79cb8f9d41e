//! The frame that every block has: magic, version, index, volume id, checksum.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

use super::defect::Defect;
use super::layout::{BLOCK_LEN, Span};

/// The bytes of one block.
pub type Block = [u8; BLOCK_LEN];

/// Version of the format that this software writes, and the only one it reads.
const VERSION: u16 = 1;

const MAGIC: Span = Span::at(0, 8);
const VERSION_FIELD: Span = MAGIC.then(2);
const INDEX: Span = VERSION_FIELD.then(2);
const RESERVED: Span = INDEX.then(4);
const VOLUME_ID: Span = RESERVED.then(16);
const CHECKSUM: Span = Span::at(BLOCK_LEN - 32, 32);

/// Where the body of a block begins.
pub(super) const BODY: usize = VOLUME_ID.end();
/// Where the body of a block ends.
pub(super) const BODY_END: usize = CHECKSUM.start;
/// Bytes of the body of a block.
pub(super) const BODY_LEN: usize = BODY_END - BODY;

const _: () = assert!(INDEX.start == 10 && VOLUME_ID.start == 16 && BODY == 32 && BODY_END == 4064);

/// Random identity of a volume, printed as a UUID (RFC 9562, version 4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VolumeId([u8; 16]);

impl VolumeId {
    /// Makes an id of 16 random bytes; version and variant bits are set here.
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The 16 bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a volume id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a volume id has 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with hyphens between: copy it as `info` prints it"
)]
pub struct ParseVolumeIdError;

impl FromStr for VolumeId {
    type Err = ParseVolumeIdError;

    /// Reads what [`Display`](fmt::Display) writes; upper-case digits are accepted.
    fn from_str(text: &str) -> Result<Self, ParseVolumeIdError> {
        let text: &[u8; 36] = text.as_bytes().try_into().map_err(|_| ParseVolumeIdError)?;
        let mut bytes = [0; 16];
        let mut at = 0;
        for (i, byte) in bytes.iter_mut().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                if text[at] != b'-' {
                    return Err(ParseVolumeIdError);
                }
                at += 1;
            }
            *byte = hex_value(text[at])? << 4 | hex_value(text[at + 1])?;
            at += 2;
        }
        Ok(Self(bytes))
    }
}

fn hex_value(digit: u8) -> Result<u8, ParseVolumeIdError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(ParseVolumeIdError),
    }
}

/// The kinds of block, each with its magic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    State,
    Counters,
    Policy,
    Label,
    Slot,
    Seal,
    Log,
    Backup,
}

impl Kind {
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Root => b"TENLOCK\0",
            Self::State => b"TLSTATE\0",
            Self::Counters => b"TLCOUNT\0",
            Self::Policy => b"TLPOLICY",
            Self::Label => b"TLLABEL\0",
            Self::Slot => b"TLSLOT\0\0",
            Self::Seal => b"TLSEAL\0\0",
            Self::Log => b"TLLOG\0\0\0",
            Self::Backup => b"TLBACKUP",
        }
    }
}

/// Checks the frame: magic, version, checksum, index, reserved bytes, in this order. Returns the
/// volume id.
pub(super) fn check_frame(block: &Block, kind: Kind, index: u16) -> Result<VolumeId, Defect> {
    if field(block, MAGIC) != kind.magic() {
        return Err(Defect::Magic);
    }
    let found = u16_at(block, VERSION_FIELD);
    if found != VERSION {
        return Err(Defect::Version { found });
    }
    if checksum_field(block) != digest(block) {
        return Err(Defect::Checksum);
    }
    if u16_at(block, INDEX) != index {
        return Err(Defect::Index);
    }
    check_zero(block, RESERVED)?;
    Ok(VolumeId(array_at(block, VOLUME_ID)))
}

/// A block with the head of its frame; the body is zero.
pub(super) fn framed(kind: Kind, index: u16, id: VolumeId) -> Box<Block> {
    let mut block = Box::new([0; BLOCK_LEN]);
    put(&mut block, MAGIC, kind.magic());
    put(&mut block, VERSION_FIELD, &VERSION.to_le_bytes());
    put(&mut block, INDEX, &index.to_le_bytes());
    put(&mut block, VOLUME_ID, id.as_bytes());
    block
}

/// Completes the frame with the checksum.
pub(super) fn finish(mut block: Box<Block>) -> Box<Block> {
    let checksum = digest(&block);
    put(&mut block, CHECKSUM, &checksum);
    block
}

/// The checksum as stored; in a valid block it identifies all bytes before it.
pub(super) fn checksum_field(block: &Block) -> [u8; 32] {
    array_at(block, CHECKSUM)
}

fn digest(block: &Block) -> [u8; 32] {
    Sha256::digest(&block[..CHECKSUM.start]).into()
}

/// The bytes of a field.
pub(super) fn field(block: &Block, span: Span) -> &[u8] {
    &block[span.start..span.end()]
}

/// The field as an array of its length.
///
/// # Panics
/// If `N` is not the length of the field: both are constants of this crate.
pub(super) fn array_at<const N: usize>(block: &Block, span: Span) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(field(block, span));
    bytes
}

pub(super) fn u8_at(block: &Block, span: Span) -> u8 {
    u8::from_le_bytes(array_at(block, span))
}

pub(super) fn u16_at(block: &Block, span: Span) -> u16 {
    u16::from_le_bytes(array_at(block, span))
}

pub(super) fn u32_at(block: &Block, span: Span) -> u32 {
    u32::from_le_bytes(array_at(block, span))
}

pub(super) fn u64_at(block: &Block, span: Span) -> u64 {
    u64::from_le_bytes(array_at(block, span))
}

/// The numbers of a field.
pub(super) fn u64s_at<const N: usize>(block: &Block, span: Span) -> [u64; N] {
    core::array::from_fn(|index| u64_at(block, Span::at(span.start + 8 * index, 8)))
}

/// Stores the numbers of a field.
pub(super) fn put_u64s<const N: usize>(block: &mut Block, span: Span, numbers: &[u64; N]) {
    for (index, number) in numbers.iter().enumerate() {
        put(
            block,
            Span::at(span.start + 8 * index, 8),
            &number.to_le_bytes(),
        );
    }
}

/// Stores the bytes of a field.
///
/// # Panics
/// If the length is not the field's: both are constants of this crate.
pub(super) fn put(block: &mut Block, span: Span, bytes: &[u8]) {
    block[span.start..span.end()].copy_from_slice(bytes);
}

/// Refuses a body with a byte that is not zero outside `fields`, which are in ascending order.
pub(super) fn check_reserved(block: &Block, fields: &[Span]) -> Result<(), Defect> {
    let mut start = BODY;
    for span in fields {
        check_zero(block, Span::at(start, span.start - start))?;
        start = span.end();
    }
    check_zero(block, Span::at(start, BODY_END - start))
}

fn check_zero(block: &Block, span: Span) -> Result<(), Defect> {
    match field(block, span).iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(at) => Err(Defect::Reserved {
            offset: span.start + at,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> VolumeId {
        VolumeId::from_random([7; 16])
    }

    fn sample() -> Box<Block> {
        finish(framed(Kind::Slot, 3, id()))
    }

    #[test]
    fn a_finished_block_passes_and_gives_its_volume_id() {
        assert_eq!(check_frame(&sample(), Kind::Slot, 3), Ok(id()));
    }

    #[test]
    fn f01_another_kind_is_refused() {
        assert_eq!(check_frame(&sample(), Kind::Seal, 3), Err(Defect::Magic));
    }

    #[test]
    fn f02_another_version_is_refused_before_the_checksum_is_looked_at() {
        let mut block = sample();
        block[8] = 2;
        assert_eq!(
            check_frame(&block, Kind::Slot, 3),
            Err(Defect::Version { found: 2 })
        );
    }

    #[test]
    fn f03_every_single_flipped_bit_is_found() {
        for offset in 0..BLOCK_LEN {
            let mut block = sample();
            block[offset] ^= 1 << (offset % 8);
            let verdict = check_frame(&block, Kind::Slot, 3);
            match offset {
                0..8 => assert_eq!(verdict, Err(Defect::Magic)),
                8..10 => assert!(matches!(verdict, Err(Defect::Version { .. }))),
                _ => assert_eq!(verdict, Err(Defect::Checksum), "offset {offset}"),
            }
        }
    }

    #[test]
    fn f04_a_block_at_the_wrong_place_is_refused() {
        assert_eq!(check_frame(&sample(), Kind::Slot, 4), Err(Defect::Index));
    }

    #[test]
    fn f06_reserved_bytes_of_the_frame_must_be_zero() {
        let mut block = sample();
        block[14] = 1;
        assert_eq!(
            check_frame(&finish(block), Kind::Slot, 3),
            Err(Defect::Reserved { offset: 14 })
        );
    }

    #[test]
    fn the_volume_id_prints_as_a_version_4_uuid() {
        assert_eq!(
            VolumeId::from_random([0xff; 16]).to_string(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }

    #[test]
    fn a_printed_volume_id_is_read_back_and_nothing_else_is() {
        let id = VolumeId::from_random(*b"\x00\x1f\xa9 volume of 16");
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_uppercase().parse(), Ok(id));
        for at in 0..text.len() {
            for wrong in ["g", "G", "/", ":", "@", "`", " ", "+"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, wrong);
                assert_eq!(changed.parse::<VolumeId>(), Err(ParseVolumeIdError));
            }
        }
        for wrong in ["", &text[1..], &format!("{text}0"), &text.replace('-', "")] {
            assert_eq!(
                wrong.parse::<VolumeId>(),
                Err(ParseVolumeIdError),
                "{wrong}"
            );
        }
    }
}
