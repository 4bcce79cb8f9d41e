//! The errors of a volume: one variant for each decision of a caller.

use std::io;

use super::backup::BackupError;
use super::credential::CredentialError;
use super::erase::EraseReport;
use super::external::ExternalError;
use super::memory::Rollback;
use super::restore::RestoreRefusal;
use super::rules::{RuleViolation, RulesError};
use crate::crypto::{CostError, CryptoError, PassphraseError};
use crate::format::{Defect, HeaderError, LabelError, Role};

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
    #[error("{}", wrong(*remaining, *erases_volume))]
    WrongCredential {
        /// Attempts left on the slot with the fewest, at least 1; `None` for credentials that are
        /// not counted.
        remaining: Option<u8>,
        /// Whether the key of the volume is erased at the limit, not just the slot.
        erases_volume: bool,
    },
    /// The key is destroyed, or the attempts are used up and it is being destroyed.
    #[error("{0}")]
    Erased(Box<EraseReport>),
    /// The credential opens no slot, and this was the last attempt on its slot, which is erased. Others still open the volume.
    #[error(
        "wrong credential, and the last attempt of its slot, which is erased now: use another credential"
    )]
    SlotErased,
    /// More than one slot could be meant. No attempt was charged.
    #[error(
        "it is not clear which slot is meant (it could be one of the slots {}): name one, or a role, so that a wrong credential is charged to no other",
        list(slots)
    )]
    AmbiguousSlot {
        /// The slots that fit.
        slots: Vec<usize>,
    },
    /// Only the last attempt is left, and it is reserved. No attempt was charged.
    #[error("the last attempt on slot {slot} is reserved: an admin has to allow it")]
    AttemptReserved {
        /// Index of the slot.
        slot: usize,
    },
    /// The credential is right and must be replaced first. No attempt was charged.
    #[error(
        "the credential of slot {slot} is right and must be changed now: give a new one with it"
    )]
    MustChange {
        /// Index of the slot.
        slot: usize,
    },
    /// The recovery key is right, opens only once, and was not spent.
    #[error(
        "the recovery key of slot {slot} is right and opens the volume only once: use it to set a new credential of a user"
    )]
    OneTime {
        /// Index of the slot.
        slot: usize,
    },
    /// The role of the opened slot does not permit this. Nothing was changed.
    #[error("a slot of the role {} may not {operation}: unlock with one that may", role.name())]
    NotPermitted {
        /// Role of the slot that was opened.
        role: Role,
        /// What was asked for, as in "may not …".
        operation: &'static str,
    },
    /// The slot that was opened may only read. Nothing was written.
    #[error("this slot may only read: unlock with one that may write")]
    ReadOnly,
    /// No such slot is in use. Nothing was changed.
    #[error("slot {slot} is not in use: `info` lists those that are")]
    NoSuchSlot {
        /// Index of the slot.
        slot: usize,
    },
    /// The slot is taken. Nothing was changed.
    #[error("slot {slot} is in use: remove it first, or leave the choice of the slot out")]
    SlotInUse {
        /// Index of the slot.
        slot: usize,
    },
    /// All slots are taken. Nothing was changed.
    #[error("all 32 slots are in use: remove one first")]
    SlotsFull,
    /// The slot to be removed is the one that was opened. Nothing was changed.
    #[error("this is the slot that was opened: unlock with another one to remove it, or force it")]
    OwnSlot,
    /// The policy demands a slot of this role, or there would be no admin. Nothing was changed.
    #[error("a slot of the role {} has to be there, as the policy demands: add one first, or stop demanding it; a removal can be forced", role.name())]
    RequiredRole {
        /// The role.
        role: Role,
    },
    /// Nobody could open the volume afterwards. Nothing was changed.
    #[error("nobody could open the volume afterwards: force it, or erase the volume instead")]
    LastWayIn,
    /// What a slot is to be like makes no sense. Nothing was changed.
    #[error("a slot cannot be like this: {0}")]
    SlotOptions(&'static str),
    /// A rule of the policy is out of its range. Nothing was changed.
    #[error(transparent)]
    PolicyRules(#[from] RulesError),
    /// The key derivation of a new passphrase costs less than the policy demands. Nothing was
    /// changed.
    #[error(
        "the policy demands a key derivation with at least {memory_kib} KiB and {passes} passes: choose a cost that is not below it"
    )]
    CostTooLow {
        /// Least memory in KiB.
        memory_kib: u32,
        /// Least number of passes.
        passes: u32,
    },
    /// The new credential breaks a rule of the policy. Nothing was changed.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// The credential is not acceptable as such. Nothing was changed, no attempt was charged.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// An external factor gave no secret. The attempt was not made.
    #[error(transparent)]
    External(#[from] ExternalError),
    /// The header is older than this host remembers. No attempt was charged.
    #[error(transparent)]
    Rollback(#[from] Rollback),
    /// What this host remembers could not be read. No attempt was charged.
    #[error("what this host remembers of the volume could not be read: {0}; mend or remove it")]
    Memory(io::Error),
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
    /// The file of a header backup cannot be used.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A header backup must not be restored here. Nothing was written.
    #[error(transparent)]
    Restore(#[from] RestoreRefusal),
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
    /// The policy is not signed by the authority (F-81).
    #[error(
        "its policy (rules, limits of attempts, grants of slots) was changed by somebody who is no admin; use another copy of the volume"
    )]
    Policy,
    /// A slot is not the one that was granted: its role, its grant, or its lack of a counter (F-82).
    #[error("slot {slot} or its role was not granted by an admin; use another copy of the volume")]
    NotGranted {
        /// Index of the slot.
        slot: usize,
    },
    /// Somebody else has made himself the authority (F-83).
    #[error(
        "the key of its authority was exchanged by somebody who is no admin; use another copy of the volume"
    )]
    Authority,
    /// The static part of the root is not the one that was signed (F-84).
    #[error(
        "its layout (sizes, sector size, key of the event log) was changed by somebody who is no admin; use another copy of the volume"
    )]
    Layout,
    /// The label is not the one that was signed (F-85).
    #[error("its label was changed by somebody who is no admin; use another copy of the volume")]
    Label,
    /// A slot was put back as it was before a change, or copied from elsewhere (F-86).
    #[error("slot {slot} was put back as it was earlier; use another copy of the volume")]
    OlderSlot {
        /// Index of the slot.
        slot: usize,
    },
    /// A slot is not signed by its holder (F-87).
    #[error(
        "slot {slot} was changed by somebody who is not its holder; use another copy of the volume"
    )]
    SlotChanged {
        /// Index of the slot.
        slot: usize,
    },
    /// The generation of the header or the version of a slot is further on than changes can have
    /// taken it since an admin last signed (F-92).
    #[error(
        "a number that counts changes of its header was put up by somebody who is no admin; use another copy of the volume"
    )]
    Numbers,
    /// A slot that was granted is not there (F-88).
    #[error("slot {slot} was removed by somebody who is no admin; use another copy of the volume")]
    SlotMissing {
        /// Index of the slot.
        slot: usize,
    },
    /// Records of the event log that an admin has seen are gone or others (F-89).
    #[error(
        "records of its event log were removed or exchanged; use another copy of the volume, or accept the lost log by name"
    )]
    Log,
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
            Self::NotAVolume
            | Self::NewerFormat(_)
            | Self::Backup(BackupError::NotABackup | BackupError::NewerFormat(_))
            | Self::Restore(RestoreRefusal::NewerFormat(_)) => Code::NotAVolume,
            Self::Damaged(_)
            | Self::Backup(BackupError::Damaged(_) | BackupError::NotGenuine)
            | Self::Restore(RestoreRefusal::Contradiction) => Code::Damaged,
            Self::Busy => Code::Busy,
            Self::CannotWrite(_) => Code::CannotWrite,
            Self::WrongCredential { .. } | Self::Backup(BackupError::WrongKey { .. }) => {
                Code::WrongCredential
            }
            Self::Erased(_) | Self::SlotErased | Self::Restore(RestoreRefusal::Erased) => {
                Code::Erased
            }
            Self::Io { .. } => Code::Io,
            Self::AmbiguousSlot { .. }
            | Self::NoSuchSlot { .. }
            | Self::SlotInUse { .. }
            | Self::SlotOptions(_)
            | Self::PolicyRules(_)
            | Self::CostTooLow { .. }
            | Self::Rule(_)
            | Self::Credential(_)
            | Self::OutOfRange { .. }
            | Self::Size { .. }
            | Self::AttemptLimit { .. }
            | Self::Passphrase(_)
            | Self::Cost(_)
            | Self::Label(_)
            | Self::Restore(RestoreRefusal::OtherVolume { .. } | RestoreRefusal::Length { .. }) => {
                Code::Usage
            }
            Self::Cancelled | Self::External(ExternalError::Cancelled) => Code::Cancelled,
            Self::NoMatchingSlot
            | Self::AttemptReserved { .. }
            | Self::MustChange { .. }
            | Self::OneTime { .. }
            | Self::NotPermitted { .. }
            | Self::ReadOnly
            | Self::SlotsFull
            | Self::OwnSlot
            | Self::RequiredRole { .. }
            | Self::LastWayIn
            | Self::External(_)
            | Self::Rollback(_)
            | Self::Memory(_)
            | Self::LooksLikeData { .. }
            | Self::HeaderCopyMissing
            | Self::Restore(
                RestoreRefusal::Older { .. }
                | RestoreRefusal::Diverged { .. }
                | RestoreRefusal::LimitReached { .. }
                | RestoreRefusal::NoWayIn,
            )
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
            Self::AmbiguousSlot { .. } => "ambiguous_slot",
            Self::AttemptReserved { .. } => "attempt_reserved",
            Self::MustChange { .. } => "must_change",
            Self::OneTime { .. } => "one_time",
            Self::NotPermitted { .. } => "not_permitted",
            Self::ReadOnly => "read_only",
            Self::NoSuchSlot { .. } => "no_such_slot",
            Self::SlotInUse { .. } => "slot_in_use",
            Self::SlotsFull => "slots_full",
            Self::OwnSlot => "own_slot",
            Self::RequiredRole { .. } => "required_role",
            Self::LastWayIn => "last_way_in",
            Self::SlotOptions(_) => "slot_options",
            Self::PolicyRules(_) => "policy_rules",
            Self::CostTooLow { .. } => "cost_too_low",
            Self::Rule(_) => "rule",
            Self::Credential(_) => "credential",
            Self::External(_) => "external",
            Self::Rollback(_) => "rollback",
            Self::Memory(_) => "memory",
            Self::Io { .. } => "io",
            Self::OutOfRange { .. } => "out_of_range",
            Self::LooksLikeData { .. } => "looks_like_data",
            Self::Size { .. } => "size",
            Self::AttemptLimit { .. } => "attempt_limit",
            Self::HeaderCopyMissing => "header_copy_missing",
            Self::Backup(error) => error.name(),
            Self::Restore(refusal) => refusal.name(),
            Self::Unreadable(_) => "unreadable",
            Self::Passphrase(_) => "passphrase",
            Self::Cost(_) => "cost",
            Self::Label(_) => "label",
            Self::Cancelled => "cancelled",
            Self::Crypto(_) => "crypto",
        }
    }
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
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

fn wrong(remaining: Option<u8>, erases_volume: bool) -> String {
    match (remaining, erases_volume) {
        (None, _) => "wrong credential: it opens no slot of this volume".to_owned(),
        (Some(left), true) => {
            format!("wrong credential: {left} attempt(s) left, then the key is erased for good")
        }
        (Some(left), false) => {
            format!("wrong credential: {left} attempt(s) left, then its slot is erased")
        }
    }
}

fn list(slots: &[usize]) -> String {
    let numbers: Vec<String> = slots.iter().map(usize::to_string).collect();
    numbers.join(", ")
}
