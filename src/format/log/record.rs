//! One record of the event log, and the blocks that hold seven of them.

use sha2::{Digest, Sha256};

use crate::format::block::{
    BODY, BODY_END, Block, Kind, VolumeId, array_at, check_frame, field, finish, framed, put,
    u64_at,
};
use crate::format::defect::Defect;
use crate::format::layout::{LOG_RECORDS, RECORDS_PER_BLOCK, Span};

/// Bytes of the sealed event in a record: 488 and a tag of 16.
pub const CIPHERTEXT_LEN: usize = 504;

/// Highest number of a record.
pub(super) const MAX_SEQUENCE: u64 = i64::MAX.cast_unsigned();
/// What the first record has in place of a hash.
pub(super) const NO_HASH: [u8; 32] = [0; 32];

const RECORD_LEN: usize = 576;

const _: () = {
    let last = Fields::at(RECORDS_PER_BLOCK - 1);
    assert!(last.sequence.start == 3488 && last.ciphertext.end() == BODY_END);
    let first = Fields::at(0);
    assert!(first.previous.start == 40 && first.encapsulated.start == 72);
    assert!(first.ciphertext.start == 104 && first.ciphertext.end() == BODY + RECORD_LEN);
};

/// A record: an event, sealed, and what ties it to the record before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// Hash of the record before; zero bytes for the first.
    pub previous: [u8; 32],
    /// The encapsulated key of HPKE (RFC 9180).
    pub encapsulated: [u8; 32],
    /// The event, encrypted, with its tag.
    pub ciphertext: [u8; CIPHERTEXT_LEN],
}

impl Record {
    /// The hash by which the next record names this one: SHA-256 over the volume id and all bytes
    /// of the record.
    #[must_use]
    pub fn hash(&self, id: VolumeId) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"tenlock v1 log")
            .chain_update(id.as_bytes())
            .chain_update(self.sequence.to_le_bytes())
            .chain_update(self.previous)
            .chain_update(self.encapsulated)
            .chain_update(self.ciphertext)
            .finalize()
            .into()
    }

    fn parse(block: &Block, index: u16, position: usize) -> Result<Option<Self>, Defect> {
        let fields = Fields::at(position);
        let sequence = u64_at(block, fields.sequence);
        if sequence == 0 {
            let whole = field(block, Span::at(fields.sequence.start, RECORD_LEN));
            return if whole.iter().all(|byte| *byte == 0) {
                Ok(None)
            } else {
                Err(Defect::LogNotEmpty)
            };
        }
        if sequence > MAX_SEQUENCE {
            return Err(Defect::LogSequence);
        }
        if place(sequence) != usize::from(index) * RECORDS_PER_BLOCK + position {
            return Err(Defect::LogPlace);
        }
        Ok(Some(Self {
            sequence,
            previous: array_at(block, fields.previous),
            encapsulated: array_at(block, fields.encapsulated),
            ciphertext: array_at(block, fields.ciphertext),
        }))
    }

    fn put(&self, block: &mut Block, position: usize) {
        let fields = Fields::at(position);
        put(block, fields.sequence, &self.sequence.to_le_bytes());
        put(block, fields.previous, &self.previous);
        put(block, fields.encapsulated, &self.encapsulated);
        put(block, fields.ciphertext, &self.ciphertext);
    }
}

/// A block of the event log: seven places in the ring, each with its record or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBlock {
    index: u16,
    records: [Option<Record>; RECORDS_PER_BLOCK],
}

impl LogBlock {
    /// Reads the block with this index within the log.
    pub fn parse(block: &Block, index: u16) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::Log, index)?;
        let mut records = [const { None }; RECORDS_PER_BLOCK];
        for (position, record) in records.iter_mut().enumerate() {
            *record = Record::parse(block, index, position)?;
        }
        Ok((id, Self { index, records }))
    }

    /// Encodes the block.
    #[must_use]
    pub fn encode(&self, id: VolumeId) -> Box<Block> {
        let mut block = framed(Kind::Log, self.index, id);
        for (position, record) in self.records.iter().enumerate() {
            if let Some(record) = record {
                record.put(&mut block, position);
            }
        }
        finish(block)
    }

    /// The records that are there.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().flatten()
    }

    /// The block at `number`, below 24, with records that belong there.
    pub(super) fn new(number: usize, records: [Option<Record>; RECORDS_PER_BLOCK]) -> Self {
        Self {
            index: u16::try_from(number).unwrap_or(u16::MAX),
            records,
        }
    }
}

/// Place of the record with this number in the ring.
pub(super) fn place(sequence: u64) -> usize {
    let place = sequence.saturating_sub(1) % LOG_RECORDS as u64;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a remainder of LOG_RECORDS is below it"
    )]
    let place = place as usize;
    place
}

/// Where the fields of a record lie in its block.
struct Fields {
    sequence: Span,
    previous: Span,
    encapsulated: Span,
    ciphertext: Span,
}

impl Fields {
    const fn at(position: usize) -> Self {
        let sequence = Span::at(BODY + position * RECORD_LEN, 8);
        let previous = sequence.then(32);
        let encapsulated = previous.then(32);
        let ciphertext = encapsulated.then(CIPHERTEXT_LEN);
        Self {
            sequence,
            previous,
            encapsulated,
            ciphertext,
        }
    }
}
