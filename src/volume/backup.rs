//! Header backups: taking them, and reading their files (format page §8).
//!
//! Whoever has a backup and a credential opens the volume, whatever became of its header since: a
//! backup **outlives an erase**, and knows nothing of attempts. Hence it is sealed to a key that is
//! kept elsewhere, and counted in the header before it is handed out, so that the report of an
//! erase can say that there is one.
//!
//! The authority signs each backup. Without that, whoever can write to the file could exchange
//! the seal in it, which nothing else signs, and a restore would destroy the volume.

use super::change::Signed;
use super::erase::now;
use super::error::Error;
use super::event::EventKind;
use super::genuine;
use super::unlocked::Volume;
use crate::crypto::{
    HPKE_TAG_LEN, PrivateKey, PublicKey, RecipientPublicKey, SigningKey, hpke_open, hpke_seal,
};
use crate::format::{BackupHead, Defect, Envelope, Header, Role, SIGNATURE_LEN, VolumeId};

/// Why a file is not a header backup that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something else.
    #[error("this is not a header backup: check the path")]
    NotABackup,
    /// Of a later format.
    #[error(
        "the header backup has a newer format than this software reads: {0}; update the software"
    )]
    NewerFormat(Defect),
    /// Damaged since it was taken.
    #[error("the header backup is damaged: {0}; use another copy of it")]
    Damaged(Defect),
    /// Sealed to somebody else.
    #[error("the header backup is sealed to {recipient}: give the private key of that one")]
    WrongKey {
        /// To whom it is sealed.
        recipient: RecipientPublicKey,
    },
    /// Changed or made by somebody else than an admin of the volume.
    #[error(
        "the header backup was changed, or made by somebody who is no admin of the volume; use another copy of it"
    )]
    NotGenuine,
}

impl BackupError {
    /// Name of the variant for programs. Never changes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotABackup => "not_a_backup",
            Self::NewerFormat(_) => "backup_newer_format",
            Self::Damaged(_) => "backup_damaged",
            Self::WrongKey { .. } => "backup_wrong_key",
            Self::NotGenuine => "backup_not_genuine",
        }
    }
}

/// What a backup says of itself. Of a sealed one that was not opened these are a stranger's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupInfo {
    /// The volume.
    pub volume: VolumeId,
    /// Counts the backups of the volume, from 1.
    pub number: u32,
    /// Generation of the header in it.
    pub generation: u64,
    /// When it was taken, seconds since 1970 UTC; 0 unknown.
    pub created: u64,
    /// Length of the volume in bytes.
    pub volume_length: u64,
    /// To whom it is sealed; `None` for a plain one.
    pub recipient: Option<RecipientPublicKey>,
}

/// A file with a header backup.
#[derive(Debug)]
pub enum BackupFile {
    /// Sealed to a public key.
    Sealed(SealedBackup),
    /// Readable by anybody.
    Plain(HeaderBackup),
}

impl BackupFile {
    /// Reads the bytes of a file. Files that are longer than a backup need not be read whole: so
    /// many bytes as [`MAX_LEN`](Self::MAX_LEN) and one are enough to be refused.
    ///
    /// # Errors
    /// [`Error::Backup`].
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let (head, body) = BackupHead::parse(file).map_err(refusal)?;
        match head.envelope {
            None => HeaderBackup::new(head, body).map(Self::Plain),
            Some(envelope) => Ok(Self::Sealed(SealedBackup {
                head,
                envelope,
                body: body.to_vec(),
            })),
        }
    }

    /// What it says of itself.
    #[must_use]
    pub fn info(&self) -> BackupInfo {
        match self {
            Self::Sealed(backup) => backup.info(),
            Self::Plain(backup) => backup.info(),
        }
    }

    /// Bytes of the longest backup file of this version.
    pub const MAX_LEN: usize = crate::format::BLOCK_LEN + crate::format::USED_LEN + HPKE_TAG_LEN;
}

/// A backup that is sealed to a public key.
#[derive(Debug)]
pub struct SealedBackup {
    head: BackupHead,
    envelope: Envelope,
    body: Vec<u8>,
}

impl SealedBackup {
    /// What it says of itself.
    #[must_use]
    pub fn info(&self) -> BackupInfo {
        info(&self.head)
    }

    /// Opens it with the private key of its recipient.
    ///
    /// # Errors
    /// [`Error::Backup`]; out of memory.
    pub fn open(&self, key: &PrivateKey) -> Result<HeaderBackup, Error> {
        let Envelope {
            recipient,
            encapsulated,
        } = self.envelope;
        if key.public_key().0 != recipient {
            let recipient = RecipientPublicKey(recipient);
            return Err(BackupError::WrongKey { recipient }.into());
        }
        let body = hpke_open(
            key,
            &encapsulated,
            &hpke_info(self.head.id),
            &self.head.bound_bytes(),
            &self.body,
        )?;
        HeaderBackup::new(self.head.clone(), &body.ok_or(BackupError::NotGenuine)?)
    }
}

/// A header backup that can be restored: whole, and signed by the authority that it names.
pub struct HeaderBackup {
    head: BackupHead,
    pub(super) header: Box<Header>,
}

impl HeaderBackup {
    /// What it says of itself.
    #[must_use]
    pub fn info(&self) -> BackupInfo {
        info(&self.head)
    }

    fn new(head: BackupHead, body: &[u8]) -> Result<Self, Error> {
        let header = Header::from_backup(&head, body).map_err(BackupError::Damaged)?;
        let authority = PublicKey(header.root.authority);
        let genuine = authority.verify(&signed_message(&head, body), &head.signature)
            && genuine::check(&header).is_ok();
        if genuine {
            let header = Box::new(header);
            Ok(Self { head, header })
        } else {
            Err(BackupError::NotGenuine.into())
        }
    }
}

impl std::fmt::Debug for HeaderBackup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HeaderBackup").field(&self.info()).finish()
    }
}

impl Volume {
    /// Takes a backup of the header, sealed to the holder of a private key that is kept away from
    /// the medium, and returns the bytes of its file. Admins only.
    ///
    /// The backup is counted in the header first, durably: the report of an erase names it. It
    /// **outlives an erase**: the holder of that private key, with a credential that is valid
    /// now, reads the payload for as long as it is there.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::Crypto`] for a key that nobody can have: nothing was
    /// counted. Otherwise as for every change of the header.
    pub fn backup_header(&self, to: &RecipientPublicKey) -> Result<Vec<u8>, Error> {
        let authority = self.backup_authority()?;
        // A key that cannot be used is refused before anything is counted.
        hpke_seal(to, &[], &[], &[])?;
        let (mut head, body) = self.count_backup(authority)?;
        let mut envelope = Envelope {
            recipient: to.0,
            encapsulated: [0; 32],
        };
        head.envelope = Some(envelope);
        let sealed = hpke_seal(to, &hpke_info(head.id), &head.bound_bytes(), &body)?;
        envelope.encapsulated = sealed.encapsulated;
        head.envelope = Some(envelope);
        Ok(head.join(&sealed.ciphertext))
    }

    /// Takes a backup of the header that anybody can read, who then guesses passphrases without any
    /// limit, and **with any credential that is valid now opens the volume after it was erased**.
    /// Prefer [`backup_header`](Self::backup_header). Admins only; counted in the header first.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], and as for every change of the header.
    pub fn backup_header_plain_outlives_erase(&self) -> Result<Vec<u8>, Error> {
        let (head, body) = self.count_backup(self.backup_authority()?)?;
        Ok(head.join(&body))
    }

    fn backup_authority(&self) -> Result<&SigningKey, Error> {
        let operation = "take a backup of the header";
        self.check_role(operation, &[Role::Admin])?;
        self.keys().authority().ok_or(Error::NotPermitted {
            role: self.role(),
            operation,
        })
    }

    /// Counts a backup on the medium, and returns the header of that generation with its head, not
    /// sealed yet.
    fn count_backup(&self, authority: &SigningKey) -> Result<(BackupHead, Vec<u8>), Error> {
        let header = self.change_header(Signed::ByAuthority, EventKind::HeaderBackup, |draft| {
            let backups = &mut draft.header.root.backups;
            *backups = backups.saturating_add(1);
            Ok(self.slot())
        })?;
        let body = header.backup_body();
        let mut head = BackupHead {
            id: header.root.id,
            number: header.root.backups,
            generation: header.root.generation,
            volume_length: header.root.volume_length(),
            created: now(),
            envelope: None,
            signature: [0; SIGNATURE_LEN],
        };
        head.signature = authority.sign(&signed_message(&head, &body));
        Ok((head, body))
    }
}

/// What the authority signs (format page §8).
fn signed_message(head: &BackupHead, body: &[u8]) -> Vec<u8> {
    [
        b"tenlock v1 backup signature".as_slice(),
        &head.signed_bytes(body),
    ]
    .concat()
}

fn hpke_info(id: VolumeId) -> Vec<u8> {
    [b"tenlock v1 header backup".as_slice(), id.as_bytes()].concat()
}

fn info(head: &BackupHead) -> BackupInfo {
    BackupInfo {
        volume: head.id,
        number: head.number,
        generation: head.generation,
        created: head.created,
        volume_length: head.volume_length,
        recipient: head
            .envelope
            .map(|envelope| RecipientPublicKey(envelope.recipient)),
    }
}

fn refusal(defect: Defect) -> BackupError {
    match defect {
        Defect::Magic => BackupError::NotABackup,
        newer if newer.is_newer() => BackupError::NewerFormat(newer),
        other => BackupError::Damaged(other),
    }
}
