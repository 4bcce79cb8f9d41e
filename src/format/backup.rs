//! A header backup: the head of its file, and its body (format page §8).

use sha2::{Digest, Sha256};

use super::block::{
    Block, Kind, VolumeId, array_at, check_frame, check_reserved, finish, framed, put, u16_at,
    u32_at, u64_at,
};
use super::copy::HeaderCopy;
use super::defect::Defect;
use super::header::{CopyStatus, Header};
use super::layout::{BLOCK_LEN, Span, USED_LEN};
use super::policy::SIGNATURE_LEN;
use super::state::VolumeState;

/// Bytes by which a sealed body is longer than a plain one: the tag of the AEAD.
const TAG_LEN: usize = 16;

const KIND: Span = Span::at(32, 2);
const NUMBER: Span = KIND.skip(2, 4);
const GENERATION: Span = NUMBER.then(8);
const VOLUME_LENGTH: Span = GENERATION.then(8);
const CREATED: Span = VOLUME_LENGTH.then(8);
const RECIPIENT: Span = CREATED.then(32);
const ENCAPSULATED: Span = RECIPIENT.then(32);
const BODY_SUM: Span = ENCAPSULATED.then(32);
const SIGNATURE: Span = BODY_SUM.then(SIGNATURE_LEN);
const FIELDS: [Span; 9] = [
    KIND,
    NUMBER,
    GENERATION,
    VOLUME_LENGTH,
    CREATED,
    RECIPIENT,
    ENCAPSULATED,
    BODY_SUM,
    SIGNATURE,
];
/// The sealed body is bound to the bytes before this.
const BOUND_END: usize = ENCAPSULATED.start;

const SEALED: u16 = 1;
const PLAIN: u16 = 2;

const _: () = {
    assert!(NUMBER.start == 36 && VOLUME_LENGTH.start == 48 && RECIPIENT.start == 64);
    assert!(BOUND_END == 96 && BODY_SUM.start == 128 && SIGNATURE.end() == 224);
};

/// The head of a backup file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupHead {
    /// The volume.
    pub id: VolumeId,
    /// Counts the backups of the volume, from 1.
    pub number: u32,
    /// Generation of the header in it.
    pub generation: u64,
    /// Length of the volume in bytes.
    pub volume_length: u64,
    /// When it was taken, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// To whom the body is sealed; `None` for a plain one.
    pub envelope: Option<Envelope>,
    /// Ed25519 signature of the authority.
    pub signature: [u8; SIGNATURE_LEN],
}

/// To whom a body is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// X25519 public key of the recipient.
    pub recipient: [u8; 32],
    /// The encapsulated key of HPKE (RFC 9180).
    pub encapsulated: [u8; 32],
}

impl BackupHead {
    /// Reads a backup file: its head and its body as stored, which is sealed or plain.
    pub fn parse(file: &[u8]) -> Result<(Self, &[u8]), Defect> {
        // What is too short for a head, but begins as one, was cut off.
        let cut = || {
            if file.starts_with(b"TLBACKUP") {
                Defect::BackupLength
            } else {
                Defect::Magic
            }
        };
        let (block, body) = file.split_first_chunk::<BLOCK_LEN>().ok_or_else(cut)?;
        let head = Self::parse_block(block)?;
        if body.len() != head.body_len() {
            return Err(Defect::BackupLength);
        }
        if array_at(block, BODY_SUM) != <[u8; 32]>::from(Sha256::digest(body)) {
            return Err(Defect::BackupChecksum);
        }
        Ok((head, body))
    }

    /// The file of this head and a body, which is to be sealed already if it is to be.
    #[must_use]
    pub fn join(&self, body: &[u8]) -> Vec<u8> {
        let mut block = self.encode_fields();
        put(&mut block, BODY_SUM, &Sha256::digest(body));
        let mut file = finish(block).to_vec();
        file.extend_from_slice(body);
        file
    }

    /// The bytes that a sealed body is bound to: all that is known before it is sealed.
    #[must_use]
    pub fn bound_bytes(&self) -> Vec<u8> {
        self.encode_fields()[..BOUND_END].to_vec()
    }

    /// The bytes that the authority signs, for a body that is not sealed. They do not depend on
    /// whether and to whom it is.
    #[must_use]
    pub fn signed_bytes(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = self.id.as_bytes().to_vec();
        bytes.extend_from_slice(&self.encode_fields()[NUMBER.start..CREATED.end()]);
        bytes.extend_from_slice(&Sha256::digest(body));
        bytes
    }

    fn parse_block(block: &Block) -> Result<Self, Defect> {
        let id = check_frame(block, Kind::Backup, 0)?;
        check_reserved(block, &FIELDS)?;
        let envelope = Envelope {
            recipient: array_at(block, RECIPIENT),
            encapsulated: array_at(block, ENCAPSULATED),
        };
        let envelope = match u16_at(block, KIND) {
            SEALED => Some(envelope),
            PLAIN if envelope == NO_ENVELOPE => None,
            PLAIN => return Err(Defect::BackupEnvelope),
            _ => return Err(Defect::BackupKind),
        };
        Ok(Self {
            id,
            number: u32_at(block, NUMBER),
            generation: u64_at(block, GENERATION),
            volume_length: u64_at(block, VOLUME_LENGTH),
            created: u64_at(block, CREATED),
            envelope,
            signature: array_at(block, SIGNATURE),
        })
    }

    fn encode_fields(&self) -> Box<Block> {
        let mut block = framed(Kind::Backup, 0, self.id);
        let kind = if self.envelope.is_some() {
            SEALED
        } else {
            PLAIN
        };
        let envelope = self.envelope.unwrap_or(NO_ENVELOPE);
        put(&mut block, KIND, &kind.to_le_bytes());
        put(&mut block, NUMBER, &self.number.to_le_bytes());
        put(&mut block, GENERATION, &self.generation.to_le_bytes());
        put(&mut block, VOLUME_LENGTH, &self.volume_length.to_le_bytes());
        put(&mut block, CREATED, &self.created.to_le_bytes());
        put(&mut block, RECIPIENT, &envelope.recipient);
        put(&mut block, ENCAPSULATED, &envelope.encapsulated);
        put(&mut block, SIGNATURE, &self.signature);
        block
    }

    fn body_len(&self) -> usize {
        let tag = if self.envelope.is_some() { TAG_LEN } else { 0 };
        USED_LEN + tag
    }
}

const NO_ENVELOPE: Envelope = Envelope {
    recipient: [0; 32],
    encapsulated: [0; 32],
};

impl Header {
    /// The plain body of a backup: the blocks of a header copy in their places, zeros elsewhere.
    #[must_use]
    pub fn backup_body(&self) -> Vec<u8> {
        let mut body = vec![0; USED_LEN];
        for (index, block) in self.encode() {
            body[index * BLOCK_LEN..][..BLOCK_LEN].copy_from_slice(&*block);
        }
        body
    }

    /// The header in the plain body of a backup with this head, if it is whole and the one of which
    /// the head speaks.
    pub fn from_backup(head: &BackupHead, body: &[u8]) -> Result<Self, Defect> {
        let nothing = HeaderCopy::parse(&[]);
        let copy = HeaderCopy::parse_bytes(body);
        let mut header = Self::choose(&copy, &nothing).map_err(|_| Defect::BackupContents)?;
        let root = &header.root;
        let as_said = root.id == head.id
            && root.generation == head.generation
            && root.backups == head.number
            && root.volume_length() == head.volume_length;
        if as_said && header.state.volume == VolumeState::Locked && header.backup_body() == body {
            header.copies = [CopyStatus::Whole, CopyStatus::Whole];
            Ok(header)
        } else {
            Err(Defect::BackupContents)
        }
    }
}

#[cfg(test)]
mod tests;
