//! The errors of a volume: one variant for each decision of a caller.

use std::io;

use super::erase::EraseReport;
use crate::crypto::{CostError, CryptoError, PassphraseError};
use crate::format::{Defect, HeaderError, LabelError};

/// Why an operation failed. Each text says what to do.
///
/// No variant holds passphrase or key bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing of a volume is there.
    #[error(
        "this is not a Tenlock volume: check the path; if it should be one, both copies of its header have been overwritten"
    )]
    NotAVolume,
    /// The volume is of a later format. Nothing was changed.
    #[error("the volume has a newer format than this software reads: {0}; update the software")]
    NewerFormat(Defect),
    /// A volume was there, and this is wrong with it. No attempt was charged.
    #[error("the volume is damaged: {0}")]
    Damaged(Damage),
    /// Somebody else has it open: another process, or another handle of this one. No attempt was
    /// charged.
    #[error("the volume is in use by another program or handle: close it there and try again")]
    Busy,
    /// The storage cannot be written, so an attempt cannot be counted, and none is allowed.
    #[error(
        "the storage cannot be written, so attempts cannot be counted and no passphrase is tried: remove its write protection or copy it to storage that can be written"
    )]
    CannotWrite(#[source] Option<io::Error>),
    /// The credential opens no slot. The attempt has been charged.
    #[error("wrong passphrase: {remaining} attempt(s) left, then the key is erased for good")]
    WrongCredential {
        /// Attempts left on the slot with the fewest, at least 1.
        remaining: u8,
    },
    /// The key is destroyed, or the attempts are used up and it is being destroyed.
    #[error("{0}")]
    Erased(Box<EraseReport>),
    /// The credential opens no slot, and this was the last attempt on its slot, which is erased. Others still open the volume.
    #[error(
        "wrong passphrase, and the last attempt of its slot, which is erased now: use another credential"
    )]
    SlotErased,
    /// No slot can be opened with a credential of this kind. No attempt was charged.
    #[error(
        "no slot of this volume opens with a credential of this kind: use one of the kinds that `info` lists"
    )]
    NoMatchingSlot,
    /// The storage failed. Where it was a write, the range may hold old bytes, new ones, or both.
    #[error(
        "{doing} at byte {offset} of the storage failed: {cause}; check its free space, the medium and the connection"
    )]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Where, in bytes from the start of the storage.
        offset: u64,
        /// What the system says. Part of the text, hence not its `source()`.
        cause: io::Error,
    },
    /// A read, write or discard that is not inside the payload. Nothing was read or written.
    #[error(
        "bytes {offset} to {offset} + {length} are not inside the payload of {payload_length} bytes"
    )]
    OutOfRange {
        /// Begin of the request, in bytes from the start of the payload.
        offset: u64,
        /// Its length in bytes.
        length: u64,
        /// Length of the payload in bytes.
        payload_length: u64,
    },
    /// Where a volume was to be made there seems to be data. Nothing was written.
    #[error(
        "there is data where the volume would be made (byte {offset} is not zero): choose another place, or say that it may be overwritten"
    )]
    LooksLikeData {
        /// First byte found that is not zero.
        offset: u64,
    },
    /// A volume of this size cannot be made here. Nothing was written.
    #[error("a volume with {payload_length} bytes of payload cannot be made: {reason}")]
    Size {
        /// The length asked for, or the room that there is.
        payload_length: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The limit of attempts is not 1 to 10. Nothing was written.
    #[error("{limit} is not a possible limit of attempts: choose 1 to 10")]
    AttemptLimit {
        /// The limit asked for.
        limit: u8,
    },
    /// One header copy has been overwritten or cannot be repaired, so the header cannot be changed
    /// safely. Nothing was written.
    #[error(
        "one copy of the header is missing or damaged beyond repair, so that a change could lose the other: repair it, or move the data to a new volume"
    )]
    HeaderCopyMissing,
    /// The change would give a header that no reader accepts. Nothing was written.
    #[error("the change is not possible: {0}")]
    Unreadable(Defect),
    /// The passphrase is not acceptable as such. No attempt was charged.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The cost of the key derivation is out of range.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// A text of the label is not acceptable.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The caller cancelled. What the operation had charged is taken back.
    #[error("cancelled")]
    Cancelled,
    /// The machine gave no memory or no random bytes.
    #[error(transparent)]
    Crypto(CryptoError),
}

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Both header copies together do not give a header.
    #[error("its header cannot be read: {0}; use another copy of the volume")]
    Header(Defect),
    /// The storage ends before the volume does.
    #[error(
        "the last {missing} bytes are missing; copy it again, or extend it by as many bytes to read what is left"
    )]
    Truncated {
        /// Missing bytes.
        missing: u64,
    },
    /// The header was changed by somebody without a credential (F-80).
    #[error(
        "its header was changed by somebody who has no key to it; do not trust its contents, use another copy of the volume"
    )]
    Tampered,
    /// The policy, the label or the list of slots is not signed by the authority (F-81).
    #[error(
        "its policy, label or list of slots was changed by somebody who is no admin; use another copy of the volume"
    )]
    Unsigned,
    /// The slot that opened is not the one that was granted (F-82, F-83).
    #[error("slot {slot} was not granted by an admin; use another copy of the volume")]
    NotGranted {
        /// Index of the slot.
        slot: usize,
    },
}

/// Numbers of outcomes, the same in the C ABI and as exit codes of the command-line tool. They
/// never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Code {
    /// Done.
    Done = 0,
    /// Failed for a reason that has no number of its own.
    Other = 1,
    /// The request does not make sense.
    Usage = 2,
    /// Wrong credential, attempts remain.
    WrongCredential = 3,
    /// Key erased, or attempts used up.
    Erased = 4,
    /// Not a volume, or of a newer format.
    NotAVolume = 5,
    /// Damaged.
    Damaged = 6,
    /// In use elsewhere.
    Busy = 7,
    /// The storage cannot be written.
    CannotWrite = 8,
    /// The storage failed.
    Io = 9,
    /// Cancelled.
    Cancelled = 10,
}

impl Error {
    /// The number of the outcome.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NotAVolume | Self::NewerFormat(_) => Code::NotAVolume,
            Self::Damaged(_) => Code::Damaged,
            Self::Busy => Code::Busy,
            Self::CannotWrite(_) => Code::CannotWrite,
            Self::WrongCredential { .. } => Code::WrongCredential,
            Self::Erased(_) | Self::SlotErased => Code::Erased,
            Self::Io { .. } => Code::Io,
            Self::Cancelled => Code::Cancelled,
            Self::OutOfRange { .. }
            | Self::Size { .. }
            | Self::AttemptLimit { .. }
            | Self::Passphrase(_)
            | Self::Cost(_)
            | Self::Label(_) => Code::Usage,
            Self::NoMatchingSlot
            | Self::LooksLikeData { .. }
            | Self::HeaderCopyMissing
            | Self::Unreadable(_)
            | Self::Crypto(_) => Code::Other,
        }
    }

    /// Name of the variant for programs, in `snake_case`. Never changes.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAVolume => "not_a_volume",
            Self::NewerFormat(_) => "newer_format",
            Self::Damaged(_) => "damaged",
            Self::Busy => "busy",
            Self::CannotWrite(_) => "cannot_write",
            Self::WrongCredential { .. } => "wrong_credential",
            Self::Erased(_) => "erased",
            Self::SlotErased => "slot_erased",
            Self::NoMatchingSlot => "no_matching_slot",
            Self::Io { .. } => "io",
            Self::OutOfRange { .. } => "out_of_range",
            Self::LooksLikeData { .. } => "looks_like_data",
            Self::Size { .. } => "size",
            Self::AttemptLimit { .. } => "attempt_limit",
            Self::HeaderCopyMissing => "header_copy_missing",
            Self::Unreadable(_) => "unreadable",
            Self::Passphrase(_) => "passphrase",
            Self::Cost(_) => "cost",
            Self::Label(_) => "label",
            Self::Cancelled => "cancelled",
            Self::Crypto(_) => "crypto",
        }
    }
}

impl From<CryptoError> for Error {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Cancelled => Self::Cancelled,
            other => Self::Crypto(other),
        }
    }
}

impl From<HeaderError> for Error {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::NotAVolume => Self::NotAVolume,
            HeaderError::Newer(defect) => Self::NewerFormat(defect),
            HeaderError::Damaged(defect) => Self::Damaged(Damage::Header(defect)),
        }
    }
}
